/* test_ywrite.c - data/ywrite: the bytes that docker compose writes, and masks. */
#include "tests/unit/data-cases.h"

#include "data/yread.h"
#include "data/ywrite.h"

static void sort_all(struct node *node)
{
    if (node->kind == NODE_LIST) {
        NODE_EACH_ITEM(node, item)
            sort_all(*item);
    } else if (node->kind == NODE_MAP) {
        node_sort_keys_natural(node);
        NODE_EACH_PAIR(node, pair)
            sort_all(pair->value);
    }
}

static void write_case(struct arena *arena, const struct node *input, struct str *out)
{
    struct node *copy = node_copy(arena, input);

    sort_all(copy);
    ywrite_node(copy, 0, out);
}

static void test_others(void)
{
    struct arena *arena = arena_new();
    struct origin at = ORIGIN_NONE;
    struct node *map = node_map(arena, at);
    struct node *secret = node_text(arena, at, "hunter2");
    STR_AUTO(out);

    secret->flags |= NODE_SENSITIVE;
    node_set(arena, map, "a", at, secret);
    node_set(arena, map, "b", at, node_time_text(arena, at, "2020-1-2", 8));
    node_set(arena, map, "c", at, node_text_len(arena, at, "\xff\xfe", 2));
    node_set(arena, map, "d", at, node_float(arena, at, -1.0 / 0.0));
    ywrite_node(map, YWRITE_MASK, &out);
    is_text(out.buf, "a: '********'\nb: 2020-01-02T00:00:00Z\nc: !!binary //4=\nd: -.inf\n");
    str_clear(&out);
    ywrite_node(map, 0, &out);
    ok(text_starts(out.buf, "a: hunter2\n"));
    arena_free(arena);
}

/* As Go's yaml.Marshal writes a map of structs. */
static void test_wide(void)
{
    static const char words[] =
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen";
    struct arena *arena = arena_new();
    struct origin at = ORIGIN_NONE;
    struct node *outer = node_map(arena, at);
    struct node *inner = node_map(arena, at);
    STR_AUTO(out);
    STR_AUTO(wanted);

    node_set(arena, inner, "b", at, node_text(arena, at, words));
    node_set(arena, outer, "a", at, inner);
    ywrite_node(outer, YWRITE_INDENT4 | YWRITE_UNFOLDED, &out);
    str_printf(&wanted, "a:\n    b: %s\n", words);
    is_text(out.buf, wanted.buf);
    arena_free(arena);
}

/* What is written so reads as the same nodes. */
static void test_exact(void)
{
    struct arena *arena = arena_new();
    struct origin at = ORIGIN_NONE;
    struct node *map = node_map(arena, at);
    struct yread_documents documents = { 0 };
    struct findings findings = FINDINGS_INIT;
    STR_AUTO(out);

    node_set(arena, map, "whole", at, node_float(arena, at, 1.0));
    node_set(arena, map, "large", at, node_float(arena, at, 1e30));
    node_set(arena, map, "part", at, node_float(arena, at, -0.25));
    node_set(arena, map, "never", at, node_float(arena, at, 1.0 / 0.0));
    node_set(arena, map, "date", at, node_time_text(arena, at, "2020-1-2", 8));
    node_set(arena, map, "tab", at, node_text(arena, at, "\ta\nb"));
    node_set(arena, map, "word", at, node_text(arena, at, "2020-01-02"));
    ywrite_node(map, YWRITE_EXACT, &out);
    is_text(out.buf, "whole: 1.0\nlarge: 1e+30\npart: -0.25\nnever: .inf\ndate: 2020-1-2\n"
                     "tab: \"\\ta\\nb\"\nword: \"2020-01-02\"\n");
    is_int(yread_parse(arena, 0, out.buf, out.len, &documents, &findings), 0);
    is_int((int64_t)documents.n, 1);
    ok(documents.n == 1 && node_equal(documents.items[0], map));
    ok(documents.n == 1 && node_is(node_get(documents.items[0], "whole"), NODE_FLOAT));
    ok(documents.n == 1 && node_is(node_get(documents.items[0], "date"), NODE_TIME));
    findings_release(&findings);
    arena_free(arena);
}

int main(void)
{
    run_data_cases("yaml-write.jsonl", write_case);
    test_others();
    test_wide();
    test_exact();
    return done_testing();
}
