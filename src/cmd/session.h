/*
 * session.h - a stream of an operator that this program's own standard streams are connected to,
 * from its opening to its end: exec and attach.
 */
#ifndef OCTO_CMD_SESSION_H
#define OCTO_CMD_SESSION_H

#include "cmd/context.h"

/* Opens the stream; arg is what session_run() was given. */
typedef struct operator_stream *(*session_open_fn)(struct cmd_context *context, void *arg,
                                                   stream_output_fn output, stream_done_fn done,
                                                   void *done_arg);

struct session_options {
    bool is_raw;     /* the terminal's keys go to the other side as they are */
    bool with_input; /* standard input is read */
    bool no_signals; /* SIGINT and SIGTERM end the session instead of being passed on */
    session_open_fn open;
    void *arg;
};
/* With an instance of the service (index from 1; 0: the lowest), until the stream ends. *ret_instance_id is
   set before the stream is opened and lives as long. Returns the exit code that it ended with, or -1. */
int session_run(struct cmd_context *context, const struct session_options *options,
                const char *service, int64_t index, const char **ret_instance_id, struct err *err);

#endif
