/*
 * repos.c - what repos.services says for one operator, as documents for the Compose loader. Its
 * other keys are settings.c's. Called by load.c.
 */
#include "base/base.h"

#include "config/settings.h"

#include "base/file.h"

/* What repos.services says about one service. Each value goes to the document that stands for the
   file in which it was written, because relative paths start there. */
struct placing {
    const struct settings *settings;
    const struct source_list *sources;
    struct node **trees; /* one for each source */
    const struct node_pair *entry;
    const struct node *section; /* of the entry: what one operator reads */
    const char *path;           /* of section, for messages */
};

static size_t source_of(const struct placing *placing, struct origin at)
{
    const struct source_list *sources = placing->sources;
    size_t i = 0;

    while (i + 1 < sources->n && sources->items[i].tree->at.file != at.file)
        i++;
    return i;
}

static struct node *get_map(struct arena *arena, struct node *parent, const struct node_pair *name)
{
    const struct node_pair *pair = node_get_pair(parent, name->key, name->key_len);
    struct node *map = pair == NULL ? node_map(arena, name->at) : pair->value;

    if (pair == NULL)
        node_set_len(arena, parent, name->key, name->key_len, name->at, map);
    return map;
}

/* The service gets key: value, as if that stood in the file of `at`. */
static void place(struct placing *placing, struct origin at, const char *key, struct node *value)
{
    struct arena *arena = placing->settings->arena;
    struct node *tree = placing->trees[source_of(placing, at)];
    const struct node_pair services = { "services", strlen("services"), tree->at, NULL };
    struct node *service = get_map(arena, get_map(arena, tree, &services), placing->entry);

    node_set(arena, service, key, value->at, value);
}

/* A value that the Compose loader takes and checks as it is. */
static void place_as_is(struct placing *placing, const char *key, struct node *value)
{
    place(placing, value->at, key, value);
}

/* A part of the image's name. */
static void check_part(struct placing *placing, const char *key, struct node *value)
{
    if (value->kind == NODE_MAP || value->kind == NODE_LIST)
        finding_add(placing->settings->findings, FINDING_ERROR, value->at, placing->path,
                    "\"%s\" must be a string, is %s", key, node_kind_name(value->kind));
}

/* The place of the part that the weightiest file says: that file made the image what it is. */
static struct origin image_origin(const struct placing *placing, const struct node *image)
{
    const struct node *parts[] = { node_get(placing->section, "registry"),
                                   node_get(placing->section, "tag") };
    struct origin at = image->at;

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i] != NULL && source_of(placing, parts[i]->at) < source_of(placing, at))
            at = parts[i]->at;
    }
    return at;
}

static void place_image(struct placing *placing, const char *key, struct node *value)
{
    const struct node *registry = node_get(placing->section, "registry");
    const struct node *tag = node_get(placing->section, "tag");
    struct origin at = image_origin(placing, value);
    STR_AUTO(text);

    if (node_as_text(value) == NULL) {
        finding_add(placing->settings->findings, FINDING_ERROR, value->at, placing->path,
                    "\"image\" must be a string, is %s", node_kind_name(value->kind));
        return;
    }
    if (registry != NULL)
        node_scalar_text(registry, &text);
    if (text.len > 0)
        str_add_char(&text, '/');
    str_add(&text, node_as_text(value));
    if (tag != NULL && tag->kind != NODE_NULL) {
        str_add_char(&text, ':');
        node_scalar_text(tag, &text);
    }
    place(placing, at, key, node_text(placing->settings->arena, at, text.buf));
}

/* Built where `context` was written, which another file may say than the one that says the rest. */
static void place_build(struct placing *placing, const char *key, struct node *value)
{
    static const char *const remote[] = { "repo", "ref" };
    const struct node *context = node_get(value, "context");

    for (size_t i = 0; i < ARRAY_LEN(remote); i++) {
        const struct node *given = node_get(value, remote[i]);

        if (given != NULL)
            finding_add(placing->settings->findings, FINDING_ERROR, given->at, placing->path,
                        "\"build.%s\" is not supported yet: nothing is downloaded", remote[i]);
    }
    place(placing, context != NULL ? context->at : value->at, key, value);
}

/* `path` is relative to its file, `program` is looked up where programs are. */
static void place_program(struct placing *placing, const char *key, struct node *value)
{
    struct arena *arena = placing->settings->arena;
    const struct source *source = &placing->sources->items[source_of(placing, value->at)];
    const char *name = node_as_text(value);
    struct node *entrypoint = node_list(arena, value->at);
    STR_AUTO(path);

    if (name == NULL || name[0] == '\0') {
        finding_add(placing->settings->findings, FINDING_ERROR, value->at, placing->path,
                    "\"%s\" must name a program, is %s", key,
                    name == NULL ? node_kind_name(value->kind) : "empty");
        return;
    }
    if (strcmp(key, "path") == 0)
        path_absolute(source->dir, name, &path);
    else
        str_add(&path, name);
    node_add(arena, entrypoint, node_text(arena, value->at, path.buf));
    place(placing, value->at, "entrypoint", entrypoint);
}

static const char not_downloaded[] = "nothing is downloaded";
static const char not_built[] = "nothing is fetched and compiled";

struct repos_key {
    const char *key;
    void (*place)(struct placing *placing, const char *key, struct node *value);
    const char *missing;  /* why it is refused */
    const char *excludes; /* another key that says the same */
};
static const struct repos_key docker_keys[] = {
    { "registry", check_part, NULL, NULL },
    { "image", place_image, NULL, NULL },
    { "tag", check_part, NULL, NULL },
    { "entrypoint", place_as_is, NULL, NULL },
    { "command", place_as_is, NULL, NULL },
    { "build", place_build, NULL, NULL },
    { NULL, NULL, NULL, NULL },
};
static const struct repos_key baremetal_keys[] = {
    { "path", place_program, NULL, "program" },
    { "program", place_program, NULL, "entrypoint" },
    { "entrypoint", place_as_is, NULL, "path" },
    { "command", place_as_is, NULL, NULL },
    { "binary", NULL, not_downloaded, NULL },
    { "source", NULL, not_built, NULL },
    { NULL, NULL, NULL, NULL },
};

/* The sections of a repository's entry. Which one counts is the operator's to say. */
static const struct {
    const char *section;
    const struct repos_key *keys;
} sections[] = {
    { "docker", docker_keys },
    { "baremetal", baremetal_keys },
};

static void unknown_repos_key(const struct placing *placing, const struct repos_key *keys,
                              const struct node_pair *pair)
{
    const char *names[ARRAY_LEN(baremetal_keys)];
    size_t n = 0;
    const char *nearest;
    struct finding *finding = finding_add(placing->settings->findings, FINDING_ERROR, pair->at,
                                          placing->path, "unknown key \"%s\"", pair->key);

    for (; keys[n].key != NULL; n++)
        names[n] = keys[n].key;
    nearest = text_nearest(pair->key, names, n);
    if (nearest != NULL)
        finding_hint(finding, "did you mean \"%s\"?", nearest);
}

static void place_section(struct placing *placing, const struct repos_key *keys)
{
    NODE_EACH_PAIR (placing->section, pair) {
        const struct repos_key *row = keys;
        const struct node *other;

        while (row->key != NULL && strcmp(row->key, pair->key) != 0)
            row++;
        other = node_get(placing->section, row->excludes == NULL ? "" : row->excludes);
        if (row->key == NULL)
            unknown_repos_key(placing, keys, pair);
        else if (row->missing != NULL)
            finding_add(placing->settings->findings, FINDING_ERROR, pair->at, placing->path,
                        "\"%s\" is not supported yet: %s", pair->key, row->missing);
        else if (other != NULL && other->kind != NODE_NULL && pair->value->kind != NODE_NULL)
            settings_say_twice(placing->settings, pair->value, other, placing->path);
        else if (pair->value->kind != NODE_NULL)
            row->place(placing, pair->key, pair->value);
    }
}

/* Sections for other operators are fine; but not when nothing is for the one that was chosen. */
static void check_sections(const struct settings *settings, const struct node_pair *entry,
                           bool is_served)
{
    NODE_EACH_PAIR (entry->value, pair) {
        size_t i = 0;
        STR_AUTO(path);

        while (i < ARRAY_LEN(sections) && strcmp(sections[i].section, pair->key) != 0)
            i++;
        str_printf(&path, "repos.services.%s.%s", entry->key, pair->key);
        if (i == ARRAY_LEN(sections) && !is_served)
            finding_hint(finding_add(settings->findings, FINDING_WARNING, pair->at, path.buf,
                                     "no operator reads this"),
                         "known: %s, %s", sections[0].section, sections[1].section);
        else if (i < ARRAY_LEN(sections) && pair->value->kind != NODE_MAP &&
                 pair->value->kind != NODE_NULL)
            finding_add(settings->findings, FINDING_ERROR, pair->value->at, path.buf,
                        "must be a mapping, is %s", node_kind_name(pair->value->kind));
    }
}

static void place_entry(struct placing *placing, const char *section)
{
    const struct node_pair *entry = placing->entry;
    const struct node *value = node_get(entry->value, section);
    STR_AUTO(path);

    str_printf(&path, "repos.services.%s", entry->key);
    if (entry->value->kind != NODE_MAP) {
        if (entry->value->kind != NODE_NULL)
            finding_add(placing->settings->findings, FINDING_ERROR, entry->value->at, path.buf,
                        "must be a mapping, is %s", node_kind_name(entry->value->kind));
        return;
    }
    check_sections(placing->settings, entry, value != NULL);
    /* A repository may know more services than the project has. */
    if (node_get_path(placing->settings->merged, "services", entry->key, NULL) == NULL ||
        settings_left_out(placing->settings, entry->key) != NULL || !node_is(value, NODE_MAP))
        return;
    str_printf(&path, ".%s", section);
    placing->path = path.buf;
    placing->section = value;
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        if (strcmp(sections[i].section, section) == 0)
            place_section(placing, sections[i].keys);
    }
}

void compose_parts_of_repos(const struct settings *settings, const struct source_list *sources,
                            const char *section, struct node **ret_trees)
{
    const struct node *repos = node_get_path(settings->merged, "repos", "services", NULL);
    struct placing placing = { .settings = settings, .sources = sources, .trees = ret_trees };

    for (size_t i = 0; i < sources->n; i++)
        ret_trees[i] = node_map(settings->arena, sources->items[i].tree->at);
    if (!node_is(repos, NODE_MAP))
        return;
    NODE_EACH_PAIR (repos, pair) {
        placing.entry = pair;
        place_entry(&placing, section);
    }
}
