/*
 * fuzz_jread.c - the JSON reader and writer: what is accepted is written and read again as the
 * same, and a stream gives the same values however it is cut into pieces.
 */
#include "base/base.h"

#include "data/jread.h"
#include "data/jwrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(cond) ((cond) ? (void)0 : __builtin_trap())

static void check_document(const char *text, size_t len, uint32_t file)
{
    struct arena *arena = arena_new();
    struct node *node, *again;
    STR_AUTO(first);
    STR_AUTO(second);
    ERR_AUTO(err);

    if (jread_parse(arena, file, text, len, &node, &err) == 0 &&
        text_utf8_valid(text, len) != len) {
        jwrite_node_text(node, 0, &first); /* different bytes may become one key: not comparable */
    } else if (!err_is_set(&err)) {
        jwrite_node_text(node, JWRITE_HTML | JWRITE_SORT, &first);
        MUST(jread_parse(arena, 1, first.buf, first.len, &again, &err) == 0);
        jwrite_node_text(again, JWRITE_HTML, &second);
        MUST(first.len == second.len && memcmp(first.buf, second.buf, first.len) == 0);
        MUST(text_utf8_valid(first.buf, first.len) == first.len);
    }
    arena_free(arena);
}

static int add_value(void *arg, struct node *value, struct err *err)
{
    struct str *out = arg;

    (void)err;
    jwrite_node_text(value, 0, out);
    str_add_char(out, '\n');
    return 0;
}

static void run_stream(const char *text, size_t len, size_t piece, struct str *out)
{
    struct jread_stream *stream = jread_stream_new(add_value, out);
    ERR_AUTO(err);
    int result = 0;

    for (size_t i = 0; i < len && result == 0; i += piece)
        result = jread_stream_feed(stream, text + i, MIN(piece, len - i), &err);
    if (result == 0)
        result = jread_stream_end(stream, &err);
    str_add(out, result == 0 ? "end" : "error");
    MUST((result != 0) == err_is_set(&err));
    jread_stream_free(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    STR_AUTO(whole);
    STR_AUTO(pieces);

    check_document(text, size, 0);
    check_document(text, size, 1);
    run_stream(text, size, size + 1, &whole);
    run_stream(text, size, 1 + size % 3, &pieces);
    MUST(whole.len == pieces.len && memcmp(whole.buf, pieces.buf, whole.len) == 0);
    return 0;
}
