/*
 * fields-object.c - networks and volumes: the bodies of their create calls, and what an existing
 * one was made with in the model's vocabulary. Called by apply-network.c, apply-volume.c and
 * observe.c.
 */
#include "base/base.h"

#include "operator/docker/fields.h"

/* --- networks --------------------------------------------------------------------------------- */

static struct node *encode_pools(struct arena *arena, const struct network *network)
{
    struct node *list = new_list(arena);
    VEC_EACH (&network->ipam_config, pool) {
        struct node *item = new_map(arena);
        put_text(arena, item, "Subnet", pool->subnet);
        put_text(arena, item, "IPRange", pool->ip_range);
        put_text(arena, item, "Gateway", pool->gateway);
        if (pool->aux_addresses.n)
            put_node(arena, item, "AuxiliaryAddresses", new_pairs(arena, &pool->aux_addresses));
        node_add(arena, list, item);
    }
    return list;
}

static struct node *encode_labels_of(struct arena *arena, const struct pair_list *labels,
                                     const char *own_label, const char *key,
                                     const struct project *project, const char *hash)
{
    struct node *out = new_pairs(arena, labels);
    put_text(arena, out, own_label, key);
    put_text(arena, out, LABEL_PROJECT, project->name);
    put_text(arena, out, LABEL_VERSION, DOCKER_COMPOSE_VERSION);
    put_text(arena, out, LABEL_HASH, hash);
    return out;
}

struct node *encode_network(struct arena *arena, const struct project *project,
                            const struct network *network, const char *hash)
{
    struct node *out = new_map(arena);
    put_text(arena, out, "Name", network->name);
    put_bool(arena, out, "CheckDuplicate", true);
    if (text_is_set(network->driver))
        put_text(arena, out, "Driver", network->driver);
    if (network->driver_opts.n)
        put_node(arena, out, "Options", new_pairs(arena, &network->driver_opts));
    if (network->internal)
        put_bool(arena, out, "Internal", true);
    if (network->attachable)
        put_bool(arena, out, "Attachable", true);
    if (network->enable_ipv4.has)
        put_bool(arena, out, "EnableIPv4", network->enable_ipv4.value);
    if (network->enable_ipv6.has)
        put_bool(arena, out, "EnableIPv6", network->enable_ipv6.value);
    if (network->ipam_config.n || network->ipam_options.n || text_is_set(network->ipam_driver)) {
        struct node *ipam = new_map(arena);
        if (text_is_set(network->ipam_driver))
            put_text(arena, ipam, "Driver", network->ipam_driver);
        put_node(arena, ipam, "Config", encode_pools(arena, network));
        if (network->ipam_options.n)
            put_node(arena, ipam, "Options", new_pairs(arena, &network->ipam_options));
        put_node(arena, out, "IPAM", ipam);
    }
    put_node(arena, out, "Labels",
             encode_labels_of(arena, &network->labels, LABEL_NETWORK, network->key, project, hash));
    return out;
}

/* --- volumes ---------------------------------------------------------------------------------- */

struct node *encode_volume(struct arena *arena, const struct project *project,
                           const struct volume *volume, const char *hash)
{
    struct node *out = new_map(arena);
    put_text(arena, out, "Name", volume->name);
    if (text_is_set(volume->driver))
        put_text(arena, out, "Driver", volume->driver);
    if (volume->driver_opts.n)
        put_node(arena, out, "DriverOpts", new_pairs(arena, &volume->driver_opts));
    put_node(arena, out, "Labels",
             encode_labels_of(arena, &volume->labels, LABEL_VOLUME, volume->key, project, hash));
    return out;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Starts from what is wanted: what the engine does not show stays as it is wanted. */
static struct node *start_spec(struct arena *arena, const struct node *want)
{
    struct node *out = new_map(arena);
    if (node_is(want, NODE_MAP))
        NODE_EACH_PAIR (want, pair)
            node_set_len(arena, out, pair->key, pair->key_len, pair->at, pair->value);
    return out;
}

static void set_read(struct arena *arena, struct node *spec, const struct node *want,
                     const char *key, struct node *old)
{
    if (old)
        put_node(arena, spec, key, fields_adopt(arena, node_get(want, key), old));
    else if (!fields_is_empty(node_get(want, key)))
        node_remove(spec, key);
}

static struct node *read_labels(struct arena *arena, const struct node *inspect)
{
    const struct node *labels = node_get(inspect, "Labels");
    struct node *out = new_map(arena);
    if (node_is(labels, NODE_MAP))
        NODE_EACH_PAIR (labels, pair)
            if (!text_starts(pair->key, LABEL_PREFIX))
                put_node(arena, out, pair->key, node_copy(arena, pair->value));
    return out->u.map.n ? out : NULL;
}

/* Options, without what the engine adds by itself. */
static struct node *read_options(struct arena *arena, const struct node *options,
                                 const struct node *want)
{
    struct node *out = new_map(arena);
    if (node_is(options, NODE_MAP))
        NODE_EACH_PAIR (options, pair)
            if (node_get(want, pair->key) ||
                !text_starts(pair->key, "com.docker.network.enable_ipv"))
                put_node(arena, out, pair->key, node_copy(arena, pair->value));
    return out->u.map.n ? out : NULL;
}

static struct node *find_pool(const struct node *pools, const char *subnet)
{
    if (node_is(pools, NODE_LIST))
        NODE_EACH_ITEM (pools, pool)
            if (text_is(get_text(*pool, "subnet"), subnet))
                return *pool;
    return NULL;
}

static struct node *read_pools(struct arena *arena, const struct node *inspect,
                               const struct node *want)
{
    static const char *const names[][2] = { { "ip_range", "IPRange" },
                                            { "gateway", "Gateway" },
                                            { "aux_addresses", "AuxiliaryAddresses" } };
    const struct node *pools = node_get_path(inspect, "IPAM", "Config", NULL);
    struct node *out = new_list(arena);
    if (!node_is(pools, NODE_LIST))
        return NULL;
    NODE_EACH_ITEM (pools, pool) {
        struct node *item = new_map(arena);
        const char *subnet = get_text(*pool, "Subnet");
        const struct node *mine = find_pool(want, subnet);
        put_text(arena, item, "subnet", subnet);
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            const struct node *value = node_get(*pool, names[i][1]);
            /* The engine fills in a gateway where none was asked for. */
            if (!fields_is_empty(value) && (!mine || node_get(mine, names[i][0])))
                put_node(arena, item, names[i][0], node_copy(arena, value));
        }
        node_add(arena, out, item);
    }
    return out->u.list.n ? out : NULL;
}

static struct node *read_ipam(struct arena *arena, const struct node *inspect,
                              const struct node *want)
{
    if (fields_is_empty(want))
        return (struct node *)(uintptr_t)want; /* pools that the engine chose */
    struct node *out = start_spec(arena, want);
    const char *driver = get_text(node_get(inspect, "IPAM"), "Driver");
    if (node_get(want, "driver") && driver)
        put_text(arena, out, "driver", driver);
    const struct node *options = node_get(node_get(inspect, "IPAM"), "Options");
    if (node_get(want, "options"))
        set_read(arena, out, want, "options", options ? node_copy(arena, options) : NULL);
    if (node_get(want, "config"))
        set_read(arena, out, want, "config", read_pools(arena, inspect, node_get(want, "config")));
    return out;
}

static struct node *read_flag(struct arena *arena, const struct node *inspect, const char *name,
                              const struct node *want, bool is_default)
{
    const struct node *value = node_get(inspect, name);
    if (!node_is(value, NODE_BOOL) || (!want && value->u.truth == is_default))
        return (struct node *)(uintptr_t)want;
    return node_bool(arena, (struct origin)ORIGIN_NONE, value->u.truth);
}

struct node *fields_read_network(struct arena *arena, const struct wanted *wanted,
                                 const struct node *inspect)
{
    const struct node *want = wanted ? wanted->spec : NULL;
    struct node *spec = start_spec(arena, want);
    const char *driver = get_text(inspect, "Driver");
    set_read(arena, spec, want, "name", new_text(arena, get_text(inspect, "Name")));
    if (driver && (node_get(want, "driver") || !text_is(driver, "bridge")))
        set_read(arena, spec, want, "driver", new_text(arena, driver));
    set_read(arena, spec, want, "driver_opts",
             read_options(arena, node_get(inspect, "Options"), node_get(want, "driver_opts")));
    set_read(arena, spec, want, "ipam", read_ipam(arena, inspect, node_get(want, "ipam")));
    set_read(arena, spec, want, "internal",
             read_flag(arena, inspect, "Internal", node_get(want, "internal"), false));
    set_read(arena, spec, want, "attachable",
             read_flag(arena, inspect, "Attachable", node_get(want, "attachable"), false));
    set_read(arena, spec, want, "enable_ipv4",
             read_flag(arena, inspect, "EnableIPv4", node_get(want, "enable_ipv4"), true));
    set_read(arena, spec, want, "enable_ipv6",
             read_flag(arena, inspect, "EnableIPv6", node_get(want, "enable_ipv6"), false));
    set_read(arena, spec, want, "labels", read_labels(arena, inspect));
    return spec;
}

struct node *fields_read_volume(struct arena *arena, const struct wanted *wanted,
                                const struct node *inspect)
{
    const struct node *want = wanted ? wanted->spec : NULL;
    struct node *spec = start_spec(arena, want);
    const char *driver = get_text(inspect, "Driver");
    set_read(arena, spec, want, "name", new_text(arena, get_text(inspect, "Name")));
    if (driver && (node_get(want, "driver") || !text_is(driver, "local")))
        set_read(arena, spec, want, "driver", new_text(arena, driver));
    set_read(arena, spec, want, "driver_opts",
             read_options(arena, node_get(inspect, "Options"), node_get(want, "driver_opts")));
    set_read(arena, spec, want, "labels", read_labels(arena, inspect));
    return spec;
}
