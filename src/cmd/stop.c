/*
 * stop.c - `stop`: stops services, dependents first; their containers stay.
 */
#include "base/base.h"

#include "cmd/operate.h"
#include "cmd/commands.h"

struct stop_options {
    struct opt_int timeout;
};

#define OPTIONS_OF stop_options
static const struct option_row stop_rows[] = {
    OPTION_VALUE('t', "timeout", OPTION_INT, timeout, "seconds",
                 "Time to stop in before being killed"),
    OPTIONS_END,
};
#undef OPTIONS_OF

static int run_stop(struct cmd_context *context, const void *values, const struct text_list *words,
                    struct err *err)
{
    const struct stop_options *options = values;
    struct plan_options plan = { .goal = GOAL_STOP, .services = operate_services(context, words) };

    operate_timeout(&plan, options->timeout);
    return operate_apply(context, &plan, "stop", false, err);
}

const struct cmd cmd_stop = {
    .name = "stop",
    .synopsis = "[OPTIONS] [SERVICE...]",
    .summary = "Stop services",
    .options = stop_rows,
    .options_size = sizeof(struct stop_options),
    .needs = NEEDS_PROJECT_OR_NAME | NEEDS_OPERATOR | NEEDS_LOCK,
    .max_words = -1,
    .run = run_stop,
    .words_are_services = true,
};
