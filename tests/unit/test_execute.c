/*
 * test_execute.c - the scheduler against a scripted operator: order, room, retries, grades of
 * failure, guards, optional steps, holding a start back, and both ways of cancelling.
 */
#include "base/base.h"

#include "plan/execute.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/vec.h"
#include "plan_fixture.h"
#include "tap.h"

/* What the operator does with a step, by "action name". */
struct script {
    const char *step;
    unsigned n_failures; /* then it works */
    enum failure_grade grade;
    enum step_status status; /* when it works; 0: done */
    const char *new_id;      /* of the instance */
    bool never_ends;         /* only a cancel ends it */
};

struct fake_task {
    struct fake *fake;
    struct step *step;
    step_done_fn done;
    void *arg;
    bool is_ended;
};

struct fake {
    struct loop *loop;
    const struct script *script;
    unsigned n_script;
    unsigned counts[16]; /* attempts by script row */
    unsigned in_flight, most_in_flight, delay_ms;
    VEC(struct fake_task *) tasks;
    struct str log;
    struct execution *execution;
    struct execution *cancel_on_start; /* set by the test */
    const char *cancel_at;
    bool is_hard;
    void (*resume)(void *token);
    void *token;
    bool holds_starts, is_done;
    struct err err;
};

static const struct script *script_of(struct fake *fake, const struct step *step,
                                      unsigned **ret_count)
{
    STR_AUTO(name);

    str_printf(&name, "%s %s", step_action_name(step->action), step->instance->name);
    for (unsigned i = 0; i < fake->n_script; i++) {
        if (text_is(fake->script[i].step, name.buf)) {
            *ret_count = &fake->counts[i];
            return &fake->script[i];
        }
    }
    return NULL;
}

static void end_task(struct fake_task *task, struct step_result *result)
{
    task->is_ended = true;
    task->fake->in_flight -= task->step->action != STEP_AWAIT;
    task->done(task->arg, task->step, result);
    err_release(&result->err);
}

static void on_turn(void *arg)
{
    struct fake_task *task = arg;
    struct step_result result = { .status = STEP_DONE, .err = ERR_INIT };
    unsigned *count = NULL;
    const struct script *script = script_of(task->fake, task->step, &count);

    if (task->is_ended)
        return;
    if (script && ++*count <= script->n_failures) {
        result.status = STEP_FAILED;
        result.grade = script->grade;
        err_set(&result.err, ERR_FAILED, "attempt %u", *count);
    } else if (script) {
        if (script->status)
            result.status = script->status;
        if (script->new_id) {
            mem_free(task->step->instance->id);
            task->step->instance->id = mem_dup(script->new_id);
        }
    }
    end_task(task, &result);
}

static void fake_begin(void *handle, struct step *step, step_progress_fn progress,
                       step_done_fn done, void *arg)
{
    struct fake *fake = handle;
    struct fake_task *task = MEM_NEW(struct fake_task);
    unsigned *count = NULL;
    const struct script *script = script_of(fake, step, &count);
    struct step_progress shown = { NULL, "at it", 1, 2 };

    *task = (struct fake_task){ fake, step, done, arg, false };
    VEC_ADD(&fake->tasks, task);
    progress(arg, step, &shown);
    if (step->action != STEP_AWAIT)
        fake->in_flight++;
    fake->most_in_flight = MAX(fake->most_in_flight, fake->in_flight);
    if (!script || !script->never_ends)
        loop_add_timer(fake->loop, fake->delay_ms, on_turn, task);
}

static void on_cancelled(void *arg)
{
    struct fake_task *task = arg;
    struct step_result result = { .status = STEP_FAILED, .grade = GRADE_FAILED, .err = ERR_INIT };

    if (task->is_ended)
        return;
    err_set(&result.err, ERR_INTERRUPTED, "was cancelled");
    end_task(task, &result);
}

static void fake_cancel(void *handle, struct step *step)
{
    struct fake *fake = handle;

    VEC_EACH (&fake->tasks, task) {
        if ((*task)->step == step && !(*task)->is_ended)
            loop_add_soon(fake->loop, on_cancelled, *task);
    }
}

static unsigned fake_concurrency(void *handle)
{
    (void)handle;
    return 2;
}

static const struct operator_ops fake_ops = {
    .name = "fake",
    .begin = fake_begin,
    .cancel = fake_cancel,
    .concurrency = fake_concurrency,
};

static void on_step(void *arg, struct step *step, const struct err *err)
{
    static const char *const names[] = { "waiting", "running", "done",    "unchanged",
                                         "failed",  "skipped", "unneeded" };
    struct fake *fake = arg;
    STR_AUTO(name);

    str_printf(&name, "%s %s", step_action_name(step->action), step->instance->name);
    if (step->status != STEP_RUNNING || err)
        str_printf(&fake->log, "%s %s%s%s\n", names[step->status], name.buf, err ? ": " : "",
                   err ? err->text : "");
    if (step->status == STEP_RUNNING && text_is(name.buf, fake->cancel_at))
        execute_cancel(fake->execution, fake->is_hard);
}

static void before_start(void *arg, struct step *step, void (*resume)(void *token), void *token)
{
    struct fake *fake = arg;

    (void)step;
    if (fake->holds_starts) {
        fake->resume = resume;
        fake->token = token;
    } else {
        resume(token);
    }
}

static void on_done(void *arg, struct err *err)
{
    struct fake *fake = arg;

    fake->is_done = true;
    if (err_is_set(err))
        err_move(&fake->err, err);
}

/* Runs the plan of the text; what came out is in fake (fake_release() it). */
static void run(struct fake *fake, const char *before, const char *edits, const char *after,
                const struct script *script, unsigned n_script, unsigned retries)
{
    struct execute_options options = { .retries = retries };
    struct execute_observer observer = { .arg = fake,
                                         .step = on_step,
                                         .before_start = before_start };
    struct plan_options plan_options = { .goal = GOAL_UP };
    struct wanted_set old, wanted;
    struct existing_set existing;
    struct plan *plan = NULL;
    ERR_AUTO(err);

    fake->script = script;
    fake->n_script = n_script;
    str_init(&fake->log, 0);
    fixture_wanted(before, &old);
    fixture_existing(&old, edits, &existing);
    fixture_wanted(after, &wanted);
    ok(loop_new(&fake->loop, &err) == 0);
    ok(plan_make(&wanted, &existing, &plan_options, &plan, NULL, &err) == 0);
    fake->execution =
        execute_start(fake->loop, &fake_ops, fake, plan, &options, &observer, on_done, fake);
    ok(!fake->is_done);
    while (!fake->is_done && loop_step(fake->loop, 2000, &err) == 0) {
        if (fake->resume && fake->in_flight == 0) {
            fake->resume(fake->token);
            fake->resume = NULL;
        }
    }
    ok(fake->is_done);
    is_int(fake->in_flight, 0);
    execute_free(fake->execution);
    plan_free(plan);
    existing_set_release(&existing);
    wanted_set_release(&old);
    wanted_set_release(&wanted);
}

static void fake_release(struct fake *fake)
{
    VEC_EACH (&fake->tasks, task)
        mem_free(*task);
    VEC_RELEASE(&fake->tasks);
    loop_free(fake->loop);
    str_release(&fake->log);
    err_release(&fake->err);
}

#define TWO "services: {a: {image: i}, b: {image: i, depends_on: {a: {condition: healthy}}}}\n"
#define UP "services: {a: {image: i}}\n"

static void test_order(void)
{
    struct fake fake = { .delay_ms = 1 };

    run(&fake, "{}", "", TWO, NULL, 0, 0);
    is_text(fake.log.buf, "done pull i\n"
                          "done create p-a-1\n"
                          "done create p-b-1\n"
                          "done start p-a-1\n"
                          "done await p-a-1\n"
                          "done start p-b-1\n");
    is_int(fake.most_in_flight, 2);
    ok(!err_is_set(&fake.err));
    fake_release(&fake);
}

static void test_room(void)
{
    struct fake fake = { .delay_ms = 1 };

    run(&fake, "{}", "", "services: {a: {image: i, replicas: 20}}\n", NULL, 0, 0);
    is_int(fake.most_in_flight, 2);
    fake_release(&fake);
}

static void test_empty(void)
{
    struct fake fake = { 0 };

    run(&fake, UP, "", UP, NULL, 0, 0);
    is_text(fake.log.buf, "");
    ok(!err_is_set(&fake.err));
    fake_release(&fake);
}

static void test_failure(void)
{
    struct fake fake = { 0 };
    const struct script script[] = { { "create p-a-1", 1, GRADE_FAILED, 0, NULL, false } };

    run(&fake, "{}", "", TWO, script, 1, 3);
    is_text(fake.log.buf, "done pull i\n"
                          "failed create p-a-1: attempt 1\n"
                          "skipped start p-a-1: create container \"p-a-1\" failed\n"
                          "skipped await p-a-1: create container \"p-a-1\" failed\n"
                          "done create p-b-1\n"
                          "skipped start p-b-1: create container \"p-a-1\" failed\n");
    is_text(fake.err.text, "attempt 1");
    fake_release(&fake);
}

static void test_retry(void)
{
    struct fake fake = { 0 };
    const struct script script[] = { { "pull i", 2, GRADE_RETRY, 0, NULL, false } };
    int64_t start = clock_now_ms();

    run(&fake, "{}", "", UP, script, 1, 2);
    is_text(fake.log.buf, "running pull i: attempt 1\n"
                          "running pull i: attempt 2\n"
                          "done pull i\n"
                          "done create p-a-1\n"
                          "done start p-a-1\n");
    ok(clock_now_ms() - start >= 300);
    fake_release(&fake);

    memset(&fake, 0, sizeof(fake));
    run(&fake, "{}", "", UP, script, 1, 1);
    is_text(fake.err.text, "attempt 2");
    fake_release(&fake);
}

static void test_fatal(void)
{
    struct fake fake = { 0 };
    const struct script script[] = { { "pull i", 1, GRADE_FATAL, 0, NULL, false } };

    run(&fake, "{}", "", "services: {a: {image: i}, b: {image: k}}\n", script, 1, 2);
    is_text(fake.log.buf, "failed pull i: attempt 1\n"
                          "done pull k\n"
                          "skipped create p-a-1: pull image \"i\" failed\n"
                          "skipped create p-b-1: pull image \"i\" failed\n"
                          "skipped start p-a-1: pull image \"i\" failed\n"
                          "skipped start p-b-1: pull image \"i\" failed\n");
    is_text(fake.err.text, "attempt 1");
    fake_release(&fake);
}

static void test_optional(void)
{
    struct fake fake = { 0 };
    const struct script script[] = { { "await p-a-1", 1, GRADE_FAILED, 0, NULL, false },
                                     { "start p-c-1", 1, GRADE_FAILED, 0, NULL, false } };

    run(&fake, "{}", "",
        "services: {a: {image: i}, c: {image: i}, b: {image: i,\n"
        "  depends_on: {a: {condition: healthy, required: false}, c: {required: false}}}}\n",
        script, 2, 0);
    ok(strstr(fake.log.buf, "failed await p-a-1: dependency failed to start: attempt 1\n") != NULL);
    ok(strstr(fake.log.buf, "done start p-b-1\n") != NULL);
    /* The start of a service is none that may fail, however optional it is to another. */
    is_text(fake.err.text, "attempt 1");
    fake_release(&fake);
}

#define PULLED "images: {i: {policy: always}}\nservices: {a: {image: i}}\n"

static void test_guards(void)
{
    struct fake fake = { 0 };
    const struct script same[] = { { "pull i", 0, 0, STEP_UNCHANGED, NULL, false } };
    const struct script other[] = { { "pull i", 0, 0, STEP_DONE, "sha256:new", false } };
    /* What the pull brought is what the instance was made from all along. */
    const struct script back[] = { { "pull i", 0, 0, STEP_DONE, "sha256:old", false } };

    run(&fake, PULLED, "p-a-1 exited 0", PULLED, same, 1, 0);
    is_text(fake.log.buf, "unchanged pull i\n"
                          "unneeded create p-a-1\n"
                          "unneeded remove p-a-1\n"
                          "unneeded rename p-a-1\n"
                          "unneeded start p-a-1\n"
                          "done start p-a-1\n");
    fake_release(&fake);

    memset(&fake, 0, sizeof(fake));
    run(&fake, PULLED, "p-a-1 exited 0", PULLED, other, 1, 0);
    is_text(fake.log.buf, "done pull i\n"
                          "unneeded start p-a-1\n"
                          "done create p-a-1\n"
                          "done remove p-a-1\n"
                          "done rename p-a-1\n"
                          "done start p-a-1\n");
    fake_release(&fake);

    memset(&fake, 0, sizeof(fake));
    run(&fake, PULLED, "i id sha256:old; i gone; p-a-1 bound sha256:old", PULLED, back, 1, 0);
    ok(strstr(fake.log.buf, "done create") == NULL);
    fake_release(&fake);
}

static void test_fallback(void)
{
    struct fake fake = { 0 };
    const struct script no_pull[] = { { "pull i", 1, GRADE_FAILED, 0, NULL, false } };
    const char *yaml = "images: {i: {build: true}}\nservices: {a: {image: i}}\n";

    run(&fake, "{}", "", yaml, no_pull, 1, 0);
    is_text(fake.log.buf, "failed pull i: attempt 1\n"
                          "done build i\n"
                          "done create p-a-1\n"
                          "done start p-a-1\n");
    ok(!err_is_set(&fake.err));
    fake_release(&fake);

    memset(&fake, 0, sizeof(fake));
    run(&fake, "{}", "", yaml, NULL, 0, 0);
    is_text(fake.log.buf, "done pull i\n"
                          "unneeded build i\n"
                          "done create p-a-1\n"
                          "done start p-a-1\n");
    fake_release(&fake);
}

static void test_cancel(void)
{
    const struct script stuck[] = { { "await p-a-1", 0, 0, 0, NULL, true },
                                    { "start p-a-1", 0, 0, 0, NULL, true } };
    struct fake fake = { .cancel_at = "create p-b-1", .delay_ms = 1 };

    /* Softly: what runs goes on to its end. */
    run(&fake, "{}", "", TWO, NULL, 0, 0);
    is_text(fake.log.buf, "done pull i\n"
                          "skipped create p-b-1\n"
                          "done create p-a-1\n"
                          "skipped start p-a-1\n"
                          "skipped await p-a-1\n"
                          "skipped start p-b-1\n");
    is_int(fake.err.code, ERR_INTERRUPTED);
    fake_release(&fake);

    /* Waiting ends at once. */
    memset(&fake, 0, sizeof(fake));
    fake.cancel_at = "await p-a-1";
    run(&fake, "{}", "", TWO, stuck, 1, 0);
    ok(strstr(fake.log.buf, "skipped await p-a-1\n") != NULL);
    is_int(fake.err.code, ERR_INTERRUPTED);
    fake_release(&fake);

    /* Hard: everything does. */
    memset(&fake, 0, sizeof(fake));
    fake.cancel_at = "create p-b-1";
    fake.is_hard = true;
    run(&fake, "{}", "", TWO, stuck, 2, 0);
    ok(strstr(fake.log.buf, "failed create p-a-1: was cancelled\n") != NULL);
    is_int(fake.err.code, ERR_INTERRUPTED);
    fake_release(&fake);
}

static void test_hold(void)
{
    struct fake fake = { .holds_starts = true };

    run(&fake, "{}", "", UP, NULL, 0, 0);
    is_text(fake.log.buf, "done pull i\ndone create p-a-1\ndone start p-a-1\n");
    fake_release(&fake);

    memset(&fake, 0, sizeof(fake));
    fake.holds_starts = true;
    fake.cancel_at = "start p-b-1";
    run(&fake, "{}", "", "services: {a: {image: i}, b: {image: i}}\n", NULL, 0, 0);
    is_int(fake.err.code, ERR_INTERRUPTED);
    fake_release(&fake);
}

/* Ten thousand steps that fail at once must neither recurse nor take long. */
static void test_long_chain(void)
{
    struct fake fake = { 0 };
    const struct script script[] = { { "start p-s0-1", 1, GRADE_FAILED, 0, NULL, false } };
    STR_AUTO(yaml);
    int64_t start;

    str_add(&yaml, "services:\n");
    for (int i = 0; i < 10000; i++) {
        str_printf(&yaml, "  s%d: {image: i", i);
        if (i > 0)
            str_printf(&yaml, ", depends_on: [s%d]", i - 1);
        str_add(&yaml, "}\n");
    }
    start = clock_now_ms();
    run(&fake, yaml.buf, "p-s0-1 exited 0", yaml.buf, script, 1, 0);
    is_text(fake.err.text, "attempt 1");
    tap_note("10,000 services, nothing but one start: %lld ms, loading included",
             (long long)(clock_now_ms() - start));
    fake_release(&fake);
}

int main(void)
{
    test_order();
    test_room();
    test_empty();
    test_failure();
    test_retry();
    test_fatal();
    test_optional();
    test_guards();
    test_fallback();
    test_cancel();
    test_hold();
    test_long_chain();
    return done_testing();
}
