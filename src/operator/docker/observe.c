/*
 * observe.c - looks at what exists of a project in as few round trips as can be: the version, then
 * all lists and images at once; only containers whose digest is another one are inspected, in a
 * third round. What the answers mean is in observe-sets.c. Changes nothing.
 *
 * existing->details is the item of the engine's list (containers, networks, volumes) as it came:
 * what `ps` shows (Command, Created, Image, Labels, Mounts, Names, NetworkSettings, Ports, State,
 * Status ...) is read from there.
 */
#include "base/base.h"

#include "engine/events.h"
#include "operator/docker/observe.h"

static void observation_free(struct observation *observation)
{
    VEC_EACH (&observation->answers, arena)
        arena_free(*arena);
    VEC_RELEASE(&observation->answers);
    VEC_RELEASE(&observation->looks);
    err_release(&observation->err);
    arena_free(observation->arena);
    mem_free(observation);
}

static void finish(struct observation *observation)
{
    struct err err = ERR_INIT;
    if (err_is_set(&observation->err)) {
        existing_set_release(&observation->set);
        err_move(&err, &observation->err);
    } else {
        /* details point into them */
        VEC_EACH (&observation->answers, arena)
            arena_adopt(observation->set.arena, *arena);
        observation->answers.n = 0;
    }
    observation->done(observation->arg, err_is_set(&err) ? NULL : &observation->set, &err);
    err_release(&err);
    observation_free(observation);
}

static void fail(struct observation *observation, struct err *err)
{
    if (!err_is_set(&observation->err))
        err_move(&observation->err, err);
    VEC_EACH (&observation->looks, look) {
        if ((*look)->call)
            observation->n_open--;
        engine_cancel(STEAL_PTR((*look)->call));
    }
    finish(observation);
}

/* --- calls ------------------------------------------------------------------------------------ */

static void on_answer(void *arg, struct engine_answer *answer, struct err *err)
{
    struct look *look = arg;
    struct observation *observation = look->observation;

    look->call = NULL;
    observation->n_open--;
    if (call_failed(err)) {
        fail(observation, err);
        return;
    }
    if (answer->status < 300) {
        ERR_AUTO(nonsense);
        if (engine_answer_check(answer, look->kind, look->what, &nonsense) < 0) {
            fail(observation, &nonsense);
            return;
        }
        *look->answer = answer->node;
        VEC_ADD(&observation->answers, STEAL_PTR(answer->arena));
    }
    if (!observation->n_open)
        observation->next(observation);
}

static void ask(struct observation *observation, const char *path, const char *what, int ok_status,
                enum node_kind kind, const struct node **answer)
{
    struct look *look = ARENA_NEW(observation->arena, struct look);
    const int ok[2] = { ok_status, 0 };

    look->observation = observation;
    look->answer = answer;
    look->kind = kind;
    look->what = arena_dup(observation->arena, what);
    VEC_ADD(&observation->looks, look);
    observation->n_open++;
    look->call =
        engine_call(observation->docker->engine, "GET", path, NULL, what, ok, on_answer, look);
}

static void ask_image(struct observation *observation, const struct wanted *wanted, const char *id)
{
    struct image_look *image = ARENA_NEW(observation->arena, struct image_look);
    STR_AUTO(path);
    STR_AUTO(what);

    image->wanted = wanted;
    image->id = id;
    ARENA_ADD(observation->arena, &observation->images, image);
    str_printf(&path, "/images/%s/json%s", id ? id : wanted->name,
               docker_image_query(engine_api(observation->docker->engine)));
    str_printf(&what, "image \"%s\"", id ? id : wanted->name);
    ask(observation, path.buf, what.buf, 404, NODE_MAP, &image->inspect);
}

/* --- the rounds ------------------------------------------------------------------------------- */

static void read_specs(struct observation *observation)
{
    observe_read_specs(observation);
    finish(observation);
}

/* The image that a container was made from, when it is not the one of that name any more. */
static void ask_old_image(struct observation *observation, const char *id)
{
    if (!text_is_set(id))
        return;
    VEC_EACH (&observation->images, image) {
        if (text_is((*image)->id, id) || text_is(get_text((*image)->inspect, "Id"), id))
            return;
    }
    ask_image(observation, NULL, id);
}

static void read_first(struct observation *observation)
{
    observe_read(observation);
    if (!observation->inspects.n) {
        finish(observation);
        return;
    }
    observation->next = read_specs;
    VEC_EACH (&observation->inspects, item) {
        struct container_look *look = *item;
        STR_AUTO(path);
        STR_AUTO(what);
        str_printf(&path, "/containers/%s/json", look->existing->id);
        str_printf(&what, "container \"%s\"", look->existing->name);
        ask(observation, path.buf, what.buf, 404, NODE_MAP, &look->inspect);
        if (!look->is_state_only)
            ask_old_image(observation, get_text(look->existing->details, "ImageID"));
    }
}

static void ask_containers(struct observation *observation)
{
    STR_AUTO(path);
    bool is_all = observation->query.with_all || !observation->query.only_running_kinds;
    str_printf(&path, "/containers/json?%s", is_all ? "all=1&" : "");
    docker_project_filter(observation->query.project, &path);
    ask(observation, path.buf, "containers", 0, NODE_LIST, &observation->containers);
}

/* With a description, things of the wanted names that carry no labels of ours count, too. */
static void ask_objects(struct observation *observation)
{
    STR_AUTO(filter);
    STR_AUTO(path);
    if (!observation->query.wanted) {
        str_add_char(&filter, '?');
        docker_project_filter(observation->query.project, &filter);
    }
    str_printf(&path, "/networks%s", filter.buf);
    ask(observation, path.buf, "networks", 0, NODE_LIST, &observation->networks);
    str_clear(&path);
    str_printf(&path, "/volumes%s", filter.buf);
    ask(observation, path.buf, "volumes", 0, NODE_MAP, &observation->volumes);
}

static void ask_images(struct observation *observation)
{
    const struct wanted_set *wanted = observation->query.wanted;
    if (!observation->query.with_artifacts)
        return;
    if (!wanted) {
        STR_AUTO(path);
        str_add(&path, "/images/json?");
        docker_project_filter(observation->query.project, &path);
        ask(observation, path.buf, "images", 0, NODE_LIST, &observation->image_list);
        return;
    }
    VEC_EACH (&wanted->items, item)
        if ((*item)->kind == &docker_image_kind)
            ask_image(observation, *item, NULL);
}

static void on_ready(void *arg, struct err *err)
{
    struct observation *observation = arg;
    if (call_failed(err)) {
        fail(observation, err);
        return;
    }
    /* A second back for what the clocks differ by. */
    if (!observation->docker->since_ns)
        observation->docker->since_ns = engine_clock_ns(observation->docker->engine) - 1000000000;
    if (observation->query.is_for_making)
        observe_check_version(observation);
    observation->next = read_first;
    ask_containers(observation);
    ask_objects(observation);
    ask_images(observation);
}

static void start(void *arg)
{
    struct observation *observation = arg;
    observation->source = NULL;
    observation->next = read_first;
    if (observation->query.only_running_kinds)
        ask_containers(observation);
    else
        engine_negotiate(observation->docker->engine, on_ready, observation);
}

void docker_observe(void *handle, const struct observe_query *query, struct findings *findings,
                    observe_done_fn done, void *arg)
{
    struct docker *docker = handle;
    struct observation *observation = MEM_NEW(struct observation);

    *observation = (struct observation){ .docker = docker,
                                         .query = *query,
                                         .findings = findings,
                                         .done = done,
                                         .arg = arg,
                                         .arena = arena_new(),
                                         .err = ERR_INIT };
    existing_set_init(&observation->set, query->project);
    observation->query.project = arena_dup(observation->arena, query->project);
    if (!text_is(docker->project, query->project))
        docker->project = arena_dup(docker->arena, query->project);
    start(observation);
}
