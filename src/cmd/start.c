/*
 * start.c - `start`: starts services that exist and do not run, dependencies first.
 */
#include "base/base.h"

#include "cmd/operate.h"
#include "cmd/commands.h"

struct start_options {
    bool wait;
    struct opt_int wait_timeout;
};

#define OPTIONS_OF start_options
static const struct option_row start_rows[] = {
    OPTION(0, "wait", OPTION_BOOL, wait, "Wait until the services are running or healthy"),
    OPTION_VALUE(0, "wait-timeout", OPTION_INT, wait_timeout, "seconds",
                 "How long --wait may take"),
    OPTIONS_END,
};
#undef OPTIONS_OF

static int run_start(struct cmd_context *context, const void *values, const struct text_list *words,
                     struct err *err)
{
    const struct start_options *options = values;
    struct plan_options plan = { .goal = GOAL_START, .services = operate_services(context, words) };

    plan.wait = options->wait;
    operate_wait_timeout(&plan, options->wait_timeout);
    return operate_apply(context, &plan, "start", false, err);
}

const struct cmd cmd_start = {
    .name = "start",
    .synopsis = "[OPTIONS] [SERVICE...]",
    .summary = "Start services",
    .options = start_rows,
    .options_size = sizeof(struct start_options),
    .needs = NEEDS_PROJECT_OR_NAME | NEEDS_OPERATOR | NEEDS_DEFINITIONS | NEEDS_LOCK,
    .max_words = -1,
    .run = run_start,
    .words_are_services = true,
};
