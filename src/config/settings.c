/*
 * settings.c - merges an OctoCompose configuration's files, knows its keys and spellings, applies
 * globals. The Compose part of the files is compose-part.c's.
 */
#include "base/base.h"

#include "config/settings.h"

#include "base/vec.h"
#include "compose-compat/file/merge.h"

/* --- merging ------------------------------------------------------------------------------------
 */

static struct node *own_copy(struct arena *arena, const struct node *node)
{
    struct node *copy = node_copy(arena, node);

    copy->flags &= (uint8_t) ~(NODE_RESET | NODE_OVERRIDE);
    return copy;
}

static struct node *merge_maps(struct arena *arena, const struct node *earlier,
                               const struct node *later)
{
    struct node *result = node_copy_shallow(arena, earlier);

    result->at = later->at;
    NODE_EACH_PAIR (later, pair) {
        const struct node *old = node_get(result, pair->key);

        if (pair->value->flags & NODE_RESET) {
            node_remove(result, pair->key);
            continue;
        }
        node_set(arena, result, pair->key, pair->at,
                 old == NULL ? own_copy(arena, pair->value)
                             : settings_merge(arena, old, pair->value));
    }
    return result;
}

struct node *settings_merge(struct arena *arena, const struct node *earlier,
                            const struct node *later)
{
    struct node *result;

    if ((later->flags & NODE_OVERRIDE) != 0 || earlier->kind == NODE_NULL)
        return own_copy(arena, later);
    if (later->kind == NODE_NULL)
        return (struct node *)(uintptr_t)earlier;
    if (earlier->kind == NODE_MAP && later->kind == NODE_MAP)
        return merge_maps(arena, earlier, later);
    if (earlier->kind == NODE_LIST && later->kind == NODE_LIST) {
        result = node_copy_shallow(arena, earlier);
        NODE_EACH_ITEM (later, item)
            node_add(arena, result, *item);
        return result;
    }
    return merge_winner(arena, own_copy(arena, later), earlier);
}

/* --- keys ---------------------------------------------------------------------------------------
 */

/* octocompose.config.KEY of a service; some documents write config.KEY. */
static const struct node *service_config(const struct node *service, const char *key)
{
    const struct node *value = node_get_path(service, "octocompose", "config", key, NULL);

    return value != NULL ? value : node_get_path(service, "config", key, NULL);
}

/* What may stand at the top level; the Compose format's keys are checked by its own loader. */
static const struct {
    const char *key;
    enum node_kind kind;
} top_keys[] = {
    { "name", NODE_TEXT },    { "projectID", NODE_TEXT }, { "globals", NODE_MAP },
    { "configs", NODE_MAP },  { "repos", NODE_MAP },      { "octoctl", NODE_MAP },
    { "services", NODE_MAP }, { "networks", NODE_MAP },   { "volumes", NODE_MAP },
    { "secrets", NODE_MAP },  { "models", NODE_MAP },     { "include", NODE_LIST },
};

/* Keys below octoctl that are ours and not the operator's; some wait for what they need. */
static const struct {
    const char *key;
    const char *missing;
} octoctl_keys[] = {
    { "operator", NULL },
    { "repos", "nothing is downloaded" },
    { "secrets", "secrets are not fetched through tools" },
    { "prompts", "nothing is asked" },
    { "notifications", "nobody is notified" },
};

static const struct {
    const char *key;
    const char *missing;
} repos_keys[] = {
    { "services", NULL },
    { "include", "repositories are not included" },
    { "files", "files are not fetched" },
    { "operators", "operators are not fetched" },
    { "tools", "tools are not fetched" },
};

static void not_yet(const struct settings *settings, const struct node *node, const char *path,
                    const char *why)
{
    finding_add(settings->findings, FINDING_ERROR, node->at, path, "is not supported yet: %s", why);
}

static void unknown_key(const struct settings *settings, const struct node_pair *pair,
                        const char *path)
{
    const char *names[ARRAY_LEN(top_keys)];
    const char *nearest;
    struct finding *finding;

    for (size_t i = 0; i < ARRAY_LEN(top_keys); i++)
        names[i] = top_keys[i].key;
    nearest = text_nearest(pair->key, names, ARRAY_LEN(names));
    finding = finding_add(settings->findings, FINDING_ERROR, pair->at, path, "unknown key \"%s\"",
                          pair->key);
    if (nearest != NULL)
        finding_hint(finding, "did you mean \"%s\"?", nearest);
}

/* The kind that a top-level key must have, checked file by file so that the message names the file.
 */
static void check_top(const struct settings *settings, const struct node *tree)
{
    NODE_EACH_PAIR (tree, pair) {
        size_t i = 0;

        if (text_starts(pair->key, "x-"))
            continue;
        while (i < ARRAY_LEN(top_keys) && strcmp(top_keys[i].key, pair->key) != 0)
            i++;
        if (i == ARRAY_LEN(top_keys))
            unknown_key(settings, pair, NULL);
        else if (pair->value->kind != top_keys[i].kind && pair->value->kind != NODE_NULL)
            finding_add(settings->findings, FINDING_ERROR, pair->value->at, pair->key,
                        "must be %s, is %s", node_kind_name(top_keys[i].kind),
                        node_kind_name(pair->value->kind));
    }
}

/* Two files that give one key of a tree different kinds cannot be merged sensibly. (The Compose
   part has several forms of one thing; its own loader checks it.) */
static void check_kinds(const struct settings *settings, const struct node *earlier,
                        const struct node *later, struct str *path)
{
    size_t len = path->len;

    if (!node_is(earlier, NODE_MAP) || !node_is(later, NODE_MAP))
        return;
    NODE_EACH_PAIR (later, pair) {
        const struct node *old = node_get(earlier, pair->key);

        if (old == NULL || old->kind == NODE_NULL || pair->value->kind == NODE_NULL ||
            (pair->value->flags & (NODE_RESET | NODE_OVERRIDE)) != 0)
            continue;
        str_printf(path, "%s%s", len > 0 ? "." : "", pair->key);
        if (old->kind == NODE_MAP && pair->value->kind == NODE_MAP) {
            check_kinds(settings, old, pair->value, path);
        } else if ((old->kind == NODE_MAP) != (pair->value->kind == NODE_MAP) ||
                   (old->kind == NODE_LIST) != (pair->value->kind == NODE_LIST)) {
            struct finding *finding =
                finding_add(settings->findings, FINDING_ERROR, pair->value->at, path->buf,
                            "is %s here", node_kind_name(pair->value->kind));
            STR_AUTO(other);

            origin_print(old->at, &other);
            finding_hint(finding, "it is %s at %s", node_kind_name(old->kind), other.buf);
        }
        str_cut(path, len);
    }
}

/* Templates are not run yet: a text that has one is refused with its place. */
static void refuse_templates(const struct settings *settings, const struct node *node,
                             struct str *path);

static void refuse_key_templates(const struct settings *settings, const struct node_pair *pair,
                                 struct str *path)
{
    if (strstr(pair->key, "{{") != NULL)
        finding_add(settings->findings, FINDING_ERROR, pair->at, path->buf,
                    "is not supported yet: templates ({{...}}) are not run");
    else
        refuse_templates(settings, pair->value, path);
}

static void refuse_templates(const struct settings *settings, const struct node *node,
                             struct str *path)
{
    size_t len = path->len;
    const char *text = node_as_text(node);

    if (text != NULL && strstr(text, "{{") != NULL)
        not_yet(settings, node, path->buf, "templates ({{...}}) are not run");
    if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->u.list.n; i++) {
            str_printf(path, "[%zu]", i);
            refuse_templates(settings, node->u.list.items[i], path);
            str_cut(path, len);
        }
    } else if (node->kind == NODE_MAP) {
        NODE_EACH_PAIR (node, pair) {
            str_printf(path, "%s%s", len > 0 ? "." : "", pair->key);
            refuse_key_templates(settings, pair, path);
            str_cut(path, len);
        }
    }
}

/* --- references to settings ---------------------------------------------------------------------
 */

static bool is_template_free(const struct settings *settings, const char *service)
{
    const struct node *merged = node_get_path(settings->merged, "services", service, NULL);
    const struct node *choice = service_config(merged, "noTemplate");

    return node_is(choice, NODE_BOOL) && choice->u.truth;
}

/* A service may say that its texts are no templates. */
static struct node *expand_services(struct settings *settings, struct node *services)
{
    struct node *result = services;

    if (services->kind != NODE_MAP || references_find(services) == NULL)
        return services;
    result = node_copy_shallow(settings->arena, services);
    NODE_EACH_PAIR (result, pair) {
        STR_AUTO(path);

        str_printf(&path, "services.%s", pair->key);
        if (strstr(pair->key, "{{") != NULL)
            not_yet(settings, pair->value, path.buf, "a service's name cannot be a template");
        else if (!is_template_free(settings, pair->key))
            pair->value = references_expand(settings, pair->value, path.buf);
    }
    return result;
}

/* In services and repositories references are replaced, elsewhere there are none. True when something was
   replaced. */
static bool expand_source(struct settings *settings, const struct source *source)
{
    bool is_changed = false;

    NODE_EACH_PAIR (source->tree, pair) {
        struct node *value = pair->value;
        STR_AUTO(path);

        str_add(&path, pair->key);
        if (strcmp(pair->key, "services") == 0)
            pair->value = expand_services(settings, value);
        else if (strcmp(pair->key, "repos") == 0)
            pair->value = references_expand(settings, value, pair->key);
        else
            refuse_key_templates(settings, pair, &path);
        is_changed = is_changed || pair->value != value;
    }
    return is_changed;
}

static void merge_sources(struct settings *settings, const struct source_list *sources)
{
    const struct origin none = ORIGIN_NONE;

    settings->merged = node_map(settings->arena, none);
    for (size_t i = sources->n; i > 0; i--)
        settings->merged =
            settings_merge(settings->arena, settings->merged, sources->items[i - 1].tree);
}

/* --- reading ------------------------------------------------------------------------------------
 */

static void read_name(struct settings *settings)
{
    const struct node *name = node_get(settings->merged, "name");
    const struct node *id = node_get(settings->merged, "projectID");

    settings->project_name = name != NULL ? name : id;
    if (name != NULL && id != NULL && !text_same(node_as_text(name), node_as_text(id))) {
        STR_AUTO(other);

        origin_print(id->at, &other);
        finding_add(settings->findings, FINDING_ERROR, name->at, "name",
                    "the project has two names: \"%s\" here, \"%s\" as projectID at %s",
                    node_as_text(name), node_as_text(id), other.buf);
    }
}

/* Operators may have settings of their own beside our keys, but none of ours has any yet. */
static void check_operator_setting(const struct settings *settings, const struct node_pair *pair)
{
    const char *names[ARRAY_LEN(octoctl_keys)];
    const char *nearest;
    STR_AUTO(path);

    for (size_t i = 0; i < ARRAY_LEN(octoctl_keys); i++)
        names[i] = octoctl_keys[i].key;
    nearest = text_nearest(pair->key, names, ARRAY_LEN(names));
    str_printf(&path, "octoctl.%s", pair->key);
    if (nearest != NULL)
        finding_hint(finding_add(settings->findings, FINDING_ERROR, pair->at, path.buf,
                                 "unknown key \"%s\"", pair->key),
                     "did you mean \"%s\"?", nearest);
    else
        finding_add(settings->findings, FINDING_WARNING, pair->at, path.buf,
                    "is not used: no operator has such a setting");
}

static void read_octoctl(struct settings *settings)
{
    const struct node *octoctl = node_get(settings->merged, "octoctl");
    const struct node *choice = node_get(octoctl, "operator");
    struct node *rest;

    if (!node_is(octoctl, NODE_MAP))
        return;
    rest = node_copy_shallow(settings->arena, octoctl);
    for (size_t i = 0; i < ARRAY_LEN(octoctl_keys); i++) {
        const struct node *value = node_get(octoctl, octoctl_keys[i].key);
        STR_AUTO(path);

        str_printf(&path, "octoctl.%s", octoctl_keys[i].key);
        if (value != NULL && octoctl_keys[i].missing != NULL)
            not_yet(settings, value, path.buf, octoctl_keys[i].missing);
        node_remove(rest, octoctl_keys[i].key);
    }
    NODE_EACH_PAIR (rest, pair)
        check_operator_setting(settings, pair);
    settings->operator_settings = rest;
    if (choice == NULL)
        return;
    settings->octoctl_operator = choice;
    if (node_as_text(choice) == NULL)
        finding_add(settings->findings, FINDING_ERROR, choice->at, "octoctl.operator",
                    "must be a name, is %s", node_kind_name(choice->kind));
}

static void check_repos(const struct settings *settings)
{
    const struct node *repos = node_get(settings->merged, "repos");

    if (!node_is(repos, NODE_MAP))
        return;
    NODE_EACH_PAIR (repos, pair) {
        size_t i = 0;
        STR_AUTO(path);

        str_printf(&path, "repos.%s", pair->key);
        while (i < ARRAY_LEN(repos_keys) && strcmp(repos_keys[i].key, pair->key) != 0)
            i++;
        if (i == ARRAY_LEN(repos_keys))
            finding_add(settings->findings, FINDING_ERROR, pair->at, path.buf, "unknown key \"%s\"",
                        pair->key);
        else if (repos_keys[i].missing != NULL)
            not_yet(settings, pair->value, path.buf, repos_keys[i].missing);
        else if (pair->value->kind != NODE_MAP && pair->value->kind != NODE_NULL)
            finding_add(settings->findings, FINDING_ERROR, pair->value->at, path.buf,
                        "must be a mapping, is %s", node_kind_name(pair->value->kind));
    }
}

bool settings_uses_config(const struct node *services, const char *key)
{
    NODE_EACH_PAIR (services, service) {
        const struct node *used = node_get(service->value, "configs");

        if (!node_is(used, NODE_LIST))
            continue;
        NODE_EACH_ITEM (used, item) {
            const char *source = node_as_text(*item);

            if (source == NULL)
                source = node_as_text(node_get(*item, "source"));
            if (text_is(source, key))
                return true;
        }
    }
    return false;
}

bool settings_is_compose_config(const struct settings *settings, const char *key)
{
    static const char *const keys[] = { "file",  "content", "environment", "external",
                                        "name",  "driver",  "driver_opts", "template_driver",
                                        "labels" };
    const struct node *entry = node_get_path(settings->merged, "configs", key, NULL);
    const struct node *services = node_get(settings->merged, "services");

    if (!node_is(entry, NODE_MAP) || !node_is(services, NODE_MAP))
        return false;
    NODE_EACH_PAIR (entry, pair) {
        size_t i = 0;

        while (i < ARRAY_LEN(keys) && strcmp(keys[i], pair->key) != 0)
            i++;
        if (i == ARRAY_LEN(keys) && !text_starts(pair->key, "x-"))
            return false;
    }
    return settings_uses_config(services, key);
}

/* --- globals ------------------------------------------------------------------------------------
 */

static void list_sets(const struct node *globals, struct str *out)
{
    if (!node_is(globals, NODE_MAP))
        return;
    NODE_EACH_PAIR (globals, pair)
        str_printf(out, "%s%s", out->len > 0 ? ", " : "", pair->key);
}

/* The set that a service asks for: by name, or the only one (`true`). */
static const struct node *find_set(const struct settings *settings, const struct node *choice,
                                   const char *path)
{
    const struct node *globals = node_get(settings->merged, "globals");
    const struct node *set = NULL;
    STR_AUTO(known);

    if (node_is(choice, NODE_BOOL) && !choice->u.truth)
        return NULL;
    list_sets(globals, &known);
    if (node_is(choice, NODE_BOOL)) {
        if (node_is(globals, NODE_MAP) && globals->u.map.n == 1)
            return globals->u.map.items[0].value;
        finding_add(settings->findings, FINDING_ERROR, choice->at, path,
                    "\"true\" needs exactly one set of globals, there are: %s",
                    known.len > 0 ? known.buf : "none");
        return NULL;
    }
    if (node_as_text(choice) != NULL)
        set = node_get(globals, node_as_text(choice));
    if (set == NULL)
        finding_add(settings->findings, FINDING_ERROR, choice->at, path,
                    "there are no such globals (known: %s)", known.len > 0 ? known.buf : "none");
    return set;
}

static void apply_globals(struct settings *settings)
{
    const struct node *services = node_get(settings->merged, "services");
    const struct node *configs = node_get(settings->merged, "configs");
    const struct origin none = ORIGIN_NONE;

    settings->configs = node_is(configs, NODE_MAP) ? node_copy_shallow(settings->arena, configs)
                                                   : node_map(settings->arena, none);
    if (!node_is(services, NODE_MAP))
        return;
    NODE_EACH_PAIR (services, service) {
        const struct node *choice = service_config(service->value, "globals");
        const struct node *own = node_get(settings->configs, service->key);
        const struct node *set;
        STR_AUTO(path);

        if (choice == NULL)
            continue;
        str_printf(&path, "services.%s.octocompose.config.globals", service->key);
        set = find_set(settings, choice, path.buf);
        if (set != NULL && set->kind != NODE_MAP)
            finding_add(settings->findings, FINDING_ERROR, set->at, "globals",
                        "each set must be a mapping, is %s", node_kind_name(set->kind));
        else if (set != NULL)
            node_set(settings->arena, settings->configs, service->key, service->at,
                     own == NULL ? node_copy(settings->arena, set)
                                 : settings_merge(settings->arena, set, own));
    }
}

/* What is wrong with the files before they are one. */
static void check_sources(struct settings *settings, const struct source_list *sources)
{
    static const char *const own_sections[] = { "globals", "configs", "repos", "octoctl" };
    const struct origin none = ORIGIN_NONE;
    struct node *merged = node_map(settings->arena, none);

    for (size_t i = sources->n; i > 0; i--) {
        const struct node *tree = sources->items[i - 1].tree;
        STR_AUTO(path);

        check_top(settings, tree);
        for (size_t k = 0; k < ARRAY_LEN(own_sections); k++) {
            str_clear(&path);
            str_add(&path, own_sections[k]);
            check_kinds(settings, node_get(merged, own_sections[k]),
                        node_get(tree, own_sections[k]), &path);
        }
        merged = settings_merge(settings->arena, merged, tree);
    }
    settings->merged = merged;
}

void settings_read(struct settings *settings, const struct source_list *sources)
{
    const struct origin none = ORIGIN_NONE;
    size_t n_errors = settings->findings->n_errors;
    bool is_changed = false;

    check_sources(settings, sources);
    if (settings->findings->n_errors > n_errors)
        return;
    read_name(settings);
    read_octoctl(settings);
    apply_globals(settings);
    settings->used = node_map(settings->arena, none);
    for (size_t i = 0; i < sources->n; i++)
        is_changed = expand_source(settings, &sources->items[i]) || is_changed;
    if (is_changed)
        merge_sources(settings, sources);
    check_repos(settings);
}
