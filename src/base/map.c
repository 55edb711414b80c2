/*
 * map.c - the ordered map: an array of entries in order of insertion, and beside it, once there are
 * more than a few, a table of indices with open addressing. Not a set of values, not sorted.
 */
#include "base/map.h"

#include "base/mem.h"
#include "base/str.h"

#define SMALL 8 /* up to so many entries are searched one by one */
#define NOT_FOUND SIZE_MAX

void map_init(struct map *map)
{
    *map = (struct map)MAP_INIT;
}

void map_release(struct map *map)
{
    for (size_t i = 0; i < map->n; i++)
        mem_free(map->entries[i].key);
    mem_free(map->entries);
    mem_free(map->slots);
    map_init(map);
}

static bool is_key(const struct map_entry *entry, const char *key, size_t len)
{
    return entry->key_len == len && (!len || !memcmp(entry->key, key, len));
}

/* FNV's low bits are weak for keys that differ at the end only; the fold mixes higher ones in. */
static size_t first_slot(const struct map *map, const char *key, size_t len)
{
    uint64_t hash = text_hash(key, len);
    return (size_t)((hash ^ hash >> 29) & (map->n_slots - 1));
}

/* The slot that holds key, or the free one where it belongs. */
static size_t find_slot(const struct map *map, const char *key, size_t len)
{
    size_t slot = first_slot(map, key, len);
    while (map->slots[slot] && !is_key(&map->entries[map->slots[slot] - 1], key, len))
        slot = (slot + 1) & (map->n_slots - 1);
    return slot;
}

static size_t find_index(const struct map *map, const char *key, size_t len)
{
    if (map->n_slots) {
        size_t index = map->slots[find_slot(map, key, len)];
        return index ? index - 1 : NOT_FOUND;
    }
    for (size_t i = 0; i < map->n; i++)
        if (is_key(&map->entries[i], key, len))
            return i;
    return NOT_FOUND;
}

/* Fills the slots (n_slots of them, a power of two; 0: none) from the entries. */
static void rebuild(struct map *map, size_t n_slots)
{
    mem_free(map->slots);
    map->n_slots = n_slots;
    map->slots = n_slots ? MEM_NEW_N(uint32_t, n_slots) : NULL;
    if (!n_slots)
        return;
    for (size_t i = 0; i < map->n; i++) {
        struct map_entry *entry = &map->entries[i];
        map->slots[find_slot(map, entry->key, entry->key_len)] = (uint32_t)(i + 1);
    }
}

void *map_find(const struct map *map, const char *key)
{
    return map_find_len(map, key, strlen(key));
}

void *map_find_len(const struct map *map, const char *key, size_t len)
{
    size_t index = find_index(map, key, len);
    return index == NOT_FOUND ? NULL : map->entries[index].value;
}

bool map_has(const struct map *map, const char *key)
{
    return find_index(map, key, strlen(key)) != NOT_FOUND;
}

void *map_set(struct map *map, const char *key, void *value)
{
    return map_set_len(map, key, strlen(key), value);
}

void *map_set_len(struct map *map, const char *key, size_t len, void *value)
{
    size_t index = find_index(map, key, len);
    if (index != NOT_FOUND) {
        void *old = map->entries[index].value;
        map->entries[index].value = value;
        return old;
    }
    assert(map->n < UINT32_MAX / 4);
    if (map->n == map->cap) {
        map->cap = map->cap ? map->cap * 2 : 4;
        map->entries = mem_resize(map->entries, map->cap, sizeof(map->entries[0]));
    }
    map->entries[map->n++] = (struct map_entry){ mem_dup_len(key, len), len, value };
    if (map->n > SMALL && map->n * 2 > map->n_slots)
        rebuild(map, map->n_slots ? map->n_slots * 2 : (size_t)SMALL * 4);
    else if (map->n_slots)
        map->slots[find_slot(map, key, len)] = (uint32_t)map->n;
    return NULL;
}

void *map_remove(struct map *map, const char *key)
{
    size_t index = find_index(map, key, strlen(key));
    if (index == NOT_FOUND)
        return NULL;
    void *value = map->entries[index].value;
    mem_free(map->entries[index].key);
    memmove(&map->entries[index], &map->entries[index + 1],
            (map->n - index - 1) * sizeof(map->entries[0]));
    map->n--;
    if (map->n_slots)
        rebuild(map, map->n_slots);
    return value;
}
