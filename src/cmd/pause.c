/*
 * pause.c - `pause` and `unpause`: freezes the processes of services, and lets them go on.
 */
#include "base/base.h"

#include "cmd/operate.h"
#include "cmd/commands.h"

struct pause_options {
    bool unused;
};

#define OPTIONS_OF pause_options
static const struct option_row pause_rows[] = {
    OPTIONS_END,
};
#undef OPTIONS_OF

static int run_with_goal(struct cmd_context *context, const struct text_list *words,
                         enum plan_goal goal, const char *title, struct err *err)
{
    const struct plan_options plan = { .goal = goal, .services = operate_services(context, words) };

    return operate_apply(context, &plan, title, false, err);
}

static int run_pause(struct cmd_context *context, const void *values ATTR_UNUSED,
                     const struct text_list *words, struct err *err)
{
    return run_with_goal(context, words, GOAL_PAUSE, "pause", err);
}

static int run_unpause(struct cmd_context *context, const void *values ATTR_UNUSED,
                       const struct text_list *words, struct err *err)
{
    return run_with_goal(context, words, GOAL_UNPAUSE, "unpause", err);
}

const struct cmd cmd_pause = {
    .name = "pause",
    .synopsis = "[SERVICE...]",
    .summary = "Pause services",
    .text = "What is paused already is an error, once the rest is paused.",
    .options = pause_rows,
    .options_size = sizeof(struct pause_options),
    .needs = NEEDS_PROJECT_OR_NAME | NEEDS_OPERATOR | NEEDS_LOCK,
    .max_words = -1,
    .run = run_pause,
    .words_are_services = true,
};

const struct cmd cmd_unpause = {
    .name = "unpause",
    .synopsis = "[SERVICE...]",
    .summary = "Unpause services",
    .text = "What runs and is not paused is an error, once the rest goes on.",
    .options = pause_rows,
    .options_size = sizeof(struct pause_options),
    .needs = NEEDS_PROJECT_OR_NAME | NEEDS_OPERATOR | NEEDS_LOCK,
    .max_words = -1,
    .run = run_unpause,
    .words_are_services = true,
};
