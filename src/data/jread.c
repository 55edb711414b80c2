/*
 * jread.c - reads JSON: yajl's push parser feeds a small builder of nodes. The only file that
 * includes yajl. Numbers are taken as text, so that 64 bits survive. Called for endpoints' answers
 * and streams, for JSON configuration files and for state files.
 */
#include "base/base.h"

#include "data/jread.h"

#include <yajl/yajl_parse.h>

#include "base/mem.h"
#include "data/number.h"

struct frame {
    struct node *node;
    const char *key; /* of a map: the key whose value comes next, or NULL */
    size_t key_len;
    struct origin key_at;
};

struct build {
    struct arena *arena; /* of the value that is read; a stream has one for each */
    struct err *err;     /* of the call that is running */
    yajl_handle yajl;
    struct frame frames[JREAD_MAX_DEPTH];
    unsigned depth;
    struct node *root;
    /* Places: of files only. */
    uint32_t file;
    const char *text;
    size_t len;
    size_t token_end; /* of the token before */
    size_t counted;   /* bytes that line and column have seen */
    uint32_t line, column;
    /* Streams only. */
    struct jread_stream *stream;
};

struct jread_stream {
    struct build build;
    jread_fn fn;
    void *arg;
    size_t n_pending; /* bytes since the last complete value */
    bool has_content; /* anything but blanks was fed */
};

/* Places. */

static void count_to(struct build *build, size_t offset)
{
    for (; build->counted < offset && build->counted < build->len; build->counted++) {
        unsigned char c = (unsigned char)build->text[build->counted];
        if (c == '\n') {
            build->line++;
            build->column = 1;
        } else if ((c & 0xc0) != 0x80) {
            build->column++;
        }
    }
}

/* Where the token that yajl has just read begins. */
static struct origin token_origin(struct build *build)
{
    struct origin at = ORIGIN_NONE;
    size_t start = build->token_end;

    if (!build->file)
        return at;
    while (start < build->len && strchr(" \t\r\n,:", build->text[start]) && build->text[start])
        start++;
    count_to(build, start);
    build->token_end = yajl_get_bytes_consumed(build->yajl);
    at.file = build->file;
    at.line = build->line;
    at.column = build->column;
    return at;
}

/* Building. The callbacks return 1 to go on, 0 to stop with build->err set. */

static enum err_code input_code(const struct build *build)
{
    return build->file ? ERR_INPUT : ERR_PROTOCOL;
}

static int finish_stream_value(struct build *build)
{
    struct jread_stream *stream = build->stream;
    struct arena *arena = STEAL_PTR(build->arena);
    struct node *value = STEAL_PTR(build->root);

    stream->n_pending = 0;
    int result = stream->fn(stream->arg, value, build->err);
    arena_free(arena);
    return result == 0;
}

static int put(struct build *build, struct node *value)
{
    if (!build->depth) {
        build->root = value;
        return 1;
    }
    struct frame *frame = &build->frames[build->depth - 1];
    if (frame->node->kind == NODE_LIST) {
        node_add(build->arena, frame->node, value);
        return 1;
    }
    struct node_pair *pair = node_get_pair(frame->node, frame->key, frame->key_len);
    if (!pair) {
        node_append_pair(build->arena, frame->node, frame->key, frame->key_len, frame->key_at,
                         value);
        return 1;
    }
    if (build->file) {
        err_set_at(build->err, frame->key_at, ERR_INPUT,
                   "mapping key \"%s\" already defined at line %u", frame->key,
                   (unsigned)pair->at.line);
        return 0;
    }
    pair->value = value;
    return 1;
}

static int put_scalar(struct build *build, struct node *value)
{
    if (!put(build, value))
        return 0;
    return build->stream && !build->depth ? finish_stream_value(build) : 1;
}

static struct arena *value_arena(struct build *build)
{
    if (!build->arena)
        build->arena = arena_new();
    return build->arena;
}

static int on_null(void *context)
{
    struct build *build = context;

    return put_scalar(build, node_null(value_arena(build), token_origin(build)));
}

static int on_boolean(void *context, int value)
{
    struct build *build = context;

    return put_scalar(build, node_bool(value_arena(build), token_origin(build), value));
}

/* "-0" is none: like Go and YAML, it stays a negative zero. */
static bool is_integer(const char *text, size_t len)
{
    bool is_negative_zero = len == 2 && memcmp(text, "-0", 2) == 0;

    return !is_negative_zero && !memchr(text, '.', len) && !memchr(text, 'e', len) &&
           !memchr(text, 'E', len);
}

static int on_number(void *context, const char *text, size_t len)
{
    struct build *build = context;
    struct arena *arena = value_arena(build);
    struct origin at = token_origin(build);
    int64_t integer;
    uint64_t large;
    double number;

    if (is_integer(text, len)) {
        enum number_kind kind = number_parse_int(text, len, &integer, &large);
        if (kind == NUMBER_INT)
            return put_scalar(build, node_int(arena, at, integer));
        if (kind == NUMBER_UINT)
            return put_scalar(build, node_uint(arena, at, large));
    }
    if (number_parse_float(text, len, &number))
        return put_scalar(build, node_float(arena, at, number));
    err_set_at(build->err, at, input_code(build), "number out of range: \"%.*s\"",
               (int)MIN(len, 100), text);
    return 0;
}

/* Bytes that are no UTF-8 (and yajl's lone surrogates) become U+FFFD, as in Go. */
static void add_valid(const char *text, size_t len, struct str *out)
{
    while (len) {
        size_t valid = text_utf8_valid(text, len);

        str_add_len(out, text, valid);
        if (valid == len)
            return;
        bool is_surrogate = len - valid >= 3 && text[valid] == '\xed' &&
                            (unsigned char)text[valid + 1] >= 0xa0 &&
                            ((unsigned char)text[valid + 2] & 0xc0) == 0x80;
        valid += is_surrogate ? 3 : 1;
        str_add(out, "\xef\xbf\xbd");
        text += valid;
        len -= valid;
    }
}

/* The string in the arena, valid. */
static const char *valid_text(struct arena *arena, const unsigned char *text, size_t len,
                              size_t *ret_len)
{
    const char *bytes = (const char *)text;

    *ret_len = len;
    if (text_utf8_valid(bytes, len) == len)
        return arena_dup_len(arena, bytes, len);
    STR_AUTO(valid);
    add_valid(bytes, len, &valid);
    *ret_len = valid.len;
    return arena_dup_len(arena, valid.buf, valid.len);
}

static int on_string(void *context, const unsigned char *text, size_t len)
{
    struct build *build = context;
    struct arena *arena = value_arena(build);
    struct node *node = node_null(arena, token_origin(build));

    node->kind = NODE_TEXT;
    node->u.text.bytes = valid_text(arena, text, len, &node->u.text.len);
    return put_scalar(build, node);
}

static int on_key(void *context, const unsigned char *text, size_t len)
{
    struct build *build = context;
    struct frame *frame = &build->frames[build->depth - 1];

    frame->key = valid_text(build->arena, text, len, &frame->key_len);
    frame->key_at = token_origin(build);
    return 1;
}

static int begin(struct build *build, enum node_kind kind)
{
    struct arena *arena = value_arena(build);
    struct origin at = token_origin(build);

    if (build->depth == JREAD_MAX_DEPTH) {
        err_set_at(build->err, at, ERR_LIMIT, "JSON nested deeper than %d levels", JREAD_MAX_DEPTH);
        return 0;
    }
    struct node *node = kind == NODE_LIST ? node_list(arena, at) : node_map(arena, at);
    if (!put(build, node))
        return 0;
    struct frame *frame = &build->frames[build->depth++];
    memset(frame, 0, sizeof(*frame));
    frame->node = node;
    return 1;
}

static int end(struct build *build)
{
    if (build->file)
        build->token_end = yajl_get_bytes_consumed(build->yajl);
    build->depth--;
    return build->stream && !build->depth ? finish_stream_value(build) : 1;
}

static int on_map(void *context)
{
    return begin(context, NODE_MAP);
}

static int on_list(void *context)
{
    return begin(context, NODE_LIST);
}

static int on_end(void *context)
{
    return end(context);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_map,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end,
    .yajl_start_array = on_list,
    .yajl_end_array = on_end,
};

/* yajl's own message, in our form: "parse error: x\n" becomes "invalid JSON: x". */
static int report(struct build *build)
{
    struct origin at = ORIGIN_NONE;
    unsigned char *message = yajl_get_error(build->yajl, 0, NULL, 0);
    struct slice text = slice_trim(slice_from((const char *)message)), kind;

    if (slice_starts(text, "parse error: ") || slice_starts(text, "lexical error: "))
        slice_split(&text, ':', &kind);
    text = slice_trim(text);
    if (build->file) {
        count_to(build, yajl_get_bytes_consumed(build->yajl));
        at.file = build->file;
        at.line = build->line;
        at.column = MAX(build->column, 2) - 1;
    }
    err_set_at(build->err, at, input_code(build), "invalid JSON: %.*s", (int)text.len, text.at);
    yajl_free_error(build->yajl, message);
    return -1;
}

static int check_status(struct build *build, yajl_status status)
{
    if (status == yajl_status_ok)
        return 0;
    return status == yajl_status_client_canceled ? -1 : report(build);
}

static void build_open(struct build *build)
{
    build->yajl = yajl_alloc(&callbacks, NULL, build);
    build->line = build->column = 1;
}

int jread_parse(struct arena *arena, uint32_t file, const char *text, size_t len,
                struct node **ret_node, struct err *err)
{
    struct build build = { .arena = arena, .err = err, .file = file };
    struct origin at = { file, 0, 0 };

    if (len > JREAD_MAX_BYTES)
        return err_set_at(err, at, ERR_LIMIT, "JSON larger than %u bytes", JREAD_MAX_BYTES);
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    build.text = text;
    build.len = len;
    build_open(&build);
    if (!file)
        yajl_config(build.yajl, yajl_dont_validate_strings, 1);
    int result = check_status(&build, yajl_parse(build.yajl, (const unsigned char *)text, len));
    if (!result)
        result = check_status(&build, yajl_complete_parse(build.yajl));
    yajl_free(build.yajl);
    if (!result)
        *ret_node = build.root;
    return result;
}

/* Streams. */

struct jread_stream *jread_stream_new(jread_fn fn, void *arg)
{
    struct jread_stream *stream = MEM_NEW(struct jread_stream);

    stream->fn = fn;
    stream->arg = arg;
    stream->build.stream = stream;
    build_open(&stream->build);
    yajl_config(stream->build.yajl, yajl_allow_multiple_values, 1);
    yajl_config(stream->build.yajl, yajl_dont_validate_strings, 1);
    return stream;
}

static bool is_blank(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r' && bytes[i] != '\n')
            return false;
    return true;
}

int jread_stream_feed(struct jread_stream *stream, const char *bytes, size_t len, struct err *err)
{
    struct build *build = &stream->build;

    build->err = err;
    stream->has_content = stream->has_content || !is_blank(bytes, len);
    stream->n_pending += len;
    int result = check_status(build, yajl_parse(build->yajl, (const unsigned char *)bytes, len));
    if (!result && stream->n_pending > JREAD_MAX_VALUE_BYTES)
        result = err_set(err, ERR_LIMIT, "a JSON value of a stream is larger than %u bytes",
                         JREAD_MAX_VALUE_BYTES);
    build->err = NULL;
    return result;
}

int jread_stream_end(struct jread_stream *stream, struct err *err)
{
    struct build *build = &stream->build;

    if (!stream->has_content)
        return 0;
    build->err = err;
    int result = check_status(build, yajl_complete_parse(build->yajl));
    build->err = NULL;
    return result;
}

void jread_stream_free(struct jread_stream *stream)
{
    if (!stream)
        return;
    yajl_free(stream->build.yajl);
    arena_free(stream->build.arena);
    mem_free(stream);
}
