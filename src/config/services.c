/*
 * services.c - the keys below a service that an OctoCompose configuration adds: which services are
 * left out, and what is wrong with the rest. compose-part.c turns what stays into Compose's words.
 */
#include "base/base.h"

#include "config/settings.h"

#include "base/vec.h"

/* --- left out -----------------------------------------------------------------------------------
 */

static bool is_truth(const struct node *node, bool truth)
{
    return node_is(node, NODE_BOOL) && node->u.truth == truth;
}

/* Does the list name the operator that was chosen? */
static bool names_operator(const struct settings *settings, const struct node *list)
{
    NODE_EACH_ITEM (list, item) {
        const char *name = node_as_text(*item);

        if (text_is(settings->chosen->name, name) || text_is(settings->chosen->other_name, name))
            return true;
    }
    return false;
}

const struct node *settings_left_out(const struct settings *settings, const char *service)
{
    const struct node *map = node_get_path(settings->merged, "services", service, NULL);
    const struct node *enabled = node_get(map, "enabled");
    const struct node *disabled = node_get(map, "disabled");
    const struct node *operators = node_get_path(map, "octocompose", "operators", NULL);

    if (is_truth(enabled, false))
        return enabled;
    if (is_truth(disabled, true))
        return disabled;
    if (node_is(operators, NODE_LIST) && !names_operator(settings, operators))
        return operators;
    return NULL;
}

/* --- checks -------------------------------------------------------------------------------------
 */

/* Keys of ours below a service: their kind, and why they are refused. */
struct service_key {
    const char *key;
    enum node_kind kind; /* NODE_NULL: more than one */
    const char *missing;
};

static const char no_tools[] = "tools are not run";
static const char no_files[] = "settings are not written to files";

static const struct service_key own_keys[] = {
    { "config", NODE_MAP, NULL },      { "operators", NODE_LIST, NULL },
    { "health", NODE_NULL, no_tools }, { "validate", NODE_NULL, no_tools },
    { "init", NODE_NULL, no_tools },   { NULL, NODE_NULL, NULL },
};
static const struct service_key config_keys[] = {
    { "globals", NODE_NULL, NULL },
    { "noTemplate", NODE_BOOL, NULL },
    { "withServiceName", NODE_NULL, no_files },
    { "mount", NODE_NULL, no_files },
    { NULL, NODE_NULL, NULL },
};

static void check_kind(const struct settings *settings, const struct node *value,
                       enum node_kind kind, const char *path)
{
    if (value != NULL && value->kind != kind && value->kind != NODE_NULL)
        finding_add(settings->findings, FINDING_ERROR, value->at, path, "must be %s, is %s",
                    node_kind_name(kind), node_kind_name(value->kind));
}

static void check_keys(const struct settings *settings, const struct service_key *keys,
                       const struct node *map, const char *path)
{
    if (!node_is(map, NODE_MAP))
        return;
    NODE_EACH_PAIR (map, pair) {
        const struct service_key *row = keys;
        STR_AUTO(here);

        while (row->key != NULL && strcmp(row->key, pair->key) != 0)
            row++;
        str_printf(&here, "%s.%s", path, pair->key);
        if (row->key == NULL)
            finding_add(settings->findings, FINDING_ERROR, pair->at, here.buf, "unknown key \"%s\"",
                        pair->key);
        else if (row->missing != NULL)
            finding_add(settings->findings, FINDING_ERROR, pair->at, here.buf,
                        "is not supported yet: %s", row->missing);
        else if (row->kind != NODE_NULL)
            check_kind(settings, pair->value, row->kind, here.buf);
    }
}

/* config.KEY is octocompose.config.KEY: not with two values. */
static void check_both_configs(const struct settings *settings, const struct node *service,
                               const char *path)
{
    const struct node *whole = node_get_path(service, "octocompose", "config", NULL);
    const struct node *brief = node_get(service, "config");

    if (!node_is(whole, NODE_MAP) || !node_is(brief, NODE_MAP))
        return;
    NODE_EACH_PAIR (brief, pair) {
        const struct node *other = node_get(whole, pair->key);
        STR_AUTO(here);

        str_printf(&here, "%s.%s", path, pair->key);
        if (other != NULL && !node_equal(other, pair->value))
            settings_say_twice(settings, pair->value, other, here.buf);
    }
}

static void check_switches(const struct settings *settings, const struct node *service,
                           const char *name)
{
    const struct node *enabled = node_get(service, "enabled");
    const struct node *disabled = node_get(service, "disabled");
    STR_AUTO(path);

    str_printf(&path, "services.%s.enabled", name);
    check_kind(settings, enabled, NODE_BOOL, path.buf);
    str_clear(&path);
    str_printf(&path, "services.%s.disabled", name);
    check_kind(settings, disabled, NODE_BOOL, path.buf);
    if (node_is(enabled, NODE_BOOL) && is_truth(disabled, enabled->u.truth))
        settings_say_twice(settings, disabled, enabled, path.buf);
}

/* What it needs is left out: the Compose loader would say that there is no such service. */
static void check_dependency(const struct settings *settings, const char *service,
                             const char *other, const struct origin at)
{
    const struct node *why = other == NULL ? NULL : settings_left_out(settings, other);
    STR_AUTO(place);

    if (why == NULL)
        return;
    origin_print(why->at, &place);
    finding_add(settings->findings, FINDING_ERROR, at, NULL,
                "service \"%s\" depends on \"%s\", which is left out at %s", service, other,
                place.buf);
}

static void check_dependencies(const struct settings *settings, const struct node *service,
                               const char *name)
{
    const struct node *depends_on = node_get(service, "depends_on");
    const struct node *depends = node_get(service, "depends");

    if (settings_left_out(settings, name) != NULL)
        return;
    if (node_is(depends_on, NODE_LIST)) {
        NODE_EACH_ITEM (depends_on, item)
            check_dependency(settings, name, node_as_text(*item), (*item)->at);
    } else if (node_is(depends_on, NODE_MAP)) {
        NODE_EACH_PAIR (depends_on, pair) {
            if (!is_truth(node_get(pair->value, "required"), false))
                check_dependency(settings, name, pair->key, pair->at);
        }
    }
    if (node_is(depends, NODE_LIST)) {
        NODE_EACH_ITEM (depends, item)
            check_dependency(settings, name, node_as_text(node_get(*item, "service")), (*item)->at);
    }
}

void settings_check_services(const struct settings *settings)
{
    const struct node *services = node_get(settings->merged, "services");

    if (!node_is(services, NODE_MAP))
        return;
    NODE_EACH_PAIR (services, service) {
        const struct node *own = node_get(service->value, "octocompose");
        const struct node *brief = node_get(service->value, "config");
        STR_AUTO(path);

        str_printf(&path, "services.%s.octocompose", service->key);
        check_kind(settings, own, NODE_MAP, path.buf);
        check_keys(settings, own_keys, own, path.buf);
        str_add(&path, ".config");
        check_keys(settings, config_keys, node_get(own, "config"), path.buf);
        str_clear(&path);
        str_printf(&path, "services.%s.config", service->key);
        check_kind(settings, brief, NODE_MAP, path.buf);
        check_keys(settings, config_keys, brief, path.buf);
        check_both_configs(settings, service->value, path.buf);
        check_switches(settings, service->value, service->key);
        check_dependencies(settings, service->value, service->key);
    }
}
