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

struct pull_run {
    struct operation operation;
    const struct pull_options *options;
    const struct text_list *words;
    struct map fetches; /* image -> struct step * */
};

static void find_fetches(struct pull_run *run)
{
    VEC_EACH (&run->operation.plan->steps, step) {
        if ((*step)->action == STEP_PULL && !map_has(&run->fetches, (*step)->instance->name))
            map_set(&run->fetches, (*step)->instance->name, *step);
    }
}

/* The service's own policy forbids it: somebody else's may not, for the same image. */
static bool is_forbidden(const struct pull_run *run, const struct service *service)
{
    return run->options->policy == NULL &&
           (text_is(service->pull_policy, "never") || text_is(service->pull_policy, "build"));
}

/* Why the service's image is not fetched for it. */
static const char *why_skipped(const struct pull_run *run, const struct service *service)
{
    if (is_forbidden(run, service))
        return NULL;
    return service->build != NULL && run->options->ignore_buildable
               ? "Image can be built"
               : "Image is already present locally";
}

/* Whatever is not named does not count: neither are its images fetched nor does what it says of one
   hold for who shares it. */
static void disable_others(struct pull_run *run)
{
    VEC_EACH (&run->operation.context->project->services, item) {
        struct service *service = *item;

        if (run->words->n > 0 && !run->options->include_deps &&
            !text_list_has(run->words, service->name))
            service->is_disabled = true;
    }
}

static void show_skipped(void *arg)
{
    struct pull_run *run = arg;
    struct operation *operation = &run->operation;

    VEC_EACH (&operation->context->project->services, item) {
        const struct service *service = *item;
        STR_AUTO(id);

        if (service->is_disabled)
            continue;
        if (service->image == NULL) {
            progress_event(operation->progress, service->name, "Skipped", "No image to be pulled",
                           true);
        } else if (is_forbidden(run, service) || !map_has(&run->fetches, service->image)) {
            str_printf(&id, "Image %s", service->image);
            progress_event(operation->progress, id.buf, "Skipped", why_skipped(run, service), true);
        }
    }
}

/* What could not be fetched may be made here. */
static void suggest_build(const struct pull_run *run)
{
    struct cmd_context *context = run->operation.context;
    STR_AUTO(names);

    VEC_EACH (&context->project->services, item) {
        const struct service *service = *item;
        const struct step *step = service->build == NULL || service->image == NULL
                                      ? NULL
                                      : map_find(&run->fetches, service->image);

        if (step != NULL && step->status == STEP_FAILED && !service->is_disabled)
            str_printf(&names, " %s", service->name);
    }
    if (names.len > 0)
        context_warn(context,
                     "WARNING: Some service image(s) must be built from source by running:\n"
                     "    " PACKAGE " build%s",
                     names.buf);
}

static int run_pull(struct cmd_context *context, const void *values, const struct text_list *words,
                    struct err *err)
{
    const struct pull_options *options = values;
    struct pull_run run = {
        .operation = { .context = context,
                       .options = { .goal = GOAL_PULL,
                                    .services = operate_services(context, words),
                                    .no_dependencies = !options->include_deps,
                                    .no_build = options->ignore_buildable,
                                    .has_pull_policy = options->policy != NULL,
                                    .pull_policy = ARTIFACT_ALWAYS },
                       .title = "pull",
                       .before_run = show_skipped,
                       .arg = &run },
        .options = options,
        .words = words,
    };
    int result;

    if (options->policy != NULL && text_is(options->policy, "missing"))
        run.operation.options.pull_policy = ARTIFACT_MISSING;
    else if (options->policy != NULL && !text_is(options->policy, "always"))
        return err_set(err, ERR_USAGE, "invalid --policy value \"%s\" (missing, always)",
                       options->policy);
    context->no_pull_parts = options->quiet;
    map_init(&run.fetches);
    disable_others(&run);
    result = operation_prepare(&run.operation, err);
    if (result == 0) {
        find_fetches(&run);
        result = operation_run(&run.operation, err);
    }
    if (result < 0 && run.operation.plan != NULL)
        suggest_build(&run);
    map_release(&run.fetches);
    operation_release(&run.operation);
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
