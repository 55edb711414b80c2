/*
 * contract-streams.c - logs, exec, attach, events and projects, where an operator has them.
 */
#include "base/base.h"

#include "contract.h"

#include "base/clock.h"
#include "base/mem.h"
#include "tap.h"

static const char yaml[] = "services:\n"
                           "  web:\n"
                           "    RUNS\n"
                           "    scale: 2\n"
                           "  job:\n"
                           "    ENDS\n";

struct listening {
    struct contract *contract;
    size_t n_lines, n_ended, n_died;
    bool is_done, is_wrong;
    int exit_code;
    struct str output;
    struct err err;
};

static void until_done(struct listening *listening, int64_t timeout_ms)
{
    int64_t deadline = clock_now_ms() + timeout_ms;
    ERR_AUTO(err);

    while (!listening->is_done && clock_now_ms() < deadline &&
           loop_step(listening->contract->run.loop, 100, &err) == 0)
        continue;
}

/* --- logs ------------------------------------------------------------------------------------ */

static void on_line(void *arg, const struct log_line *line)
{
    struct listening *listening = arg;

    listening->n_lines++;
    if (!line->instance || !line->text || line->time_ns <= 0 ||
        (line->stream != 1 && line->stream != 2) || memchr(line->text, '\n', line->len))
        listening->is_wrong = true;
}

static void on_log_end(void *arg, const struct existing *instance, struct err *err)
{
    struct listening *listening = arg;

    if (err && err_is_set(err))
        listening->is_wrong = true;
    if (instance)
        listening->n_ended++;
    else
        listening->is_done = true;
}

static void check_logs(struct contract *contract)
{
    struct listening listening = { .contract = contract };
    const struct existing *instances[2];
    struct log_query query = {
        .project = contract->project, .instances = instances, .tail = -1, .n_instances = 2
    };
    struct operator_stream *stream;
    int64_t deadline = clock_now_ms() + 5000;
    bool is_too_early = false;

    if (!contract->ops->logs)
        return;
    /* A line may need a moment from the service to the log. */
    do {
        memset(&listening, 0, sizeof(listening));
        listening.contract = contract;
        instances[0] = contract_instance(contract, "web", 1);
        for (size_t i = 0; i < contract->run.existing.items.n; i++) {
            const struct existing *existing = contract->run.existing.items.items[i];

            if ((existing->kind->flags & KIND_RUNS) && text_is(existing->service, "web") &&
                existing->number == 2)
                instances[1] = existing;
        }
        contract->ops->logs(contract->run.handle, &query, on_line, on_log_end, &listening);
        is_too_early = is_too_early || listening.is_done;
        until_done(&listening, 5000);
    } while (listening.is_done && listening.n_lines < 2 && clock_now_ms() < deadline);
    contract_ok(contract, !is_too_early, "logs come from the loop, not from the call");
    contract_ok(contract, listening.is_done && !listening.is_wrong, "logs end, line by line");
    contract_ok(contract, listening.n_lines >= 2, "each instance has a line");
    contract_ok(contract, listening.n_ended == 2, "the end of each is told");

    memset(&listening, 0, sizeof(listening));
    listening.contract = contract;
    query.follow = true;
    query.tail = 0;
    stream = contract->ops->logs(contract->run.handle, &query, on_line, on_log_end, &listening);
    until_done(&listening, 200);
    contract_ok(contract, !listening.is_done && listening.n_lines == 0,
                "what is followed does not end, and no old line is told");
    contract->ops->stream_cancel(stream);
}

/* --- exec ------------------------------------------------------------------------------------ */

static void on_output(void *arg, int stream, const char *bytes, size_t len)
{
    struct listening *listening = arg;

    if (stream == 1)
        str_add_len(&listening->output, bytes, len);
}

static void on_stream_end(void *arg, int exit_code, struct err *err)
{
    struct listening *listening = arg;

    listening->exit_code = exit_code;
    listening->is_done = true;
    if (err && err_is_set(err))
        err_move(&listening->err, err);
}

static void run_exec(struct contract *contract, const struct exec_query *query, const char *input,
                     struct listening *listening)
{
    struct operator_stream *stream;

    memset(listening, 0, sizeof(*listening));
    listening->contract = contract;
    str_init(&listening->output, 0);
    stream = contract->ops->exec(contract->run.handle, query, on_output, on_stream_end, listening);
    if (input) {
        contract->ops->stream_write(stream, input, strlen(input));
        contract->ops->stream_close_input(stream);
    }
    until_done(listening, 10000);
}

static void check_exec(struct contract *contract)
{
    const struct existing *web = contract_instance(contract, "web", 1);
    struct exec_query query = { .instance_id = web ? web->id : "" };
    struct listening listening;

    if (!contract->ops->exec || !web)
        return;
    query.argv = (const char *const[]){ "sh", "-c", "echo hello; exit 3", NULL };
    run_exec(contract, &query, NULL, &listening);
    contract_ok(contract, text_is(listening.output.buf, "hello\n"), "exec gives the output");
    contract_ok(contract, listening.exit_code == 3, "and the exit code");
    str_release(&listening.output);
    query.argv = (const char *const[]){ "cat", NULL };
    query.with_input = true;
    run_exec(contract, &query, "line\n", &listening);
    contract_ok(contract, text_is(listening.output.buf, "line\n") && listening.exit_code == 0,
                "exec has an input");
    str_release(&listening.output);
    query.with_input = false;
    query.argv = (const char *const[]){ "/nonexistent", NULL };
    run_exec(contract, &query, NULL, &listening);
    contract_ok(contract,
                err_is_set(&listening.err) || listening.exit_code == 126 ||
                    listening.exit_code == 127,
                "a program that is not there is told");
    str_release(&listening.output);
    err_release(&listening.err);
}

/* --- attach ---------------------------------------------------------------------------------- */

static void check_attach(struct contract *contract)
{
    const struct existing *web = contract_instance(contract, "web", 1);
    struct attach_query query = { .instance_id = web ? web->id : "", .with_output = true };
    struct listening listening = { .contract = contract, .output = STR_INIT };
    struct operator_stream *stream;
    CLEANUP(mem_cleanup) char *killed = NULL;
    CLEANUP(mem_cleanup) char *started = NULL;

    if (!contract->ops->attach || !web)
        return;
    stream = contract->ops->attach(contract->run.handle, &query, on_output, on_stream_end,
                                   &listening);
    until_done(&listening, 200);
    if (!contract_ok(contract, !listening.is_done, "what is attached to goes on")) {
        err_release(&listening.err);
        str_release(&listening.output);
        return;
    }
    contract->ops->stream_cancel(stream);
    str_clear(&listening.output);
    stream = contract->ops->attach(contract->run.handle, &query, on_output, on_stream_end,
                                   &listening);
    until_done(&listening, 200);
    killed = contract_do(contract, GOAL_KILL);
    until_done(&listening, 10000);
    contract_ok(contract, !killed && listening.is_done, "and ends with it");
    if (!listening.is_done)
        contract->ops->stream_cancel(stream);
    web = contract_instance(contract, "web", 1);
    contract_ok(contract, web && web->exit_code == listening.exit_code, "with its exit code");
    err_release(&listening.err);
    str_release(&listening.output);
    started = contract_do(contract, GOAL_START);
    contract_ok(contract, !started, "it is started again");
}

/* --- events, projects ------------------------------------------------------------------------ */

static void on_event(void *arg, const struct operator_event *event)
{
    struct listening *listening = arg;

    if (event->action == EVENT_DIED && text_is(event->service, "web") && event->id && event->name)
        listening->n_died++;
}

static void check_events(struct contract *contract)
{
    struct listening listening = { .contract = contract };
    struct operator_stream *stream;
    CLEANUP(mem_cleanup) char *failure = NULL;

    if (!contract->ops->events)
        return;
    stream = contract->ops->events(contract->run.handle, contract->project, 0, 0, on_event,
                                   on_stream_end, &listening);
    until_done(&listening, 300);
    failure = contract_do(contract, GOAL_STOP);
    contract_ok(contract, !failure, "it is stopped while events are watched");
    until_done(&listening, 500);
    contract_ok(contract, listening.n_died == 2, "each end is an event");
    contract_ok(contract, !listening.is_done, "events go on");
    contract->ops->stream_cancel(stream);
    err_release(&listening.err);
}

static void on_projects(void *arg, struct project_summary_list *list, struct err *err)
{
    struct listening *listening = arg;

    (void)err;
    listening->is_done = true;
    for (size_t i = 0; list && i < list->n; i++)
        listening->n_lines += text_is(list->items[i].name, listening->contract->project);
    if (list)
        arena_free(list->arena);
}

static void check_projects(struct contract *contract)
{
    struct listening listening = { .contract = contract };

    if (!contract->ops->projects)
        return;
    contract->ops->projects(contract->run.handle, true, on_projects, &listening);
    contract_ok(contract, !listening.is_done, "projects come from the loop");
    until_done(&listening, 10000);
    contract_ok(contract, listening.n_lines == 1, "the project is among them, once");
}

void contract_streams(struct contract *contract)
{
    CLEANUP(mem_cleanup) char *up = NULL;
    CLEANUP(mem_cleanup) char *down = NULL;

    if (!contract_load(contract, yaml))
        return;
    up = contract_do(contract, GOAL_UP);
    contract_ok(contract, !up, "a project for its streams comes up");
    check_logs(contract);
    check_exec(contract);
    check_attach(contract);
    check_projects(contract);
    check_events(contract);
    down = contract_do(contract, GOAL_DOWN);
    contract_ok(contract, !down, "and goes");
}
