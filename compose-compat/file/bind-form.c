/*
 * bind-form.c - the forms of a canonical tree that only its final type makes out: command lines,
 * lists of texts, KEY=VALUE lists, hosts, limits, ssh keys.
 */
#include "base/base.h"

#include "compose-compat/file/bind.h"

#include "compose-compat/file/place.h"
#include "compose-compat/file/words.h"

#include <stdlib.h>

static struct node *list_like(struct binder *binder, const struct node *node)
{
    struct node *list = node_list(binder->arena, node->at);
    list->overrode = node->overrode;
    return list;
}

static void add_text(struct binder *binder, struct node *list, struct origin at, const char *text)
{
    node_add(binder->arena, list, node_text(binder->arena, at, text));
}

/* --- lists of texts --------------------------------------------------------------------------- */

static struct node *split_words(struct binder *binder, struct node *node)
{
    struct text_list words = { NULL, 0, 0 };
    size_t cut = 0;
    struct node *list = list_like(binder, node);
    switch (words_split(binder->arena, node->u.text.bytes, node->u.text.len, &words, &cut)) {
    case WORDS_OK:
        break;
    case WORDS_CUT:
        finding_hint(finding_add(binder->findings, FINDING_WARNING, node->at, binder->path.buf,
                                 "the command ends before \"%.1s\": no shell runs it",
                                 node->u.text.bytes + cut),
                     "quote it, or run a shell: [\"sh\", \"-c\", \"...\"]");
        break;
    case WORDS_INVALID:
        bind_refuse(binder, node, "the command has an open quote, or a bracket that stands alone");
        return NULL;
    }
    for (size_t i = 0; i < words.n; i++)
        add_text(binder, list, node->at, words.items[i]);
    return list;
}

struct node *bind_words(struct binder *binder, struct node *node, bool is_test)
{
    if (node_is(node, NODE_LIST)) {
        NODE_EACH_ITEM(node, item)
            if (!node_is(*item, NODE_TEXT) && !node_is_wrong(*item))
                bind_refuse(binder, *item, "%s is not a string", node_kind_name((*item)->kind));
        return node;
    }
    if (!node_is(node, NODE_TEXT))
        return NULL;
    if (!is_test)
        return split_words(binder, node);
    struct node *list = list_like(binder, node);
    add_text(binder, list, node->at, "CMD-SHELL");
    node_add(binder->arena, list, node);
    return list;
}

struct node *bind_texts(struct binder *binder, struct node *node, const struct schema_row *row)
{
    bool is_any = row->type->kinds & (KIND_NUMBER | KIND_BOOL); /* values of a provider's options */
    if (node_is(node, NODE_NULL))
        return NULL;
    struct node *list = list_like(binder, node);
    if (node_is(node, NODE_TIME)) {
        bind_refuse(binder, node, "%s is not a string", node_kind_name(node->kind));
        return NULL;
    }
    if (!node_is(node, NODE_LIST)) {
        node_add(binder->arena, list, bind_as_text(binder, node));
        return list;
    }
    for (size_t i = 0; i < node->u.list.n; i++) {
        struct node *item = node->u.list.items[i];
        size_t len = place_index(&binder->path, i);
        bool is_scalar = node_is(item, NODE_TEXT) || node_is(item, NODE_INT);
        if (node_is_wrong(item))
            node_add(binder->arena, list, item);
        else if (is_scalar || (is_any && !node_is(item, NODE_NULL)))
            node_add(binder->arena, list, bind_as_text(binder, item));
        else if (node_is(item, NODE_NULL))
            add_text(binder, list, item->at, "");
        else
            bind_refuse(binder, item, "%s is not a string", node_kind_name(item->kind));
        str_cut(&binder->path, len);
    }
    return list;
}

/* --- KEY=VALUE -------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* One "KEY=VALUE" or "KEY" item into map. */
static void add_pair(struct binder *binder, struct node *map, struct node *item, bool keep_null)
{
    struct node *whole = bind_as_text(binder, item);
    struct slice rest = whole ? (struct slice){ whole->u.text.bytes, whole->u.text.len } : SLICE("");
    struct slice key;
    bool has_value = slice_split(&rest, '=', &key);
    if (keep_null && key.len > 0 && is_blank(key.at[key.len - 1])) {
        bind_refuse(binder, item, "the variable \"%.*s\" ends with a blank", (int)key.len, key.at);
        return;
    }
    struct node *value = !has_value && keep_null
                             ? node_null(binder->arena, item->at)
                             : node_text_len(binder->arena, item->at, rest.at, rest.len);
    value->flags = item->flags & NODE_SENSITIVE;
    value->overrode = item->overrode;
    node_set_len(binder->arena, map, key.at, key.len, item->at, value);
}

struct node *bind_pairs(struct binder *binder, struct node *node, enum schema_bind bind)
{
    bool keep_null = bind == BIND_ENV;
    if (!node_is(node, NODE_LIST) && !node_is(node, NODE_MAP))
        return NULL;
    struct node *map = node_map(binder->arena, node->at);
    map->overrode = node->overrode;
    node_reserve(binder->arena, map, node_is(node, NODE_LIST) ? node->u.list.n : node->u.map.n);
    if (node_is(node, NODE_LIST)) {
        NODE_EACH_ITEM(node, item)
            if (!node_is_wrong(*item))
                add_pair(binder, map, *item, keep_null);
    } else {
        NODE_EACH_PAIR(node, pair) {
            size_t len = place_key(&binder->path, pair->key);
            struct node *value = NULL;
            if (node_is(pair->value, NODE_LIST) || node_is(pair->value, NODE_MAP))
                bind_refuse(binder, pair->value, "%s is not a string",
                            node_kind_name(pair->value->kind));
            else
                value = bind == BIND_TEXT_PAIRS ? bind_strict_text(binder, pair->value)
                                                : bind_as_text(binder, pair->value);
            if (!value)
                value = keep_null ? pair->value : node_text(binder->arena, pair->value->at, "");
            node_append_pair(binder->arena, map, pair->key, pair->key_len, pair->at, value);
            str_cut(&binder->path, len);
        }
    }
    node_sort_keys(map);
    return map;
}

/* --- hosts ------------------------------------------------------------------------------------ */

static void add_host(struct binder *binder, struct node *list, const struct node *origin,
                     struct slice host, struct slice address)
{
    if (host.len == 0 || slice_find(host, ':', 0) >= 0 || slice_find(host, '=', 0) >= 0) {
        bind_refuse(binder, origin, "\"%.*s\" is no host name", (int)host.len, host.at);
        return;
    }
    if (address.len > 2 && address.at[0] == '[' && address.at[address.len - 1] == ']')
        address = (struct slice){ address.at + 1, address.len - 2 };
    add_text(binder, list, origin->at,
             arena_printf(binder->arena, "%.*s=%.*s", (int)host.len, host.at, (int)address.len,
                          address.at));
}

/* "host=ip,ip" or "host:ip". */
static void add_host_text(struct binder *binder, struct node *list, struct node *item)
{
    if (node_is_wrong(item))
        return;
    struct node *text = bind_as_text(binder, item);
    struct slice rest = slice_from(text ? text->u.text.bytes : ""), host, address;
    char separator = slice_find(rest, '=', 0) >= 0 ? '=' : ':';
    if (!slice_split(&rest, separator, &host)) {
        bind_refuse(binder, item, "the host \"%.*s\" has no address", (int)host.len, host.at);
        return;
    }
    bool has_more;
    do {
        has_more = slice_split(&rest, ',', &address);
        add_host(binder, list, item, host, address);
    } while (has_more);
}

static void add_host_pair(struct binder *binder, struct node *list, const struct node_pair *pair)
{
    struct slice host = { pair->key, pair->key_len };
    if (!node_is(pair->value, NODE_LIST)) {
        const char *address = node_as_text(pair->value);
        add_host(binder, list, pair->value, host, slice_from(address ? address : ""));
        return;
    }
    NODE_EACH_ITEM(pair->value, item) {
        struct node *address = bind_as_text(binder, *item);
        add_host(binder, list, *item, host, slice_from(address ? address->u.text.bytes : ""));
    }
}

static int by_text(const void *a, const void *b)
{
    const struct node *left = *(struct node *const *)a, *right = *(struct node *const *)b;
    return strcmp(left->u.text.bytes, right->u.text.bytes);
}

struct node *bind_hosts(struct binder *binder, struct node *node)
{
    struct node *list = list_like(binder, node);
    if (node_is(node, NODE_LIST))
        NODE_EACH_ITEM(node, item)
            add_host_text(binder, list, *item);
    else if (node_is(node, NODE_MAP))
        NODE_EACH_PAIR(node, pair)
            add_host_pair(binder, list, pair);
    if (list->u.list.n > 1)
        qsort(list->u.list.items, list->u.list.n, sizeof(list->u.list.items[0]), by_text);
    return list;
}

/* --- limits and keys -------------------------------------------------------------------------- */

/* A number, or {soft, hard}; the number 0 prints as both of them. */
struct node *bind_ulimit(struct binder *binder, struct node *node)
{
    static const char *const keys[] = { "soft", "hard" };
    if (node_is(node, NODE_INT) && node->u.integer != 0)
        return node;
    if (!node_is(node, NODE_INT) && !node_is(node, NODE_MAP)) {
        bind_refuse(binder, node, "%s is no limit", node_kind_name(node->kind));
        return NULL;
    }
    struct node *map = node_map(binder->arena, node->at);
    map->overrode = node->overrode;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct node *value = node_get(node, keys[i]);
        if (value && !node_is(value, NODE_INT)) {
            if (!node_is_wrong(value))
                bind_refuse(binder, value, "%s is not an integer", node_kind_name(value->kind));
            value = NULL;
        }
        node_set(binder->arena, map, keys[i], node->at,
                 value ? value : node_int(binder->arena, node->at, 0));
    }
    return map;
}

/* {id: path} as a list of "id" and "id: path", as docker compose prints it. */
struct node *bind_ssh(struct binder *binder, struct node *node)
{
    struct node *list = list_like(binder, node);
    if (!node_is(node, NODE_MAP))
        return list;
    struct node *keys = node_copy_shallow(binder->arena, node);
    node_sort_keys(keys);
    NODE_EACH_PAIR(keys, pair) {
        struct node *path = bind_as_text(binder, pair->value);
        add_text(binder, list, pair->at,
                 path && path->u.text.len > 0
                     ? arena_printf(binder->arena, "%s: %s", pair->key, path->u.text.bytes)
                     : pair->key);
    }
    return list;
}
