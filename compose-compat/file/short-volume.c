/*
 * short-volume.c - "SOURCE:TARGET:OPTIONS" into a mount. Whether the source is a path of the host
 * or the key of a volume is told by how it begins.
 */
#include "base/base.h"

#include "compose-compat/file/short.h"

#include "base/file.h"

#include <stdio.h>

struct parts {
    struct str source, target;
    bool read_only, nocopy, has_bind;
    const char *propagation, *selinux;
};

/* True when the len bytes are one letter; beyond ASCII every character counts as one. */
static bool is_letter(const char *text, size_t len)
{
    unsigned char first = len > 0 ? (unsigned char)text[0] : 0;
    if (first < 0x80)
        return len == 1 && ((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z'));
    return len == (first >= 0xf0 ? 4u : first >= 0xe0 ? 3u : 2u);
}

static void take_option(struct arena *arena, struct parts *parts, struct slice option)
{
    static const char *const propagations[] = {
        "rprivate", "private", "rshared", "shared", "rslave", "slave",
    };
    if (slice_is(option, "ro"))
        parts->read_only = true;
    else if (slice_is(option, "rw"))
        parts->read_only = false;
    else if (slice_is(option, "nocopy"))
        parts->nocopy = true;
    else if (slice_is(option, "z") || slice_is(option, "Z"))
        parts->selinux = arena_dup_len(arena, option.at, option.len);
    for (size_t i = 0; i < ARRAY_LEN(propagations); i++)
        if (slice_is(option, propagations[i]))
            parts->propagation = propagations[i];
}

/* One piece between colons; is_last when the text ends behind it. */
static int take_piece(struct arena *arena, struct parts *parts, struct slice piece, bool is_last,
                      char *reason)
{
    if (piece.len == 0) {
        snprintf(reason, SHORT_REASON_MAX, "there is nothing between two colons");
        return -1;
    }
    if (parts->source.len == 0) {
        str_add_len(is_last ? &parts->target : &parts->source, piece.at, piece.len);
    } else if (parts->target.len == 0) {
        str_add_len(&parts->target, piece.at, piece.len);
    } else if (!is_last) {
        snprintf(reason, SHORT_REASON_MAX, "there are too many colons");
        return -1;
    } else {
        struct slice option;
        bool has_more;
        do {
            has_more = slice_split(&piece, ',', &option);
            take_option(arena, parts, option);
        } while (has_more);
    }
    return 0;
}

/* Cuts the text at its colons, except behind a drive letter and inside of ${...}. A piece of one
   letter swallows its colon: "d:/data" is one piece. */
static int split(struct arena *arena, const char *text, struct parts *parts, char *reason)
{
    size_t len = strlen(text), start = 0;
    unsigned depth = 0;
    for (size_t i = 0; i <= len; i++) {
        if (text[i] == '$' && text[i + 1] == '{') {
            depth++;
        } else if (text[i] == '}' && depth > 0) {
            depth--;
        } else if (text[i] == ':' && is_letter(text + start, i - start)) {
            continue;
        } else if (i == len ? depth == 0 : text[i] == ':' && depth == 0) {
            struct slice piece = { text + start, i - start };
            if (take_piece(arena, parts, piece, i == len, reason) != 0)
                return -1;
            start = i + 1;
        }
    }
    return 0;
}

static bool is_host_path(const char *source)
{
    if (strchr("./~", source[0]) || text_starts(source, "\\\\"))
        return source[0] != '\0';
    size_t len = strcspn(source, ":");
    return source[len] == ':' && is_letter(source, len);
}

static struct node *add_map(struct arena *arena, struct node *map, const char *key)
{
    struct node *child = node_map(arena, map->at);
    node_set(arena, map, key, map->at, child);
    return child;
}

static void add_text(struct arena *arena, struct node *map, const char *key, const char *text)
{
    if (text && *text)
        node_set(arena, map, key, map->at, node_text(arena, map->at, text));
}

static void add_true(struct arena *arena, struct node *map, const char *key)
{
    node_set(arena, map, key, map->at, node_bool(arena, map->at, true));
}

static struct node *build_mount(struct arena *arena, struct origin at, const struct parts *parts)
{
    STR_AUTO(target);
    bool is_bind = parts->source.len > 0 && is_host_path(parts->source.buf);
    struct node *mount = node_map(arena, at);
    add_text(arena, mount, "type", is_bind ? "bind" : "volume");
    add_text(arena, mount, "source", parts->source.buf);
    if (parts->target.len > 0)
        path_clean(parts->target.buf, &target);
    add_text(arena, mount, "target", target.buf);
    if (parts->read_only)
        add_true(arena, mount, "read_only");
    if (is_bind || parts->propagation || parts->selinux) {
        struct node *bind = add_map(arena, mount, "bind");
        add_text(arena, bind, "selinux", parts->selinux);
        add_text(arena, bind, "propagation", parts->propagation);
        if (is_bind)
            add_true(arena, bind, "create_host_path");
    }
    if (!is_bind || parts->nocopy) {
        struct node *volume = add_map(arena, mount, "volume");
        if (parts->nocopy)
            add_true(arena, volume, "nocopy");
    }
    return mount;
}

int short_mount(struct arena *arena, struct origin at, const char *text, struct node **ret_mount,
                char reason[SHORT_REASON_MAX])
{
    size_t len = strlen(text);
    if (len == 0) {
        snprintf(reason, SHORT_REASON_MAX, "it is empty");
        return -1;
    }
    if (len <= 2) { /* too short to be anything but a target */
        STR_AUTO(target);
        path_clean(text, &target);
        *ret_mount = node_map(arena, at);
        add_text(arena, *ret_mount, "type", "volume");
        add_text(arena, *ret_mount, "target", target.buf);
        return 0;
    }
    struct parts parts = { .source = STR_INIT, .target = STR_INIT };
    int result = split(arena, text, &parts, reason);
    if (result == 0)
        *ret_mount = build_mount(arena, at, &parts);
    str_release(&parts.source);
    str_release(&parts.target);
    return result;
}

int short_mount_target(struct arena *arena, const char *text, const char **ret_target,
                       char reason[SHORT_REASON_MAX])
{
    size_t len = strlen(text);
    if (len <= 2) {
        snprintf(reason, SHORT_REASON_MAX, "it is empty");
        *ret_target = text;
        return len == 0 ? -1 : 0;
    }
    struct parts parts = { .source = STR_INIT, .target = STR_INIT };
    int result = split(arena, text, &parts, reason);
    if (result == 0)
        *ret_target = arena_dup(arena, parts.target.buf);
    str_release(&parts.source);
    str_release(&parts.target);
    return result;
}
