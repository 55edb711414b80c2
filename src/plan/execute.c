/*
 * execute.c - the scheduler: a step begins when its predecessors have ended and there is room for
 * it. Decides nothing about the project; guards and edges are the plan's. Called by the commands
 * and tests.
 *
 * Every step enters the queue exactly once, when its last predecessor has ended; there it is
 * skipped (a predecessor failed), found unneeded (its guard), or begun. Costs one visit per edge.
 */
#include "base/base.h"

#include "plan/execute.h"

#include "base/mem.h"
#include "base/vec.h"

#define RETRY_PAUSE_MS 100
#define RETRY_PAUSE_MAX_MS 2000

struct run {
    struct execution *execution;
    struct step *step;
    struct step *blocked_by; /* the predecessor whose failure it is skipped for */
    unsigned attempts;
    bool is_begun;             /* the operator has it */
    bool is_held;              /* before_start has it */
    struct loop_source *timer; /* the pause before a retry */
};

struct run_queue {
    struct run **items; /* room for every step */
    size_t first, end;
};

struct execution {
    struct loop *loop;
    const struct operator_ops *ops;
    void *handle;
    struct plan *plan;
    struct execute_options options;
    struct execute_observer observer;
    execute_done_fn done;
    void *arg;
    struct run *runs;          /* by step id - 1; those of joins, which are never begun, last */
    struct run_queue queue;    /* all predecessors have ended */
    struct run_queue admitted; /* to be begun, waiting for room */
    size_t n_left, n_artifacts_left;
    struct step *lost_artifact; /* a pull or build that failed */
    unsigned n_in_flight, max_in_flight;
    bool is_ending; /* nothing new is begun */
    bool is_interrupted, is_pumping;
    struct loop_source *soon;
    struct err err;
};

static void pump(struct execution *execution);

static void queue_push(struct run_queue *queue, struct run *run)
{
    queue->items[queue->end++] = run;
}

static struct run *queue_shift(struct run_queue *queue)
{
    return queue->first < queue->end ? queue->items[queue->first++] : NULL;
}

static void tell(struct execution *execution, struct step *step, const struct err *err)
{
    if (execution->observer.step)
        execution->observer.step(execution->observer.arg, step, err);
}

/* --- ends ------------------------------------------------------------------------------------ */

static bool is_artifact(const struct step *step)
{
    return (step->instance->kind->flags & KIND_ARTIFACT) && step->action != STEP_REMOVE;
}

static void release_successors(struct execution *execution, struct step *step,
                               struct step *blocked_by);

/* One predecessor less to wait for. A join has ended when all of its own have. */
static void release(struct execution *execution, struct step *step)
{
    struct run *run = &execution->runs[step->id - 1];

    if (--step->n_waiting > 0)
        return;
    if (step->action == STEP_JOIN)
        release_successors(execution, step, run->blocked_by);
    else
        queue_push(&execution->queue, run);
}

/* blocked_by: the failure that those are skipped for that cannot go on without the step, or NULL.
 */
static void release_successors(struct execution *execution, struct step *step,
                               struct step *blocked_by)
{
    VEC_EACH (&step->before, edge) {
        struct run *next = &execution->runs[edge->step->id - 1];

        if (!edge->is_soft && !next->blocked_by)
            next->blocked_by = blocked_by;
        release(execution, edge->step);
    }
}

/* All pulls and builds have ended: they are one predecessor of those that wait for them all. */
static void release_after_artifacts(struct execution *execution)
{
    VEC_EACH (&execution->plan->steps, item) {
        struct run *run = &execution->runs[(*item)->id - 1];

        if (!(*item)->after_artifacts)
            continue;
        if (!run->blocked_by)
            run->blocked_by = execution->lost_artifact;
        release(execution, *item);
    }
}

/* The step has ended: its successors have one predecessor less to wait for. */
static void settle(struct run *run, enum step_status status, const struct err *err)
{
    struct execution *execution = run->execution;
    struct step *step = run->step;
    bool is_lost = (status == STEP_FAILED || status == STEP_SKIPPED) && !step->is_optional;
    struct step *cause = NULL;

    step->status = status;
    execution->n_left--;
    tell(execution, step, err);
    if (is_lost)
        cause = run->blocked_by ? run->blocked_by : step;
    release_successors(execution, step, cause);
    if (!is_artifact(step))
        return;
    if (!execution->lost_artifact)
        execution->lost_artifact = cause;
    if (--execution->n_artifacts_left == 0)
        release_after_artifacts(execution);
}

static void skip(struct run *run)
{
    ERR_AUTO(err);

    if (run->blocked_by && run->blocked_by->status == STEP_FAILED)
        err_set(&err, ERR_FAILED, "%s %s \"%s\" failed", step_action_name(run->blocked_by->action),
                run->blocked_by->instance->kind->name, run->blocked_by->instance->name);
    settle(run, STEP_SKIPPED, err_is_set(&err) ? &err : NULL);
}

/* --- guards ---------------------------------------------------------------------------------- */

static bool condition_holds(const struct step_condition *condition)
{
    const struct step *step = condition->step;

    if (condition->is_any_end)
        return step->status == STEP_DONE || step->status == STEP_UNCHANGED;
    if (step->status != STEP_DONE)
        return false;
    return !condition->old_id || !text_is(step->instance->id, condition->old_id);
}

static bool is_needed(const struct step *step)
{
    bool is_any = step->only_if.n == 0;

    VEC_EACH (&step->only_if, condition)
        is_any = is_any || condition_holds(condition);
    VEC_EACH (&step->unless, condition)
        is_any = is_any && !condition_holds(condition);
    return is_any;
}

/* --- running --------------------------------------------------------------------------------- */

static void on_progress(void *arg, struct step *step, const struct step_progress *progress)
{
    struct run *run = arg;
    struct execute_observer *observer = &run->execution->observer;

    if (observer->progress)
        observer->progress(observer->arg, step, progress);
}

static void on_done(void *arg, struct step *step, struct step_result *result);

static void begin_now(struct run *run)
{
    struct execution *execution = run->execution;

    run->is_begun = true;
    run->attempts++;
    execution->ops->begin(execution->handle, run->step, on_progress, on_done, run);
}

static void leave(struct run *run)
{
    if (run->step->action != STEP_AWAIT)
        run->execution->n_in_flight--;
}

static void on_resume(void *token)
{
    struct run *run = token;

    if (!run->is_held)
        return;
    run->is_held = false;
    if (!run->execution->is_ending) {
        begin_now(run);
        return;
    }
    leave(run);
    skip(run);
    pump(run->execution);
}

static void begin(struct run *run)
{
    struct execution *execution = run->execution;
    struct step *step = run->step;

    if (step->action != STEP_AWAIT)
        execution->n_in_flight++;
    step->status = STEP_RUNNING;
    tell(execution, step, NULL);
    if (execution->is_ending) { /* the observer cancelled */
        leave(run);
        skip(run);
        return;
    }
    if (step->action == STEP_START && execution->observer.before_start) {
        run->is_held = true;
        execution->observer.before_start(execution->observer.arg, step, on_resume, run);
    } else {
        begin_now(run);
    }
}

static void on_retry(void *arg)
{
    struct run *run = arg;

    run->timer = NULL;
    begin_now(run);
}

static bool retry_later(struct run *run, const struct step_result *result)
{
    struct execution *execution = run->execution;
    int64_t pause = RETRY_PAUSE_MS;

    if (result->grade != GRADE_RETRY || run->attempts > execution->options.retries ||
        execution->is_ending)
        return false;
    for (unsigned i = 1; i < run->attempts && pause < RETRY_PAUSE_MAX_MS; i++)
        pause *= 2;
    tell(execution, run->step, &result->err);
    run->timer = loop_add_timer(execution->loop, MIN(pause, RETRY_PAUSE_MAX_MS), on_retry, run);
    return true;
}

/* Awaiting and what others do may take for ever. */
static bool is_endless(const struct step *step)
{
    return step->action == STEP_AWAIT || (step->instance->kind->flags & KIND_CALLED);
}

/* Asks what runs to end early: what may be endless always, the rest when is_hard. */
static void ask_to_end(struct execution *execution, bool is_hard)
{
    for (size_t i = 0; i < execution->plan->steps.n; i++) {
        struct run *run = &execution->runs[i];

        if (run->is_begun && run->step->status == STEP_RUNNING &&
            (is_hard || is_endless(run->step)))
            execution->ops->cancel(execution->handle, run->step);
    }
}

static void on_done(void *arg, struct step *step, struct step_result *result)
{
    struct run *run = arg;
    struct execution *execution = run->execution;

    assert(run->is_begun && run->step == step);
    run->is_begun = false;
    if (result->status == STEP_FAILED && retry_later(run, result)) {
        err_release(&result->err);
        return;
    }
    leave(run);
    if (step->action == STEP_AWAIT && step->condition == AWAIT_HEALTHY && err_is_set(&result->err))
        err_wrap(&result->err, "dependency failed to start");
    settle(run, result->status, err_is_set(&result->err) ? &result->err : NULL);
    if (result->status == STEP_FAILED) {
        bool is_first = !step->is_optional && !err_is_set(&execution->err);

        if (result->grade == GRADE_FATAL && !execution->is_ending) {
            execution->is_ending = true;
            is_first = !err_is_set(&execution->err);
            ask_to_end(execution, false);
        }
        if (is_first && err_is_set(&result->err))
            err_move(&execution->err, &result->err);
    }
    err_release(&result->err);
    pump(execution);
}

/* --- the end --------------------------------------------------------------------------------- */

static void on_end(void *arg)
{
    struct execution *execution = arg;
    struct err err = ERR_INIT;
    size_t n_open = 0;

    execution->soon = NULL;
    for (size_t i = 0; i < execution->plan->steps.n; i++) {
        enum step_status status = execution->plan->steps.items[i]->status;

        n_open += status == STEP_SKIPPED || status == STEP_FAILED;
    }
    if (execution->is_interrupted && n_open > 0) {
        err_release(&execution->err);
        err_set(&execution->err, ERR_INTERRUPTED, "interrupted");
    }
    if (err_is_set(&execution->err))
        err_move(&err, &execution->err);
    execution->done(execution->arg, &err);
    err_release(&err);
}

static void pump_once(struct execution *execution)
{
    struct run *run;

    while ((run = queue_shift(&execution->queue))) {
        if (execution->is_ending || run->blocked_by)
            skip(run);
        else if (!is_needed(run->step))
            settle(run, STEP_UNNEEDED, NULL);
        else if (run->step->action == STEP_AWAIT)
            begin(run);
        else
            queue_push(&execution->admitted, run);
    }
    while ((execution->is_ending || execution->n_in_flight < execution->max_in_flight) &&
           (run = queue_shift(&execution->admitted))) {
        if (execution->is_ending)
            skip(run);
        else
            begin(run);
    }
}

static void pump(struct execution *execution)
{
    if (execution->is_pumping)
        return;
    execution->is_pumping = true;
    do {
        pump_once(execution);
    } while (execution->queue.first < execution->queue.end);
    execution->is_pumping = false;
    if (execution->n_left == 0 && !execution->soon)
        execution->soon = loop_add_soon(execution->loop, on_end, execution);
}

static void on_start(void *arg)
{
    struct execution *execution = arg;

    execution->soon = NULL;
    for (size_t i = 0; i < execution->plan->steps.n; i++) {
        if (execution->plan->steps.items[i]->n_waiting == 0)
            queue_push(&execution->queue, &execution->runs[i]);
    }
    pump(execution);
}

struct execution *execute_start(struct loop *loop, const struct operator_ops *ops, void *handle,
                                struct plan *plan, const struct execute_options *options,
                                const struct execute_observer *observer, execute_done_fn done,
                                void *arg)
{
    struct execution *execution = MEM_NEW(struct execution);
    size_t n = plan->steps.n;

    execution->loop = loop;
    execution->ops = ops;
    execution->handle = handle;
    execution->plan = plan;
    if (options)
        execution->options = *options;
    if (observer)
        execution->observer = *observer;
    execution->done = done;
    execution->arg = arg;
    execution->runs = MEM_NEW_N(struct run, n + plan->joins.n + 1);
    execution->queue.items = MEM_NEW_N(struct run *, n + 1);
    execution->admitted.items = MEM_NEW_N(struct run *, n + 1);
    execution->n_left = n;
    execution->max_in_flight = execution->options.max_in_flight;
    if (execution->max_in_flight == 0)
        execution->max_in_flight = MAX(1u, ops->concurrency(handle));
    for (size_t i = 0; i < n; i++) {
        execution->runs[i].execution = execution;
        execution->runs[i].step = plan->steps.items[i];
        execution->n_artifacts_left += is_artifact(plan->steps.items[i]);
    }
    execution->soon = loop_add_soon(loop, on_start, execution);
    return execution;
}

void execute_cancel(struct execution *execution, bool is_hard)
{
    if (execution->n_left == 0)
        return;
    execution->is_ending = execution->is_interrupted = true;
    for (size_t i = 0; i < execution->plan->steps.n; i++) {
        struct run *run = &execution->runs[i];

        if (!run->is_held && !run->timer)
            continue;
        loop_remove(run->timer);
        run->timer = NULL;
        run->is_held = false;
        leave(run);
        skip(run);
    }
    ask_to_end(execution, is_hard);
    pump(execution);
}

void execute_free(struct execution *execution)
{
    if (!execution)
        return;
    loop_remove(execution->soon);
    for (size_t i = 0; i < execution->plan->steps.n; i++) {
        assert(!execution->runs[i].is_begun);
        loop_remove(execution->runs[i].timer);
    }
    mem_free(execution->runs);
    mem_free(execution->queue.items);
    mem_free(execution->admitted.items);
    err_release(&execution->err);
    mem_free(execution);
}
