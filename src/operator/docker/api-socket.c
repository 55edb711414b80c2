/*
 * api-socket.c - use_api_socket: docker compose makes it of attributes that a service could have by
 * itself (a bind of the engine's socket, a config with the user's credentials, a variable that
 * names it), and takes the hash of the service over those. Here is that definition; the calls are
 * made with the fields of fields-*.c and the archive of files.c. Called by lower.c.
 */
#include "base/base.h"

#include "data/jread.h"
#include "data/jwrite.h"
#include "operator/docker/files.h"
#include "operator/docker/nodes.h"

#define SOCKET "/var/run/docker.sock"

/* Sets a key, behind another one when it is new: the order of keys is part of a definition. */
static void set_behind(struct arena *arena, struct node **map, const char *behind, const char *key,
                       struct node *value)
{
    struct node *out = new_map(arena);
    bool is_there = node_get(*map, key) != NULL;
    NODE_EACH_PAIR (*map, pair) {
        node_set_len(arena, out, pair->key, pair->key_len, pair->at,
                     text_is(pair->key, key) ? value : pair->value);
        if (!is_there && text_is(pair->key, behind))
            put_node(arena, out, key, value);
    }
    *map = out;
}

static struct node *with_item(struct arena *arena, const struct node *list, struct node *item)
{
    struct node *out = new_list(arena);
    if (node_is(list, NODE_LIST))
        NODE_EACH_ITEM (list, old)
            node_add(arena, out, *old);
    node_add(arena, out, item);
    return out;
}

static void add_socket(struct arena *arena, struct node **map)
{
    static const char *const later[] = { "volumes_from", "working_dir", "pre_start", "post_start",
                                         "pre_stop" };
    const char *behind = NULL;
    NODE_EACH_PAIR (*map, pair) {
        bool is_later = false;
        for (size_t i = 0; i < ARRAY_LEN(later); i++)
            is_later = is_later || text_is(pair->key, later[i]);
        if (!is_later)
            behind = pair->key;
    }
    struct node *mount = new_map(arena);
    put_text(arena, mount, "type", "bind");
    put_text(arena, mount, "source", SOCKET);
    put_text(arena, mount, "target", SOCKET);
    set_behind(arena, map, behind, "volumes", with_item(arena, node_get(*map, "volumes"), mount));
}

/* Every definition has "command" and "entrypoint". */
static void add_credentials(struct arena *arena, struct node **map)
{
    struct node *config = new_map(arena), *variables = new_map(arena);
    const struct node *environment = node_get(*map, "environment");
    put_text(arena, config, "source", "#apisocket");
    put_text(arena, config, "target", FILES_CONFIG);
    set_behind(arena, map, "command", "configs",
               with_item(arena, node_get(*map, "configs"), config));
    if (node_is(environment, NODE_MAP))
        NODE_EACH_PAIR (environment, pair)
            node_set_len(arena, variables, pair->key, pair->key_len, pair->at, pair->value);
    if (!node_get(variables, "DOCKER_CONFIG"))
        put_text(arena, variables, "DOCKER_CONFIG", FILES_CONFIG_DIR);
    node_sort_keys(variables);
    set_behind(arena, map, "entrypoint", "environment", variables);
}

const char *api_socket_definition(struct arena *arena, const struct service *service,
                                  const char *definition)
{
    struct node *map = NULL;
    ERR_AUTO(err);
    STR_AUTO(text);

    if (!definition || !service->use_api_socket ||
        jread_parse(arena, 0, definition, strlen(definition), &map, &err) < 0)
        return definition;
    add_socket(arena, &map);
    add_credentials(arena, &map);
    jwrite_node_text(map, JWRITE_HTML, &text);
    return arena_dup_len(arena, text.buf, text.len);
}
