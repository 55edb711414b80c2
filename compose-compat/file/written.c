/*
 * written.c - each value of a merged tree as it stands in the file it came from. See written.h.
 *
 * A value knows its place, and at that place the raw document has what it was made of: the same
 * value, or a text with variables, or the short form of a whole subtree, all of whose nodes then
 * have this place.
 */
#include "base/base.h"

#include "compose-compat/file/written.h"

#include "base/file.h"
#include "base/vec.h"
#include "compose-compat/file/interpolate.h"
#include "compose-compat/file/schema.h"
#include "compose-compat/file/trail.h"

struct restore {
    const struct written *written;
    struct arena *arena;
    struct findings *findings;
    struct map index;  /* place and role in a document -> struct entry * */
    struct map warned; /* places */
    bool is_plain;
    const struct trail *whole; /* of the subtree below which all is of one text, or NULL */
};

struct entry {
    const struct node *raw; /* a scalar */
    const struct written_document *document;
};

static struct node *restore(struct restore *r, const struct node *node, const char *key,
                            const struct schema_row *row, const struct trail *trail);

static bool is_scalar(const struct node *node)
{
    return node->kind != NODE_MAP && node->kind != NODE_LIST;
}

/* --- what stands where -------------------------------------------------------------------------
 */

/* The role of a value at its place: under a key, an item of a list (key is NULL), or either. */
static void index_key(struct origin at, char role, const char *key, struct str *out)
{
    str_printf(out, "%u:%u:%u:%c%s", at.file, at.line, at.column, role, key ? key : "");
}

static void index_scalar(struct restore *r, const struct written_document *document,
                         const struct node *raw, const char *key)
{
    struct entry *entry = ARENA_NEW(r->arena, struct entry);
    STR_AUTO(text);
    *entry = (struct entry){ raw, document };
    index_key(raw->at, key ? 'k' : 'i', key, &text);
    if (!map_has(&r->index, text.buf))
        map_set(&r->index, text.buf, entry);
    str_clear(&text);
    index_key(raw->at, 'a', NULL, &text);
    if (!map_has(&r->index, text.buf))
        map_set(&r->index, text.buf, entry);
}

static void index_node(struct restore *r, const struct written_document *document,
                       const struct node *raw, const char *key)
{
    if (raw->kind == NODE_MAP)
        NODE_EACH_PAIR (raw, pair)
            index_node(r, document, pair->value, pair->key);
    else if (raw->kind == NODE_LIST)
        NODE_EACH_ITEM (raw, item)
            index_node(r, document, *item, NULL);
    else
        index_scalar(r, document, raw, key);
}

static const struct entry *find(const struct restore *r, struct origin at, char role,
                                const char *key)
{
    STR_AUTO(text);
    if (!origin_is_set(at))
        return NULL;
    index_key(at, role, key, &text);
    return map_find(&r->index, text.buf);
}

static const struct entry *find_exact(const struct restore *r, struct origin at, const char *key)
{
    return find(r, at, key ? 'k' : 'i', key);
}

/* --- variables ---------------------------------------------------------------------------------
 */

static const char *lookup(void *arg, struct slice name)
{
    return map_find_len(arg, name.at, name.len);
}

/* What a raw scalar means in the project's own environment. False when it means nothing there. */
static bool meaning(const struct restore *r, const struct node *raw, struct str *out)
{
    const struct interpolate how = { .lookup = lookup,
                                     .arg = (void *)(uintptr_t)&r->written->environment };
    ERR_AUTO(err);
    str_clear(out);
    if (raw->kind == NODE_TEXT)
        return interpolate_text(&how, (struct slice){ raw->u.text.bytes, raw->u.text.len }, out,
                                &err) == 0;
    node_scalar_text(raw, out);
    return true;
}

static void add_name(void *arg, struct slice name, char form, bool is_colon, struct slice word)
{
    struct str *names = arg;
    STR_AUTO(quoted);
    (void)form, (void)is_colon, (void)word;
    str_printf(&quoted, "\"%.*s\"", (int)name.len, name.at);
    if (!strstr(names->buf, quoted.buf))
        str_printf(names, "%s%s", names->len > 0 ? ", " : "", quoted.buf);
}

static void variables_of(const struct node *raw, struct str *names)
{
    if (raw->kind == NODE_TEXT)
        interpolate_variables((struct slice){ raw->u.text.bytes, raw->u.text.len }, add_name,
                              names);
}

static bool has_variables(const struct node *raw)
{
    STR_AUTO(names);
    variables_of(raw, &names);
    return names.len > 0;
}

/* A value that is written as it is now, although the file named a variable. */
static void warn_fixed(struct restore *r, const struct node *node, const struct trail *trail)
{
    const struct entry *entry = find(r, node->at, 'a', NULL);
    const char *text = node_as_text(node);
    STR_AUTO(names);
    STR_AUTO(place);
    if (!entry)
        return;
    variables_of(entry->raw, &names);
    /* "NAME" of a list that an included file's own variables gave a value. */
    if (names.len == 0 && text && entry->raw->kind == NODE_TEXT && entry->raw->u.text.len > 0 &&
        text_starts(text, entry->raw->u.text.bytes) && text[entry->raw->u.text.len] == '=')
        str_printf(&names, "\"%s\"", entry->raw->u.text.bytes);
    origin_print(node->at, &place);
    if (names.len == 0 || map_set(&r->warned, place.buf, r))
        return;
    struct finding *finding = trail_finding(
        r->whole ? r->whole : trail, r->findings, FINDING_WARNING, node->at,
        "the present value of %s is written: later changes of it have no effect", names.buf);
    finding_hint(finding, "put the variable back by hand where it is to be followed");
}

/* --- paths -------------------------------------------------------------------------------------
 */

static bool is_path(const struct schema_row *row)
{
    return row && row->path != PATH_NONE;
}

static const char *relative_path(struct restore *r, const char *path)
{
    STR_AUTO(relative);
    path_relative(r->written->working_dir, path, &relative);
    if (relative.buf[0] == '.')
        return arena_dup(r->arena, relative.buf);
    return arena_printf(r->arena, "./%s", relative.buf);
}

/* The row of a scalar below row's value: the paths of some lists and maps have the column on the
 * whole. */
static const struct schema_row *inner_row(const struct node *node, const struct schema_row *inner,
                                          const struct schema_row *row)
{
    return node_is(node, NODE_TEXT) && is_path(row) && !is_path(inner) ? row : inner;
}

/* A path that was made absolute because its file lies elsewhere, from the project's folder: with
   the variables that it has. NULL when it is something else. */
static struct node *moved_path(struct restore *r, const struct node *node,
                               const struct entry *entry, const char *meant)
{
    const char *text = node_as_text(node), *raw = node_as_text(entry->raw);
    STR_AUTO(joined);
    if (!raw || !text || !path_is_absolute(text) || path_is_absolute(meant))
        return NULL;
    if (*raw == '~')
        return node_text(r->arena, node->at, raw);
    path_join(entry->document->dir, meant, &joined);
    if (!text_is(joined.buf, text))
        return NULL;
    if (text_is(entry->document->dir, r->written->working_dir))
        return node_text(r->arena, node->at, raw);
    if (!has_variables(entry->raw))
        return node_text(r->arena, node->at, relative_path(r, text));
    const char *dir = relative_path(r, entry->document->dir);
    return node_text(r->arena, node->at,
                     arena_printf(r->arena, "%s/%s", dir, text_starts(raw, "./") ? raw + 2 : raw));
}

/* Does the subtree have a path that its short form does not have as it is? */
static bool has_moved_path(const struct node *node, const struct schema_row *row, const char *meant)
{
    const char *text = node_as_text(node);
    if (text)
        return path_is_absolute(text) && is_path(row) && !strstr(meant, text);
    if (node->kind == NODE_MAP) {
        NODE_EACH_PAIR (node, pair)
            if (has_moved_path(pair->value,
                               inner_row(pair->value, schema_row_of(row, pair->key), row), meant))
                return true;
    } else if (node->kind == NODE_LIST) {
        NODE_EACH_ITEM (node, item)
            if (has_moved_path(*item, inner_row(*item, schema_item(row), row), meant))
                return true;
    }
    return false;
}

/* --- one value ---------------------------------------------------------------------------------
 */

static struct node *doubled(struct restore *r, struct origin at, const char *text, size_t len)
{
    STR_AUTO(out);
    for (size_t i = 0; i < len; i++)
        str_add_n(&out, text[i] == '$' ? 2 : 1, text[i]);
    return node_text_len(r->arena, at, out.buf, out.len);
}

static struct node *plain_scalar(struct restore *r, const struct node *node,
                                 const struct schema_row *row, const struct trail *trail)
{
    const struct entry *entry = find(r, node->at, 'a', NULL);
    const char *text = node_as_text(node);
    STR_AUTO(meant);
    warn_fixed(r, node, trail);
    if (node->kind != NODE_TEXT)
        return node_copy(r->arena, node);
    /* What the file does not have as it is was relative there. */
    if (entry && !meaning(r, entry->raw, &meant))
        str_add(&meant, text);
    if (is_path(row) && path_is_absolute(text) && !strstr(meant.buf, text) && meant.buf[0] != '~')
        text = relative_path(r, text);
    return doubled(r, node->at, text, text == node->u.text.bytes ? node->u.text.len : strlen(text));
}

static struct node *as_written(struct restore *r, const struct node *raw,
                               const struct schema_row *row)
{
    struct node *copy = node_copy(r->arena, raw);
    /* Readable: 0440, not 288. */
    if (row && row->bind == BIND_MODE && raw->kind == NODE_INT && raw->u.integer > 0)
        copy = node_text(r->arena, raw->at,
                         arena_printf(r->arena, "0%llo", (unsigned long long)raw->u.integer));
    copy->flags &= (uint8_t) ~(NODE_RESET | NODE_OVERRIDE);
    copy->overrode = NULL;
    return copy;
}

/* A scalar whose raw form stands in the same role; NULL when that is not what it was made of. */
static struct node *exact_scalar(struct restore *r, const struct node *node, const char *key,
                                 const struct schema_row *row)
{
    const struct entry *entry = find_exact(r, node->at, key);
    STR_AUTO(meant);
    if (!entry) {
        /* The short form of a build or an env file is nothing but its path. */
        entry = is_path(row) ? find(r, node->at, 'a', NULL) : NULL;
        return entry && meaning(r, entry->raw, &meant) ? moved_path(r, node, entry, meant.buf)
                                                       : NULL;
    }
    if (!meaning(r, entry->raw, &meant))
        return NULL;
    if (node->kind != NODE_TEXT || entry->raw->kind != NODE_TEXT) {
        STR_AUTO(text);
        node_scalar_text(node, &text);
        if (node->kind == NODE_TEXT && !text_is(text.buf, meant.buf))
            return NULL;
        if (entry->document->is_foreign && has_variables(entry->raw))
            return NULL;
        return as_written(r, entry->raw, row);
    }
    if (meant.len == node->u.text.len && memcmp(meant.buf, node->u.text.bytes, meant.len) == 0)
        return as_written(r, entry->raw, row);
    return is_path(row) ? moved_path(r, node, entry, meant.buf) : NULL;
}

/* "KEY=VALUE" that was "KEY: VALUE" before lists and mappings were merged. */
static struct node *joined_pair(struct restore *r, const struct node *node)
{
    const char *text = node_as_text(node), *equals = text ? strchr(text, '=') : NULL;
    if (!equals)
        return NULL;
    const char *key = arena_dup_len(r->arena, text, (size_t)(equals - text));
    const struct entry *entry = find(r, node->at, 'k', key);
    STR_AUTO(joined);
    STR_AUTO(meant);
    if (!entry)
        return NULL;
    str_add(&joined, doubled(r, node->at, key, strlen(key))->u.text.bytes);
    str_add_char(&joined, '=');
    node_scalar_text(entry->raw, &joined);
    struct node *pair = node_text_len(r->arena, node->at, joined.buf, joined.len);
    return meaning(r, pair, &meant) && text_is(meant.buf, text) ? pair : NULL;
}

/* The value of a pair that was an item "KEY=VALUE". */
static struct node *split_pair(struct restore *r, const struct node *node, const char *key)
{
    const struct entry *entry = find(r, node->at, 'i', NULL);
    const char *raw = entry ? node_as_text(entry->raw) : NULL;
    size_t len = strlen(key);
    STR_AUTO(meant);
    if (!raw || node->kind != NODE_TEXT || strncmp(raw, key, len) != 0 || raw[len] != '=')
        return NULL;
    struct node *value = node_text(r->arena, node->at, raw + len + 1);
    return meaning(r, value, &meant) && text_is(meant.buf, node->u.text.bytes) ? value : NULL;
}

static struct node *restore_scalar(struct restore *r, const struct node *node, const char *key,
                                   const struct schema_row *row, const struct trail *trail)
{
    struct node *result = NULL;
    if (!r->is_plain)
        result = exact_scalar(r, node, key, row);
    if (!result && !r->is_plain)
        result = key ? split_pair(r, node, key) : joined_pair(r, node);
    return result ? result : plain_scalar(r, node, row, trail);
}

/* --- subtrees ----------------------------------------------------------------------------------
 */

/* Do all nodes have one place, or none? */
static bool has_one_place(const struct node *node, struct origin *at)
{
    if (origin_is_set(node->at)) {
        if (origin_is_set(*at) && !origin_is_same(*at, node->at))
            return false;
        *at = node->at;
    }
    if (node->kind == NODE_MAP) {
        NODE_EACH_PAIR (node, pair)
            if (!has_one_place(pair->value, at))
                return false;
    } else if (node->kind == NODE_LIST) {
        NODE_EACH_ITEM (node, item)
            if (!has_one_place(*item, at))
                return false;
    }
    return true;
}

/* A mount of a path that starts at another folder: its short form from the project's folder. */
static struct node *moved_mount(struct restore *r, const struct node *node,
                                const struct entry *entry, const struct schema_row *row)
{
    const char *source = node_as_text(node_get(node, "source")), *raw = node_as_text(entry->raw);
    STR_AUTO(moved);
    STR_AUTO(meant);
    STR_AUTO(path);
    if (!source || !raw || !row || row->canonical != CANON_MOUNT ||
        !(text_starts(raw, "./") || text_starts(raw, "../")))
        return NULL;
    if (has_variables(entry->raw))
        str_printf(&moved, "%s/%s", relative_path(r, entry->document->dir),
                   text_starts(raw, "./") ? raw + 2 : raw);
    else
        str_printf(&moved, "%s%s", relative_path(r, source), raw + strcspn(raw, ":"));
    struct node *text = node_text(r->arena, entry->raw->at, moved.buf);
    if (!meaning(r, text, &meant))
        return NULL;
    str_cut(&meant, strcspn(meant.buf, ":"));
    path_join(r->written->working_dir, meant.buf, &path);
    return text_is(path.buf, source) ? text : NULL;
}

/* The short form that the subtree was made of, or NULL; *ret_entry says where it stands. */
static struct node *short_form(struct restore *r, const struct node *node, const char *key,
                               const struct schema_row *row, const struct entry **ret_entry)
{
    struct origin at = ORIGIN_NONE;
    STR_AUTO(meant);
    *ret_entry = NULL;
    if (r->is_plain || is_scalar(node) || !has_one_place(node, &at))
        return NULL;
    const struct entry *entry = find_exact(r, at, key);
    if (!entry || !meaning(r, entry->raw, &meant))
        return NULL;
    if (entry->document->is_foreign && has_variables(entry->raw))
        return NULL;
    *ret_entry = entry;
    if (!text_is(entry->document->dir, r->written->working_dir) && meant.buf[0] != '~' &&
        has_moved_path(node, row, meant.buf))
        return moved_mount(r, node, entry, row);
    return as_written(r, entry->raw, NULL);
}

/* A map of names that was a list of names; NULL when it was not, or not all of it. */
static struct node *list_of_names(struct restore *r, const struct node *map)
{
    struct node *list = node_list(r->arena, map->at);
    if (r->is_plain || map->u.map.n == 0)
        return NULL;
    NODE_EACH_PAIR (map, pair) {
        const struct entry *entry = find(r, pair->at, 'i', NULL);
        struct origin at = pair->at;
        STR_AUTO(meant);
        if (!entry || !has_one_place(pair->value, &at) || !meaning(r, entry->raw, &meant) ||
            !text_is(meant.buf, pair->key))
            return NULL;
        node_add(r->arena, list, as_written(r, entry->raw, NULL));
    }
    return list;
}

static struct node *restore_map(struct restore *r, const struct node *node,
                                const struct schema_row *row, const struct trail *trail)
{
    bool is_names = row && (row->canonical == CANON_DEPENDS_ON || row->canonical == CANON_NAMES);
    struct node *result = is_names ? list_of_names(r, node) : NULL;
    if (result)
        return result;
    result = node_map(r->arena, node->at);
    NODE_EACH_PAIR (node, pair) {
        struct trail here = TRAIL_KEY(trail, pair->key);
        const struct schema_row *inner = inner_row(pair->value, schema_row_of(row, pair->key), row);
        node_append_pair(r->arena, result, pair->key, pair->key_len, pair->at,
                         restore(r, pair->value, pair->key, inner, &here));
    }
    return result;
}

/* A range of ports is one item that became several. */
static struct node *restore_list(struct restore *r, const struct node *node,
                                 const struct schema_row *row, const struct trail *trail)
{
    struct node *result = node_list(r->arena, node->at);
    const struct entry *last = NULL;
    for (size_t i = 0; i < node->u.list.n; i++) {
        const struct node *item = node->u.list.items[i];
        struct trail here = TRAIL_INDEX(trail, i);
        const struct schema_row *inner = inner_row(item, schema_item(row), row);
        const struct entry *entry;
        struct node *form = short_form(r, item, NULL, inner, &entry);
        if (!form)
            node_add(r->arena, result, restore(r, item, NULL, inner, &here));
        else if (entry != last)
            node_add(r->arena, result, form);
        last = form ? entry : NULL;
    }
    return result;
}

static struct node *restore(struct restore *r, const struct node *node, const char *key,
                            const struct schema_row *row, const struct trail *trail)
{
    struct origin at = ORIGIN_NONE;
    const struct entry *entry;
    struct node *form = short_form(r, node, key, row, &entry);
    if (form)
        return form;
    const struct trail *outer = r->whole;
    if (!outer && !is_scalar(node) && has_one_place(node, &at))
        r->whole = trail;
    if (node->kind == NODE_MAP)
        form = restore_map(r, node, row, trail);
    else if (node->kind == NODE_LIST)
        form = restore_list(r, node, row, trail);
    else
        form = restore_scalar(r, node, key, row, trail);
    r->whole = outer;
    return form;
}

/* --- the file ----------------------------------------------------------------------------------
 */

static bool is_plain(const struct map *all, const char *section, const char *key)
{
    STR_AUTO(path);
    str_printf(&path, "%s%s%s", section, key ? "." : "", key ? key : "");
    return all && map_has(all, path.buf);
}

/* What the variable of a secret or config held: it will be looked up again. */
static void drop_contents(struct node *object)
{
    if (!node_get(object, "environment"))
        return;
    const struct node *content = node_get(object, "content");
    node_remove(object, "x-#value");
    if (content && content->flags & NODE_SENSITIVE)
        node_remove(object, "content");
}

static struct node *restore_section(struct restore *r, const struct node_pair *section,
                                    const struct map *plain)
{
    const struct schema_row *row = schema_row_of(schema_root(), section->key);
    struct trail trail = TRAIL_KEY(NULL, section->key);
    bool is_objects = row && schema_is_user_map(row->type) && section->value->kind == NODE_MAP;
    r->is_plain = is_plain(plain, section->key, NULL);
    if (!is_objects)
        return restore(r, section->value, section->key, row, &trail);
    struct node *result = node_map(r->arena, section->value->at);
    NODE_EACH_PAIR (section->value, pair) {
        struct trail here = TRAIL_KEY(&trail, pair->key);
        drop_contents(pair->value);
        r->is_plain = is_plain(plain, section->key, pair->key);
        node_append_pair(r->arena, result, pair->key, pair->key_len, pair->at,
                         restore(r, pair->value, pair->key, row->type->value, &here));
    }
    return result;
}

static const char *const sections[] = { "services", "networks", "volumes",
                                        "configs",  "secrets",  "models" };

static bool is_known_section(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        if (text_is(key, sections[i]))
            return true;
    return text_is(key, "name");
}

static void add_section(struct restore *r, const struct node_pair *section, const struct map *plain,
                        struct node *result)
{
    if (section)
        node_append_pair(r->arena, result, section->key, section->key_len, section->at,
                         restore_section(r, section, plain));
}

struct node *written_tree(const struct written *written, struct arena *arena,
                          const struct map *plain, struct findings *findings)
{
    struct restore r = { .written = written, .arena = arena, .findings = findings };
    struct node *tree = written->tree, *result = node_map(arena, tree->at);
    const struct node_pair *name = node_get_pair(tree, "name", strlen("name"));
    map_init(&r.index);
    map_init(&r.warned);
    VEC_EACH (&written->documents, document)
        index_node(&r, document, document->raw, NULL);
    /* The folder, -p and the environment give a name that only this place knows. */
    node_set(arena, result, "name", tree->at,
             name ? restore_section(&r, name, plain)
                  : node_text(arena, tree->at, written->project_name));
    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        add_section(&r, node_get_pair(tree, sections[i], strlen(sections[i])), plain, result);
    NODE_EACH_PAIR (tree, pair)
        if (!is_known_section(pair->key))
            add_section(&r, pair, plain, result);
    map_release(&r.index);
    map_release(&r.warned);
    return result;
}
