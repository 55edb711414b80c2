/*
 * apply-object.c - makes networks and volumes, joins containers to networks, and removes things of
 * every kind. Called by begin.c.
 */
#include "base/base.h"

#include "operator/docker/fields.h"
#include "operator/docker/task.h"

/* --- networks and volumes --------------------------------------------------------------------- */

static void take_id(struct task *task, const char *id)
{
    task_set_id(task, id ? id : task->step->instance->name);
}

static void release_conflict(struct task *task)
{
    err_release(task->data);
    mem_free(task->data);
}

/* What a killed run asked for may come to be only after this one looked. */
static void on_networks(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;
    const struct wanted *wanted = task->step->instance->wanted;

    task->call = NULL;
    if (call_failed(err) || !node_is(answer->node, NODE_LIST)) {
        task_fail_call(task, task->data);
        return;
    }
    NODE_EACH_ITEM (answer->node, item) {
        if (!text_is(get_text(*item, "Name"), wanted->name) ||
            !text_is(docker_item_label(*item, LABEL_NETWORK), wanted->key) ||
            !text_is(docker_item_label(*item, LABEL_HASH), wanted->digest))
            continue;
        take_id(task, get_text(*item, "Id"));
        task_done(task, STEP_UNCHANGED);
        return;
    }
    task_fail_call(task, task->data);
}

static void look_for_network(struct task *task, struct err *conflict)
{
    struct err *kept = MEM_NEW(struct err);
    STR_AUTO(path);

    *kept = (struct err)ERR_INIT;
    err_move(kept, conflict);
    task->data = kept;
    task->release = release_conflict;
    str_add(&path, "/networks?");
    docker_project_filter(task_payload(task)->project->name, &path);
    task_call(task, "GET", path.buf, NULL, 0, on_networks);
}

static void on_made(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;
    bool is_network = task->step->instance->kind == &docker_network_kind;

    task->call = NULL;
    if (call_failed(err) && err->status == 409 && is_network) {
        look_for_network(task, err);
        return;
    }
    if (call_failed(err)) {
        task_fail_call(task, err);
        return;
    }
    take_id(task, get_text(answer->node, is_network ? "Id" : "Name"));
    if (!is_network) {
        task_done(task, STEP_DONE);
        return;
    }
    twins_note(task);
    twins_look(task, false);
}

void apply_create_network(struct task *task)
{
    const struct docker_wanted *payload = task_payload(task);
    struct node *body = encode_network(task->arena, payload->project, payload->network,
                                       task->step->instance->wanted->digest);
    task_call(task, "POST", "/networks/create", body, 0, on_made);
}

void apply_create_volume(struct task *task)
{
    const struct docker_wanted *payload = task_payload(task);
    struct node *body = encode_volume(task->arena, payload->project, payload->volume,
                                      task->step->instance->wanted->digest);
    task_call(task, "POST", "/volumes/create", body, 0, on_made);
}

/* --- joining and leaving ---------------------------------------------------------------------- */

static const struct endpoint *find_endpoint(const struct service *service, const char *key)
{
    VEC_EACH (&service->networks, endpoint)
        if (text_is(endpoint->network, key))
            return endpoint;
    return NULL;
}

static void on_joined(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct task *task = arg;
    task->call = NULL;
    if (call_failed(err) && strstr(err->text, "already exists in network"))
        task_done(task, STEP_UNCHANGED);
    else if (call_failed(err))
        task_fail_call(task, err);
    else
        task_done(task, STEP_DONE);
}

void apply_attach(struct task *task)
{
    const struct step *step = task->step;
    const struct docker_wanted *payload = task_payload(task);
    const struct wanted *network = step->other->wanted;
    struct node *body = new_map(task->arena);

    put_text(task->arena, body, "Container", task_ref(step->instance));
    const struct endpoint *endpoint =
        payload && network ? find_endpoint(payload->service, network->key) : NULL;
    if (endpoint) {
        struct encode e;
        encode_init(&e, task->arena, payload->project, payload->service,
                    engine_api(task->docker->engine));
        e.docker = task->docker;
        e.container_name = step->instance->name;
        e.uses = &step->other;
        e.n_uses = 1;
        put_node(task->arena, body, "EndpointConfig", encode_endpoint(&e, endpoint));
    }
    task_call(task, "POST",
              task_path(task, "/networks/%s/connect", task_escape(task, task_ref(step->other))),
              body, 0, on_joined);
}

static void on_left(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;
    task->call = NULL;
    if (call_failed(err) && strstr(err->text, "is not connected to"))
        task_done(task, STEP_UNCHANGED);
    else if (call_failed(err))
        task_fail_call(task, err);
    else
        task_done(task, answer->status == 404 ? STEP_UNCHANGED : STEP_DONE);
}

void apply_detach(struct task *task)
{
    const struct step *step = task->step;
    struct node *body = new_map(task->arena);

    put_text(task->arena, body, "Container", task_ref(step->instance));
    put_bool(task->arena, body, "Force", true);
    task_call(task, "POST",
              task_path(task, "/networks/%s/disconnect", task_escape(task, task_ref(step->other))),
              body, 404, on_left);
}

/* --- removing --------------------------------------------------------------------------------- */

/* An anonymous volume that was carried over to a replacement is mounted by its name, so the engine
   no longer removes it with the container. Its name is the engine's own: 64 hex digits. */
static const char *inherited_volume(const struct node *mount)
{
    const char *type = node_as_text(node_get(mount, "Type"));
    const char *name = node_as_text(node_get(mount, "Name"));

    if (!text_is(type, "volume") || !name || strlen(name) != 64 ||
        strspn(name, "0123456789abcdef") != 64)
        return NULL;
    return name;
}

static void on_inherited_removed(void *arg, struct engine_answer *answer, struct err *err);

/* Removes the next volume that only this container had (one in use stays: 409). True when a call is
   under way. */
static bool remove_next_inherited(struct task *task)
{
    static const int kept[] = { 404, 409 };
    const struct existing *existing = task->step->instance->existing;
    const struct node *mounts = existing ? node_get(existing->details, "Mounts") : NULL;
    size_t *next = task->data;

    if (!node_is(mounts, NODE_LIST))
        return false;
    if (!next)
        task->data = next = arena_alloc(task->arena, sizeof(*next));
    while (*next < mounts->u.list.n) {
        const char *name = inherited_volume(mounts->u.list.items[(*next)++]);

        if (!name)
            continue;
        task->call =
            engine_call(task->docker->engine, "DELETE", task_path(task, "/volumes/%s", name), NULL,
                        task_what(task), kept, on_inherited_removed, task);
        return true;
    }
    return false;
}

static void on_inherited_removed(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;

    (void)answer;
    task->call = NULL;
    if (call_failed(err))
        task_fail_call(task, err);
    else if (!remove_next_inherited(task))
        task_done(task, STEP_DONE);
}

static void on_removed(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;
    const struct instance *instance = task->step->instance;

    task->call = NULL;
    if (call_failed(err)) {
        /* Endpoints of containers that are just leaving, a removal that is under way already. */
        bool is_in_use = err->status == 409 || err->status == 403;
        bool may_pass = (is_in_use && instance->kind == &docker_network_kind) ||
                        strstr(err->text, "already in progress");
        if (is_in_use)
            err->code = ERR_CONFLICT;
        if (may_pass)
            task_fail(task, GRADE_RETRY, err);
        else
            task_fail_call(task, err);
        return;
    }
    if (instance->kind == &docker_container_kind) {
        docker_forget_instance(task->docker, task_ref(instance));
        const struct existing *existing = instance->existing;
        bool has_taken_over =
            existing && docker_item_label(existing->details, LABEL_REPLACE) != NULL;
        if (task->step->with_volumes && has_taken_over && remove_next_inherited(task))
            return;
    }
    task_done(task, answer->status == 404 ? STEP_UNCHANGED : STEP_DONE);
}

void apply_remove(struct task *task)
{
    const struct step *step = task->step;
    const struct resource_kind *kind = step->instance->kind;
    const char *path;

    if (kind == &docker_container_kind)
        path = task_path(task, "/containers/%s?force=1%s", task_ref(step->instance),
                         step->with_volumes ? "&v=1" : "");
    else if (kind == &docker_network_kind)
        path = task_path(task, "/networks/%s", task_escape(task, task_ref(step->instance)));
    else if (kind == &docker_volume_kind)
        path = task_path(task, "/volumes/%s", task_escape(task, step->instance->name));
    else
        path = task_path(task, "/images/%s", step->instance->name);
    task_call(task, "DELETE", path, NULL, 404, on_removed);
}
