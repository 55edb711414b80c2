/* test_ywrite.c - data/ywrite: the bytes that docker compose writes, and masks. */
#include "tests/unit/data-cases.h"

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

int main(void)
{
    run_data_cases("yaml-write.jsonl", write_case);
    test_others();
    test_wide();
    return done_testing();
}
