/*
 * logs.c - `logs`: what the services' instances wrote, all of it or followed.
 */
#include "base/base.h"

#include <stdlib.h>

#include "base/clock.h"
#include "cmd/log-print.h"

struct logs_options {
    bool follow, no_color, no_log_prefix, timestamps;
    struct opt_int index;
    const char *since, *until, *tail;
};

#define OPTIONS_OF logs_options
static const struct option_row logs_rows[] = {
    OPTION('f', "follow", OPTION_BOOL, follow, "Go on with what is written from now on"),
    OPTION(0, "index", OPTION_INT, index, "Number of the instance when the service has several"),
    OPTION(0, "no-color", OPTION_BOOL, no_color, "Print without colours"),
    OPTION(0, "no-log-prefix", OPTION_BOOL, no_log_prefix, "Don't print names before the lines"),
    OPTION(0, "since", OPTION_TEXT, since,
           "Show what was written since a time (2013-01-02T13:23:37Z) or for a duration (42m)"),
    OPTION('n', "tail", OPTION_TEXT, tail,
           "Number of lines from the end of each log (default \"all\")"),
    OPTION('t', "timestamps", OPTION_BOOL, timestamps, "Show times"),
    OPTION(0, "until", OPTION_TEXT, until, "Show what was written before a time or a duration ago"),
    OPTIONS_END,
};
#undef OPTIONS_OF

struct logs_run {
    struct log_print print;
    struct operator_stream *stream;
    bool has_ended; /* the stream, by itself: it is gone */
    bool is_done, is_interrupted;
    struct err err;
};

/* A point in time: RFC 3339, a date, seconds since 1970, or a duration back from now. */
static int parse_time(const char *text, const char *option, int64_t *ret_ns, struct err *err)
{
    int64_t duration = 0;
    char *end = NULL;
    double seconds;
    STR_AUTO(whole);

    if (clock_parse_rfc3339(text, ret_ns) == 0)
        return 0;
    if (duration_parse(text, &duration) == 0) {
        *ret_ns = clock_wall_ns() - duration;
        return 0;
    }
    seconds = strtod(text, &end);
    if (end != text && *end == '\0') {
        *ret_ns = (int64_t)(seconds * 1e9);
        return 0;
    }
    str_printf(&whole, "%s%s", text, strchr(text, 'T') == NULL ? "T00:00:00Z" : "Z");
    if (clock_parse_rfc3339(whole.buf, ret_ns) == 0)
        return 0;
    return err_set(err, ERR_USAGE, "invalid value for \"%s\": \"%s\" is no time and no duration",
                   option, text);
}

static void on_line(void *arg, const struct log_line *line)
{
    struct logs_run *run = arg;

    log_print_line(&run->print, log_print_short_name(run->print.context, line->instance->name),
                   line);
}

static void on_done(void *arg, const struct existing *instance, struct err *err)
{
    struct logs_run *run = arg;

    if (instance == NULL) {
        run->has_ended = run->is_done = true;
        if (err_is_set(err))
            err_move(&run->err, err);
    } else if (err_is_set(err)) {
        context_warn(run->print.context, "%s", err->text);
    }
}

static void on_signal(void *arg, int signo)
{
    struct logs_run *run = arg;

    (void)signo;
    run->is_done = run->is_interrupted = true;
}

static int run_streams(struct cmd_context *context, struct logs_run *run,
                       const struct log_query *query, struct err *err)
{
    struct operate_signals signals;
    int result;

    operate_catch(context, on_signal, run, &signals);
    run->stream = context->ops->logs(context->operator_handle, query, on_line, on_done, run);
    result = operate_until(context, &run->is_done, err);
    log_print_flush(&run->print);
    if (!run->has_ended)
        context->ops->stream_cancel(run->stream);
    operate_let_go(&signals);
    if (result == 0 && err_is_set(&run->print.err))
        result = err_move(err, &run->print.err);
    if (result == 0 && err_is_set(&run->err))
        result = err_move(err, &run->err);
    if (result == 0 && run->is_interrupted)
        result = err_set(err, ERR_INTERRUPTED, "interrupted");
    return result;
}

/* Attach: false services are shown only when they were named. */
static void select_instances(struct cmd_context *context, const struct logs_options *options,
                             const struct text_list *words, struct existing_set *set)
{
    size_t kept = 0;

    for (size_t i = 0; i < set->items.n; i++) {
        struct existing *existing = set->items.items[i];
        const struct service *service =
            context->project == NULL ? NULL
                                     : project_find_service(context->project, existing->service);

        if (options->index.has && options->index.value > 0 &&
            existing->number != options->index.value)
            continue;
        if (words->n == 0 && context->project != NULL &&
            (service == NULL || (service->attach.has && !service->attach.value)))
            continue;
        set->items.items[kept++] = existing;
    }
    set->items.n = kept;
}

static int fill_query(const struct logs_options *options, struct log_query *query, struct err *err)
{
    query->tail = -1;
    query->follow = options->follow;
    if (options->tail != NULL && !text_is(options->tail, "all") &&
        text_to_int(options->tail, &query->tail) < 0)
        return err_set(err, ERR_USAGE,
                       "invalid value for \"tail\": \"%s\" is no number and not \"all\"",
                       options->tail);
    query->tail = MAX(query->tail, -1); /* below zero: all, for the Engine and for docker compose */
    if (options->since != NULL && parse_time(options->since, "since", &query->since_ns, err) < 0)
        return -1;
    if (options->until != NULL && parse_time(options->until, "until", &query->until_ns, err) < 0)
        return -1;
    return 0;
}

static int run_logs(struct cmd_context *context, const void *values, const struct text_list *words,
                    struct err *err)
{
    const struct logs_options *options = values;
    struct log_query query = { .project = context->project_name };
    struct logs_run run = { .err = ERR_INIT };
    struct existing_set set;
    int result = 0;

    if (context->ops->logs == NULL)
        return err_set(err, ERR_UNSUPPORTED, "operator \"%s\" keeps no logs", context->ops->name);
    if (options->index.has && words->n != 1)
        return err_set(err, ERR_USAGE, "--index requires one service to be selected");
    if (fill_query(options, &query, err) < 0 ||
        operate_instances(context, words, true, false, &set, err) < 0)
        return -1;
    select_instances(context, options, words, &set);
    if (options->index.has && options->index.value > 0 && set.items.n == 0) {
        existing_set_release(&set);
        return err_set(err, ERR_NOT_FOUND, "service \"%s\" is not running container #%lld",
                       words->items[0], (long long)options->index.value);
    }
    log_print_init(&run.print, context, &run.is_done);
    run.print.no_color = options->no_color;
    run.print.no_prefix = options->no_log_prefix;
    run.print.timestamps = options->timestamps;
    VEC_EACH (&set.items, item)
        log_print_add(&run.print, log_print_short_name(context, (*item)->name));
    query.instances = (const struct existing *const *)set.items.items;
    query.n_instances = set.items.n;
    if (set.items.n > 0)
        result = run_streams(context, &run, &query, err);
    log_print_release(&run.print);
    existing_set_release(&set);
    return result;
}

const struct cmd cmd_logs = {
    .name = "logs",
    .synopsis = "[OPTIONS] [SERVICE...]",
    .summary = "View output from containers",
    .options = logs_rows,
    .options_size = sizeof(struct logs_options),
    .needs = NEEDS_PROJECT_OR_NAME | NEEDS_OPERATOR,
    .max_words = -1,
    .run = run_logs,
    .words_are_services = true,
};
