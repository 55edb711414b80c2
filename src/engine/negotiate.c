/*
 * negotiate.c - which version of the API is spoken: the smaller of ours and the engine's, from one
 * GET /_ping that every call waits for, or the user's DOCKER_API_VERSION. Versions are integers.
 */
#include "base/base.h"

#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/engine-internal.h"

#define PING_TIMEOUT_MS 60000

int negotiate_parse(const char *text)
{
    int64_t minor = 0;
    if (text == NULL || !text_starts(text, "1.") || text[2] < '0' || text[2] > '9' ||
        text_to_int(text + 2, &minor) != 0 || minor > 9999)
        return -1;
    return (int)minor;
}

int negotiate_forced(struct engine *engine, struct err *err)
{
    const char *text = engine_getenv(engine, "DOCKER_API_VERSION");
    if (text == NULL || *text == '\0')
        return 0;
    int minor = negotiate_parse(*text == 'v' ? text + 1 : text);
    if (minor < ENGINE_API_MIN || minor > ENGINE_API_MAX)
        return err_set(err, ERR_USAGE,
                       "unusable DOCKER_API_VERSION \"%s\": versions 1.%d to 1.%d can be spoken; unset it "
                       "to use what the engine offers", text, ENGINE_API_MIN, ENGINE_API_MAX);
    engine->api = (unsigned)minor;
    engine->state = ENGINE_READY;
    return 0;
}

/* Starts every waiting call, or fails it when err is set. Callbacks may do anything, so the list is
   looked through again after each. */
static void settle(struct engine *engine, const struct err *err)
{
    /* A close within a callback frees the engine: a call of our own in front tells. */
    struct engine_call *guard = call_new(engine, "", "", NULL, "", NULL);
    guard->is_long = true;
    call_enter(guard);
    for (;;) {
        struct engine_call *oldest = NULL;
        if (guard->engine == NULL || (err && engine->state != ENGINE_NEW))
            break;
        for (struct engine_call *call = engine->first; call; call = call->next) {
            if (call != guard && call->request == NULL && !call->is_cancelled && call->depth == 0)
                oldest = call;
        }
        if (oldest == NULL)
            break;
        if (err)
            call_fail(oldest, err);
        else
            call_send(oldest);
    }
    guard->is_cancelled = true;
    call_leave(guard);
}

/* How far a remote engine's clock is ahead of ours, to the second, from the answer's date. */
static void set_clock(struct engine *engine, const struct http_answer *answer)
{
    const char *date = answer->header(answer, "date");
    struct tm parts = { 0 };
    if ((engine->endpoint.unix_socket && engine->ssh == NULL) || date == NULL ||
        strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &parts) == NULL)
        return;
    engine->ahead_ns = (int64_t)timegm(&parts) * 1000000000 - clock_wall_ns();
}

static int use_answer(struct engine *engine, const struct http_answer *answer, struct err *err)
{
    const char *version = answer->header(answer, "api-version");
    const char *builder = answer->header(answer, "builder-version");
    int minor = version ? negotiate_parse(version) : ENGINE_API_MAX;
    if (minor < 0)
        return err_set(err, ERR_PROTOCOL,
                       "the engine at \"%s\" speaks version \"%.40s\" of its API, which "
                       "makes no sense",
                       engine_host(engine), version);
    if (minor < ENGINE_API_MIN)
        return err_set(err, ERR_UNSUPPORTED,
                       "the engine at \"%s\" is too old: it speaks version 1.%d of its API, 1.%d (Docker "
                       "Engine 20.10) is needed", engine_host(engine), minor, ENGINE_API_MIN);
    set_clock(engine, answer);
    engine->api = MIN((unsigned)minor, (unsigned)ENGINE_API_MAX);
    engine->is_podman = answer->header(answer, "libpod-api-version") != NULL;
    engine->builder =
        builder && builder[0] >= '0' && builder[0] <= '9' ? (unsigned)(builder[0] - '0') : 0;
    return 0;
}

static void set_refused(struct engine *engine, const struct http_answer *answer, struct err *err)
{
    STR_AUTO(quoted);
    http_quote(answer->body->buf, answer->body->len, &quoted);
    err_set(
        err, ERR_PROTOCOL,
        "\"%s\" is no Docker Engine, or one in trouble: it answered the ping with status %d: %s",
        engine_host(engine), answer->status, quoted.buf);
    err->status = answer->status;
}

/* Says where the Engine was to be, unless the error does: "cannot connect to ...". */
static void wrap_silence(const struct engine *engine, struct err *err)
{
    const char *host = engine_host(engine);
    const char *scheme_end = strstr(host, "://");

    if (strstr(err->text, scheme_end ? scheme_end + 3 : host))
        err_wrap(err, "no answer from the Docker Engine");
    else
        err_wrap(err, "no answer from the Docker Engine at \"%s\"", host);
}

static void on_ping(void *arg, struct http_answer *answer, struct err *http_err)
{
    struct engine *engine = arg;
    ERR_AUTO(err);
    engine->ping = NULL;
    if (http_err) {
        err_move(&err, http_err);
        wrap_silence(engine, &err);
        answer_wrap(engine, NULL, &err);
    } else if (answer->status != 200) {
        set_refused(engine, answer, &err);
    } else {
        (void)!use_answer(engine, answer, &err);
    }
    engine->state = err_is_set(&err) ? ENGINE_NEW : ENGINE_READY;
    settle(engine, err_is_set(&err) ? &err : NULL);
}

void negotiate_start(struct engine *engine)
{
    if (engine->state != ENGINE_NEW)
        return;
    engine->state = ENGINE_ASKING;
    /* GET and not HEAD, which docker sends: a refusal then says why. */
    struct http_request_spec spec = {
        .method = "GET",
        .path = "/_ping",
        .done = on_ping,
        .arg = engine,
        .timeout_ms = PING_TIMEOUT_MS,
    };
    engine->ping = http_start(engine->http, &spec);
}

void engine_negotiate(struct engine *engine, engine_ready_fn done, void *arg)
{
    struct engine_call *call = call_new(engine, "", "", NULL, "", arg);
    call->ready = done;
    call_submit(call);
}
