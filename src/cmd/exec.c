/*
 * exec.c - `exec`: runs a program beside a service, with the terminal connected through; ends with
 * the program's exit status.
 */
#include "base/base.h"

#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/input.h"
#include "cmd/operate.h"
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

struct exec_run {
    struct cmd_context *context;
    struct operator_stream *stream;
    struct input *input;
    bool is_done, is_signalled;
    int exit_code;
    struct err err;
};

static void on_output(void *arg, int stream, const char *bytes, size_t len)
{
    struct exec_run *run = arg;
    ERR_AUTO(err);

    if (file_write_all(stream == 2 ? STDERR_FILENO : STDOUT_FILENO, bytes, len, &err) < 0 &&
        !err_is_set(&run->err)) {
        err_move(&run->err, &err);
        run->is_done = true;
    }
}

static void on_done(void *arg, int exit_code, struct err *err)
{
    struct exec_run *run = arg;

    run->stream = NULL;
    run->is_done = true;
    run->exit_code = exit_code;
    if (err_is_set(err) && !err_is_set(&run->err))
        err_move(&run->err, err);
}

static void on_resize(void *arg, int signo)
{
    struct exec_run *run = arg;

    (void)signo;
    terminal_update_size(&run->context->terminal);
    if (run->stream != NULL)
        run->context->ops->stream_resize(run->stream, run->context->terminal.rows,
                                         run->context->terminal.columns);
}

/* The program gets the first one, where the operator can pass it on; another ends the wait for it.
 */
static void on_signal(void *arg, int signo)
{
    struct exec_run *run = arg;

    if (run->stream != NULL && run->context->ops->stream_signal != NULL && !run->is_signalled) {
        run->is_signalled = true;
        run->context->ops->stream_signal(run->stream, signo);
        return;
    }
    err_release(&run->err);
    err_set(&run->err, ERR_INTERRUPTED, "interrupted by signal %d", signo);
    run->is_done = true;
}

static int run_stream(struct exec_run *run, const struct exec_query *query, struct err *err)
{
    struct cmd_context *context = run->context;
    struct operate_signals signals;
    struct loop_source *resized;
    int result;

    if (query->tty && query->with_input && terminal_make_raw(err) < 0)
        return -1;
    operate_catch(context, on_signal, run, &signals);
    resized = loop_add_signal(context->loop, SIGWINCH, on_resize, run);
    run->stream = context->ops->exec(context->operator_handle, query, on_output, on_done, run);
    if (query->with_input)
        run->input = input_start(context, run->stream);
    result = operate_until(context, &run->is_done, err);
    input_stop(run->input);
    terminal_restore();
    operate_let_go(&signals);
    loop_remove(resized);
    if (run->stream != NULL)
        context->ops->stream_cancel(run->stream);
    if (result == 0 && err_is_set(&run->err))
        result = err_move(err, &run->err);
    return result < 0 ? -1 : run->exit_code;
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
    struct exec_run run = { .context = context, .err = ERR_INIT };
    const struct existing *instance = NULL;
    struct existing_set set;
    int result;

    if (context->ops->exec == NULL)
        return err_set(err, ERR_UNSUPPORTED, "operator \"%s\" cannot run commands in services",
                       context->ops->name);
    if (operate_pick(context, words->items[0], options->index.has ? options->index.value : 0, &set,
                     &instance, err) < 0)
        return -1;
    query.instance_id = instance->id;
    result = run_stream(&run, &query, err);
    existing_set_release(&set);
    return result;
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
