/*
 * merge.c - a later tree over an earlier one. See merge.h.
 */
#include "base/base.h"

#include "compose-compat/file/merge.h"

#include <stdlib.h>

#include "base/map.h"

struct node *merge_winner(struct arena *arena, const struct node *winner, const struct node *loser)
{
    struct node *copy = ARENA_NEW(arena, struct node);
    *copy = *winner;
    /* A later winner may have history of its own (extends), which others may share: the loser is older
       than all of it. */
    struct node *last = copy;
    while (last->overrode) {
        struct node *next = node_copy_shallow(arena, last->overrode);
        last->overrode = next;
        last = next;
    }
    last->overrode = loser;
    return copy;
}

static bool is_collection(const struct node *node)
{
    return node->kind == NODE_LIST || node->kind == NODE_MAP;
}

/* The earlier value, to which something is lacking now; of a scalar nothing is known. */
static struct node *miss(const struct merge *merge, struct node *earlier)
{
    if (!is_collection(earlier))
        return node_wrong(merge->arena, earlier->at);
    earlier->flags |= NODE_WRONG;
    return earlier;
}

static struct node *refuse(const struct merge *merge, struct node *earlier,
                           const struct node *later, const struct trail *trail)
{
    struct finding *finding = trail_finding(
        trail, merge->findings, FINDING_ERROR, later->at, "%s cannot override %s",
        node_kind_name((enum node_kind)later->kind), node_kind_name((enum node_kind)earlier->kind));
    STR_AUTO(place);
    origin_print(earlier->at, &place);
    finding_hint(finding, "the earlier value is at %s; !override replaces it", place.buf);
    return miss(merge, earlier);
}

static struct node *merge_maps(const struct merge *merge, struct node *earlier, struct node *later,
                               const struct schema_row *row, const struct trail *trail)
{
    NODE_EACH_PAIR(later, pair) {
        struct node_pair *found = node_get_pair(earlier, pair->key, pair->key_len);
        if (!found) {
            node_append_pair(merge->arena, earlier, pair->key, pair->key_len, pair->at, pair->value);
            continue;
        }
        struct trail here = TRAIL_KEY(trail, pair->key);
        struct node *value = merge_nodes(merge, found->value, pair->value,
                                         schema_row_of(row, pair->key), &here);
        /* merge_nodes() never adds to this map, so that found is still right. */
        if (value != found->value)
            found->at = pair->at;
        found->value = value;
    }
    return earlier;
}

static struct node *append(const struct merge *merge, struct node *earlier, const struct node *later)
{
    NODE_EACH_ITEM(later, item)
        node_add(merge->arena, earlier, *item);
    return earlier;
}

static struct node *merge_default(const struct merge *merge, struct node *earlier,
                                  struct node *later, const struct schema_row *row,
                                  const struct trail *trail)
{
    if (later->kind == NODE_NULL)
        return earlier;
    if (earlier->kind == NODE_MAP) {
        return later->kind == NODE_MAP ? merge_maps(merge, earlier, later, row, trail)
                                       : refuse(merge, earlier, later, trail);
    }
    if (earlier->kind == NODE_LIST) {
        return later->kind == NODE_LIST ? append(merge, earlier, later)
                                        : refuse(merge, earlier, later, trail);
    }
    return merge_winner(merge->arena, later, earlier);
}

/* --- sequences --------------------------------------------------------------------------------- */

static int compare_items(const void *a, const void *b)
{
    const struct node *const *left = a, *const *right = b;
    return strcmp((*left)->u.text.bytes, (*right)->u.text.bytes);
}

/* "key=value", "key" for null. */
static void add_pair(struct arena *arena, struct node *list, const struct node_pair *pair,
                     const struct node *value)
{
    STR_AUTO(text);
    str_add_len(&text, pair->key, pair->key_len);
    if (value->kind != NODE_NULL) {
        str_add_char(&text, '=');
        node_scalar_text(value, &text);
    }
    struct node *item = node_text_len(arena, value->at, text.buf, text.len);
    item->flags = value->flags & NODE_SENSITIVE;
    item->overrode = value->overrode;
    node_add(arena, list, item);
}

/* A list from a text, a map ("key=value", sorted) or a list; NULL from anything else, an empty list
   from null. */
static struct node *to_sequence(struct arena *arena, struct node *node)
{
    if (node->kind == NODE_LIST)
        return node;
    struct node *list = node_list(arena, node->at);
    if (node->kind == NODE_NULL)
        return list;
    if (node->kind == NODE_TEXT) {
        node_add(arena, list, node);
        return list;
    }
    if (node->kind != NODE_MAP)
        return NULL;
    list->overrode = node->overrode;
    list->flags |= node->flags & NODE_WRONG;
    NODE_EACH_PAIR(node, pair) {
        if (pair->value->kind == NODE_LIST) {
            NODE_EACH_ITEM(pair->value, item)
                add_pair(arena, list, pair, *item);
        } else if (pair->value->kind != NODE_MAP) {
            add_pair(arena, list, pair, pair->value);
        }
    }
    if (list->u.list.n > 0)
        qsort(list->u.list.items, list->u.list.n, sizeof(list->u.list.items[0]), compare_items);
    return list;
}

static struct node *merge_sequences(const struct merge *merge, struct node *earlier,
                                    struct node *later, const struct trail *trail)
{
    if (later->kind == NODE_NULL)
        return earlier;
    struct node *left = to_sequence(merge->arena, earlier);
    struct node *right = to_sequence(merge->arena, later);
    return left && right ? append(merge, left, right) : refuse(merge, earlier, later, trail);
}

/* Appends what is not there yet, text for text. */
static struct node *merge_extra_hosts(const struct merge *merge, struct node *earlier,
                                      struct node *later, const struct trail *trail)
{
    struct node *left = to_sequence(merge->arena, earlier);
    struct node *right = to_sequence(merge->arena, later);
    if (!left || !right)
        return refuse(merge, earlier, later, trail);
    MAP_AUTO(seen);
    NODE_EACH_ITEM(left, item)
        if (node_as_text(*item))
            map_set(&seen, node_as_text(*item), *item);
    NODE_EACH_ITEM(right, item)
        if (!node_as_text(*item) || !map_has(&seen, node_as_text(*item)))
            node_add(merge->arena, left, *item);
    return left;
}

/* --- lists that are maps ----------------------------------------------------------------------- */

static struct node *new_dependency(struct arena *arena, struct origin at)
{
    struct node *map = node_map(arena, at);
    node_set(arena, map, "condition", at, node_text(arena, at, "service_started"));
    node_set(arena, map, "required", at, node_bool(arena, at, true));
    return map;
}

/* A list of names to a map; anything else, and a list with other items, stays as it is. */
static struct node *to_map(struct arena *arena, struct node *node, bool is_depends_on)
{
    if (node->kind != NODE_LIST)
        return node;
    struct node *map = node_map(arena, node->at);
    map->overrode = node->overrode;
    map->flags |= node->flags & NODE_WRONG;
    NODE_EACH_ITEM(node, item) {
        const char *name = node_as_text(*item);
        if (!name)
            return node;
        struct origin at = (*item)->at;
        node_set(arena, map, name, at,
                 is_depends_on ? new_dependency(arena, at) : node_null(arena, at));
    }
    return map;
}

static struct node *to_build(struct arena *arena, struct node *node)
{
    if (node->kind != NODE_TEXT)
        return node;
    struct node *map = node_map(arena, node->at);
    node_set(arena, map, "context", node->at, node);
    return map;
}

/* --- special maps ------------------------------------------------------------------------------ */

static struct node *merge_logging(const struct merge *merge, struct node *earlier,
                                  struct node *later, const struct schema_row *row,
                                  const struct trail *trail)
{
    const struct node *was = node_get(earlier, "driver");
    const struct node *is = node_get(later, "driver");
    bool is_other = earlier->kind == NODE_MAP && later->kind == NODE_MAP && was && is &&
                    !node_equal(was, is);
    return is_other ? merge_winner(merge->arena, later, earlier)
                    : merge_default(merge, earlier, later, row, trail);
}

static size_t find_pool(const struct node *pools, const struct node *subnet)
{
    size_t i = 0;
    for (; i < pools->u.list.n; i++) {
        const struct node *other = node_get(pools->u.list.items[i], "subnet");
        if (other == subnet || (other && subnet && node_equal(other, subnet)))
            break;
    }
    return i;
}

/* Pools by subnet, exactly as docker compose does it: a pool of the earlier file whose subnet the later
   one does not name is gone, and one that is named after others can take their values. */
static struct node *merge_pools(const struct merge *merge, struct node *earlier, struct node *later,
                                const struct schema_row *row, const struct trail *trail)
{
    if (earlier->kind != NODE_LIST || later->kind != NODE_LIST)
        return merge_default(merge, earlier, later, row, trail);
    struct node *pools = node_list(merge->arena, later->at);
    NODE_EACH_ITEM(earlier, was) {
        NODE_EACH_ITEM(later, is) {
            const struct node *subnet = node_get(*is, "subnet");
            const struct node *old = node_get(*was, "subnet");
            bool is_same = subnet == old || (subnet && old && node_equal(subnet, old));
            if (!is_same && find_pool(pools, subnet) == pools->u.list.n) {
                node_add(merge->arena, pools, *is);
                continue;
            }
            struct node *pool = merge_default(merge, *was, *is, schema_item(row), trail);
            size_t place = find_pool(pools, node_get(pool, "subnet"));
            if (place < pools->u.list.n)
                pools->u.list.items[place] = pool;
            else
                node_add(merge->arena, pools, pool);
        }
    }
    return pools->u.list.n > 0 ? pools : node_null(merge->arena, later->at);
}

struct node *merge_nodes(const struct merge *merge, struct node *earlier, struct node *later,
                         const struct schema_row *row, const struct trail *trail)
{
    struct arena *arena = merge->arena;
    if (node_is_wrong(later) && later->kind == NODE_NULL)
        return miss(merge, earlier);
    if (is_collection(later) && (node_is_wrong(earlier) || node_is_wrong(later))) {
        later->flags |= NODE_WRONG;
        if (is_collection(earlier))
            earlier->flags |= NODE_WRONG;
    }
    switch (row ? (enum schema_merge)row->merge : MERGE_DEFAULT) {
    case MERGE_DEFAULT: break;
    case MERGE_REPLACE: return merge_winner(arena, later, earlier);
    case MERGE_SEQUENCE: return merge_sequences(merge, earlier, later, trail);
    case MERGE_EXTRA_HOSTS: return merge_extra_hosts(merge, earlier, later, trail);
    case MERGE_DEPENDS_ON:
        earlier = to_map(arena, earlier, true);
        later = to_map(arena, later, true);
        break;
    case MERGE_NAMES:
        earlier = to_map(arena, earlier, false);
        later = to_map(arena, later, false);
        break;
    case MERGE_BUILD:
        earlier = to_build(arena, earlier);
        later = to_build(arena, later);
        break;
    case MERGE_LOGGING: return merge_logging(merge, earlier, later, row, trail);
    case MERGE_POOLS: return merge_pools(merge, earlier, later, row, trail);
    }
    return merge_default(merge, earlier, later, row, trail);
}
