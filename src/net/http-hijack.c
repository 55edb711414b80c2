/*
 * http-hijack.c - what goes to the peer after an upgrade: raw bytes, sent on a descriptor of our own of
 * libcurl's socket, as far as it takes them, the rest when the loop says so. What comes from the peer is
 * the answer's body as ever (http-request.c). Internal to the HTTP client.
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http-internal.h"

#define COMPACT_AT (64u << 10)

void http_hijack_connect(struct http_request *request, int fd)
{
    if (request->fd >= 0)
        close(request->fd);
    request->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static void end_input(struct http_request *request)
{
    loop_remove(request->writer);
    request->writer = NULL;
    request->is_input_closed = true;
    str_clear(&request->out);
    request->out_at = 0;
    if (request->fd >= 0)
        shutdown(request->fd, SHUT_WR);
}

static void flush(struct http_request *request);

static void on_writable(void *arg, int fd, unsigned events)
{
    (void)fd, (void)events;
    flush(arg);
}

/* Sends what is queued; watches for room when not all of it went. */
static void flush(struct http_request *request)
{
    if (!request->is_input_open || request->is_input_closed)
        return;
    while (request->out_at < request->out.len) {
        ssize_t n = send(request->fd, request->out.buf + request->out_at,
                         request->out.len - request->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            if (request->writer == NULL)
                request->writer = loop_add_fd(request->http->loop, request->fd, LOOP_WRITE,
                                              on_writable, request);
            return;
        }
        if (n < 0) {
            end_input(request);
            return;
        }
        request->has_sent = true;
        request->out_at += (size_t)n;
        if (request->out_at >= COMPACT_AT && request->out_at >= request->out.len / 2) {
            str_remove(&request->out, 0, request->out_at);
            request->out_at = 0;
        }
    }
    str_clear(&request->out);
    request->out_at = 0;
    loop_remove(request->writer);
    request->writer = NULL;
    if (request->closes_input)
        end_input(request);
}

void http_hijack_open(struct http_request *request)
{
    if (request->fd < 0)
        return;
    request->is_input_open = true;
    flush(request);
}

void http_hijack_release(struct http_request *request)
{
    loop_remove(request->writer);
    request->writer = NULL;
    if (request->fd >= 0)
        close(request->fd);
    request->fd = -1;
    str_release(&request->out);
}

void http_write(struct http_request *request, const char *bytes, size_t len)
{
    if (request->is_input_closed || request->closes_input || request->state == HTTP_FINISHED)
        return;
    str_add_len(&request->out, bytes, len);
    flush(request);
}

size_t http_write_pending(const struct http_request *request)
{
    return request->out.len - request->out_at;
}

void http_close_input(struct http_request *request)
{
    request->closes_input = true;
    flush(request);
}
