/*
 * call.c - one call on the engine: it waits for the version, is sent, and its answer is judged. What
 * answers mean is in answer.c, streamed ones are in stream.c.
 */
#include "base/base.h"

#include "base/mem.h"
#include "engine/engine-internal.h"

/* ------------------------------------------------------------ life */

static char *dup_or_null(const char *text)
{
    return text ? mem_dup(text) : NULL;
}

struct engine_call *call_new(struct engine *engine, const char *method, const char *path,
                             const char *body, const char *what, void *arg)
{
    struct engine_call *call = MEM_NEW(struct engine_call);
    call->engine = engine;
    call->method = mem_dup(method);
    call->path = mem_dup(path);
    call->body = dup_or_null(body);
    call->what = mem_dup(what ? what : path);
    call->arg = arg;
    call->next = engine->first;
    if (call->next)
        call->next->previous = call;
    engine->first = call;
    return call;
}

static void unlink_call(struct engine_call *call)
{
    if (call->engine == NULL)
        return;
    if (call->previous)
        call->previous->next = call->next;
    else
        call->engine->first = call->next;
    if (call->next)
        call->next->previous = call->previous;
    call->previous = call->next = NULL;
    call->engine = NULL;
}

void call_free(struct engine_call *call)
{
    unlink_call(call);
    loop_remove(call->soon);
    jread_stream_free(call->stream);
    err_release(&call->fail);
    VEC_EACH(&call->headers, header)
        mem_free(*header);
    VEC_RELEASE(&call->headers);
    mem_free(call->method);
    mem_free(call->path);
    mem_free(call->what);
    mem_free(call->body);
    mem_free(call->content_type);
    mem_free(call);
}

void call_enter(struct engine_call *call)
{
    call->depth++;
}

bool call_leave(struct engine_call *call)
{
    bool is_wanted = !call->is_cancelled;
    if (--call->depth == 0 && !is_wanted)
        call_free(call);
    return is_wanted;
}

void call_abandon(struct engine_call *call)
{
    http_cancel(call->request);
    call->request = NULL;
    call->is_cancelled = true;
    if (call->depth == 0)
        call_free(call);
    else
        unlink_call(call);
}

void engine_cancel(struct engine_call *call)
{
    if (call && !call->is_cancelled)
        call_abandon(call);
}

struct http_request *engine_call_request(struct engine_call *call)
{
    return call->request;
}

/* ------------------------------------------------------------ the end */

/* The last callback. The call is marked first, so that a cancel in it does nothing. */
static void end_call(struct engine_call *call, struct engine_answer *answer, struct err *err)
{
    call->request = NULL;
    call->is_cancelled = true;
    unlink_call(call);
    call->depth++;
    if (call->ready)
        call->ready(call->arg, err_is_set(err) ? err : NULL);
    else
        call->done(call->arg, answer, err_is_set(err) ? err : NULL);
    arena_free(answer->arena);
    call_leave(call);
}

void call_fail(struct engine_call *call, const struct err *err)
{
    ERR_AUTO(copy);
    struct engine_answer answer = { 0, NULL, NULL };
    err_set(&copy, err->code, "%s", err->text);
    copy.status = err->status;
    copy.sys = err->sys;
    end_call(call, &answer, &copy);
}

static bool is_ok(const struct engine_call *call, int status)
{
    return (status >= 200 && status < 300) || (call->is_hijack && status == 101) ||
           (status != 0 && (status == call->ok_status[0] || status == call->ok_status[1]));
}

static void on_done(void *arg, struct http_answer *answer, struct err *http_err)
{
    struct engine_call *call = arg;
    ERR_AUTO(err);
    struct engine_answer result = { answer->status, NULL, NULL };
    call->request = NULL;
    if (err_is_set(&call->fail)) {
        err_move(&err, &call->fail);
        err_wrap(&err, "%s %s", call->method, call->what);
        err.status = answer->status;
    } else if (http_err) {
        err_move(&err, http_err);
        answer_wrap(call->engine, call, &err);
        err.status = answer->status;
    } else if (!is_ok(call, answer->status)) {
        answer_set_refused(call, answer, &err);
    } else if (call->is_stream) {
        call_enter(call);
        int failed = stream_end(call, &err);
        if (!call_leave(call))
            return;
        if (failed)
            err.status = answer->status;
    } else {
        (void)!answer_parse(call, answer, &result, &err);
    }
    end_call(call, &result, &err);
}

/* ------------------------------------------------------------ the beginning */

/* Calls that are answered when something has happened are no burden: they do not wait in the queue of
   the others, nor do those wait for them. */
static bool is_waiting_call(const struct engine_call *call)
{
    static const char *const actions[] = { "/stop", "/restart", "/wait", "/healthcheck/run" };
    size_t len = strcspn(call->path, "?");
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        size_t n = strlen(actions[i]);
        if (len > n && strncmp(call->path + len - n, actions[i], n) == 0)
            return true;
    }
    return call->is_long;
}

static void on_ready(void *arg)
{
    struct engine_call *call = arg;
    struct engine_answer answer = { 0, NULL, NULL };
    ERR_AUTO(none);
    call->soon = NULL;
    end_call(call, &answer, &none);
}

void call_send(struct engine_call *call)
{
    if (call->ready) {
        on_ready(call);
        return;
    }
    STR_AUTO(path);
    str_printf(&path, "/v1.%u%s", call->engine->api, call->path);
    VEC(const char *) headers = { NULL, 0, 0 };
    VEC_EACH(&call->headers, header)
        VEC_ADD(&headers, *header);
    VEC_ADD(&headers, NULL);
    struct http_request_spec spec = {
        .method = call->method,
        .path = path.buf,
        .headers = headers.items,
        .body = call->body,
        .content_type = call->content_type,
        .read = call->read,
        .done = on_done,
        .arg = call,
        .is_hijack = call->is_hijack,
        .is_stream = is_waiting_call(call),
        .is_background = call->is_background,
    };
    if (call->is_stream)
        stream_send(call, &spec);
    call->request = http_start(call->engine->http, &spec);
    VEC_RELEASE(&headers);
}

void call_submit(struct engine_call *call)
{
    struct engine *engine = call->engine;
    if (engine->state != ENGINE_READY)
        negotiate_start(engine);
    else if (call->ready)
        call->soon = loop_add_soon(engine->loop, on_ready, call);
    else
        call_send(call);
}

struct engine_call *engine_call(struct engine *engine, const char *method, const char *path,
                                const char *body, const char *what, const int ok_status[2],
                                engine_done_fn done, void *arg)
{
    struct engine_call *call = call_new(engine, method, path, body, what, arg);
    call->done = done;
    for (size_t i = 0; ok_status && i < 2; i++)
        call->ok_status[i] = ok_status[i];
    call_submit(call);
    return call;
}
