/*
 * apply-container.c - makes a container: what is needed for the body (the image, the instance that
 * it replaces), the create call, the networks that an old engine takes one by one. What fails
 * halfway is removed again, and the next observation finds whatever a killed program left; what the
 * engine makes of a killed program's last call after that has our name, and is taken over or
 * removed. Called by begin.c.
 */
#include "base/base.h"

#include "operator/docker/fields.h"
#include "operator/docker/task.h"

/* A name is taken before its container can be looked at: 20 ms of waiting and more each time, 10 s
   in all. */
#define HELD_PAUSE_MS 20
#define HELD_PAUSE_MAX_MS 500
#define HELD_TRIES 24

struct create {
    struct encode encode;
    struct arena *inherit_arena; /* of the replaced instance's inspect answer */
    char *id;                    /* once it is made */
    size_t next_endpoint;
    struct err first; /* why it is being removed again, or what is wrong with the name */
    unsigned n_held;  /* how often the name was taken */
};

static void create_release(struct task *task)
{
    struct create *create = task->data;
    arena_free(create->inherit_arena);
    mem_free(create->id);
    err_release(&create->first);
    mem_free(create);
}

static void send_create(struct task *task);
static void next_connect(struct task *task);
static void give_up(struct task *task, struct err *err);

/* --- the image -------------------------------------------------------------------------------- */

static const struct wanted *image_wanted(const struct wanted *wanted)
{
    VEC_EACH (&wanted->depends_on, dependency)
        if (dependency->on->kind == &docker_image_kind && dependency->kind == DEPENDS_BOUND)
            return dependency->on;
    return NULL;
}

static void on_image(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;
    task->call = NULL;
    if (call_failed(err)) {
        task_fail_call(task, err);
        return;
    }
    const struct wanted *image = image_wanted(task->step->instance->wanted);
    const struct docker_wanted *payload = image->payload;
    const char *digest =
        docker_image_digest(answer->node, payload->platform, engine_api(task->docker->engine));
    const char *id = get_text(answer->node, "Id");
    if (id)
        docker_remember_image(task->docker, image->key, id, digest ? digest : id,
                              node_get(answer->node, "Config"));
    send_create(task);
}

/* "target=digest,..." of the images that are mounted, by target. */
static const char *image_volumes_label(struct task *task, const struct service *service)
{
    STR_AUTO(out);
    struct node *sorted = new_map(task->arena);
    VEC_EACH (&service->volumes, mount) {
        const struct docker_image *image =
            mount->type == MOUNT_IMAGE ? docker_find_image(task->docker, mount->source) : NULL;
        if (image)
            put_text(task->arena, sorted, mount->target, image->digest);
    }
    node_sort_keys(sorted);
    NODE_EACH_PAIR (sorted, pair)
        str_printf(&out, "%s%s=%s", out.len ? "," : "", pair->key, node_as_text(pair->value));
    return out.len ? arena_dup(task->arena, out.buf) : NULL;
}

/* --- the instance that is replaced ------------------------------------------------------------ */

static void on_inherit(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;
    struct create *create = task->data;
    task->call = NULL;
    if (call_failed(err)) {
        task_fail_call(task, err);
        return;
    }
    if (answer->status < 300) {
        create->inherit_arena = STEAL_PTR(answer->arena);
        create->encode.inherit = answer->node;
    }
    send_create(task);
}

/* --- create ----------------------------------------------------------------------------------- */

static void take_id(struct task *task, const char *id)
{
    struct create *create = task->data;

    create->id = mem_dup(id);
    task_set_id(task, id);
    create->next_endpoint = 1;
    next_connect(task);
}

static void ask_holder(struct task *task, struct err *err);

static void on_created(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;

    task->call = NULL;
    if (call_failed(err)) {
        bool is_conflict = err->status == 409;
        if (is_conflict)
            err->code = ERR_CONFLICT;
        if (is_conflict && strstr(err->text, "is already in use"))
            ask_holder(task, err);
        else
            task_fail_call(task, err);
        return;
    }
    const char *id = get_text(answer->node, "Id");
    if (!id) {
        struct err none = ERR_INIT;
        err_set(&none, ERR_PROTOCOL, "create %s: the engine's answer names no id", task_what(task));
        task_fail(task, GRADE_FAILED, &none);
        return;
    }
    take_id(task, id);
}

static const char *replace_label(struct task *task, const struct service *service)
{
    const struct step *step = task->step;
    if (!step->temporary_name)
        return NULL;
    if (text_is_set(service->container_name))
        return service->container_name;
    return arena_printf(task->arena, "%s-%lld", service->name, (long long)step->instance->number);
}

static void add_labels(struct task *task, const struct docker_wanted *payload,
                       const struct docker_image *image)
{
    struct create *create = task->data;
    const struct service *service = payload->service;
    const struct step *step = task->step;
    char hex[65] = "";

    if (payload->definition)
        docker_definition_digest(task->docker, payload->definition, hex);
    struct encode_labels labels = { .hash = hex,
                                    .image = image ? image->digest : NULL,
                                    .replace = replace_label(task, service),
                                    .number = step->instance->number,
                                    .is_one_off = step->instance->number == 0 };
    encode_labels(&create->encode, &labels);
    put_text(task->arena, node_get(create->encode.config, "Labels"), LABEL_GIVEN,
             given_label(task->arena, task->docker, service));
    const char *volumes = image_volumes_label(task, service);
    if (volumes)
        put_text(task->arena, node_get(create->encode.config, "Labels"), LABEL_IMAGE_VOLUMES,
                 volumes);
}

static const char *step_name(const struct step *step)
{
    return step->temporary_name ? step->temporary_name : step->instance->name;
}

static void send_body(struct task *task)
{
    const struct create *create = task->data;
    const struct docker_wanted *payload = task_payload(task);
    const char *platform = docker_service_platform(payload->project, payload->service);
    const char *path =
        task_path(task, "/containers/create?name=%s%s%s", task_escape(task, step_name(task->step)),
                  platform ? "&platform=" : "", platform ? task_escape(task, platform) : "");
    task_call(task, "POST", path, create->encode.config, 0, on_created);
}

static void send_create(struct task *task)
{
    struct create *create = task->data;
    const struct step *step = task->step;
    const struct docker_wanted *payload = task_payload(task);
    const struct wanted *wanted_image = image_wanted(step->instance->wanted);
    const struct docker_image *image =
        wanted_image ? docker_find_image(task->docker, wanted_image->key) : NULL;
    struct err err = ERR_INIT;

    if (wanted_image && !image) {
        task_call(task, "GET",
                  task_path(task, "/images/%s/json%s", wanted_image->name,
                            docker_image_query(engine_api(task->docker->engine))),
                  NULL, 0, on_image);
        return;
    }
    /* The list that it was found in names its mounts. */
    const struct existing *replaced = step->other ? step->other->existing : NULL;
    if (step->inherit && replaced)
        create->encode.inherit = replaced->details;
    if (step->inherit && step->other && !create->encode.inherit && !create->inherit_arena) {
        create->inherit_arena = arena_new();
        task_call(task, "GET", task_path(task, "/containers/%s/json", task_ref(step->other)), NULL,
                  404, on_inherit);
        return;
    }
    create->encode.image_config = image ? image->config : NULL;
    if (encode_container(&create->encode, &err) < 0) {
        task_fail(task, GRADE_FAILED, &err);
        return;
    }
    add_labels(task, payload, image);
    send_body(task);
}

/* --- a name that is taken --------------------------------------------------------------------- */

static void on_held_pause(void *arg)
{
    struct task *task = arg;
    task->source = NULL;
    send_body(task);
}

static void on_holder_removed(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct task *task = arg;
    task->call = NULL;
    if (call_failed(err))
        task_fail_call(task, err);
    else
        send_body(task);
}

/* What the engine made of a call of ours that nobody waited for any more: the same service and
   number, and it never ran. */
static bool is_left_over(const struct task *task, const struct node *labels,
                         const struct node *inspect)
{
    static const char *const names[] = { LABEL_PROJECT, LABEL_SERVICE, LABEL_NUMBER,
                                         LABEL_ONE_OFF };
    const struct create *create = task->data;
    const struct node *asked = node_get(create->encode.config, "Labels");

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (!get_text(asked, names[i]) ||
            !text_is(get_text(labels, names[i]), get_text(asked, names[i])))
            return false;
    return text_is(get_text(node_get(inspect, "State"), "Status"), "created");
}

static bool is_own_network(const struct create *create, const char *id)
{
    for (size_t i = 0; i < create->encode.n_uses; i++)
        if (text_is(create->encode.uses[i]->id, id) ||
            (create->encode.uses[i]->existing && text_is(create->encode.uses[i]->existing->id, id)))
            return true;
    return false;
}

/* It has every label that was asked for (the hash of the definition, the image), is on the networks
   of now, and took nothing over from a container that it was to replace. */
static bool is_as_asked(const struct task *task, const struct node *labels,
                        const struct node *inspect)
{
    const struct create *create = task->data;
    const struct node *asked = node_get(create->encode.config, "Labels");
    const struct node *networks = node_get_path(inspect, "NetworkSettings", "Networks", NULL);

    if (create->encode.inherit)
        return false;
    NODE_EACH_PAIR (asked, pair)
        if (!text_is(get_text(labels, pair->key), node_as_text(pair->value)))
            return false;
    if (node_is(networks, NODE_MAP))
        NODE_EACH_PAIR (networks, pair)
            if (text_is_set(get_text(pair->value, "NetworkID")) &&
                !is_own_network(create, get_text(pair->value, "NetworkID")))
                return false;
    return true;
}

static void on_holder(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;
    struct create *create = task->data;
    const struct node *labels = node_get_path(answer->node, "Config", "Labels", NULL);
    const char *id = get_text(answer->node, "Id");

    task->call = NULL;
    if (!call_failed(err) && answer->status == 404 && create->n_held < HELD_TRIES) {
        int64_t pause = MIN((int64_t)HELD_PAUSE_MS * create->n_held, HELD_PAUSE_MAX_MS);
        err_release(&create->first);
        task->source = loop_add_timer(task->docker->loop, pause, on_held_pause, task);
    } else if (call_failed(err) || !id || create->n_held >= HELD_TRIES ||
               !is_left_over(task, labels, answer->node)) {
        task_fail_call(task, &create->first);
    } else if (is_as_asked(task, labels, answer->node)) {
        take_id(task, id);
    } else {
        err_release(&create->first);
        task_call(task, "DELETE", task_path(task, "/containers/%s?force=1&v=1", id), NULL, 404,
                  on_holder_removed);
    }
}

static void ask_holder(struct task *task, struct err *err)
{
    struct create *create = task->data;

    err_move(&create->first, err);
    create->n_held++;
    task_call(task, "GET",
              task_path(task, "/containers/%s/json", task_escape(task, step_name(task->step))),
              NULL, 404, on_holder);
}

/* --- more networks ---------------------------------------------------------------------------- */

static void on_connected(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct task *task = arg;
    task->call = NULL;
    if (call_failed(err) && !strstr(err->text, "already exists in network"))
        give_up(task, err);
    else
        next_connect(task);
}

static void next_connect(struct task *task)
{
    struct create *create = task->data;
    const struct service *service = create->encode.service;
    struct instance *instance = task->step->instance;
    bool has_networks = !text_is_set(service->network_mode);

    while (has_networks && create->next_endpoint < service->networks.n &&
           encode_endpoint_fits(&create->encode, create->next_endpoint))
        create->next_endpoint++;
    if (!has_networks || create->next_endpoint >= service->networks.n) {
        docker_remember_instance(task->docker, service->name, instance->number, create->id);
        task_done(task, STEP_DONE);
        return;
    }
    const struct endpoint *endpoint = &service->networks.items[create->next_endpoint++];
    struct node *body = new_map(task->arena);
    put_text(task->arena, body, "Container", create->id);
    put_node(task->arena, body, "EndpointConfig", encode_endpoint(&create->encode, endpoint));
    task_call(task, "POST",
              task_path(task, "/networks/%s/connect",
                        task_escape(task, encode_network_ref(&create->encode, endpoint))),
              body, 0, on_connected);
}

static void on_removed(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct task *task = arg;
    struct create *create = task->data;
    task->call = NULL;
    if (call_failed(err))
        err_wrap(&create->first, "(and removing the container failed)");
    task_fail_call(task, &create->first);
}

/* A container that lacks one of its networks is of no use: it goes away again. */
static void give_up(struct task *task, struct err *err)
{
    struct create *create = task->data;
    err_move(&create->first, err);
    mem_free(STEAL_PTR(task->step->instance->id));
    task_call(task, "DELETE", task_path(task, "/containers/%s?force=1&v=1", create->id), NULL, 404,
              on_removed);
}

void apply_create_container(struct task *task)
{
    const struct docker_wanted *payload = task_payload(task);
    struct create *create = MEM_NEW(struct create);

    create->first = (struct err)ERR_INIT;
    task->data = create;
    task->release = create_release;
    encode_init(&create->encode, task->arena, payload->project, payload->service,
                engine_api(task->docker->engine));
    create->encode.docker = task->docker;
    create->encode.container_name = task->step->instance->name;
    create->encode.uses = task->step->uses.items;
    create->encode.n_uses = task->step->uses.n;
    send_create(task);
}
