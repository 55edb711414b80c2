/*
 * nodes.h - building the nodes that are sent to the engine, without origins: short names for what
 * nearly every file of this folder does. Nothing else.
 */
#ifndef OCTO_OPERATOR_DOCKER_NODES_H
#define OCTO_OPERATOR_DOCKER_NODES_H

#include "data/decode.h"
#include "data/node.h"

static inline struct node *new_map(struct arena *arena)
{
    return node_map(arena, (struct origin)ORIGIN_NONE);
}

static inline struct node *new_list(struct arena *arena)
{
    return node_list(arena, (struct origin)ORIGIN_NONE);
}

static inline struct node *new_text(struct arena *arena, const char *text)
{
    return node_text(arena, (struct origin)ORIGIN_NONE, text);
}

static inline struct node *new_int(struct arena *arena, int64_t value)
{
    return node_int(arena, (struct origin)ORIGIN_NONE, value);
}

static inline void put_node(struct arena *arena, struct node *map, const char *key,
                            struct node *value)
{
    node_set(arena, map, key, (struct origin)ORIGIN_NONE, value);
}

static inline void put_text(struct arena *arena, struct node *map, const char *key,
                            const char *text)
{
    if (text)
        put_node(arena, map, key, new_text(arena, text));
}

static inline void put_int(struct arena *arena, struct node *map, const char *key, int64_t value)
{
    put_node(arena, map, key, new_int(arena, value));
}

static inline void put_bool(struct arena *arena, struct node *map, const char *key, bool value)
{
    put_node(arena, map, key, node_bool(arena, (struct origin)ORIGIN_NONE, value));
}

static inline struct node *new_texts(struct arena *arena, const struct text_list *list)
{
    struct node *node = new_list(arena);
    for (size_t i = 0; i < list->n; i++)
        node_add(arena, node, new_text(arena, list->items[i]));
    return node;
}

static inline struct node *new_pairs(struct arena *arena, const struct pair_list *list)
{
    struct node *node = new_map(arena);
    VEC_EACH (list, pair)
        put_text(arena, node, pair->key, pair->value ? pair->value : "");
    return node;
}

#endif
