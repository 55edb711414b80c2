/*
 * pull.c - `pull`: fetches the images of services.
 */
#include "base/base.h"

#include "cmd/operate.h"
#include "cmd/commands.h"

struct pull_options {
    bool ignore_buildable, ignore_pull_failures, include_deps, quiet, parallel, no_parallel;
    const char *policy;
};

#define OPTIONS_OF pull_options
static const struct option_row pull_rows[] = {
    OPTION(0, "ignore-buildable", OPTION_BOOL, ignore_buildable,
           "Leave out images that can be built"),
    OPTION(0, "ignore-pull-failures", OPTION_BOOL, ignore_pull_failures,
           "Go on when an image cannot be pulled"),
    OPTION(0, "include-deps", OPTION_BOOL, include_deps,
           "Also pull for services that these depend on"),
    OPTION(0, "policy", OPTION_TEXT, policy, "Which images to pull (\"missing\"|\"always\")"),
    OPTION('q', "quiet", OPTION_BOOL, quiet, "Pull without printing progress"),
    OPTION_QUIET(0, "parallel", OPTION_BOOL, parallel),
    OPTION_QUIET(0, "no-parallel", OPTION_BOOL, no_parallel),
    OPTIONS_END,
};
#undef OPTIONS_OF

static int run_pull(struct cmd_context *context, const void *values, const struct text_list *words,
                    struct err *err)
{
    const struct pull_options *options = values;
    struct plan_options plan = {
        .goal = GOAL_PULL,
        .services = operate_services(context, words),
        .no_dependencies = !options->include_deps,
        .no_build = options->ignore_buildable,
        .has_pull_policy = options->policy != NULL,
        .pull_policy = ARTIFACT_ALWAYS,
    };
    int result;

    if (options->policy != NULL && text_is(options->policy, "missing"))
        plan.pull_policy = ARTIFACT_MISSING;
    else if (options->policy != NULL && !text_is(options->policy, "always"))
        return err_set(err, ERR_USAGE, "invalid --policy value \"%s\" (missing, always)",
                       options->policy);
    if (options->quiet)
        context->progress_mode = PROGRESS_QUIET;
    result = operate_apply(context, &plan, "pull", false, err);
    if (result < 0 && options->ignore_pull_failures && err->code != ERR_INTERRUPTED) {
        context_warn(context, "%s", err->text);
        err_release(err);
        return 0;
    }
    return result;
}

const struct cmd cmd_pull = {
    .name = "pull",
    .synopsis = "[OPTIONS] [SERVICE...]",
    .summary = "Pull service images",
    .options = pull_rows,
    .options_size = sizeof(struct pull_options),
    .needs = NEEDS_PROJECT | NEEDS_OPERATOR | NEEDS_DEFINITIONS | NEEDS_LOCK,
    .max_words = -1,
    .run = run_pull,
    .words_are_services = true,
};
