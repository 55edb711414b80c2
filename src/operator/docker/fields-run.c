/*
 * fields-run.c - the fields that say what runs in a container: image, environment, labels,
 * healthcheck, exposed ports, grace period. Functions of the table in fields.c.
 */
#include "base/base.h"

#include "base/clock.h"
#include "operator/docker/fields.h"
#include "operator/docker/files.h"

static const struct origin nowhere = ORIGIN_NONE;

/* --- image ------------------------------------------------------------------------------------ */

void encode_image(struct encode *e, const struct field *field)
{
    put_text(e->arena, e->config, field->name, service_image(e->project, e->service));
}

struct node *readback_image(struct readback *r, const struct field *field)
{
    const char *text = node_as_text(readback_engine(r, field));
    if (!text_is_set(text))
        return NULL;
    if (r->service && !readback_wanted(r, field) &&
        text_is(text, service_image(r->project, r->service)))
        return NULL;
    return new_text(r->arena, text);
}

/* --- name ---------------------------------------------------------------------------------------
 */

/* It is in the query of the create call. */
void encode_container_name(struct encode *e ATTR_UNUSED, const struct field *field ATTR_UNUSED)
{
}

struct node *readback_container_name(struct readback *r, const struct field *field)
{
    const struct node *labels = node_get(r->config, "Labels"), *want = readback_wanted(r, field);
    const char *project = get_text(labels, LABEL_PROJECT), *name = get_text(r->inspect, "Name");
    const char *service = get_text(labels, LABEL_SERVICE), *number = get_text(labels, LABEL_NUMBER);
    if (!name || !project || !service || !number)
        return want ? node_copy(r->arena, want) : NULL;
    if (*name == '/')
        name++;
    if (strspn(name, "0123456789abcdef") == 12 && name[12] == '_')
        name += 13; /* the one for the time of a replacement */
    for (const char *separator = "-_"; *separator; separator++) {
        char c = *separator;
        if (text_is(name, arena_printf(r->arena, "%s%c%s%c%s", project, c, service, c, number)))
            return NULL;
    }
    return new_text(r->arena, name);
}

/* --- environment ------------------------------------------------------------------------------ */

/* The proxies of the user's docker configuration, as variables; the service's own win. */
static const struct {
    const char *key, *upper, *lower;
} proxy_names[] = {
    { "httpProxy", "HTTP_PROXY", "http_proxy" }, { "httpsProxy", "HTTPS_PROXY", "https_proxy" },
    { "noProxy", "NO_PROXY", "no_proxy" },       { "ftpProxy", "FTP_PROXY", "ftp_proxy" },
    { "allProxy", "ALL_PROXY", "all_proxy" },
};

static const struct node *find_proxies(const struct docker *docker)
{
    const struct node *all = node_get(docker_cli_config(docker), "proxies");
    if (!all)
        return NULL;
    const struct node *own = node_get(all, engine_host(docker->engine));
    return own ? own : node_get(all, "default");
}

void fields_put_proxies(struct arena *arena, const struct docker *docker, struct node *map)
{
    const struct node *proxies = find_proxies(docker);
    for (size_t i = 0; proxies && i < ARRAY_LEN(proxy_names); i++) {
        const char *value = get_text(proxies, proxy_names[i].key);
        if (!text_is_set(value))
            continue;
        put_text(arena, map, proxy_names[i].upper, value);
        put_text(arena, map, proxy_names[i].lower, value);
    }
}

static void add_proxies(struct encode *e, struct node *list)
{
    const struct node *proxies = find_proxies(e->docker);
    for (size_t i = 0; proxies && i < ARRAY_LEN(proxy_names); i++) {
        const char *value = get_text(proxies, proxy_names[i].key);
        const char *const names[] = { proxy_names[i].upper, proxy_names[i].lower };
        for (size_t k = 0; text_is_set(value) && k < ARRAY_LEN(names); k++)
            if (!pair_list_find(&e->service->environment, names[k]))
                node_add(e->arena, list,
                         new_text(e->arena, arena_printf(e->arena, "%s=%s", names[k], value)));
    }
}

void encode_environment(struct encode *e, const struct field *field)
{
    struct node *list = new_list(e->arena);
    const struct node *given = given_variables(e->arena, e->docker, e->service);
    add_proxies(e, list);
    VEC_EACH (&e->service->environment, pair) {
        if (node_get(given, pair->key))
            continue; /* what a provider gives wins, as with docker compose */
        const char *text =
            pair->value ? arena_printf(e->arena, "%s=%s", pair->key, pair->value) : pair->key;
        node_add(e->arena, list, new_text(e->arena, text));
    }
    NODE_EACH_PAIR (given, pair)
        node_add(e->arena, list,
                 new_text(e->arena,
                          arena_printf(e->arena, "%s=%s", pair->key, node_as_text(pair->value))));
    /* The service's own value wins. */
    if (e->service->use_api_socket && !pair_list_find(&e->service->environment, "DOCKER_CONFIG"))
        node_add(e->arena, list, new_text(e->arena, FILES_CONFIG_VARIABLE));
    if (list->u.list.n)
        put_node(e->arena, e->config, field->name, list);
}

static bool list_has(const struct node *list, const struct node *item)
{
    if (!node_is(list, NODE_LIST))
        return false;
    NODE_EACH_ITEM (list, other)
        if (node_equal(*other, item))
            return true;
    return false;
}

static bool is_proxy(const struct readback *r, const char *key)
{
    const struct node *proxies = find_proxies(r->docker);
    for (size_t i = 0; proxies && i < ARRAY_LEN(proxy_names); i++)
        if (text_is(key, proxy_names[i].upper) || text_is(key, proxy_names[i].lower))
            return text_is_set(get_text(proxies, proxy_names[i].key));
    return false;
}

struct node *readback_environment(struct readback *r, const struct field *field)
{
    const struct node *list = readback_engine(r, field), *want = readback_wanted(r, field);
    const struct node *image = node_get(r->image, field->name);
    if (!node_is(list, NODE_LIST))
        return NULL;
    const struct node *given =
        given_read(r->arena, get_text(node_get(r->config, "Labels"), LABEL_GIVEN));
    struct node *out = new_map(r->arena);
    NODE_EACH_ITEM (list, item) {
        struct slice text = slice_from(node_as_text(*item) ? node_as_text(*item) : ""), key;
        bool has_value = slice_split(&text, '=', &key);
        struct node_pair *mine =
            node_is(want, NODE_MAP) ? node_get_pair(want, key.at, key.len) : NULL;
        const char *name = arena_dup_len(r->arena, key.at, key.len);
        bool is_ours = text_is(node_as_text(*item), FILES_CONFIG_VARIABLE);
        if (given_has(given, r->project, r->service, name)) {
            if (mine)
                put_node(r->arena, out, name, mine->value);
            continue;
        }
        if (!mine && (is_ours || list_has(image, *item) || is_proxy(r, name)))
            continue;
        struct node *value = has_value ? node_text_len(r->arena, nowhere, text.at, text.len)
                                       : node_null(r->arena, nowhere);
        if (mine && mine->value)
            value->flags |= mine->value->flags & NODE_SENSITIVE;
        put_node(r->arena, out, name, value);
    }
    /* A variable without a value is handed over by not being there. */
    if (node_is(want, NODE_MAP))
        NODE_EACH_PAIR (want, pair)
            if (node_is(pair->value, NODE_NULL) && !node_get(out, pair->key))
                put_node(r->arena, out, pair->key, pair->value);
    return out->u.map.n || want ? out : NULL;
}

/* --- labels ----------------------------------------------------------------------------------- */

void encode_user_labels(struct encode *e, const struct field *field)
{
    put_node(e->arena, e->config, field->name, new_pairs(e->arena, &e->service->labels));
}

struct node *readback_user_labels(struct readback *r, const struct field *field)
{
    const struct node *labels = readback_engine(r, field), *want = readback_wanted(r, field);
    const struct node *image = node_get(r->image, field->name);
    if (!node_is(labels, NODE_MAP))
        return NULL;
    struct node *out = new_map(r->arena);
    NODE_EACH_PAIR (labels, pair) {
        bool is_images =
            node_get(image, pair->key) && node_equal(node_get(image, pair->key), pair->value);
        if (text_starts(pair->key, LABEL_PREFIX) || text_is(pair->key, LABEL_GIVEN) ||
            text_starts(pair->key, "desktop.docker.io/") ||
            (is_images && !node_get(want, pair->key)))
            continue;
        put_node(r->arena, out, pair->key, node_copy(r->arena, pair->value));
    }
    return out->u.map.n || want ? out : NULL;
}

/* --- healthcheck ------------------------------------------------------------------------------ */

static const struct {
    const char *key, *name;
    size_t offset;
    bool is_duration;
} health_numbers[] = {
    { "interval", "Interval", offsetof(struct healthcheck, interval), true },
    { "timeout", "Timeout", offsetof(struct healthcheck, timeout), true },
    { "start_period", "StartPeriod", offsetof(struct healthcheck, start_period), true },
    { "start_interval", "StartInterval", offsetof(struct healthcheck, start_interval), true },
    { "retries", "Retries", offsetof(struct healthcheck, retries), false },
};

void encode_healthcheck(struct encode *e, const struct field *field)
{
    const struct healthcheck *check = e->service->healthcheck;
    if (!check)
        return;
    struct node *out = new_map(e->arena);
    if (check->disable) {
        struct node *test = new_list(e->arena);
        node_add(e->arena, test, new_text(e->arena, "NONE"));
        put_node(e->arena, out, "Test", test);
    } else if (check->test.is_set) {
        put_node(e->arena, out, "Test", new_texts(e->arena, &check->test.list));
    }
    for (size_t i = 0; i < ARRAY_LEN(health_numbers); i++) {
        const struct opt_int *value =
            (const void *)((const char *)check + health_numbers[i].offset);
        bool is_known = e->api >= 44 || !text_is(health_numbers[i].key, "start_interval");
        if (value->has && is_known)
            put_int(e->arena, out, health_numbers[i].name, value->value);
    }
    put_node(e->arena, e->config, field->name, out);
}

static struct node *read_health_number(struct readback *r, const struct node *check, size_t i,
                                       const struct node *want)
{
    const struct node *value = node_get(check, health_numbers[i].name);
    const struct node *image = node_get(node_get(r->image, "Healthcheck"), health_numbers[i].name);
    const struct node *mine = node_get(want, health_numbers[i].key);
    bool is_hidden = !mine && (fields_is_empty(value) || fields_same(value, image));
    if (is_hidden || !node_is(value, NODE_INT))
        return NULL;
    if (!health_numbers[i].is_duration)
        return new_int(r->arena, value->u.integer);
    STR_AUTO(text);
    duration_print(value->u.integer, &text);
    return new_text(r->arena, text.buf);
}

struct node *readback_healthcheck(struct readback *r, const struct field *field)
{
    const struct node *check = readback_engine(r, field), *want = readback_wanted(r, field);
    const struct node *image = node_get(r->image, field->name);
    if (fields_is_empty(check) || (!want && fields_same(check, image)))
        return NULL;
    struct node *out = new_map(r->arena);
    const struct node *test = node_get(check, "Test");
    bool is_none = node_is(test, NODE_LIST) && test->u.list.n == 1 &&
                   text_is(node_as_text(test->u.list.items[0]), "NONE");
    if (is_none && !node_get(want, "test"))
        put_bool(r->arena, out, "disable", true);
    else if (!fields_is_empty(test) &&
             (node_get(want, "test") || !fields_same(test, node_get(image, "Test"))))
        put_node(r->arena, out, "test", node_copy(r->arena, test));
    for (size_t i = 0; i < ARRAY_LEN(health_numbers); i++) {
        struct node *number = read_health_number(r, check, i, want);
        if (number)
            put_node(r->arena, out, health_numbers[i].key, number);
    }
    return out;
}

/* --- exposed ports ---------------------------------------------------------------------------- */

/* "80", "80/udp", "3000-3005/tcp": each port as "80/tcp" into the map. */
static void add_exposed(struct arena *arena, struct node *map, const char *text)
{
    struct slice left = slice_from(text), ports, first;
    if (!slice_split(&left, '/', &ports))
        left = SLICE("tcp");
    struct slice rest = ports;
    bool is_range = slice_split(&rest, '-', &first);
    int64_t from, to;
    if (text_to_int(arena_dup_len(arena, first.at, first.len), &from) < 0)
        return;
    if (!is_range || text_to_int(arena_dup_len(arena, rest.at, rest.len), &to) < 0)
        to = from;
    for (int64_t port = from; port <= to && port - from < 65536; port++)
        put_node(arena, map,
                 arena_printf(arena, "%lld/%.*s", (long long)port, (int)left.len, left.at),
                 new_map(arena));
}

static struct node *exposed_of(struct arena *arena, const struct service *service)
{
    struct node *map = new_map(arena);
    for (size_t i = 0; i < service->expose.n; i++)
        add_exposed(arena, map, service->expose.items[i]);
    return map;
}

void encode_expose(struct encode *e, const struct field *field)
{
    struct node *map = exposed_of(e->arena, e->service);
    VEC_EACH (&e->service->ports, port)
        add_exposed(e->arena, map,
                    arena_printf(e->arena, "%lld/%s", (long long)port->target,
                                 text_is_set(port->protocol) ? port->protocol : "tcp"));
    if (map->u.map.n)
        put_node(e->arena, e->config, field->name, map);
}

struct node *readback_expose(struct readback *r, const struct field *field)
{
    const struct node *all = readback_engine(r, field), *want = readback_wanted(r, field);
    const struct node *image = node_get(r->image, field->name);
    const struct node *bindings = node_get(r->host, "PortBindings");
    struct node *mine = r->service ? exposed_of(r->arena, r->service) : new_map(r->arena);
    struct node *out = new_list(r->arena);
    bool is_same = true;
    if (!node_is(all, NODE_MAP))
        return NULL;
    NODE_EACH_PAIR (all, pair) {
        bool is_mine = node_get(mine, pair->key);
        if (!is_mine && (node_get(image, pair->key) || node_get(bindings, pair->key)))
            continue;
        is_same = is_same && is_mine;
        size_t len = text_ends(pair->key, "/tcp") ? pair->key_len - 4 : pair->key_len;
        node_add(r->arena, out, node_text_len(r->arena, nowhere, pair->key, len));
    }
    NODE_EACH_PAIR (mine, pair)
        is_same = is_same && node_get(all, pair->key);
    if (is_same && want)
        return node_copy(r->arena, want);
    return out->u.list.n ? out : NULL;
}

/* --- grace period ----------------------------------------------------------------------------- */

void encode_grace(struct encode *e, const struct field *field)
{
    if (e->service->stop_grace_period.has)
        put_int(e->arena, e->config, field->name, e->service->stop_grace_period.value / 1000000000);
}

struct node *readback_grace(struct readback *r, const struct field *field)
{
    const struct node *value = readback_engine(r, field), *want = readback_wanted(r, field);
    if (!node_is(value, NODE_INT))
        return NULL;
    int64_t mine;
    if (node_as_text(want) && duration_parse(node_as_text(want), &mine) == 0 &&
        mine / 1000000000 == value->u.integer)
        return node_copy(r->arena, want);
    STR_AUTO(text);
    duration_print(value->u.integer * 1000000000, &text);
    return new_text(r->arena, text.buf);
}
