/*
 * document.c - one YAML document made ready for merging. See document.h.
 */
#include "base/base.h"

#include "compose-compat/file/document.h"

#include "compose-compat/file/cast.h"
#include "compose-compat/file/interpolate.h"
#include "compose-compat/file/merge.h"

struct copy {
    struct document *document;
    bool has_tag_above; /* under !override: tags below mean nothing */
    /* For the variables of the text that is worked on. */
    const struct trail *trail;
    struct origin at;
    struct node *uses; /* for the history */
    bool is_unknown;   /* it depends on what could not be read */
};

static const char *lookup_variable(void *arg, struct slice name)
{
    struct copy *copy = arg;
    const char *value = map_find_len(copy->document->environment, name.at, name.len);
    if (!value && copy->document->is_environment_partial)
        copy->is_unknown = true;
    return value;
}

static void warn_unset(void *arg, struct slice name)
{
    const struct copy *copy = arg;
    if (copy->is_unknown)
        return;
    struct finding *finding = trail_finding(
        copy->trail, copy->document->findings, FINDING_WARNING, copy->at,
        "the variable \"%.*s\" is not set, it is replaced by nothing", (int)name.len, name.at);
    finding_hint(finding, "set it in the environment or in .env, or write ${%.*s:-DEFAULT}",
                 (int)name.len, name.at);
}

static void note_use(void *arg, struct slice name, const char *value, char form, struct slice instead)
{
    struct copy *copy = arg;
    history_use(copy->document->history, &copy->uses, name, value, form, instead);
}

static void add_error(const struct copy *copy, const struct err *err)
{
    if (copy->is_unknown && err->code == ERR_NOT_FOUND)
        return;
    struct finding *finding = trail_finding(copy->trail, copy->document->findings, FINDING_ERROR,
                                            copy->at, "%s", err->text);
    if (err->code == ERR_INPUT)
        finding_hint(finding, "a \"$\" that is meant as such is written \"$$\"");
    else if (err->code == ERR_NOT_FOUND)
        finding_hint(finding, "set it in the environment, in .env or in a file given by --env-file");
}

static struct node *copy_text(struct copy *copy, const struct node *node, const struct schema_row *row,
                              const struct trail *trail)
{
    struct document *document = copy->document;
    struct node *text = (struct node *)node;
    if (!document->environment)
        return text;
    if (memchr(node->u.text.bytes, '$', node->u.text.len)) {
        struct interpolate how = { .lookup = lookup_variable,
                                   .unset = warn_unset,
                                   .arg = copy,
                                   .used = document->history ? note_use : NULL };
        STR_AUTO(out);
        ERR_AUTO(err);
        copy->trail = trail;
        copy->at = node->at;
        copy->uses = NULL;
        copy->is_unknown = false;
        int failed = interpolate_text(
            &how, (struct slice){ node->u.text.bytes, node->u.text.len }, &out, &err);
        *document->interpolated += out.len;
        if (!failed && *document->interpolated > DOCUMENT_MAX_BYTES)
            failed = err_set(&err, ERR_LIMIT, "interpolation makes more than %u MiB in all",
                             DOCUMENT_MAX_BYTES >> 20);
        if (failed)
            add_error(copy, &err);
        if (failed || copy->is_unknown)
            return node_wrong(document->arena, node->at);
        struct origin at = history_place(document->history, node->at, copy->uses);
        text = node_text_len(document->arena, at, out.buf, out.len);
        text->flags = node->flags;
    }
    return cast_text(document->arena, row, text, trail, document->findings);
}

static void add_reset(struct document *document, const struct node *node, const struct trail *trail)
{
    if (!trail || trail_has_index(trail))
        return;
    size_t n = trail_len(trail);
    struct reset_path path = { ARENA_NEW_N(document->arena, const char *, n), n, node->at,
                               !(node->flags & NODE_RESET) };
    for (size_t i = n; i-- > 0; trail = trail->up)
        path.keys[i] = trail->key;
    ARENA_ADD(document->arena, &document->resets, path);
}

static struct node *copy_node(struct copy *copy, const struct node *node, const struct schema_row *row,
                              const struct trail *trail);

/* The copy of a child, or NULL when it is tagged !reset. */
static struct node *copy_child(struct copy *copy, const struct node *node, const struct schema_row *row,
                               const struct trail *trail)
{
    if (copy->has_tag_above || !(node->flags & (NODE_RESET | NODE_OVERRIDE)))
        return copy_node(copy, node, row, trail);
    add_reset(copy->document, node, trail);
    if (node->flags & NODE_RESET)
        return NULL;
    copy->has_tag_above = true;
    struct node *result = copy_node(copy, node, row, trail);
    copy->has_tag_above = false;
    return result;
}

static struct node *copy_list(struct copy *copy, const struct node *node, const struct schema_row *row,
                              const struct trail *trail)
{
    struct arena *arena = copy->document->arena;
    struct node *result = node_list(arena, node->at);
    const struct schema_row *item_row = schema_item(row);
    size_t n = node->u.list.n;
    if (n > 0) {
        result->u.list.items = ARENA_NEW_N(arena, struct node *, n);
        result->u.list.cap = n;
    }
    for (size_t i = 0; i < n; i++) {
        struct trail here = TRAIL_INDEX(trail, i);
        struct node *item = copy_child(copy, node->u.list.items[i], item_row, &here);
        if (item)
            result->u.list.items[result->u.list.n++] = item;
    }
    return result;
}

static struct node *copy_map(struct copy *copy, const struct node *node, const struct schema_row *row,
                             const struct trail *trail)
{
    struct arena *arena = copy->document->arena;
    struct node *result = node_map(arena, node->at);
    node_reserve(arena, result, node->u.map.n);
    NODE_EACH_PAIR(node, pair) {
        struct trail here = TRAIL_KEY(trail, pair->key);
        struct node *value = copy_child(copy, pair->value, schema_row_of(row, pair->key), &here);
        if (value)
            node_append_pair(arena, result, pair->key, pair->key_len, pair->at, value);
    }
    return result;
}

static struct node *copy_node(struct copy *copy, const struct node *node, const struct schema_row *row,
                              const struct trail *trail)
{
    switch ((enum node_kind)node->kind) {
    case NODE_TEXT: return copy_text(copy, node, row, trail);
    case NODE_LIST: return copy_list(copy, node, row, trail);
    case NODE_MAP: return copy_map(copy, node, row, trail);
    default: return (struct node *)node;
    }
}

/* Finds the resets of one service or other object without a look at all of them. */
static void index_resets(struct document *document)
{
    struct reset_paths *resets = &document->resets;
    struct origin none = ORIGIN_NONE;
    STR_AUTO(key);
    for (size_t i = 0; i < resets->n; i++) {
        if (resets->items[i].n < 2)
            continue;
        str_clear(&key);
        str_printf(&key, "%s/%s", resets->items[i].keys[0], resets->items[i].keys[1]);
        if (!resets->index)
            resets->index = node_map(document->arena, none);
        if (!node_get(resets->index, key.buf))
            node_set(document->arena, resets->index, key.buf, none,
                     node_int(document->arena, none, (int64_t)i));
    }
}

struct node *document_prepare(struct document *document, const struct node *raw)
{
    struct copy copy = { .document = document };
    struct node *tree = copy_child(&copy, raw, schema_root(), NULL);
    index_resets(document);
    document->resets.arena = document->arena;
    document->resets.history = document->history;
    return tree ? tree : node_map(document->arena, raw->at);
}

/* --- applying resets --------------------------------------------------------------------------- */

static bool is_below(const struct reset_path *path, const char *const *prefix, size_t n_prefix)
{
    for (size_t i = 0; i < n_prefix; i++)
        if (i >= path->n || strcmp(path->keys[i], prefix[i]) != 0)
            return false;
    return true;
}

/* The first position at or after from where the path has another parent. */
static size_t siblings_end(const struct reset_paths *resets, size_t from)
{
    const struct reset_path *first = &resets->items[from];
    size_t end = from + 1;
    while (end < resets->n && resets->items[end].n == first->n &&
           is_below(&resets->items[end], first->keys, first->n - 1))
        end++;
    return end;
}

static bool is_kept(void *arg, const struct node_pair *pair)
{
    return !map_has(arg, pair->key);
}

/* Lets who replaces value remember it; without one the history does. */
static void keep_replaced(const struct reset_paths *resets, const struct reset_path *path,
                          const struct node *value, struct node *later, size_t n_prefix)
{
    const char *key = path->keys[path->n - 1];
    for (size_t i = n_prefix; later && i + 1 < path->n; i++)
        later = node_get(later, path->keys[i]);
    struct node_pair *winner = path->is_override ? node_get_pair(later, key, strlen(key)) : NULL;
    if (winner)
        winner->value = merge_winner(resets->arena, winner->value, value);
    else
        history_take(resets->history, path->keys, path->n, path->at,
                     path->is_override ? NODE_OVERRIDE : NODE_RESET, value);
}

/* Deletes the last keys of the paths from..end, which have one parent. */
static void reset_siblings(const struct reset_paths *resets, size_t from, size_t end,
                           struct node *tree, size_t n_prefix, struct node *later)
{
    const struct reset_path *first = &resets->items[from];
    struct node *map = tree;
    for (size_t i = n_prefix; map && i + 1 < first->n; i++)
        map = node_get(map, first->keys[i]);
    if (!node_is(map, NODE_MAP))
        return;
    for (size_t i = from; i < end; i++) {
        const struct node *value = node_get(map, resets->items[i].keys[first->n - 1]);
        if (value)
            keep_replaced(resets, &resets->items[i], value, later, n_prefix);
    }
    if (end - from == 1) {
        node_remove(map, first->keys[first->n - 1]);
        return;
    }
    MAP_AUTO(gone);
    for (size_t i = from; i < end; i++)
        map_set(&gone, resets->items[i].keys[first->n - 1], map);
    node_keep(map, is_kept, &gone);
}

static size_t first_reset(const struct reset_paths *resets, const char *const *prefix,
                          size_t n_prefix)
{
    STR_AUTO(key);
    if (n_prefix < 2)
        return 0;
    str_printf(&key, "%s/%s", prefix[0], prefix[1]);
    const struct node *found = node_get(resets->index, key.buf);
    return found ? (size_t)found->u.integer : resets->n;
}

void document_apply_resets(const struct reset_paths *resets, struct node *tree,
                           const char *const *prefix, size_t n_prefix, struct node *later)
{
    if (resets->n == 0)
        return;
    for (size_t i = first_reset(resets, prefix, n_prefix); i < resets->n;) {
        if (!is_below(&resets->items[i], prefix, n_prefix))
            return;
        size_t end = siblings_end(resets, i);
        if (resets->items[i].n > n_prefix)
            reset_siblings(resets, i, end, tree, n_prefix, later);
        i = end;
    }
}

struct node *document_clone(struct arena *arena, const struct node *node)
{
    if (node->kind != NODE_LIST && node->kind != NODE_MAP)
        return (struct node *)node;
    struct node *copy = ARENA_NEW(arena, struct node);
    *copy = *node;
    if (node->kind == NODE_LIST) {
        copy->u.list = (struct node_list){ ARENA_NEW_N(arena, struct node *, node->u.list.n), 0,
                                           node->u.list.n };
        NODE_EACH_ITEM(node, item)
            copy->u.list.items[copy->u.list.n++] = document_clone(arena, *item);
        return copy;
    }
    copy->u.map = (struct node_map){ ARENA_NEW_N(arena, struct node_pair, node->u.map.n), 0,
                                     node->u.map.n, NULL, 0 };
    NODE_EACH_PAIR(node, pair)
        node_append_pair(arena, copy, pair->key, pair->key_len, pair->at,
                         document_clone(arena, pair->value));
    return copy;
}
