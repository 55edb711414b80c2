/*
 * paths.c - relative paths to absolute ones, by the path column of the schema table. Pure text but
 * for the folders of watch rules, whose first symbolic link is followed. Nothing is opened, and a
 * path that does not exist is no error here.
 */
#include "base/base.h"

#include "compose-compat/file/stages.h"

#include "base/file.h"
#include "compose-compat/file/place.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

struct resolver {
    const struct stage *stage;
    const char *start; /* where relative paths start */
    struct str path; /* for messages */
};

/* --- texts ------------------------------------------------------------------------------------ */

static bool is_separator(char c)
{
    return c == '/' || c == '\\';
}

/* "C:\x", "\\server\share", "\\.\pipe\x": absolute for Windows. */
static bool is_windows_absolute(const char *path)
{
    if (is_separator(path[0]) && is_separator(path[1]))
        return path[2] != '\0';
    return path[0] != '\0' && path[1] == ':' && is_separator(path[2]);
}

/* "~" is the home folder, whatever follows it. */
static const char *expand_home(struct arena *arena, const char *path)
{
    if (path[0] != '~')
        return path;
    STR_AUTO(expanded);
    path_join(path_home(), path + 1, &expanded);
    return arena_dup(arena, expanded.buf);
}

static const char *absolute(struct resolver *r, const char *path)
{
    path = expand_home(r->stage->arena, path);
    if (path[0] == '\0' || path_is_absolute(path))
        return path;
    STR_AUTO(joined);
    path_join(r->start, path, &joined);
    return arena_dup(r->stage->arena, joined.buf);
}

static const char *absolute_anywhere(struct resolver *r, const char *path)
{
    path = expand_home(r->stage->arena, path);
    if (is_windows_absolute(path) || path_is_absolute(path))
        return path;
    STR_AUTO(joined);
    path_join(r->start, path, &joined);
    return arena_dup(r->stage->arena, joined.buf);
}

/* A folder; a repository or another service is named in other ways. */
static const char *absolute_context(struct resolver *r, const char *path)
{
    if (strstr(path, "://") || text_starts(path, "service:") || text_starts(path, "github.com/") ||
        text_starts(path, "git@"))
        return path;
    return absolute(r, path);
}

/* The path with its first symbolic link replaced by what it leads to. */
static const char *follow_link(struct arena *arena, const char *path)
{
    struct stat info;
    char target[PATH_MAX];
    for (size_t n = 1; path[0] == '/' && path[n - 1] != '\0'; n++) {
        if (path[n] != '/' && path[n] != '\0')
            continue;
        const char *part = arena_dup_len(arena, path, n);
        if (lstat(part, &info) == 0 && S_ISLNK(info.st_mode))
            return realpath(part, target) ? arena_printf(arena, "%s%s", target, path + n) : path;
        if (path[n] == '\0')
            break;
    }
    return path;
}

/* --- nodes ------------------------------------------------------------------------------------ */

typedef const char *(*resolve_fn)(struct resolver *r, const char *path);

static const char *absolute_watch(struct resolver *r, const char *path)
{
    return follow_link(r->stage->arena, absolute(r, path));
}

static struct node *resolve_text(struct resolver *r, struct node *node, resolve_fn fn)
{
    if (!node_is(node, NODE_TEXT))
        return node;
    const char *resolved = fn(r, node->u.text.bytes);
    if (resolved == node->u.text.bytes)
        return node;
    struct node *text = node_text(r->stage->arena, node->at, resolved);
    text->flags = node->flags;
    text->overrode = node->overrode;
    return text;
}

/* A text, each text of a list, or each value of a map. */
static struct node *resolve_texts(struct resolver *r, struct node *node, resolve_fn fn)
{
    if (node_is(node, NODE_LIST))
        NODE_EACH_ITEM(node, item)
            *item = resolve_text(r, *item, fn);
    else if (node_is(node, NODE_MAP))
        NODE_EACH_PAIR(node, pair)
            pair->value = resolve_text(r, pair->value, fn);
    return resolve_text(r, node, fn);
}

static bool has_text(const struct node *map, const char *key, const char *text)
{
    return text_is(node_as_text(node_get(map, key)), text);
}

static void resolve_driver_opts(struct resolver *r, struct node *options, const struct node *volume)
{
    struct node_pair *device = node_get_pair(options, "device", 6);
    if (device && has_text(volume, "driver", "local") && has_text(options, "o", "bind"))
        device->value = resolve_text(r, device->value, absolute_anywhere);
}

static void check_mount(struct resolver *r, const struct node *mount)
{
    if (has_text(mount, "type", "bind") && !node_is_wrong(mount) && !node_get(mount, "source"))
        finding_hint(finding_add(r->stage->findings, FINDING_ERROR, mount->at, r->path.buf,
                                 "a mount of type \"bind\" needs a source"),
                     "set \"source\" to a path of this host");
}

static struct node *resolve_by_column(struct resolver *r, struct node *node,
                                      const struct schema_row *row, const struct node *parent)
{
    switch ((enum schema_path)row->path) {
    case PATH_FILE:
        return node_is(node, NODE_MAP) ? node : resolve_texts(r, node, absolute);
    case PATH_MAYBE_WINDOWS:
        return resolve_texts(r, node, absolute_anywhere);
    case PATH_CONTEXT:
        return resolve_text(r, node, absolute_context);
    case PATH_CONTEXTS:
        return resolve_texts(r, node, absolute_context);
    case PATH_MOUNT:
        return has_text(parent, "type", "bind") ? resolve_text(r, node, absolute_anywhere) : node;
    case PATH_WATCH:
        return resolve_text(r, node, absolute_watch);
    case PATH_DRIVER_OPTS:
        if (node_is(node, NODE_MAP))
            resolve_driver_opts(r, node, parent);
        return node;
    case PATH_NONE:
    case PATH_EXTENDS:
    case PATH_INCLUDE:
        break;
    }
    return node;
}

static struct node *resolve(struct resolver *r, struct node *node, const struct schema_row *row,
                            const struct node *parent)
{
    if (!node || !row)
        return node;
    if (row->path != PATH_NONE)
        node = resolve_by_column(r, node, row, parent);
    if (row->bind != BIND_NODE)
        return node; /* nothing below is a path */
    if (node_is(node, NODE_MAP)) {
        if (row->canonical == CANON_MOUNT)
            check_mount(r, node);
        NODE_EACH_PAIR(node, pair) {
            size_t len = place_key(&r->path, pair->key);
            pair->value = resolve(r, pair->value, schema_row_of(row, pair->key), node);
            str_cut(&r->path, len);
        }
    } else if (node_is(node, NODE_LIST) && row->type && row->type->item && row->path == PATH_NONE) {
        for (size_t i = 0; i < node->u.list.n; i++) {
            size_t len = place_index(&r->path, i);
            node->u.list.items[i] = resolve(r, node->u.list.items[i], row->type->item, node);
            str_cut(&r->path, len);
        }
    }
    return node;
}

/* Where relative paths start: with --no-path-resolution as seen from the tree around this one. */
static const char *start_of(const struct stage *stage)
{
    if (!stage->options->no_path_resolution || !stage->enclosing_dir)
        return stage->working_dir;
    if (strcmp(stage->enclosing_dir, stage->working_dir) == 0)
        return ".";
    return path_below(stage->enclosing_dir, stage->working_dir);
}

void stage_resolve_paths(const struct stage *stage, struct node *tree)
{
    struct resolver r = { .stage = stage, .start = start_of(stage), .path = STR_INIT };
    resolve(&r, tree, schema_root(), NULL);
    str_release(&r.path);
}
