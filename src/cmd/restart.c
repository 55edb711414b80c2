/*
 * restart.c - `restart`: stops and starts services in place.
 */
#include "base/base.h"

#include "cmd/operate.h"
#include "cmd/commands.h"

struct restart_options {
    bool no_deps;
    struct opt_int timeout;
};

#define OPTIONS_OF restart_options
static const struct option_row restart_rows[] = {
    OPTION(0, "no-deps", OPTION_BOOL, no_deps, "Don't restart services that depend on these"),
    OPTION_VALUE('t', "timeout", OPTION_INT, timeout, "seconds",
                 "Time to stop in before being killed"),
    OPTIONS_END,
};
#undef OPTIONS_OF

static int run_restart(struct cmd_context *context, const void *values,
                       const struct text_list *words, struct err *err)
{
    const struct restart_options *options = values;
    struct plan_options plan = { .goal = GOAL_RESTART,
                                 .services = operate_services(context, words) };

    plan.no_dependencies = options->no_deps;
    operate_timeout(&plan, options->timeout);
    return operate_apply(context, &plan, "restart", false, err);
}

const struct cmd cmd_restart = {
    .name = "restart",
    .synopsis = "[OPTIONS] [SERVICE...]",
    .summary = "Restart service containers",
    .options = restart_rows,
    .options_size = sizeof(struct restart_options),
    .needs = NEEDS_PROJECT_OR_NAME | NEEDS_OPERATOR | NEEDS_LOCK,
    .max_words = -1,
    .run = run_restart,
    .words_are_services = true,
};
