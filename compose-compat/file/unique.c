/*
 * unique.c - twins in lists are joined. See unique.h.
 */
#include "base/base.h"

#include "compose-compat/file/unique.h"

#include "base/map.h"
#include "compose-compat/file/merge.h"
#include "compose-compat/file/short.h"

struct unique {
    struct arena *arena;
    struct findings *findings;
    bool is_canonical; /* and of the right form: what cannot be told apart is refused */
};

/* --- what an item is told apart by ------------------------------------------------------------- */

static void add_scalar(const struct node *value, struct str *out)
{
    if (value && value->kind != NODE_LIST && value->kind != NODE_MAP)
        node_scalar_text(value, out);
}

static void add_value(const struct node *item, const char *key, const char *otherwise,
                      struct str *out)
{
    const struct node *value = node_get(item, key);
    if (value)
        add_scalar(value, out);
    else
        str_add(out, otherwise);
}

/* The item's own target, else the place where its source goes. */
static void add_target(const struct node *item, const char *folder, struct str *out)
{
    const char *target = node_as_text(node_get(item, "target"));
    str_add(out, target ? target : folder);
    if (!target)
        add_value(item, "source", "", out);
}

/* A port that is not published is none that is published as "", and 80, 80.0 and "80" are three
   targets. */
static void add_port(const struct node *item, struct str *out)
{
    const struct node *target = node_get(item, "target");

    add_value(item, "host_ip", "0.0.0.0", out);
    str_add_char(out, ':');
    add_value(item, "published", "-", out);
    str_add(out, node_is(target, NODE_TEXT) ? ":\"" : node_is(target, NODE_FLOAT) ? ":." : ":");
    add_value(item, "target", "", out);
    str_add_char(out, '/');
    add_value(item, "protocol", "tcp", out);
}

static void print_map_key(enum schema_unique rule, const struct node *item, struct str *out)
{
    switch (rule) {
    case UNIQUE_MOUNT:
    case UNIQUE_DEVICE: add_value(item, "target", "", out); return;
    case UNIQUE_CONFIG: add_target(item, "/", out); return;
    case UNIQUE_SECRET: add_target(item, "/run/secrets/", out); return;
    case UNIQUE_PATH: add_value(item, "path", "", out); return;
    case UNIQUE_PORT: add_port(item, out); return;
    case UNIQUE_NONE:
    case UNIQUE_PAIR:
    case UNIQUE_TEXT: return;
    }
}

static void print_text_key(const struct unique *unique, enum schema_unique rule, const char *text,
                           struct str *out)
{
    char reason[SHORT_REASON_MAX];
    const char *target = text;
    switch (rule) {
    case UNIQUE_PAIR: str_add_len(out, text, strcspn(text, "=")); return;
    case UNIQUE_MOUNT:
        if (short_mount_target(unique->arena, text, &target, reason) != 0)
            target = text; /* the short form is refused later */
        break;
    case UNIQUE_DEVICE:
        if (strchr(text, ':'))
            target = strchr(text, ':') + 1;
        str_add_len(out, target, strcspn(target, ":"));
        return;
    case UNIQUE_CONFIG: str_add(out, "/"); break;
    case UNIQUE_SECRET: str_add(out, "/run/secrets/"); break;
    case UNIQUE_NONE:
    case UNIQUE_TEXT:
    case UNIQUE_PATH:
    case UNIQUE_PORT: break;
    }
    str_add(out, target);
}

static void print_key(const struct unique *unique, enum schema_unique rule, const struct node *item,
                      struct str *out)
{
    str_clear(out);
    if (item->kind == NODE_MAP)
        print_map_key(rule, item, out);
    else if (node_as_text(item))
        print_text_key(unique, rule, node_as_text(item), out);
    else
        add_scalar(item, out);
}

/* What the item needs to be told apart from others; NULL when it has it. */
static const char *missing_key(enum schema_unique rule, const struct node *item)
{
    bool needs_target = rule == UNIQUE_MOUNT || rule == UNIQUE_DEVICE || rule == UNIQUE_PORT;
    return needs_target && item->kind == NODE_MAP && !node_get(item, "target") ? "target" : NULL;
}

/* Has the item a kind that its rule knows? */
static bool is_known(enum schema_unique rule, const struct node *item)
{
    switch (rule) {
    case UNIQUE_PAIR: return item->kind == NODE_TEXT;
    case UNIQUE_TEXT: return item->kind == NODE_TEXT || item->kind == NODE_INT;
    default: return item->kind != NODE_LIST && item->kind != NODE_NULL;
    }
}

/* Can the item have twins? What cannot is refused once the schema had its say. */
static bool check_item(const struct unique *unique, enum schema_unique rule,
                       const struct node *item, const struct trail *trail)
{
    const char *missing = missing_key(rule, item);
    bool is_right = !missing && is_known(rule, item);
    if (is_right || !unique->is_canonical || node_is_wrong(item))
        return is_right;
    if (missing)
        trail_finding(trail, unique->findings, FINDING_ERROR, item->at,
                      "the key \"%s\" is missing", missing);
    else
        trail_finding(trail, unique->findings, FINDING_ERROR, item->at,
                      "%s cannot be an item of this list",
                      node_kind_name((enum node_kind)item->kind));
    return false;
}

/* --- the walk ---------------------------------------------------------------------------------- */

static void join_twins(const struct unique *unique, struct node *list, enum schema_unique rule,
                       const struct trail *trail)
{
    MAP_AUTO(places); /* key -> position + 1 */
    STR_AUTO(key);
    size_t n = 0, n_items = list->u.list.n;
    struct node **items = list->u.list.items;
    for (size_t i = 0; i < n_items; i++) {
        struct trail here = TRAIL_INDEX(trail, i);
        struct node *item = items[i];
        if (!check_item(unique, rule, item, &here) || n_items == 1) {
            items[n++] = item;
            continue;
        }
        print_key(unique, rule, item, &key);
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
                    const struct trail *trail)
{
    if (!row)
        return;
    if (node->kind == NODE_LIST) {
        if (row->unique != UNIQUE_NONE)
            join_twins(unique, node, (enum schema_unique)row->unique, trail);
    } else if (node->kind == NODE_MAP) {
        NODE_EACH_PAIR(node, pair) {
            if (pair->value->kind != NODE_LIST && pair->value->kind != NODE_MAP)
                continue;
            struct trail here = TRAIL_KEY(trail, pair->key);
            enforce(unique, pair->value, schema_row_of(row, pair->key), &here);
        }
    }
}

void unique_enforce(struct arena *arena, struct findings *findings, struct node *node,
                    const struct schema_row *row, bool is_canonical, const struct trail *trail)
{
    struct unique unique = { arena, findings, is_canonical };
    enforce(&unique, node, row, trail);
}
