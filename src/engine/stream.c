/*
 * stream.c - calls whose answer comes in pieces: JSON values one after the other (events, pull, build),
 * raw bytes (logs), hijacked connections (attach, exec). A stream of values that holds an error has
 * failed, whatever its status was.
 */
#include "base/base.h"

#include "base/mem.h"
#include "engine/engine-internal.h"

struct engine_call *engine_stream(struct engine *engine, const struct engine_stream_spec *spec)
{
    struct engine_call *call =
        call_new(engine, spec->method, spec->path, spec->body, spec->what, spec->arg);
    call->is_stream = true;
    call->is_hijack = spec->is_hijack;
    call->is_long = spec->is_long;
    call->is_background = spec->is_background;
    call->read = spec->read;
    call->head = spec->head;
    call->data = spec->data;
    call->value = spec->value;
    call->done = spec->done;
    call->content_type = spec->content_type ? mem_dup(spec->content_type) : NULL;
    for (const char *const *header = spec->headers; header && *header; header++)
        VEC_ADD(&call->headers, mem_dup(*header));
    call_submit(call);
    return call;
}

/* {"errorDetail": {"code": 401, "message": "..."}, "error": "..."}: how a stream that began well says
   that the work failed. */
static int check_value(const struct node *value, struct err *err)
{
    const struct node *detail = node_get(value, "errorDetail");
    const char *message = node_as_text(node_get(detail, "message"));
    if (message == NULL)
        message = node_as_text(node_get(value, "error"));
    if (message == NULL && !node_is(detail, NODE_MAP))
        return 0;
    struct slice text = slice_trim(slice_from(message ? message : "an error without a reason"));
    CLEANUP(mem_cleanup) char *trimmed = mem_dup_len(text.at, text.len);
    const char *hint = answer_hint(trimmed);
    return err_set(err, ERR_FAILED, "engine said: %s%s%s", trimmed, hint ? ": " : "",
                   hint ? hint : "");
}

static int on_value(void *arg, struct node *value, struct err *err)
{
    struct engine_call *call = arg;
    if (call->is_cancelled)
        return err_set(err, ERR_INTERRUPTED, "cancelled");
    if (check_value(value, err) == 0 && call->value(call->arg, value, err) == 0)
        return 0;
    call->has_value_failed = true;
    return -1;
}

static int on_data(void *arg, const char *bytes, size_t len)
{
    struct engine_call *call = arg;
    int result;
    call_enter(call);
    if (call->data) {
        result = call->data(call->arg, bytes, len);
    } else {
        result = jread_stream_feed(call->stream, bytes, len, &call->fail);
        if (result != 0 && !call->has_value_failed) {
            STR_AUTO(quoted);
            http_quote(bytes, len, &quoted);
            err_wrap(&call->fail, "the engine's answer makes no sense: %s", quoted.buf);
        }
    }
    return call_leave(call) ? result : -1;
}

static void on_head(void *arg, struct http_answer *answer)
{
    struct engine_call *call = arg;
    call_enter(call);
    call->head(call->arg, answer);
    call_leave(call);
}

static ptrdiff_t on_read(void *arg, char *buf, size_t cap)
{
    struct engine_call *call = arg;
    call_enter(call);
    ptrdiff_t n = call->read(call->arg, buf, cap);
    return call_leave(call) ? n : -1;
}

void stream_send(struct engine_call *call, struct http_request_spec *spec)
{
    /* Raw bytes that end by themselves keep no place from others for long. */
    spec->is_stream = call->is_long || call->is_hijack || call->read || call->data == NULL;
    spec->data = on_data;
    if (call->read)
        spec->read = on_read;
    if (call->head)
        spec->head = on_head;
    if (call->data == NULL)
        call->stream = jread_stream_new(on_value, call);
}

int stream_end(struct engine_call *call, struct err *err)
{
    if (call->stream == NULL || jread_stream_end(call->stream, err) == 0)
        return 0;
    return err_wrap(err, "%s %s: the engine's answer was cut off", call->method, call->what);
}
