/*
 * node.h - the one value type: YAML and JSON are read into it, JSON and YAML are written from it,
 * files are merged in it. Every node knows where it was written (origin), what it replaced, and
 * whether it is secret. Nodes live in an arena and are freed with it. Numbers keep their 64 bits.
 */
#ifndef OCTO_DATA_NODE_H
#define OCTO_DATA_NODE_H

#include "base/arena.h"
#include "base/origin.h"
#include "base/str.h"

enum node_kind {
    NODE_NULL,
    NODE_BOOL,
    NODE_INT,   /* fits int64_t */
    NODE_UINT,  /* above INT64_MAX only */
    NODE_FLOAT,
    NODE_TEXT,
    NODE_TIME,  /* an unquoted YAML timestamp: text as written */
    NODE_LIST,
    NODE_MAP,
};

enum node_flags {
    NODE_SENSITIVE = 1, /* never printed by anything that a user, a log or a label can see */
    NODE_RESET = 2,     /* tagged !reset */
    NODE_OVERRIDE = 4,  /* tagged !override */
    NODE_QUOTED = 8,    /* a text that was quoted or block style in its file */
    NODE_TAGGED = 16,   /* its type came from an explicit tag */
    NODE_WRONG = 32,    /* see node_wrong() */
};

struct node;

struct node_list {
    struct node **items;
    size_t n, cap;
};

struct node_pair {
    const char *key; /* NUL-terminated, in the arena */
    uint32_t key_len;
    struct origin at; /* of the key */
    struct node *value;
};

struct node_map {
    struct node_pair *items; /* in order of insertion */
    size_t n, cap;
    uint32_t *slots; /* hash index, built when the map is large */
    size_t n_slots;
};

struct node {
    uint8_t kind;   /* enum node_kind */
    uint8_t flags;  /* enum node_flags */
    struct origin at;
    const struct node *overrode; /* the value that this one replaced in a merge, or NULL */
    union {
        bool truth;
        int64_t integer;
        uint64_t unsigned_integer;
        double number;
        struct {
            const char *bytes; /* NUL-terminated as well */
            size_t len;
        } text;
        struct node_list list;
        struct node_map map;
    } u;
};

/* Keys change only through the functions below (they keep the hash index right); values may be
   replaced in place (pair->value = ...). */

/* New nodes in the arena; texts are copied. */
struct node *node_null(struct arena *arena, struct origin at);
struct node *node_bool(struct arena *arena, struct origin at, bool value);
struct node *node_int(struct arena *arena, struct origin at, int64_t value);
struct node *node_uint(struct arena *arena, struct origin at, uint64_t value); /* or NODE_INT */
struct node *node_float(struct arena *arena, struct origin at, double value);
struct node *node_text(struct arena *arena, struct origin at, const char *text);
struct node *node_text_len(struct arena *arena, struct origin at, const char *text, size_t len);
struct node *node_time_text(struct arena *arena, struct origin at, const char *text, size_t len);
struct node *node_list(struct arena *arena, struct origin at);
struct node *node_map(struct arena *arena, struct origin at);
/* Stands for a value that was found wrong, so that nothing else is said of it. A list or a map with
   this flag lacks something for the same reason: that it has no such item proves nothing. */
struct node *node_wrong(struct arena *arena, struct origin at);
/* A deep copy (origins, flags and history kept), or one of the top level only. */
struct node *node_copy(struct arena *arena, const struct node *node);
struct node *node_copy_shallow(struct arena *arena, const struct node *node);

bool node_is(const struct node *node, enum node_kind kind); /* false for NULL */
bool node_is_wrong(const struct node *node);                /* false for NULL */
bool node_has_wrong(const struct node *node); /* is it, or something in it, wrong? false for NULL */
/* The bytes of a text node (or time), else NULL. */
const char *node_as_text(const struct node *node);
const char *node_kind_name(enum node_kind kind); /* "a string", "a mapping", ... */

void node_add(struct arena *arena, struct node *list, struct node *item);
/* The value of key in a map node (NULL node, other kinds: NULL). */
struct node *node_get(const struct node *map, const char *key);
struct node_pair *node_get_pair(const struct node *map, const char *key, size_t key_len);
/* Follows keys: node_get_path(service, "deploy", "resources", NULL). */
struct node *node_get_path(const struct node *map, ...) __attribute__((sentinel));
/* Sets key; an existing key keeps its place, its key origin is updated. */
void node_set(struct arena *arena, struct node *map, const char *key, struct origin key_at,
              struct node *value);
void node_set_len(struct arena *arena, struct node *map, const char *key, size_t key_len,
                  struct origin key_at, struct node *value);
/* Sets a key that is not there yet, at the map's own place. */
void node_set_default(struct arena *arena, struct node *map, const char *key, struct node *value);
/* Appends a pair whose key is known to be new and in the arena already: for readers. */
void node_append_pair(struct arena *arena, struct node *map, const char *key, size_t key_len,
                      struct origin key_at, struct node *value);
/* Room for n pairs in a map that has none, for who knows how many there will be. */
void node_reserve(struct arena *arena, struct node *map, size_t n);
/* Removes key, keeps the order of the others. True when it was there. */
bool node_remove(struct node *map, const char *key);
/* Keeps the pairs for which fn says true, in order: removing many costs one pass. */
typedef bool (*node_keep_fn)(void *arg, const struct node_pair *pair);
void node_keep(struct node *map, node_keep_fn fn, void *arg);
void node_remove_at(struct node *list, size_t index);
/* Sorts the pairs of a map by key: bytewise (as docker compose's JSON), or as its YAML has them
   ("a2" before "a10"). */
void node_sort_keys(struct node *map);
void node_sort_keys_natural(struct node *map);
/* For who has moved pairs in place: makes lookups right again. */
void node_reindex(struct node *map);
/* Same kind and value; maps regardless of order; int and float compare by value. Origins do not
   count. */
bool node_equal(const struct node *a, const struct node *b);

/* Loops over a list's items and a map's pairs; nothing may be added or removed meanwhile. */
#define NODE_EACH_ITEM(parent, item)                                                               \
    for (struct node **item = (parent)->u.list.items;                                              \
         (parent)->u.list.n && item < (parent)->u.list.items + (parent)->u.list.n; item++)
#define NODE_EACH_PAIR(parent, pair)                                                               \
    for (struct node_pair *pair = (parent)->u.map.items;                                           \
         (parent)->u.map.n && pair < (parent)->u.map.items + (parent)->u.map.n; pair++)

/* Go's %g-like text of a float and the texts of the other scalars, as YAML values turn into
   environment values and labels (compose-file.md 11.1). A null gives "", lists and maps give
   nothing. */
void node_scalar_text(const struct node *node, struct str *out);

#endif
