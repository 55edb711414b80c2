/*
 * await.c - waits until a container is healthy, running, completed or stopped: looks once, then
 * again whenever the engine reports an event of it. All waiting steps share one subscription, which
 * begins before the first look (events since the handle was opened are replayed), so that nothing
 * is missed; a look every few seconds is only the safety net for an engine that loses events.
 * Called by begin.c.
 */
#include "base/base.h"

#include "engine/events.h"
#include "operator/docker/fields.h"
#include "operator/docker/task.h"

#define SAFETY_MS 5000

struct watch {
    struct docker *docker;
    struct engine_events *events; /* NULL: the engine gave no more; the safety net opens it again */
};

struct await {
    struct loop_source *deadline, *safety, *settle;
    bool was_running;    /* when last looked at */
    bool is_asked_again; /* something happened while it was looking */
    bool has_started;    /* a start came while it was looking: news only if it then does not run */
};

static void look(struct task *task);

/* --- the subscription ------------------------------------------------------------------------- */

static struct await *await_of(struct task *task)
{
    bool is_waiting = task->step->action == STEP_AWAIT && task->result.status == STEP_WAITING;
    return is_waiting && !task->is_canceled ? task->data : NULL;
}

static void look_again(struct task *task)
{
    struct await *await = await_of(task);
    if (await && task->call)
        await->is_asked_again = true;
    else if (await)
        look(task);
}

/* The first look is at a container that has just been started, and the event of that start comes
   after it: who was seen running needs no second look. */
static void look_at_start(struct task *task)
{
    struct await *await = await_of(task);
    if (await && task->call)
        await->has_started = true;
    else if (await && !await->was_running)
        look(task);
}

static void on_event(void *arg, const struct node *event, int64_t time_ns ATTR_UNUSED)
{
    struct watch *watch = arg;
    const char *id = get_text(node_get(event, "Actor"), "ID");
    bool is_start = text_is(get_text(event, "Action"), "start");
    VEC_EACH (&watch->docker->tasks, item)
        if (text_is(id ? id : get_text(event, "id"), task_ref((*item)->step->instance)))
            (is_start ? look_at_start : look_again)(*item);
}

/* What ended while the engine was away ended without an event. */
static void on_again(void *arg)
{
    struct watch *watch = arg;
    VEC_EACH (&watch->docker->tasks, item)
        look_again(*item);
}

static void on_lost(void *arg, struct err *err ATTR_UNUSED)
{
    struct watch *watch = arg;
    engine_events_close(STEAL_PTR(watch->events));
}

static void watch_filters(const struct docker *docker, struct str *out)
{
    /* what can change a verdict */
    static const char *const events[] = { "start", "die", "health_status", "destroy" };
    struct jwrite w;
    jwrite_init(&w, out, 0);
    jwrite_map(&w);
    jwrite_key(&w, "type");
    jwrite_list(&w);
    jwrite_text(&w, "container");
    jwrite_list_end(&w);
    jwrite_key(&w, "event");
    jwrite_list(&w);
    for (size_t i = 0; i < ARRAY_LEN(events); i++)
        jwrite_text(&w, events[i]);
    jwrite_list_end(&w);
    if (docker->project) {
        STR_AUTO(label);
        str_printf(&label, LABEL_PROJECT "=%s", docker->project);
        jwrite_key(&w, "label");
        jwrite_list(&w);
        jwrite_text(&w, label.buf);
        jwrite_list_end(&w);
    }
    jwrite_map_end(&w);
}

static void watch_open(struct docker *docker)
{
    if (!docker->watch) {
        docker->watch = MEM_NEW(struct watch);
        docker->watch->docker = docker;
    }
    if (docker->watch->events)
        return;
    STR_AUTO(filters);
    watch_filters(docker, &filters);
    const struct engine_events_spec spec = { .filters = filters.buf,
                                             .since_ns = docker->since_ns,
                                             .event = on_event,
                                             .again = on_again,
                                             .lost = on_lost,
                                             .arg = docker->watch,
                                             .is_background = true };
    docker->watch->events = engine_events_open(docker->engine, &spec);
}

void docker_watch_free(struct docker *docker)
{
    if (docker->watch)
        engine_events_close(docker->watch->events);
    mem_free(STEAL_PTR(docker->watch));
}

/* --- judging ---------------------------------------------------------------------------------- */

enum verdict { VERDICT_WAIT, VERDICT_DONE, VERDICT_FAILED };

struct sight {
    bool is_running, is_exited, has_check;
    int64_t exit_code;
    enum instance_health health;
};

static struct sight see(const struct node *inspect)
{
    const struct node *state = node_get(inspect, "State");
    const char *status = get_text(state, "Status");
    const char *health = get_text(node_get(state, "Health"), "Status");
    struct sight sight = { .exit_code = get_int(state, "ExitCode"),
                           .is_running = text_is(status, "running") || text_is(status, "paused"),
                           .is_exited = text_is(status, "exited") || text_is(status, "dead") };
    sight.has_check = text_is_set(health) && !text_is(health, "none");
    sight.health = instance_health_of(health);
    return sight;
}

/* A container that has not started yet shows no health: then its definition tells. */
static bool may_have_check(const struct node *inspect)
{
    const struct node *test = node_get_path(inspect, "Config", "Healthcheck", "Test", NULL);
    return node_is(test, NODE_LIST) && test->u.list.n &&
           !text_is(node_as_text(test->u.list.items[0]), "NONE");
}

static enum verdict judge_health(const struct task *task, const struct node *inspect,
                                 struct sight sight, bool is_check_needed, struct err *err)
{
    const char *name = task->step->instance->name;
    if (sight.is_exited) {
        err_set(err, ERR_FAILED, "container %s exited (%lld)", name, (long long)sight.exit_code);
        return VERDICT_FAILED;
    }
    if (!sight.has_check && !may_have_check(inspect)) {
        const struct await *await = task->data;
        if (!is_check_needed)
            return sight.is_running && !await->settle ? VERDICT_DONE : VERDICT_WAIT;
        err_set(err, ERR_FAILED, "container %s has no healthcheck configured", name);
        return VERDICT_FAILED;
    }
    if (sight.health == HEALTH_UNHEALTHY) {
        err_set(err, ERR_FAILED, "container %s is unhealthy", name);
        return VERDICT_FAILED;
    }
    return sight.is_running && sight.health == HEALTH_HEALTHY ? VERDICT_DONE : VERDICT_WAIT;
}

static enum verdict judge(const struct task *task, const struct node *inspect, struct err *err)
{
    struct sight sight = see(inspect);
    const struct step *step = task->step;
    switch (step->condition) {
    case AWAIT_HEALTHY:
        return judge_health(task, inspect, sight, true, err);
    case AWAIT_RUNNING_OR_HEALTHY:
        return judge_health(task, inspect, sight, false, err);
    case AWAIT_STOPPED:
        return sight.is_exited ? VERDICT_DONE : VERDICT_WAIT;
    default:
        break;
    }
    if (!sight.is_exited)
        return VERDICT_WAIT;
    if (!sight.exit_code)
        return VERDICT_DONE;
    err_set(err, ERR_FAILED, "service \"%s\" didn't complete successfully: exit %lld",
            step->instance->service ? step->instance->service : step->instance->name,
            (long long)sight.exit_code);
    return VERDICT_FAILED;
}

/* --- looking ---------------------------------------------------------------------------------- */

static void on_safety(void *arg)
{
    struct task *task = arg;
    struct await *await = task->data;
    await->safety = NULL;
    if (task->result.status != STEP_WAITING)
        return;
    watch_open(task->docker);
    if (!task->call)
        look(task);
}

static void on_look(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;
    struct await *await = task->data;
    struct err why = ERR_INIT;

    task->call = NULL;
    if (call_failed(err)) {
        task_fail_call(task, err);
        return;
    }
    switch (judge(task, answer->node, &why)) {
    case VERDICT_DONE:
        task_done(task, STEP_DONE);
        return;
    case VERDICT_FAILED:
        task_fail(task, GRADE_FAILED, &why);
        return;
    default:
        break;
    }
    await->was_running = see(answer->node).is_running;
    if (await->is_asked_again || (await->has_started && !await->was_running)) {
        look(task);
        return;
    }
    loop_remove(await->safety);
    await->safety = loop_add_timer(task->docker->loop, SAFETY_MS, on_safety, task);
}

static void look(struct task *task)
{
    struct await *await = task->data;
    await->is_asked_again = await->has_started = false;
    task_call(task, "GET", task_path(task, "/containers/%s/json", task_ref(task->step->instance)),
              NULL, 0, on_look);
}

static void on_deadline(void *arg)
{
    struct task *task = arg;
    struct await *await = task->data;
    struct err err = ERR_INIT;

    await->deadline = NULL;
    if (task->result.status != STEP_WAITING)
        return;
    engine_cancel(STEAL_PTR(task->call));
    err_set(&err, ERR_TIMEOUT, "timeout waiting for container %s", task->step->instance->name);
    task_fail(task, GRADE_FAILED, &err);
}

static void on_settled(void *arg)
{
    struct task *task = arg;
    struct await *await = task->data;

    await->settle = NULL;
    look_again(task);
}

static void await_release(struct task *task)
{
    struct await *await = task->data;
    loop_remove(await->settle);
    loop_remove(await->deadline);
    loop_remove(await->safety);
    mem_free(await);
}

void apply_await(struct task *task)
{
    struct await *await = MEM_NEW(struct await);
    const struct step *step = task->step;

    task->data = await;
    task->release = await_release;
    if (step->has_timeout)
        await->deadline =
            loop_add_timer(task->docker->loop, step->timeout_ns / 1000000, on_deadline, task);
    if (step->condition == AWAIT_RUNNING_OR_HEALTHY)
        await->settle = loop_add_timer(task->docker->loop, AWAIT_SETTLE_MS, on_settled, task);
    watch_open(task->docker);
    look(task);
}
