/*
 * normalise.c - what docker compose adds to a merged project: variables that are only named, the
 * implicit network, the implicit dependencies, names of top-level objects (compose-file.md 3.2,
 * 7.4). The tree stays a tree of nodes; decode.c makes the model of it.
 */
#include "base/base.h"

#include "compose-compat/file/stages.h"

#include "base/file.h"
#include "base/str.h"

/* --- the environment -------------------------------------------------------------------------- */

static struct node *looked_up(const struct stage *stage, struct origin at, const char *name)
{
    const char *value = map_find(stage->environment, name);
    return value ? node_text(stage->arena, history_named(stage->history, at, name, value), value) : NULL;
}

/* "NAME" items of an environment list to "NAME=value", where the variable is set. */
static void resolve_list(const struct stage *stage, struct node *list)
{
    NODE_EACH_ITEM(list, item) {
        const char *name = node_as_text(*item);
        const char *value = name && !strchr(name, '=') ? map_find(stage->environment, name) : NULL;
        if (value)
            *item = node_text(stage->arena,
                              history_named(stage->history, (*item)->at, name, value),
                              arena_printf(stage->arena, "%s=%s", name, value));
    }
}

/* The content of secrets and configs that a variable holds. A secret's is never shown. */
static void resolve_contents(const struct stage *stage, struct node *section, bool is_secret)
{
    if (!node_is(section, NODE_MAP))
        return;
    NODE_EACH_PAIR(section, pair) {
        struct node *variable = node_get(pair->value, "environment");
        struct node *content = node_is(variable, NODE_TEXT)
                                   ? looked_up(stage, variable->at, variable->u.text.bytes)
                                   : NULL;
        if (!content)
            continue;
        content->flags |= NODE_SENSITIVE;
        history_hide(stage->history, variable->u.text.bytes);
        node_set(stage->arena, pair->value, is_secret ? "x-#value" : "content", content->at, content);
    }
}

void stage_resolve_environment(const struct stage *stage, struct node *tree)
{
    struct node *services = node_get(tree, "services");
    if (node_is(services, NODE_MAP)) {
        NODE_EACH_PAIR(services, pair) {
            struct node *environment = node_get(pair->value, "environment");
            if (node_is(environment, NODE_LIST))
                resolve_list(stage, environment);
        }
    }
    resolve_contents(stage, node_get(tree, "secrets"), true);
    resolve_contents(stage, node_get(tree, "configs"), false);
}

/* Keys without a value of environment or build.args: looked up; what is unset stays null, or
   goes. */
static void resolve_pairs(const struct stage *stage, struct node *pairs, bool keep_unset)
{
    if (node_is(pairs, NODE_LIST)) {
        size_t n = 0;
        resolve_list(stage, pairs);
        NODE_EACH_ITEM(pairs, item)
            if (keep_unset || !node_is(*item, NODE_TEXT) || strchr((*item)->u.text.bytes, '='))
                pairs->u.list.items[n++] = *item;
        pairs->u.list.n = n;
        return;
    }
    if (!node_is(pairs, NODE_MAP))
        return;
    for (size_t i = 0; i < pairs->u.map.n;) {
        struct node_pair *pair = &pairs->u.map.items[i];
        if (node_is(pair->value, NODE_NULL) && !node_is_wrong(pair->value)) {
            struct node *value = looked_up(stage, pair->value->at, pair->key);
            if (value) {
                pair->value = value;
            } else if (!keep_unset) {
                node_remove(pairs, pair->key);
                continue;
            }
        }
        i++;
    }
}

/* --- services --------------------------------------------------------------------------------- */

static void set_text(const struct stage *stage, struct node *map, const char *key, const char *text)
{
    node_set(stage->arena, map, key, map->at, node_text(stage->arena, map->at, text));
}

static bool is_unset(const struct node *map, const char *key)
{
    const struct node *value = node_get(map, key);
    return !value || (node_is(value, NODE_NULL) && !node_is_wrong(value));
}

static void normalise_build(const struct stage *stage, struct node *build)
{
    if (!node_is(build, NODE_MAP))
        return;
    if (is_unset(build, "context"))
        set_text(stage, build, "context", ".");
    if (is_unset(build, "dockerfile") && is_unset(build, "dockerfile_inline"))
        set_text(stage, build, "dockerfile", "Dockerfile");
    resolve_pairs(stage, node_get(build, "args"), false);
}

/* A dependency that another attribute implies, unless it is spelled out. */
static void imply(const struct stage *stage, struct node *service, const char *name, size_t len,
                  struct origin at, bool restart)
{
    struct node *all = node_get(service, "depends_on");
    if (!node_is(all, NODE_MAP)) {
        all = node_map(stage->arena, at);
        node_set(stage->arena, service, "depends_on", at, all);
    }
    if (node_get_pair(all, name, len))
        return;
    struct node *dependency = node_map(stage->arena, at);
    set_text(stage, dependency, "condition", "service_started");
    node_set(stage->arena, dependency, "restart", at, node_bool(stage->arena, at, restart));
    node_set(stage->arena, dependency, "required", at, node_bool(stage->arena, at, true));
    node_set_len(stage->arena, all, name, len, at, dependency);
}

static void imply_by_links(const struct stage *stage, struct node *service)
{
    struct node *links = node_get(service, "links");
    if (!node_is(links, NODE_LIST))
        return;
    NODE_EACH_ITEM(links, item) {
        const char *text = node_as_text(*item);
        if (!text)
            continue;
        struct slice rest = slice_from(text), name;
        bool has_alias = slice_split(&rest, ':', &name);
        if (has_alias && slice_find(rest, ':', 0) >= 0)
            name = slice_from(text);
        imply(stage, service, name.at, name.len, (*item)->at, true);
    }
}

static void imply_by_volumes_from(const struct stage *stage, struct node *service)
{
    struct node *list = node_get(service, "volumes_from");
    if (!node_is(list, NODE_LIST))
        return;
    NODE_EACH_ITEM(list, item) {
        const char *text = node_as_text(*item);
        if (text && !text_starts(text, "container:"))
            imply(stage, service, text, strcspn(text, ":"), (*item)->at, false);
    }
}

static void imply_dependencies(const struct stage *stage, struct node *service)
{
    static const char *const shared[] = { "network_mode", "ipc", "pid", "uts", "cgroup" };
    static const char prefix[] = "service:";
    imply_by_links(stage, service);
    for (size_t i = 0; i < ARRAY_LEN(shared); i++) {
        struct node *value = node_get(service, shared[i]);
        const char *text = node_as_text(value);
        if (text && text_starts(text, prefix)) {
            text += sizeof(prefix) - 1;
            imply(stage, service, text, strlen(text), value->at, true);
        }
    }
    imply_by_volumes_from(stage, service);
}

static void clean_targets(const struct stage *stage, struct node *mounts)
{
    if (!node_is(mounts, NODE_LIST))
        return;
    NODE_EACH_ITEM(mounts, item) {
        struct node_pair *target = node_get_pair(*item, "target", 6);
        if (!target || !node_is(target->value, NODE_TEXT))
            continue;
        STR_AUTO(cleaned);
        path_clean(target->value->u.text.bytes, &cleaned);
        if (!text_is(cleaned.buf, target->value->u.text.bytes))
            target->value = node_text(stage->arena, target->value->at, cleaned.buf);
    }
}

static void inherit_hook_image(const struct stage *stage, struct node *service)
{
    struct node *hooks = node_get(service, "pre_start"), *image = node_get(service, "image");
    if (!node_is(hooks, NODE_LIST) || !node_is(image, NODE_TEXT) || image->u.text.len == 0)
        return;
    NODE_EACH_ITEM(hooks, hook)
        if (node_is(*hook, NODE_MAP) && !node_get(*hook, "image"))
            node_set(stage->arena, *hook, "image", image->at, image);
}

static void normalise_service(const struct stage *stage, struct node *service)
{
    if (!node_is(service, NODE_MAP))
        return;
    if (text_is(node_as_text(node_get(service, "pull_policy")), "if_not_present"))
        set_text(stage, service, "pull_policy", "missing");
    normalise_build(stage, node_get(service, "build"));
    resolve_pairs(stage, node_get(service, "environment"), true);
    imply_dependencies(stage, service);
    clean_targets(stage, node_get(service, "volumes"));
    inherit_hook_image(stage, service);
}

/* --- networks and names ----------------------------------------------------------------------- */

/* Connects the service to the network "default" when it says nothing else. True when it uses it. */
static bool connect_default(const struct stage *stage, struct node *service)
{
    if (!node_is(service, NODE_MAP) || node_get(service, "provider") ||
        node_get(service, "network_mode"))
        return false;
    struct node *networks = node_get(service, "networks");
    if (node_is_wrong(networks) || (node_is(networks, NODE_MAP) && networks->u.map.n > 0))
        return node_get(networks, "default") != NULL;
    struct origin none = ORIGIN_NONE;
    networks = node_map(stage->arena, service->at);
    node_set(stage->arena, networks, "default", none, node_null(stage->arena, service->at));
    node_set(stage->arena, service, "networks", service->at, networks);
    return true;
}

static void normalise_networks(const struct stage *stage, struct node *tree)
{
    struct origin none = ORIGIN_NONE;
    struct node *services = node_get(tree, "services"), *networks = node_get(tree, "networks");
    bool is_used = false;
    if (node_is(services, NODE_MAP))
        NODE_EACH_PAIR(services, pair)
            is_used = connect_default(stage, pair->value) || is_used;
    if (!is_used || node_get(networks, "default"))
        return;
    if (!node_is(networks, NODE_MAP)) {
        networks = node_map(stage->arena, none);
        node_set(stage->arena, tree, "networks", none, networks);
    }
    node_set(stage->arena, networks, "default", none, node_null(stage->arena, none));
}

/* An object that says nothing. */
static struct node *object_of(const struct stage *stage, const struct node_pair *pair)
{
    struct node *object = node_map(stage->arena, pair->at);
    object->flags |= pair->value->flags & NODE_WRONG;
    return object;
}

static void name_objects(const struct stage *stage, struct node *section)
{
    if (!node_is(section, NODE_MAP))
        return;
    NODE_EACH_PAIR(section, pair) {
        if (!node_is(pair->value, NODE_MAP))
            pair->value = object_of(stage, pair);
        if (!is_unset(pair->value, "name"))
            continue;
        struct node *external = node_get(pair->value, "external");
        bool is_external = node_is(external, NODE_BOOL) && external->u.truth;
        if (node_is(external, NODE_TEXT) && text_to_bool(external->u.text.bytes, &is_external) != 0)
            is_external = false;
        set_text(stage, pair->value, "name",
                 is_external ? pair->key
                             : arena_printf(stage->arena, "%s_%s", stage->project_name, pair->key));
    }
}

void stage_normalise(const struct stage *stage, struct node *tree)
{
    static const char *const sections[] = { "networks", "volumes", "configs", "secrets" };
    struct node *services = node_get(tree, "services");
    normalise_networks(stage, tree);
    if (node_is(services, NODE_MAP))
        NODE_EACH_PAIR(services, pair)
            normalise_service(stage, pair->value);
    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        name_objects(stage, node_get(tree, sections[i]));
}
