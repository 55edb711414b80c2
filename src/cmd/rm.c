/*
 * rm.c - `rm`: removes stopped containers of services.
 */
#include "base/base.h"

#include "cmd/operate.h"
#include "cmd/commands.h"

#include <stdio.h>
#include <stdlib.h>

static int compare_names(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

static bool confirm(const struct operation *operation, bool is_forced)
{
    const struct plan *plan = operation->plan;
    const char **names = ARENA_NEW_N(plan->arena, const char *, plan->steps.n + 1);
    size_t n = 0;
    STR_AUTO(text);

    VEC_EACH (&plan->steps, step) {
        if ((*step)->action == STEP_REMOVE)
            names[n++] = (*step)->instance->name;
    }
    if (n > 0)
        qsort(names, n, sizeof(names[0]), compare_names);
    str_add(&text, "Going to remove ");
    for (size_t i = 0; i < n; i++)
        str_printf(&text, "%s%s", i > 0 ? ", " : "", names[i]);
    if (!is_forced && !operation->context->globals.dry_run)
        return operate_confirm(operation->context, text.buf);
    printf("%s\n", text.buf);
    fflush(stdout);
    return true;
}

struct rm_options {
    bool force, stop, volumes, all;
};

#define OPTIONS_OF rm_options
static const struct option_row rm_rows[] = {
    OPTION('f', "force", OPTION_BOOL, force, "Don't ask to confirm removal"),
    OPTION('s', "stop", OPTION_BOOL, stop, "Stop the containers first when they run"),
    OPTION('v', "volumes", OPTION_BOOL, volumes, "Remove anonymous volumes of the containers"),
    OPTION_QUIET('a', "all", OPTION_BOOL, all),
    OPTIONS_END,
};
#undef OPTIONS_OF

static int run_rm(struct cmd_context *context, const void *values, const struct text_list *words,
                  struct err *err)
{
    const struct rm_options *options = values;
    struct operation operation = {
        .context = context,
        .title = "rm",
        .options = { .goal = GOAL_REMOVE,
                     .services = operate_services(context, words),
                     .stop_first = options->stop,
                     .remove_volumes = options->volumes },
    };
    int result = operation_prepare(&operation, err);

    if (result == 0 && plan_is_empty(operation.plan))
        context_tell(context, "No stopped containers");
    else if (result == 0 && confirm(&operation, options->force))
        result = operation_run(&operation, err);
    operation_release(&operation);
    return result;
}

const struct cmd cmd_rm = {
    .name = "rm",
    .synopsis = "[OPTIONS] [SERVICE...]",
    .summary = "Removes stopped service containers",
    .text = "Anonymous volumes of the containers stay, unless -v is given. What is not in a volume "
            "is lost.",
    .options = rm_rows,
    .options_size = sizeof(struct rm_options),
    .needs = NEEDS_PROJECT_OR_NAME | NEEDS_OPERATOR | NEEDS_LOCK,
    .max_words = -1,
    .run = run_rm,
    .words_are_services = true,
};
