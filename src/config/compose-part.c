/*
 * compose-part.c - the Compose part of a configuration: each file's services, networks, volumes,
 * secrets, models and configs as a document for the Compose loader, without the keys that are ours.
 * Called by load.c.
 */
#include "base/base.h"

#include "config/settings.h"

/* --- what is ours below a service ---------------------------------------------------------------
 */

void settings_say_twice(const struct settings *settings, const struct node *here,
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
            settings_say_twice(settings, replicas, old, path);
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
        settings_say_twice(settings, depends, depends_on, path);
        return;
    }
    names = node_list(settings->arena, depends->at);
    if (depends->kind != NODE_LIST) {
        finding_add(settings->findings, FINDING_ERROR, depends->at, path, "must be a list, is %s",
                    node_kind_name(depends->kind));
        return;
    }
    NODE_EACH_ITEM (depends, item) {
        struct node *name = node_get(*item, "service");

        if (node_as_text(name) == NULL)
            finding_add(settings->findings, FINDING_ERROR, (*item)->at, path,
                        "each entry is {service: NAME}");
        else
            node_add(settings->arena, names, name);
    }
    node_set(settings->arena, service, "depends_on", depends->at, names);
}

/* A weightier file that counts in other words outweighs this one all the same. */
static void drop_outweighed_count(const struct settings *settings,
                                  const struct source_list *sources, size_t index, const char *name,
                                  struct node *service)
{
    const struct node *deploy = node_get(service, "deploy");
    bool has_scale = node_get(service, "scale") != NULL;
    bool has_replicas = node_get(deploy, "replicas") != NULL;

    for (size_t i = 0; i < index && (has_scale || has_replicas); i++) {
        const struct node *other = node_get_path(sources->items[i].tree, "services", name, NULL);

        if (has_replicas && node_get(other, "scale") != NULL) {
            struct node *rest = node_copy_shallow(settings->arena, deploy);

            node_remove(rest, "replicas");
            node_set(settings->arena, service, "deploy", deploy->at, rest);
            has_replicas = false;
        }
        if (has_scale && (node_get(other, "replicas") != NULL ||
                          node_get_path(other, "deploy", "replicas", NULL) != NULL))
            has_scale = !node_remove(service, "scale");
    }
}

/* Who is left out is not waited for; that it may be missing was checked. */
static void drop_left_out(const struct settings *settings, struct node *service)
{
    struct node *depends_on = node_get(service, "depends_on");
    struct node *rest;

    if (!node_is(depends_on, NODE_MAP))
        return;
    rest = node_copy_shallow(settings->arena, depends_on);
    NODE_EACH_PAIR (depends_on, pair) {
        if (settings_left_out(settings, pair->key) != NULL)
            node_remove(rest, pair->key);
    }
    if (rest->u.map.n < depends_on->u.map.n)
        node_set(settings->arena, service, "depends_on", depends_on->at, rest);
}

static struct node *clean_service(const struct settings *settings,
                                  const struct source_list *sources, size_t index, const char *name,
                                  const struct node *raw)
{
    struct node *service;
    STR_AUTO(path);

    /* All that there is may be in the repositories. */
    if (raw->kind == NODE_NULL)
        return node_map(settings->arena, raw->at);
    if (raw->kind != NODE_MAP)
        return (struct node *)(uintptr_t)raw;
    service = node_copy_shallow(settings->arena, raw);
    str_printf(&path, "services.%s.replicas", name);
    move_replicas(settings, service, path.buf);
    drop_outweighed_count(settings, sources, index, name, service);
    str_clear(&path);
    str_printf(&path, "services.%s.depends", name);
    move_depends(settings, service, path.buf);
    drop_left_out(settings, service);
    node_remove(service, "octocompose");
    node_remove(service, "config");
    node_remove(service, "enabled");
    node_remove(service, "disabled");
    return service;
}

/* --- one file -----------------------------------------------------------------------------------
 */

static struct node *clean_services(const struct settings *settings,
                                   const struct source_list *sources, size_t index,
                                   const struct node *raw)
{
    struct node *services;

    if (raw->kind != NODE_MAP)
        return (struct node *)(uintptr_t)raw;
    services = node_map(settings->arena, raw->at);
    NODE_EACH_PAIR (raw, pair) {
        if (settings_left_out(settings, pair->key) == NULL)
            node_set_len(settings->arena, services, pair->key, pair->key_len, pair->at,
                         clean_service(settings, sources, index, pair->key, pair->value));
    }
    return services;
}

static struct node *compose_configs(const struct settings *settings, const struct node *raw)
{
    struct node *configs = node_map(settings->arena, raw->at);

    if (raw->kind != NODE_MAP)
        return configs;
    NODE_EACH_PAIR (raw, pair) {
        if (settings_is_compose_config(settings, pair->key))
            node_set_len(settings->arena, configs, pair->key, pair->key_len, pair->at, pair->value);
    }
    return configs;
}

struct node *compose_part(const struct settings *settings, const struct source_list *sources,
                          size_t index)
{
    static const char *const own_keys[] = { "name", "projectID", "globals", "repos", "octoctl" };
    struct node *document = node_copy_shallow(settings->arena, sources->items[index].tree);
    struct node *services = node_get(document, "services");
    struct node *configs = node_get(document, "configs");

    for (size_t i = 0; i < ARRAY_LEN(own_keys); i++)
        node_remove(document, own_keys[i]);
    if (services != NULL)
        node_set(settings->arena, document, "services", services->at,
                 clean_services(settings, sources, index, services));
    if (configs != NULL) {
        configs = compose_configs(settings, configs);
        node_remove(document, "configs");
        if (configs->u.map.n > 0)
            node_set(settings->arena, document, "configs", configs->at, configs);
    }
    return document;
}
