/*
 * unique.c - twins in lists are joined. See unique.h.
 */
#include "base/base.h"

#include "compose-compat/file/unique.h"

#include "base/map.h"
#include "compose-compat/file/merge.h"

struct unique {
    struct arena *arena;
    struct findings *findings;
};

static void add_key_text(const struct node *item, const char *key, const char *otherwise,
                         struct str *out)
{
    const struct node *value = node_get(item, key);
    if (value && value->kind != NODE_LIST && value->kind != NODE_MAP)
        node_scalar_text(value, out);
    else
        str_add(out, otherwise);
}

/* The item's own target, else the place where its source goes. */
static void add_target(const struct node *item, const char *folder, struct str *out)
{
    if (node_as_text(node_get(item, "target"))) {
        str_add(out, node_as_text(node_get(item, "target")));
        return;
    }
    str_add(out, folder);
    add_key_text(item, "source", "", out);
}

static bool refuse(const struct unique *unique, const struct node *item, const char *what,
                   const struct trail *trail)
{
    trail_finding(trail, unique->findings, FINDING_ERROR, item->at, "the key \"%s\" is missing", what);
    return false;
}

/* The key of a canonical item. False when it has none. */
static bool print_object_key(const struct unique *unique, enum schema_unique rule,
                             const struct node *item, const struct trail *trail, struct str *out)
{
    switch (rule) {
    case UNIQUE_MOUNT:
    case UNIQUE_DEVICE:
        if (!node_get(item, "target"))
            return refuse(unique, item, "target", trail);
        add_key_text(item, "target", "", out);
        return true;
    case UNIQUE_CONFIG: add_target(item, "/", out); return true;
    case UNIQUE_SECRET: add_target(item, "/run/secrets/", out); return true;
    case UNIQUE_PATH: add_key_text(item, "path", "", out); return true;
    case UNIQUE_PORT:
        if (!node_get(item, "target"))
            return refuse(unique, item, "target", trail);
        add_key_text(item, "host_ip", "0.0.0.0", out);
        str_add_char(out, ':');
        add_key_text(item, "published", "", out);
        str_add_char(out, ':');
        add_key_text(item, "target", "", out);
        str_add_char(out, '/');
        add_key_text(item, "protocol", "tcp", out);
        return true;
    default: return false;
    }
}

/* False: the item is no twin of anything. */
static bool print_key(const struct unique *unique, enum schema_unique rule, const struct node *item,
                      const struct trail *trail, struct str *out)
{
    str_clear(out);
    if (item->kind == NODE_MAP)
        return print_object_key(unique, rule, item, trail, out);
    if (item->kind == NODE_LIST || item->kind == NODE_NULL)
        return false;
    if (rule == UNIQUE_PAIR) {
        const char *text = node_as_text(item);
        if (!text)
            return false;
        str_add_len(out, text, strcspn(text, "="));
        return true;
    }
    node_scalar_text(item, out);
    return true;
}

static void join_twins(const struct unique *unique, struct node *list, enum schema_unique rule,
                       const struct trail *trail)
{
    MAP_AUTO(places); /* key -> position + 1 */
    STR_AUTO(key);
    size_t n = 0;
    struct node **items = list->u.list.items;
    for (size_t i = 0; i < list->u.list.n; i++) {
        struct trail here = TRAIL_INDEX(trail, i);
        struct node *item = items[i];
        if (!print_key(unique, rule, item, &here, &key)) {
            items[n++] = item;
            continue;
        }
        uintptr_t place = (uintptr_t)map_find_len(&places, key.buf, key.len);
        if (place) {
            struct node *loser = items[place - 1];
            items[place - 1] = item == loser ? item : merge_winner(unique->arena, item, loser);
            continue;
        }
        items[n++] = item;
        map_set_len(&places, key.buf, key.len, (void *)(uintptr_t)n);
    }
    list->u.list.n = n;
}

static void enforce(const struct unique *unique, struct node *node, const struct schema_row *row,
                    bool is_canonical, const struct trail *trail)
{
    if (!row)
        return;
    if (node->kind == NODE_LIST) {
        bool is_text_rule = row->unique == UNIQUE_PAIR || row->unique == UNIQUE_TEXT;
        /* One item of an object rule is still asked for its key. */
        size_t fewest = is_text_rule ? 2 : 1;
        if (row->unique != UNIQUE_NONE && (is_text_rule || is_canonical) &&
            node->u.list.n >= fewest)
            join_twins(unique, node, (enum schema_unique)row->unique, trail);
    } else if (node->kind == NODE_MAP) {
        NODE_EACH_PAIR(node, pair) {
            if (pair->value->kind != NODE_LIST && pair->value->kind != NODE_MAP)
                continue;
            struct trail here = TRAIL_KEY(trail, pair->key);
            enforce(unique, pair->value, schema_row_of(row, pair->key), is_canonical, &here);
        }
    }
}

void unique_enforce(struct arena *arena, struct findings *findings, struct node *node,
                    const struct schema_row *row, bool is_canonical, const struct trail *trail)
{
    struct unique unique = { arena, findings };
    enforce(&unique, node, row, is_canonical, trail);
}
