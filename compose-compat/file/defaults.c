/*
 * defaults.c - what a long form leaves out and docker compose fills in before anything else looks
 * at it (compose-file.md 3.1). After the merge of all files; the defaults that need the whole
 * project are in normalise.c.
 */
#include "base/base.h"

#include "compose-compat/file/stages.h"

static void set_text(struct arena *arena, struct node *map, const char *key, const char *text)
{
    node_set_default(arena, map, key, node_text(arena, map->at, text));
}

typedef void (*default_fn)(struct arena *arena, struct node *map);

static void default_port(struct arena *arena, struct node *port)
{
    set_text(arena, port, "protocol", "tcp");
    set_text(arena, port, "mode", "ingress");
}

static void default_secret(struct arena *arena, struct node *secret)
{
    const char *source = node_as_text(node_get(secret, "source"));
    if (source && !node_get(secret, "target"))
        set_text(arena, secret, "target", arena_printf(arena, "/run/secrets/%s", source));
}

static void default_device(struct arena *arena, struct node *device)
{
    if (!node_get(device, "device_ids"))
        set_text(arena, device, "count", "all");
}

static void default_mount(struct arena *arena, struct node *mount)
{
    struct node *bind = node_get(mount, "bind");
    if (node_is(bind, NODE_MAP))
        node_set_default(arena, bind, "create_host_path", node_bool(arena, bind->at, true));
}

static void each_map(struct arena *arena, struct node *list, default_fn fn)
{
    if (!node_is(list, NODE_LIST))
        return;
    NODE_EACH_ITEM(list, item)
        if (node_is(*item, NODE_MAP))
            fn(arena, *item);
}

static void default_service(struct arena *arena, struct node *service)
{
    struct node *build = node_get(service, "build");
    if (node_is(build, NODE_MAP))
        set_text(arena, build, "context", ".");
    each_map(arena, node_get(service, "ports"), default_port);
    each_map(arena, node_get(service, "secrets"), default_secret);
    each_map(arena, node_get(service, "volumes"), default_mount);
    each_map(arena, node_get(service, "gpus"), default_device);
    each_map(arena, node_get_path(service, "deploy", "resources", "reservations", "devices", NULL),
             default_device);
}

void stage_defaults(const struct stage *stage, struct node *tree)
{
    struct node *services = node_get(tree, "services");
    if (!node_is(services, NODE_MAP))
        return;
    NODE_EACH_PAIR(services, pair)
        if (node_is(pair->value, NODE_MAP))
            default_service(stage->arena, pair->value);
}
