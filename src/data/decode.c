/*
 * decode.c - from map nodes to structs by tables. It checks kinds, not meanings: what a value must
 * be for compose was checked before (schema), what it must be for an endpoint is not ours to say.
 * Called for the model, for endpoints' answers and for state files.
 */
#include "base/base.h"

#include "data/decode.h"

#include <math.h>

#include "base/clock.h"
#include "data/number.h"
#include "data/size.h"

static int refuse(struct decode *decode, const struct node *value, const char *fmt, ...)
    ATTR_PRINTF(3, 4);

static int refuse(struct decode *decode, const struct node *value, const char *fmt, ...)
{
    STR_AUTO(text);
    va_list args;

    if (!decode->findings)
        return -1;
    va_start(args, fmt);
    str_vprintf(&text, fmt, args);
    va_end(args);
    finding_add(decode->findings, FINDING_ERROR, value->at, decode->path ? decode->path->buf : NULL,
                "%s", text.buf);
    return -1;
}

static int refuse_kind(struct decode *decode, const struct node *value, const char *wanted)
{
    return refuse(decode, value, "must be %s, not %s", wanted,
                  node_kind_name((enum node_kind)value->kind));
}

static bool is_collection(const struct node *node)
{
    return node->kind == NODE_LIST || node->kind == NODE_MAP;
}

/* The path while one member is decoded. Returns the length to cut it back to. */
static size_t enter_key(struct decode *decode, const char *key)
{
    if (!decode->path)
        return 0;
    size_t len = decode->path->len;
    str_printf(decode->path, "%s%s", len ? "." : "", key);
    return len;
}

static size_t enter_index(struct decode *decode, size_t index)
{
    if (!decode->path)
        return 0;
    size_t len = decode->path->len;
    str_printf(decode->path, "[%zu]", index);
    return len;
}

static void leave(struct decode *decode, size_t len)
{
    if (decode->path)
        str_cut(decode->path, len);
}

int decode_map(struct decode *decode, const struct node *map, const struct decode_row *rows,
               void *object)
{
    int result = 0;

    if (!node_is(map, NODE_MAP))
        return map && !node_is_wrong(map) ? refuse_kind(decode, map, "a mapping") : 0;
    for (const struct decode_row *row = rows; row->key; row++) {
        const struct node *value = node_get(map, row->key);

        if (!value || (value->kind == NODE_NULL && row->fn != decode_node))
            continue;
        size_t len = enter_key(decode, row->key);
        if (row->fn(decode, value, row, (char *)object + row->offset))
            result = -1;
        leave(decode, len);
    }
    return decode->findings ? result : 0;
}

/* Scalars. */

/* The text of a scalar: the node's own, or one in the arena. */
static const char *scalar_text(struct decode *decode, const struct node *value)
{
    STR_AUTO(text);

    if (value->kind == NODE_TEXT)
        return value->u.text.bytes;
    node_scalar_text(value, &text);
    return arena_dup_len(decode->arena, text.buf, text.len);
}

int decode_text(struct decode *decode, const struct node *value, const struct decode_row *row,
                void *member)
{
    (void)row;
    if (is_collection(value))
        return refuse_kind(decode, value, "a string");
    *(const char **)member = scalar_text(decode, value);
    return 0;
}

static bool text_to_truth(const char *text, bool *ret_value)
{
    static const char *const words[] = { "yes", "Yes", "YES", "y", "Y", "on",  "On",  "ON",
                                         "no",  "No",  "NO",  "n", "N", "off", "Off", "OFF" };

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (text_is(words[i], text)) {
            *ret_value = i < ARRAY_LEN(words) / 2;
            return true;
        }
    }
    return text_to_bool(text, ret_value) == 0;
}

int decode_bool(struct decode *decode, const struct node *value, const struct decode_row *row,
                void *member)
{
    (void)row;
    if (value->kind == NODE_BOOL) {
        *(bool *)member = value->u.truth;
        return 0;
    }
    if (value->kind != NODE_TEXT)
        return refuse_kind(decode, value, "a boolean");
    if (!text_to_truth(value->u.text.bytes, member))
        return refuse(decode, value, "must be a boolean, not \"%s\"", value->u.text.bytes);
    return 0;
}

/* Numbers and texts of numbers. */
static int number_of(struct decode *decode, const struct node *value, double *ret_number)
{
    switch ((enum node_kind)value->kind) {
    case NODE_INT:
        *ret_number = (double)value->u.integer;
        return 0;
    case NODE_UINT:
        *ret_number = (double)value->u.unsigned_integer;
        return 0;
    case NODE_FLOAT:
        *ret_number = value->u.number;
        return 0;
    case NODE_TEXT:
        if (number_parse_float(value->u.text.bytes, value->u.text.len, ret_number))
            return 0;
        return refuse(decode, value, "must be a number, not \"%s\"", value->u.text.bytes);
    default:
        return refuse_kind(decode, value, "a number");
    }
}

int decode_float(struct decode *decode, const struct node *value, const struct decode_row *row,
                 void *member)
{
    (void)row;
    return number_of(decode, value, member);
}

int decode_int(struct decode *decode, const struct node *value, const struct decode_row *row,
               void *member)
{
    double number;

    (void)row;
    if (value->kind == NODE_INT) {
        *(int64_t *)member = value->u.integer;
        return 0;
    }
    if (value->kind == NODE_TEXT && text_to_int(value->u.text.bytes, member) == 0)
        return 0;
    if (number_of(decode, value, &number))
        return -1;
    if (!(number >= -0x1p63 && number < 0x1p63) || trunc(number) != number)
        return refuse(decode, value, "must be an integer of 64 bits");
    *(int64_t *)member = (int64_t)number;
    return 0;
}

int decode_opt_bool(struct decode *decode, const struct node *value, const struct decode_row *row,
                    void *member)
{
    struct opt_bool *option = member;

    if (decode_bool(decode, value, row, &option->value))
        return -1;
    option->has = true;
    return 0;
}

int decode_opt_int(struct decode *decode, const struct node *value, const struct decode_row *row,
                   void *member)
{
    struct opt_int *option = member;

    if (decode_int(decode, value, row, &option->value))
        return -1;
    option->has = true;
    return 0;
}

int decode_bytes(struct decode *decode, const struct node *value, const struct decode_row *row,
                 void *member)
{
    STR_AUTO(problem);

    if (value->kind == NODE_FLOAT) {
        if (decode->findings)
            finding_add(decode->findings, FINDING_WARNING, value->at,
                        decode->path ? decode->path->buf : NULL,
                        "a fraction without a unit counts as 0 bytes");
        *(int64_t *)member = 0;
        return 0;
    }
    if (value->kind != NODE_TEXT)
        return decode_int(decode, value, row, member);
    if (size_parse(value->u.text.bytes, member, &problem))
        return refuse(decode, value, "%s", problem.buf);
    return 0;
}

int decode_opt_duration(struct decode *decode, const struct node *value,
                        const struct decode_row *row, void *member)
{
    struct opt_int *option = member;

    if (value->kind != NODE_TEXT)
        return decode_opt_int(decode, value, row, member);
    if (duration_parse(value->u.text.bytes, &option->value))
        return refuse(decode, value, "must be a duration like \"1m30s\", not \"%s\"",
                      value->u.text.bytes);
    option->has = true;
    return 0;
}

/* Lists. */

int decode_texts(struct decode *decode, const struct node *value, const struct decode_row *row,
                 void *member)
{
    struct text_list *list = member;
    int result = 0;

    (void)row;
    if (value->kind == NODE_MAP)
        return refuse_kind(decode, value, "a list of strings");
    if (value->kind != NODE_LIST) {
        ARENA_ADD(decode->arena, list, scalar_text(decode, value));
        return 0;
    }
    for (size_t i = 0; i < value->u.list.n; i++) {
        const struct node *item = value->u.list.items[i];
        size_t len = enter_index(decode, i);

        if (node_is_wrong(item))
            result = -1; /* that was said already */
        else if (is_collection(item))
            result = refuse_kind(decode, item, "a string");
        else
            ARENA_ADD(decode->arena, list, scalar_text(decode, item));
        leave(decode, len);
    }
    return result;
}

static int add_pair(struct decode *decode, struct pair_list *list, const char *key,
                    struct origin at, const struct node *value)
{
    struct pair pair = { key, NULL, at, value->flags & NODE_SENSITIVE };

    if (is_collection(value))
        return refuse_kind(decode, value, "a string");
    if (value->kind != NODE_NULL)
        pair.value = scalar_text(decode, value);
    ARENA_ADD(decode->arena, list, pair);
    return 0;
}

/* An item "KEY=VALUE" or "KEY". */
static int add_item(struct decode *decode, struct pair_list *list, const struct node *item)
{
    if (item->kind != NODE_TEXT)
        return refuse_kind(decode, item, "a string");
    const char *text = item->u.text.bytes;
    const char *equals = strchr(text, '=');
    struct pair pair = { text, NULL, item->at, item->flags & NODE_SENSITIVE };
    if (equals) {
        pair.key = arena_dup_len(decode->arena, text, (size_t)(equals - text));
        pair.value = equals + 1;
    }
    ARENA_ADD(decode->arena, list, pair);
    return 0;
}

int decode_pairs(struct decode *decode, const struct node *value, const struct decode_row *row,
                 void *member)
{
    struct pair_list *list = member;
    bool is_list = value->kind == NODE_LIST;
    int result = 0;

    (void)row;
    if (list->cap == 0 && (is_list || value->kind == NODE_MAP)) {
        list->cap = is_list ? value->u.list.n : value->u.map.n;
        list->items = ARENA_NEW_N(decode->arena, struct pair, list->cap);
    }
    if (is_list) {
        for (size_t i = 0; i < value->u.list.n; i++) {
            size_t len = enter_index(decode, i);
            result |= add_item(decode, member, value->u.list.items[i]);
            leave(decode, len);
        }
        return result;
    }
    if (value->kind != NODE_MAP)
        return refuse_kind(decode, value, "a mapping");
    NODE_EACH_PAIR(value, pair) {
        size_t len = enter_key(decode, pair->key);
        result |= add_pair(decode, member, pair->key, pair->at, pair->value);
        leave(decode, len);
    }
    return result;
}

/* Nested structs. */

int decode_struct(struct decode *decode, const struct node *value, const struct decode_row *row,
                  void *member)
{
    return decode_map(decode, value, row->more, member);
}

int decode_struct_ptr(struct decode *decode, const struct node *value, const struct decode_row *row,
                      void *member)
{
    void *object = arena_alloc(decode->arena, row->size);

    if (value->kind != NODE_MAP)
        return refuse_kind(decode, value, "a mapping");
    *(void **)member = object;
    return decode_map(decode, value, row->more, object);
}

int decode_structs(struct decode *decode, const struct node *value, const struct decode_row *row,
                   void *member)
{
    struct any_list *list = member;
    int result = 0;

    if (value->kind != NODE_LIST)
        return refuse_kind(decode, value, "a list");
    list->items = arena_alloc(decode->arena, row->size * value->u.list.n);
    list->n = list->cap = value->u.list.n;
    for (size_t i = 0; i < value->u.list.n; i++) {
        size_t len = enter_index(decode, i);
        result |= decode_map(decode, value->u.list.items[i], row->more,
                             (char *)list->items + i * row->size);
        leave(decode, len);
    }
    return result;
}

int decode_node(struct decode *decode, const struct node *value, const struct decode_row *row,
                void *member)
{
    (void)decode;
    (void)row;
    *(const struct node **)member = value;
    return 0;
}

/* Looking things up. */

const struct pair *pair_list_find(const struct pair_list *list, const char *key)
{
    for (size_t i = 0; i < list->n; i++)
        if (text_is(list->items[i].key, key))
            return &list->items[i];
    return NULL;
}

bool text_list_has(const struct text_list *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++)
        if (text_is(list->items[i], text))
            return true;
    return false;
}
