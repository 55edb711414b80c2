/*
 * semantic.c - rules over the merged tree that the schema cannot say and that need no model
 * (compose-file.md 10.2). Every service is checked, the disabled ones too. Rules between objects
 * are in consistency.c.
 */
#include "base/base.h"

#include "compose-compat/file/stages.h"

#include "compose-compat/file/place.h"
#include "compose-compat/file/short.h"

struct check {
    const struct stage *stage;
    struct str path;
};

static struct finding *refuse(struct check *check, struct origin at, const char *text)
{
    return finding_add(check->stage->findings, FINDING_ERROR, at, check->path.buf, "%s", text);
}

static bool is_true(const struct node *node)
{
    return node_is(node, NODE_BOOL) && node->u.truth;
}

/* --- volumes, configs, secrets ---------------------------------------------------------------- */

/* An external volume has a name, and nothing else of ours. */
static void check_volume(struct check *check, struct node *volume)
{
    if (!node_is(volume, NODE_MAP) || !is_true(node_get(volume, "external")))
        return;
    NODE_EACH_PAIR(volume, pair) {
        if (text_is(pair->key, "name") || text_is(pair->key, "external") ||
            text_starts(pair->key, "x-"))
            continue;
        size_t len = place_key(&check->path, pair->key);
        finding_hint(finding_add(check->stage->findings, FINDING_ERROR, pair->at, check->path.buf,
                                 "\"%s\" cannot be set on an external volume", pair->key),
                     "an external volume is used as it is: remove \"%s\" or \"external\"", pair->key);
        str_cut(&check->path, len);
    }
}

static void check_file(struct check *check, struct node *file, const char *const *keys)
{
    STR_AUTO(list);
    size_t n = 0;
    const char *first = NULL;
    if (!node_is(file, NODE_MAP))
        return;
    for (size_t i = 0; keys[i]; i++) {
        str_printf(&list, i == 0 ? "\"%s\"" : keys[i + 1] ? ", \"%s\"" : " and \"%s\"", keys[i]);
        struct node_pair *pair = node_get_pair(file, keys[i], strlen(keys[i]));
        /* In an included file, what the variable holds was put there. */
        if (pair && (pair->value->flags & NODE_SENSITIVE))
            continue;
        if (pair && ++n == 1)
            first = keys[i];
        else if (pair)
            finding_add(check->stage->findings, FINDING_ERROR, pair->at, check->path.buf,
                        "\"%s\" and \"%s\" exclude each other", first, keys[i]);
    }
    if (n == 0 && !node_is_wrong(file) && !node_get(file, "driver") && !node_get(file, "external"))
        finding_hint(refuse(check, file->at, "nothing says where the content comes from"),
                     "one of %s is needed", list.buf);
}

static void check_files(struct check *check, struct node *section, const char *const *keys)
{
    if (!node_is(section, NODE_MAP))
        return;
    NODE_EACH_PAIR(section, pair) {
        size_t len = place_key(&check->path, pair->key);
        check_file(check, pair->value, keys);
        str_cut(&check->path, len);
    }
}

/* --- services --------------------------------------------------------------------------------- */

typedef void (*check_fn)(struct check *check, struct node *map);

static void check_port(struct check *check, struct node *port)
{
    struct node *ip = node_get(port, "host_ip");
    if (node_is(ip, NODE_TEXT) && !short_is_ip(ip->u.text.bytes))
        finding_add(check->stage->findings, FINDING_ERROR, ip->at, check->path.buf,
                    "\"%s\" is no IP address", ip->u.text.bytes);
}

static void check_watch(struct check *check, struct node *rule)
{
    struct node *path = node_get(rule, "path");
    if (node_is(path, NODE_TEXT) && path->u.text.len == 0)
        refuse(check, path->at, "the path to watch is empty");
}

static void check_device(struct check *check, struct node *device)
{
    if (node_get(device, "count") && node_get(device, "device_ids"))
        refuse(check, device->at, "\"count\" and \"device_ids\" exclude each other");
}

static void each_map(struct check *check, struct node *list, const char *where, check_fn fn)
{
    if (!node_is(list, NODE_LIST))
        return;
    size_t len = place_key(&check->path, where);
    for (size_t i = 0; i < list->u.list.n; i++) {
        size_t item_len = place_index(&check->path, i);
        if (node_is(list->u.list.items[i], NODE_MAP))
            fn(check, list->u.list.items[i]);
        str_cut(&check->path, item_len);
    }
    str_cut(&check->path, len);
}

static void check_service(struct check *check, struct node *service)
{
    each_map(check, node_get(service, "ports"), "ports", check_port);
    each_map(check, node_get_path(service, "develop", "watch", NULL), "develop.watch", check_watch);
    each_map(check, node_get(service, "gpus"), "gpus", check_device);
    each_map(check, node_get_path(service, "deploy", "resources", "reservations", "devices", NULL),
             "deploy.resources.reservations.devices", check_device);
}

static void each_pair(struct check *check, struct node *tree, const char *section, check_fn fn)
{
    struct node *map = node_get(tree, section);
    if (!node_is(map, NODE_MAP))
        return;
    str_add(&check->path, section);
    NODE_EACH_PAIR(map, pair) {
        size_t len = place_key(&check->path, pair->key);
        fn(check, pair->value);
        str_cut(&check->path, len);
    }
    str_clear(&check->path);
}

void stage_check(const struct stage *stage, struct node *tree)
{
    static const char *const config_keys[] = { "file", "environment", "content", NULL };
    static const char *const secret_keys[] = { "file", "environment", NULL };
    struct check check = { .stage = stage, .path = STR_INIT };
    each_pair(&check, tree, "services", check_service);
    each_pair(&check, tree, "volumes", check_volume);
    str_add(&check.path, "configs");
    check_files(&check, node_get(tree, "configs"), config_keys);
    str_clear(&check.path);
    str_add(&check.path, "secrets");
    check_files(&check, node_get(tree, "secrets"), secret_keys);
    str_release(&check.path);
}
