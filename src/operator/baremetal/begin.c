/*
 * begin.c - runs one step: creates, removes and renames at once, starts and stops by the instance's
 * shim, waits by looking at its state.
 */
#include "base/base.h"

#include "operator/baremetal/cgroup.h"

#include <signal.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"

#define AWAIT_MS 20
#define HOOK_OUTPUT 4096

struct baremetal_task {
    struct baremetal *baremetal;
    struct step *step;
    step_done_fn done;
    void *arg;
    struct loop_source *timer;
    int64_t deadline_ns;
    bool is_second; /* of a restart: the start; of a stop: after the adoption */
    struct str dir;
};

static void finish(struct baremetal_task *task, enum step_status status, struct err *err)
{
    struct step_result result = { status, GRADE_FAILED, ERR_INIT };
    struct baremetal *baremetal = task->baremetal;

    if (err && err_is_set(err)) {
        result.status = STEP_FAILED;
        err_move(&result.err, err);
    }
    for (size_t i = 0; i < baremetal->tasks.n; i++) {
        if (baremetal->tasks.items[i] == task)
            baremetal->tasks.items[i] = baremetal->tasks.items[--baremetal->tasks.n];
    }
    task->done(task->arg, task->step, &result);
    err_release(&result.err);
    str_release(&task->dir);
    mem_free(task);
}

static void note(struct baremetal_task *task, const char *action)
{
    struct arena *arena = arena_new();
    struct baremetal_look look;
    STR_AUTO(dir);

    baremetal_project_dir(task->baremetal, &dir);
    if (baremetal_look(arena, task->dir.buf, &look, NULL) == 0)
        baremetal_event(dir.buf, look.record, action, 0, NULL);
    arena_free(arena);
}

/* --- start, stop, kill, pause -------------------------------------------------------------------
 */

static void on_started(void *arg, struct err *err)
{
    struct baremetal_task *task = arg;

    if (err_is_set(err))
        err_wrap(err, "service \"%s\"", task->step->instance->service);
    finish(task, STEP_DONE, err);
}

static void start(struct baremetal_task *task, const struct baremetal_look *look)
{
    ERR_AUTO(err);

    if (look->state == STATE_RUNNING || look->state == STATE_RESTARTING) {
        finish(task, STEP_UNCHANGED, NULL);
        return;
    }
    if (baremetal_check_ports(look->record, &err) != 0) {
        err_wrap(&err, "service \"%s\"", task->step->instance->service);
        finish(task, STEP_FAILED, &err);
        return;
    }
    baremetal_shim_spawn(task->baremetal->loop, task->dir.buf, "start", on_started, task);
}

static void on_stopped(void *arg, struct err *err)
{
    struct baremetal_task *task = arg;

    if (err_is_set(err)) {
        struct arena *arena = arena_new();
        struct baremetal_look look;

        /* Gone by itself in this very moment. */
        if (baremetal_look(arena, task->dir.buf, &look, NULL) == 0 && look.state == STATE_EXITED)
            err_release(err);
        arena_free(arena);
    }
    if (err_is_set(err)) {
        finish(task, STEP_FAILED, err);
        return;
    }
    if (task->step->action == STEP_RESTART) {
        baremetal_shim_spawn(task->baremetal->loop, task->dir.buf, "start", on_started, task);
        return;
    }
    note(task, task->step->action == STEP_STOP ? "stop" : "kill");
    finish(task, STEP_DONE, NULL);
}

static void on_told(void *arg, struct err *err)
{
    struct baremetal_task *task = arg;

    finish(task, STEP_DONE, err);
}

static void ask(struct baremetal_task *task)
{
    const struct step *step = task->step;
    const char *verb = "stop";
    int signo = 0;

    if (step->action == STEP_PAUSE || step->action == STEP_UNPAUSE) {
        baremetal_shim_request(task->baremetal->loop, task->dir.buf,
                               step->action == STEP_PAUSE ? "pause" : "unpause", 0, 0, on_told,
                               task);
        return;
    }
    if (step->action == STEP_KILL) {
        verb = "kill";
        signo = step->signal ? baremetal_signal(step->signal) : SIGKILL;
        if (signo == 0) {
            ERR_AUTO(err);

            err_set(&err, ERR_USAGE, "no such signal: \"%s\"", step->signal);
            finish(task, STEP_FAILED, &err);
            return;
        }
    }
    if (step->has_timeout && step->timeout_ns == 0 && step->action != STEP_KILL)
        signo = SIGKILL;
    baremetal_shim_request(task->baremetal->loop, task->dir.buf, verb, signo,
                           step->has_timeout ? step->timeout_ns : 0, on_stopped, task);
}

static void on_adopted(void *arg, struct err *err)
{
    struct baremetal_task *task = arg;

    if (err_is_set(err))
        finish(task, STEP_FAILED, err);
    else
        ask(task);
}

static void stop(struct baremetal_task *task, const struct baremetal_look *look)
{
    if (look->state == STATE_EXITED || look->state == STATE_CREATED) {
        if (task->step->action == STEP_RESTART)
            start(task, look);
        else
            finish(task, STEP_UNCHANGED, NULL);
    } else if (look->is_lost) {
        baremetal_shim_spawn(task->baremetal->loop, task->dir.buf, "adopt", on_adopted, task);
    } else {
        ask(task);
    }
}

/* --- remove, rename -----------------------------------------------------------------------------
 */

static void remove_groups(struct baremetal_task *task)
{
    struct arena *arena = arena_new();
    struct baremetal_look look;

    if (baremetal_look(arena, task->dir.buf, &look, NULL) == 0)
        baremetal_cgroup_remove(baremetal_text(node_get(look.record, "run"), "group"));
    arena_free(arena);
}

static int remove_process(struct baremetal_task *task, struct err *err)
{
    STR_AUTO(path);

    note(task, "destroy");
    remove_groups(task);
    str_printf(&path, "%s/record.json", task->dir.buf);
    if (unlink(path.buf) != 0 && file_exists(path.buf))
        return err_set(err, ERR_SYSTEM, "instance cannot be removed: \"%s\"", path.buf);
    if (file_remove_tree(task->dir.buf, err) != 0)
        return -1;
    str_clear(&path);
    baremetal_project_dir(task->baremetal, &path);
    str_add(&path, "/process");
    if (rmdir(path.buf) == 0) { /* it was the last one */
        str_cut(&path, path.len - strlen("/process"));
        str_add(&path, "/events.1");
        unlink(path.buf);
        str_cut(&path, path.len - strlen(".1"));
        unlink(path.buf);
        str_cut(&path, path.len - strlen("/events"));
        rmdir(path.buf);
    }
    return 0;
}

static int remove_volume(struct baremetal_task *task, struct err *err)
{
    const struct instance *instance = task->step->instance;
    STR_AUTO(path);

    baremetal_project_dir(task->baremetal, &path);
    str_printf(&path, "/volume/%s",
               instance->existing ? instance->existing->key : instance->wanted->key);
    if (file_remove_tree(path.buf, err) != 0)
        return -1;
    str_add(&path, ".json");
    unlink(path.buf);
    str_clear(&path);
    baremetal_project_dir(task->baremetal, &path);
    str_add(&path, "/volume");
    if (rmdir(path.buf) == 0) {
        str_cut(&path, path.len - strlen("/volume"));
        rmdir(path.buf);
    }
    return 0;
}

static int rename_it(struct baremetal_task *task, const struct baremetal_look *look,
                     struct arena *arena, struct err *err)
{
    struct node *record = node_copy_shallow(arena, look->record);
    struct origin nowhere = ORIGIN_NONE;
    STR_AUTO(path);

    node_set(arena, record, "name", nowhere, node_text(arena, nowhere, task->step->instance->name));
    node_remove(record, "replaces");
    str_printf(&path, "%s/record.json", task->dir.buf);
    return baremetal_write_state(path.buf, record, err);
}

/* --- hooks --------------------------------------------------------------------------------------
 */

static void on_hook(void *arg, int exit_code, struct str *out, struct str *err_text)
{
    struct baremetal_task *task = arg;
    ERR_AUTO(err);

    (void)out;
    if (exit_code != 0)
        err_set(&err, ERR_FAILED, "hook of service \"%s\" exited (%d)%s%s",
                task->step->instance->service, exit_code, err_text->len > 0 ? ": " : "",
                err_text->buf);
    finish(task, STEP_DONE, &err);
}

static const struct hook *find_hook(const struct service *service, const struct step *step)
{
    const struct hook *hooks = step->phase == HOOK_PRE_START    ? service->pre_start.items
                               : step->phase == HOOK_POST_START ? service->post_start.items
                                                                : service->pre_stop.items;

    return &hooks[step->hook];
}

/* A variable without a value has ours. */
static void set_hook_env(struct baremetal_task *task, struct baremetal_place *place,
                         const struct hook *hook, struct arena *arena)
{
    VEC_EACH (&hook->environment, pair) {
        const char *value =
            pair->value ? pair->value : baremetal_env(task->baremetal->environment, pair->key);

        if (value)
            baremetal_place_set(place, arena_printf(arena, "%s=%s", pair->key, value));
    }
}

static void hook(struct baremetal_task *task, const struct baremetal_look *look)
{
    const struct baremetal_payload *payload =
        task->step->instance->wanted ? task->step->instance->wanted->payload : NULL;
    const struct node *run = node_get(look->record, "run");
    struct baremetal_place place;
    struct process_spec spec = { .is_group = true,
                                 .enter = baremetal_place_enter,
                                 .enter_arg = &place };
    const struct hook *hook;
    struct arena *arena;
    VEC(const char *) words = { NULL, 0, 0 };
    ERR_AUTO(err);
    STR_AUTO(dir);

    if (!payload) {
        finish(task, STEP_UNCHANGED, NULL);
        return;
    }
    arena = arena_new();
    hook = find_hook(payload->service, task->step);
    for (size_t i = 0; i < hook->command.list.n; i++)
        VEC_ADD(&words, hook->command.list.items[i]);
    VEC_ADD(&words, NULL);
    spec.argv = words.items;
    baremetal_place_open(&place, run, look->state == STATE_RUNNING ? look->pid : 0,
                         baremetal_int(look->status, "start_time"));
    if (hook->working_dir) {
        path_absolute(baremetal_text(run, "dir"), hook->working_dir, &dir);
        place.dir = dir.buf;
    }
    place.user = hook->user;
    set_hook_env(task, &place, hook, arena);
    if (process_run(task->baremetal->loop, &spec, NULL, 0, HOOK_OUTPUT, 0, on_hook, task, &err) !=
        0)
        finish(task, STEP_FAILED, &err);
    baremetal_place_close(&place);
    arena_free(arena);
    VEC_RELEASE(&words);
}

/* --- await --------------------------------------------------------------------------------------
 */

/* 1: holds, 0: not yet, -1: never will. */
static int check_await(const struct step *step, const struct baremetal_look *look, struct err *err)
{
    const char *name = step->instance->name;
    bool is_up = look->state == STATE_RUNNING;

    if (step->condition == AWAIT_STOPPED)
        return !is_up && look->state != STATE_RESTARTING;
    if (step->condition == AWAIT_COMPLETED) {
        if (look->state != STATE_EXITED)
            return 0;
        if (look->exit_code == 0)
            return 1;
        return err_set(err, ERR_FAILED, "service \"%s\" didn't complete successfully: exit %lld",
                       step->instance->service, (long long)look->exit_code);
    }
    if (look->state == STATE_EXITED)
        return err_set(err, ERR_FAILED, "process \"%s\" exited (%lld)", name,
                       (long long)look->exit_code);
    if (look->health == HEALTH_UNHEALTHY)
        return err_set(err, ERR_FAILED, "process \"%s\" is unhealthy", name);
    if (step->condition == AWAIT_HEALTHY && is_up && look->health == HEALTH_NONE)
        return err_set(err, ERR_FAILED, "process \"%s\" has no healthcheck", name);
    return is_up && (look->health == HEALTH_HEALTHY || look->health == HEALTH_NONE);
}

static void on_await(void *arg)
{
    struct baremetal_task *task = arg;
    struct arena *arena = arena_new();
    struct baremetal_look look;
    ERR_AUTO(err);
    int holds = baremetal_look(arena, task->dir.buf, &look, &err);

    task->timer = NULL;
    if (holds == 0)
        holds = check_await(task->step, &look, &err);
    arena_free(arena);
    if (holds == 0 && task->deadline_ns && clock_now_ns() >= task->deadline_ns)
        holds =
            err_set(&err, ERR_TIMEOUT, "timeout waiting for \"%s\"", task->step->instance->name);
    if (holds != 0)
        finish(task, STEP_DONE, &err);
    else
        task->timer = loop_add_timer(task->baremetal->loop, AWAIT_MS, on_await, task);
}

/* --- one step -----------------------------------------------------------------------------------
 */

static void do_at_once(struct baremetal_task *task, struct err *err)
{
    struct step *step = task->step;
    bool is_volume = step->instance->kind == &baremetal_volume;
    int result;

    if (step->action == STEP_CREATE)
        result = is_volume ? baremetal_create_volume(task->baremetal, step, err)
                           : baremetal_create_process(task->baremetal, step, err);
    else
        result = is_volume ? remove_volume(task, err) : remove_process(task, err);
    finish(task, result == 0 ? STEP_DONE : STEP_FAILED, err);
}

static void do_process(struct baremetal_task *task, struct err *err)
{
    struct arena *arena = arena_new();
    struct baremetal_look look;

    if (baremetal_look(arena, task->dir.buf, &look, err) != 0) {
        finish(task, STEP_FAILED, err);
        arena_free(arena);
        return;
    }
    switch (task->step->action) {
    case STEP_START:
        start(task, &look);
        break;
    case STEP_STOP:
    case STEP_KILL:
    case STEP_RESTART:
    case STEP_PAUSE:
    case STEP_UNPAUSE:
        stop(task, &look);
        break;
    case STEP_RENAME:
        if (rename_it(task, &look, arena, err) == 0)
            note(task, "rename");
        finish(task, STEP_DONE, err);
        break;
    case STEP_HOOK:
        hook(task, &look);
        break;
    default:
        err_set(err, ERR_UNSUPPORTED, "bare metal has no step \"%s\"",
                step_action_name(task->step->action));
        finish(task, STEP_FAILED, err);
    }
    arena_free(arena);
}

static void on_begin(void *arg)
{
    struct baremetal_task *task = arg;
    ERR_AUTO(err);

    task->timer = NULL;
    if (task->step->instance->id)
        baremetal_process_dir(task->baremetal, task->step->instance->id, &task->dir);
    if (task->step->action == STEP_CREATE || task->step->action == STEP_REMOVE)
        do_at_once(task, &err);
    else if (task->step->action == STEP_AWAIT)
        on_await(task);
    else
        do_process(task, &err);
}

void baremetal_begin(void *handle, struct step *step, step_progress_fn progress, step_done_fn done,
                     void *arg)
{
    struct baremetal *baremetal = handle;
    struct baremetal_task *task = MEM_NEW(struct baremetal_task);

    (void)progress;
    task->baremetal = baremetal;
    task->step = step;
    task->done = done;
    task->arg = arg;
    str_init(&task->dir, 0);
    if (step->action == STEP_AWAIT && step->has_timeout)
        task->deadline_ns = clock_now_ns() + step->timeout_ns;
    VEC_ADD(&baremetal->tasks, task);
    task->timer = loop_add_soon(baremetal->loop, on_begin, task);
}

static void on_cancelled(void *arg)
{
    struct baremetal_task *task = arg;
    ERR_AUTO(err);

    task->timer = NULL;
    err_set(&err, ERR_INTERRUPTED, "was cancelled");
    finish(task, STEP_FAILED, &err);
}

/* A wait ends at once; anything else is done in its time. */
void baremetal_cancel(void *handle, struct step *step)
{
    struct baremetal *baremetal = handle;

    VEC_EACH (&baremetal->tasks, task) {
        if ((*task)->step != step || step->action != STEP_AWAIT || !(*task)->timer)
            continue;
        loop_remove((*task)->timer);
        (*task)->timer = loop_add_soon(baremetal->loop, on_cancelled, *task);
    }
}
