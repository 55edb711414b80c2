/* test_jwrite.c - data/jwrite: strings, floats, indentation, sorting, masks. */
#include "tests/unit/tap.h"

#include <math.h>

#include "data/jwrite.h"

static const struct origin nowhere = ORIGIN_NONE;

static void test_strings(void)
{
    static const struct {
        const char *text;
        size_t len;
        const char *plain, *html;
    } cases[] = {
        { "", 0, "\"\"", "\"\"" },
        { "a\"b\\c/", 6, "\"a\\\"b\\\\c/\"", "\"a\\\"b\\\\c/\"" },
        { "<a&b>", 5, "\"<a&b>\"", "\"\\u003ca\\u0026b\\u003e\"" },
        { "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"", "\"\\b\\f\\n\\r\\t\"" },
        { "\0\1\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\x7f\"", "\"\\u0000\\u0001\\u001f\x7f\"" },
        { "\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa", 9, "\"\\u2028\\u2029\xe2\x80\xaa\"",
          "\"\\u2028\\u2029\xe2\x80\xaa\"" },
        { "é\xf0\x9f\x98\x80", 6, "\"é\xf0\x9f\x98\x80\"", "\"é\xf0\x9f\x98\x80\"" },
        { "\xff", 1, "\"\\ufffd\"", "\"\\ufffd\"" },
        { "a\xc3", 2, "\"a\\ufffd\"", "\"a\\ufffd\"" },
        { "\xe2\x80z", 3, "\"\\ufffd\\ufffdz\"", "\"\\ufffd\\ufffdz\"" },
        { "\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"", "\"\\ufffd\\ufffd\\ufffd\"" },
        { "\xf8\x88\x80\x80\x80", 5, "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"",
          "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct jwrite w;
        STR_AUTO(plain);
        STR_AUTO(html);
        jwrite_init(&w, &plain, 0);
        jwrite_text_len(&w, cases[i].text, cases[i].len);
        is_text(plain.buf, cases[i].plain);
        jwrite_init(&w, &html, JWRITE_HTML);
        jwrite_text_len(&w, cases[i].text, cases[i].len);
        is_text(html.buf, cases[i].html);
    }
}

static void test_floats(void)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        { 0, "0" },
        { -0.0, "-0" },
        { 1, "1" },
        { 1.5, "1.5" },
        { 1e6, "1000000" },
        { 1e20, "100000000000000000000" },
        { 1e21, "1e+21" },
        { 1e-6, "0.000001" },
        { 1e-7, "1e-7" },
        { 1.5e-10, "1.5e-10" },
        { 123456789.125, "123456789.125" },
        { 5e-324, "5e-324" },
        { 1.7976931348623157e308, "1.7976931348623157e+308" },
        { 0.1, "0.1" },
        { 100, "100" },
        { -1e22, "-1e+22" },
        { 3.0000000000000004, "3.0000000000000004" },
        { INFINITY, "null" },
        { NAN, "null" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct jwrite w;
        STR_AUTO(out);
        jwrite_init(&w, &out, 0);
        jwrite_float(&w, cases[i].value);
        is_text(out.buf, cases[i].text);
    }
}

static void write_all(struct jwrite *w)
{
    jwrite_map(w);
    jwrite_key_text(w, "a", "x");
    jwrite_key_text(w, "none", NULL);
    jwrite_key_int(w, "i", INT64_MIN);
    jwrite_key(w, "u");
    jwrite_uint(w, UINT64_MAX);
    jwrite_key_bool(w, "t", true);
    jwrite_key(w, "m");
    jwrite_map(w);
    jwrite_map_end(w);
    jwrite_key(w, "l");
    jwrite_list(w);
    jwrite_list_end(w);
    jwrite_key(w, "n");
    jwrite_list(w);
    jwrite_int(w, 1);
    jwrite_raw(w, "{\"r\":1}", 7);
    jwrite_map(w);
    jwrite_key_node(w, "k", NULL);
    jwrite_map_end(w);
    jwrite_list_end(w);
    jwrite_map_end(w);
}

static void test_layout(void)
{
    struct jwrite w;
    STR_AUTO(out);

    jwrite_init(&w, &out, 0);
    write_all(&w);
    is_text(out.buf, "{\"a\":\"x\",\"none\":null,\"i\":-9223372036854775808,"
                     "\"u\":18446744073709551615,\"t\":true,\"m\":{},\"l\":[],"
                     "\"n\":[1,{\"r\":1},{\"k\":null}]}");
    str_clear(&out);
    jwrite_init(&w, &out, JWRITE_INDENT2);
    write_all(&w);
    is_text(out.buf, "{\n  \"a\": \"x\",\n  \"none\": null,\n  \"i\": -9223372036854775808,\n"
                     "  \"u\": 18446744073709551615,\n  \"t\": true,\n  \"m\": {},\n  \"l\": [],\n"
                     "  \"n\": [\n    1,\n    {\"r\":1},\n    {\n      \"k\": null\n    }\n  ]\n}");
    str_clear(&out);
    jwrite_init(&w, &out, JWRITE_INDENT4);
    jwrite_list(&w);
    jwrite_int(&w, 1);
    jwrite_list_end(&w);
    is_text(out.buf, "[\n    1\n]");
}

static void test_nodes(void)
{
    struct arena *arena = arena_new();
    struct node *map = node_map(arena, nowhere), *secret = node_list(arena, nowhere);
    STR_AUTO(out);

    node_set(arena, map, "b", nowhere, node_time_text(arena, nowhere, "2020-1-2", 8));
    node_set(arena, map, "a10", nowhere, node_float(arena, nowhere, 2));
    node_set(arena, map, "a2", nowhere, node_null(arena, nowhere));
    node_add(arena, secret, node_text(arena, nowhere, "hunter2"));
    secret->flags |= NODE_SENSITIVE;
    node_set(arena, map, "", nowhere, secret);
    jwrite_node_text(map, JWRITE_SORT | JWRITE_MASK, &out);
    is_text(out.buf, "{\"\":\"********\",\"a10\":2,\"a2\":null,\"b\":\"2020-01-02T00:00:00Z\"}");
    str_clear(&out);
    jwrite_node_text(map, 0, &out);
    is_text(out.buf, "{\"b\":\"2020-01-02T00:00:00Z\",\"a10\":2,\"a2\":null,\"\":[\"hunter2\"]}");
    arena_free(arena);
}

int main(void)
{
    test_strings();
    test_floats();
    test_layout();
    test_nodes();
    return done_testing();
}
