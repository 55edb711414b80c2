/*
 * decode-forms.c - converters from bound nodes to members of the model, for the forms that
 * data/decode does not know. Their values were checked when they were bound, so nothing here can
 * fail.
 */
#include "base/base.h"

#include "compose-compat/file/decode-parts.h"

#include "compose-compat/file/quantity.h"

void decode_reserve(struct decode *decode, void *list, size_t n, size_t size)
{
    struct any_list *items = list;
    if (items->cap > 0 || n == 0)
        return;
    items->items = arena_alloc(decode->arena, n * size);
    items->cap = n;
}

void *decode_new_item(struct decode *decode, void *list, size_t size)
{
    struct any_list *items = list;
    if (items->n == items->cap)
        items->items = arena_grow(decode->arena, items->items, items->n, &items->cap, size);
    void *item = (char *)items->items + items->n++ * size;
    memset(item, 0, size);
    return item;
}

int decode_words(struct decode *decode, const struct node *value, const struct decode_row *row,
                 void *member)
{
    struct words *words = member;
    if (!node_is(value, NODE_LIST))
        return 0;
    words->is_set = true;
    return decode_texts(decode, value, row, &words->list);
}

static int64_t integer_of(const struct node *value)
{
    int64_t result = 0;
    if (node_is(value, NODE_INT))
        return value->u.integer;
    if (node_is(value, NODE_TEXT) && text_to_int(value->u.text.bytes, &result) != 0)
        return 0;
    return result;
}

int decode_size(struct decode *decode, const struct node *value, const struct decode_row *row,
                void *member)
{
    (void)decode, (void)row;
    *(int64_t *)member = integer_of(value);
    return 0;
}

int decode_opt_size(struct decode *decode, const struct node *value, const struct decode_row *row,
                    void *member)
{
    (void)decode, (void)row;
    *(struct opt_int *)member = (struct opt_int){ true, integer_of(value) };
    return 0;
}

int decode_opt_time(struct decode *decode, const struct node *value, const struct decode_row *row,
                    void *member)
{
    (void)decode, (void)row;
    int64_t ns;
    const char *text = node_as_text(value), *reason;
    if (text && quantity_duration(text, &ns, &reason) == 0)
        *(struct opt_int *)member = (struct opt_int){ true, ns };
    return 0;
}

int decode_opt_mode(struct decode *decode, const struct node *value, const struct decode_row *row,
                    void *member)
{
    (void)decode, (void)row;
    int64_t mode;
    const char *text = node_as_text(value);
    if (text && quantity_mode(text, &mode) == 0)
        *(struct opt_int *)member = (struct opt_int){ true, mode };
    return 0;
}

/* Texts "key<separator>value" as pairs. */
static void split_pairs(struct decode *decode, const struct node *list, const char *separator,
                        struct pair_list *pairs)
{
    if (!node_is(list, NODE_LIST))
        return;
    NODE_EACH_ITEM(list, item) {
        const char *text = node_as_text(*item);
        if (!text)
            continue;
        const char *at = strstr(text, separator);
        struct pair *pair = decode_new_item(decode, pairs, sizeof(*pair));
        pair->key = at ? arena_dup_len(decode->arena, text, (size_t)(at - text)) : text;
        pair->value = at ? at + strlen(separator) : NULL;
        pair->at = (*item)->at;
    }
}

int decode_hosts(struct decode *decode, const struct node *value, const struct decode_row *row,
                 void *member)
{
    (void)row;
    split_pairs(decode, value, "=", member);
    return 0;
}

int decode_keys(struct decode *decode, const struct node *value, const struct decode_row *row,
                void *member)
{
    (void)row;
    split_pairs(decode, value, ": ", member);
    return 0;
}

int decode_ulimits(struct decode *decode, const struct node *value, const struct decode_row *row,
                   void *member)
{
    (void)row;
    if (!node_is(value, NODE_MAP))
        return 0;
    NODE_EACH_PAIR(value, pair) {
        struct ulimit *ulimit = decode_new_item(decode, member, sizeof(*ulimit));
        bool is_map = node_is(pair->value, NODE_MAP);
        ulimit->name = pair->key;
        ulimit->soft = integer_of(is_map ? node_get(pair->value, "soft") : pair->value);
        ulimit->hard = integer_of(is_map ? node_get(pair->value, "hard") : pair->value);
    }
    return 0;
}
