/*
 * scale.c - `scale`: sets the number of instances of services, for now; the project keeps its own.
 */
#include "base/base.h"

#include "cmd/commands.h"
#include "cmd/operate.h"

struct scale_options {
    bool no_deps;
};

#define OPTIONS_OF scale_options
static const struct option_row scale_rows[] = {
    OPTION(0, "no-deps", OPTION_BOOL, no_deps, "Leave the services' dependencies alone"),
    OPTIONS_END,
};
#undef OPTIONS_OF

static int run_scale(struct cmd_context *context, const void *values, const struct text_list *words,
                     struct err *err)
{
    const struct scale_options *options = values;
    struct plan_options plan = { .goal = GOAL_UP, .no_dependencies = options->no_deps };
    struct text_list services = { 0 };

    if (operate_scale(context, &plan, words, err) < 0)
        return -1;
    for (size_t i = 0; i < plan.n_scale; i++)
        ARENA_ADD(context->arena, &services, plan.scale[i].service);
    plan.services = operate_services(context, &services);
    return operate_apply(context, &plan, "scale", false, err);
}

const struct cmd cmd_scale = {
    .name = "scale",
    .synopsis = "[OPTIONS] SERVICE=REPLICAS...",
    .summary = "Scale services",
    .options = scale_rows,
    .options_size = sizeof(struct scale_options),
    .needs = NEEDS_PROJECT | NEEDS_OPERATOR | NEEDS_DEFINITIONS | NEEDS_LOCK,
    .min_words = 1,
    .max_words = -1,
    .run = run_scale,
};
