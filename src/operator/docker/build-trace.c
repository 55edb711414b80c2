/*
 * build-trace.c - what BuildKit tells of a build while it runs: steps that begin and end, and what
 * their commands print. It comes as protocol buffers from the engine
 * (moby.buildkit.v1.StatusResponse) and as JSON from docker-buildx. Only what is shown is read.
 * Called by build-engine.c and build-bake.c.
 */
#include "base/base.h"

#include "net/digest.h"
#include "operator/docker/build.h"

/* A step of the build, from either form. */
struct vertex {
    struct slice name, error;
    bool is_started, is_completed, is_cached;
};

static void show_vertex(struct task *task, struct build_log *log, const struct vertex *vertex)
{
    STR_AUTO(line);
    const char *word = vertex->is_cached ? "CACHED" : vertex->is_completed ? "DONE" : NULL;
    if (!vertex->name.len || (!word && !vertex->is_started))
        return;
    if (vertex->error.len)
        word = "ERROR";
    str_printf(&line, "%.*s%s%s", (int)vertex->name.len, vertex->name.at, word ? " " : "",
               word ? word : "");
    if (vertex->error.len)
        str_printf(&line, ": %.*s", (int)vertex->error.len, vertex->error.at);
    build_line(task, log, line.buf);
}

/* --- protocol buffers ------------------------------------------------------------------------- */

enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct wire_field {
    unsigned number;
    enum wire_type type;
    uint64_t value;
    struct slice bytes;
};

static bool read_varint(struct slice *in, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && in->len; shift += 7) {
        unsigned char byte = (unsigned char)*in->at++;
        in->len--;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool take(struct slice *in, uint64_t n, struct slice *ret_bytes)
{
    if (n > in->len)
        return false;
    *ret_bytes = (struct slice){ in->at, (size_t)n };
    in->at += n;
    in->len -= (size_t)n;
    return true;
}

/* The next field of a message; false at its end, or where it makes no sense. */
static bool next_field(struct slice *in, struct wire_field *field)
{
    uint64_t key, n;
    *field = (struct wire_field){ 0 };
    if (!in->len || !read_varint(in, &key))
        return false;
    field->number = (unsigned)(key >> 3);
    field->type = (enum wire_type)(key & 7);
    switch (field->type) {
    case WIRE_VARINT:
        return read_varint(in, &field->value);
    case WIRE_64:
        return take(in, 8, &field->bytes);
    case WIRE_BYTES:
        return read_varint(in, &n) && take(in, n, &field->bytes);
    case WIRE_32:
        return take(in, 4, &field->bytes);
    default:
        return false;
    }
}

static void trace_vertex(struct task *task, struct build_log *log, struct slice in)
{
    struct vertex vertex = { .is_started = false };
    struct wire_field field;
    while (next_field(&in, &field)) {
        if (field.number == 3)
            vertex.name = field.bytes;
        else if (field.number == 4)
            vertex.is_cached = field.value != 0;
        else if (field.number == 5)
            vertex.is_started = true;
        else if (field.number == 6)
            vertex.is_completed = true;
        else if (field.number == 7)
            vertex.error = field.bytes;
    }
    show_vertex(task, log, &vertex);
}

static void trace_log(struct task *task, struct build_log *log, struct slice in)
{
    struct wire_field field;
    while (next_field(&in, &field))
        if (field.number == 4)
            build_log(task, log, field.bytes.at, field.bytes.len);
}

void build_trace(struct task *task, struct build_log *log, const char *bytes, size_t len)
{
    struct slice in = { bytes, len };
    struct wire_field field;
    while (next_field(&in, &field)) {
        if (field.number == 1)
            trace_vertex(task, log, field.bytes);
        else if (field.number == 3)
            trace_log(task, log, field.bytes);
    }
}

/* --- JSON ------------------------------------------------------------------------------------- */

static struct slice slice_of(const struct node *map, const char *key)
{
    const char *text = get_text(map, key);
    return slice_from(text ? text : "");
}

static void status_log(struct task *task, struct build_log *log, const struct node *item)
{
    STR_AUTO(bytes);
    const char *data = get_text(item, "data");
    if (data && base64_decode(data, strlen(data), &bytes) == 0)
        build_log(task, log, bytes.buf, bytes.len);
}

void build_status(struct task *task, struct build_log *log, const struct node *status)
{
    const struct node *vertexes = node_get(status, "vertexes"), *logs = node_get(status, "logs");
    if (node_is(vertexes, NODE_LIST))
        NODE_EACH_ITEM (vertexes, item) {
            struct vertex vertex = { .name = slice_of(*item, "name"),
                                     .error = slice_of(*item, "error"),
                                     .is_started = node_get(*item, "started") != NULL,
                                     .is_completed = node_get(*item, "completed") != NULL,
                                     .is_cached = get_bool(*item, "cached") };
            show_vertex(task, log, &vertex);
        }
    if (node_is(logs, NODE_LIST))
        NODE_EACH_ITEM (logs, item)
            status_log(task, log, *item);
}
