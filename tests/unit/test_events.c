/*
 * test_events.c - the subscription to an engine's events: where it begins, that it comes back after a loss
 * without telling anything twice, when it gives up.
 */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "engine/events.h"

#include "tests/unit/fake_server.h"
#include "tests/unit/tap.h"

struct seen {
    struct str actions;
    int n_again;
    bool is_lost, closes;
    struct str text;
    struct engine_events *events;
};

static struct loop *loop;
static struct fake_server *server;
static struct engine *engine;
static char path[200];

#define PING "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\n\r\n"
#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
#define EVENT(action, nano)                                                                        \
    "{\"Type\":\"container\",\"Action\":\"" action "\",\"Actor\":{\"ID\":\"x\"},\"timeNano\":" nano "}\n"

static void begin(void)
{
    ERR_AUTO(err);
    STR_AUTO(host);
    if (loop_new(&loop, &err) != 0)
        exit(1);
    server = fake_server_new(loop, path);
    fake_server_say(server, PING);
    str_printf(&host, "unix://%s", path);
    struct engine_config config = { .loop = loop, .host = host.buf };
    if (engine_open(&config, &engine, &err) != 0)
        exit(1);
}

static void end(struct seen *seen)
{
    engine_close(engine);
    fake_server_free(server);
    loop_free(loop);
    str_release(&seen->actions);
    str_release(&seen->text);
}

static void on_event(void *arg, const struct node *event, int64_t time_ns)
{
    struct seen *seen = arg;
    engine_event_action(event, &seen->actions);
    str_printf(&seen->actions, "@%lld ", (long long)time_ns);
    if (seen->closes) {
        engine_events_close(seen->events);
        seen->events = NULL;
    }
}

static void on_again(void *arg)
{
    ((struct seen *)arg)->n_again++;
}

static void on_lost(void *arg, struct err *err)
{
    struct seen *seen = arg;
    seen->is_lost = true;
    str_add(&seen->text, err->text);
}

/* Until the last action is there, or the subscription is lost. */
static void turn_until(const struct seen *seen, const char *action)
{
    ERR_AUTO(err);
    int64_t end_ms = clock_now_ms() + 10000;
    while (clock_now_ms() < end_ms && !seen->is_lost &&
           !(action && strstr(seen->actions.buf, action))) {
        if (loop_step(loop, 5, &err) != 0)
            return;
    }
}

static void open_events(struct seen *seen, int64_t since_ns)
{
    struct engine_events_spec spec = { .filters = "{\"type\":[\"container\"]}",
                                       .since_ns = since_ns,
                                       .event = on_event,
                                       .again = on_again,
                                       .lost = on_lost,
                                       .arg = seen,
                                       .is_background = true };
    memset(seen, 0, sizeof(*seen));
    str_init(&seen->actions, 0);
    str_init(&seen->text, 0);
    seen->events = engine_events_open(engine, &spec);
}

static void test_comes_back(void)
{
    struct seen seen;
    begin();
    fake_server_add(server, &(struct fake_answer){ .bytes = HEAD EVENT("create", "1000000001")
                                                       EVENT("start", "2000000005")
                                                           EVENT("attach", "2000000005"),
                                                   .closes = true });
    fake_server_add(server, &(struct fake_answer){ .bytes = HEAD EVENT("start", "2000000005")
                                                       EVENT("attach", "2000000005")
                                                           EVENT("remove", "2000000006"),
                                                   .closes = true });
    fake_server_add(
        server, &(struct fake_answer){ .bytes = HEAD
                                       "{\"Type\":\"container\",\"Action\":\"health_status\","
                                       "\"HealthStatus\":\"healthy\",\"timeNano\":3000000000}" });
    open_events(&seen, 5);
    turn_until(&seen, "healthy");
    is_text(seen.actions.buf,
            "create@1000000001 start@2000000005 attach@2000000005 destroy@2000000006 "
            "health_status: healthy@3000000000 ");
    is_int(seen.n_again, 2);
    ok(!seen.is_lost);
    const char *request = fake_server_request(server, 1);
    ok(request &&
       text_starts(request,
                   "GET /v1.41/events?since=0.000000005&filters=%7B%22type%22%3A%5B%22container"));
    request = fake_server_request(server, 2);
    ok(request && text_starts(request, "GET /v1.41/events?since=2.000000005&"));
    ok(engine_clock_ns(engine) > 1000000000000000000);
    end(&seen);
}

static void test_gives_up(void)
{
    struct seen seen;
    begin();
    fake_server_json(server, 400, "{\"message\":\"bad filter\"}");
    open_events(&seen, 0);
    turn_until(&seen, NULL);
    ok(seen.is_lost);
    is_text(seen.text.buf, "GET events: engine said: bad filter (400)");
    end(&seen);
    /* Refused after a loss. */
    begin();
    fake_server_add(server,
                    &(struct fake_answer){ .bytes = HEAD EVENT("create", "1"), .closes = true });
    fake_server_json(server, 500, "{\"message\":\"no\"}");
    open_events(&seen, 1);
    turn_until(&seen, NULL);
    ok(seen.is_lost);
    is_int(seen.n_again, 0);
    end(&seen);
}

static void test_close(void)
{
    struct seen seen;
    ERR_AUTO(err);
    begin();
    fake_server_add(
        server, &(struct fake_answer){ .bytes = HEAD EVENT("create", "1") EVENT("start", "2") });
    open_events(&seen, 1);
    seen.closes = true;
    turn_until(&seen, "create");
    is_int(loop_step(loop, 20, &err), 0);
    is_int(loop_step(loop, 20, &err), 0);
    is_text(seen.actions.buf, "create@1 ");
    end(&seen);
    /* A subscription in the background does not keep the loop alive. */
    begin();
    fake_server_add(server, &(struct fake_answer){ .bytes = HEAD });
    open_events(&seen, 1);
    is_int(loop_run(loop, &err), 0);
    ok(fake_server_n_requests(server) >= 1);
    end(&seen);
}

int main(void)
{
    snprintf(path, sizeof(path), "%s/s", tap_folder());
    test_comes_back();
    test_gives_up();
    test_close();
    return done_testing();
}
