/*
 * manual.c - `manual` (hidden) prints the manual page, `completion` a shell's completion; both are
 * made from the command and option tables, so they cannot disagree with the program.
 */
#include "base/base.h"

#include "cmd/cmd.h"
#include "cmd/commands.h"

struct no_options {
    bool unused;
};

static const struct option_row no_rows[] = { OPTIONS_END };

static int run_manual(struct cmd_context *context, const void *values,
                      const struct text_list *words, struct err *err)
{
    (void)values;
    (void)words;
    (void)err;
    help_manual(&context->out);
    return 0;
}

static int run_completion(struct cmd_context *context, const void *values,
                          const struct text_list *words, struct err *err)
{
    (void)values;
    if (words->n == 1 && !text_is(words->items[0], "bash"))
        return err_set(err, ERR_UNSUPPORTED, "no completion for \"%s\" (bash)", words->items[0]);
    help_complete_bash(&context->out);
    return 0;
}

const struct cmd cmd_manual = {
    .name = "manual",
    .synopsis = "",
    .summary = "Print the manual page",
    .options = no_rows,
    .options_size = sizeof(struct no_options),
    .flags = CMD_HIDDEN,
    .max_words = 0,
    .run = run_manual,
};

const struct cmd cmd_completion = {
    .name = "completion",
    .synopsis = "bash",
    .summary = "Print a completion script for a shell",
    .options = no_rows,
    .options_size = sizeof(struct no_options),
    .max_words = 1,
    .run = run_completion,
};
