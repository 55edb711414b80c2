/*
 * unpause.c - `unpause`: lets paused services go on.
 */
#include "base/base.h"

#include "cmd/operate.h"
#include "cmd/commands.h"

struct unpause_options {
    bool unused;
};

#define OPTIONS_OF unpause_options
static const struct option_row unpause_rows[] = {
    OPTIONS_END,
};
#undef OPTIONS_OF

static int run_unpause(struct cmd_context *context, const void *values,
                       const struct text_list *words, struct err *err)
{
    const struct plan_options plan = { .goal = GOAL_UNPAUSE,
                                       .services = operate_services(context, words) };

    (void)values;
    return operate_apply(context, &plan, "unpause", false, err);
}

const struct cmd cmd_unpause = {
    .name = "unpause",
    .synopsis = "[SERVICE...]",
    .summary = "Unpause services",
    .options = unpause_rows,
    .options_size = sizeof(struct unpause_options),
    .needs = NEEDS_PROJECT_OR_NAME | NEEDS_OPERATOR | NEEDS_LOCK,
    .max_words = -1,
    .run = run_unpause,
    .words_are_services = true,
};
