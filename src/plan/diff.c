/*
 * diff.c - what differs between two specs of a kind, field by field: the reasons of a plan. Does
 * not decide what follows from it beyond the kind's own field rules. Called by the plan.
 */
#include "base/base.h"

#include "plan/resource.h"

struct diff {
    struct arena *arena;
    const struct resource_kind *kind;
    struct change_list *out;
    struct str path;
};

/* What tells the items of a list of maps apart, best first. */
static const char *const identity_keys[] = { "target", "source", "name", "path", "network", NULL };

static void diff_value(struct diff *diff, const struct node *old_value,
                       const struct node *new_value, struct origin parent);

/* The kind's rule for the path: the longest rule that is the path or its beginning up to a dot. */
static enum change_effect effect_of(const struct resource_kind *kind, const char *path)
{
    enum change_effect effect = CHANGE_REPLACE;
    size_t best = 0;

    for (const struct field_rule *rule = kind->fields; rule && rule->path; rule++) {
        size_t len = strlen(rule->path);

        if (len >= best && strncmp(path, rule->path, len) == 0 &&
            (path[len] == '\0' || path[len] == '.' || path[len] == '[')) {
            best = len;
            effect = rule->effect;
        }
    }
    return effect;
}

static void add_change(struct diff *diff, const struct node *old_value,
                       const struct node *new_value, struct origin parent)
{
    struct change change = {
        .field = arena_dup_len(diff->arena, diff->path.buf, diff->path.len),
        .old_value = old_value,
        .new_value = new_value,
        .at = new_value && origin_is_set(new_value->at) ? new_value->at : parent,
        .effect = effect_of(diff->kind, diff->path.buf),
    };

    ARENA_ADD(diff->arena, diff->out, change);
}

/* Appends ".KEY" to the path; returns its length before. */
static size_t path_enter(struct diff *diff, const char *key)
{
    size_t before = diff->path.len;

    if (before > 0)
        str_add_char(&diff->path, '.');
    str_add(&diff->path, key);
    return before;
}

static void diff_maps(struct diff *diff, const struct node *old_map, const struct node *new_map,
                      struct origin at)
{
    NODE_EACH_PAIR (new_map, pair) {
        size_t before = path_enter(diff, pair->key);

        diff_value(diff, node_get(old_map, pair->key), pair->value,
                   origin_is_set(pair->at) ? pair->at : at);
        str_cut(&diff->path, before);
    }
    NODE_EACH_PAIR (old_map, pair) {
        size_t before;

        if (node_get_pair(new_map, pair->key, pair->key_len))
            continue;
        before = path_enter(diff, pair->key);
        add_change(diff, pair->value, NULL, at);
        str_cut(&diff->path, before);
    }
}

static bool is_list_of_maps(const struct node *node)
{
    if (!node_is(node, NODE_LIST))
        return false;
    NODE_EACH_ITEM (node, item) {
        if (!node_is(*item, NODE_MAP))
            return false;
    }
    return true;
}

/* The identity of an item as text in out; empty when it has none. */
static void item_identity(const struct node *item, struct str *out)
{
    str_clear(out);
    for (const char *const *key = identity_keys; *key; key++) {
        const struct node *value = node_get(item, *key);

        if (!value || node_is(value, NODE_MAP) || node_is(value, NODE_LIST))
            continue;
        node_scalar_text(value, out);
        /* Two ports of one target differ in what they are published as. */
        for (size_t i = 0; i < 2; i++) {
            value = node_get(item, i == 0 ? "protocol" : "type");
            if (value) {
                str_add_char(out, '/');
                node_scalar_text(value, out);
            }
        }
        return;
    }
}

struct pairing {
    const struct node *old_list;
    ptrdiff_t *old_of; /* per new item: index of its old one, or -1 */
    bool *is_taken;    /* per old item */
};

/* Pairs items that are equal, then items of one identity, each in order. */
static void pair_items(struct diff *diff, const struct node *old_list, const struct node *new_list,
                       struct pairing *pairing)
{
    MAP_AUTO(by_identity);
    STR_AUTO(identity);
    size_t n_old = old_list->u.list.n, n_new = new_list->u.list.n;
    size_t *next =
        ARENA_NEW_N(diff->arena, size_t, n_old + 1); /* index + 1 of the next of the same */

    pairing->old_of = ARENA_NEW_N(diff->arena, ptrdiff_t, n_new + 1);
    pairing->is_taken = ARENA_NEW_N(diff->arena, bool, n_old + 1);
    for (size_t i = n_old; i-- > 0;) {
        item_identity(old_list->u.list.items[i], &identity);
        next[i] =
            (size_t)(uintptr_t)map_set(&by_identity, identity.buf, (void *)(uintptr_t)(i + 1));
    }
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < n_new; i++) {
            const struct node *item = new_list->u.list.items[i];

            if (round == 0)
                pairing->old_of[i] = -1;
            if (pairing->old_of[i] >= 0)
                continue;
            item_identity(item, &identity);
            for (size_t at = (size_t)(uintptr_t)map_find(&by_identity, identity.buf); at;
                 at = next[at - 1]) {
                if (pairing->is_taken[at - 1] ||
                    (round == 0 && !node_equal(old_list->u.list.items[at - 1], item)))
                    continue;
                pairing->old_of[i] = (ptrdiff_t)at - 1;
                pairing->is_taken[at - 1] = true;
                break;
            }
        }
    }
}

static void diff_lists(struct diff *diff, const struct node *old_list, const struct node *new_list,
                       struct origin at)
{
    struct pairing pairing;
    size_t before = diff->path.len;

    pair_items(diff, old_list, new_list, &pairing);
    for (size_t i = 0; i < new_list->u.list.n; i++) {
        ptrdiff_t old_index = pairing.old_of[i];

        str_printf(&diff->path, "[%zu]", i);
        diff_value(diff, old_index < 0 ? NULL : old_list->u.list.items[old_index],
                   new_list->u.list.items[i], at);
        str_cut(&diff->path, before);
    }
    for (size_t i = 0; i < old_list->u.list.n; i++) {
        if (pairing.is_taken[i])
            continue;
        str_printf(&diff->path, "[%zu]", i);
        add_change(diff, old_list->u.list.items[i], NULL, at);
        str_cut(&diff->path, before);
    }
}

static void diff_value(struct diff *diff, const struct node *old_value,
                       const struct node *new_value, struct origin parent)
{
    struct origin at = new_value && origin_is_set(new_value->at) ? new_value->at : parent;

    if (old_value && new_value && node_equal(old_value, new_value))
        return;
    if (node_is(old_value, NODE_MAP) && node_is(new_value, NODE_MAP))
        diff_maps(diff, old_value, new_value, at);
    else if (is_list_of_maps(old_value) && is_list_of_maps(new_value))
        diff_lists(diff, old_value, new_value, at);
    else
        add_change(diff, old_value, new_value, parent);
}

void resource_diff(struct arena *arena, const struct resource_kind *kind,
                   const struct node *old_spec, const struct node *new_spec,
                   struct change_list *out)
{
    struct origin nowhere = ORIGIN_NONE;
    struct diff diff = { arena, kind, out, STR_INIT };

    diff_value(&diff, old_spec, new_spec, nowhere);
    str_release(&diff.path);
}
