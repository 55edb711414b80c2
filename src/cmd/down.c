/*
 * down.c - `down`: stops and removes what the project has; data stays unless -v asks for it.
 */
#include "base/base.h"

#include "cmd/operate.h"
#include "cmd/commands.h"

struct down_options {
    bool remove_orphans, volumes, volume;
    const char *rmi;
    struct opt_int timeout;
};

#define OPTIONS_OF down_options
static const struct option_row down_rows[] = {
    OPTION(0, "remove-orphans", OPTION_BOOL, remove_orphans,
           "Remove containers of services that the project does not have"),
    OPTION(0, "rmi", OPTION_TEXT, rmi,
           "Remove images, too (\"local\": those without a name of their own, \"all\")"),
    OPTION_VALUE('t', "timeout", OPTION_INT, timeout, "seconds",
                 "Time to stop in before being killed"),
    OPTION('v', "volumes", OPTION_BOOL, volumes,
           "Remove the project's named volumes and anonymous ones"),
    OPTION_QUIET(0, "volume", OPTION_BOOL, volume),
    OPTIONS_END,
};
#undef OPTIONS_OF

/* The description names networks, or with -v volumes, that `down` would remove were they there:
   then that nothing is left is no surprise, as for docker compose. */
static bool names_objects(const struct cmd_context *context, bool with_volumes)
{
    const struct project *project = context->project;

    if (project == NULL)
        return false;
    VEC_EACH (&project->networks, network) {
        if (!(*network)->external)
            return true;
    }
    VEC_EACH (&project->volumes, volume) {
        if (with_volumes && !(*volume)->external)
            return true;
    }
    return false;
}

/* Whether something of the project runs or has run that stays: then it is not unknown. */
static bool has_instances(const struct operation *operation)
{
    VEC_EACH (&operation->existing.items, existing) {
        if (((*existing)->kind->flags & KIND_RUNS) != 0)
            return true;
    }
    return false;
}

/* What somebody else still uses stays, and that is said. */
static void show_in_use(void *arg)
{
    struct operation *operation = arg;

    VEC_EACH (&operation->plan->in_use, existing) {
        STR_AUTO(id);

        str_printf(&id, "%s %s", (*existing)->kind->title, (*existing)->name);
        progress_event(operation->progress, id.buf, "Removing", NULL, false);
        progress_event(operation->progress, id.buf, "Resource is still in use", NULL, true);
    }
}

static int run_down(struct cmd_context *context, const void *values, const struct text_list *words,
                    struct err *err)
{
    const struct down_options *options = values;
    struct operation operation = {
        .context = context,
        .title = "down",
        .options = { .goal = GOAL_DOWN,
                     .services = operate_services(context, words),
                     .remove_volumes = options->volumes || options->volume,
                     .remove_images = options->rmi },
        .before_run = show_in_use,
        .arg = &operation,
    };
    int result;

    if (options->rmi != NULL && !text_is(options->rmi, "all") && !text_is(options->rmi, "local"))
        return err_set(err, ERR_USAGE, "invalid value for --rmi: \"%s\"", options->rmi);
    if (options->volume)
        context_warn(context, "--volume is deprecated, please use --volumes");
    if (operate_remove_orphans(context, &operation.options, options->remove_orphans, err) < 0)
        return -1;
    operate_timeout(&operation.options, options->timeout);
    result = operation_prepare(&operation, err);
    if (result == 0 && (!plan_is_empty(operation.plan) || operation.plan->in_use.n > 0))
        result = operation_run(&operation, err);
    else if (result == 0 && (context->project != NULL || words->n == 0) &&
             !has_instances(&operation) &&
             !names_objects(context, operation.options.remove_volumes))
        context_warn(context, "Warning: No resource found to remove for project \"%s\".",
                     context->project_name);
    operation_release(&operation);
    return result;
}

const struct cmd cmd_down = {
    .name = "down",
    .synopsis = "[OPTIONS] [SERVICES]",
    .summary = "Stop and remove containers, networks",
    .options = down_rows,
    .options_size = sizeof(struct down_options),
    .needs = NEEDS_PROJECT_OR_NAME | NEEDS_OPERATOR | NEEDS_LOCK,
    .max_words = -1,
    .run = run_down,
    .words_are_services = true,
};
