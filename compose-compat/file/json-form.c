/*
 * json-form.c - the differences between the YAML and the JSON of one bound tree, by the omit and
 * json_name columns of the schema table. Nodes that do not differ are shared.
 */
#include "base/base.h"

#include "compose-compat/file/json-form.h"

static bool is_struct(const struct schema_row *row)
{
    return row->type && (row->type->kinds & KIND_MAP) && !schema_is_user_map(row->type) &&
           row->bind == BIND_NODE && row->type->n_rows > 0;
}

/* What JSON has for a key that the tree does not have, or NULL: nothing. */
static struct node *absent(struct arena *arena, const struct schema_row *row, unsigned flags,
                           struct origin at)
{
    if (row->omit == OMIT_NEVER && row->bind == BIND_WORDS)
        return node_null(arena, at);
    if (row->omit == OMIT_STRUCT)
        return json_form(arena, node_map(arena, at), row, flags);
    if (row->omit == OMIT_TRUE && (flags & JSON_FORM_2))
        return node_bool(arena, at, true);
    return NULL;
}

#define ORDER_MAX 128

static struct node *struct_form(struct arena *arena, const struct node *node,
                                const struct schema_type *type, unsigned flags)
{
    const struct schema_row *rows[ORDER_MAX] = { NULL };
    for (size_t i = 0; i < type->n_rows; i++)
        if (type->rows[i].order < ORDER_MAX)
            rows[type->rows[i].order] = &type->rows[i];
    struct node *map = node_map(arena, node->at);
    for (unsigned order = 1; order < ORDER_MAX; order++) {
        const struct schema_row *row = rows[order];
        if (!row)
            continue;
        const struct node *value = node_get(node, row->key);
        /* The older generation printed what is true and left out what is false. */
        if (row->omit == OMIT_TRUE && (flags & JSON_FORM_2) && node_is(value, NODE_BOOL) &&
            !value->u.truth)
            continue;
        struct node *form = value ? json_form(arena, value, row, flags)
                                  : absent(arena, row, flags, node->at);
        if (form)
            node_set(arena, map, row->json_name ? row->json_name : row->key, node->at, form);
    }
    return map;
}

static struct node *names_form(struct arena *arena, const struct node *node,
                               const struct schema_row *value_row, unsigned flags)
{
    struct node *map = node_copy_shallow(arena, node);
    NODE_EACH_PAIR(map, pair)
        pair->value = json_form(arena, pair->value, value_row, flags);
    return map;
}

static struct node *list_form(struct arena *arena, const struct node *node,
                              const struct schema_row *item_row, unsigned flags)
{
    struct node *list = node_copy_shallow(arena, node);
    NODE_EACH_ITEM(list, item)
        *item = json_form(arena, *item, item_row, flags);
    return list;
}

/* A limit leaves its zeros out. */
static struct node *ulimit_form(struct arena *arena, const struct node *node)
{
    struct node *map = node_map(arena, node->at);
    NODE_EACH_PAIR(node, pair)
        if (!(node_is(pair->value, NODE_INT) && pair->value->u.integer == 0))
            node_set(arena, map, pair->key, pair->at, pair->value);
    return map;
}

struct node *json_form(struct arena *arena, const struct node *node, const struct schema_row *row,
                       unsigned flags)
{
    struct node *same = (struct node *)node;
    if (row && row->canonical == CANON_ULIMIT)
        return node_is(node, NODE_MAP) ? ulimit_form(arena, node) : same;
    if (!row || row->bind != BIND_NODE || row->canonical == CANON_SSH ||
        row->canonical == CANON_EXTRA_HOSTS)
        return same;
    if (node_is(node, NODE_LIST) && row->type->item)
        return list_form(arena, node, row->type->item, flags);
    if (!node_is(node, NODE_MAP))
        return same;
    if (schema_is_user_map(row->type))
        return row->type->value ? names_form(arena, node, row->type->value, flags) : same;
    return is_struct(row) ? struct_form(arena, node, row->type, flags) : same;
}

struct node *json_form_document(struct arena *arena, const struct node *tree)
{
    struct node *document = node_map(arena, tree->at);
    NODE_EACH_PAIR(tree, pair) {
        if (text_is(pair->key, "models"))
            continue;
        const struct schema_row *row = schema_row_of(schema_root(), pair->key);
        node_set_len(arena, document, pair->key, pair->key_len, pair->at,
                     json_form(arena, pair->value, row, 0));
    }
    node_sort_keys(document);
    return document;
}
