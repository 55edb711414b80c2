/*
 * fields.c - the table of a container's attributes and the two walks over it: all fields into a
 * create body, all fields out of an inspect answer. What single fields mean is in fields-*.c; no
 * calls are made here. Called by apply-container.c and observe.c.
 */
#include "base/base.h"

#include "operator/docker/fields.h"

#define ROW(key, place, name, type, member)                       \
    {                                                             \
        key, PLACE_##place, name, encode_##type, readback_##type, \
            offsetof(struct service, member), NULL                \
    }
#define ROW_UNSET(key, place, name, type, member, unset)          \
    {                                                             \
        key, PLACE_##place, name, encode_##type, readback_##type, \
            offsetof(struct service, member), unset               \
    }
#define OWN(key, place, name, fn)                                     \
    {                                                                 \
        key, PLACE_##place, name, encode_##fn, readback_##fn, 0, NULL \
    }
#define OWN_UNSET(key, place, name, fn, member, unset)                                          \
    {                                                                                           \
        key, PLACE_##place, name, encode_##fn, readback_##fn, offsetof(struct service, member), \
            unset                                                                               \
    }

/* An optional integer and an optional boolean are read like plain ones. */
#define readback_opt_int readback_int
#define readback_opt_bool readback_bool

const struct field fields_table[] = {
    OWN("image", CONFIG, "Image", image),
    OWN("container_name", NONE, NULL, container_name),
    ROW("command", CONFIG, "Cmd", words, command),
    ROW("entrypoint", CONFIG, "Entrypoint", words, entrypoint),
    ROW("user", CONFIG, "User", text, user),
    ROW("working_dir", CONFIG, "WorkingDir", text, working_dir),
    ROW("hostname", CONFIG, "Hostname", text, hostname),
    ROW("domainname", CONFIG, "Domainname", text, domainname),
    ROW("tty", CONFIG, "Tty", bool, tty),
    ROW("stdin_open", CONFIG, "OpenStdin", bool, stdin_open),
    ROW_UNSET("stop_signal", CONFIG, "StopSignal", text, stop_signal, "SIGTERM"),
    OWN("stop_grace_period", CONFIG, "StopTimeout", grace),
    OWN("environment", CONFIG, "Env", environment),
    OWN("labels", CONFIG, "Labels", user_labels),
    OWN("healthcheck", CONFIG, "Healthcheck", healthcheck),
    OWN("ports", HOST, "PortBindings", ports),
    OWN("expose", CONFIG, "ExposedPorts", expose),

    ROW("annotations", HOST, "Annotations", pairs, annotations),
    OWN("blkio_config", HOST, NULL, blkio),
    OWN_UNSET("cap_add", HOST, "CapAdd", caps, cap_add, NULL),
    OWN_UNSET("cap_drop", HOST, "CapDrop", caps, cap_drop, NULL),
    ROW_UNSET("cgroup", HOST, "CgroupnsMode", text, cgroup, "host,private"),
    ROW("cgroup_parent", HOST, "CgroupParent", text, cgroup_parent),
    ROW("cpu_count", HOST, "CpuCount", int, cpu_count),
    OWN("cpu_percent", HOST, "CpuPercent", cpu_percent),
    ROW("cpu_shares", HOST, "CpuShares", int, cpu_shares),
    ROW("cpu_quota", HOST, "CpuQuota", int, cpu_quota),
    ROW("cpu_period", HOST, "CpuPeriod", int, cpu_period),
    ROW("cpu_rt_period", HOST, "CpuRealtimePeriod", int, cpu_rt_period),
    ROW("cpu_rt_runtime", HOST, "CpuRealtimeRuntime", int, cpu_rt_runtime),
    OWN("cpus", HOST, "NanoCpus", cpus),
    ROW("cpuset", HOST, "CpusetCpus", text, cpuset),
    ROW("device_cgroup_rules", HOST, "DeviceCgroupRules", texts, device_cgroup_rules),
    OWN("devices", HOST, "Devices", devices),
    ROW("dns", HOST, "Dns", texts, dns),
    ROW("dns_opt", HOST, "DnsOptions", texts, dns_opt),
    ROW("dns_search", HOST, "DnsSearch", texts, dns_search),
    OWN("extra_hosts", HOST, "ExtraHosts", extra_hosts),
    OWN("gpus", HOST, "DeviceRequests", gpus),
    ROW("group_add", HOST, "GroupAdd", texts, group_add),
    ROW("init", HOST, "Init", opt_bool, init),
    OWN_UNSET("ipc", HOST, "IpcMode", namespace, ipc, "private,shareable"),
    ROW_UNSET("isolation", HOST, "Isolation", text, isolation, "default"),
    OWN("logging", HOST, "LogConfig", logging),
    OWN("mem_limit", HOST, "Memory", mem_limit),
    OWN("mem_reservation", HOST, "MemoryReservation", mem_reservation),
    ROW_UNSET("mem_swappiness", HOST, "MemorySwappiness", opt_int, mem_swappiness, "-1"),
    OWN("memswap_limit", HOST, "MemorySwap", memswap),
    ROW("oom_kill_disable", HOST, "OomKillDisable", bool, oom_kill_disable),
    ROW("oom_score_adj", HOST, "OomScoreAdj", int, oom_score_adj),
    OWN_UNSET("pid", HOST, "PidMode", namespace, pid, NULL),
    OWN("pids_limit", HOST, "PidsLimit", pids_limit),
    ROW("privileged", HOST, "Privileged", bool, privileged),
    ROW("read_only", HOST, "ReadonlyRootfs", bool, read_only),
    OWN("restart", HOST, "RestartPolicy", restart),
    ROW_UNSET("runtime", HOST, "Runtime", text, runtime, "runc,io.containerd.runc.v2"),
    OWN("security_opt", HOST, "SecurityOpt", security),
    ROW_UNSET("shm_size", HOST, "ShmSize", int, shm_size, "67108864"),
    ROW("storage_opt", HOST, "StorageOpt", pairs, storage_opt),
    ROW("sysctls", HOST, "Sysctls", pairs, sysctls),
    OWN("ulimits", HOST, "Ulimits", ulimits),
    ROW("userns_mode", HOST, "UsernsMode", text, userns_mode),
    ROW("uts", HOST, "UTSMode", text, uts),

    OWN("tmpfs", HOST, "Tmpfs", tmpfs),
    OWN("volumes", HOST, "Mounts", volumes),
    OWN("secrets", HOST, "Mounts", secrets),
    OWN("configs", HOST, "Mounts", configs),
    OWN("use_api_socket", HOST, NULL, api_socket),
    OWN("volumes_from", HOST, "VolumesFrom", volumes_from),

    OWN("network_mode", HOST, "NetworkMode", network_mode),
    OWN("networks", NONE, NULL, networks),
    OWN("external_links", HOST, "Links", external_links),
    OWN("mac_address", CONFIG, "MacAddress", mac_address),
    { NULL, PLACE_NONE, NULL, NULL, NULL, 0, NULL },
};

/* --- writing ---------------------------------------------------------------------------------- */

void encode_init(struct encode *e, struct arena *arena, const struct project *project,
                 const struct service *service, unsigned api)
{
    *e = (struct encode){ .arena = arena, .project = project, .service = service, .api = api };
    e->config = new_map(arena);
    e->host = new_map(arena);
    e->endpoints = new_map(arena);
}

struct node *encode_target(struct encode *e, const struct field *field)
{
    return field->place == PLACE_HOST ? e->host : e->config;
}

int encode_container(struct encode *e, struct err *err)
{
    e->err = err;
    put_bool(e->arena, e->config, "AttachStdout", true);
    put_bool(e->arena, e->config, "AttachStderr", true);
    for (const struct field *field = fields_table; field->key; field++) {
        field->encode(e, field);
        if (err_is_set(err))
            return err_wrap(err, "service \"%s\": %s", e->service->name, field->key);
    }
    put_node(e->arena, e->config, "HostConfig", e->host);
    if (e->endpoints->u.map.n) {
        struct node *networking = new_map(e->arena);
        put_node(e->arena, networking, "EndpointsConfig", e->endpoints);
        put_node(e->arena, e->config, "NetworkingConfig", networking);
    }
    return 0;
}

static const char *join_texts(struct arena *arena, const struct text_list *list)
{
    STR_AUTO(out);
    for (size_t i = 0; i < list->n; i++)
        str_printf(&out, "%s%s", i ? "," : "", list->items[i]);
    return arena_dup(arena, out.buf);
}

static const char *depends_on_text(struct arena *arena, const struct service *service)
{
    STR_AUTO(out);
    VEC_EACH (&service->depends_on, dependency)
        str_printf(&out, "%s%s:%s:%s", out.len ? "," : "", dependency->service,
                   dependency_condition_names[dependency->condition],
                   dependency->restart ? "true" : "false");
    return arena_dup(arena, out.buf);
}

void encode_labels(struct encode *e, const struct encode_labels *labels)
{
    const struct project *project = e->project;
    struct node *map = node_get(e->config, "Labels");
    if (!map) {
        map = new_map(e->arena);
        put_node(e->arena, e->config, "Labels", map);
    }
    put_text(e->arena, map, LABEL_PROJECT, project->name);
    put_text(e->arena, map, LABEL_SERVICE, e->service->name);
    put_text(e->arena, map, LABEL_VERSION, DOCKER_COMPOSE_VERSION);
    put_text(e->arena, map, LABEL_WORKING_DIR, project->working_dir);
    put_text(e->arena, map, LABEL_CONFIG_FILES, join_texts(e->arena, &project->files));
    if (project->env_files.n)
        put_text(e->arena, map, LABEL_ENVIRONMENT_FILE, join_texts(e->arena, &project->env_files));
    put_text(e->arena, map, LABEL_ONE_OFF, labels->is_one_off ? "True" : "False");
    put_text(e->arena, map, LABEL_HASH, labels->hash);
    if (!labels->is_one_off)
        put_text(e->arena, map, LABEL_NUMBER,
                 arena_printf(e->arena, "%lld", (long long)labels->number));
    put_text(e->arena, map, LABEL_DEPENDS_ON, depends_on_text(e->arena, e->service));
    put_text(e->arena, map, LABEL_IMAGE, labels->image ? labels->image : "");
    put_text(e->arena, map, LABEL_REPLACE, labels->replace);
    put_text(e->arena, map, LABEL_SLUG, labels->slug);
}

/* --- reading ---------------------------------------------------------------------------------- */

const struct node *readback_engine(const struct readback *r, const struct field *field)
{
    if (!field->name)
        return NULL;
    return node_get(field->place == PLACE_HOST ? r->host : r->config, field->name);
}

const struct node *readback_wanted(const struct readback *r, const struct field *field)
{
    return node_get(r->wanted, field->key);
}

static bool is_shown(const char *key)
{
    for (const struct field *field = fields_table; field->key; field++) {
        if (text_is(field->key, key))
            return field->read != NULL;
    }
    return false;
}

void fields_list_unseen(struct arena *arena, const struct wanted *wanted, struct text_list *out)
{
    if (wanted && node_is(wanted->spec, NODE_MAP))
        NODE_EACH_PAIR (wanted->spec, pair)
            if (!is_shown(pair->key) && !node_is(pair->value, NODE_NULL))
                ARENA_ADD(arena, out, pair->key);
}

bool readback_is_same(struct readback *r, const struct field *field)
{
    if (!r->service || !r->project)
        return false;
    ERR_AUTO(err);
    struct encode e;
    encode_init(&e, r->arena, r->project, r->service, r->api);
    e.docker = r->docker;
    e.err = &err;
    field->encode(&e, field);
    if (err_is_set(&err))
        return false;
    const struct node *mine = field->place == PLACE_HOST ? e.host : e.config;
    const struct node *theirs = field->place == PLACE_HOST ? r->host : r->config;
    if (field->name)
        return fields_same(node_get(mine, field->name), node_get(theirs, field->name));
    NODE_EACH_PAIR (mine, pair)
        if (!fields_same(pair->value, node_get(theirs, pair->key)))
            return false;
    return true;
}

struct node *fields_read_container(struct arena *arena, const struct docker *docker,
                                   const struct wanted *wanted, const struct node *inspect,
                                   const struct node *image_config, unsigned api)
{
    const struct docker_wanted *payload = wanted ? wanted->payload : NULL;
    struct readback r = {
        .arena = arena,
        .docker = docker,
        .project = payload ? payload->project : NULL,
        .service = payload ? payload->service : NULL,
        .wanted = wanted ? wanted->spec : NULL,
        .api = api,
        .inspect = inspect,
        .config = node_get(inspect, "Config"),
        .host = node_get(inspect, "HostConfig"),
        .image = image_config,
        .spec = new_map(arena),
    };
    r.networks = node_get_path(inspect, "NetworkSettings", "Networks", NULL);
    /* What the engine does not show is taken to be as wanted: the digest tells. */
    if (node_is(r.wanted, NODE_MAP))
        NODE_EACH_PAIR (r.wanted, pair)
            if (!is_shown(pair->key))
                node_set_len(arena, r.spec, pair->key, pair->key_len, pair->at,
                             text_is(pair->key, "deploy") ? node_copy(arena, pair->value)
                                                          : pair->value);
    for (const struct field *field = fields_table; field->key; field++) {
        if (!field->read)
            continue;
        const struct node *want = readback_wanted(&r, field);
        struct node *old = field->read(&r, field);
        if (!old && node_is(want, NODE_NULL))
            old = node_null(arena, want->at);
        if (old)
            put_node(arena, r.spec, field->key, fields_adopt(arena, want, old));
    }
    return r.spec;
}
