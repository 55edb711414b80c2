/*
 * begin.c - runs one step: creates, removes and renames at once, starts and stops by the instance's
 * shim, waits by looking at its state.
 */
#include "base/base.h"

#include "operator/baremetal/cgroup.h"

#include <errno.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"

#define AWAIT_LONG_MS 1000 /* looks beside what the kernel tells */
#define TURN_MS 2          /* between looks for a lock that is free in a moment */
#define TURNS 5000
#define TRIES 50
#define HOOK_OUTPUT 4096

struct baremetal_task {
    struct baremetal *baremetal;
    struct step *step;
    step_done_fn done;
    void *arg;
    struct loop_source *timer;
    int64_t deadline_ns, settled_ns; /* on the clock of clock_now_ns(); 0: none */
    struct str dir;
    int n_tries, watch;
    struct loop_source *watch_source;
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
    loop_remove(task->watch_source);
    if (task->watch >= 0)
        close(task->watch);
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

    if (look->is_live && !look->is_lost && !look->is_stopping) {
        finish(task, STEP_UNCHANGED, NULL);
        return;
    }
    if (baremetal_check_ports(look->record, &err) != 0) {
        err_wrap(&err, "service \"%s\"", task->step->instance->service);
        finish(task, STEP_FAILED, &err);
        return;
    }
    baremetal_supervisor_request(task->baremetal, "start", task->step->instance->id, on_started,
                                 task);
}

static void act(struct baremetal_task *task);

static void on_mended(void *arg, struct err *err)
{
    struct baremetal_task *task = arg;

    if (err_is_set(err))
        finish(task, STEP_FAILED, err);
    else
        act(task);
}

/* Who was to do it was killed: another one is, as soon as it watches. */
static void try_again(struct baremetal_task *task, struct err *err)
{
    if (task->n_tries++ >= TRIES) {
        finish(task, STEP_FAILED, err);
        return;
    }
    err_release(err);
    baremetal_supervisor_request(task->baremetal, "mend", "", on_mended, task);
}

static void on_stopped(void *arg, struct err *err)
{
    struct baremetal_task *task = arg;

    if (err->code == ERR_CONNECT) {
        try_again(task, err);
    } else if (err_is_set(err)) {
        finish(task, STEP_FAILED, err);
    } else if (task->step->action == STEP_RESTART) {
        baremetal_supervisor_request(task->baremetal, "start", task->step->instance->id, on_started,
                                     task);
    } else {
        note(task, task->step->action == STEP_STOP ? "stop" : "kill");
        finish(task, STEP_DONE, NULL);
    }
}

static void on_told(void *arg, struct err *err)
{
    struct baremetal_task *task = arg;

    if (err->code == ERR_CONNECT)
        try_again(task, err);
    else
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

static void stop(struct baremetal_task *task, const struct baremetal_look *look)
{
    ERR_AUTO(err);

    if (look->is_lost)
        try_again(task, &err);
    else if (look->is_live)
        ask(task);
    else if (task->step->action == STEP_RESTART)
        start(task, look);
    else
        finish(task, task->n_tries > 0 ? STEP_DONE : STEP_UNCHANGED, NULL);
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

static int remove_locked(struct baremetal_task *task, struct err *err)
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
    baremetal_tidy(path.buf);
    return 0;
}

/* Whoever has the instance's lock may be about to start it, or has just seen it end. */
static void remove_process(void *arg)
{
    struct baremetal_task *task = arg;
    int lock = baremetal_lock(task->dir.buf), error = errno;
    ERR_AUTO(err);

    task->timer = NULL;
    if (lock < 0 && error == EAGAIN && task->n_tries++ < TURNS) {
        task->timer = loop_add_timer(task->baremetal->loop, TURN_MS, remove_process, task);
        return;
    }
    if (lock < 0 && error == EAGAIN)
        err_set(&err, ERR_TIMEOUT, "another process still watches \"%s\"",
                task->step->instance->name);
    else if (remove_locked(task, &err) != 0)
        assert(err_is_set(&err));
    if (lock >= 0)
        close(lock);
    finish(task, STEP_DONE, &err);
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
static int check_await(const struct baremetal_task *task, const struct baremetal_look *look,
                       struct err *err)
{
    const struct step *step = task->step;
    const char *name = step->instance->name;
    bool is_up = look->state == STATE_RUNNING && !look->is_stopping;

    if (step->condition == AWAIT_STOPPED)
        return !look->is_live;
    if (step->condition == AWAIT_COMPLETED) {
        if (look->state != STATE_EXITED)
            return 0;
        if (look->exit_code == 0)
            return 1;
        if (!look->is_exit_known)
            return err_set(err, ERR_FAILED,
                           "service \"%s\" ended, and how is not known: its watching process was "
                           "killed",
                           step->instance->service);
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
    return is_up && (look->health == HEALTH_HEALTHY ||
                     (look->health == HEALTH_NONE && clock_now_ns() >= task->settled_ns));
}

static void on_watched(void *arg, struct err *err)
{
    (void)arg;
    err_release(err); /* the next look tells */
}

static void on_await_late(void *arg);

/* How long may pass without a word until the next look. */
static int64_t await_pause_ms(const struct baremetal_task *task)
{
    int64_t ends[] = { task->deadline_ns, task->settled_ns };
    int64_t now = clock_now_ns();
    int64_t pause_ms = AWAIT_LONG_MS;

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (ends[i] > now)
            pause_ms = MIN(pause_ms, (ends[i] - now) / 1000000 + 1);
    }
    return pause_ms;
}

static void look_again(struct baremetal_task *task, bool is_late)
{
    struct arena *arena = arena_new();
    struct baremetal_look look;
    ERR_AUTO(err);
    int holds = baremetal_look(arena, task->dir.buf, &look, &err);
    bool is_lost = holds == 0 && look.is_lost;

    if (holds == 0)
        holds = check_await(task, &look, &err);
    arena_free(arena);
    if (holds == 0 && task->deadline_ns && clock_now_ns() >= task->deadline_ns)
        holds =
            err_set(&err, ERR_TIMEOUT, "timeout waiting for \"%s\"", task->step->instance->name);
    if (holds != 0) {
        finish(task, STEP_DONE, &err);
        return;
    }
    if (is_lost && is_late)
        baremetal_supervisor_request(task->baremetal, "mend", "", on_watched, NULL);
    task->timer = loop_add_timer(task->baremetal->loop, await_pause_ms(task), on_await_late, task);
}

/* Nothing was told for long: is there still somebody who would? */
static void on_await_late(void *arg)
{
    struct baremetal_task *task = arg;

    task->timer = NULL;
    look_again(task, true);
}

static void on_status(void *arg, int fd, unsigned events)
{
    struct baremetal_task *task = arg;
    char buffer[4096];

    (void)events;
    while (read(fd, buffer, sizeof(buffer)) > 0)
        continue;
    loop_remove(task->timer);
    task->timer = NULL;
    look_again(task, false);
}

/* A status is replaced as a whole: its arrival in the folder tells of each change. */
static void await(struct baremetal_task *task)
{
    task->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (task->watch >= 0 &&
        inotify_add_watch(task->watch, task->dir.buf, IN_MOVED_TO | IN_DELETE_SELF) >= 0)
        task->watch_source =
            loop_add_fd(task->baremetal->loop, task->watch, LOOP_READ, on_status, task);
    look_again(task, false);
}

/* --- one step -----------------------------------------------------------------------------------
 */

static void do_at_once(struct baremetal_task *task, struct err *err)
{
    struct step *step = task->step;
    bool is_volume = step->instance->kind == &baremetal_volume;
    int result;

    if (step->action == STEP_REMOVE && !is_volume) {
        remove_process(task);
        return;
    }
    if (step->action == STEP_CREATE)
        result = is_volume ? baremetal_create_volume(task->baremetal, step, err)
                           : baremetal_create_process(task->baremetal, step, err);
    else
        result = remove_volume(task, err);
    finish(task, result == 0 ? STEP_DONE : STEP_FAILED, err);
}

static void act(struct baremetal_task *task)
{
    struct arena *arena = arena_new();
    struct baremetal_look look;
    ERR_AUTO(err);

    if (baremetal_look(arena, task->dir.buf, &look, &err) != 0) {
        finish(task, STEP_FAILED, &err);
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
        if (rename_it(task, &look, arena, &err) == 0)
            note(task, "rename");
        finish(task, STEP_DONE, &err);
        break;
    case STEP_HOOK:
        hook(task, &look);
        break;
    default:
        err_set(&err, ERR_UNSUPPORTED, "bare metal has no step \"%s\"",
                step_action_name(task->step->action));
        finish(task, STEP_FAILED, &err);
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
        await(task);
    else
        act(task);
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
    task->watch = -1;
    str_init(&task->dir, 0);
    if (step->action == STEP_AWAIT && step->has_timeout)
        task->deadline_ns = clock_now_ns() + step->timeout_ns;
    if (step->action == STEP_AWAIT && step->condition == AWAIT_RUNNING_OR_HEALTHY)
        task->settled_ns = clock_now_ns() + AWAIT_SETTLE_MS * 1000000LL;
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
        loop_remove((*task)->watch_source);
        (*task)->watch_source = NULL;
        (*task)->timer = loop_add_soon(baremetal->loop, on_cancelled, *task);
    }
}
