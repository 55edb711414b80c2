/*
 * sources.c - reads a configuration's files and follows their includes. Knows the key `include` and
 * nothing else of what the files mean; called by load.c.
 */
#include "base/base.h"

#include "config/sources.h"

#include "base/file.h"
#include "base/map.h"
#include "data/jread.h"
#include "data/yread.h"

struct reading {
    struct arena *arena;
    struct findings *findings;
    struct source_list *sources;
    const char *current_dir;
    struct map seen; /* path -> any */
};

/* The files on the way to the one that is read. */
struct include_way {
    const struct include_way *up;
    const char *path;
    unsigned depth;
};

static int parse_source(struct arena *arena, const char *name, const struct str *text,
                        struct findings *findings, struct node **ret_tree)
{
    uint32_t file = origin_add_file(name, text->buf, text->len);
    struct yread_documents documents = { 0 };
    const struct origin at = { file, 0, 0 };

    *ret_tree = NULL;
    if (text_ends(name, ".toml")) {
        finding_add(findings, FINDING_ERROR, at, NULL, "TOML is not read yet: write YAML or JSON");
        return -1;
    }
    if (text_ends(name, ".json")) {
        ERR_AUTO(err);

        if (jread_parse(arena, file, text->buf, text->len, ret_tree, &err) == 0)
            return 0;
        finding_add(findings, FINDING_ERROR, origin_is_set(err.at) ? err.at : at, NULL, "%s",
                    err.text);
        return -1;
    }
    if (yread_parse(arena, file, text->buf, text->len, &documents, findings) < 0)
        return -1;
    if (documents.n > 1) {
        finding_add(findings, FINDING_ERROR, documents.items[1]->at, NULL,
                    "a configuration is one document, this file has %zu", documents.n);
        return -1;
    }
    *ret_tree = documents.n == 0 ? NULL : documents.items[0];
    return 0;
}

static int read_source(struct reading *reading, const char *path, const struct include_way *way,
                       struct err *err);

/* The entries of OctoCompose form ({url, gpg, versions}) of `include`; compose's own stay in the
 * file. */
static bool is_url_include(const struct node *entry)
{
    return node_is(entry, NODE_MAP) && node_get(entry, "url") != NULL;
}

static bool needs_network(const char *url)
{
    const char *scheme_end = strstr(url, "://");

    return scheme_end != NULL && !text_starts(url, "file://");
}

static bool is_on_way(const struct include_way *way, const char *path)
{
    for (; way != NULL; way = way->up) {
        if (strcmp(way->path, path) == 0)
            return true;
    }
    return false;
}

static void describe_way(const struct include_way *way, const char *path, struct str *out)
{
    if (way != NULL)
        describe_way(way->up, way->path, out);
    str_printf(out, "%s%s", out->len > 0 ? " -> " : "", path);
}

/* What an entry says beside its `url`. */
static void check_entry(const struct reading *reading, const struct node *entry, size_t index)
{
    static const struct {
        const char *key, *missing;
    } keys[] = {
        { "url", NULL },
        { "gpg", "signatures are not checked" },
        { "versions", "newer versions are not looked for" },
    };

    NODE_EACH_PAIR (entry, pair) {
        size_t i = 0;
        STR_AUTO(place);

        while (i < ARRAY_LEN(keys) && strcmp(keys[i].key, pair->key) != 0)
            i++;
        str_printf(&place, "include[%zu].%s", index, pair->key);
        if (i == ARRAY_LEN(keys))
            finding_hint(finding_add(reading->findings, FINDING_ERROR, pair->at, place.buf,
                                     "unknown key \"%s\"", pair->key),
                         "known: url, gpg, versions");
        else if (keys[i].missing != NULL)
            finding_add(reading->findings, FINDING_ERROR, pair->at, place.buf,
                        "is not supported yet: %s", keys[i].missing);
    }
}

/* Neither {url: PATH} nor compose's {path: PATH, ...}? Then nothing would be included. */
static bool is_empty_entry(const struct reading *reading, const struct node *entry, size_t index)
{
    STR_AUTO(place);

    if (!node_is(entry, NODE_MAP) || node_get(entry, "path") != NULL)
        return false;
    str_printf(&place, "include[%zu]", index);
    finding_hint(finding_add(reading->findings, FINDING_ERROR, entry->at, place.buf,
                             "nothing is named that could be included"),
                 "an entry is {url: PATH}, or for a compose file {path: PATH}");
    return true;
}

static void include_one(struct reading *reading, const char *dir, const struct node *entry,
                        size_t index, const struct include_way *way)
{
    const struct node *url = node_get(entry, "url");
    const char *text = node_as_text(url);
    STR_AUTO(place);
    STR_AUTO(path);
    ERR_AUTO(err);

    check_entry(reading, entry, index);
    str_printf(&place, "include[%zu].url", index);
    if (text == NULL || text[0] == '\0') {
        finding_add(reading->findings, FINDING_ERROR, url->at, place.buf,
                    "must be a path or URL, is %s", node_kind_name(url->kind));
        return;
    }
    if (needs_network(text) || strchr(text, '?') != NULL) {
        struct finding *finding =
            finding_add(reading->findings, FINDING_ERROR, url->at, place.buf,
                        "\"%s\" cannot be included yet: %s", text,
                        needs_network(text) ? "nothing is downloaded" : "templates are not run");
        finding_hint(finding, "include a local copy: url: ./FILE.yaml");
        return;
    }
    if (text_starts(text, "file://"))
        text += strlen("file://");
    path_absolute(dir, text, &path);
    if (is_on_way(way, path.buf)) {
        STR_AUTO(chain);

        describe_way(way, path.buf, &chain);
        finding_add(reading->findings, FINDING_ERROR, url->at, place.buf, "includes itself: %s",
                    chain.buf);
        return;
    }
    if (read_source(reading, arena_dup(reading->arena, path.buf), way, &err) < 0)
        finding_add(reading->findings, FINDING_ERROR, url->at, place.buf, "%s", err.text);
}

/* Follows the includes of a file and leaves those in it that the Compose format knows. */
static void follow_includes(struct reading *reading, const char *dir, struct node *tree,
                            const struct include_way *way)
{
    struct node *include = node_get(tree, "include");
    struct node *rest;

    if (include == NULL)
        return;
    if (include->kind == NODE_NULL) {
        node_remove(tree, "include");
        return;
    }
    if (include->kind != NODE_LIST) {
        finding_add(reading->findings, FINDING_ERROR, include->at, "include",
                    "must be a list, is %s", node_kind_name(include->kind));
        return;
    }
    rest = node_list(reading->arena, include->at);
    for (size_t i = 0; i < include->u.list.n; i++) {
        if (is_url_include(include->u.list.items[i]))
            include_one(reading, dir, include->u.list.items[i], i, way);
        else if (!is_empty_entry(reading, include->u.list.items[i], i))
            node_add(reading->arena, rest, include->u.list.items[i]);
    }
    if (rest->u.list.n == 0)
        node_remove(tree, "include");
    else
        node_set(reading->arena, tree, "include", include->at, rest);
}

static int read_source(struct reading *reading, const char *path, const struct include_way *up,
                       struct err *err)
{
    const struct include_way way = { up, path, up == NULL ? 1 : up->depth + 1 };
    struct source source = { .path = path };
    STR_AUTO(text);
    STR_AUTO(dir);

    if (map_has(&reading->seen, path))
        return 0;
    if (way.depth > SOURCES_MAX_DEPTH || reading->seen.n >= SOURCES_MAX_FILES)
        return err_set(err, ERR_LIMIT, "too many includes (at most %d files, %d deep)",
                       SOURCES_MAX_FILES, SOURCES_MAX_DEPTH);
    if (file_read(path, SOURCES_MAX_BYTES, &text, err) < 0)
        return -1;
    map_set(&reading->seen, path, reading);
    if (parse_source(reading->arena, path_below(reading->current_dir, path), &text,
                     reading->findings, &source.tree) < 0 ||
        source.tree == NULL || source.tree->kind == NODE_NULL)
        return 0;
    if (source.tree->kind != NODE_MAP) {
        finding_add(reading->findings, FINDING_ERROR, source.tree->at, NULL,
                    "the file must be a mapping, is %s", node_kind_name(source.tree->kind));
        return 0;
    }
    path_dir(path, &dir);
    source.dir = arena_dup(reading->arena, dir.buf);
    source.tree = node_copy(reading->arena, source.tree);
    ARENA_ADD(reading->arena, reading->sources, source);
    follow_includes(reading, source.dir, source.tree, &way);
    return 0;
}

int sources_read(struct arena *arena, const char *current_dir, const char *const *paths,
                 struct source_list *ret_sources, struct findings *findings, struct err *err)
{
    struct reading reading = {
        .arena = arena, .findings = findings, .sources = ret_sources, .current_dir = current_dir
    };
    int result = 0;

    map_init(&reading.seen);
    for (; *paths != NULL && result == 0; paths++)
        result = read_source(&reading, *paths, NULL, err);
    map_release(&reading.seen);
    return result;
}

void sources_parse(struct arena *arena, const char *name, const char *dir, const struct str *text,
                   struct source_list *ret_sources, struct findings *findings)
{
    struct source source = { .dir = dir };
    STR_AUTO(path);

    path_join(dir, name, &path);
    source.path = arena_dup(arena, path.buf);
    if (parse_source(arena, name, text, findings, &source.tree) == 0 &&
        node_is(source.tree, NODE_MAP))
        ARENA_ADD(arena, ret_sources, source);
}

/* --- finding ------------------------------------------------------------------------------------
 */

/* A file called config.yaml may be anybody's: these keys make it ours. */
static bool has_own_key(const char *path)
{
    static const char *const keys[] = { "octoctl", "globals", "repos", "projectID" };
    struct arena *arena = arena_new();
    struct findings findings = FINDINGS_INIT;
    struct node *tree = NULL;
    bool has = false;
    STR_AUTO(text);

    if (file_read(path, SOURCES_MAX_BYTES, &text, NULL) == 0 &&
        parse_source(arena, path, &text, &findings, &tree) == 0) {
        for (size_t i = 0; i < ARRAY_LEN(keys); i++)
            has = has || node_get(tree, keys[i]) != NULL;
    }
    findings_release(&findings);
    arena_free(arena);
    return has;
}

static const char *find_in(struct arena *arena, const char *dir, bool *ret_is_own_name)
{
    static const struct {
        const char *name;
        bool is_own;
    } names[] = {
        { "octocompose.yaml", true }, { "octocompose.yml", true }, { "octocompose.json", true },
        { "config.yaml", false },     { "config.yml", false },
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        STR_AUTO(path);

        path_join(dir, names[i].name, &path);
        if (!file_exists(path.buf) || (!names[i].is_own && !has_own_key(path.buf)))
            continue;
        *ret_is_own_name = names[i].is_own;
        return arena_dup(arena, path.buf);
    }
    return NULL;
}

const char *sources_find(struct arena *arena, const char *dir, bool *ret_is_own_name)
{
    STR_AUTO(at);

    str_add(&at, dir);
    for (;;) {
        const char *found = find_in(arena, at.buf, ret_is_own_name);
        STR_AUTO(up);

        if (found != NULL)
            return found;
        path_dir(at.buf, &up);
        if (strcmp(up.buf, at.buf) == 0)
            return NULL;
        str_clear(&at);
        str_add(&at, up.buf);
    }
}
