/*
 * plan.c - `plan`: exactly what `up` would do, with the reason and place of each step; changes
 * nothing. Exit status 0: nothing to do, 2: something to do.
 */
#include "base/base.h"

#include "cmd/operate.h"
#include "cmd/commands.h"

#define EXIT_SOMETHING_TO_DO 2

struct plan_verb_options {
    const char *format, *pull;
    bool build, no_build, force_recreate, no_recreate, remove_orphans, no_deps, no_start, down,
        volumes;
    struct text_list scale;
};

#define OPTIONS_OF plan_verb_options
static const struct option_row plan_rows[] = {
    OPTION(0, "build", OPTION_BOOL, build, "As of up --build"),
    OPTION(0, "down", OPTION_BOOL, down, "Show what down would do"),
    OPTION(0, "force-recreate", OPTION_BOOL, force_recreate, "As of up --force-recreate"),
    OPTION(0, "format", OPTION_TEXT, format, "\"text\" (default) or \"json\""),
    OPTION(0, "no-build", OPTION_BOOL, no_build, "As of up --no-build"),
    OPTION(0, "no-deps", OPTION_BOOL, no_deps, "As of up --no-deps"),
    OPTION(0, "no-recreate", OPTION_BOOL, no_recreate, "As of up --no-recreate"),
    OPTION(0, "no-start", OPTION_BOOL, no_start, "As of up --no-start"),
    OPTION(0, "pull", OPTION_TEXT, pull, "As of up --pull"),
    OPTION(0, "remove-orphans", OPTION_BOOL, remove_orphans, "As of up and down --remove-orphans"),
    OPTION(0, "scale", OPTION_TEXTS, scale, "As of up --scale"),
    OPTION('v', "volumes", OPTION_BOOL, volumes, "As of down --volumes"),
    OPTIONS_END,
};
#undef OPTIONS_OF

static int fill_options(struct cmd_context *context, const struct plan_verb_options *options,
                        struct plan_options *plan, struct err *err)
{
    plan->goal = options->down ? GOAL_DOWN : options->no_start ? GOAL_CREATE : GOAL_UP;
    plan->build_all = options->build;
    plan->no_build = options->no_build;
    plan->no_dependencies = options->no_deps;
    plan->remove_orphans = options->remove_orphans;
    plan->remove_volumes = options->volumes;
    if (options->force_recreate)
        plan->recreate = RECREATE_ALWAYS;
    else if (options->no_recreate)
        plan->recreate = plan->recreate_dependencies = RECREATE_NEVER;
    if (options->format != NULL && !text_is(options->format, "text") &&
        !text_is(options->format, "json"))
        return err_set(err, ERR_USAGE, "unsupported --format \"%s\" (text, json)", options->format);
    if (operate_pull_policy(plan, options->pull, err) < 0)
        return -1;
    return operate_scale(context, plan, &options->scale, err);
}

static int run_plan(struct cmd_context *context, const void *values, const struct text_list *words,
                    struct err *err)
{
    const struct plan_verb_options *options = values;
    struct operation operation = { .context = context, .title = "plan" };
    int result = -1;

    context->globals.dry_run = true;
    operation.options.services = operate_services(context, words);
    if (fill_options(context, options, &operation.options, err) < 0)
        return -1;
    if (operation_prepare(&operation, err) == 0) {
        result = plan_is_empty(operation.plan) ? 0 : EXIT_SOMETHING_TO_DO;
        if (text_is(options->format, "json")) {
            struct jwrite w;

            jwrite_init(&w, &context->out, JWRITE_MASK | JWRITE_INDENT2);
            plan_write(operation.plan, context->ops->name, &w);
            str_add_char(&context->out, '\n');
        } else {
            plan_print(operation.plan, &context->out);
        }
    }
    operation_release(&operation);
    return result;
}

const struct cmd cmd_plan = {
    .name = "plan",
    .synopsis = "[OPTIONS] [SERVICE...]",
    .summary = "Show what up would do, and why",
    .text =
        "Compares the project with what exists and prints each step with its reasons: the field, "
        "its "
        "old and new value, and the file, line and column that ask for it. Changes nothing. Ends "
        "with 0 when there is nothing to do and with 2 when there is.",
    .options = plan_rows,
    .options_size = sizeof(struct plan_verb_options),
    .needs = NEEDS_PROJECT | NEEDS_OPERATOR | NEEDS_DEFINITIONS,
    .max_words = -1,
    .run = run_plan,
    .words_are_services = true,
};
