/*
 * octo-form.c - a compose file's tree as an OctoCompose configuration: images go to the
 * repositories, as their charts have them, the rest stays where it is. Called by convert.c.
 *
 * What differs between installations has a variable in a compose file. Each expression with one in a
 * service's texts becomes a setting, configs.SERVICE.VARIABLE, to which the text refers: who uses the
 * configuration sees there what can be set, and sets it in a file of his own. The expression itself stays
 * (the environment and .env still count), and so the project stays the same.
 */
#include "base/base.h"

#include "config/convert.h"
#include "config/settings.h"

#include <ctype.h>

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
    const struct node *found = references_find(section->value);

    if (found == NULL)
        return;
    finding_hint(finding_add(findings, FINDING_ERROR, found->at, section->key,
                             "a text has \"{{\", which an OctoCompose configuration takes as a "
                             "template"),
                 "only services can have it; elsewhere, keep it in a file of its own");
}

/* --- settings -----------------------------------------------------------------------------------
 */

struct tunables {
    struct arena *arena;
    const char *service;
    struct node *settings; /* variable -> its expression */
};

/* The length of the expression that text begins with, "$NAME" or "${NAME...}", 0: it is none. */
static size_t expression_len(const char *text)
{
    size_t n = text[1] == '{' ? 2 : 1;
    unsigned depth = 1;

    if (text[0] != '$' || !references_is_word_char(text[n]) || isdigit((unsigned char)text[n]))
        return 0;
    if (n == 1) {
        while (references_is_word_char(text[n]))
            n++;
        return n;
    }
    for (; depth > 0; n++) {
        if (text[n] == '\0')
            return 0;
        depth += text[n] == '{' && text[n - 1] == '$';
        depth -= text[n] == '}';
    }
    return n;
}

/* The key of the setting that has the expression: its variable, with a number when that one has others
   already. */
static const char *setting_key(struct tunables *t, struct origin at, struct slice expression)
{
    size_t start = expression.at[1] == '{' ? 2 : 1;
    size_t n = 0;
    STR_AUTO(key);

    while (start + n < expression.len && references_is_word_char(expression.at[start + n]))
        n++;
    for (unsigned number = 1;; number++) {
        const struct node *other;

        str_clear(&key);
        str_add_len(&key, expression.at + start, n);
        if (number > 1)
            str_printf(&key, "_%u", number);
        other = node_get(t->settings, key.buf);
        if (other == NULL)
            node_set(t->arena, t->settings, key.buf, at,
                     node_text_len(t->arena, at, expression.at, expression.len));
        if (other == NULL || slice_is(expression, node_as_text(other)))
            return arena_dup(t->arena, key.buf);
    }
}

/* Go's fields are words; other names are looked up. */
static void add_reference(const struct tunables *t, const char *key, struct str *out)
{
    const char *c = t->service;

    while (references_is_word_char(*c))
        c++;
    if (*c == '\0' && !isdigit((unsigned char)t->service[0]))
        str_printf(out, "{{.configs.%s.%s}}", t->service, key);
    else
        str_printf(out, "{{index .configs \"%s\" \"%s\"}}", t->service, key);
}

static struct node *refer(struct tunables *t, struct node *node)
{
    const char *at = node->u.text.bytes;
    struct node *result;
    STR_AUTO(out);

    while (*at != '\0') {
        size_t len = at[0] == '$' && at[1] == '$' ? 0 : expression_len(at);
        size_t n = at[0] == '$' && at[1] == '$' ? 2 : 1;

        if (len > 0)
            add_reference(t, setting_key(t, node->at, (struct slice){ at, len }), &out);
        else
            str_add_len(&out, at, n);
        at += len > 0 ? len : n;
    }
    if (slice_is((struct slice){ out.buf, out.len }, node->u.text.bytes))
        return node;
    result = node_text_len(t->arena, node->at, out.buf, out.len);
    result->flags = node->flags;
    return result;
}

static struct node *refer_all(struct tunables *t, struct node *node)
{
    if (node->kind == NODE_TEXT && strlen(node->u.text.bytes) == node->u.text.len)
        return refer(t, node);
    if (node->kind == NODE_LIST) {
        NODE_EACH_ITEM (node, item)
            *item = refer_all(t, *item);
    } else if (node->kind == NODE_MAP) {
        NODE_EACH_PAIR (node, pair)
            pair->value = refer_all(t, pair->value);
    }
    return node;
}

/* The settings of the services; a config of the Compose format has its name for itself. */
static void take_settings(struct arena *arena, struct node *services, struct node *configs)
{
    NODE_EACH_PAIR (services, pair) {
        struct tunables tunables = { arena, pair->key, node_map(arena, pair->at) };

        if (node_get(configs, pair->key) != NULL || node_get(pair->value, "octocompose") != NULL)
            continue;
        pair->value = refer_all(&tunables, pair->value);
        if (tunables.settings->u.map.n > 0)
            node_set_len(arena, configs, pair->key, pair->key_len, pair->at, tunables.settings);
    }
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
        braces = references_find(pair->value);
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

/* The map of the key, which is made when there is none. */
static struct node *own_map(struct arena *arena, const struct node *tree, const char *key)
{
    const struct origin none = ORIGIN_NONE;
    struct node *map = node_get(tree, key);

    return node_is(map, NODE_MAP) ? map : node_map(arena, none);
}

struct node *octo_form(struct arena *arena, struct node *tree,
                       const struct config_operator *chosen, struct findings *findings)
{
    const struct origin none = ORIGIN_NONE;
    struct node *services = node_get(tree, "services");
    const struct node_pair *written = node_get_pair(tree, "configs", strlen("configs"));
    struct node *configs = own_map(arena, tree, "configs");
    struct node *entries = node_map(arena, none);
    struct node *repos = node_map(arena, none);
    struct node *octoctl = node_map(arena, none);
    struct node *result = node_map(arena, tree->at);

    drop_unused_configs(configs, services, findings);
    if (written != NULL)
        refuse_braces(written, findings);
    if (node_is(services, NODE_MAP)) {
        take_images(arena, chosen, services, entries);
        take_settings(arena, services, configs);
    }
    node_set(arena, octoctl, "operator", none, node_text(arena, none, chosen->name));
    node_set(arena, repos, "services", none, entries);
    NODE_EACH_PAIR (tree, pair) {
        if (pair == written)
            continue;
        if (pair->value != services)
            refuse_braces(pair, findings);
        if (pair->value == services && entries->u.map.n > 0)
            node_set(arena, result, "repos", none, repos);
        if (pair->value == services && configs->u.map.n > 0)
            node_set(arena, result, "configs", none, configs);
        node_set_len(arena, result, pair->key, pair->key_len, pair->at, pair->value);
    }
    if (configs->u.map.n > 0)
        node_set(arena, result, "configs", none, configs);
    node_set(arena, result, "octoctl", none, octoctl);
    return result;
}
