/* test_map.c - base/map: order, replacement, removal, many keys. */
#include "tests/unit/tap.h"

#include <stdio.h>

#include "base/map.h"

static void *number(size_t n)
{
    return (void *)(uintptr_t)n;
}

static void test_few(void)
{
    MAP_AUTO(map);
    ok(!map_find(&map, "a"));
    ok(!map_has(&map, ""));
    ok(!map_set(&map, "b", number(1)));
    ok(!map_set(&map, "a", number(2)));
    ok(!map_set(&map, "", number(3)));
    ok(!map_set(&map, "null", NULL));
    ok(map_has(&map, "null") && !map_find(&map, "null"));
    ok(map_set(&map, "b", number(4)) == number(1));
    ok(map_find(&map, "b") == number(4));
    ok(map_find_len(&map, "abc", 1) == number(2));
    ok(!map_set_len(&map, "x\0y", 3, number(5)));
    ok(map_find_len(&map, "x\0y", 3) == number(5) && !map_has(&map, "x"));
    char order[64] = "";
    MAP_EACH(&map, entry)
        snprintf(order + strlen(order), sizeof(order) - strlen(order), "%s,", entry->key);
    is_text(order, "b,a,,null,x,");
    ok(map_remove(&map, "a") == number(2));
    ok(!map_remove(&map, "a"));
    is_text(map.entries[1].key, "");
    is_int((int64_t)map.n, 4);
}

/* One step over the border between searching and the table, in both directions. */
static void test_border(void)
{
    MAP_AUTO(map);
    char key[16];
    bool is_right = true;
    for (size_t i = 0; i < 40; i++) {
        snprintf(key, sizeof(key), "k%zu", i);
        map_set(&map, key, number(i + 1));
        for (size_t j = 0; j <= i; j++) {
            snprintf(key, sizeof(key), "k%zu", j);
            is_right = is_right && map_find(&map, key) == number(j + 1);
        }
        is_right = is_right && !map_has(&map, "k40");
    }
    ok(is_right);
    for (size_t i = 0; i < 40; i += 2) {
        snprintf(key, sizeof(key), "k%zu", i);
        is_right = is_right && map_remove(&map, key) == number(i + 1);
    }
    for (size_t i = 0; i < 40; i++) {
        snprintf(key, sizeof(key), "k%zu", i);
        is_right = is_right && map_find(&map, key) == (i % 2 ? number(i + 1) : NULL);
    }
    ok(is_right);
    is_text(map.entries[0].key, "k1");
    is_text(map.entries[19].key, "k39");
}

static void test_many(void)
{
    enum { N = 100000 };
    MAP_AUTO(map);
    char key[32];
    for (size_t i = 0; i < N; i++) {
        snprintf(key, sizeof(key), "service-%zu", i);
        map_set(&map, key, number(i + 1));
    }
    is_int((int64_t)map.n, N);
    bool is_right = true;
    for (size_t i = 0; i < N; i++) {
        snprintf(key, sizeof(key), "service-%zu", i);
        is_right = is_right && map_find(&map, key) == number(i + 1);
    }
    ok(is_right);
    ok(!map_has(&map, "service-100000"));
    is_text(map.entries[N - 1].key, "service-99999");
}

int main(void)
{
    test_few();
    test_border();
    test_many();
    return done_testing();
}
