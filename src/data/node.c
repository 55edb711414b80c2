/*
 * node.c - building, finding, changing and comparing nodes. It knows no file format: the readers
 * make nodes through it and the writers walk them. Called by everything from the readers up to the
 * commands.
 *
 * Maps of more than NODE_INDEX_MIN pairs carry a hash index (open addressing, position + 1 in each
 * slot, 0 is free); it is made by the insertion that crosses that size and kept right by every
 * change here.
 */
#include "base/base.h"

#include "data/node.h"

#include <stdlib.h>

#define NODE_INDEX_MIN 16

static struct node *node_new(struct arena *arena, struct origin at, enum node_kind kind)
{
    struct node *node = ARENA_NEW(arena, struct node);

    node->kind = (uint8_t)kind;
    node->at = at;
    return node;
}

struct node *node_null(struct arena *arena, struct origin at)
{
    return node_new(arena, at, NODE_NULL);
}

struct node *node_wrong(struct arena *arena, struct origin at)
{
    struct node *node = node_new(arena, at, NODE_NULL);

    node->flags = NODE_WRONG;
    return node;
}

struct node *node_bool(struct arena *arena, struct origin at, bool value)
{
    struct node *node = node_new(arena, at, NODE_BOOL);

    node->u.truth = value;
    return node;
}

struct node *node_int(struct arena *arena, struct origin at, int64_t value)
{
    struct node *node = node_new(arena, at, NODE_INT);

    node->u.integer = value;
    return node;
}

struct node *node_uint(struct arena *arena, struct origin at, uint64_t value)
{
    if (value <= INT64_MAX)
        return node_int(arena, at, (int64_t)value);
    struct node *node = node_new(arena, at, NODE_UINT);
    node->u.unsigned_integer = value;
    return node;
}

struct node *node_float(struct arena *arena, struct origin at, double value)
{
    struct node *node = node_new(arena, at, NODE_FLOAT);

    node->u.number = value;
    return node;
}

struct node *node_text(struct arena *arena, struct origin at, const char *text)
{
    return node_text_len(arena, at, text, strlen(text));
}

struct node *node_text_len(struct arena *arena, struct origin at, const char *text, size_t len)
{
    struct node *node = node_new(arena, at, NODE_TEXT);

    node->u.text.bytes = arena_dup_len(arena, text, len);
    node->u.text.len = len;
    return node;
}

struct node *node_time_text(struct arena *arena, struct origin at, const char *text, size_t len)
{
    struct node *node = node_text_len(arena, at, text, len);

    node->kind = NODE_TIME;
    return node;
}

struct node *node_list(struct arena *arena, struct origin at)
{
    return node_new(arena, at, NODE_LIST);
}

struct node *node_map(struct arena *arena, struct origin at)
{
    return node_new(arena, at, NODE_MAP);
}

/* The index of a map's pairs. */

static size_t index_slot(const struct node_map *map, const char *key, size_t key_len)
{
    return (size_t)text_hash(key, key_len) & (map->n_slots - 1);
}

static void index_put(struct node_map *map, size_t position)
{
    const struct node_pair *pair = &map->items[position];
    size_t slot = index_slot(map, pair->key, pair->key_len);

    while (map->slots[slot])
        slot = (slot + 1) & (map->n_slots - 1);
    map->slots[slot] = (uint32_t)position + 1;
}

static void index_refill(struct node_map *map)
{
    if (!map->n_slots)
        return;
    memset(map->slots, 0, map->n_slots * sizeof(map->slots[0]));
    for (size_t i = 0; i < map->n; i++)
        index_put(map, i);
}

void node_reindex(struct node *map)
{
    index_refill(&map->u.map);
}

/* Makes or enlarges the index so that it stays at most half full, then adds the last pair. */
static void index_add_last(struct arena *arena, struct node_map *map)
{
    if (map->n <= NODE_INDEX_MIN && !map->n_slots)
        return;
    if (map->n * 2 <= map->n_slots) {
        index_put(map, map->n - 1);
        return;
    }
    map->n_slots = map->n_slots ? map->n_slots * 2 : 64;
    while (map->n * 2 > map->n_slots)
        map->n_slots *= 2;
    map->slots = ARENA_NEW_N(arena, uint32_t, map->n_slots);
    index_refill(map);
}

static bool pair_is(const struct node_pair *pair, const char *key, size_t key_len)
{
    return pair->key_len == key_len && memcmp(pair->key, key, key_len) == 0;
}

static struct node_pair *map_find_pair(const struct node_map *map, const char *key, size_t key_len)
{
    if (!map->n_slots) {
        for (size_t i = 0; i < map->n; i++)
            if (pair_is(&map->items[i], key, key_len))
                return &map->items[i];
        return NULL;
    }
    size_t slot = index_slot(map, key, key_len);
    for (; map->slots[slot]; slot = (slot + 1) & (map->n_slots - 1)) {
        struct node_pair *pair = &map->items[map->slots[slot] - 1];
        if (pair_is(pair, key, key_len))
            return pair;
    }
    return NULL;
}

/* Copies. */

static struct node_pair *copy_pairs(struct arena *arena, const struct node_map *map)
{
    struct node_pair *items = ARENA_NEW_N(arena, struct node_pair, map->n);

    for (size_t i = 0; i < map->n; i++) {
        items[i] = map->items[i];
        items[i].key = arena_dup_len(arena, map->items[i].key, map->items[i].key_len);
    }
    return items;
}

struct node *node_copy_shallow(struct arena *arena, const struct node *node)
{
    struct node *copy = ARENA_NEW(arena, struct node);

    *copy = *node;
    if (node->kind == NODE_TEXT || node->kind == NODE_TIME) {
        copy->u.text.bytes = arena_dup_len(arena, node->u.text.bytes, node->u.text.len);
    } else if (node->kind == NODE_LIST) {
        copy->u.list.cap = node->u.list.n;
        copy->u.list.items = ARENA_NEW_N(arena, struct node *, node->u.list.n);
        if (node->u.list.n)
            memcpy(copy->u.list.items, node->u.list.items,
                   node->u.list.n * sizeof(node->u.list.items[0]));
    } else if (node->kind == NODE_MAP) {
        copy->u.map.items = copy_pairs(arena, &node->u.map);
        copy->u.map.cap = node->u.map.n;
        if (node->u.map.n_slots) {
            copy->u.map.slots = ARENA_NEW_N(arena, uint32_t, node->u.map.n_slots);
            memcpy(copy->u.map.slots, node->u.map.slots,
                   node->u.map.n_slots * sizeof(node->u.map.slots[0]));
        }
    }
    return copy;
}

struct node *node_copy(struct arena *arena, const struct node *node)
{
    struct node *copy = node_copy_shallow(arena, node);

    if (node->overrode)
        copy->overrode = node_copy(arena, node->overrode);
    if (node->kind == NODE_LIST) {
        NODE_EACH_ITEM(copy, item)
            *item = node_copy(arena, *item);
    } else if (node->kind == NODE_MAP) {
        NODE_EACH_PAIR(copy, pair)
            pair->value = node_copy(arena, pair->value);
    }
    return copy;
}

/* Questions. */

bool node_is(const struct node *node, enum node_kind kind)
{
    return node && node->kind == kind;
}

bool node_is_wrong(const struct node *node)
{
    return node && (node->flags & NODE_WRONG);
}

bool node_has_wrong(const struct node *node)
{
    if (!node || node_is_wrong(node))
        return node != NULL;
    if (node->kind == NODE_LIST) {
        NODE_EACH_ITEM(node, item)
            if (node_has_wrong(*item))
                return true;
    } else if (node->kind == NODE_MAP) {
        NODE_EACH_PAIR(node, pair)
            if (node_has_wrong(pair->value))
                return true;
    }
    return false;
}

const char *node_as_text(const struct node *node)
{
    return node_is(node, NODE_TEXT) || node_is(node, NODE_TIME) ? node->u.text.bytes : NULL;
}

const char *node_kind_name(enum node_kind kind)
{
    static const char *const names[] = {
        [NODE_NULL] = "null",       [NODE_BOOL] = "a boolean", [NODE_INT] = "an integer",
        [NODE_UINT] = "an integer", [NODE_FLOAT] = "a number", [NODE_TEXT] = "a string",
        [NODE_TIME] = "a date",     [NODE_LIST] = "a list",    [NODE_MAP] = "a mapping",
    };
    return names[kind];
}

struct node *node_get(const struct node *map, const char *key)
{
    struct node_pair *pair = node_get_pair(map, key, strlen(key));

    return pair ? pair->value : NULL;
}

void node_reserve(struct arena *arena, struct node *map, size_t n)
{
    assert(map->kind == NODE_MAP && map->u.map.cap == 0);
    if (n == 0)
        return;
    map->u.map.items = ARENA_NEW_N(arena, struct node_pair, n);
    map->u.map.cap = n;
}

struct node_pair *node_get_pair(const struct node *map, const char *key, size_t key_len)
{
    return node_is(map, NODE_MAP) ? map_find_pair(&map->u.map, key, key_len) : NULL;
}

struct node *node_get_path(const struct node *map, ...)
{
    va_list keys;
    const char *key;
    struct node *value = NULL;

    va_start(keys, map);
    while ((key = va_arg(keys, const char *))) {
        value = node_get(map, key);
        map = value;
    }
    va_end(keys);
    return value;
}

/* Changes. */

void node_add(struct arena *arena, struct node *list, struct node *item)
{
    assert(list->kind == NODE_LIST && item);
    ARENA_ADD(arena, &list->u.list, item);
}

void node_set(struct arena *arena, struct node *map, const char *key, struct origin key_at,
              struct node *value)
{
    node_set_len(arena, map, key, strlen(key), key_at, value);
}

void node_set_default(struct arena *arena, struct node *map, const char *key, struct node *value)
{
    if (!node_get(map, key))
        node_set(arena, map, key, map->at, value);
}

void node_set_len(struct arena *arena, struct node *map, const char *key, size_t key_len,
                  struct origin key_at, struct node *value)
{
    struct node_pair *pair = node_get_pair(map, key, key_len);

    assert(map->kind == NODE_MAP && value);
    if (pair) {
        pair->at = key_at;
        pair->value = value;
        return;
    }
    node_append_pair(arena, map, arena_dup_len(arena, key, key_len), key_len, key_at, value);
}

void node_append_pair(struct arena *arena, struct node *map, const char *key, size_t key_len,
                      struct origin key_at, struct node *value)
{
    struct node_pair pair = { key, (uint32_t)key_len, key_at, value };

    ARENA_ADD(arena, &map->u.map, pair);
    index_add_last(arena, &map->u.map);
}

bool node_remove(struct node *map, const char *key)
{
    struct node_pair *pair = node_get_pair(map, key, strlen(key));

    if (!pair)
        return false;
    struct node_pair *end = map->u.map.items + map->u.map.n;
    memmove(pair, pair + 1, (size_t)(end - pair - 1) * sizeof(*pair));
    map->u.map.n--;
    index_refill(&map->u.map);
    return true;
}

void node_keep(struct node *map, node_keep_fn fn, void *arg)
{
    size_t kept = 0;

    assert(map->kind == NODE_MAP);
    NODE_EACH_PAIR(map, pair) {
        if (fn(arg, pair))
            map->u.map.items[kept++] = *pair;
    }
    map->u.map.n = kept;
    index_refill(&map->u.map);
}

void node_remove_at(struct node *list, size_t index)
{
    struct node **items = list->u.list.items;

    assert(list->kind == NODE_LIST && index < list->u.list.n);
    memmove(items + index, items + index + 1, (list->u.list.n - index - 1) * sizeof(items[0]));
    list->u.list.n--;
}

static int pair_compare(const void *a, const void *b)
{
    const struct node_pair *x = a, *y = b;
    int order = memcmp(x->key, y->key, MIN(x->key_len, y->key_len));

    if (order)
        return order;
    return x->key_len < y->key_len ? -1 : x->key_len > y->key_len;
}

void node_sort_keys(struct node *map)
{
    bool is_sorted = true;

    assert(map->kind == NODE_MAP);
    for (size_t i = 1; i < map->u.map.n && is_sorted; i++)
        is_sorted = pair_compare(&map->u.map.items[i - 1], &map->u.map.items[i]) < 0;
    if (is_sorted)
        return;
    qsort(map->u.map.items, map->u.map.n, sizeof(map->u.map.items[0]), pair_compare);
    index_refill(&map->u.map);
}

/* Comparison. */

static bool is_number(const struct node *node)
{
    return node->kind == NODE_INT || node->kind == NODE_UINT || node->kind == NODE_FLOAT;
}

static bool integer_equals_float(const struct node *integer, double number)
{
    if (integer->kind == NODE_INT)
        return number >= -0x1p63 && number < 0x1p63 && (int64_t)number == integer->u.integer &&
               (double)(int64_t)number == number;
    return number >= 0x1p63 && number < 0x1p64 && (uint64_t)number == integer->u.unsigned_integer;
}

static bool numbers_equal(const struct node *a, const struct node *b)
{
    if (a->kind == NODE_FLOAT && b->kind == NODE_FLOAT)
        return a->u.number == b->u.number ||
               (a->u.number != a->u.number && b->u.number != b->u.number);
    if (a->kind == NODE_FLOAT)
        return integer_equals_float(b, a->u.number);
    if (b->kind == NODE_FLOAT)
        return integer_equals_float(a, b->u.number);
    return a->kind == b->kind && a->u.unsigned_integer == b->u.unsigned_integer;
}

static bool lists_equal(const struct node_list *a, const struct node_list *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!node_equal(a->items[i], b->items[i]))
            return false;
    return true;
}

static bool maps_equal(const struct node_map *a, const struct node_map *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const struct node_pair *pair = &a->items[i];
        const struct node_pair *other = &b->items[i];

        if (!pair_is(other, pair->key, pair->key_len))
            other = map_find_pair(b, pair->key, pair->key_len);
        if (!other || !node_equal(pair->value, other->value))
            return false;
    }
    return true;
}

bool node_equal(const struct node *a, const struct node *b)
{
    if (a == b)
        return true;
    if (!a || !b)
        return false;
    if (is_number(a) && is_number(b))
        return numbers_equal(a, b);
    if (a->kind != b->kind)
        return false;
    switch ((enum node_kind)a->kind) {
    case NODE_BOOL:
        return a->u.truth == b->u.truth;
    case NODE_TEXT:
    case NODE_TIME:
        return a->u.text.len == b->u.text.len &&
               memcmp(a->u.text.bytes, b->u.text.bytes, a->u.text.len) == 0;
    case NODE_LIST:
        return lists_equal(&a->u.list, &b->u.list);
    case NODE_MAP:
        return maps_equal(&a->u.map, &b->u.map);
    case NODE_NULL:
    case NODE_INT:
    case NODE_UINT:
    case NODE_FLOAT:
        break;
    }
    return true;
}
