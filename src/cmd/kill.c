/*
 * kill.c - `kill`: sends a signal to services, SIGKILL unless another is named.
 */
#include "base/base.h"

#include "cmd/operate.h"
#include "cmd/commands.h"

struct kill_options {
    bool remove_orphans;
    const char *signal;
};

#define OPTIONS_OF kill_options
static const struct option_row kill_rows[] = {
    OPTION(0, "remove-orphans", OPTION_BOOL, remove_orphans,
           "Kill containers of services that the project does not have, too"),
    OPTION_VALUE('s', "signal", OPTION_TEXT, signal, "string",
                 "Signal to send (default \"SIGKILL\")"),
    OPTIONS_END,
};
#undef OPTIONS_OF

static int run_kill(struct cmd_context *context, const void *values, const struct text_list *words,
                    struct err *err)
{
    const struct kill_options *options = values;
    struct operation operation = {
        .context = context,
        .title = "kill",
        .options = { .goal = GOAL_KILL,
                     .services = operate_services(context, words),
                     .signal = options->signal == NULL ? "SIGKILL" : options->signal },
    };
    int result;

    if (operate_remove_orphans(context, &operation.options, options->remove_orphans, err) < 0)
        return -1;
    result = operation_prepare(&operation, err);
    if (result == 0 && plan_is_empty(operation.plan))
        context_tell(context, "No container to kill");
    else if (result == 0)
        result = operation_run(&operation, err);
    operation_release(&operation);
    return result;
}

const struct cmd cmd_kill = {
    .name = "kill",
    .synopsis = "[OPTIONS] [SERVICE...]",
    .summary = "Force stop service containers",
    .options = kill_rows,
    .options_size = sizeof(struct kill_options),
    .needs = NEEDS_PROJECT_OR_NAME | NEEDS_OPERATOR | NEEDS_LOCK,
    .max_words = -1,
    .run = run_kill,
    .words_are_services = true,
};
