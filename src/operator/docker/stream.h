/*
 * stream.h - an open stream of the docker operator: logs, events, exec or attach. The parts that
 * differ are functions; stream.c has the rest. Used inside of this folder only.
 */
#ifndef OCTO_OPERATOR_DOCKER_STREAM_H
#define OCTO_OPERATOR_DOCKER_STREAM_H

#include "operator/docker/docker.h"

/* The first member of each kind of stream. */
struct operator_stream {
    struct docker *docker;
    struct loop_source *soon; /* a report in the next round */
    struct engine_call *call; /* the connection, or NULL */
    /* NULL: not for this kind. */
    void (*resize)(struct operator_stream *stream, unsigned rows, unsigned columns);
    void (*pause)(struct operator_stream *stream, bool is_paused);
    void (*signal)(struct operator_stream *stream, int signo);
    void (*release)(struct operator_stream *stream); /* frees what is its own; the stream as well */
    /* Input that came before the connection was there. */
    struct str early;
    bool is_early_end;
    bool is_open; /* the connection takes input */
};

/* The connection is there: sends what was written before. */
void stream_opened(struct operator_stream *stream);
/* Ends the stream: calls nothing, frees everything. */
void stream_free(struct operator_stream *stream);

#endif
