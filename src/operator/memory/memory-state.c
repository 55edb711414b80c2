/*
 * memory-state.c - the state of the in-memory operator: one tree of nodes, in the handle or in a
 * JSON file that is read before and written after each change. Knows nothing of steps.
 */
#include "base/base.h"

#include "operator/memory/memory-parts.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "data/jread.h"
#include "data/jwrite.h"

#define STATE_MAX (64u << 20)
#define EVENTS_MAX 1000

static const struct origin nowhere;

static void make_empty(struct memory *memory)
{
    memory->root = node_map(memory->arena, nowhere);
    node_set(memory->arena, memory->root, "counter", nowhere, node_int(memory->arena, nowhere, 0));
    node_set(memory->arena, memory->root, "objects", nowhere, node_map(memory->arena, nowhere));
    node_set(memory->arena, memory->root, "events", nowhere, node_list(memory->arena, nowhere));
}

int memory_load(struct memory *memory, struct err *err)
{
    STR_AUTO(text);
    struct node *root = NULL;
    struct arena *arena;

    if (memory->arena && !memory->path)
        return 0;
    arena = arena_new();
    if (memory->path && file_exists(memory->path)) {
        if (file_read(memory->path, STATE_MAX, &text, err) != 0 ||
            jread_parse(arena, 0, text.buf, text.len, &root, err) != 0) {
            arena_free(arena);
            return err_wrap(err, "cannot read the state \"%s\"", memory->path);
        }
        if (!node_is(node_get(root, "objects"), NODE_MAP) ||
            !node_is(node_get(root, "events"), NODE_LIST)) {
            arena_free(arena);
            return err_set(err, ERR_INPUT, "\"%s\" is no state of this operator", memory->path);
        }
    }
    arena_free(memory->arena);
    memory->arena = arena;
    memory->root = root;
    if (!root)
        make_empty(memory);
    return 0;
}

int memory_save(struct memory *memory, struct err *err)
{
    STR_AUTO(text);

    if (!memory->path)
        return 0;
    jwrite_node_text(memory->root, JWRITE_INDENT2, &text);
    return file_write_atomic(memory->path, text.buf, text.len, 0600, err);
}

struct node *memory_objects(struct memory *memory)
{
    return node_get(memory->root, "objects");
}

struct node *memory_object_add(struct memory *memory, const struct resource_kind *kind,
                               const char *name)
{
    int64_t counter = memory_int(memory->root, "counter") + 1;
    struct node *object = node_map(memory->arena, nowhere);
    STR_AUTO(id);

    memory_set_int(memory, memory->root, "counter", counter);
    /* The counter comes last and the front varies, as with real ids. */
    str_printf(&id, "%08llx%08llx",
               (unsigned long long)(text_hash((const char *)&counter, sizeof(counter)) >> 32),
               (unsigned long long)counter);
    memory_set_text(memory, object, "id", id.buf);
    memory_set_text(memory, object, "kind", kind->name);
    memory_set_text(memory, object, "name", name);
    memory_set_int(memory, object, "created", clock_wall_ns());
    node_set(memory->arena, memory_objects(memory), id.buf, nowhere, object);
    return object;
}

struct node *memory_object_find(struct memory *memory, const char *id)
{
    return id ? node_get(memory_objects(memory), id) : NULL;
}

struct node *memory_object_named(struct memory *memory, const struct resource_kind *kind,
                                 const char *name)
{
    NODE_EACH_PAIR (memory_objects(memory), pair) {
        if (memory_is_kind(pair->value, kind) && text_is(memory_text(pair->value, "name"), name))
            return pair->value;
    }
    return NULL;
}

void memory_object_remove(struct memory *memory, const char *id)
{
    node_remove(memory_objects(memory), id);
}

/* --- members --------------------------------------------------------------------------------- */

const char *memory_text(const struct node *object, const char *key)
{
    return node_as_text(node_get(object, key));
}

int64_t memory_int(const struct node *object, const char *key)
{
    const struct node *value = node_get(object, key);

    return node_is(value, NODE_INT) ? value->u.integer : 0;
}

bool memory_bool(const struct node *object, const char *key)
{
    const struct node *value = node_get(object, key);

    return node_is(value, NODE_BOOL) && value->u.truth;
}

bool memory_is_kind(const struct node *object, const struct resource_kind *kind)
{
    return text_is(memory_text(object, "kind"), kind->name);
}

void memory_set_text(struct memory *memory, struct node *object, const char *key, const char *value)
{
    if (value)
        node_set(memory->arena, object, key, nowhere, node_text(memory->arena, nowhere, value));
    else
        node_remove(object, key);
}

void memory_set_int(struct memory *memory, struct node *object, const char *key, int64_t value)
{
    node_set(memory->arena, object, key, nowhere, node_int(memory->arena, nowhere, value));
}

void memory_set_bool(struct memory *memory, struct node *object, const char *key, bool value)
{
    node_set(memory->arena, object, key, nowhere, node_bool(memory->arena, nowhere, value));
}

/* --- what was said and done ------------------------------------------------------------------ */

void memory_log(struct memory *memory, struct node *object, int stream, const char *text)
{
    struct node *lines = node_get(object, "log");
    struct node *line = node_map(memory->arena, nowhere);

    if (!lines) {
        lines = node_list(memory->arena, nowhere);
        node_set(memory->arena, object, "log", nowhere, lines);
    }
    memory_set_int(memory, line, "time", clock_wall_ns());
    memory_set_int(memory, line, "stream", stream);
    memory_set_text(memory, line, "text", text);
    node_add(memory->arena, lines, line);
}

void memory_event(struct memory *memory, const struct node *object, const char *action)
{
    struct node *events = node_get(memory->root, "events");
    struct node *event = node_map(memory->arena, nowhere);
    static const char *const copied[] = { "id", "name", "kind", "project", "service", "replaces" };

    memory_set_int(memory, event, "time", clock_wall_ns());
    memory_set_text(memory, event, "action", action);
    for (size_t i = 0; i < ARRAY_LEN(copied); i++)
        memory_set_text(memory, event, copied[i], memory_text(object, copied[i]));
    memory_set_int(memory, event, "number", memory_int(object, "number"));
    memory_set_int(memory, event, "exit", memory_int(object, "exit"));
    memory_set_bool(memory, event, "one_off", memory_bool(object, "one_off"));
    node_add(memory->arena, events, event);
    if (events->u.list.n > EVENTS_MAX)
        node_remove_at(events, 0);
}

/* --- simulation ------------------------------------------------------------------------------ */

const char *memory_label(const struct node *object, const char *label)
{
    const struct node *labels = node_get_path(object, "spec", "labels", NULL);

    return node_as_text(node_get(labels, label));
}

static int64_t label_time(const struct node *object, const char *label)
{
    const char *text = memory_label(object, label);
    int64_t ns;

    return text && duration_parse(text, &ns) == 0 ? ns : 0;
}

static void look_at_health(const struct node *object, int64_t started, int64_t now,
                           struct memory_condition *condition)
{
    const struct node *check = node_get_path(object, "spec", "healthcheck", NULL);
    int64_t healthy;

    if (!node_is(check, NODE_MAP) || memory_bool(check, "disable"))
        return;
    condition->health = HEALTH_STARTING;
    if (text_is(memory_label(object, "memory.unhealthy"), "true")) {
        condition->health = HEALTH_UNHEALTHY;
        return;
    }
    healthy = started + label_time(object, "memory.healthy-after");
    if (now >= healthy)
        condition->health = HEALTH_HEALTHY;
    else if (condition->next_ns == 0 || healthy < condition->next_ns)
        condition->next_ns = healthy;
}

void memory_look(const struct node *object, struct memory_condition *ret_condition)
{
    int64_t now = clock_wall_ns(), started = memory_int(object, "started"), ends;
    const char *state = memory_text(object, "state"), *exit_label;

    memset(ret_condition, 0, sizeof(*ret_condition));
    for (int i = STATE_CREATED; i <= STATE_DEAD; i++) {
        if (text_is(state, instance_state_names[i]))
            ret_condition->state = (enum instance_state)i;
    }
    ret_condition->exit_code = memory_int(object, "exit");
    ret_condition->finished_ns = memory_int(object, "finished");
    if (ret_condition->state != STATE_RUNNING)
        return;
    exit_label = memory_label(object, "memory.exit");
    if (exit_label) {
        int64_t code;

        ends = started + label_time(object, "memory.exit-after");
        if (now >= ends && text_to_int(exit_label, &code) == 0) {
            ret_condition->state = STATE_EXITED;
            ret_condition->exit_code = code;
            ret_condition->finished_ns = ends;
            return;
        }
        ret_condition->next_ns = ends;
    }
    look_at_health(object, started, now, ret_condition);
}
