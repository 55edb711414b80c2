/*
 * stream-logs.c - the logs of several containers at once, each on a connection of its own. Times
 * are always asked for (they order lines and let a caller go on after the last one) and taken off
 * here. With follow, a log ends when its container stops: whether to go on is the caller's
 * decision. Called through docker_ops.
 */
#include "base/base.h"

#include "base/clock.h"
#include "operator/docker/stream.h"

/* A line longer than the engine's pieces of 16 KiB comes in several; more than this is no log. */
#define LOG_PIECE_MAX (256u << 10)

struct logs;

struct log {
    struct logs *logs;
    const struct existing *instance;
    struct engine_call *call;
    struct engine_frames frames;
    struct str piece; /* a frame, or a terminal's line, so far */
    bool is_tty, is_over;
    bool is_open[3]; /* by stream: the last piece did not end its line */
};

struct logs {
    struct operator_stream stream;
    struct log *items;
    size_t n, n_open;
    bool follow, is_paused;
    int64_t tail, since_ns, until_ns;
    log_line_fn line;
    log_done_fn done;
    void *arg;
    bool *is_gone; /* set when the stream is freed inside a callback */
};

/* --- output ----------------------------------------------------------------------------------- */

/* False: the stream was freed by the receiver. */
static bool emit_piece(struct log *log, int stream)
{
    struct logs *logs = log->logs;
    struct slice text = { log->piece.buf, log->piece.len }, stamp;
    struct log_line line = { .instance = log->instance, .stream = stream };
    char time[40] = "";
    bool is_gone = false;

    if (slice_find(text, ' ', 0) >= 0 && slice_find(text, ' ', 0) < (ptrdiff_t)sizeof(time)) {
        struct slice rest = text;
        slice_split(&rest, ' ', &stamp);
        memcpy(time, stamp.at, stamp.len);
        time[stamp.len] = 0;
        if (clock_parse_rfc3339(time, &line.time_ns) == 0)
            text = rest;
    }
    line.is_partial = !text.len || text.at[text.len - 1] != '\n';
    text.len -= line.is_partial ? 0 : 1;
    if (log->is_tty && text.len && text.at[text.len - 1] == '\r')
        text.len--;
    line.text = text.at;
    line.len = text.len;
    log->is_open[stream] = line.is_partial;
    logs->is_gone = &is_gone;
    logs->line(logs->arg, &line);
    if (is_gone)
        return false;
    logs->is_gone = NULL;
    str_clear(&log->piece);
    return true;
}

/* Nothing follows any more: a line that was left open ends here. False as above. */
static bool end_lines(struct log *log)
{
    if (log->piece.len && !emit_piece(log, 1))
        return false;
    for (int stream = 1; stream <= 2; stream++) {
        if (!log->is_open[stream])
            continue;
        str_add_char(&log->piece, '\n');
        if (!emit_piece(log, stream))
            return false;
    }
    return true;
}

static int on_frame(void *arg, int stream, const char *bytes, size_t len)
{
    struct log *log = arg;
    str_add_len(&log->piece, bytes, len);
    bool is_whole = log->frames.left == 0 || log->piece.len > LOG_PIECE_MAX;
    return !is_whole || emit_piece(log, stream == 1 ? 1 : 2) ? 0 : -1;
}

static int on_data(void *arg, const char *bytes, size_t len)
{
    struct log *log = arg;
    if (!log->is_tty)
        return engine_frames_feed(&log->frames, bytes, len, on_frame, log);
    struct slice left = { bytes, len };
    while (left.len) {
        ptrdiff_t end = slice_find(left, '\n', 0);
        size_t n = end < 0 ? left.len : (size_t)end + 1;
        str_add_len(&log->piece, left.at, n);
        left.at += n;
        left.len -= n;
        if ((end >= 0 || log->piece.len > LOG_PIECE_MAX) && !emit_piece(log, 1))
            return -1;
    }
    return 0;
}

/* --- ends ------------------------------------------------------------------------------------- */

static void logs_release(struct operator_stream *stream)
{
    struct logs *logs = container_of(stream, struct logs, stream);
    if (logs->is_gone)
        *logs->is_gone = true;
    for (size_t i = 0; i < logs->n; i++) {
        engine_cancel(STEAL_PTR(logs->items[i].call));
        str_release(&logs->items[i].piece);
    }
    mem_free(logs->items);
    mem_free(logs);
}

static void logs_over(struct logs *logs)
{
    log_done_fn done = logs->done;
    void *arg = logs->arg;
    struct err none = ERR_INIT;
    stream_free(&logs->stream);
    done(arg, NULL, &none);
}

static void log_over(struct log *log, struct err *err)
{
    struct logs *logs = log->logs;
    struct err none = ERR_INIT;
    bool is_gone = false;

    log->call = NULL;
    log->is_over = true;
    logs->n_open--;
    logs->is_gone = &is_gone;
    if (!end_lines(log))
        return;
    logs->is_gone = &is_gone;
    logs->done(logs->arg, log->instance, err ? err : &none);
    if (is_gone)
        return;
    logs->is_gone = NULL;
    if (!logs->n_open)
        logs_over(logs);
}

static void on_end(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    log_over(arg, err);
}

/* --- beginning -------------------------------------------------------------------------------- */

static void add_time(struct str *path, const char *name, int64_t time_ns)
{
    if (time_ns > 0)
        str_printf(path, "&%s=%lld.%09lld", name, (long long)(time_ns / 1000000000),
                   (long long)(time_ns % 1000000000));
}

/* Since 1.42 the content type says whether there are frames. */
static void on_head(void *arg, struct http_answer *answer)
{
    struct log *log = arg;
    struct http_request *request = engine_call_request(log->call);
    if (answer->content_type && strstr(answer->content_type, "multiplexed-stream"))
        log->is_tty = false;
    if (log->logs->is_paused && request)
        http_pause(request, true);
}

static void log_open(struct log *log)
{
    const struct logs *logs = log->logs;
    STR_AUTO(path);
    STR_AUTO(what);

    str_printf(&path, "/containers/%s/logs?stdout=1&stderr=1&timestamps=1", log->instance->id);
    if (logs->follow)
        str_add(&path, "&follow=1");
    if (logs->tail >= 0)
        str_printf(&path, "&tail=%lld", (long long)logs->tail);
    add_time(&path, "since", logs->since_ns);
    add_time(&path, "until", logs->until_ns);
    str_printf(&what, "logs of container \"%s\"", log->instance->name);
    struct engine_stream_spec spec = { .method = "GET",
                                       .path = path.buf,
                                       .what = what.buf,
                                       .data = on_data,
                                       .head = on_head,
                                       .done = on_end,
                                       .arg = log,
                                       .is_long = logs->follow };
    log->call = engine_stream(logs->stream.docker->engine, &spec);
}

static void on_inspected(void *arg, struct engine_answer *answer, struct err *err)
{
    struct log *log = arg;
    log->call = NULL;
    if (call_failed(err)) {
        log_over(log, err);
        return;
    }
    log->is_tty = get_bool(node_get(answer->node, "Config"), "Tty");
    log_open(log);
}

static void log_inspect(struct log *log)
{
    STR_AUTO(path);
    STR_AUTO(what);
    str_printf(&path, "/containers/%s/json", log->instance->id);
    str_printf(&what, "container \"%s\"", log->instance->name);
    const int ok[2] = { 0, 0 };
    log->call = engine_call(log->logs->stream.docker->engine, "GET", path.buf, NULL, what.buf, ok,
                            on_inspected, log);
}

static void on_begin(void *arg)
{
    struct logs *logs = arg;
    struct engine *engine = logs->stream.docker->engine;
    logs->stream.soon = NULL;
    if (!logs->n) {
        logs_over(logs);
        return;
    }
    bool must_inspect = engine_api(engine) < 42 || engine_is_podman(engine);
    for (size_t i = 0; i < logs->n; i++) {
        logs->items[i].is_tty = true; /* unless the content type says otherwise */
        if (must_inspect)
            log_inspect(&logs->items[i]);
        else
            log_open(&logs->items[i]);
    }
}

static void logs_pause(struct operator_stream *stream, bool is_paused)
{
    struct logs *logs = container_of(stream, struct logs, stream);
    logs->is_paused = is_paused;
    for (size_t i = 0; i < logs->n; i++) {
        struct engine_call *call = logs->items[i].call;
        struct http_request *request = call ? engine_call_request(call) : NULL;
        if (request)
            http_pause(request, is_paused);
    }
}

/* Logs that end: more calls on their way at one time than it can work on make an engine of this
   machine no faster, and each costs it a connection. A distant one is slow to hear, and has the
   client's limit, as has everything else: an observation is to be one round trip. */
static void limit_calls(struct docker *docker)
{
    if (text_starts(engine_host(docker->engine), "unix:"))
        engine_set_limit(docker->engine, docker_concurrency(docker));
}

struct operator_stream *docker_logs(void *handle, const struct log_query *query, log_line_fn line,
                                    log_done_fn done, void *arg)
{
    struct docker *docker = handle;
    struct logs *logs = MEM_NEW(struct logs);

    logs->stream.docker = docker;
    str_init(&logs->stream.early, 0);
    logs->stream.release = logs_release;
    logs->stream.pause = logs_pause;
    logs->follow = query->follow;
    logs->tail = query->tail;
    logs->since_ns = query->since_ns;
    logs->until_ns = query->until_ns;
    logs->line = line;
    logs->done = done;
    logs->arg = arg;
    logs->n = logs->n_open = query->n_instances;
    logs->items = MEM_NEW_N(struct log, query->n_instances + 1);
    for (size_t i = 0; i < logs->n; i++) {
        logs->items[i].logs = logs;
        logs->items[i].instance = query->instances[i];
        str_init(&logs->items[i].piece, 0);
    }
    if (!logs->follow)
        limit_calls(docker);
    logs->stream.soon = loop_add_soon(docker->loop, on_begin, logs);
    return &logs->stream;
}
