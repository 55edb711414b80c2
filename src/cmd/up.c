/*
 * up.c - `up` and `create`: everything that the project describes exists, is current and (up) runs.
 * The plan decides; attached.c shows what the services write.
 */
#include "base/base.h"

#include "cmd/attached.h"

struct up_options {
    bool abort_on_exit, abort_on_failure, always_recreate_deps, attach_dependencies, build, detach;
    bool force_recreate, no_build, no_color, no_deps, no_log_prefix, no_recreate, no_start;
    bool quiet_build, quiet_pull, remove_orphans, renew_volumes, timestamps, wait, watch, yes;
    struct opt_bool menu;
    const char *exit_code_from, *pull;
    struct text_list attach, no_attach, scale;
    struct opt_int timeout, wait_timeout;
};

#define OPTIONS_OF up_options
#define ROWS_OF_CREATE                                                                      \
    OPTION(0, "build", OPTION_BOOL, build, "Build images before anything starts"),          \
        OPTION(0, "force-recreate", OPTION_BOOL, force_recreate,                            \
               "Replace containers even if nothing changed"),                               \
        OPTION(0, "no-build", OPTION_BOOL, no_build, "Don't build images"),                 \
        OPTION(0, "no-recreate", OPTION_BOOL, no_recreate,                                  \
               "Leave existing containers as they are"),                                    \
        OPTION(0, "pull", OPTION_TEXT, pull,                                                \
               "Which images to pull (\"always\"|\"missing\"|\"never\"|\"build\")"),        \
        OPTION(0, "quiet-pull", OPTION_BOOL, quiet_pull, "Pull without printing progress"), \
        OPTION(0, "remove-orphans", OPTION_BOOL, remove_orphans,                            \
               "Remove containers of services that the project does not have"),             \
        OPTION_VALUE(0, "scale", OPTION_TEXTS, scale, "SERVICE=NUM",                        \
                     "Number of instances of a service")

static const struct option_row create_rows[] = {
    ROWS_OF_CREATE,
    OPTION('y', "yes", OPTION_BOOL, yes, "Answer every question with yes"),
    OPTION_QUIET(0, "y", OPTION_BOOL, yes),
    OPTIONS_END,
};

static const struct option_row up_rows[] = {
    OPTION(0, "abort-on-container-exit", OPTION_BOOL, abort_on_exit,
           "Stop everything when one container stops; not with -d"),
    OPTION(0, "abort-on-container-failure", OPTION_BOOL, abort_on_failure,
           "Stop everything when one container fails; not with -d"),
    OPTION(0, "always-recreate-deps", OPTION_BOOL, always_recreate_deps,
           "Replace the containers of dependencies, too"),
    OPTION(0, "attach", OPTION_TEXTS, attach, "Show only the output of these services"),
    OPTION(0, "attach-dependencies", OPTION_BOOL, attach_dependencies,
           "Show the output of dependencies, too"),
    OPTION('d', "detach", OPTION_BOOL, detach, "Leave the services running in the background"),
    OPTION(0, "exit-code-from", OPTION_TEXT, exit_code_from,
           "End with the exit status of this service; implies --abort-on-container-exit"),
    OPTION_QUIET(0, "menu", OPTION_OPT_BOOL, menu),
    OPTION(0, "no-attach", OPTION_TEXTS, no_attach, "Don't show the output of these services"),
    OPTION(0, "no-color", OPTION_BOOL, no_color, "Print without colours"),
    OPTION(0, "no-deps", OPTION_BOOL, no_deps, "Leave the named services' dependencies alone"),
    OPTION(0, "no-log-prefix", OPTION_BOOL, no_log_prefix, "Don't print names before the lines"),
    OPTION(0, "no-start", OPTION_BOOL, no_start, "Create everything, start nothing"),
    OPTION(0, "quiet-build", OPTION_BOOL, quiet_build, "Build without printing output"),
    OPTION('V', "renew-anon-volumes", OPTION_BOOL, renew_volumes,
           "Replacements get new anonymous volumes instead of the old ones' data"),
    ROWS_OF_CREATE,
    OPTION_VALUE('t', "timeout", OPTION_INT, timeout, "seconds",
                 "Time to stop in before being killed"),
    OPTION(0, "timestamps", OPTION_BOOL, timestamps, "Show times"),
    OPTION(0, "wait", OPTION_BOOL, wait,
           "Wait until the services are running or healthy; implies -d"),
    OPTION_VALUE(0, "wait-timeout", OPTION_INT, wait_timeout, "seconds",
                 "How long --wait may take"),
    OPTION_QUIET('w', "watch", OPTION_BOOL, watch),
    OPTION('y', "yes", OPTION_BOOL, yes, "Answer every question with yes"),
    OPTION_QUIET(0, "y", OPTION_BOOL, yes),
    OPTIONS_END,
};
#undef OPTIONS_OF

/* Pairs of options that exclude each other, and what docker compose says then. */
static int check_conflicts(const struct up_options *o, struct err *err)
{
    bool follows = o->abort_on_exit || o->abort_on_failure || o->exit_code_from != NULL ||
                   o->attach.n > 0 || o->attach_dependencies || o->watch;
    const struct {
        bool is_wrong;
        const char *text;
    } rows[] = {
        { o->build && o->no_build, "--build and --no-build are incompatible" },
        { o->force_recreate && o->no_recreate,
          "--force-recreate and --no-recreate are incompatible" },
        { o->no_recreate && o->renew_volumes,
          "--no-recreate and --renew-anon-volumes are incompatible" },
        { o->no_recreate && o->always_recreate_deps,
          "--always-recreate-deps and --no-recreate are incompatible" },
        { o->abort_on_exit && o->abort_on_failure,
          "--abort-on-container-failure cannot be combined with --abort-on-container-exit" },
        { o->wait && follows, "--wait cannot be combined with --abort-on-container-exit, --attach "
                              "or --attach-dependencies" },
        { o->detach && follows,
          "--detach cannot be combined with --abort-on-container-exit, "
          "--abort-on-container-failure, --attach, --attach-dependencies or --watch" },
        { o->attach.n > 0 && o->attach_dependencies,
          "cannot combine --attach and --attach-dependencies" },
        { o->wait_timeout.has && o->wait_timeout.value < 0,
          "--wait-timeout must be a non-negative integer" },
        { o->watch, "--watch is not there yet" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].is_wrong)
            return err_set(err, ERR_USAGE, "%s", rows[i].text);
    }
    return 0;
}

static int fill_plan_options(struct cmd_context *context, const struct up_options *options,
                             struct plan_options *plan, struct err *err)
{
    if (operate_remove_orphans(context, plan, options->remove_orphans, err) < 0)
        return -1;
    plan->build_all = options->build;
    plan->no_build = options->no_build;
    plan->no_dependencies = options->no_deps;
    plan->renew_volumes = options->renew_volumes;
    plan->wait = options->wait;
    if (options->force_recreate || options->renew_volumes)
        plan->recreate = RECREATE_ALWAYS;
    if (options->always_recreate_deps)
        plan->recreate_dependencies = RECREATE_ALWAYS;
    if (options->no_recreate)
        plan->recreate = plan->recreate_dependencies = RECREATE_NEVER;
    operate_timeout(plan, options->timeout);
    operate_wait_timeout(plan, options->wait_timeout);
    if (operate_pull_policy(plan, options->pull, err) < 0)
        return -1;
    return operate_scale(context, plan, &options->scale, err);
}

static int check_exit_code_from(const struct cmd_context *context, const char *name,
                                struct err *err)
{
    const struct service *service =
        name == NULL ? NULL : project_find_service(context->project, name);

    if (name == NULL || (service != NULL && !service->is_disabled))
        return 0;
    return err_set(err, ERR_NOT_FOUND, "no such service: %s%s", name,
                   service == NULL ? "" : ": disabled");
}

static int run_with_goal(struct cmd_context *context, const struct up_options *options,
                         const struct text_list *words, enum plan_goal goal, struct err *err)
{
    struct plan_options plan = { .goal = goal, .services = operate_services(context, words) };
    const struct attached_options attached = {
        .services = words,
        .attach = &options->attach,
        .no_attach = &options->no_attach,
        .attach_dependencies = options->attach_dependencies,
        .no_color = options->no_color,
        .no_prefix = options->no_log_prefix,
        .timestamps = options->timestamps,
        .abort_on_exit = options->abort_on_exit ||
                         (options->exit_code_from != NULL && !options->abort_on_failure),
        .abort_on_failure = options->abort_on_failure,
        .exit_code_from = options->exit_code_from,
        .assume_yes = options->yes,
    };
    bool is_attached = goal == GOAL_UP && !options->detach && !options->wait;

    context->no_pull_parts = options->quiet_pull;
    context->no_build_parts = options->quiet_build;
    if (check_conflicts(options, err) < 0 || fill_plan_options(context, options, &plan, err) < 0)
        return -1;
    if (check_exit_code_from(context, options->exit_code_from, err) < 0)
        return -1;
    if (!is_attached)
        return operate_apply(context, &plan, goal == GOAL_UP ? "up" : "create", options->yes, err);
    return attached_run(context, &plan, &attached, err);
}

static bool has_services(const struct project *project)
{
    VEC_EACH (&project->services, service) {
        if (!(*service)->is_disabled)
            return true;
    }
    return false;
}

static int run_up(struct cmd_context *context, const void *values, const struct text_list *words,
                  struct err *err)
{
    const struct up_options *options = values;

    if (!has_services(context->project))
        return err_set(
            err, ERR_NOT_FOUND,
            "no service selected: all have a profile that is not enabled, or there is none");
    return run_with_goal(context, options, words, options->no_start ? GOAL_CREATE : GOAL_UP, err);
}

static int run_create(struct cmd_context *context, const void *values,
                      const struct text_list *words, struct err *err)
{
    return run_with_goal(context, values, words, GOAL_CREATE, err);
}

const struct cmd cmd_up = {
    .name = "up",
    .synopsis = "[OPTIONS] [SERVICE...]",
    .summary = "Create and start containers",
    .options = up_rows,
    .options_size = sizeof(struct up_options),
    .needs = NEEDS_PROJECT | NEEDS_OPERATOR | NEEDS_DEFINITIONS | NEEDS_LOCK,
    .max_words = -1,
    .run = run_up,
    .words_are_services = true,
};

const struct cmd cmd_create = {
    .name = "create",
    .synopsis = "[OPTIONS] [SERVICE...]",
    .summary = "Creates containers for a service",
    .options = create_rows,
    .options_size = sizeof(struct up_options),
    .needs = NEEDS_PROJECT | NEEDS_OPERATOR | NEEDS_DEFINITIONS | NEEDS_LOCK,
    .max_words = -1,
    .run = run_create,
    .words_are_services = true,
};
