/*
 * stream.c - what all streams of the docker operator have in common: input before and after the
 * connection is there, back-pressure, the end. Called through docker_ops and by stream-*.c.
 */
#include "base/base.h"

#include "operator/docker/stream.h"

static struct http_request *request_of(struct operator_stream *stream)
{
    return stream->call ? engine_call_request(stream->call) : NULL;
}

void stream_opened(struct operator_stream *stream)
{
    struct http_request *request = request_of(stream);
    stream->is_open = true;
    if (!request)
        return;
    if (stream->early.len)
        http_write(request, stream->early.buf, stream->early.len);
    str_release(&stream->early);
    if (stream->is_early_end)
        http_close_input(request);
}

void docker_stream_write(struct operator_stream *stream, const char *bytes, size_t len)
{
    struct http_request *request = request_of(stream);
    if (stream->is_open && request)
        http_write(request, bytes, len);
    else if (!stream->is_open)
        str_add_len(&stream->early, bytes, len);
}

void docker_stream_close_input(struct operator_stream *stream)
{
    struct http_request *request = request_of(stream);
    if (stream->is_open && request)
        http_close_input(request);
    else
        stream->is_early_end = true;
}

void docker_stream_resize(struct operator_stream *stream, unsigned rows, unsigned columns)
{
    if (stream->resize)
        stream->resize(stream, rows, columns);
}

bool docker_stream_signal(struct operator_stream *stream, int signo)
{
    if (stream->signal)
        stream->signal(stream, signo);
    return stream->signal != NULL;
}

void docker_stream_pause(struct operator_stream *stream, bool is_paused)
{
    struct http_request *request = request_of(stream);
    if (stream->pause)
        stream->pause(stream, is_paused);
    else if (request)
        http_pause(request, is_paused);
}

void stream_free(struct operator_stream *stream)
{
    engine_cancel(STEAL_PTR(stream->call));
    loop_remove(STEAL_PTR(stream->soon));
    str_release(&stream->early);
    stream->release(stream);
}

void docker_stream_cancel(struct operator_stream *stream)
{
    if (stream)
        stream_free(stream);
}
