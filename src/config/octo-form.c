/*
 * octo-form.c - a compose file's tree as an OctoCompose configuration: images go to the
 * repositories, as their charts have them, the rest stays where it is. Called by convert.c.
 *
 * Variables stay in the texts that have them; there are no `configs` made of them, because nothing
 * could refer to these before templates are run.
 */
#include "base/base.h"

#include "config/convert.h"
#include "config/settings.h"

/* --- images -------------------------------------------------------------------------------------
 */

struct image_parts {
    struct slice registry, name, tag; /* len 0: none */
};

enum which { FIRST, LAST };

/* The first or last c outside of ${...}, or -1. */
static ptrdiff_t find_outside(struct slice text, char c, enum which which)
{
    ptrdiff_t found = -1;
    unsigned depth = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '{' && i > 0 && text.at[i - 1] == '$')
            depth++;
        else if (text.at[i] == '}' && depth > 0)
            depth--;
        else if (text.at[i] == c && depth == 0 && (which == LAST || found < 0))
            found = (ptrdiff_t)i;
    }
    return found;
}

/* A first component is a registry when it looks like a host: docker's own rule. */
static bool is_registry(struct slice text)
{
    return slice_is(text, "localhost") || find_outside(text, '.', FIRST) >= 0 ||
           find_outside(text, ':', FIRST) >= 0;
}

/* REGISTRY/NAME:TAG, each with its variables. An image with a digest is a name as a whole. */
static void split_image(struct slice text, struct image_parts *ret_parts)
{
    ptrdiff_t slash = find_outside(text, '/', FIRST);
    ptrdiff_t colon;

    *ret_parts = (struct image_parts){ .name = text };
    if (find_outside(text, '@', FIRST) >= 0)
        return;
    if (slash > 0 && is_registry((struct slice){ text.at, (size_t)slash })) {
        ret_parts->registry = (struct slice){ text.at, (size_t)slash };
        text = (struct slice){ text.at + slash + 1, text.len - (size_t)slash - 1 };
    }
    colon = find_outside(text, ':', LAST);
    if (colon > find_outside(text, '/', LAST) && (size_t)colon + 1 < text.len) {
        ret_parts->tag = (struct slice){ text.at + colon + 1, text.len - (size_t)colon - 1 };
        text.len = (size_t)colon;
    }
    ret_parts->name = text;
}

static void set_part(struct arena *arena, struct node *map, const char *key, struct origin at,
                     struct slice part)
{
    if (part.len > 0)
        node_set(arena, map, key, at, node_text_len(arena, at, part.at, part.len));
}

/* The entry of repos.services, or NULL: the image stays with the service. */
static struct node *make_entry(struct arena *arena, const struct node *image)
{
    struct image_parts parts;
    struct node *docker;
    struct node *entry;

    if (!node_is(image, NODE_TEXT) || image->u.text.len == 0 ||
        strstr(image->u.text.bytes, "{{") != NULL)
        return NULL;
    split_image((struct slice){ image->u.text.bytes, image->u.text.len }, &parts);
    if (parts.name.len == 0)
        return NULL;
    docker = node_map(arena, image->at);
    set_part(arena, docker, "registry", image->at, parts.registry);
    set_part(arena, docker, "image", image->at, parts.name);
    set_part(arena, docker, "tag", image->at, parts.tag);
    entry = node_map(arena, image->at);
    node_set(arena, entry, "docker", image->at, docker);
    return entry;
}

/* --- templates ----------------------------------------------------------------------------------
 */

/* The first text with braces, which a configuration takes as a template; or NULL. */
static const struct node *find_braces(const struct node *node)
{
    const struct node *found = NULL;
    const char *text = node_as_text(node);

    if (text != NULL)
        return strstr(text, "{{") != NULL ? node : NULL;
    if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->u.list.n && found == NULL; i++)
            found = find_braces(node->u.list.items[i]);
    } else if (node->kind == NODE_MAP) {
        for (size_t i = 0; i < node->u.map.n && found == NULL; i++) {
            const struct node_pair *pair = &node->u.map.items[i];

            found = strstr(pair->key, "{{") != NULL ? pair->value : find_braces(pair->value);
        }
    }
    return found;
}

/* octocompose: {config: {noTemplate: true}} */
static void say_no_template(struct arena *arena, struct node *service, struct origin at)
{
    struct node *config = node_map(arena, at);
    struct node *own = node_map(arena, at);

    node_set(arena, config, "noTemplate", at, node_bool(arena, at, true));
    node_set(arena, own, "config", at, config);
    node_set(arena, service, "octocompose", at, own);
}

static void refuse_braces(const struct node_pair *section, struct findings *findings)
{
    const struct node *found = find_braces(section->value);

    if (found == NULL)
        return;
    finding_hint(finding_add(findings, FINDING_ERROR, found->at, section->key,
                             "a text has \"{{\", which an OctoCompose configuration takes as a "
                             "template"),
                 "only services can have it; elsewhere, keep it in a file of its own");
}

/* --- the tree -----------------------------------------------------------------------------------
 */

/* Only who reads that part of the repositories finds the images there. */
static void take_images(struct arena *arena, const struct config_operator *chosen,
                        struct node *services, struct node *entries)
{
    bool has_images = strcmp(chosen->section, "docker") == 0;

    NODE_EACH_PAIR (services, pair) {
        const struct node *image = has_images ? node_get(pair->value, "image") : NULL;
        struct node *entry = image == NULL ? NULL : make_entry(arena, image);
        const struct node *braces;

        if (entry != NULL) {
            node_set_len(arena, entries, pair->key, pair->key_len, pair->at, entry);
            node_remove(pair->value, "image");
        }
        braces = find_braces(pair->value);
        if (braces != NULL && pair->value->kind == NODE_MAP)
            say_no_template(arena, pair->value, braces->at);
    }
}

/* A config that no service uses would be taken as the settings of a service of its name. */
static void drop_unused_configs(struct node *configs, const struct node *services,
                                struct findings *findings)
{
    for (size_t i = configs->u.map.n; i > 0; i--) {
        const struct node_pair *pair = &configs->u.map.items[i - 1];
        STR_AUTO(path);

        if (node_is(services, NODE_MAP) && settings_uses_config(services, pair->key))
            continue;
        str_printf(&path, "configs.%s", pair->key);
        finding_add(findings, FINDING_WARNING, pair->at, path.buf,
                    "no service uses this config: it is left out");
        node_remove(configs, pair->key);
    }
}

struct node *octo_form(struct arena *arena, struct node *tree,
                       const struct config_operator *chosen, struct findings *findings)
{
    const struct origin none = ORIGIN_NONE;
    struct node *services = node_get(tree, "services");
    struct node *configs = node_get(tree, "configs");
    struct node *entries = node_map(arena, none);
    struct node *repos = node_map(arena, none);
    struct node *octoctl = node_map(arena, none);
    struct node *result = node_map(arena, tree->at);

    if (node_is(services, NODE_MAP))
        take_images(arena, chosen, services, entries);
    if (node_is(configs, NODE_MAP))
        drop_unused_configs(configs, services, findings);
    node_set(arena, octoctl, "operator", none, node_text(arena, none, chosen->name));
    node_set(arena, repos, "services", none, entries);
    NODE_EACH_PAIR (tree, pair) {
        if (pair->value == configs && node_is(configs, NODE_MAP) && configs->u.map.n == 0)
            continue;
        if (pair->value != services)
            refuse_braces(pair, findings);
        if (pair->value == services && entries->u.map.n > 0)
            node_set(arena, result, "repos", none, repos);
        node_set_len(arena, result, pair->key, pair->key_len, pair->at, pair->value);
    }
    node_set(arena, result, "octoctl", none, octoctl);
    return result;
}
