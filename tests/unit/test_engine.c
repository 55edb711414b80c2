/*
 * test_engine.c - calls on an engine: versions, answers, refusals, streams, their end in the middle; and,
 * when DOCKER_HOST names one, a real engine.
 */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/engine.h"

#include "tests/unit/fake_server.h"
#include "tests/unit/tap.h"

struct seen {
    bool is_done;
    int status;
    enum err_code code;
    struct str text, body; /* of the error; the answer or the stream */
    int n_values;
    bool cancels, closes;
    struct engine_call *call;
};

static struct loop *loop;
static struct fake_server *server;
static struct engine *engine;
static char path[200];

#define PING(version)                                                                              \
    "HTTP/1.1 200 OK\r\nApi-Version: " version "\r\nBuilder-Version: 2\r\nContent-Length: 0\r\n\r\n"

static void begin(const char *ping, const char *const *environment)
{
    ERR_AUTO(err);
    STR_AUTO(host);
    if (loop_new(&loop, &err) != 0)
        exit(1);
    server = fake_server_new(loop, path);
    if (ping)
        fake_server_say(server, ping);
    str_printf(&host, "unix://%s", path);
    struct engine_config config = { .loop = loop, .environment = environment, .host = host.buf };
    if (engine_open(&config, &engine, &err) != 0)
        exit(1);
}

static void end(void)
{
    engine_close(engine);
    engine = NULL;
    fake_server_free(server);
    loop_free(loop);
}

static void seen_init(struct seen *seen)
{
    memset(seen, 0, sizeof(*seen));
    str_init(&seen->text, 0);
    str_init(&seen->body, 0);
}

static void seen_release(struct seen *seen)
{
    str_release(&seen->text);
    str_release(&seen->body);
}

static void on_done(void *arg, struct engine_answer *answer, struct err *err)
{
    struct seen *seen = arg;
    seen->is_done = true;
    seen->status = answer->status;
    if (answer->node)
        jwrite_node_text(answer->node, 0, &seen->body);
    if (err) {
        seen->code = err->code;
        str_add(&seen->text, err->text);
        ok(answer->status == 0 || err->status == answer->status);
    }
    engine_cancel(seen->call); /* means nothing any more */
    if (seen->closes) {
        engine_close(engine);
        engine = NULL;
    }
}

static void turn(int64_t for_ms, const bool *until)
{
    ERR_AUTO(err);
    int64_t end_ms = clock_now_ms() + for_ms;
    while ((until == NULL || !*until) && clock_now_ms() < end_ms) {
        if (loop_step(loop, 5, &err) != 0)
            return;
    }
}

static void call(struct seen *seen, const char *method, const char *target, const int *ok_status)
{
    seen_init(seen);
    seen->call =
        engine_call(engine, method, target, NULL, "container \"web-1\"", ok_status, on_done, seen);
    ok(!seen->is_done);
    turn(5000, &seen->is_done);
}

/* ------------------------------------------------------------ versions */

static void test_versions(void)
{
    static const struct {
        const char *ping, *target, *text;
        unsigned api;
    } rows[] = {
        { PING("1.41"), "GET /v1.41/x ", "", 41 },
        { PING("1.51"), "GET /v1.51/x ", "", 51 },
        { PING("1.99"), "GET /v1.55/x ", "", 55 },
        { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "GET /v1.55/x ", "", 55 },
        { PING("1.40"), NULL,
          "is too old: it speaks version 1.40 of its API, 1.41 (Docker Engine 20.10)", 0 },
        { PING("1.9"), NULL, "is too old: it speaks version 1.9", 0 },
        { PING("2.0"), NULL, "speaks version \"2.0\" of its API, which makes no sense", 0 },
        { PING("1.x"), NULL, "makes no sense", 0 },
        { "SSH-2.0-OpenSSH_9.2\r\n", NULL,
          "\": the answer is not HTTP: \"SSH-2.0", 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct seen seen;
        begin(rows[i].ping, NULL);
        call(&seen, "GET", "/x", NULL);
        is_int(seen.code == ERR_NONE, rows[i].api > 0);
        if (!ok(strstr(seen.text.buf, rows[i].text) != NULL))
            tap_note("\"%s\"", seen.text.buf);
        is_int(engine_api(engine), rows[i].api);
        ok(fake_server_request(server, 0) &&
           text_starts(fake_server_request(server, 0), "GET /_ping "));
        const char *request = fake_server_request(server, 1);
        ok(rows[i].target ? request && text_starts(request, rows[i].target) : request == NULL);
        seen_release(&seen);
        end();
    }
    struct seen seen;
    const char *const forced[] = { "DOCKER_API_VERSION=1.44", "DOCKER_CUSTOM_HEADERS=A=b,C=d",
                                   NULL };
    begin(NULL, forced);
    call(&seen, "GET", "/x", NULL);
    ok(text_starts(fake_server_request(server, 0), "GET /v1.44/x "));
    ok(strstr(fake_server_request(server, 0), "\r\nA: b\r\nC: d\r\n") != NULL);
    seen_release(&seen);
    end();
}

static void on_ready(void *arg, struct err *err)
{
    *(int *)arg = err ? -1 : 1;
}

/* One question for many callers, and the next one after a bad answer. */
static void test_negotiation(void)
{
    struct seen seen[3];
    int ready = 0, again = 0;
    begin("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nLibpod-API-Version: 4.3.1\r\nContent-Length: "
          "0\r\n\r\n",
          NULL);
    for (int i = 0; i < 3; i++) {
        seen_init(&seen[i]);
        seen[i].call = engine_call(engine, "GET", "/x", NULL, "x", NULL, on_done, &seen[i]);
    }
    engine_negotiate(engine, on_ready, &ready);
    engine_cancel(seen[1].call);
    turn(5000, &seen[2].is_done);
    turn(5000, &seen[0].is_done);
    is_int(ready, 1);
    ok(engine_is_podman(engine));
    ok(!seen[1].is_done);
    is_int((int64_t)fake_server_n_requests(server), 3);
    engine_negotiate(engine, on_ready, &again);
    is_int(again, 0);
    turn(50, NULL);
    is_int(again, 1);
    for (int i = 0; i < 3; i++)
        seen_release(&seen[i]);
    end();
    begin("HTTP/1.1 503 No\r\nContent-Length: 8\r\n\r\nstarting", NULL);
    call(&seen[0], "GET", "/x", NULL);
    ok(strstr(seen[0].text.buf, "it answered the ping with status 503: \"starting\"") != NULL);
    seen_release(&seen[0]);
    /* The next call asks anew. */
    fake_server_say(server, PING("1.45"));
    call(&seen[0], "GET", "/x", NULL);
    is_int(seen[0].code, ERR_NONE);
    is_int(engine_api(engine), 45);
    is_int(engine_builder(engine), 2);
    seen_release(&seen[0]);
    end();
}

/* ------------------------------------------------------------ answers */

static const struct {
    const char *answer, *body, *text;
    int ok_status[2];
    enum err_code code;
} answers[] = {
    { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[{\"a\":1}]", "[{\"a\":1}]", "", { 0, 0 }, ERR_NONE },
    { "HTTP/1.1 204 No Content\r\n\r\n", "", "", { 0, 0 }, ERR_NONE },
    { "HTTP/1.1 304 Not Modified\r\n\r\n", "", "", { 304, 0 }, ERR_NONE },
    { "HTTP/1.1 304 Not Modified\r\n\r\n", "", "GET container \"web-1\": the engine answered status 304 without a "
      "reason", { 404, 0 }, ERR_FAILED },
    { "HTTP/1.1 404 No\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\r\n"
      "{\"message\":\"No such container: x\"}\n", "",
      "GET container \"web-1\": engine said: No such container: x (404)", { 0, 0 }, ERR_NOT_FOUND },
    { "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n{}", "{}", "", { 304, 404 }, ERR_NONE },
    { "HTTP/1.1 400 Bad\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 29\r\n\r\n"
      "client version 1.3 is too old", "",
      "GET container \"web-1\": engine said: client version 1.3 is too old (400): set DOCKER_API_VERSION to a "
      "version that the engine speaks", { 0, 0 }, ERR_FAILED },
    { "HTTP/1.1 409 No\r\nContent-Length: 45\r\n\r\n{\"cause\":\"in use\",\"response\":409, \"other\":[]}", "",
      "GET container \"web-1\": engine said: in use (409)", { 0, 0 }, ERR_CONFLICT },
    { "HTTP/1.1 500 No\r\nContent-Length: 12\r\n\r\n<html>no\x01way", "",
      "GET container \"web-1\": engine said: \"<html>no\\x01way\" (500)", { 0, 0 }, ERR_FAILED },
    { "HTTP/1.1 501 No\r\nContent-Length: 15\r\n\r\n{\"message\":17.5}", "", "(501)", { 0, 0 }, ERR_UNSUPPORTED },
    { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "",
      "GET container \"web-1\": the engine's answer is no JSON: \"hello\" (status 200, 5 bytes)", { 0, 0 },
      ERR_PROTOCOL },
    { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{\"a\":", "", "is no JSON: \"{\"a\":\"", { 0, 0 }, ERR_PROTOCOL },
    { "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"a\":", "",
      "GET container \"web-1\": the answer was cut off after 5 bytes", { 0, 0 }, ERR_PROTOCOL },
};

static void test_answers(void)
{
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct seen seen;
        begin(PING("1.41"), NULL);
        fake_server_add(server,
                        &(struct fake_answer){ .bytes = answers[i].answer, .closes = true });
        call(&seen, "GET", "/x", answers[i].ok_status);
        if (!is_int(seen.code, answers[i].code) ||
            !ok(strstr(seen.text.buf, answers[i].text) != NULL))
            tap_note("got \"%s\", want \"%s\"", seen.text.buf, answers[i].text);
        is_text(seen.body.buf, answers[i].body);
        seen_release(&seen);
        end();
    }
}

static void test_check(void)
{
    ERR_AUTO(err);
    ERR_AUTO(none);
    struct arena *arena = arena_new();
    struct engine_answer answer = { 200, arena, NULL };
    is_int(jread_parse(arena, 0, "[1]", 3, &answer.node, &err), 0);
    is_int(engine_answer_check(&answer, NODE_LIST, "containers", &err), 0);
    is_int(engine_answer_check(&answer, NODE_MAP, "containers", &err), -1);
    ok(err.text && strstr(err.text, "containers: the engine's answer makes no sense: it is ") &&
       strstr(err.text, ", not a mapping: \"[1]\""));
    answer.node = NULL;
    is_int(engine_answer_check(&answer, NODE_MAP, "containers", &none), -1);
    ok(none.text && strstr(none.text, "it is empty, not a mapping"));
    arena_free(arena);
}

/* ------------------------------------------------------------ streams */

static int on_value(void *arg, struct node *value, struct err *err)
{
    struct seen *seen = arg;
    seen->n_values++;
    jwrite_node_text(value, 0, &seen->body);
    if (seen->cancels) {
        engine_cancel(seen->call);
        seen->call = NULL;
    }
    if (node_get(value, "stop"))
        return err_set(err, ERR_LIMIT, "enough");
    return 0;
}

static void stream(struct seen *seen, const char *body, size_t step, bool is_cut)
{
    STR_AUTO(answer);
    begin(PING("1.41"), NULL);
    str_printf(&answer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n%s\r\n%s",
               strlen(body), body, is_cut ? "" : "0\r\n\r\n");
    fake_server_add(server,
                    &(struct fake_answer){ .bytes = answer.buf, .step = step, .closes = true });
    struct engine_stream_spec spec = { .method = "POST",
                                       .path = "/images/create?fromImage=a",
                                       .what = "image \"a\"",
                                       .value = on_value,
                                       .done = on_done,
                                       .arg = seen };
    seen->call = engine_stream(engine, &spec);
    turn(5000, &seen->is_done);
}

static void test_streams(void)
{
    static const struct {
        const char *body, *seen, *text;
        bool is_cut;
    } rows[] = {
        { "{\"a\":1}\r\n{\"b\":[2]}\r\n", "{\"a\":1}{\"b\":[2]}", "", false },
        { "{\"a\":1}\r\n{\"errorDetail\":{\"message\":\"pull access denied for a\"},\"error\":\"x\"}\r\n", "{\"a\":1}",
          "POST image \"a\": engine said: pull access denied for a: check the image's name", false },
        { "{\"error\":\"old \"}", "", "POST image \"a\": engine said: old", false },
        { "{\"errorDetail\":{}}", "", "an error without a reason", false },
        { "{\"a\":1}\r\n{\"b\":", "{\"a\":1}", "POST image \"a\": the engine's answer was cut off", false },
        { "{\"a\":1}\r\n", "{\"a\":1}", "POST image \"a\": the answer was cut off after 9 bytes", true },
        { "{\"a\":1}\r\nrubbish", "{\"a\":1}", "POST image \"a\": the engine's answer makes no sense: ", false },
        { "{\"stop\":1}{\"a\":2}", "{\"stop\":1}", "POST image \"a\": enough", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t step = 0; step < 2; step++) {
            struct seen seen;
            seen_init(&seen);
            stream(&seen, rows[i].body, step, rows[i].is_cut);
            is_text(seen.body.buf, rows[i].seen);
            if (!ok(*rows[i].text ? strstr(seen.text.buf, rows[i].text) != NULL
                                  : seen.text.len == 0))
                tap_note("got \"%s\", want \"%s\"", seen.text.buf, rows[i].text);
            seen_release(&seen);
            end();
        }
    }
}

static void test_ends(void)
{
    struct seen seen;
    seen_init(&seen);
    seen.cancels = true;
    stream(&seen, "{\"a\":1}{\"b\":2}", 1, false);
    ok(!seen.is_done);
    is_int(seen.n_values, 1);
    seen_release(&seen);
    end();
    seen_init(&seen);
    seen.closes = true;
    stream(&seen, "{\"a\":1}{\"b\":2}", 1, false);
    is_int(seen.n_values, 2);
    ok(engine == NULL);
    seen_release(&seen);
    end();
    /* Closed by the first of several that fail together. */
    struct seen several[3];
    begin("HTTP/1.1 200 OK\r\nApi-Version: 1.1\r\nContent-Length: 0\r\n\r\n", NULL);
    for (int i = 0; i < 3; i++) {
        seen_init(&several[i]);
        several[i].closes = true;
        several[i].call = engine_call(engine, "GET", "/x", NULL, "x", NULL, on_done, &several[i]);
    }
    turn(100, NULL);
    is_int(several[0].is_done + several[1].is_done + several[2].is_done, 1);
    for (int i = 0; i < 3; i++)
        seen_release(&several[i]);
    end();
}

static void test_missing(void)
{
    ERR_AUTO(err);
    struct seen seen;
    if (loop_new(&loop, &err) != 0)
        exit(1);
    struct engine_config config = { .loop = loop, .host = "unix:///nonexistent/docker.sock" };
    is_int(engine_open(&config, &engine, &err), 0);
    call(&seen, "GET", "/x", NULL);
    is_int(seen.code, ERR_CONNECT);
    is_text(
        seen.text.buf,
        "no answer from the Docker Engine: cannot connect to \"/nonexistent/docker.sock\": No such "
        "file or directory; is the Docker Engine installed and running (systemctl start docker), "
        "and DOCKER_HOST "
        "right?");
    seen_release(&seen);
    engine_close(engine);
    loop_free(loop);
}

/* ------------------------------------------------------------ a real engine */

static void test_real(const char *host)
{
    ERR_AUTO(err);
    struct seen seen;
    if (loop_new(&loop, &err) != 0)
        exit(1);
    struct engine_config config = { .loop = loop, .host = host };
    is_int(engine_open(&config, &engine, &err), 0);
    call(&seen, "GET", "/containers/json?all=1", NULL);
    is_int(seen.code, ERR_NONE);
    ok(seen.body.buf[0] == '[');
    seen_release(&seen);
    call(&seen, "GET", "/containers/octo-no-such-thing/json", NULL);
    is_int(seen.code, ERR_NOT_FOUND);
    seen_release(&seen);
    seen_init(&seen);
    struct engine_stream_spec spec = { .method = "POST",
                                       .path = "/images/octo-no-such-image/push?tag=1",
                                       .what = "image",
                                       .value = on_value,
                                       .done = on_done,
                                       .arg = &seen,
                                       .headers =
                                           (const char *const[]){ "X-Registry-Auth: e30=", NULL } };
    seen.call = engine_stream(engine, &spec);
    turn(5000, &seen.is_done);
    ok(seen.code != ERR_NONE);
    tap_note("%s", seen.text.buf);
    seen_release(&seen);
    engine_close(engine);
    loop_free(loop);
}

int main(void)
{
    const char *host = getenv("DOCKER_HOST");
    snprintf(path, sizeof(path), "%s/s", tap_folder());
    test_versions();
    test_negotiation();
    test_answers();
    test_check();
    test_streams();
    test_ends();
    test_missing();
    if (host && *host)
        test_real(host);
    else
        tap_skip(7, "DOCKER_HOST names no engine to test with");
    return done_testing();
}
