/*
 * session.c - connects the program's standard streams to a stream of the operator (session.h).
 */
#include "base/base.h"

#include "cmd/session.h"

#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/input.h"
#include "cmd/operate.h"

struct session {
    struct cmd_context *context;
    struct operator_stream *stream;
    struct input *input;
    bool is_done, is_signalled, no_signals;
    int exit_code;
    struct err err;
};

static void on_output(void *arg, int stream, const char *bytes, size_t len)
{
    struct session *session = arg;
    ERR_AUTO(err);

    if (file_write_standard(stream == 2 ? STDERR_FILENO : STDOUT_FILENO, bytes, len, &err) < 0 &&
        !err_is_set(&session->err)) {
        err_move(&session->err, &err);
        session->is_done = true;
    }
}

static void on_done(void *arg, int exit_code, struct err *err)
{
    struct session *session = arg;

    session->stream = NULL;
    session->is_done = true;
    session->exit_code = exit_code;
    if (err_is_set(err) && !err_is_set(&session->err))
        err_move(&session->err, err);
}

static void on_resize(void *arg, int signo)
{
    struct session *session = arg;

    (void)signo;
    terminal_update_size(&session->context->terminal);
    if (session->stream != NULL)
        session->context->ops->stream_resize(session->stream, session->context->terminal.rows,
                                             session->context->terminal.columns);
}

/* The program gets the first one, where the operator can pass it on; another ends the wait for it.
 */
static void on_signal(void *arg, int signo)
{
    struct session *session = arg;

    if (session->stream != NULL && session->context->ops->stream_signal != NULL &&
        !session->is_signalled && !session->no_signals &&
        session->context->ops->stream_signal(session->stream, signo)) {
        session->is_signalled = true;
        return;
    }
    err_release(&session->err);
    err_set(&session->err, ERR_INTERRUPTED, "interrupted by signal %d", signo);
    session->is_done = true;
}

static int run(struct cmd_context *context, const struct session_options *options, struct err *err)
{
    struct session session = { .context = context,
                               .no_signals = options->no_signals,
                               .err = ERR_INIT };
    struct loop_source *resize = loop_add_signal(context->loop, SIGWINCH, on_resize, &session);
    struct operate_signals signals;
    int result = 0;

    operate_catch(context, on_signal, &session, &signals);
    if (options->is_raw)
        result = terminal_make_raw(err);
    if (result == 0) {
        session.stream = options->open(context, options->arg, on_output, on_done, &session);
        if (options->with_input)
            session.input = input_start(context, session.stream);
        result = operate_until(context, &session.is_done, err);
    }
    input_stop(session.input);
    terminal_restore();
    operate_let_go(&signals);
    loop_remove(resize);
    if (session.stream != NULL)
        context->ops->stream_cancel(session.stream);
    if (result == 0 && err_is_set(&session.err))
        result = err_move(err, &session.err);
    err_release(&session.err);
    return result < 0 ? -1 : session.exit_code;
}

int session_run(struct cmd_context *context, const struct session_options *options,
                const char *service, int64_t index, const char **ret_instance_id, struct err *err)
{
    const struct existing *instance = NULL;
    struct existing_set set;
    int result;

    if (operate_pick(context, service, index, &set, &instance, err) < 0)
        return -1;
    *ret_instance_id = instance->id;
    result = run(context, options, err);
    existing_set_release(&set);
    return result;
}
