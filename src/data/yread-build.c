/*
 * yread-build.c - from YAML events to nodes: keys, anchors and their copies, limits. It sees no
 * libyaml type; yread.c feeds it. Everything that grows has a limit here: depth, nodes, bytes
 * behind aliases.
 */
#include "base/base.h"

#include "data/yread-parts.h"

#define PATH_MAX_BYTES 500

void yread_build_path(const struct yread_build *build, struct str *out)
{
    for (unsigned i = 0; i < build->depth && out->len < PATH_MAX_BYTES; i++) {
        const struct yread_frame *frame = &build->frames[i];

        bool is_begun = i + 1 < build->depth; /* the item is in the list already */
        if (frame->node->kind == NODE_LIST)
            str_printf(out, "[%zu]", frame->node->u.list.n - is_begun);
        else if (frame->has_key)
            str_printf(out, "%s%s", out->len ? "." : "", frame->key);
    }
}

int yread_build_fail(struct yread_build *build, struct origin at, const char *fmt, ...)
{
    STR_AUTO(path);
    STR_AUTO(text);
    va_list args;

    va_start(args, fmt);
    str_vprintf(&text, fmt, args);
    va_end(args);
    yread_build_path(build, &path);
    finding_add(build->findings, FINDING_ERROR, at, path.buf, "%s", text.buf);
    return -1;
}

/* A limit is passed: no place in the document explains it, and no other reading of it would help.
 */
static int refuse_size(struct yread_build *build, struct origin at, const char *text)
{
    build->is_over_limit = true;
    finding_add(build->findings, FINDING_ERROR, at, NULL, "%s", text);
    return -1;
}

#define TEXT_(number) #number
#define TEXT(number) TEXT_(number)

static int count_node(struct yread_build *build, struct origin at)
{
    if (++build->n_nodes <= YREAD_MAX_NODES)
        return 0;
    return refuse_size(build, at, "more than " TEXT(YREAD_MAX_NODES) " values in one file");
}

static bool wants_key(const struct yread_build *build)
{
    if (!build->depth)
        return false;
    const struct yread_frame *frame = &build->frames[build->depth - 1];
    return frame->node->kind == NODE_MAP && !frame->has_key;
}

/* Puts a finished or just begun value where it belongs. */
static void put_value(struct yread_build *build, struct node *value)
{
    if (!build->depth) {
        build->root = value;
        return;
    }
    struct yread_frame *frame = &build->frames[build->depth - 1];
    if (frame->node->kind == NODE_LIST)
        node_add(build->arena, frame->node, value);
    else if (frame->is_merge_key)
        frame->merge = value;
    else if (!frame->is_dropped)
        node_append_pair(build->arena, frame->node, frame->key, frame->key_len, frame->key_at,
                         value);
}

/* A value is complete: in a map, a key comes next. */
static void end_value(struct yread_build *build)
{
    if (build->depth)
        build->frames[build->depth - 1].has_key = false;
}

static struct yread_anchor *set_anchor(struct yread_build *build, const char *name,
                                       struct node *node, bool is_open)
{
    if (!name)
        return NULL;
    struct yread_anchor *anchor = ARENA_NEW(build->arena, struct yread_anchor);
    anchor->node = node;
    anchor->is_open = is_open;
    map_set(&build->anchors, name, anchor);
    return anchor;
}

/* Keys. */

static void refuse_duplicate(struct yread_build *build, struct yread_frame *frame,
                             struct origin first)
{
    frame->is_dropped = true;
    frame->has_key = false;
    yread_build_fail(build, frame->key_at, "mapping key \"%s\" already defined at line %u",
                     frame->key, (unsigned)first.line);
    frame->has_key = true;
}

static int put_key(struct yread_build *build, const struct node *key, bool is_merge)
{
    struct yread_frame *frame = &build->frames[build->depth - 1];

    frame->key = key->u.text.bytes;
    frame->key_len = key->u.text.len;
    frame->key_at = key->at;
    frame->has_key = true;
    frame->is_merge_key = is_merge;
    frame->is_dropped = false;
    assert(frame->key_len <= UINT32_MAX); /* files are smaller */
    if (is_merge && frame->has_merge) {
        refuse_duplicate(build, frame, frame->merge_at);
    } else if (is_merge) {
        frame->has_merge = true;
        frame->merge_at = key->at;
    }
    bool is_merge_text = frame->key_len == 2 && memcmp(frame->key, "<<", 2) == 0;
    const struct node_pair *pair = node_get_pair(frame->node, frame->key, frame->key_len);
    if (pair)
        refuse_duplicate(build, frame, pair->at);
    else if (is_merge_text && !is_merge && frame->has_merge)
        refuse_duplicate(build, frame, frame->merge_at);
    return 0;
}

/* A key that is no string: said once, its value is read and dropped. */
static int refuse_key(struct yread_build *build, const struct node *key, const char *written)
{
    struct yread_frame *frame = &build->frames[build->depth - 1];
    STR_AUTO(path);

    yread_build_path(build, &path);
    struct finding *finding =
        finding_add(build->findings, FINDING_ERROR, key->at, path.buf, "non-string key \"%s\" (%s)",
                    *written ? written : "null", node_kind_name(key->kind));
    if (*written)
        finding_hint(finding, "write it in quotes: \"%s\":", written);
    frame->key = arena_dup(build->arena, written);
    frame->key_len = strlen(frame->key);
    frame->key_at = key->at;
    frame->has_key = true;
    frame->is_merge_key = false;
    frame->is_dropped = true;
    return 0;
}

static bool is_merge_key(const struct yread_scalar *scalar)
{
    if (scalar->tag)
        return text_is(scalar->tag, "tag:yaml.org,2002:merge");
    return !scalar->is_quoted && scalar->len == 2 && memcmp(scalar->text, "<<", 2) == 0;
}

int yread_build_scalar(struct yread_build *build, const struct yread_scalar *scalar,
                       const char *anchor)
{
    STR_AUTO(problem);

    if (!wants_key(build) && count_node(build, scalar->at))
        return -1;
    struct node *node = yread_scalar_node(build->arena, scalar, &problem);
    if (!node) {
        yread_build_fail(build, scalar->at, "%s", problem.buf);
        node = node_text_len(build->arena, scalar->at, scalar->text, scalar->len);
    }
    set_anchor(build, anchor, node, false);
    if (wants_key(build)) {
        if (node->kind != NODE_TEXT)
            return refuse_key(build, node, scalar->text);
        return put_key(build, node, is_merge_key(scalar));
    }
    put_value(build, node);
    end_value(build);
    return 0;
}

int yread_build_begin(struct yread_build *build, enum node_kind kind, struct origin at,
                      const char *tag, const char *anchor)
{
    if (build->depth == YREAD_MAX_DEPTH)
        return refuse_size(build, at, "nested deeper than " TEXT(YREAD_MAX_DEPTH) " levels");
    if (wants_key(build))
        return yread_build_fail(build, at, "%s cannot be a mapping key", node_kind_name(kind));
    if (count_node(build, at))
        return -1;
    struct node *node =
        kind == NODE_LIST ? node_list(build->arena, at) : node_map(build->arena, at);
    node->flags = (uint8_t)yread_tag_flags(tag);
    put_value(build, node);
    struct yread_frame *frame = &build->frames[build->depth++];
    memset(frame, 0, sizeof(*frame));
    frame->node = node;
    frame->anchor = set_anchor(build, anchor, node, true);
    return 0;
}

int yread_build_end(struct yread_build *build)
{
    struct yread_frame *frame = &build->frames[build->depth - 1];

    if (frame->merge)
        yread_merge_apply(build, frame);
    if (frame->anchor)
        frame->anchor->is_open = false;
    build->depth--;
    end_value(build);
    return 0;
}

/* Aliases. */

static struct node *copy_anchored(struct yread_build *build, const struct node *node,
                                  unsigned depth, struct origin at);

static bool copy_pairs(struct yread_build *build, struct node *copy, unsigned depth,
                       struct origin at)
{
    struct node_map *map = &copy->u.map;
    const struct node_pair *items = map->items;
    const uint32_t *slots = map->slots;

    map->cap = map->n;
    map->items = ARENA_NEW_N(build->arena, struct node_pair, map->n);
    for (size_t i = 0; i < map->n; i++) {
        map->items[i] = items[i];
        map->items[i].value = copy_anchored(build, items[i].value, depth, at);
        if (!map->items[i].value)
            return false;
    }
    if (slots) {
        map->slots = ARENA_NEW_N(build->arena, uint32_t, map->n_slots);
        memcpy(map->slots, slots, map->n_slots * sizeof(slots[0]));
    }
    return true;
}

static bool copy_items(struct yread_build *build, struct node *copy, unsigned depth,
                       struct origin at)
{
    struct node_list *list = &copy->u.list;
    struct node **items = list->items;

    list->cap = list->n;
    list->items = ARENA_NEW_N(build->arena, struct node *, list->n);
    for (size_t i = 0; i < list->n; i++) {
        list->items[i] = copy_anchored(build, items[i], depth, at);
        if (!list->items[i])
            return false;
    }
    return true;
}

static int count_alias(struct yread_build *build, const struct node *node, unsigned depth,
                       struct origin at)
{
    bool is_collection = node->kind == NODE_LIST || node->kind == NODE_MAP;

    if (node->kind == NODE_TEXT)
        build->n_alias_bytes += node->u.text.len;
    if (++build->n_alias_nodes > YREAD_MAX_ALIAS_NODES)
        return refuse_size(build, at,
                           "aliases stand for more than " TEXT(YREAD_MAX_ALIAS_NODES) " values");
    if (build->n_alias_bytes > YREAD_MAX_BYTES)
        return refuse_size(build, at, "aliases repeat too much text");
    if (is_collection && depth == YREAD_MAX_DEPTH)
        return refuse_size(build, at,
                           "nested deeper than " TEXT(YREAD_MAX_DEPTH) " levels by aliases");
    return count_node(build, at);
}

/* A copy that shares keys and texts, which never change; NULL beyond a limit, after saying so. */
static struct node *copy_anchored(struct yread_build *build, const struct node *node,
                                  unsigned depth, struct origin at)
{
    if (count_alias(build, node, depth, at))
        return NULL;
    struct node *copy = ARENA_NEW(build->arena, struct node);
    *copy = *node;
    if (node->kind == NODE_MAP && !copy_pairs(build, copy, depth + 1, at))
        return NULL;
    if (node->kind == NODE_LIST && !copy_items(build, copy, depth + 1, at))
        return NULL;
    return copy;
}

static int take_key_alias(struct yread_build *build, const struct node *anchored, const char *name,
                          struct origin at)
{
    if (anchored->kind != NODE_TEXT)
        return yread_build_fail(build, at, "non-string key: the alias \"%s\" is %s", name,
                                node_kind_name(anchored->kind));
    struct node key = *anchored;
    key.at = at;
    return put_key(build, &key, false);
}

int yread_build_alias(struct yread_build *build, const char *name, struct origin at)
{
    const struct yread_anchor *anchor = map_find(&build->anchors, name);

    if (!anchor)
        return yread_build_fail(build, at, "unknown anchor \"%s\" referenced", name);
    if (anchor->is_open)
        return yread_build_fail(build, at, "cycle detected: anchor \"%s\" contains itself", name);
    if (wants_key(build))
        return take_key_alias(build, anchor->node, name, at);
    struct node *copy = copy_anchored(build, anchor->node, build->depth, at);
    if (!copy)
        return -1;
    put_value(build, copy);
    end_value(build);
    return 0;
}
