/*
 * attach.c - `attach`: connects standard input, output and error to those of a service that runs;
 * ends with the service's exit status.
 */
#include "base/base.h"

#include "cmd/operate.h"
#include "cmd/session.h"
#include "cmd/commands.h"

struct attach_options {
    const char *detach_keys;
    struct opt_int index;
    bool no_stdin;
    struct opt_bool sig_proxy;
};

#define OPTIONS_OF attach_options
static const struct option_row attach_rows[] = {
    OPTION_VALUE(0, "detach-keys", OPTION_TEXT, detach_keys, "KEYS",
                 "Keys that end the connection, and not the service"),
    OPTION(0, "index", OPTION_INT, index, "Number of the instance when the service has several"),
    OPTION(0, "no-stdin", OPTION_BOOL, no_stdin, "Do not connect standard input"),
    OPTION(0, "sig-proxy", OPTION_OPT_BOOL, sig_proxy,
           "Pass signals on to the service (default true)"),
    OPTIONS_END,
};
#undef OPTIONS_OF

static struct operator_stream *open_stream(struct cmd_context *context, void *arg,
                                           stream_output_fn output, stream_done_fn done,
                                           void *done_arg)
{
    return context->ops->attach(context->operator_handle, arg, output, done, done_arg);
}

static int run_attach(struct cmd_context *context, const void *values,
                      const struct text_list *words, struct err *err)
{
    const struct attach_options *options = values;
    const struct service *service =
        context->project != NULL ? project_find_service(context->project, words->items[0]) : NULL;
    bool has_terminal = context->terminal.is_in && context->terminal.is_out;
    struct attach_query query = {
        .detach_keys = options->detach_keys,
        .tty = service != NULL && service->tty,
        .with_input = !options->no_stdin && (service == NULL || service->stdin_open),
        .with_output = true,
    };
    const struct session_options session = {
        .is_raw = query.tty && query.with_input && has_terminal,
        .with_input = query.with_input,
        .no_signals = options->sig_proxy.has && !options->sig_proxy.value,
        .open = open_stream,
        .arg = &query,
    };

    if (context->ops->attach == NULL)
        return err_set(err, ERR_UNSUPPORTED, "operator \"%s\" cannot attach to services",
                       context->ops->name);
    return session_run(context, &session, words->items[0],
                       options->index.has ? options->index.value : 0, &query.instance_id, err);
}

const struct cmd cmd_attach = {
    .name = "attach",
    .synopsis = "[OPTIONS] SERVICE",
    .summary =
        "Attach local standard input, output, and error streams to a service's running container",
    .options = attach_rows,
    .options_size = sizeof(struct attach_options),
    .needs = NEEDS_PROJECT_OR_NAME | NEEDS_OPERATOR,
    .min_words = 1,
    .max_words = 1,
    .run = run_attach,
    .words_are_services = true,
};
