/*
 * map.h - an ordered map from strings to pointers: iteration is in order of insertion, lookup is
 * constant time. Owns its table and copies of the keys, not the values.
 */
#ifndef OCTO_BASE_MAP_H
#define OCTO_BASE_MAP_H

#include "base/base.h"

struct map_entry {
    char *key;
    size_t key_len;
    void *value;
};

struct map {
    struct map_entry *entries; /* n of them, in order of insertion */
    size_t n;
    size_t cap;
    uint32_t *slots; /* index + 1 into entries, 0 is free */
    size_t n_slots;
};

#define MAP_INIT { NULL, 0, 0, NULL, 0 }
void map_init(struct map *map);
void map_release(struct map *map);
/* The value of key, or NULL. */
void *map_find(const struct map *map, const char *key);
void *map_find_len(const struct map *map, const char *key, size_t len);
bool map_has(const struct map *map, const char *key);
/* Sets key to value; an existing key keeps its place. Returns the value it had before, or NULL. */
void *map_set(struct map *map, const char *key, void *value);
void *map_set_len(struct map *map, const char *key, size_t len, void *value);
/* Removes key, keeps the order of the others (linear). Returns its value or NULL. */
void *map_remove(struct map *map, const char *key);

#define MAP_AUTO(name) CLEANUP(map_release) struct map name = MAP_INIT
#define MAP_EACH(map, entry)                                                                       \
    for (struct map_entry *entry = (map)->entries;                                                 \
         (map)->n && entry < (map)->entries + (map)->n; entry++)

#endif
