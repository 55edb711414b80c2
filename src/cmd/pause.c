/*
 * pause.c - `pause`: freezes the processes of services.
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

static int run_pause(struct cmd_context *context, const void *values, const struct text_list *words,
                     struct err *err)
{
    const struct plan_options plan = { .goal = GOAL_PAUSE,
                                       .services = operate_services(context, words) };

    (void)values;
    return operate_apply(context, &plan, "pause", false, err);
}

const struct cmd cmd_pause = {
    .name = "pause",
    .synopsis = "[SERVICE...]",
    .summary = "Pause services",
    .options = pause_rows,
    .options_size = sizeof(struct pause_options),
    .needs = NEEDS_PROJECT_OR_NAME | NEEDS_OPERATOR | NEEDS_LOCK,
    .max_words = -1,
    .run = run_pause,
    .words_are_services = true,
};
