/*
 * apply-hook.c - runs one hook of a service: post_start and pre_stop as a command in the container,
 * pre_start as a container of its own that has the volumes and networks of the service's; that one
 * is kept when it fails, to be looked at. Output is reported as progress of the part "output".
 * Called by begin.c.
 */
#include "base/base.h"

#include "operator/docker/fields.h"
#include "operator/docker/task.h"

#define TAIL_MAX 2048

struct hook_run {
    const struct hook *hook;
    struct engine_frames frames;
    struct str line, tail;
    const char *id; /* of the exec, or of the helper container */
    size_t next_endpoint;
    struct encode encode;
};

static void hook_release(struct task *task)
{
    struct hook_run *run = task->data;
    str_release(&run->line);
    str_release(&run->tail);
    mem_free(run);
}

/* --- output ----------------------------------------------------------------------------------- */

static void hook_line(struct task *task)
{
    struct hook_run *run = task->data;
    task_progress(task, "output", run->line.buf, 0, 0);
    str_printf(&run->tail, "%s\n", run->line.buf);
    if (run->tail.len > TAIL_MAX)
        str_remove(&run->tail, 0, run->tail.len - TAIL_MAX);
    str_clear(&run->line);
}

static int on_frame(void *arg, int stream ATTR_UNUSED, const char *bytes, size_t len)
{
    struct task *task = arg;
    struct hook_run *run = task->data;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n')
            hook_line(task);
        else if (run->line.len < TAIL_MAX)
            str_add_char(&run->line, bytes[i]);
    }
    return 0;
}

static int on_data(void *arg, const char *bytes, size_t len)
{
    struct task *task = arg;
    struct hook_run *run = task->data;
    return engine_frames_feed(&run->frames, bytes, len, on_frame, task);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void hook_judge(struct task *task, int64_t exit_code)
{
    struct hook_run *run = task->data;
    const struct step *step = task->step;
    struct err err = ERR_INIT;

    if (run->line.len)
        hook_line(task);
    if (!exit_code) {
        task_done(task, STEP_DONE);
        return;
    }
    struct slice tail = slice_trim((struct slice){ run->tail.buf, run->tail.len });
    const char *service = step->instance->service ? step->instance->service : step->instance->name;
    if (step->phase == HOOK_PRE_START)
        err_set_at(&err, run->hook->at, ERR_FAILED,
                   "service \"%s\" pre_start[%u] exited with code %lld%s%.*s", service, step->hook,
                   (long long)exit_code, tail.len ? ": " : "", (int)tail.len, tail.at);
    else
        err_set_at(&err, run->hook->at, ERR_FAILED, "%s hook exited with status %lld%s%.*s",
                   service, (long long)exit_code, tail.len ? ": " : "", (int)tail.len, tail.at);
    task_fail(task, GRADE_FAILED, &err);
}

static struct node *hook_environment(struct arena *arena, const struct hook *hook)
{
    struct node *out = new_list(arena);
    VEC_EACH (&hook->environment, pair)
        node_add(arena, out,
                 new_text(arena, pair->value ? arena_printf(arena, "%s=%s", pair->key, pair->value)
                                             : pair->key));
    return out;
}

/* --- a command in the container --------------------------------------------------------------- */

static void on_exec_code(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;
    task->call = NULL;
    if (call_failed(err))
        task_fail_call(task, err);
    else
        hook_judge(task, get_int(answer->node, "ExitCode"));
}

static void on_exec_end(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct task *task = arg;
    struct hook_run *run = task->data;
    task->call = NULL;
    if (call_failed(err))
        task_fail_call(task, err);
    else
        task_call(task, "GET", task_path(task, "/exec/%s/json", run->id), NULL, 0, on_exec_code);
}

static void on_exec_made(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;
    struct hook_run *run = task->data;

    task->call = NULL;
    if (call_failed(err)) {
        /* A container that is down already has nothing to do before it stops. */
        if (task->step->phase == HOOK_PRE_STOP && err->status == 409)
            task_done(task, STEP_UNCHANGED);
        else
            task_fail_call(task, err);
        return;
    }
    const char *id = get_text(answer->node, "Id");
    run->id = arena_dup(task->arena, id ? id : "");
    struct engine_stream_spec spec = {
        .method = "POST",
        .path = task_path(task, "/exec/%s/start", run->id),
        .what = task_what(task),
        .body = "{\"Detach\":false,\"Tty\":false}",
        .data = on_data,
        .done = on_exec_end,
        .arg = task,
        .is_hijack = true,
        .is_long = true,
    };
    task->call = engine_stream(task->docker->engine, &spec);
}

static void hook_exec(struct task *task)
{
    struct hook_run *run = task->data;
    struct node *body = new_map(task->arena);

    put_node(task->arena, body, "Cmd", new_texts(task->arena, &run->hook->command.list));
    put_node(task->arena, body, "Env", hook_environment(task->arena, run->hook));
    put_bool(task->arena, body, "AttachStdout", true);
    put_bool(task->arena, body, "AttachStderr", true);
    put_bool(task->arena, body, "Privileged", run->hook->privileged);
    if (text_is_set(run->hook->user))
        put_text(task->arena, body, "User", run->hook->user);
    if (text_is_set(run->hook->working_dir))
        put_text(task->arena, body, "WorkingDir", run->hook->working_dir);
    task_call(task, "POST", task_path(task, "/containers/%s/exec", task_ref(task->step->instance)),
              body, 0, on_exec_made);
}

/* --- a container of its own ------------------------------------------------------------------- */

static void on_helper_removed(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct task *task = arg;
    task->call = NULL;
    if (call_failed(err))
        task_fail_call(task, err);
    else
        hook_judge(task, 0);
}

static void on_helper_state(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;
    struct hook_run *run = task->data;
    task->call = NULL;
    if (call_failed(err)) {
        task_fail_call(task, err);
        return;
    }
    int64_t code = get_int(node_get(answer->node, "State"), "ExitCode");
    if (code)
        hook_judge(task, code);
    else
        task_call(task, "DELETE", task_path(task, "/containers/%s?force=1&v=1", run->id), NULL, 404,
                  on_helper_removed);
}

static void on_helper_log_end(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct task *task = arg;
    struct hook_run *run = task->data;
    task->call = NULL;
    if (call_failed(err))
        task_fail_call(task, err);
    else
        task_call(task, "GET", task_path(task, "/containers/%s/json", run->id), NULL, 0,
                  on_helper_state);
}

static void on_helper_started(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct task *task = arg;
    struct hook_run *run = task->data;
    task->call = NULL;
    if (call_failed(err)) {
        task_fail_call(task, err);
        return;
    }
    struct engine_stream_spec spec = {
        .method = "GET",
        .what = task_what(task),
        .data = on_data,
        .done = on_helper_log_end,
        .path = task_path(task, "/containers/%s/logs?stdout=1&stderr=1&follow=1", run->id),
        .arg = task,
        .is_long = true,
    };
    task->call = engine_stream(task->docker->engine, &spec);
}

static void next_endpoint(struct task *task);

static void on_helper_joined(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct task *task = arg;
    task->call = NULL;
    if (call_failed(err))
        task_fail_call(task, err);
    else
        next_endpoint(task);
}

static void next_endpoint(struct task *task)
{
    struct hook_run *run = task->data;
    const struct service *service = run->encode.service;

    while (run->next_endpoint < service->networks.n &&
           encode_endpoint_fits(&run->encode, run->next_endpoint))
        run->next_endpoint++;
    if (text_is_set(service->network_mode) || run->next_endpoint >= service->networks.n) {
        task_call(task, "POST", task_path(task, "/containers/%s/start", run->id), NULL, 304,
                  on_helper_started);
        return;
    }
    const struct endpoint *endpoint = &service->networks.items[run->next_endpoint++];
    struct node *body = new_map(task->arena);
    put_text(task->arena, body, "Container", run->id);
    put_node(task->arena, body, "EndpointConfig", encode_bare_endpoint(&run->encode, endpoint));
    task_call(task, "POST",
              task_path(task, "/networks/%s/connect",
                        task_escape(task, encode_network_ref(&run->encode, endpoint))),
              body, 0, on_helper_joined);
}

static void on_helper_made(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;
    struct hook_run *run = task->data;
    task->call = NULL;
    if (call_failed(err)) {
        task_fail_call(task, err);
        return;
    }
    const char *id = get_text(answer->node, "Id");
    run->id = arena_dup(task->arena, id ? id : "");
    run->next_endpoint = 1;
    next_endpoint(task);
}

static struct node *helper_labels(struct task *task)
{
    const struct docker_wanted *payload = task_payload(task);
    struct node *labels = new_map(task->arena);
    put_text(task->arena, labels, LABEL_PROJECT, payload->project->name);
    put_text(task->arena, labels, LABEL_SERVICE, payload->service->name);
    put_text(task->arena, labels, LABEL_VERSION, DOCKER_COMPOSE_VERSION);
    put_text(task->arena, labels, LABEL_HOOK, "pre_start");
    return labels;
}

/* The endpoints of the service without its names and addresses, which are the service's own. */
static void add_networks(struct task *task, struct node *host, struct node *body)
{
    struct hook_run *run = task->data;
    const struct service *service = run->encode.service;
    struct node *endpoints = new_map(task->arena), *networking = new_map(task->arena);
    struct field field = { .key = "network_mode", .place = PLACE_HOST, .name = "NetworkMode" };

    encode_network_mode(&run->encode, &field);
    put_text(task->arena, host, "NetworkMode", get_text(run->encode.host, "NetworkMode"));
    if (text_is_set(service->network_mode))
        return;
    for (size_t i = 0; i < service->networks.n && encode_endpoint_fits(&run->encode, i); i++) {
        const struct endpoint *endpoint = &service->networks.items[i];
        const struct network *network =
            project_find_network(run->encode.project, endpoint->network);
        put_node(task->arena, endpoints, network ? network->name : endpoint->network,
                 encode_bare_endpoint(&run->encode, endpoint));
    }
    put_node(task->arena, networking, "EndpointsConfig", endpoints);
    put_node(task->arena, body, "NetworkingConfig", networking);
}

static void hook_helper(struct task *task)
{
    struct hook_run *run = task->data;
    const struct docker_wanted *payload = task_payload(task);
    const struct hook *hook = run->hook;
    struct arena *arena = task->arena;
    struct node *body = new_map(arena), *host = new_map(arena), *from = new_list(arena);
    struct err err = ERR_INIT;

    encode_init(&run->encode, arena, payload->project, payload->service,
                engine_api(task->docker->engine));
    run->encode.docker = task->docker;
    run->encode.uses = task->step->uses.items;
    run->encode.n_uses = task->step->uses.n;
    run->encode.err = &err;
    put_text(arena, body, "Image",
             text_is_set(hook->image) ? hook->image
                                      : service_image(payload->project, payload->service));
    if (hook->command.is_set)
        put_node(arena, body, "Cmd", new_texts(arena, &hook->command.list));
    put_node(arena, body, "Env", hook_environment(arena, hook));
    if (text_is_set(hook->user))
        put_text(arena, body, "User", hook->user);
    if (text_is_set(hook->working_dir))
        put_text(arena, body, "WorkingDir", hook->working_dir);
    put_node(arena, body, "Labels", helper_labels(task));
    node_add(arena, from, new_text(arena, task_ref(task->step->instance)));
    put_node(arena, host, "VolumesFrom", from);
    put_bool(arena, host, "Privileged", hook->privileged);
    add_networks(task, host, body);
    put_node(arena, body, "HostConfig", host);
    if (err_is_set(&err)) {
        task_fail(task, GRADE_FAILED, &err);
        return;
    }
    task_call(task, "POST", "/containers/create", body, 0, on_helper_made);
}

/* --- beginning -------------------------------------------------------------------------------- */

static const struct hook *find_hook(const struct step *step, const struct service *service)
{
    const struct hook *items[] = { [HOOK_PRE_START] = service->pre_start.items,
                                   [HOOK_POST_START] = service->post_start.items,
                                   [HOOK_PRE_STOP] = service->pre_stop.items };
    const size_t n[] = { [HOOK_PRE_START] = service->pre_start.n,
                         [HOOK_POST_START] = service->post_start.n,
                         [HOOK_PRE_STOP] = service->pre_stop.n };
    return step->hook < n[step->phase] ? &items[step->phase][step->hook] : NULL;
}

void apply_hook(struct task *task)
{
    const struct docker_wanted *payload = task_payload(task);
    const struct hook *hook = payload ? find_hook(task->step, payload->service) : NULL;
    struct hook_run *run = MEM_NEW(struct hook_run);

    str_init(&run->line, 0);
    str_init(&run->tail, 0);
    run->hook = hook;
    task->data = run;
    task->release = hook_release;
    if (!hook)
        task_done(task, STEP_UNCHANGED);
    else if (task->step->phase == HOOK_PRE_START)
        hook_helper(task);
    else
        hook_exec(task);
}
