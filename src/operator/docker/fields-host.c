/*
 * fields-host.c - the fields about what a container may use and how it is kept: limits, devices,
 * capabilities, restart policy, logging, namespaces of others. Functions of the table in fields.c.
 */
#include "base/base.h"

#include <ctype.h>

#include "base/file.h"
#include "data/jread.h"
#include "operator/docker/fields.h"

/* --- limits: an attribute, or the same under deploy.resources --------------------------------- */

static const struct resources *limits_of(const struct service *service)
{
    return service->deploy ? service->deploy->limits : NULL;
}

/* Puts the value where the wanted spec has it, so that a change shows at the key that was
   written. */
static struct node *read_limit(struct readback *r, struct node *value, const char *part,
                               const char *name, bool is_own_key)
{
    struct node *group = node_get_path(r->spec, "deploy", "resources", part, NULL);
    const struct node *want = node_get(group, name);
    if (!want)
        return value;
    if (value)
        put_node(r->arena, group, name, fields_adopt(r->arena, want, value));
    else
        node_remove(group, name);
    return is_own_key ? value : NULL;
}

void encode_cpus(struct encode *e, const struct field *field)
{
    const struct resources *limits = limits_of(e->service);
    double cpus = limits && limits->cpus > 0 ? limits->cpus : e->service->cpus;
    if (cpus > 0)
        put_int(e->arena, e->host, field->name, (int64_t)((float)cpus * 1e9f));
}

struct node *readback_cpus(struct readback *r, const struct field *field)
{
    int64_t nano = get_int(r->host, field->name);
    struct node *value = NULL;
    if (nano)
        value =
            node_float(r->arena, (struct origin)ORIGIN_NONE, (double)((nano + 500) / 1000) / 1e6);
    const struct node *want = readback_wanted(r, field);
    struct node *deploy = node_get_path(r->spec, "deploy", "resources", "limits", "cpus", NULL);
    if (value && r->service && readback_is_same(r, field))
        value = node_copy(r->arena, want ? want : deploy ? deploy : value);
    return read_limit(r, value, "limits", "cpus", want != NULL);
}

void encode_cpu_percent(struct encode *e, const struct field *field)
{
    if (e->service->cpu_percent > 0)
        put_int(e->arena, e->host, field->name, (int64_t)(e->service->cpu_percent * 100));
}

struct node *readback_cpu_percent(struct readback *r, const struct field *field)
{
    int64_t value = get_int(r->host, field->name);
    return value ? node_float(r->arena, (struct origin)ORIGIN_NONE, (double)value / 100) : NULL;
}

void encode_mem_limit(struct encode *e, const struct field *field)
{
    const struct resources *limits = limits_of(e->service);
    int64_t bytes = limits && limits->memory ? limits->memory : e->service->mem_limit;
    if (bytes)
        put_int(e->arena, e->host, field->name, bytes);
}

struct node *readback_mem_limit(struct readback *r, const struct field *field)
{
    int64_t bytes = get_int(r->host, field->name);
    return read_limit(r, bytes ? new_int(r->arena, bytes) : NULL, "limits", "memory",
                      readback_wanted(r, field) != NULL);
}

void encode_mem_reservation(struct encode *e, const struct field *field)
{
    const struct resources *reserved = e->service->deploy ? e->service->deploy->reservations : NULL;
    int64_t bytes = reserved && reserved->memory ? reserved->memory : e->service->mem_reservation;
    if (bytes)
        put_int(e->arena, e->host, field->name, bytes);
}

struct node *readback_mem_reservation(struct readback *r, const struct field *field)
{
    int64_t bytes = get_int(r->host, field->name);
    return read_limit(r, bytes ? new_int(r->arena, bytes) : NULL, "reservations", "memory",
                      readback_wanted(r, field) != NULL);
}

void encode_memswap(struct encode *e, const struct field *field)
{
    if (e->service->memswap_limit)
        put_int(e->arena, e->host, field->name, e->service->memswap_limit);
}

/* The engine itself sets twice the memory limit, or -1 where the kernel does not count swap. */
struct node *readback_memswap(struct readback *r, const struct field *field)
{
    int64_t bytes = get_int(r->host, field->name);
    bool is_default = bytes == 2 * get_int(r->host, "Memory") || bytes == -1;
    if (!bytes || (is_default && !readback_wanted(r, field)))
        return NULL;
    return new_int(r->arena, bytes);
}

void encode_pids_limit(struct encode *e, const struct field *field)
{
    const struct resources *limits = limits_of(e->service);
    int64_t pids = limits && limits->pids.has ? limits->pids.value : e->service->pids_limit;
    if (pids)
        put_int(e->arena, e->host, field->name, pids);
}

struct node *readback_pids_limit(struct readback *r, const struct field *field)
{
    int64_t pids = get_int(r->host, field->name);
    bool is_set = pids && (pids != -1 || readback_wanted(r, field));
    return read_limit(r, is_set ? new_int(r->arena, pids) : NULL, "limits", "pids",
                      readback_wanted(r, field) != NULL);
}

/* --- restart policy --------------------------------------------------------------------------- */

static const struct {
    const char *condition, *name;
} restart_names[] = { { "none", "no" },
                      { "no", "no" },
                      { "any", "always" },
                      { "always", "always" },
                      { "on-failure", "on-failure" },
                      { "unless-stopped", "unless-stopped" } };

void encode_restart(struct encode *e, const struct field *field)
{
    const struct service *service = e->service;
    const char *name = NULL;
    int64_t retries = 0;
    if (text_is_set(service->restart)) {
        struct slice left = slice_from(service->restart), head;
        if (slice_split(&left, ':', &head) &&
            text_to_int(arena_dup_len(e->arena, left.at, left.len), &retries) < 0)
            retries = 0;
        name = arena_dup_len(e->arena, head.at, head.len);
    }
    if (service->deploy && service->deploy->restart_policy) {
        const struct restart_policy *policy = service->deploy->restart_policy;
        name = policy->condition ? policy->condition : "";
        for (size_t i = 0; i < ARRAY_LEN(restart_names); i++)
            if (text_is(name, restart_names[i].condition)) {
                name = restart_names[i].name;
                break;
            }
        retries = policy->max_attempts.has ? policy->max_attempts.value : 0;
    }
    if (!name)
        return;
    struct node *out = new_map(e->arena);
    put_text(e->arena, out, "Name", name);
    if (retries)
        put_int(e->arena, out, "MaximumRetryCount", retries);
    put_node(e->arena, e->host, field->name, out);
}

/* Into deploy.restart_policy, where the wanted one stands. */
static void read_policy(struct readback *r, struct node *policy, const char *name, int64_t retries)
{
    const char *want = get_text(policy, "condition");
    bool is_same = text_is(want, name) || (!want && !text_is_set(name));
    for (size_t i = 0; i < ARRAY_LEN(restart_names); i++)
        is_same = is_same || (text_is(want, restart_names[i].condition) &&
                              text_is(name, restart_names[i].name));
    if (!is_same)
        put_text(r->arena, policy, "condition", name ? name : "");
    const struct node *attempts = node_get(policy, "max_attempts");
    if (retries)
        put_node(r->arena, policy, "max_attempts",
                 fields_adopt(r->arena, attempts, new_int(r->arena, retries)));
    else if (!fields_is_empty(attempts))
        node_remove(policy, "max_attempts");
}

struct node *readback_restart(struct readback *r, const struct field *field)
{
    const struct node *policy = readback_engine(r, field), *want = readback_wanted(r, field);
    const char *name = get_text(policy, "Name");
    int64_t retries = get_int(policy, "MaximumRetryCount");
    bool is_no = !text_is_set(name) || text_is(name, "no");
    struct node *deploy = node_get_path(r->spec, "deploy", "restart_policy", NULL);
    if (deploy) {
        read_policy(r, deploy, name, retries);
        return want ? node_copy(r->arena, want) : NULL;
    }
    if (is_no && !text_is(node_as_text(want), "no"))
        return NULL;
    if (is_no)
        name = "no";
    return new_text(r->arena,
                    retries ? arena_printf(r->arena, "%s:%lld", name, (long long)retries) : name);
}

/* --- logging ---------------------------------------------------------------------------------- */

void encode_logging(struct encode *e, const struct field *field)
{
    const struct logging *logging = e->service->logging;
    if (!logging)
        return;
    struct node *out = new_map(e->arena);
    put_text(e->arena, out, "Type", logging->driver ? logging->driver : "");
    put_node(e->arena, out, "Config", new_pairs(e->arena, &logging->options));
    put_node(e->arena, e->host, field->name, out);
}

struct node *readback_logging(struct readback *r, const struct field *field)
{
    const struct node *value = readback_engine(r, field), *want = readback_wanted(r, field);
    const struct node *options = node_get(value, "Config");
    bool has_driver = node_get(want, "driver") != NULL;
    if (!want && fields_is_empty(options))
        return NULL; /* the engine's default driver */
    struct node *out = new_map(r->arena);
    if (has_driver || !want)
        put_text(r->arena, out, "driver", get_text(value, "Type"));
    if (!fields_is_empty(options))
        put_node(r->arena, out, "options", node_copy(r->arena, options));
    return out;
}

/* --- block devices ---------------------------------------------------------------------------- */

static const struct {
    const char *key, *name, *value_key, *value_name;
    size_t offset;
} blkio_lists[] = {
    { "weight_device", "BlkioWeightDevice", "weight", "Weight",
      offsetof(struct blkio, weight_device) },
    { "device_read_bps", "BlkioDeviceReadBps", "rate", "Rate",
      offsetof(struct blkio, device_read_bps) },
    { "device_read_iops", "BlkioDeviceReadIOps", "rate", "Rate",
      offsetof(struct blkio, device_read_iops) },
    { "device_write_bps", "BlkioDeviceWriteBps", "rate", "Rate",
      offsetof(struct blkio, device_write_bps) },
    { "device_write_iops", "BlkioDeviceWriteIOps", "rate", "Rate",
      offsetof(struct blkio, device_write_iops) },
};

void encode_blkio(struct encode *e, const struct field *field ATTR_UNUSED)
{
    const struct blkio *blkio = e->service->blkio;
    if (!blkio)
        return;
    if (blkio->weight)
        put_int(e->arena, e->host, "BlkioWeight", blkio->weight);
    for (size_t i = 0; i < ARRAY_LEN(blkio_lists); i++) {
        const blkio_device_list *list = (const void *)((const char *)blkio + blkio_lists[i].offset);
        struct node *out = new_list(e->arena);
        VEC_EACH (list, device) {
            struct node *item = new_map(e->arena);
            put_text(e->arena, item, "Path", device->path);
            put_int(e->arena, item, blkio_lists[i].value_name, device->value);
            node_add(e->arena, out, item);
        }
        if (list->n)
            put_node(e->arena, e->host, blkio_lists[i].name, out);
    }
}

struct node *readback_blkio(struct readback *r, const struct field *field)
{
    const struct node *want = readback_wanted(r, field);
    if (want && readback_is_same(r, field))
        return node_copy(r->arena, want);
    struct node *out = new_map(r->arena);
    int64_t weight = get_int(r->host, "BlkioWeight");
    if (weight)
        put_int(r->arena, out, "weight", weight);
    for (size_t i = 0; i < ARRAY_LEN(blkio_lists); i++) {
        const struct node *list = node_get(r->host, blkio_lists[i].name);
        if (!node_is(list, NODE_LIST) || !list->u.list.n)
            continue;
        struct node *items = new_list(r->arena);
        NODE_EACH_ITEM (list, device) {
            struct node *item = new_map(r->arena);
            put_text(r->arena, item, "path", get_text(*device, "Path"));
            put_int(r->arena, item, blkio_lists[i].value_key,
                    get_int(*device, blkio_lists[i].value_name));
            node_add(r->arena, items, item);
        }
        put_node(r->arena, out, blkio_lists[i].key, items);
    }
    return out->u.map.n ? out : NULL;
}

/* --- devices ---------------------------------------------------------------------------------- */

/* "vendor.tld/class=name": a device of the Container Device Interface. */
static bool is_cdi(const struct device *device)
{
    const char *source = device->source;
    const char *slash = source ? strchr(source, '/') : NULL;
    return slash && slash != source && strchr(slash, '=') && text_is(source, device->target);
}

void encode_devices(struct encode *e, const struct field *field)
{
    struct node *out = new_list(e->arena);
    VEC_EACH (&e->service->devices, device) {
        if (is_cdi(device))
            continue; /* among the requests: encode_gpus() */
        struct node *item = new_map(e->arena);
        put_text(e->arena, item, "PathOnHost", device->source);
        put_text(e->arena, item, "PathInContainer",
                 device->target ? device->target : device->source);
        put_text(e->arena, item, "CgroupPermissions",
                 text_is_set(device->permissions) ? device->permissions : "rwm");
        node_add(e->arena, out, item);
    }
    if (out->u.list.n)
        put_node(e->arena, e->host, field->name, out);
}

struct node *readback_devices(struct readback *r, const struct field *field)
{
    const struct node *list = readback_engine(r, field), *want = readback_wanted(r, field);
    if (want && readback_is_same(r, field))
        return node_copy(r->arena, want);
    if (!node_is(list, NODE_LIST) || !list->u.list.n)
        return NULL;
    struct node *out = new_list(r->arena);
    NODE_EACH_ITEM (list, device) {
        struct node *item = new_map(r->arena);
        put_text(r->arena, item, "source", get_text(*device, "PathOnHost"));
        put_text(r->arena, item, "target", get_text(*device, "PathInContainer"));
        put_text(r->arena, item, "permissions", get_text(*device, "CgroupPermissions"));
        node_add(r->arena, out, item);
    }
    return out;
}

static void add_request(struct encode *e, struct node *out, const struct device_request *request,
                        bool is_gpu)
{
    struct node *item = new_map(e->arena), *all = new_list(e->arena);
    struct node *capabilities = new_texts(e->arena, &request->capabilities);
    if (is_gpu && !text_list_has(&request->capabilities, "gpu"))
        node_add(e->arena, capabilities, new_text(e->arena, "gpu"));
    node_add(e->arena, all, capabilities);
    put_text(e->arena, item, "Driver", request->driver ? request->driver : "");
    if (request->count.has)
        put_int(e->arena, item, "Count", request->count.value);
    else if (!request->device_ids.n)
        put_int(e->arena, item, "Count", -1);
    if (request->device_ids.n)
        put_node(e->arena, item, "DeviceIDs", new_texts(e->arena, &request->device_ids));
    put_node(e->arena, item, "Capabilities", all);
    put_node(e->arena, item, "Options", new_pairs(e->arena, &request->options));
    node_add(e->arena, out, item);
}

static void add_cdi_request(struct encode *e, struct node *out)
{
    struct node *ids = new_list(e->arena);
    VEC_EACH (&e->service->devices, device)
        if (is_cdi(device))
            node_add(e->arena, ids, new_text(e->arena, device->source));
    if (!ids->u.list.n)
        return;
    struct node *item = new_map(e->arena);
    put_text(e->arena, item, "Driver", "cdi");
    put_node(e->arena, item, "DeviceIDs", ids);
    node_add(e->arena, out, item);
}

void encode_gpus(struct encode *e, const struct field *field)
{
    const struct deploy *deploy = e->service->deploy;
    struct node *out = new_list(e->arena);
    if (deploy && deploy->reservations)
        VEC_EACH (&deploy->reservations->devices, request)
            add_request(e, out, request, false);
    VEC_EACH (&e->service->gpus, request)
        add_request(e, out, request, true);
    add_cdi_request(e, out);
    if (out->u.list.n)
        put_node(e->arena, e->host, field->name, out);
}

struct node *readback_gpus(struct readback *r, const struct field *field)
{
    const struct node *list = readback_engine(r, field), *want = readback_wanted(r, field);
    if (readback_is_same(r, field))
        return want ? node_copy(r->arena, want) : NULL;
    if (!node_is(list, NODE_LIST) || !list->u.list.n)
        return NULL;
    struct node *group = node_get_path(r->spec, "deploy", "resources", "reservations", NULL);
    const struct node *reserved = node_get(group, "devices");
    size_t n_reserved = node_is(reserved, NODE_LIST) ? reserved->u.list.n : 0;
    struct node *first = new_list(r->arena), *out = new_list(r->arena);
    NODE_EACH_ITEM (list, request) {
        struct node *item = new_map(r->arena);
        const struct node *capabilities = node_get(*request, "Capabilities");
        const struct node *ids = node_get(*request, "DeviceIDs");
        if (text_is_set(get_text(*request, "Driver")))
            put_text(r->arena, item, "driver", get_text(*request, "Driver"));
        if (get_int(*request, "Count"))
            put_int(r->arena, item, "count", get_int(*request, "Count"));
        if (node_is(capabilities, NODE_LIST) && capabilities->u.list.n)
            put_node(r->arena, item, "capabilities",
                     node_copy(r->arena, capabilities->u.list.items[0]));
        if (!fields_is_empty(ids))
            put_node(r->arena, item, "device_ids", node_copy(r->arena, ids));
        if (!fields_is_empty(node_get(*request, "Options")))
            put_node(r->arena, item, "options", node_copy(r->arena, node_get(*request, "Options")));
        node_add(r->arena, first->u.list.n < n_reserved ? first : out, item);
    }
    if (n_reserved)
        put_node(r->arena, group, "devices", fields_adopt(r->arena, reserved, first));
    return out->u.list.n ? out : NULL;
}

/* --- ulimits ---------------------------------------------------------------------------------- */

void encode_ulimits(struct encode *e, const struct field *field)
{
    struct node *out = new_list(e->arena);
    VEC_EACH (&e->service->ulimits, limit) {
        struct node *item = new_map(e->arena);
        put_text(e->arena, item, "Name", limit->name);
        put_int(e->arena, item, "Soft", limit->soft);
        put_int(e->arena, item, "Hard", limit->hard);
        node_add(e->arena, out, item);
    }
    if (out->u.list.n)
        put_node(e->arena, e->host, field->name, out);
}

struct node *readback_ulimits(struct readback *r, const struct field *field)
{
    const struct node *list = readback_engine(r, field), *want = readback_wanted(r, field);
    if (!node_is(list, NODE_LIST) || !list->u.list.n)
        return NULL;
    struct node *out = new_map(r->arena);
    NODE_EACH_ITEM (list, limit) {
        const char *name = get_text(*limit, "Name");
        int64_t soft = get_int(*limit, "Soft"), hard = get_int(*limit, "Hard");
        if (!name)
            continue;
        struct node *value;
        if (soft == hard && !node_is(node_get(want, name), NODE_MAP)) {
            value = new_int(r->arena, soft);
        } else {
            value = new_map(r->arena);
            put_int(r->arena, value, "soft", soft);
            put_int(r->arena, value, "hard", hard);
        }
        put_node(r->arena, out, name, value);
    }
    return out;
}

/* --- capabilities ----------------------------------------------------------------------------- */

/* As docker compose sends them: "CAP_NET_ADMIN", "ALL". */
void encode_caps(struct encode *e, const struct field *field)
{
    const struct text_list *list = (const void *)((const char *)e->service + field->offset);
    struct node *out = new_list(e->arena);
    for (size_t i = 0; i < list->n; i++) {
        char *name = arena_dup(e->arena, list->items[i]);
        for (char *at = name; *at; at++)
            *at = (char)toupper((unsigned char)*at);
        bool is_full = text_is(name, "ALL") || text_starts(name, "CAP_");
        node_add(e->arena, out,
                 new_text(e->arena, is_full ? name : arena_printf(e->arena, "CAP_%s", name)));
    }
    if (list->n)
        put_node(e->arena, e->host, field->name, out);
}

/* Engines keep "CAP_NET_ADMIN" for "net_admin". */
static bool is_same_cap(const char *a, const char *b)
{
    a += strncasecmp(a, "CAP_", 4) == 0 ? 4 : 0;
    b += strncasecmp(b, "CAP_", 4) == 0 ? 4 : 0;
    return strcasecmp(a, b) == 0;
}

struct node *readback_caps(struct readback *r, const struct field *field)
{
    const struct node *list = readback_engine(r, field), *want = readback_wanted(r, field);
    if (!node_is(list, NODE_LIST) || !list->u.list.n)
        return NULL;
    struct node *out = new_list(r->arena);
    NODE_EACH_ITEM (list, item) {
        const char *name = node_as_text(*item);
        struct node *value = node_copy(r->arena, *item);
        if (name && node_is(want, NODE_LIST))
            NODE_EACH_ITEM (want, mine)
                if (node_as_text(*mine) && is_same_cap(name, node_as_text(*mine)))
                    value = *mine;
        node_add(r->arena, out, value);
    }
    return out;
}

/* --- security options ------------------------------------------------------------------------- */

/* The contents of a seccomp profile as compact JSON. */
static const char *read_profile(struct encode *e, const char *path)
{
    STR_AUTO(bytes);
    STR_AUTO(json);
    struct node *node;
    if (file_read(path, 1u << 20, &bytes, e->err) < 0)
        return NULL;
    if (jread_parse(e->arena, 0, bytes.buf, bytes.len, &node, e->err) < 0) {
        err_wrap(e->err, "seccomp profile \"%s\"", path);
        return NULL;
    }
    jwrite_node_text(node, 0, &json);
    return arena_dup_len(e->arena, json.buf, json.len);
}

/* As it was written, but for the file of a seccomp profile, whose contents the engine wants. */
static const char *security_option(struct encode *e, const char *option)
{
    size_t len = strcspn(option, "=:");
    bool is_seccomp = option[len] && len == 7 && strncmp(option, "seccomp", 7) == 0;
    const char *value = is_seccomp ? option + len + 1 : NULL;
    if (!value || text_is(value, "unconfined") || text_is(value, "builtin"))
        return option;
    value = read_profile(e, value);
    return value ? arena_printf(e->arena, "seccomp=%s", value) : option;
}

void encode_security(struct encode *e, const struct field *field)
{
    struct node *out = new_list(e->arena);
    const struct text_list *options = &e->service->security_opt;
    for (size_t i = 0; i < options->n && !err_is_set(e->err); i++) {
        const char *option = options->items[i];
        if (text_is(option, "systempaths=unconfined") ||
            text_is(option, "systempaths:unconfined")) {
            put_node(e->arena, e->host, "MaskedPaths", new_list(e->arena));
            put_node(e->arena, e->host, "ReadonlyPaths", new_list(e->arena));
            continue;
        }
        node_add(e->arena, out, new_text(e->arena, security_option(e, option)));
    }
    if (out->u.list.n)
        put_node(e->arena, e->host, field->name, out);
}

/* The engine itself adds this where the host's processes are in sight. */
static bool is_engines_option(const struct readback *r, const char *option)
{
    return text_is(option, "label=disable") &&
           (get_bool(r->host, "Privileged") || text_is(get_text(r->host, "PidMode"), "host") ||
            text_is(get_text(r->host, "IpcMode"), "host"));
}

struct node *readback_security(struct readback *r, const struct field *field)
{
    const struct node *list = readback_engine(r, field), *want = readback_wanted(r, field);
    const struct node *masked = node_get(r->host, "MaskedPaths");
    if (want && readback_is_same(r, field))
        return node_copy(r->arena, want);
    struct node *out = new_list(r->arena);
    if (node_is(list, NODE_LIST))
        NODE_EACH_ITEM (list, item)
            if (!is_engines_option(r, node_as_text(*item)))
                node_add(r->arena, out, node_copy(r->arena, *item));
    if (node_is(masked, NODE_LIST) && !masked->u.list.n && !get_bool(r->host, "Privileged"))
        node_add(r->arena, out, new_text(r->arena, "systempaths=unconfined"));
    return out->u.list.n ? out : NULL;
}

/* --- extra hosts ------------------------------------------------------------------------------ */

void encode_extra_hosts(struct encode *e, const struct field *field)
{
    struct node *out = new_list(e->arena);
    VEC_EACH (&e->service->extra_hosts, pair)
        node_add(e->arena, out,
                 new_text(e->arena, arena_printf(e->arena, "%s:%s", pair->key,
                                                 pair->value ? pair->value : "")));
    if (out->u.list.n)
        put_node(e->arena, e->host, field->name, out);
}

struct node *readback_extra_hosts(struct readback *r, const struct field *field)
{
    const struct node *list = readback_engine(r, field);
    if (!node_is(list, NODE_LIST) || !list->u.list.n)
        return NULL;
    struct node *out = new_list(r->arena);
    NODE_EACH_ITEM (list, item) {
        const char *text = node_as_text(*item) ? node_as_text(*item) : "";
        size_t len = strcspn(text, ":");
        node_add(r->arena, out,
                 new_text(r->arena, arena_printf(r->arena, "%.*s=%s", (int)len, text,
                                                 text[len] ? text + len + 1 : "")));
    }
    return out;
}

/* --- namespaces and volumes of other instances ------------------------------------------------ */

/* "service:NAME" as the engine knows it. */
static const char *resolve_mode(struct encode *e, const char *mode)
{
    if (!text_starts(mode, "service:") || !e->docker)
        return mode;
    const char *id = docker_find_instance(e->docker, mode + 8);
    if (!id)
        err_set(e->err, ERR_NOT_FOUND, "there is no container of service \"%s\" to share with",
                mode + 8);
    return id ? arena_printf(e->arena, "container:%s", id) : mode;
}

void encode_namespace(struct encode *e, const struct field *field)
{
    const char *mode =
        *(const char *const *)(const void *)((const char *)e->service + field->offset);
    if (text_is_set(mode))
        put_text(e->arena, e->host, field->name, resolve_mode(e, mode));
}

/* "container:ID" is shown as the service that has this instance. */
static const char *unresolve_mode(const struct readback *r, const char *mode)
{
    if (!text_starts(mode, "container:") || !r->docker)
        return mode;
    VEC_EACH (&r->docker->instances, instance)
        if (text_is(instance->id, mode + 10))
            return arena_printf(r->arena, "service:%s", instance->service);
    return mode;
}

struct node *readback_namespace(struct readback *r, const struct field *field)
{
    struct node *value = readback_text(r, field);
    const char *mode = node_as_text(value);
    return mode ? new_text(r->arena, unresolve_mode(r, mode)) : NULL;
}

void encode_volumes_from(struct encode *e, const struct field *field)
{
    struct node *out = new_list(e->arena);
    const struct text_list *list = &e->service->volumes_from;
    for (size_t i = 0; i < list->n && !err_is_set(e->err); i++) {
        const char *entry = list->items[i];
        bool is_container = text_starts(entry, "container:");
        const char *name = is_container ? entry + 10 : entry;
        size_t len = strcspn(name, ":");
        const char *plain = arena_dup_len(e->arena, name, len);
        const char *id =
            is_container || !e->docker ? plain : docker_find_instance(e->docker, plain);
        if (!id) {
            err_set(e->err, ERR_NOT_FOUND,
                    "there is no container of service \"%s\" to take volumes from", plain);
            return;
        }
        node_add(e->arena, out, new_text(e->arena, arena_printf(e->arena, "%s%s", id, name + len)));
    }
    if (out->u.list.n)
        put_node(e->arena, e->host, field->name, out);
}

struct node *readback_volumes_from(struct readback *r, const struct field *field)
{
    const struct node *list = readback_engine(r, field), *want = readback_wanted(r, field);
    if (want && readback_is_same(r, field))
        return node_copy(r->arena, want);
    return node_is(list, NODE_LIST) && list->u.list.n ? node_copy(r->arena, list) : NULL;
}
