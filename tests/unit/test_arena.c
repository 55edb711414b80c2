/* test_arena.c - base/arena: alignment, zeroing, growth, large objects. */
#include "tests/unit/tap.h"

#include "base/arena.h"
#include "base/mem.h"

static void test_small(void)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_new();
    ok(arena_used(arena) == 0);
    bool is_aligned = true, is_zeroed = true;
    for (size_t i = 0; i < 20000; i++) {
        unsigned char *p = arena_alloc(arena, i % 97);
        is_aligned = is_aligned && p && (uintptr_t)p % 16 == 0;
        for (size_t j = 0; j < i % 97; j++)
            is_zeroed = is_zeroed && !p[j];
        memset(p, 0xff, i % 97);
    }
    ok(is_aligned);
    ok(is_zeroed);
    ok(arena_used(arena) >= (size_t)20000 * 48);
}

static void test_large(void)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_new();
    char *small = arena_alloc(arena, 10);
    char *large = arena_alloc(arena, (size_t)3 * 1024 * 1024);
    char *next = arena_alloc(arena, 10);
    memset(large, 1, (size_t)3 * 1024 * 1024);
    is_int(next - small, 16); /* the large one did not end the current chunk */
    ok((uintptr_t)large % 16 == 0);
    arena_free(NULL);
}

static void test_adopt(void)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_new();
    struct arena *from = arena_new(), *second = arena_new();
    char *first = arena_dup(from, "first"), *large = arena_alloc(from, 1 << 20);
    for (int i = 0; i < 1000; i++)
        arena_printf(from, "%d", i);
    size_t used = arena_used(from);
    arena_adopt(arena, from);
    is_text(first, "first");
    memset(large, 1, 1 << 20);
    is_int((int64_t)arena_used(arena), (int64_t)used);
    char *own = arena_dup(arena, "own"), *other = arena_dup(second, "second");
    arena_adopt(arena, second);
    is_int(arena_dup(arena, "next") - own, 16); /* what came in did not end the current chunk */
    is_text(other, "second");
    is_text(own, "own");
    arena_adopt(arena, arena_new());
    arena_adopt(arena, NULL);
    is_text(first, "first");
}

static void test_text(void)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_new();
    is_text(arena_dup(arena, "hello"), "hello");
    is_text(arena_dup_len(arena, "hello", 2), "he");
    is_text(arena_dup_len(arena, NULL, 0), "");
    is_text(arena_printf(arena, "%d-%s", 7, "x"), "7-x");
    char wide[600];
    memset(wide, 'a', sizeof(wide) - 1);
    wide[sizeof(wide) - 1] = '\0';
    is_int((int64_t)strlen(arena_printf(arena, "%s%s", wide, wide)), 1198);
}

static void test_list(void)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_new();
    struct {
        int *items;
        size_t n, cap;
    } list = { 0 };
    for (int i = 0; i < 1000; i++)
        ARENA_ADD(arena, &list, i);
    is_int((int64_t)list.n, 1000);
    is_int(list.items[0], 0);
    is_int(list.items[999], 999);
    int *numbers = ARENA_NEW_N(arena, int, 5);
    is_int(numbers[4], 0);
}

int main(void)
{
    test_small();
    test_large();
    test_adopt();
    test_text();
    test_list();
    return done_testing();
}
