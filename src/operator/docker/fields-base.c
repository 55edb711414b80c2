/*
 * fields-base.c - what all fields are written and read with: building nodes, comparing the engine's
 * values with ours, and the generic functions for attributes that are one scalar, list or map. The
 * attributes with a meaning of their own are in the other fields-*.c.
 */
#include "base/base.h"

#include <stdlib.h>

#include "base/clock.h"
#include "operator/docker/fields.h"

static const struct origin nowhere = ORIGIN_NONE;

/* --- comparing -------------------------------------------------------------------------------- */

bool fields_is_empty(const struct node *node)
{
    if (!node)
        return true;
    switch (node->kind) {
    case NODE_NULL:
        return true;
    case NODE_BOOL:
        return !node->u.truth;
    case NODE_INT:
        return !node->u.integer;
    case NODE_TEXT:
        return !node->u.text.len;
    case NODE_LIST:
        return !node->u.list.n;
    case NODE_MAP:
        NODE_EACH_PAIR (node, pair)
            if (!fields_is_empty(pair->value))
                return false;
        return true;
    default:
        return false;
    }
}

static bool has_map_same(const struct node *a, const struct node *b)
{
    NODE_EACH_PAIR (a, pair)
        if (!fields_same(pair->value, node_get_pair(b, pair->key, pair->key_len)
                                          ? node_get_pair(b, pair->key, pair->key_len)->value
                                          : NULL))
            return false;
    return true;
}

bool fields_same(const struct node *a, const struct node *b)
{
    if (fields_is_empty(a) || fields_is_empty(b))
        return fields_is_empty(a) && fields_is_empty(b);
    if (a->kind == NODE_MAP && b->kind == NODE_MAP)
        return has_map_same(a, b) && has_map_same(b, a);
    if (a->kind == NODE_LIST && b->kind == NODE_LIST) {
        if (a->u.list.n != b->u.list.n)
            return false;
        for (size_t i = 0; i < a->u.list.n; i++)
            if (!fields_same(a->u.list.items[i], b->u.list.items[i]))
                return false;
        return true;
    }
    return node_equal(a, b);
}

/* --- adopting --------------------------------------------------------------------------------- */

/* Bytes, "64m" or "67108864": the number of them. False: neither. */
static bool size_value(const char *text, double *ret_value)
{
    char *end;
    double value = strtod(text, &end);
    static const char units[] = "bkmgt";
    if (end == text)
        return false;
    double factor = 1;
    if (*end) {
        const char *unit = strchr(units, *end | 0x20);
        if (!unit)
            return false;
        for (const char *at = units; at < unit; at++)
            factor *= 1024;
        end++;
        if ((*end | 0x20) == 'i')
            end++;
        if ((*end | 0x20) == 'b')
            end++;
        if (*end)
            return false;
    }
    *ret_value = value * factor;
    return true;
}

static bool is_same_scalar(const struct node *want, const struct node *old)
{
    if (node_equal(want, old))
        return true;
    if (node_is(want, NODE_NULL))
        return fields_is_empty(old);
    STR_AUTO(a);
    STR_AUTO(b);
    node_scalar_text(want, &a);
    node_scalar_text(old, &b);
    if (text_is(a.buf, b.buf))
        return true;
    double size, other;
    int64_t x, y;
    if (size_value(a.buf, &size) && size_value(b.buf, &other))
        return !(size < other) && !(size > other);
    return duration_parse(a.buf, &x) == 0 && duration_parse(b.buf, &y) == 0 && x == y;
}

static struct node *adopt_map(struct arena *arena, const struct node *want, struct node *old)
{
    bool is_all = want->u.map.n == old->u.map.n;
    NODE_EACH_PAIR (old, pair) {
        const struct node *mine = node_get(want, pair->key);
        if (mine)
            pair->value = fields_adopt(arena, mine, pair->value);
        is_all = is_all && mine == pair->value;
    }
    return is_all ? (struct node *)(uintptr_t)want : old;
}

/* A list in another order means the same wherever the engine sorts or keeps a set. */
static struct node *adopt_list(struct arena *arena, const struct node *want, struct node *old)
{
    struct node *out = new_list(arena);
    size_t n = old->u.list.n;
    bool *is_taken = ARENA_NEW_N(arena, bool, n + 1);
    NODE_EACH_ITEM (want, mine) {
        for (size_t i = 0; i < n; i++) {
            if (is_taken[i])
                continue;
            struct node *adopted = fields_adopt(arena, *mine, old->u.list.items[i]);
            if (adopted != *mine)
                continue;
            is_taken[i] = true;
            node_add(arena, out, *mine);
            break;
        }
    }
    if (out->u.list.n == want->u.list.n && want->u.list.n == n)
        return (struct node *)(uintptr_t)want;
    for (size_t i = 0; i < n; i++)
        if (!is_taken[i])
            node_add(arena, out, old->u.list.items[i]);
    return out;
}

struct node *fields_adopt(struct arena *arena, const struct node *want, struct node *old)
{
    if (!want || !old || want == old)
        return old;
    if (want->kind == NODE_MAP && old->kind == NODE_MAP)
        return adopt_map(arena, want, old);
    if (want->kind == NODE_LIST && old->kind == NODE_LIST)
        return adopt_list(arena, want, old);
    bool is_nested = old->kind == NODE_MAP || old->kind == NODE_LIST || want->kind == NODE_MAP ||
                     want->kind == NODE_LIST;
    if (is_nested)
        return fields_is_empty(want) && fields_is_empty(old) ? (struct node *)(uintptr_t)want : old;
    return is_same_scalar(want, old) ? (struct node *)(uintptr_t)want : old;
}

/* --- generic writing -------------------------------------------------------------------------- */

#define MEMBER(e, field, type) \
    ((const type *)(const void *)((const char *)(e)->service + (field)->offset))

void encode_text(struct encode *e, const struct field *field)
{
    const char *text = *MEMBER(e, field, char *);
    if (text_is_set(text))
        put_text(e->arena, encode_target(e, field), field->name, text);
}

void encode_bool(struct encode *e, const struct field *field)
{
    if (*MEMBER(e, field, bool))
        put_bool(e->arena, encode_target(e, field), field->name, true);
}

void encode_int(struct encode *e, const struct field *field)
{
    int64_t value = *MEMBER(e, field, int64_t);
    if (value)
        put_int(e->arena, encode_target(e, field), field->name, value);
}

void encode_opt_int(struct encode *e, const struct field *field)
{
    const struct opt_int *value = MEMBER(e, field, struct opt_int);
    if (value->has)
        put_int(e->arena, encode_target(e, field), field->name, value->value);
}

void encode_opt_bool(struct encode *e, const struct field *field)
{
    const struct opt_bool *value = MEMBER(e, field, struct opt_bool);
    if (value->has)
        put_bool(e->arena, encode_target(e, field), field->name, value->value);
}

void encode_texts(struct encode *e, const struct field *field)
{
    const struct text_list *list = MEMBER(e, field, struct text_list);
    if (list->n)
        put_node(e->arena, encode_target(e, field), field->name, new_texts(e->arena, list));
}

void encode_pairs(struct encode *e, const struct field *field)
{
    const struct pair_list *list = MEMBER(e, field, struct pair_list);
    if (list->n)
        put_node(e->arena, encode_target(e, field), field->name, new_pairs(e->arena, list));
}

void encode_words(struct encode *e, const struct field *field)
{
    const struct words *words = MEMBER(e, field, struct words);
    if (words->is_set)
        put_node(e->arena, encode_target(e, field), field->name, new_texts(e->arena, &words->list));
}

/* --- generic reading -------------------------------------------------------------------------- */

/* The model gives no value, and the engine has what the image or the engine itself brings. */
static bool is_unset(const struct readback *r, const struct field *field, const struct node *value)
{
    const struct node *want = readback_wanted(r, field);
    if (fields_is_empty(value))
        return !want || fields_is_empty(want);
    if (want && !node_is(want, NODE_NULL))
        return false;
    if (field->place == PLACE_CONFIG && fields_same(value, node_get(r->image, field->name)))
        return true;
    if (!field->unset)
        return false;
    STR_AUTO(text);
    node_scalar_text(value, &text);
    struct slice left = slice_from(field->unset), one;
    bool has_more = true;
    while (has_more) {
        has_more = slice_split(&left, ',', &one);
        if (slice_is(one, text.buf))
            return true;
    }
    return false;
}

struct node *readback_text(struct readback *r, const struct field *field)
{
    const struct node *value = readback_engine(r, field);
    if (is_unset(r, field, value))
        return NULL;
    const char *text = node_as_text(value);
    if (text_is(field->key, "hostname") && text && !readback_wanted(r, field)) {
        const char *id = get_text(r->inspect, "Id");
        const char *mode = get_text(r->host, "NetworkMode");
        bool is_shared = mode && (text_is(mode, "host") || text_starts(mode, "container:"));
        if (is_shared || (id && strlen(text) == 12 && strncmp(id, text, 12) == 0))
            return NULL; /* the engine's own choice */
    }
    return text_is_set(text) ? new_text(r->arena, text) : NULL;
}

struct node *readback_bool(struct readback *r, const struct field *field)
{
    const struct node *value = readback_engine(r, field);
    if (!node_is(value, NODE_BOOL) || is_unset(r, field, value))
        return readback_wanted(r, field) && node_is(value, NODE_BOOL)
                   ? node_bool(r->arena, nowhere, value->u.truth)
                   : NULL;
    return node_bool(r->arena, nowhere, value->u.truth);
}

struct node *readback_int(struct readback *r, const struct field *field)
{
    const struct node *value = readback_engine(r, field);
    if (!node_is(value, NODE_INT) || is_unset(r, field, value))
        return NULL;
    if (!value->u.integer && !readback_wanted(r, field))
        return NULL;
    return new_int(r->arena, value->u.integer);
}

struct node *readback_texts(struct readback *r, const struct field *field)
{
    const struct node *value = readback_engine(r, field);
    if (!node_is(value, NODE_LIST) || is_unset(r, field, value))
        return NULL;
    return node_copy(r->arena, value);
}

struct node *readback_pairs(struct readback *r, const struct field *field)
{
    const struct node *value = readback_engine(r, field);
    if (!node_is(value, NODE_MAP) || is_unset(r, field, value))
        return NULL;
    return node_copy(r->arena, value);
}

struct node *readback_words(struct readback *r, const struct field *field)
{
    const struct node *value = readback_engine(r, field);
    const struct node *want = readback_wanted(r, field);
    if (node_is(want, NODE_LIST) && !want->u.list.n && fields_is_empty(value))
        return new_list(r->arena); /* cleared, as wanted */
    if (is_unset(r, field, value))
        return NULL;
    if (node_is(value, NODE_LIST))
        return node_copy(r->arena, value);
    return node_is(value, NODE_TEXT) ? node_copy(r->arena, value) : NULL;
}
