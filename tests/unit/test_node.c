/* test_node.c - data/node: maps with and without index, order, copies, equality, texts, sorting. */
#include "tests/unit/tap.h"

#include <stdio.h>

#include "data/node.h"

static const struct origin nowhere = ORIGIN_NONE;

static struct node *numbers_map(struct arena *arena, int n)
{
    struct node *map = node_map(arena, nowhere);
    for (int i = 0; i < n; i++)
        node_set(arena, map, arena_printf(arena, "key%d", i), nowhere, node_int(arena, nowhere, i));
    return map;
}

static bool all_found(const struct node *map, int from, int n)
{
    char key[32];
    for (int i = 0; i < n; i++) {
        snprintf(key, sizeof(key), "key%d", i);
        struct node *value = node_get(map, key);
        if (i < from ? value != NULL : !value || value->u.integer != i)
            return false;
    }
    return true;
}

static void test_map(void)
{
    struct arena *arena = arena_new();
    for (int n = 0; n <= 70; n++) {
        struct node *map = numbers_map(arena, n);
        ok(map->u.map.n == (size_t)n && all_found(map, 0, n));
        ok(!node_get(map, "key") && !node_get(map, "key70"));
    }
    struct node *map = numbers_map(arena, 1000);
    ok(map->u.map.n_slots >= 2000);
    for (int i = 0; i < 500; i++)
        ok(node_remove(map, arena_printf(arena, "key%d", i)) == true);
    ok(!node_remove(map, "key0"));
    ok(all_found(map, 500, 1000));
    is_text(map->u.map.items[0].key, "key500");
    struct origin at = { 1, 2, 3 };
    node_set(arena, map, "key700", at, node_bool(arena, nowhere, true));
    is_int((int64_t)map->u.map.n, 500);
    is_int(node_get_pair(map, "key700", 6)->at.line, 2);
    ok(node_get(map, "key700")->u.truth);
    is_text(map->u.map.items[200].key, "key700");
    node_set_len(arena, map, "a\0b", 3, nowhere, node_null(arena, nowhere));
    ok(node_get_pair(map, "a\0b", 3) && !node_get_pair(map, "a\0c", 3) && !node_get(map, "a"));
    ok(!node_get(NULL, "a") && !node_get(node_list(arena, nowhere), "a"));
    struct node *inner = node_map(arena, nowhere), *outer = node_map(arena, nowhere);
    node_set(arena, inner, "c", nowhere, node_text(arena, nowhere, "x"));
    node_set(arena, outer, "b", nowhere, inner);
    is_text(node_as_text(node_get_path(outer, "b", "c", NULL)), "x");
    ok(!node_get_path(outer, "b", "d", "e", NULL));
    arena_free(arena);
}

static bool is_even(void *arg, const struct node_pair *pair)
{
    (void)arg;
    return pair->value->u.integer % 2 == 0;
}

static void test_changes(void)
{
    struct arena *arena = arena_new();
    struct node *map = numbers_map(arena, 100);
    node_keep(map, is_even, NULL);
    is_int((int64_t)map->u.map.n, 50);
    ok(node_get(map, "key98") && !node_get(map, "key99"));
    struct node *list = node_list(arena, nowhere);
    for (int i = 0; i < 5; i++)
        node_add(arena, list, node_int(arena, nowhere, i));
    node_remove_at(list, 0);
    node_remove_at(list, 3);
    node_remove_at(list, 1);
    is_int((int64_t)list->u.list.n, 2);
    is_int(list->u.list.items[0]->u.integer, 1);
    is_int(list->u.list.items[1]->u.integer, 3);
    arena_free(arena);
}

static void test_copy(void)
{
    struct arena *arena = arena_new(), *other = arena_new();
    struct node *map = numbers_map(arena, 40);
    struct node *list = node_list(arena, nowhere);
    struct node *text = node_text_len(arena, nowhere, "a\0b", 3);
    text->flags = NODE_SENSITIVE;
    text->overrode = node_int(arena, nowhere, 7);
    node_add(arena, list, text);
    node_set(arena, map, "list", nowhere, list);
    struct node *copy = node_copy(other, map);
    ok(node_equal(map, copy));
    node_remove(copy, "key3");
    ok(node_get(map, "key3") && !node_get(copy, "key3") && node_get(copy, "key39"));
    struct node *shallow = node_copy_shallow(arena, map);
    ok(node_get(shallow, "list") == list);
    node_set(arena, shallow, "more", nowhere, text);
    ok(!node_get(map, "more"));
    arena_free(arena);
    struct node *item = node_get(copy, "list")->u.list.items[0];
    is_int((int64_t)item->u.text.len, 3);
    is_int(item->flags, NODE_SENSITIVE);
    is_int(item->overrode->u.integer, 7);
    arena_free(other);
}

static void test_equal(void)
{
    struct arena *arena = arena_new();
    struct node *one = node_int(arena, nowhere, 1);
    ok(node_equal(one, node_float(arena, nowhere, 1)));
    ok(!node_equal(one, node_float(arena, nowhere, 1.5)));
    ok(!node_equal(one, node_text(arena, nowhere, "1")));
    ok(!node_equal(node_int(arena, nowhere, INT64_MAX), node_float(arena, nowhere, 0x1p63)));
    ok(node_equal(node_uint(arena, nowhere, 1ull << 63), node_float(arena, nowhere, 0x1p63)));
    is_int(node_uint(arena, nowhere, 5)->kind, NODE_INT);
    ok(node_equal(NULL, NULL) && !node_equal(one, NULL));
    struct node *a = numbers_map(arena, 30), *b = numbers_map(arena, 30);
    node_remove(b, "key0");
    ok(!node_equal(a, b));
    node_set(arena, b, "key0", nowhere, node_float(arena, nowhere, 0));
    ok(node_equal(a, b));
    ok(!node_equal(node_null(arena, nowhere), node_bool(arena, nowhere, false)));
    arena_free(arena);
}

static void test_texts(void)
{
    static const struct {
        double value;
        const char *text;
    } floats[] = {
        { 1.5, "1.5" },
        { 1, "1" },
        { 0.00001, "1e-05" },
        { 999999.5, "999999.5" },
        { 1e6, "1e+06" },
        { 1234567.5, "1.2345675e+06" },
        { 1e20, "1e+20" },
        { 0.0001, "0.0001" },
        { -0.0, "-0" },
        { 123456, "123456" },
        { 0.1, "0.1" },
        { 5e-324, "5e-324" },
        { 1.7976931348623157e308, "1.7976931348623157e+308" },
        { 1.0 / 3, "0.3333333333333333" },
        { 1e100, "1e+100" },
        { -2.5, "-2.5" },
    };
    static const char *const times[][2] = {
        { "2020-01-01", "2020-01-01 00:00:00 +0000 UTC" },
        { "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.1 -0500 -0500" },
        { "2001-12-14  21:59:43.123456789123", "2001-12-14 21:59:43.123456789 +0000 UTC" },
        { "2001-1-2T3:4:5Z", "2001-01-02 03:04:05 +0000 UTC" },
    };
    struct arena *arena = arena_new();
    STR_AUTO(text);
    for (size_t i = 0; i < ARRAY_LEN(floats); i++) {
        str_clear(&text);
        node_scalar_text(node_float(arena, nowhere, floats[i].value), &text);
        is_text(text.buf, floats[i].text);
    }
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        str_clear(&text);
        node_scalar_text(node_time_text(arena, nowhere, times[i][0], strlen(times[i][0])), &text);
        is_text(text.buf, times[i][1]);
    }
    str_clear(&text);
    node_scalar_text(node_uint(arena, nowhere, UINT64_MAX), &text);
    node_scalar_text(node_int(arena, nowhere, INT64_MIN), &text);
    node_scalar_text(node_bool(arena, nowhere, false), &text);
    node_scalar_text(node_null(arena, nowhere), &text);
    is_text(text.buf, "18446744073709551615-9223372036854775808false");
    is_text(node_kind_name(NODE_MAP), "a mapping");
    arena_free(arena);
}

static void test_sort(void)
{
    static const char *const given[] = { "b", "a10", "a2", "a",   "B", "a-1",
                                         "é", "10",  "9",  "a02", "" };
    static const char *const bytes[] = { "",    "10",  "9",  "B", "a", "a-1",
                                         "a02", "a10", "a2", "b", "é" };
    static const char *const natural[] = { "",   "9",   "10",  "B", "a", "a-1",
                                           "a2", "a02", "a10", "b", "é" };
    struct arena *arena = arena_new();
    struct node *map = node_map(arena, nowhere);
    for (size_t i = 0; i < ARRAY_LEN(given); i++)
        node_set(arena, map, given[i], nowhere, node_null(arena, nowhere));
    node_sort_keys(map);
    for (size_t i = 0; i < ARRAY_LEN(given); i++)
        is_text(map->u.map.items[i].key, bytes[i]);
    node_sort_keys_natural(map);
    for (size_t i = 0; i < ARRAY_LEN(given); i++)
        is_text(map->u.map.items[i].key, natural[i]);
    map = numbers_map(arena, 50);
    node_sort_keys(map);
    ok(all_found(map, 0, 50));
    node_sort_keys_natural(map);
    ok(all_found(map, 0, 50));
    is_text(map->u.map.items[49].key, "key49");
    arena_free(arena);
}

int main(void)
{
    test_map();
    test_changes();
    test_copy();
    test_equal();
    test_texts();
    test_sort();
    return done_testing();
}
