/*
 * yaml-form.c - sorts the free maps of a bound tree as YAML has them ("a2" before "a10", "A_B"
 * before "AB"). The keys of known maps keep the table's order. Nodes that do not differ are
 * shared.
 */
#include "base/base.h"

#include "compose-compat/file/yaml-form.h"

static struct node *free_map(struct arena *arena, const struct node *node,
                             const struct schema_row *value_row)
{
    struct node *map = node_copy_shallow(arena, node);
    NODE_EACH_PAIR(map, pair)
        pair->value = yaml_form(arena, pair->value, value_row);
    node_sort_keys_natural(map);
    return map;
}

/* The known keys as they are, then the x-* ones, sorted. */
static struct node *known_map(struct arena *arena, const struct node *node,
                              const struct schema_row *row)
{
    struct node *map = node_map(arena, node->at), *extensions = NULL;
    NODE_EACH_PAIR(node, pair) {
        const struct schema_row *inner = schema_find(row->type, pair->key);
        struct node *value = yaml_form(arena, pair->value, inner);
        if (!inner && !extensions)
            extensions = node_map(arena, node->at);
        node_set_len(arena, inner ? map : extensions, pair->key, pair->key_len, pair->at, value);
    }
    if (!extensions)
        return map;
    node_sort_keys_natural(extensions);
    NODE_EACH_PAIR(extensions, pair)
        node_set_len(arena, map, pair->key, pair->key_len, pair->at, pair->value);
    return map;
}

struct node *yaml_form(struct arena *arena, const struct node *node, const struct schema_row *row)
{
    if (node_is(node, NODE_LIST) && node->u.list.n > 0) {
        struct node *list = node_copy_shallow(arena, node);
        const struct schema_row *item_row = row ? row->type->item : NULL;
        NODE_EACH_ITEM(list, item)
            *item = yaml_form(arena, *item, item_row);
        return list;
    }
    if (!node_is(node, NODE_MAP))
        return (struct node *)node;
    bool is_free = !row || schema_is_user_map(row->type) ||
                   (row->bind != BIND_NODE && row->canonical != CANON_ULIMIT);
    if (is_free)
        return free_map(arena, node, row ? row->type->value : NULL);
    return known_map(arena, node, row);
}
