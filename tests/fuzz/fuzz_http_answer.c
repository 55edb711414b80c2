/*
 * fuzz_http_answer.c - an engine that answers anything: the input is what comes back for a call, a stream of
 * values and a hijacked connection. Each of them ends exactly once, with an answer or with an error.
 */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/engine.h"

#include "tests/unit/fake_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(cond) ((cond) ? (void)0 : __builtin_trap())
#define PATIENCE_MS 5000

struct seen {
    int n_done;
    uint64_t n_bytes;
};

static void on_done(void *arg, struct engine_answer *answer, struct err *err)
{
    struct seen *seen = arg;
    MUST(err == NULL || err->text != NULL);
    MUST(err == NULL || answer->node == NULL);
    seen->n_done++;
}

static int on_value(void *arg, struct node *value, struct err *err)
{
    (void)err;
    ((struct seen *)arg)->n_bytes += value->kind;
    return 0;
}

static int on_data(void *arg, const char *bytes, size_t len)
{
    (void)bytes;
    ((struct seen *)arg)->n_bytes += len;
    return 0;
}

static void ask(struct loop *loop, struct engine *engine, unsigned kind)
{
    struct seen seen = { 0, 0 };
    ERR_AUTO(err);
    struct engine_stream_spec spec = {
        .method = "POST", .path = "/x", .what = "x", .done = on_done, .arg = &seen
    };
    spec.value = kind == 1 ? on_value : NULL;
    spec.data = kind == 1 ? NULL : on_data;
    spec.is_hijack = kind == 2;
    if (kind == 0)
        engine_call(engine, "GET", "/x", NULL, "x", NULL, on_done, &seen);
    else
        engine_stream(engine, &spec);
    int64_t end = clock_now_ms() + PATIENCE_MS;
    while (seen.n_done == 0 && clock_now_ms() < end)
        MUST(loop_step(loop, 100, &err) == 0);
    MUST(seen.n_done == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char host[100];
    static const char *const environment[] = { "DOCKER_API_VERSION=1.44",
                                               "DOCKER_CONFIG=/nonexistent", NULL };
    struct loop *loop = NULL;
    struct engine *engine = NULL;
    ERR_AUTO(err);
    snprintf(host, sizeof(host), "unix:///tmp/octo-fuzz-%d", (int)getpid());
    MUST(loop_new(&loop, &err) == 0);
    struct fake_server *server = fake_server_new(loop, host + 7);
    for (unsigned kind = 0; kind < 3; kind++) {
        struct engine_config config = { .loop = loop, .environment = environment, .host = host };
        MUST(engine_open(&config, &engine, &err) == 0);
        /* libcurl asks again when nothing came on a kept connection, but never more often than this. */
        for (int i = 0; i < 8; i++)
            fake_server_add(server,
                            &(struct fake_answer){ .bytes = size ? (const char *)data : NULL,
                                                   .len = size,
                                                   .step = size < 64 ? 1 : 0,
                                                   .closes = true });
        ask(loop, engine, kind);
        engine_close(engine);
    }
    fake_server_free(server);
    loop_free(loop);
    return 0;
}
