/*
 * stream-exec.c - a command in a running container, or the container's own input and output: a
 * hijacked connection, frames or a terminal's raw bytes, and the exit code, which the engine tells
 * only after the output has ended. Called through docker_ops.
 */
#include "base/base.h"

#include "operator/docker/fields.h"
#include "operator/docker/stream.h"

struct session {
    struct operator_stream stream;
    struct arena *arena;
    const char *container;
    char *exec_id; /* NULL: attached to the container itself */
    bool tty, with_input, with_output, detach;
    unsigned rows, columns;
    const char *detach_keys;
    struct engine_frames frames;
    stream_output_fn output;
    stream_done_fn done;
    void *arg;
    bool *is_gone;
};

static void session_release(struct operator_stream *stream)
{
    struct session *session = container_of(stream, struct session, stream);
    if (session->is_gone)
        *session->is_gone = true;
    mem_free(session->exec_id);
    arena_free(session->arena);
    mem_free(session);
}

static void session_over(struct session *session, int exit_code, struct err *err)
{
    stream_done_fn done = session->done;
    void *arg = session->arg;
    struct err mine = ERR_INIT;

    if (err && call_failed(err))
        err_move(&mine, err);
    stream_free(&session->stream);
    done(arg, exit_code, &mine);
    err_release(&mine);
}

/* --- the exit code ---------------------------------------------------------------------------- */

static void on_exit_code(void *arg, struct engine_answer *answer, struct err *err)
{
    struct session *session = arg;
    const struct node *state = answer ? answer->node : NULL;

    session->stream.call = NULL;
    if (call_failed(err)) {
        session_over(session, -1, err);
        return;
    }
    if (!session->exec_id)
        state = node_get(state, "State");
    /* Detached by its keys: it goes on without us. */
    bool is_running = get_bool(state, "Running");
    session_over(session, is_running ? 0 : (int)get_int(state, "ExitCode"), NULL);
}

static void ask_exit_code(struct session *session)
{
    const int ok[2] = { 0, 0 };
    const char *path =
        session->exec_id ? arena_printf(session->arena, "/exec/%s/json", session->exec_id)
                         : arena_printf(session->arena, "/containers/%s/json", session->container);
    session->stream.call =
        engine_call(session->stream.docker->engine, "GET", path, NULL,
                    session->exec_id ? "exec" : "container", ok, on_exit_code, session);
}

/* --- output ----------------------------------------------------------------------------------- */

static int on_frame(void *arg, int stream, const char *bytes, size_t len)
{
    struct session *session = arg;
    bool is_gone = false;

    session->is_gone = &is_gone;
    session->output(session->arg, stream == 1 || stream == 0 ? 1 : 2, bytes, len);
    if (is_gone)
        return -1;
    session->is_gone = NULL;
    return 0;
}

static int on_data(void *arg, const char *bytes, size_t len)
{
    struct session *session = arg;
    if (session->tty)
        return on_frame(session, 1, bytes, len);
    return engine_frames_feed(&session->frames, bytes, len, on_frame, session);
}

static void send_resize(struct session *session);

static void on_head(void *arg, struct http_answer *answer)
{
    struct session *session = arg;
    if (answer->status != 101 && answer->status != 200)
        return;
    stream_opened(&session->stream);
    if (session->tty && session->rows)
        send_resize(session);
}

static void on_end(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct session *session = arg;
    session->stream.call = NULL;
    session->stream.is_open = false;
    if (call_failed(err))
        session_over(session, -1, err);
    else
        ask_exit_code(session);
}

/* --- the terminal's size ---------------------------------------------------------------------- */

static void on_resized(void *arg ATTR_UNUSED, struct engine_answer *answer ATTR_UNUSED,
                       struct err *err ATTR_UNUSED)
{
    /* A size that could not be set is no reason to end. */
}

static void send_resize(struct session *session)
{
    STR_AUTO(path);
    const int ok[2] = { 0, 0 };
    if (session->exec_id)
        str_printf(&path, "/exec/%s/resize", session->exec_id);
    else
        str_printf(&path, "/containers/%s/resize", session->container);
    str_printf(&path, "?h=%u&w=%u", session->rows, session->columns);
    engine_call(session->stream.docker->engine, "POST", path.buf, NULL, "terminal", ok, on_resized,
                NULL);
}

static void session_resize(struct operator_stream *stream, unsigned rows, unsigned columns)
{
    struct session *session = container_of(stream, struct session, stream);
    session->rows = rows;
    session->columns = columns;
    if (session->tty && stream->is_open)
        send_resize(session);
}

/* --- exec ------------------------------------------------------------------------------------- */

static void put_console_size(struct session *session, struct node *body)
{
    if (!session->tty || !session->rows || engine_api(session->stream.docker->engine) < 42)
        return;
    struct node *size = new_list(session->arena);
    node_add(session->arena, size, new_int(session->arena, session->rows));
    node_add(session->arena, size, new_int(session->arena, session->columns));
    put_node(session->arena, body, "ConsoleSize", size);
}

static void on_detached(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct session *session = arg;
    session->stream.call = NULL;
    session_over(session, call_failed(err) ? -1 : 0, err);
}

static void on_exec_made(void *arg, struct engine_answer *answer, struct err *err)
{
    struct session *session = arg;
    struct engine *engine = session->stream.docker->engine;
    const char *id = answer ? get_text(answer->node, "Id") : NULL;

    session->stream.call = NULL;
    if (call_failed(err)) {
        session_over(session, -1, err);
        return;
    }
    if (!id) {
        ERR_AUTO(none);
        err_set(&none, ERR_PROTOCOL, "exec in container \"%s\": the engine's answer names no id",
                session->container);
        session_over(session, -1, &none);
        return;
    }
    session->exec_id = mem_dup(id);
    struct node *body = new_map(session->arena);
    put_bool(session->arena, body, "Detach", session->detach);
    put_bool(session->arena, body, "Tty", session->tty);
    put_console_size(session, body);
    STR_AUTO(json);
    jwrite_node_text(body, 0, &json);
    const char *path = arena_printf(session->arena, "/exec/%s/start", id);
    const int ok[2] = { 0, 0 };
    if (session->detach) {
        session->stream.call =
            engine_call(engine, "POST", path, json.buf, "exec", ok, on_detached, session);
        return;
    }
    struct engine_stream_spec spec = { .method = "POST",
                                       .path = path,
                                       .what = "exec",
                                       .body = json.buf,
                                       .data = on_data,
                                       .head = on_head,
                                       .done = on_end,
                                       .arg = session,
                                       .is_hijack = true,
                                       .is_long = true };
    session->stream.call = engine_stream(engine, &spec);
}

static struct node *exec_body(struct session *session, const struct exec_query *query)
{
    struct arena *arena = session->arena;
    struct node *body = new_map(arena), *argv = new_list(arena), *env = new_list(arena);

    for (const char *const *word = query->argv; *word; word++)
        node_add(arena, argv, new_text(arena, *word));
    for (const char *const *item = query->env; item && *item; item++)
        node_add(arena, env, new_text(arena, *item));
    put_node(arena, body, "Cmd", argv);
    if (env->u.list.n)
        put_node(arena, body, "Env", env);
    if (text_is_set(query->user))
        put_text(arena, body, "User", query->user);
    if (text_is_set(query->working_dir))
        put_text(arena, body, "WorkingDir", query->working_dir);
    if (text_is_set(query->detach_keys))
        put_text(arena, body, "DetachKeys", query->detach_keys);
    put_bool(arena, body, "Privileged", query->privileged);
    put_bool(arena, body, "Tty", query->tty);
    put_bool(arena, body, "AttachStdin", query->with_input && !query->detach);
    put_bool(arena, body, "AttachStdout", !query->detach);
    put_bool(arena, body, "AttachStderr", !query->detach);
    put_console_size(session, body);
    return body;
}

static struct session *session_new(struct docker *docker, const char *container,
                                   stream_output_fn output, stream_done_fn done, void *arg)
{
    struct session *session = MEM_NEW(struct session);
    session->stream.docker = docker;
    str_init(&session->stream.early, 0);
    session->stream.release = session_release;
    session->stream.resize = session_resize;
    session->arena = arena_new();
    session->container = arena_dup(session->arena, container);
    session->output = output;
    session->done = done;
    session->arg = arg;
    return session;
}

struct operator_stream *docker_exec(void *handle, const struct exec_query *query,
                                    stream_output_fn output, stream_done_fn done, void *arg)
{
    struct docker *docker = handle;
    struct session *session = session_new(docker, query->instance_id, output, done, arg);
    STR_AUTO(json);
    const int ok[2] = { 0, 0 };

    session->tty = query->tty;
    session->detach = query->detach;
    session->with_input = query->with_input;
    session->rows = query->rows;
    session->columns = query->columns;
    jwrite_node_text(exec_body(session, query), 0, &json);
    session->stream.call = engine_call(
        docker->engine, "POST",
        arena_printf(session->arena, "/containers/%s/exec", session->container), json.buf,
        arena_printf(session->arena, "exec in container \"%.12s\"", session->container), ok,
        on_exec_made, session);
    return &session->stream;
}

/* --- attach ----------------------------------------------------------------------------------- */

static void on_signalled(void *arg ATTR_UNUSED, struct engine_answer *answer ATTR_UNUSED,
                         struct err *err ATTR_UNUSED)
{
    /* A container that has just ended takes no signal: its end is told. */
}

static void session_signal(struct operator_stream *stream, int signo)
{
    struct session *session = container_of(stream, struct session, stream);
    const int ok[2] = { 0, 0 };
    STR_AUTO(path);

    str_printf(&path, "/containers/%s/kill?signal=%d", session->container, signo);
    engine_call(stream->docker->engine, "POST", path.buf, NULL, "signal", ok, on_signalled, NULL);
}

struct operator_stream *docker_attach(void *handle, const struct attach_query *query,
                                      stream_output_fn output, stream_done_fn done, void *arg)
{
    struct docker *docker = handle;
    struct session *session = session_new(docker, query->instance_id, output, done, arg);
    STR_AUTO(path);

    session->tty = query->tty;
    session->with_input = query->with_input;
    session->stream.signal = session_signal;
    str_printf(&path, "/containers/%s/attach?stream=1", session->container);
    if (query->with_input)
        str_add(&path, "&stdin=1");
    if (query->with_output)
        str_add(&path, "&stdout=1&stderr=1");
    if (text_is_set(query->detach_keys)) {
        str_add(&path, "&detachKeys=");
        http_escape(query->detach_keys, &path);
    }
    struct engine_stream_spec spec = { .method = "POST",
                                       .path = path.buf,
                                       .what = "attach",
                                       .data = on_data,
                                       .head = on_head,
                                       .done = on_end,
                                       .arg = session,
                                       .is_hijack = true,
                                       .is_long = true };
    session->stream.call = engine_stream(docker->engine, &spec);
    return &session->stream;
}
