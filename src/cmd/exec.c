/*
 * exec.c - `exec`: runs a program beside a service, with the terminal connected through; ends with
 * the program's exit status.
 */
#include "base/base.h"

#include "cmd/operate.h"
#include "cmd/session.h"
#include "cmd/commands.h"

struct exec_options {
    bool detach, privileged, tty;
    struct opt_bool no_tty, interactive;
    struct text_list env;
    struct opt_int index;
    const char *user, *workdir;
};

#define OPTIONS_OF exec_options
static const struct option_row exec_rows[] = {
    OPTION('d', "detach", OPTION_BOOL, detach, "Leave the program running in the background"),
    OPTION('e', "env", OPTION_TEXTS, env, "Set a variable"),
    OPTION(0, "index", OPTION_INT, index, "Number of the instance when the service has several"),
    OPTION('T', "no-tty", OPTION_OPT_BOOL, no_tty,
           "No terminal for the program (default: one, when standard input and output are one)"),
    OPTION(0, "privileged", OPTION_BOOL, privileged, "Give the program all privileges"),
    OPTION('u', "user", OPTION_TEXT, user, "Run as this user"),
    OPTION('w', "workdir", OPTION_TEXT, workdir, "Folder to run in"),
    OPTION_QUIET('i', "interactive", OPTION_OPT_BOOL, interactive),
    OPTION_QUIET('t', "tty", OPTION_BOOL, tty),
    OPTION_QUIET(0, "no-TTY", OPTION_OPT_BOOL, no_tty),
    OPTIONS_END,
};
#undef OPTIONS_OF

static struct operator_stream *open_stream(struct cmd_context *context, void *arg,
                                           stream_output_fn output, stream_done_fn done,
                                           void *done_arg)
{
    return context->ops->exec(context->operator_handle, arg, output, done, done_arg);
}

static int run_exec(struct cmd_context *context, const void *values, const struct text_list *words,
                    struct err *err)
{
    const struct exec_options *options = values;
    const struct text_list argv = { words->items + 1, words->n - 1, words->n - 1 };
    bool with_input =
        !options->detach && !(options->interactive.has && !options->interactive.value);
    struct exec_query query = {
        .argv = operate_services(context, &argv),
        .env = operate_services(context, &options->env),
        .user = options->user,
        .working_dir = options->workdir,
        .tty = !options->detach && !(options->no_tty.has && options->no_tty.value) &&
               context->terminal.is_in && context->terminal.is_out,
        .privileged = options->privileged,
        .detach = options->detach,
        .with_input = with_input,
        .rows = context->terminal.rows,
        .columns = context->terminal.columns,
    };
    const struct session_options session = { .is_raw = query.tty && query.with_input,
                                             .with_input = query.with_input,
                                             .open = open_stream,
                                             .arg = &query };

    if (context->ops->exec == NULL)
        return err_set(err, ERR_UNSUPPORTED, "operator \"%s\" cannot run commands in services",
                       context->ops->name);
    return session_run(context, &session, words->items[0],
                       options->index.has ? options->index.value : 0, &query.instance_id, err);
}

const struct cmd cmd_exec = {
    .name = "exec",
    .synopsis = "[OPTIONS] SERVICE COMMAND [ARGS...]",
    .summary = "Execute a command in a running container",
    .options = exec_rows,
    .options_size = sizeof(struct exec_options),
    .needs = NEEDS_PROJECT_OR_NAME | NEEDS_OPERATOR,
    .flags = CMD_STOP_AT_WORD,
    .min_words = 2,
    .max_words = -1,
    .run = run_exec,
};
