/*
 * memory-stream.c - logs, events, exec and attach of the in-memory operator. What is followed is
 * looked at again every few milliseconds: another command may write it.
 *
 * exec knows these programs: "echo WORDS", "exit CODE", "cat" (gives its input back), and "sh -c"
 * with the first two, separated by ";". Any other is not found (127).
 */
#include "base/base.h"

#include "operator/memory/memory-parts.h"

#include "base/clock.h"
#include "base/mem.h"

#define FOLLOW_MS 10

enum stream_kind { STREAM_LOGS, STREAM_EVENTS, STREAM_EXEC, STREAM_ATTACH };

struct operator_stream {
    struct memory *memory;
    enum stream_kind kind;
    struct loop_source *timer;
    bool is_paused, is_input_closed, is_gone, is_in_callback;
    void *arg;
    stream_done_fn done;
    stream_output_fn output;
    /* logs */
    log_line_fn line;
    log_done_fn log_done;
    struct log_query logs;
    struct log_source {
        const struct existing *instance;
        size_t next; /* line */
        bool is_started, is_done;
    } * sources;
    /* events */
    event_fn event;
    char *project;
    int64_t since_ns, until_ns;
    /* exec, attach */
    char *instance_id;
    struct str input;
    struct str printed; /* of exec, at once */
    int exit_code;
    bool wants_input;
    size_t next;
};

static void stream_free(struct operator_stream *stream)
{
    loop_remove(stream->timer);
    mem_free(stream->sources);
    mem_free((void *)stream->logs.instances);
    mem_free(stream->project);
    mem_free(stream->instance_id);
    str_release(&stream->input);
    str_release(&stream->printed);
    mem_free(stream);
}

static void on_turn(void *arg);

static struct operator_stream *stream_new(struct memory *memory, enum stream_kind kind, void *arg)
{
    struct operator_stream *stream = MEM_NEW(struct operator_stream);

    stream->memory = memory;
    stream->kind = kind;
    stream->arg = arg;
    str_init(&stream->input, 0);
    str_init(&stream->printed, 0);
    stream->timer = loop_add_soon(memory->loop, on_turn, stream);
    return stream;
}

/* --- logs ------------------------------------------------------------------------------------ */

static size_t first_line(const struct node *lines, int64_t tail)
{
    size_t n = lines->u.list.n;

    return tail < 0 || (size_t)tail >= n ? 0 : n - (size_t)tail;
}

static void give_line(struct operator_stream *stream, struct log_source *source,
                      const struct node *item)
{
    const char *text = memory_text(item, "text");
    struct log_line line = {
        .instance = source->instance,
        .stream = (int)memory_int(item, "stream"),
        .time_ns = memory_int(item, "time"),
        .text = text,
        .len = strlen(text),
    };

    if (line.time_ns >= stream->logs.since_ns &&
        (stream->logs.until_ns == 0 || line.time_ns <= stream->logs.until_ns))
        stream->line(stream->arg, &line);
}

static void turn_source(struct operator_stream *stream, struct log_source *source)
{
    struct node *object = memory_object_find(stream->memory, source->instance->id);
    const struct node *lines = node_get(object, "log");
    struct memory_condition condition = { 0 };
    struct err err = ERR_INIT;

    if (node_is(lines, NODE_LIST)) {
        if (!source->is_started)
            source->next = first_line(lines, stream->logs.tail);
        while (source->next < lines->u.list.n && !stream->is_gone && !stream->is_paused)
            give_line(stream, source, lines->u.list.items[source->next++]);
    }
    source->is_started = true;
    if (object)
        memory_look(object, &condition);
    if (stream->is_gone || stream->is_paused ||
        (object && stream->logs.follow && condition.state != STATE_EXITED))
        return;
    source->is_done = true;
    stream->log_done(stream->arg, source->instance, &err);
}

static bool turn_logs(struct operator_stream *stream)
{
    struct err err = ERR_INIT;
    bool is_all_done = true;

    for (size_t i = 0; i < stream->logs.n_instances && !stream->is_gone; i++) {
        if (!stream->sources[i].is_done)
            turn_source(stream, &stream->sources[i]);
        is_all_done = is_all_done && stream->sources[i].is_done;
    }
    if (!is_all_done || stream->is_gone)
        return false;
    stream->log_done(stream->arg, NULL, &err);
    return true;
}

struct operator_stream *memory_logs(void *handle, const struct log_query *query, log_line_fn line,
                                    log_done_fn done, void *arg)
{
    struct operator_stream *stream = stream_new(handle, STREAM_LOGS, arg);
    const struct existing **instances = MEM_NEW_N(const struct existing *, query->n_instances + 1);

    stream->line = line;
    stream->log_done = done;
    stream->logs = *query;
    stream->sources = MEM_NEW_N(struct log_source, query->n_instances + 1);
    for (size_t i = 0; i < query->n_instances; i++)
        stream->sources[i].instance = instances[i] = query->instances[i];
    stream->logs.instances = instances;
    return stream;
}

/* --- events ---------------------------------------------------------------------------------- */

static void give_event(struct operator_stream *stream, const struct node *item)
{
    struct operator_event event = {
        .time_ns = memory_int(item, "time"),
        .action = event_action_of(memory_text(item, "action")),
        .action_text = memory_text(item, "action"),
        .id = memory_text(item, "id"),
        .name = memory_text(item, "name"),
        .service = memory_text(item, "service"),
        .number = memory_int(item, "number"),
        .is_one_off = memory_bool(item, "one_off"),
        .replaces = memory_text(item, "replaces"),
        .exit_code = memory_int(item, "exit"),
    };

    if (text_is(memory_text(item, "project"), stream->project) &&
        event.time_ns > stream->since_ns &&
        (stream->until_ns == 0 || event.time_ns <= stream->until_ns))
        stream->event(stream->arg, &event);
}

static bool turn_events(struct operator_stream *stream)
{
    const struct node *events = node_get(stream->memory->root, "events");
    struct err err = ERR_INIT;
    int64_t last = stream->since_ns;

    for (size_t i = 0; i < events->u.list.n && !stream->is_gone && !stream->is_paused; i++) {
        const struct node *item = events->u.list.items[i];

        if (memory_int(item, "time") > stream->since_ns)
            give_event(stream, item);
        last = MAX(last, memory_int(item, "time"));
    }
    if (!stream->is_paused)
        stream->since_ns = last;
    if (stream->is_gone || stream->until_ns == 0 || clock_wall_ns() < stream->until_ns)
        return false;
    stream->done(stream->arg, 0, &err);
    return true;
}

struct operator_stream *memory_events(void *handle, const char *project, int64_t since_ns,
                                      int64_t until_ns, event_fn event, stream_done_fn done,
                                      void *arg)
{
    struct operator_stream *stream = stream_new(handle, STREAM_EVENTS, arg);

    stream->project = mem_dup(project);
    stream->since_ns = since_ns ? since_ns : clock_wall_ns();
    stream->until_ns = until_ns;
    stream->event = event;
    stream->done = done;
    return stream;
}

/* --- exec ------------------------------------------------------------------------------------ */

static bool turn_exec(struct operator_stream *stream)
{
    struct node *object = memory_object_find(stream->memory, stream->instance_id);
    struct memory_condition condition = { 0 };
    struct err err = ERR_INIT;

    if (object)
        memory_look(object, &condition);
    if (!object || condition.state != STATE_RUNNING) {
        err_set(&err, ERR_CONFLICT, "the instance is not running");
        stream->done(stream->arg, -1, &err);
        err_release(&err);
        return true;
    }
    if (stream->printed.len > 0)
        stream->output(stream->arg, 1, stream->printed.buf, stream->printed.len);
    str_clear(&stream->printed);
    if (stream->input.len > 0 && !stream->is_gone)
        stream->output(stream->arg, 1, stream->input.buf, stream->input.len);
    str_clear(&stream->input);
    if (stream->is_gone || (stream->wants_input && !stream->is_input_closed))
        return false;
    stream->done(stream->arg, stream->exit_code, &err);
    return true;
}

/* One command of words. */
static void run_command(struct operator_stream *stream, const char *const *argv)
{
    int64_t code;

    if (text_is(argv[0], "echo")) {
        for (const char *const *word = argv + 1; *word; word++)
            str_printf(&stream->printed, "%s%s", word > argv + 1 ? " " : "", *word);
        str_add_char(&stream->printed, '\n');
    } else if (text_is(argv[0], "exit")) {
        stream->exit_code = argv[1] && text_to_int(argv[1], &code) == 0 ? (int)code : 0;
    } else {
        str_printf(&stream->printed, "%s: not found\n", argv[0]);
        stream->exit_code = 127;
    }
}

static void run_shell(struct operator_stream *stream, const char *script)
{
    CLEANUP(mem_cleanup) char *text = mem_dup(script);
    char *rest = text, *command;

    while ((command = strsep(&rest, ";"))) {
        const char *words[32] = { NULL };
        size_t n = 0;

        for (char *word; n < ARRAY_LEN(words) - 1 && (word = strsep(&command, " "));) {
            if (*word)
                words[n++] = word;
        }
        if (n > 0)
            run_command(stream, words);
    }
}

static void run_program(struct operator_stream *stream, const struct exec_query *query)
{
    const char *const *argv = query->argv;

    if (text_is(argv[0], "cat"))
        stream->wants_input = query->with_input;
    else if (text_is(argv[0], "sh") && text_is(argv[1], "-c") && argv[2])
        run_shell(stream, argv[2]);
    else
        run_command(stream, argv);
}

struct operator_stream *memory_exec(void *handle, const struct exec_query *query,
                                    stream_output_fn output, stream_done_fn done, void *arg)
{
    struct operator_stream *stream = stream_new(handle, STREAM_EXEC, arg);

    stream->instance_id = mem_dup(query->instance_id);
    stream->output = output;
    stream->done = done;
    run_program(stream, query);
    return stream;
}

/* --- attach ---------------------------------------------------------------------------------- */

static bool turn_attach(struct operator_stream *stream)
{
    struct node *object = memory_object_find(stream->memory, stream->instance_id);
    const struct node *lines = node_get(object, "log");
    struct memory_condition condition = { 0 };
    struct err err = ERR_INIT;

    while (node_is(lines, NODE_LIST) && stream->next < lines->u.list.n && !stream->is_gone &&
           !stream->is_paused) {
        const struct node *item = lines->u.list.items[stream->next++];
        STR_AUTO(text);

        str_printf(&text, "%s\n", memory_text(item, "text"));
        stream->output(stream->arg, (int)memory_int(item, "stream"), text.buf, text.len);
    }
    if (object)
        memory_look(object, &condition);
    if (stream->is_gone || stream->is_paused || (object && condition.state != STATE_EXITED))
        return false;
    stream->done(stream->arg, (int)condition.exit_code, &err);
    return true;
}

struct operator_stream *memory_attach(void *handle, const struct attach_query *query,
                                      stream_output_fn output, stream_done_fn done, void *arg)
{
    struct operator_stream *stream = stream_new(handle, STREAM_ATTACH, arg);
    const struct node *lines;

    stream->instance_id = mem_dup(query->instance_id);
    stream->output = output;
    stream->done = done;
    if (memory_load(stream->memory, NULL) == 0) {
        lines = node_get(memory_object_find(stream->memory, query->instance_id), "log");
        if (node_is(lines, NODE_LIST))
            stream->next = lines->u.list.n;
    }
    return stream;
}

/* --- all streams ----------------------------------------------------------------------------- */

static void on_turn(void *arg)
{
    static bool (*const turns[])(struct operator_stream *) = { turn_logs, turn_events, turn_exec,
                                                               turn_attach };
    struct operator_stream *stream = arg;
    bool is_done = false;

    stream->timer = NULL;
    stream->is_in_callback = true;
    if (memory_load(stream->memory, NULL) == 0)
        is_done = turns[stream->kind](stream);
    stream->is_in_callback = false;
    if (is_done || stream->is_gone)
        stream_free(stream);
    else
        stream->timer = loop_add_timer(stream->memory->loop, FOLLOW_MS, on_turn, stream);
}

void memory_stream_write(struct operator_stream *stream, const char *bytes, size_t len)
{
    str_add_len(&stream->input, bytes, len);
}

void memory_stream_close_input(struct operator_stream *stream)
{
    stream->is_input_closed = true;
}

void memory_stream_resize(struct operator_stream *stream, unsigned rows, unsigned columns)
{
    (void)stream;
    (void)rows;
    (void)columns;
}

void memory_stream_cancel(struct operator_stream *stream)
{
    if (!stream)
        return;
    stream->is_gone = true;
    if (!stream->is_in_callback)
        stream_free(stream);
}

void memory_stream_pause(struct operator_stream *stream, bool is_paused)
{
    stream->is_paused = is_paused;
}

/* --- projects -------------------------------------------------------------------------------- */

struct projects_task {
    struct memory *memory;
    bool with_stopped;
    projects_done_fn done;
    void *arg;
};

static struct project_summary *summary_of(struct project_summary_list *list, const char *name)
{
    struct project_summary summary = { .files = "" };

    for (size_t i = 0; i < list->n; i++) {
        if (text_is(list->items[i].name, name))
            return &list->items[i];
    }
    summary.name = arena_dup(list->arena, name);
    ARENA_ADD(list->arena, list, summary);
    return &list->items[list->n - 1];
}

static void count_state(struct arena *arena, struct project_summary *summary, const char *state)
{
    for (size_t i = 0; i < summary->states.n; i++) {
        if (text_is(summary->states.items[i].state, state)) {
            summary->states.items[i].n++;
            return;
        }
    }
    if (summary->states.n == summary->states.cap)
        summary->states.items = arena_grow(arena, summary->states.items, summary->states.n,
                                           &summary->states.cap, sizeof(summary->states.items[0]));
    summary->states.items[summary->states.n].state = state;
    summary->states.items[summary->states.n++].n = 1;
}

static void on_projects(void *arg)
{
    struct projects_task *task = arg;
    struct project_summary_list list = { arena_new(), NULL, 0, 0 };
    struct err err = ERR_INIT;

    if (memory_load(task->memory, &err) == 0) {
        NODE_EACH_PAIR (memory_objects(task->memory), pair) {
            struct memory_condition condition;
            const char *project = memory_text(pair->value, "project");

            if (!project || !memory_is_kind(pair->value, &memory_container))
                continue;
            memory_look(pair->value, &condition);
            if (task->with_stopped || condition.state == STATE_RUNNING)
                count_state(list.arena, summary_of(&list, project),
                            instance_state_names[condition.state]);
        }
    }
    if (err_is_set(&err)) {
        arena_free(list.arena);
        task->done(task->arg, NULL, &err);
    } else {
        task->done(task->arg, &list, &err);
    }
    err_release(&err);
    mem_free(task);
}

void memory_projects(void *handle, bool with_stopped, projects_done_fn done, void *arg)
{
    struct projects_task *task = MEM_NEW(struct projects_task);

    task->memory = handle;
    task->with_stopped = with_stopped;
    task->done = done;
    task->arg = arg;
    loop_add_soon(task->memory->loop, on_projects, task);
}
