/*
 * contract-order.c - steps happen in the order of the plan, and failures, cancels and conditions
 * end as operator.h says.
 */
#include "base/base.h"

#include "contract.h"

#include "base/clock.h"
#include "base/mem.h"
#include "tap.h"

/* "done create", "db-1" comes before "running start", "web-1". */
static bool is_before(struct contract *contract, const char *first, const char *first_name,
                      const char *second, const char *second_name)
{
    const char *log = contract->run.log.buf, *one, *two;
    STR_AUTO(first_text);
    STR_AUTO(second_text);

    str_printf(&first_text, "%s %s-%s\n", first, contract->project, first_name);
    str_printf(&second_text, "%s %s-%s\n", second, contract->project, second_name);
    one = strstr(log, first_text.buf);
    two = strstr(log, second_text.buf);
    return one && two && one < two;
}

static void down(struct contract *contract)
{
    CLEANUP(mem_cleanup) char *failure = contract_do(contract, GOAL_DOWN);

    if (failure)
        tap_note("%s\n%s", failure, contract->run.log.buf);
    contract_ok(contract, !failure, "it is taken down");
}

static const char chain_yaml[] = "services:\n"
                                 "  web:\n"
                                 "    RUNS\n"
                                 "    depends_on:\n"
                                 "      db: {condition: service_healthy, restart: true}\n"
                                 "      job: {condition: service_completed_successfully}\n"
                                 "  db:\n"
                                 "    RUNS\n"
                                 "    HEALTHY\n"
                                 "  job:\n"
                                 "    ENDS\n";

void contract_order(struct contract *contract)
{
    struct plan_options again = { .goal = GOAL_UP,
                                  .recreate = RECREATE_ALWAYS,
                                  .services = (const char *const[]){ "db", NULL } };
    ERR_AUTO(err);
    const struct existing *web, *db;
    CLEANUP(mem_cleanup) char *db_id = NULL;
    CLEANUP(mem_cleanup) char *failure = NULL;

    if (!contract_load(contract, chain_yaml))
        return;
    failure = contract_do(contract, GOAL_UP);
    if (failure)
        tap_note("%s\n%s", failure, contract->run.log.buf);
    contract_ok(contract, !failure, "a chain of conditions comes up");
    contract_ok(contract, is_before(contract, "done await", "db-1", "running start", "web-1"),
                "a start waits for health");
    contract_ok(contract, is_before(contract, "done await", "job-1", "running start", "web-1"),
                "a start waits for completion");
    web = contract_instance(contract, "job", 1);
    contract_ok(contract, web && web->state == STATE_EXITED && web->exit_code == 0,
                "what has ended is seen with its exit code");
    db = contract_instance(contract, "db", 1);
    contract_ok(contract, db && db->health == HEALTH_HEALTHY, "what is healthy is seen as such");
    db_id = mem_dup(db ? db->id : "");
    str_clear(&contract->run.log);
    contract_ok(contract, run_project_do(&contract->run, &again, &err) == 0, "one is replaced");
    contract_ok(contract,
                is_before(contract, "done create", "db-1", "running stop", "db-1") &&
                    is_before(contract, "done stop", "db-1", "running remove", "db-1") &&
                    is_before(contract, "done remove", "db-1", "running rename", "db-1") &&
                    is_before(contract, "done rename", "db-1", "running start", "db-1"),
                "made, old one stopped, removed, renamed, started");
    db = contract_instance(contract, "db", 1);
    contract_ok(contract, db && !text_is(db->id, db_id) && !db->replaces,
                "it is another one with the same name");
    down(contract);
    contract_ok(contract, is_before(contract, "done remove", "web-1", "running remove", "db-1"),
                "dependents go first");
}

/* --- failures -------------------------------------------------------------------------------- */

static const char broken_yaml[] = "services:\n"
                                  "  bad:\n"
                                  "    BROKEN\n"
                                  "  good:\n"
                                  "    RUNS\n";
static const char sick_yaml[] = "services:\n"
                                "  web:\n"
                                "    RUNS\n"
                                "    depends_on:\n"
                                "      db: {condition: service_healthy}\n"
                                "  db:\n"
                                "    RUNS\n"
                                "    UNHEALTHY\n";

struct cancelling {
    struct contract *contract;
    struct execution *execution;
    struct step *awaiting;
    bool is_done, is_cancelled;
    int64_t cancelled_ms;
    struct err err;
};

static void on_step(void *arg, struct step *step, const struct err *err)
{
    struct cancelling *cancelling = arg;

    (void)err;
    if (step->action == STEP_AWAIT && step->status == STEP_RUNNING)
        cancelling->awaiting = step;
}

static void on_done(void *arg, struct err *err)
{
    struct cancelling *cancelling = arg;

    cancelling->is_done = true;
    if (err_is_set(err))
        err_move(&cancelling->err, err);
}

static void cancel_now(void *arg)
{
    struct cancelling *cancelling = arg;

    cancelling->cancelled_ms = clock_now_ms();
    cancelling->is_cancelled = true;
    execute_cancel(cancelling->execution, false);
}

static void check_cancel(struct contract *contract)
{
    struct plan_options options = { .goal = GOAL_UP };
    struct cancelling cancelling = { .contract = contract };
    struct execute_observer observer = { .arg = &cancelling, .step = on_step };
    struct run_project *run = &contract->run;
    ERR_AUTO(err);

    if (!contract_load(contract, sick_yaml) || run_project_observe(run, &err) != 0 ||
        run_project_plan(run, &options, &err) != 0) {
        contract_ok(contract, false, "there is a plan to cancel");
        return;
    }
    cancelling.execution = execute_start(run->loop, run->ops, run->handle, run->plan, NULL,
                                         &observer, on_done, &cancelling);
    while (!cancelling.is_done && loop_step(run->loop, 10000, &err) == 0) {
        if (cancelling.awaiting && cancelling.cancelled_ms == 0) {
            cancelling.cancelled_ms = -1;
            loop_add_timer(run->loop, 100, cancel_now, &cancelling);
        }
    }
    execute_free(cancelling.execution);
    contract_ok(contract, cancelling.is_cancelled, "what never gets healthy is waited for");
    contract_ok(contract, clock_now_ms() - cancelling.cancelled_ms < 1000,
                "a cancelled wait ends at once");
    is_int(cancelling.err.code, ERR_INTERRUPTED);
    contract_ok(contract, cancelling.awaiting && cancelling.awaiting->status == STEP_FAILED,
                "and is settled as failed");
    err_release(&cancelling.err);
    down(contract);
}

static void check_timeout(struct contract *contract)
{
    struct plan_options options = { .goal = GOAL_UP,
                                    .wait = true,
                                    .has_wait_timeout = true,
                                    .wait_timeout_ns = 300000000,
                                    .services = (const char *const[]){ "db", NULL } };
    ERR_AUTO(err);

    if (!contract_load(contract, sick_yaml))
        return;
    contract_ok(contract, run_project_do(&contract->run, &options, &err) == -1,
                "a wait with a time limit fails");
    is_int(err.code, ERR_TIMEOUT);
    down(contract);
}

void contract_failures(struct contract *contract)
{
    CLEANUP(mem_cleanup) char *failure = NULL;
    const struct existing *good;

    if (contract_load(contract, broken_yaml)) {
        failure = contract_do(contract, GOAL_UP);
        contract_ok(contract, failure != NULL, "what cannot run fails");
        if (failure)
            tap_note("%s", failure);
        contract_ok(contract, strstr(contract->run.log.buf, "failed ") != NULL,
                    "a step has failed");
        good = contract_instance(contract, "good", 1);
        if (strstr(contract->run.log.buf, "failed pull"))
            contract_ok(contract, !good, "and nothing was begun before");
        else
            contract_ok(contract, good && good->state == STATE_RUNNING, "and the others go on");
        down(contract);
    }
    check_cancel(contract);
    check_timeout(contract);
}
