/*
 * events.c - see events.h. `since` is given always: with it the engine subscribes and replays in one, and
 * the headers of the answer are no proof of a subscription.
 */
#include "base/base.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/engine-internal.h"
#include "engine/events.h"

#define OVERLAP_NS 1000000000 /* asked for before the beginning: clocks differ a little */
#define RETRY_FIRST_MS 100
#define RETRY_LAST_MS 2000
#define GIVE_UP_MS 60000

struct engine_events {
    struct engine *engine;
    struct engine_events *previous, *next;
    char *filters;
    engine_event_fn event;
    engine_again_fn again;
    engine_events_lost_fn lost;
    void *arg;
    bool is_background;

    struct engine_call *call;
    struct loop_source *timer;
    int64_t since_ns; /* the time of the last event seen, or of the beginning */
    VEC(uint64_t) seen; /* hashes of the events of just that time */
    int64_t lost_ms;  /* when the connection was lost; 0: it is there or was never */
    int64_t retry_ms;
};

static void connect_events(struct engine_events *events);

int64_t engine_clock_ns(const struct engine *engine)
{
    return clock_wall_ns() + engine->ahead_ns;
}

void engine_event_action(const struct node *event, struct str *ret_action)
{
    static const char *const names[][2] = { { "remove", "destroy" }, { "died", "die" } };
    const char *action = node_as_text(node_get(event, "Action"));
    const char *health = node_as_text(node_get(event, "HealthStatus"));
    if (action == NULL)
        action = node_as_text(node_get(event, "status"));
    if (action == NULL)
        return;
    bool is_container = text_is(node_as_text(node_get(event, "Type")), "container");
    for (size_t i = 0; is_container && i < ARRAY_LEN(names); i++) {
        if (strcmp(action, names[i][0]) == 0)
            action = names[i][1];
    }
    str_add(ret_action, action);
    if (health && *health && strcmp(action, "health_status") == 0)
        str_printf(ret_action, ": %s", health);
}

/* ------------------------------------------------------------ what comes */

static int64_t time_of(const struct node *event)
{
    const struct node *nano = node_get(event, "timeNano");
    const struct node *seconds = node_get(event, "time");
    if (node_is(nano, NODE_INT))
        return nano->u.integer;
    return node_is(seconds, NODE_INT) && seconds->u.integer < INT64_MAX / 1000000000 &&
           seconds->u.integer > 0 ? seconds->u.integer * 1000000000 : 0;
}

/* Events come again after a new connection: those of the last time seen, `since` includes them. */
static bool is_known(struct engine_events *events, const struct node *event, int64_t time_ns)
{
    STR_AUTO(text);
    jwrite_node_text(event, JWRITE_SORT, &text);
    uint64_t hash = text_hash(text.buf, text.len);
    if (time_ns > events->since_ns) {
        events->since_ns = time_ns;
        events->seen.n = 0;
    }
    VEC_EACH(&events->seen, seen) {
        if (*seen == hash)
            return true;
    }
    if (time_ns == events->since_ns)
        VEC_ADD(&events->seen, hash);
    return false;
}

static int on_event(void *arg, struct node *value, struct err *err)
{
    struct engine_events *events = arg;
    (void)err;
    int64_t time_ns = time_of(value);
    if (!node_is(value, NODE_MAP) || is_known(events, value, time_ns))
        return 0;
    events->event(events->arg, value, time_ns); /* the subscription may be gone now */
    return 0;
}

static void on_head(void *arg, struct http_answer *answer)
{
    struct engine_events *events = arg;
    if (events->lost_ms == 0 || answer->status >= 300)
        return;
    events->lost_ms = 0;
    if (events->again)
        events->again(events->arg);
}

/* ------------------------------------------------------------ losing and finding the engine */

static void on_retry(void *arg)
{
    struct engine_events *events = arg;
    events->timer = NULL;
    connect_events(events);
}

static void on_done(void *arg, struct engine_answer *answer, struct err *err)
{
    struct engine_events *events = arg;
    bool has_begun = answer->status >= 200 && answer->status < 300;
    int64_t now = clock_now_ms();
    events->call = NULL;
    bool was_there = events->lost_ms > 0 || has_begun;
    if (events->lost_ms == 0) {
        events->lost_ms = now;
        events->retry_ms = RETRY_FIRST_MS;
    }
    bool is_refused = err && err->status >= 300;
    if (was_there && !is_refused && now - events->lost_ms < GIVE_UP_MS) {
        log_debug("events: lost, again in %lld ms: %s", (long long)events->retry_ms,
                  err ? err->text : "end");
        events->timer = loop_add_timer(events->engine->loop, events->retry_ms, on_retry, events);
        if (events->is_background)
            loop_set_background(events->timer);
        events->retry_ms = MIN(events->retry_ms * 2, RETRY_LAST_MS);
        return;
    }
    ERR_AUTO(end);
    if (err)
        err_move(&end, err);
    else
        err_set(&end, ERR_CONNECT, "the engine ended its events");
    events->lost(events->arg, &end); /* the subscription may be gone now */
}

static void connect_events(struct engine_events *events)
{
    STR_AUTO(path);
    if (events->since_ns == 0)
        events->since_ns = engine_clock_ns(events->engine) - OVERLAP_NS;
    str_printf(&path, "/events?since=%lld.%09lld", (long long)(events->since_ns / 1000000000),
               (long long)(events->since_ns % 1000000000));
    if (events->filters) {
        str_add(&path, "&filters=");
        http_escape(events->filters, &path);
    }
    struct engine_stream_spec spec = {
        .method = "GET",
        .path = path.buf,
        .what = "events",
        .value = on_event,
        .head = on_head,
        .done = on_done,
        .arg = events,
        .is_long = true,
        .is_background = events->is_background,
    };
    events->call = engine_stream(events->engine, &spec);
}

/* The version first: with it comes the engine's clock. */
static void on_clock(void *arg, struct err *err)
{
    struct engine_events *events = arg;
    events->call = NULL;
    if (err == NULL) {
        connect_events(events);
        return;
    }
    ERR_AUTO(end);
    err_move(&end, err);
    events->lost(events->arg, &end);
}

struct engine_events *engine_events_open(struct engine *engine,
                                         const struct engine_events_spec *spec)
{
    struct engine_events *events = MEM_NEW(struct engine_events);
    events->engine = engine;
    events->filters = spec->filters ? mem_dup(spec->filters) : NULL;
    events->since_ns = spec->since_ns;
    events->event = spec->event;
    events->again = spec->again;
    events->lost = spec->lost;
    events->arg = spec->arg;
    events->is_background = spec->is_background;
    events->next = engine->events;
    if (events->next)
        events->next->previous = events;
    engine->events = events;
    /* What happens from now on is wanted, not what happens once the engine has answered. */
    if (events->since_ns == 0 && engine->endpoint.unix_socket && engine->ssh == NULL)
        events->since_ns = engine_clock_ns(engine) - OVERLAP_NS;
    events->call = call_new(engine, "", "", NULL, "events", events);
    events->call->ready = on_clock;
    call_submit(events->call);
    return events;
}

void engine_events_close(struct engine_events *events)
{
    if (events == NULL)
        return;
    if (events->previous)
        events->previous->next = events->next;
    else
        events->engine->events = events->next;
    if (events->next)
        events->next->previous = events->previous;
    engine_cancel(events->call);
    loop_remove(events->timer);
    VEC_RELEASE(&events->seen);
    mem_free(events->filters);
    mem_free(events);
}
