/*
 * fields-net.c - the fields about networks: published ports, endpoints, network mode, links, MAC
 * address. Functions of the table in fields.c; the settings of one endpoint also serve
 * apply-network.c.
 */
#include "base/base.h"

#include "operator/docker/fields.h"

#define OPTION_INTERFACE "com.docker.network.endpoint.ifname"

static const struct origin nowhere = ORIGIN_NONE;

/* --- ports ------------------------------------------------------------------------------------ */

static const char *port_key(struct arena *arena, const struct port *port)
{
    return arena_printf(arena, "%lld/%s", (long long)port->target,
                        text_is_set(port->protocol) ? port->protocol : "tcp");
}

void encode_ports(struct encode *e, const struct field *field)
{
    struct node *out = new_map(e->arena);
    VEC_EACH (&e->service->ports, port) {
        const char *key = port_key(e->arena, port);
        struct node *list = node_get(out, key);
        if (!list) {
            list = new_list(e->arena);
            put_node(e->arena, out, key, list);
        }
        struct node *item = new_map(e->arena);
        put_text(e->arena, item, "HostIp", port->host_ip ? port->host_ip : "");
        put_text(e->arena, item, "HostPort", port->published ? port->published : "");
        node_add(e->arena, list, item);
    }
    if (out->u.map.n)
        put_node(e->arena, e->host, field->name, out);
}

static bool is_port(struct arena *arena, const struct port *port, const char *key,
                    const struct node *binding)
{
    const char *host_ip = get_text(binding, "HostIp"), *host_port = get_text(binding, "HostPort");
    const char *published = port->published ? port->published : "";
    bool is_any = !text_is_set(host_port) || text_is(host_port, "0");
    return text_is(port_key(arena, port), key) &&
           text_is(port->host_ip ? port->host_ip : "", host_ip ? host_ip : "") &&
           ((is_any && (!*published || text_is(published, "0"))) || text_is(published, host_port));
}

static struct node *port_node(struct readback *r, const char *key, const struct node *binding)
{
    struct node *out = new_map(r->arena);
    struct slice protocol = slice_from(key), target;
    slice_split(&protocol, '/', &target);
    int64_t number = 0;
    if (text_to_int(arena_dup_len(r->arena, target.at, target.len), &number) < 0)
        number = 0;
    put_text(r->arena, out, "mode", "ingress");
    if (text_is_set(get_text(binding, "HostIp")))
        put_text(r->arena, out, "host_ip", get_text(binding, "HostIp"));
    put_int(r->arena, out, "target", number);
    const char *published = get_text(binding, "HostPort");
    if (text_is_set(published) && !text_is(published, "0"))
        put_text(r->arena, out, "published", published);
    put_text(r->arena, out, "protocol", arena_dup_len(r->arena, protocol.at, protocol.len));
    return out;
}

/* The wanted ports that are there, in the wanted order; then what else there is. */
struct node *readback_ports(struct readback *r, const struct field *field)
{
    const struct node *bindings = readback_engine(r, field), *want = readback_wanted(r, field);
    if (!node_is(bindings, NODE_MAP))
        return NULL;
    size_t n = r->service && node_is(want, NODE_LIST) && want->u.list.n == r->service->ports.n
                   ? r->service->ports.n
                   : 0;
    bool *is_there = ARENA_NEW_N(r->arena, bool, n + 1);
    struct node *others = new_list(r->arena), *out = new_list(r->arena);
    NODE_EACH_PAIR (bindings, pair) {
        if (!node_is(pair->value, NODE_LIST))
            continue;
        NODE_EACH_ITEM (pair->value, binding) {
            size_t i = 0;
            while (i < n && (is_there[i] ||
                             !is_port(r->arena, &r->service->ports.items[i], pair->key, *binding)))
                i++;
            if (i < n)
                is_there[i] = true;
            else
                node_add(r->arena, others, port_node(r, pair->key, *binding));
        }
    }
    for (size_t i = 0; i < n; i++)
        if (is_there[i])
            node_add(r->arena, out, want->u.list.items[i]);
    NODE_EACH_ITEM (others, item)
        node_add(r->arena, out, *item);
    return out->u.list.n ? out : NULL;
}

/* --- links ------------------------------------------------------------------------------------ */

/* docker compose links each container of a service under three names. */
static void add_service_links(struct encode *e, struct node *out, const char *link)
{
    struct slice alias = slice_from(link), name;
    bool has_alias = slice_split(&alias, ':', &name);
    const char *service = arena_dup_len(e->arena, name.at, name.len);
    const struct service *target = project_find_service(e->project, service);
    if (!target)
        return;
    const char *first = has_alias ? arena_dup_len(e->arena, alias.at, alias.len) : service;
    for (int64_t i = 1; i <= service_replicas(target); i++) {
        const char *plain = arena_printf(e->arena, "%s-%lld", service, (long long)i);
        const char *full = arena_printf(e->arena, "%s-%s", e->project->name, plain);
        const char *container = target->container_name ? target->container_name : full;
        const char *const names[] = { first, plain, full };
        for (size_t k = 0; k < ARRAY_LEN(names); k++)
            node_add(e->arena, out,
                     new_text(e->arena, arena_printf(e->arena, "%s:%s", container, names[k])));
    }
}

static void add_external_links(struct encode *e, struct node *out)
{
    const struct text_list *list = &e->service->external_links;
    for (size_t i = 0; i < list->n; i++) {
        const char *link = list->items[i];
        node_add(e->arena, out,
                 new_text(e->arena,
                          strchr(link, ':') ? link : arena_printf(e->arena, "%s:%s", link, link)));
    }
}

static struct node *all_links(struct encode *e)
{
    struct node *out = new_list(e->arena);
    for (size_t i = 0; i < e->service->links.n; i++)
        add_service_links(e, out, e->service->links.items[i]);
    add_external_links(e, out);
    return out;
}

/* The engine's default bridge needs them here; elsewhere those of the endpoints count. */
void encode_external_links(struct encode *e, const struct field *field)
{
    struct node *out = all_links(e);
    if (out->u.list.n)
        put_node(e->arena, e->host, field->name, out);
}

/* Endpoints show links resolved; the digest tells of a change. */
struct node *readback_external_links(struct readback *r, const struct field *field)
{
    const struct node *want = readback_wanted(r, field);
    return want ? node_copy(r->arena, want) : NULL;
}

/* --- endpoints -------------------------------------------------------------------------------- */

static struct node *endpoint_addresses(struct encode *e, const struct endpoint *endpoint)
{
    struct node *out = new_map(e->arena);
    if (text_is_set(endpoint->ipv4_address))
        put_text(e->arena, out, "IPv4Address", endpoint->ipv4_address);
    if (text_is_set(endpoint->ipv6_address))
        put_text(e->arena, out, "IPv6Address", endpoint->ipv6_address);
    if (endpoint->link_local_ips.n)
        put_node(e->arena, out, "LinkLocalIPs", new_texts(e->arena, &endpoint->link_local_ips));
    return out;
}

static void add_alias(struct encode *e, struct node *list, const char *alias)
{
    if (!text_is_set(alias))
        return;
    NODE_EACH_ITEM (list, other)
        if (text_is(node_as_text(*other), alias))
            return;
    node_add(e->arena, list, new_text(e->arena, alias));
}

static const char *network_name(const struct project *project, const char *key)
{
    const struct network *network = project_find_network(project, key);
    return network ? network->name : key;
}

/* The network that the step was told to use, or NULL. */
static const char *network_id(const struct encode *e, const struct endpoint *endpoint)
{
    for (size_t i = 0; i < e->n_uses; i++) {
        const struct instance *use = e->uses[i];
        if (use->kind == &docker_network_kind && use->wanted && text_is_set(use->id) &&
            text_is(use->wanted->key, endpoint->network))
            return use->id;
    }
    return NULL;
}

const char *encode_network_ref(const struct encode *e, const struct endpoint *endpoint)
{
    const char *id = network_id(e, endpoint);
    return id ? id : network_name(e->project, endpoint->network);
}

/* Before 1.44 there may be two networks of one name: the id says which is meant. */
static void put_network_id(struct encode *e, const struct endpoint *endpoint, struct node *out)
{
    const char *id = e->api < 44 ? network_id(e, endpoint) : NULL;
    if (id && !(e->docker && engine_is_podman(e->docker->engine)))
        put_text(e->arena, out, "NetworkID", id);
}

struct node *encode_bare_endpoint(struct encode *e, const struct endpoint *endpoint)
{
    struct node *out = new_map(e->arena);
    put_network_id(e, endpoint, out);
    return out;
}

struct node *encode_endpoint(struct encode *e, const struct endpoint *endpoint)
{
    const struct service *service = e->service;
    struct node *out = new_map(e->arena), *aliases = new_list(e->arena);
    add_alias(e, aliases, e->container_name);
    add_alias(e, aliases, service->name);
    for (size_t i = 0; i < endpoint->aliases.n; i++)
        add_alias(e, aliases, endpoint->aliases.items[i]);
    put_node(e->arena, out, "Aliases", aliases);
    struct node *addresses = endpoint_addresses(e, endpoint);
    if (addresses->u.map.n)
        put_node(e->arena, out, "IPAMConfig", addresses);
    bool is_podman = e->docker && engine_is_podman(e->docker->engine);
    struct node *links = all_links(e);
    if (links->u.list.n && !is_podman)
        put_node(e->arena, out, "Links", links);
    const char *mac = endpoint->mac_address;
    if (!mac && endpoint == service->networks.items)
        mac = service->mac_address;
    if (text_is_set(mac) && e->api >= 44)
        put_text(e->arena, out, "MacAddress", mac);
    struct node *options = new_pairs(e->arena, &endpoint->driver_opts);
    if (text_is_set(endpoint->interface_name))
        put_text(e->arena, options, OPTION_INTERFACE, endpoint->interface_name);
    if (options->u.map.n)
        put_node(e->arena, out, "DriverOpts", options);
    if (endpoint->gw_priority)
        put_int(e->arena, out, "GwPriority", endpoint->gw_priority);
    put_network_id(e, endpoint, out);
    return out;
}

bool encode_endpoint_fits(const struct encode *e, size_t index)
{
    return index == 0 || e->api >= 44;
}

void encode_networks(struct encode *e, const struct field *field ATTR_UNUSED)
{
    if (text_is_set(e->service->network_mode))
        return;
    for (size_t i = 0; i < e->service->networks.n; i++) {
        const struct endpoint *endpoint = &e->service->networks.items[i];
        if (encode_endpoint_fits(e, i))
            put_node(e->arena, e->endpoints, network_name(e->project, endpoint->network),
                     encode_endpoint(e, endpoint));
    }
}

static bool is_own_alias(const struct readback *r, const char *alias)
{
    const char *id = get_text(r->inspect, "Id"), *name = get_text(r->inspect, "Name");
    const char *label = get_text(node_get(r->config, "Labels"), LABEL_SERVICE);
    const char *replaced = get_text(node_get(r->config, "Labels"), LABEL_REPLACE);
    if (name && *name == '/')
        name++;
    return text_is(alias, label) || text_is(alias, name) || text_is(alias, replaced) ||
           text_is(alias, get_text(r->config, "Hostname")) ||
           (id && strlen(alias) == 12 && text_starts(id, alias)) ||
           (name && strchr(name, '_') && text_is(alias, strchr(name, '_') + 1));
}

static void read_aliases(struct readback *r, const struct node *endpoint, const struct node *want,
                         struct node *out)
{
    const struct node *aliases = node_get(endpoint, "Aliases"), *mine = node_get(want, "aliases");
    struct node *list = new_list(r->arena);
    if (node_is(aliases, NODE_LIST))
        NODE_EACH_ITEM (aliases, item) {
            const char *alias = node_as_text(*item);
            bool is_wanted = false;
            if (node_is(mine, NODE_LIST))
                NODE_EACH_ITEM (mine, other)
                    is_wanted = is_wanted || text_is(node_as_text(*other), alias);
            if (alias && (is_wanted || !is_own_alias(r, alias)))
                node_add(r->arena, list, node_copy(r->arena, *item));
        }
    if (list->u.list.n)
        put_node(r->arena, out, "aliases", list);
}

static struct node *read_endpoint(struct readback *r, const struct node *endpoint,
                                  const struct node *want)
{
    static const char *const addresses[][2] = { { "ipv4_address", "IPv4Address" },
                                                { "ipv6_address", "IPv6Address" },
                                                { "link_local_ips", "LinkLocalIPs" } };
    struct node *out = new_map(r->arena);
    read_aliases(r, endpoint, want, out);
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        const struct node *value = node_get(node_get(endpoint, "IPAMConfig"), addresses[i][1]);
        if (!fields_is_empty(value))
            put_node(r->arena, out, addresses[i][0], node_copy(r->arena, value));
    }
    const struct node *options = node_get(endpoint, "DriverOpts");
    if (!fields_is_empty(options)) {
        struct node *copy = node_copy(r->arena, options);
        if (get_text(copy, OPTION_INTERFACE))
            put_text(r->arena, out, "interface_name", get_text(copy, OPTION_INTERFACE));
        node_remove(copy, OPTION_INTERFACE);
        if (copy->u.map.n)
            put_node(r->arena, out, "driver_opts", copy);
    }
    if (node_get(want, "mac_address")) {
        const char *mac = get_text(endpoint, "MacAddress");
        if (!text_is_set(mac))
            mac = get_text(r->config, "MacAddress"); /* before 1.44, or not started yet */
        if (text_is_set(mac))
            put_text(r->arena, out, "mac_address", mac);
    }
    if (get_int(endpoint, "GwPriority"))
        put_int(r->arena, out, "gw_priority", get_int(endpoint, "GwPriority"));
    if (node_get(want, "priority"))
        put_node(r->arena, out, "priority", node_get(want, "priority"));
    return out->u.map.n ? out : node_null(r->arena, nowhere);
}

static const char *network_key(const struct readback *r, const char *name)
{
    if (r->project)
        VEC_EACH (&r->project->networks, network)
            if (text_is((*network)->name, name))
                return (*network)->key;
    /* "p_front" of a project "p", whose network "front" is not in the description any more. */
    size_t len = r->project ? strlen(r->project->name) : 0;
    if (len && text_starts(name, r->project->name) && name[len] == '_' && name[len + 1])
        return name + len + 1;
    return name;
}

/* The modes whose one endpoint is not a network of the project. */
static bool is_special_mode(const char *mode)
{
    return !text_is_set(mode) || text_is(mode, "host") || text_is(mode, "none") ||
           text_is(mode, "bridge") || text_is(mode, "default") || text_starts(mode, "container:");
}

struct node *readback_networks(struct readback *r, const struct field *field)
{
    const struct node *want = readback_wanted(r, field);
    if (!node_is(r->networks, NODE_MAP) || is_special_mode(get_text(r->host, "NetworkMode")))
        return NULL;
    struct node *out = new_map(r->arena);
    NODE_EACH_PAIR (r->networks, pair) {
        const char *key = network_key(r, pair->key);
        put_node(r->arena, out, key, read_endpoint(r, pair->value, node_get(want, key)));
    }
    return out->u.map.n ? out : NULL;
}

/* --- mode and address ------------------------------------------------------------------------- */

void encode_network_mode(struct encode *e, const struct field *field)
{
    const struct service *service = e->service;
    if (text_is_set(service->network_mode)) {
        struct field plain = *field;
        plain.offset = offsetof(struct service, network_mode);
        encode_namespace(e, &plain);
        return;
    }
    const char *mode =
        service->networks.n ? network_name(e->project, service->networks.items[0].network) : "none";
    put_text(e->arena, e->host, field->name, mode);
}

struct node *readback_network_mode(struct readback *r, const struct field *field)
{
    const char *mode = get_text(r->host, field->name);
    const struct node *want = readback_wanted(r, field);
    bool is_plain = !text_is_set(mode) || text_is(mode, "default") || !is_special_mode(mode);
    if (!want && (is_plain || (text_is(mode, "none") && !node_get(r->wanted, "networks"))))
        return NULL;
    return readback_namespace(r, field);
}

void encode_mac_address(struct encode *e, const struct field *field)
{
    const struct service *service = e->service;
    const char *mac = service->mac_address;
    if (!mac && service->networks.n && !text_is_set(service->network_mode))
        mac = service->networks.items[0].mac_address;
    bool is_on_endpoint =
        e->api >= 44 && service->networks.n && !text_is_set(service->network_mode);
    if (text_is_set(mac) && !is_on_endpoint && e->api < 52)
        put_text(e->arena, e->config, field->name, mac);
}

struct node *readback_mac_address(struct readback *r, const struct field *field)
{
    const struct node *want = readback_wanted(r, field);
    const char *mac = get_text(r->config, field->name);
    if (!want)
        return NULL;
    if (!text_is_set(mac) && node_is(r->networks, NODE_MAP))
        NODE_EACH_PAIR (r->networks, pair)
            if (text_is(get_text(pair->value, "MacAddress"), node_as_text(want)))
                return node_copy(r->arena, want);
    return text_is_set(mac) ? new_text(r->arena, mac) : NULL;
}
