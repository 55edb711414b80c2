/*
 * bind.c - the canonical tree in its printed order and types, by the order, bind and omit columns
 * of the schema table. Its result is what `config` prints, what is hashed and what the model is
 * decoded from.
 */
#include "base/base.h"

#include "compose-compat/file/bind.h"

#include "compose-compat/file/place.h"

#include <stdio.h>

struct finding *bind_refuse(struct binder *binder, const struct node *node, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return finding_add(binder->findings, FINDING_ERROR, node->at, binder->path.buf, "%s", text);
}

/* --- what is left out ------------------------------------------------------------------------- */

static bool is_zero(const struct node *node)
{
    switch ((enum node_kind)node->kind) {
    case NODE_NULL:
        return true;
    case NODE_BOOL:
        return !node->u.truth;
    case NODE_INT:
        return node->u.integer == 0;
    case NODE_FLOAT:
        return node->u.number == 0;
    case NODE_TEXT:
        return node->u.text.len == 0;
    case NODE_LIST:
        return node->u.list.n == 0;
    case NODE_MAP:
        return node->u.map.n == 0;
    case NODE_UINT:
    case NODE_TIME:
        break;
    }
    return false;
}

/* Numbers that are printed as texts ("0", "0s") are zero, too. */
static bool is_zero_quantity(const struct node *node, enum schema_bind bind)
{
    const char *text = node_as_text(node);
    if (bind == BIND_BYTES)
        return text_is(text, "0");
    return bind == BIND_DURATION && text_is(text, "0s");
}

static bool is_omitted(const struct node *node, const struct schema_row *row)
{
    if (node_is_wrong(node))
        return false;
    switch ((enum schema_omit)row->omit) {
    case OMIT_EMPTY:
    case OMIT_STRUCT:
        return is_zero(node) || is_zero_quantity(node, row->bind);
    case OMIT_UNSET:
    case OMIT_NEVER:
        return node_is(node, NODE_NULL);
    case OMIT_TRUE:
        return node_is(node, NODE_BOOL) && node->u.truth;
    case OMIT_ALWAYS:
        break;
    }
    return true;
}

/* What stands for an absent value that is printed nevertheless, or NULL. */
static struct node *zero_of(struct binder *binder, struct origin at, const struct schema_row *row)
{
    if (row->omit != OMIT_NEVER)
        return NULL;
    switch ((enum schema_bind)row->bind) {
    case BIND_TEXT:
        return node_text(binder->arena, at, "");
    case BIND_INT:
    case BIND_UINT:
    case BIND_UINT16:
    case BIND_UINT32:
        return node_int(binder->arena, at, 0);
    case BIND_RATE:
        return node_text(binder->arena, at, "0");
    case BIND_BOOL:
        return node_bool(binder->arena, at, false);
    default:
        return NULL;
    }
}

/* --- structures ------------------------------------------------------------------------------- */

struct node *bind_unknown(struct binder *binder, struct node *node)
{
    if (node_is(node, NODE_MAP)) {
        struct node *map = node_copy_shallow(binder->arena, node);
        NODE_EACH_PAIR(map, pair)
            pair->value = bind_unknown(binder, pair->value);
        node_sort_keys(map);
        return map;
    }
    if (node_is(node, NODE_LIST)) {
        struct node *list = node_copy_shallow(binder->arena, node);
        NODE_EACH_ITEM(list, item)
            *item = bind_unknown(binder, *item);
        return list;
    }
    return node;
}

static struct node *like(const struct node *node, struct node *fresh)
{
    fresh->flags = node->flags;
    fresh->overrode = node->overrode;
    return fresh;
}

/* A name with an empty list of texts (an option of a provider) says nothing. */
static bool is_empty_list(const struct node *value, const struct schema_row *row)
{
    return row && row->bind == BIND_TEXTS && node_is(value, NODE_LIST) && value->u.list.n == 0;
}

/* A map of names that the user gave: every one that says something, in order of name. */
static struct node *bind_names(struct binder *binder, struct node *node,
                               const struct schema_row *value_row)
{
    struct node *map = like(node, node_map(binder->arena, node->at));
    node_reserve(binder->arena, map, node->u.map.n);
    NODE_EACH_PAIR(node, pair) {
        size_t len = place_key(&binder->path, pair->key);
        struct node *value = value_row ? bind_value(binder, pair->value, value_row)
                                       : bind_unknown(binder, pair->value);
        if (!value)
            value = node_null(binder->arena, pair->value->at);
        if (!is_empty_list(value, value_row))
            node_append_pair(binder->arena, map, pair->key, pair->key_len, pair->at, value);
        str_cut(&binder->path, len);
    }
    node_sort_keys(map);
    return map;
}

#define ORDER_MAX 128

struct slot {
    const struct node_pair *pair; /* as it was written, NULL: absent */
    const struct schema_row *row;
    struct node *value;
};

static void bind_slot(struct binder *binder, struct slot *slots, const struct node_pair *pair,
                      const struct schema_row *row)
{
    size_t len = place_key(&binder->path, pair->key);
    struct node *value = bind_value(binder, pair->value, row);
    /* Hosts are counted, not their addresses. */
    const struct node *counted = row->canonical == CANON_EXTRA_HOSTS ? pair->value : value;
    if (value && row->order > 0 && row->order < ORDER_MAX && !is_omitted(counted, row))
        slots[row->order] = (struct slot){ pair, row, value };
    str_cut(&binder->path, len);
}

/* The x-* keys, sorted, behind the known ones. */
static void add_extensions(struct binder *binder, const struct node *node, struct node *map)
{
    struct node *extensions = NULL;
    NODE_EACH_PAIR(node, pair) {
        if (!text_starts(pair->key, "x-") || strchr(pair->key, '#'))
            continue;
        if (!extensions)
            extensions = node_map(binder->arena, node->at);
        node_set_len(binder->arena, extensions, pair->key, pair->key_len, pair->at,
                     bind_unknown(binder, pair->value));
    }
    if (!extensions)
        return;
    node_sort_keys(extensions);
    NODE_EACH_PAIR(extensions, pair)
        node_set_len(binder->arena, map, pair->key, pair->key_len, pair->at, pair->value);
}

/* A map of known keys: in the table's order, without what is left out. */
static struct node *bind_struct(struct binder *binder, struct node *node,
                                const struct schema_type *type)
{
    struct slot slots[ORDER_MAX];
    unsigned last = 0;
    for (size_t i = 0; i < type->n_rows; i++)
        last = MAX(last, type->rows[i].order);
    memset(slots, 0, sizeof(slots[0]) * (last + 1));
    NODE_EACH_PAIR(node, pair) {
        const struct schema_row *row = schema_find(type, pair->key);
        if (row)
            bind_slot(binder, slots, pair, row);
    }
    for (size_t i = 0; i < type->n_rows; i++) {
        const struct schema_row *row = &type->rows[i];
        if (row->order > 0 && !slots[row->order].value)
            slots[row->order] = (struct slot){ NULL, row, zero_of(binder, node->at, row) };
    }
    struct node *map = like(node, node_map(binder->arena, node->at));
    size_t n = 0;
    for (unsigned i = 1; i <= last; i++)
        n += slots[i].value != NULL;
    node_reserve(binder->arena, map, n);
    for (unsigned i = 1; i <= last; i++)
        if (slots[i].value)
            node_append_pair(binder->arena, map, slots[i].row->key, strlen(slots[i].row->key),
                             slots[i].pair ? slots[i].pair->at : node->at, slots[i].value);
    if (!type->drops_extensions)
        add_extensions(binder, node, map);
    return map;
}

static struct node *bind_list(struct binder *binder, struct node *node,
                              const struct schema_row *item_row)
{
    struct node *list = like(node, node_list(binder->arena, node->at));
    for (size_t i = 0; i < node->u.list.n; i++) {
        size_t len = place_index(&binder->path, i);
        struct node *item = item_row ? bind_value(binder, node->u.list.items[i], item_row)
                                     : bind_unknown(binder, node->u.list.items[i]);
        if (item)
            node_add(binder->arena, list, item);
        str_cut(&binder->path, len);
    }
    return list;
}

static struct node *bind_by_row(struct binder *binder, struct node *node,
                                const struct schema_row *row)
{
    if (row->canonical == CANON_EXTRA_HOSTS)
        return bind_hosts(binder, node);
    if (row->canonical == CANON_ULIMIT)
        return bind_ulimit(binder, node);
    if (row->canonical == CANON_SSH)
        return bind_ssh(binder, node);
    switch ((enum schema_bind)row->bind) {
    case BIND_WORDS:
        return bind_words(binder, node, row->canonical == CANON_TEST);
    case BIND_TEXTS:
        return bind_texts(binder, node, row);
    case BIND_PAIRS:
    case BIND_TEXT_PAIRS:
    case BIND_ENV:
        return bind_pairs(binder, node, row->bind);
    case BIND_NODE:
        break;
    default:
        return bind_scalar(binder, node, row);
    }
    if (node_is(node, NODE_NULL))
        return NULL;
    if (node_is(node, NODE_LIST))
        return bind_list(binder, node, row->type->item);
    if (!node_is(node, NODE_MAP))
        return node;
    if (schema_is_user_map(row->type))
        return bind_names(binder, node, row->type->value);
    return bind_struct(binder, node, row->type);
}

struct node *bind_value(struct binder *binder, struct node *node, const struct schema_row *row)
{
    size_t n_errors = binder->findings->n_errors;
    if (node_is_wrong(node) && node->kind == NODE_NULL)
        return node;
    struct node *bound = bind_by_row(binder, node, row);
    if (!bound && binder->findings->n_errors > n_errors)
        return node_wrong(binder->arena, node->at);
    if (bound && node_is_wrong(node))
        bound->flags |= NODE_WRONG;
    return bound;
}

/* Where a key of the map stands: extensions behind all others. */
static unsigned order_of(const struct schema_type *type, const char *key)
{
    const struct schema_row *row = schema_find(type, key);
    return row ? row->order : ORDER_MAX;
}

void bind_set(struct arena *arena, struct node *map, const struct schema_type *type, const char *key,
              struct node *value)
{
    struct node_pair *old = node_get_pair(map, key, strlen(key));
    if (old && value) {
        old->value = value;
        return;
    }
    if (!value) {
        node_remove(map, key);
        return;
    }
    struct node *grown = node_map(arena, map->at);
    unsigned order = order_of(type, key);
    bool is_set = false;
    NODE_EACH_PAIR(map, pair) {
        if (!is_set && order_of(type, pair->key) > order) {
            node_set(arena, grown, key, value->at, value);
            is_set = true;
        }
        node_set_len(arena, grown, pair->key, pair->key_len, pair->at, pair->value);
    }
    if (!is_set)
        node_set(arena, grown, key, value->at, value);
    map->u.map = grown->u.map;
}
