/*
 * compose-part.c - the Compose part of a configuration: each file's services, networks, volumes,
 * secrets, models and configs as a document for the Compose loader, without the keys that are ours,
 * and what repos.services says for the chosen operator. Called by load.c.
 */
#include "base/base.h"

#include "config/settings.h"

/* --- what is ours below a service ---------------------------------------------------------------
 */

static void say_twice(const struct settings *settings, const struct node *here,
                      const struct node *there, const char *path)
{
    STR_AUTO(other);

    origin_print(there->at, &other);
    finding_add(settings->findings, FINDING_ERROR, here->at, path,
                "says the same as %s, with another value", other.buf);
}

/* replicas: N is deploy.replicas. */
static void move_replicas(const struct settings *settings, struct node *service, const char *path)
{
    struct node *replicas = node_get(service, "replicas");
    struct node *deploy = node_get(service, "deploy");
    const struct node *old = node_get(deploy, "replicas");

    if (replicas == NULL)
        return;
    node_remove(service, "replicas");
    if (old != NULL) {
        if (!node_equal(old, replicas))
            say_twice(settings, replicas, old, path);
        return;
    }
    deploy = node_is(deploy, NODE_MAP) ? node_copy_shallow(settings->arena, deploy)
                                       : node_map(settings->arena, replicas->at);
    node_set(settings->arena, deploy, "replicas", replicas->at, replicas);
    node_set(settings->arena, service, "deploy", replicas->at, deploy);
}

/* depends: [{service: NAME}] is depends_on with the plain condition. */
static void move_depends(const struct settings *settings, struct node *service, const char *path)
{
    struct node *depends = node_get(service, "depends");
    const struct node *depends_on = node_get(service, "depends_on");
    struct node *names;

    if (depends == NULL)
        return;
    node_remove(service, "depends");
    if (depends_on != NULL) {
        say_twice(settings, depends, depends_on, path);
        return;
    }
    names = node_list(settings->arena, depends->at);
    if (depends->kind != NODE_LIST) {
        finding_add(settings->findings, FINDING_ERROR, depends->at, path, "must be a list, is %s",
                    node_kind_name(depends->kind));
        return;
    }
    NODE_EACH_ITEM(depends, item)
    {
        struct node *name = node_get(*item, "service");

        if (node_as_text(name) == NULL)
            finding_add(settings->findings, FINDING_ERROR, (*item)->at, path,
                        "each entry is {service: NAME}");
        else
            node_add(settings->arena, names, name);
    }
    node_set(settings->arena, service, "depends_on", depends->at, names);
}

/* The keys below services.X.octocompose (or services.X for config, as some documents write). */
static void check_own_keys(const struct settings *settings, const struct node *own,
                           const char *path)
{
    static const struct {
        const char *key, *missing;
    } keys[] = {
        { "config", NULL },
        { "operators", NULL },
        { "health", "tools are not run" },
        { "validate", "tools are not run" },
        { "init", "tools are not run" },
    };

    if (own->kind != NODE_MAP)
        return;
    NODE_EACH_PAIR(own, pair)
    {
        size_t i = 0;

        while (i < ARRAY_LEN(keys) && strcmp(keys[i].key, pair->key) != 0)
            i++;
        if (i == ARRAY_LEN(keys))
            finding_add(settings->findings, FINDING_ERROR, pair->at, path, "unknown key \"%s\"",
                        pair->key);
        else if (keys[i].missing != NULL)
            finding_add(settings->findings, FINDING_ERROR, pair->at, path,
                        "\"%s\" is not supported yet: %s", pair->key, keys[i].missing);
    }
}

static struct node *clean_service(const struct settings *settings, const char *name,
                                  const struct node *raw)
{
    struct node *service;
    const struct node *own;
    STR_AUTO(path);

    if (raw->kind != NODE_MAP)
        return (struct node *)(uintptr_t)raw;
    service = node_copy_shallow(settings->arena, raw);
    str_printf(&path, "services.%s.replicas", name);
    move_replicas(settings, service, path.buf);
    str_clear(&path);
    str_printf(&path, "services.%s.depends", name);
    move_depends(settings, service, path.buf);
    own = node_get(service, "octocompose");
    str_clear(&path);
    str_printf(&path, "services.%s.octocompose", name);
    if (own != NULL)
        check_own_keys(settings, own, path.buf);
    node_remove(service, "octocompose");
    node_remove(service, "config");
    node_remove(service, "enabled");
    node_remove(service, "disabled");
    return service;
}

/* --- one file -----------------------------------------------------------------------------------
 */

static struct node *clean_services(const struct settings *settings, const struct node *raw)
{
    struct node *services;

    if (raw->kind != NODE_MAP)
        return (struct node *)(uintptr_t)raw;
    services = node_map(settings->arena, raw->at);
    NODE_EACH_PAIR(raw, pair)
    {
        if (!settings_is_disabled(settings, pair->key))
            node_set_len(settings->arena, services, pair->key, pair->key_len, pair->at,
                         clean_service(settings, pair->key, pair->value));
    }
    return services;
}

static struct node *compose_configs(const struct settings *settings, const struct node *raw)
{
    struct node *configs = node_map(settings->arena, raw->at);

    if (raw->kind != NODE_MAP)
        return configs;
    NODE_EACH_PAIR(raw, pair)
    {
        if (settings_is_compose_config(settings, pair->key))
            node_set_len(settings->arena, configs, pair->key, pair->key_len, pair->at, pair->value);
    }
    return configs;
}

struct node *compose_part(const struct settings *settings, const struct source *source)
{
    static const char *const own_keys[] = { "name", "projectID", "globals", "repos", "octoctl" };
    struct node *document = node_copy_shallow(settings->arena, source->tree);
    struct node *services = node_get(document, "services");
    struct node *configs = node_get(document, "configs");

    for (size_t i = 0; i < ARRAY_LEN(own_keys); i++)
        node_remove(document, own_keys[i]);
    if (services != NULL)
        node_set(settings->arena, document, "services", services->at,
                 clean_services(settings, services));
    if (configs != NULL) {
        configs = compose_configs(settings, configs);
        node_remove(document, "configs");
        if (configs->u.map.n > 0)
            node_set(settings->arena, document, "configs", configs->at, configs);
    }
    return document;
}

/* --- repositories -------------------------------------------------------------------------------
 */

static void copy_key(const struct settings *settings, const struct node *from, const char *key,
                     struct node *to)
{
    struct node *value = node_get(from, key);

    if (value != NULL)
        node_set(settings->arena, to, key, value->at, value);
}

/* docker: {registry, image, tag, entrypoint, command, build} */
static void add_docker(const struct settings *settings, const struct node *entry, const char *path,
                       struct node *service)
{
    const struct node *image = node_get(entry, "image");
    const char *registry = node_as_text(node_get(entry, "registry"));
    const struct node *tag = node_get(entry, "tag");
    STR_AUTO(text);

    if (image != NULL && node_as_text(image) == NULL) {
        finding_add(settings->findings, FINDING_ERROR, image->at, path, "\"image\" must be a name");
    } else if (image != NULL) {
        if (registry != NULL && registry[0] != '\0')
            str_printf(&text, "%s/", registry);
        str_add(&text, node_as_text(image));
        if (tag != NULL && tag->kind != NODE_NULL) {
            str_add_char(&text, ':');
            node_scalar_text(tag, &text);
        }
        node_set(settings->arena, service, "image", image->at,
                 node_text(settings->arena, image->at, text.buf));
    }
    copy_key(settings, entry, "entrypoint", service);
    copy_key(settings, entry, "command", service);
    copy_key(settings, entry, "build", service);
}

/* A local program: `path` (relative to the file), or `program` that is looked up on PATH. */
static void add_baremetal(const struct settings *settings, const struct node *entry,
                          const char *path, struct node *service)
{
    const struct node *program = node_get(entry, "program");
    struct node *entrypoint;

    if (program == NULL)
        program = node_get(entry, "path");
    if (node_get(entry, "binary") != NULL || node_get(entry, "source") != NULL) {
        finding_add(
            settings->findings, FINDING_ERROR, entry->at, path,
            "\"binary\" and \"source\" are not supported yet: nothing is downloaded or built");
        return;
    }
    if (program != NULL && node_as_text(program) == NULL) {
        finding_add(settings->findings, FINDING_ERROR, program->at, path, "must be a path or name");
        return;
    }
    if (program != NULL) {
        entrypoint = node_list(settings->arena, program->at);
        node_add(settings->arena, entrypoint, (struct node *)(uintptr_t)program);
        node_set(settings->arena, service, "entrypoint", program->at, entrypoint);
    } else {
        copy_key(settings, entry, "entrypoint", service);
    }
    copy_key(settings, entry, "command", service);
}

/* The sections of a repository's entry. Which one counts is the operator's to say. */
static const struct {
    const char *section;
    void (*add)(const struct settings *settings, const struct node *entry, const char *path,
                struct node *service);
} sections[] = {
    { "docker", add_docker },
    { "baremetal", add_baremetal },
};

static void add_entry(const struct settings *settings, const struct node_pair *pair,
                      const char *section, struct node *services)
{
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        const struct node *entry = node_get(pair->value, sections[i].section);
        struct node *service;
        STR_AUTO(path);

        if (!text_is(sections[i].section, section) || !node_is(entry, NODE_MAP))
            continue;
        /* A repository may know more services than the project has. */
        if (node_get_path(settings->merged, "services", pair->key, NULL) == NULL ||
            settings_is_disabled(settings, pair->key))
            continue;
        str_printf(&path, "repos.services.%s.%s", pair->key, sections[i].section);
        service = node_map(settings->arena, entry->at);
        sections[i].add(settings, entry, path.buf, service);
        node_set_len(settings->arena, services, pair->key, pair->key_len, pair->at, service);
    }
}

struct node *compose_part_of_repos(const struct settings *settings,
                                   const struct source_list *sources, const char *section)
{
    const struct node *repos = node_get_path(settings->merged, "repos", "services", NULL);
    const struct origin at = { sources->items[sources->n - 1].tree->at.file, 0, 0 };
    struct node *document = node_map(settings->arena, at);
    struct node *services = node_map(settings->arena, at);

    if (node_is(repos, NODE_MAP)) {
        NODE_EACH_PAIR(repos, pair)
        add_entry(settings, pair, section, services);
    }
    if (services->u.map.n > 0)
        node_set(settings->arena, document, "services", at, services);
    return document;
}
