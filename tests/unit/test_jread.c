/* test_jread.c - data/jread: documents, numbers, places, errors, limits, streams. */
#include "tests/unit/tap.h"

#include "data/jread.h"
#include "data/jwrite.h"

static void test_documents(void)
{
    /* what goes in, and what the writer makes of it; "!" before an error's text */
    static const char *const cases[][2] = {
        { "{}", "{}" },
        { " [ 1 , 2 ] ", "[1,2]" },
        { "\xef\xbb\xbf\"bom\"", "\"bom\"" },
        { "[9223372036854775807,-9223372036854775808,18446744073709551615]",
          "[9223372036854775807,-9223372036854775808,18446744073709551615]" },
        { "[18446744073709551616,1e2,1.50,-0,0]", "[18446744073709552000,100,1.5,-0,0]" },
        { "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}" },
        { "\"\\u0000\\u00e9\\ud83d\\ude00\\n\"", "\"\\u0000é\xf0\x9f\x98\x80\\n\"" },
        { "\"\\udc00x\"", "\"\xef\xbf\xbdx\"" },
        { "\"\xff\"", "\"\xef\xbf\xbd\"" },
        { "[true,false,null]", "[true,false,null]" },
        { "[1e400]", "!number out of range: \"1e400\"" },
        { "", "!invalid JSON: premature EOF" },
        { "{\"a\":", "!invalid JSON: premature EOF" },
        { "[1,]", "!invalid JSON: unallowed token at this point in JSON text" },
        { "{} x", "!invalid JSON: trailing garbage" },
        { "[01]", "!" },
        { "nul", "!" },
        { "{/* x */}", "!" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *arena = arena_new();
        struct node *node;
        STR_AUTO(out);
        ERR_AUTO(err);
        if (jread_parse(arena, 0, cases[i][0], strlen(cases[i][0]), &node, &err) == 0) {
            jwrite_node_text(node, 0, &out);
            is_text(out.buf, cases[i][1]);
        } else {
            is_int(err.code, ERR_PROTOCOL);
            ok(cases[i][1][0] == '!' && text_starts(err.text, cases[i][1] + 1));
        }
        arena_free(arena);
    }
}

static void test_places(void)
{
    static const char text[] = "{\n  \"a\": [1,\n    \"é\\n\", true ],\n  \"é\": {\"b\":null}}";
    struct arena *arena = arena_new();
    uint32_t file = origin_add_file("x.json", NULL, 0);
    struct node *node;
    ERR_AUTO(err);

    is_int(jread_parse(arena, file, text, sizeof(text) - 1, &node, &err), 0);
    struct node *list = node_get(node, "a");
    is_int(node->at.line, 1);
    is_int(node->at.column, 1);
    is_int(node_get_pair(node, "a", 1)->at.column, 3);
    is_int(list->at.column, 8);
    is_int(list->u.list.items[0]->at.column, 9);
    is_int(list->u.list.items[1]->at.line, 3);
    is_int(list->u.list.items[1]->at.column, 5);
    is_int(list->u.list.items[2]->at.column, 12);
    is_int(node_get_path(node, "é", "b", NULL)->at.column, 13);
    is_int(node_get_path(node, "é", "b", NULL)->at.file, file);
    arena_free(arena);
}

static void test_file_errors(void)
{
    static const struct {
        const char *text;
        uint32_t line, column;
        const char *problem;
    } cases[] = {
        { "{\"a\": 1,\n \"a\": 2}", 2, 2, "mapping key \"a\" already defined at line 1" },
        { "[1,\n 1e999]", 2, 2, "number out of range: \"1e999\"" },
        { "[1,\n x]", 2, 2, "invalid JSON: invalid char in json text" },
        { "{\"a\" 1}", 1, 6, "invalid JSON: object key and value must be separated by a colon (" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *arena = arena_new();
        struct node *node;
        ERR_AUTO(err);
        is_int(jread_parse(arena, 1, cases[i].text, strlen(cases[i].text), &node, &err), -1);
        is_int(err.code, ERR_INPUT);
        is_int(err.at.line, cases[i].line);
        is_int(err.at.column, cases[i].column);
        if (!ok(err.text && text_starts(err.text, cases[i].problem)))
            tap_note("%s", err.text);
        arena_free(arena);
    }
}

static void test_limits(void)
{
    struct arena *arena = arena_new();
    struct node *node;
    STR_AUTO(text);
    ERR_AUTO(err);

    str_add_n(&text, JREAD_MAX_DEPTH, '[');
    str_add_n(&text, JREAD_MAX_DEPTH, ']');
    is_int(jread_parse(arena, 0, text.buf, text.len, &node, &err), 0);
    str_clear(&text);
    str_add_n(&text, 1000000, '[');
    int64_t start = tap_cpu_ms();
    is_int(jread_parse(arena, 0, text.buf, text.len, &node, &err), -1);
    is_int(err.code, ERR_LIMIT);
    ok(tap_cpu_ms() - start < 1000);
    arena_free(arena);
}

/* Streams. */

struct values {
    struct str out;
    int fail_at, n;
};

static int add_value(void *arg, struct node *value, struct err *err)
{
    struct values *values = arg;

    if (++values->n == values->fail_at)
        return err_set(err, ERR_CONFLICT, "enough");
    jwrite_node_text(value, 0, &values->out);
    str_add_char(&values->out, ';');
    return 0;
}

static const char stream_text[] =
    "{\"status\":\"a\"}\r\n{\"n\":[1,2,{\"x\":\"y\"}]}\n\"z\" true []{}7 ";

static void test_stream(void)
{
    for (size_t piece = 1; piece < sizeof(stream_text); piece++) {
        struct values values = { .out = STR_INIT };
        struct jread_stream *stream = jread_stream_new(add_value, &values);
        ERR_AUTO(err);
        int result = 0;
        for (size_t i = 0; i < sizeof(stream_text) - 1; i += piece)
            result |= jread_stream_feed(stream, stream_text + i,
                                        MIN(piece, sizeof(stream_text) - 1 - i), &err);
        result |= jread_stream_end(stream, &err);
        is_int(result, 0);
        is_text(values.out.buf,
                "{\"status\":\"a\"};{\"n\":[1,2,{\"x\":\"y\"}]};\"z\";true;[];{};7;");
        jread_stream_free(stream);
        str_release(&values.out);
    }
}

static void stream_result(const char *text, int fail_at, enum err_code code, int n)
{
    struct values values = { .out = STR_INIT, .fail_at = fail_at };
    struct jread_stream *stream = jread_stream_new(add_value, &values);
    ERR_AUTO(err);

    if (jread_stream_feed(stream, text, strlen(text), &err) == 0)
        is_int(jread_stream_end(stream, &err), code == ERR_NONE ? 0 : -1);
    is_int(err.code, code);
    is_int(values.n, n);
    jread_stream_free(stream);
    str_release(&values.out);
}

static void test_stream_ends(void)
{
    stream_result("", 0, ERR_NONE, 0);
    stream_result(" \r\n", 0, ERR_NONE, 0);
    stream_result("{} ", 0, ERR_NONE, 1);
    stream_result("{} {\"a\":", 0, ERR_PROTOCOL, 1);
    stream_result("{} 12", 0, ERR_NONE, 2);
    stream_result("{} } {}", 0, ERR_PROTOCOL, 1);
    stream_result("{} {} {}", 2, ERR_CONFLICT, 2);
}

static void test_stream_limit(void)
{
    struct values values = { .out = STR_INIT };
    struct jread_stream *stream = jread_stream_new(add_value, &values);
    STR_AUTO(block);
    ERR_AUTO(err);
    int result = 0;

    str_add_n(&block, 1u << 20, 'x');
    result = jread_stream_feed(stream, "\"", 1, &err);
    for (int i = 0; i < 20 && result == 0; i++)
        result = jread_stream_feed(stream, block.buf, block.len, &err);
    is_int(result, -1);
    is_int(err.code, ERR_LIMIT);
    jread_stream_free(stream);
    jread_stream_free(NULL);
    str_release(&values.out);
}

int main(void)
{
    test_documents();
    test_places();
    test_file_errors();
    test_limits();
    test_stream();
    test_stream_ends();
    test_stream_limit();
    return done_testing();
}
