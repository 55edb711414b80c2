/*
 * test_docker_fields.c - every field of a service, written into a create body and read back from
 * the inspect answer that an engine would give: nothing may differ, for each generation of the API;
 * and a change shows as exactly the field that was written.
 */
#include "base/base.h"

#include "base/file.h"
#include "compose-compat/file/load.h"
#include "operator/docker/fields.h"
#include "tests/unit/tap.h"

static const struct origin nowhere = ORIGIN_NONE;

/* --- projects ----------------------------------------------------------------------------------
 */

struct loaded {
    struct project *project;
    struct wanted_set wanted;
    const struct wanted *app;
};

static const char head[] = "name: p\n"
                           "services:\n"
                           "  other: {image: busybox}\n"
                           "  app:\n"
                           "    image: busybox\n";
static const char tail[] = "networks: {front: {}, back: {}}\n"
                           "volumes: {data: {}, more: {}}\n"
                           "secrets: {s: {file: ./s}, t: {file: ./t}}\n"
                           "configs: {c: {file: ./c}, text: {content: hello}}\n";

static bool load(const char *lines, struct loaded *ret)
{
    STR_AUTO(path);
    STR_AUTO(text);
    ERR_AUTO(err);
    struct findings findings = FINDINGS_INIT;

    str_printf(&path, "%s/compose.yaml", tap_folder());
    str_printf(&text, "%s%s%s", head, lines, tail);
    if (file_write_atomic(path.buf, text.buf, text.len, 0600, &err) < 0)
        return false;
    const char *const files[] = { path.buf, NULL }, *const environment[] = { NULL };
    const struct load_options options = {
        .current_dir = tap_folder(), .files = files, .environment = environment, .keep_unused = true
    };
    int result = compose_load(&options, &ret->project, &findings, &err);
    if (result < 0) {
        VEC_EACH (&findings, finding)
            tap_note("%s: %s", finding->path, finding->text);
        tap_note("%s", err.text);
        findings_release(&findings);
        return false;
    }
    wanted_set_init(&ret->wanted, "p");
    result = docker_lower(ret->project, &ret->wanted, &findings);
    ret->app = wanted_find(&ret->wanted, "container", "app");
    findings_release(&findings);
    return result == 0 && ret->app;
}

static void unload(struct loaded *loaded)
{
    wanted_set_release(&loaded->wanted);
    project_free(loaded->project);
}

/* What an engine answers after it was given the body. */
static struct node *fake_inspect(struct arena *arena, const struct loaded *loaded, unsigned api)
{
    const struct docker_wanted *payload = loaded->app->payload;
    struct encode e;
    ERR_AUTO(err);

    encode_init(&e, arena, loaded->project, payload->service, api);
    e.container_name = "p-app-1";
    ok(encode_container(&e, &err) == 0);
    const struct encode_labels labels = { .hash = "h", .number = 1 };
    encode_labels(&e, &labels);
    struct node *inspect = new_map(arena), *networks = new_map(arena), *all = new_map(arena);
    for (size_t i = 0; i < payload->service->networks.n; i++) {
        const struct endpoint *endpoint = &payload->service->networks.items[i];
        const struct network *network = project_find_network(loaded->project, endpoint->network);
        if (!payload->service->network_mode)
            node_set(arena, all, network->name, nowhere, encode_endpoint(&e, endpoint));
    }
    put_node(arena, networks, "Networks", all);
    put_text(arena, inspect, "Id",
             "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    put_text(arena, inspect, "Name", "/p-app-1");
    put_node(arena, inspect, "Config", e.config);
    put_node(arena, inspect, "HostConfig", e.host);
    put_node(arena, inspect, "NetworkSettings", networks);
    if (api >= 44) {
        NODE_EACH_PAIR (all, pair)
            ok(node_get(e.endpoints, pair->key));
    } else {
        ok(e.endpoints->u.map.n <= 1);
    }
    return inspect;
}

/* An image that brings some of everything. */
static struct node *fake_image(struct arena *arena)
{
    static const char json[] =
        "{\"Env\":[\"PATH=/bin\"],\"Cmd\":[\"sh\"],\"Labels\":{\"from\":\"image\"},"
        "\"ExposedPorts\":{\"9/tcp\":{}},\"Volumes\":{\"/image\":{}},\"WorkingDir\":\"/w\"}";
    struct node *node = NULL;
    ok(jread_parse(arena, 0, json, strlen(json), &node, NULL) == 0);
    return node;
}

/* The container has what the image brings as well. */
static void add_image(struct arena *arena, struct node *config)
{
    struct node *env = node_get(config, "Env"), *ports = node_get(config, "ExposedPorts");
    if (!env) {
        env = new_list(arena);
        put_node(arena, config, "Env", env);
    }
    bool has_path = false;
    NODE_EACH_ITEM (env, item)
        has_path = has_path || text_starts(node_as_text(*item), "PATH=");
    if (!has_path)
        node_add(arena, env, new_text(arena, "PATH=/bin"));
    if (!ports) {
        ports = new_map(arena);
        put_node(arena, config, "ExposedPorts", ports);
    }
    put_node(arena, ports, "9/tcp", new_map(arena));
    if (!node_get(node_get(config, "Labels"), "from"))
        put_text(arena, node_get(config, "Labels"), "from", "image");
    if (!node_get(config, "WorkingDir"))
        put_text(arena, config, "WorkingDir", "/w");
    if (!node_get(config, "Cmd") && !node_get(config, "Entrypoint")) {
        struct node *cmd = new_list(arena);
        node_add(arena, cmd, new_text(arena, "sh"));
        put_node(arena, config, "Cmd", cmd);
    }
}

/* The fields that differ, "a b"; of a container made from `made` when `wanted` is wanted. */
static void differences(const char *made, const char *wanted, unsigned api, struct str *out)
{
    struct loaded old = { 0 }, now = { 0 };
    struct arena *arena = arena_new();
    struct change_list changes = { NULL, 0, 0 };

    if (!load(made, &old) || !load(wanted, &now)) {
        str_add(out, "does not load");
        return;
    }
    struct node *inspect = fake_inspect(arena, &old, api), *image = fake_image(arena);
    add_image(arena, node_get(inspect, "Config"));
    struct node *spec = fields_read_container(arena, NULL, now.app, inspect, image, api);
    resource_diff(arena, &docker_container_kind, spec, now.app->spec, &changes);
    VEC_EACH (&changes, change)
        str_printf(out, "%s%s", out->len ? " " : "", change->field);
    unload(&old);
    unload(&now);
    arena_free(arena);
}

/* --- each field there and back -------------------------------------------------------------------
 */

static const char *const round_trips[] = {
    "",
    "    command: [a, b]\n",
    "    command: []\n",
    "    entrypoint: [a]\n",
    "    environment: {A: b, C: '', D: 'x=y', PATH: /other}\n",
    "    labels: {a.b: c, from: us}\n",
    "    user: '1:2'\n    working_dir: /x\n    hostname: h\n    domainname: d\n",
    "    tty: true\n    stdin_open: true\n",
    "    stop_signal: SIGINT\n    stop_grace_period: 1500ms\n",
    "    healthcheck: {test: 'a b', interval: 90s, timeout: 3s, retries: 2, start_period: 1m}\n",
    "    healthcheck: {disable: true}\n",
    "    ports: ['80', '8080:81', '127.0.0.1:8081:82/udp', '9000-9002:83-85']\n",
    "    expose: ['100', '200-202']\n",
    "    annotations: {a: b}\n    sysctls: {net.a: '1'}\n    storage_opt: {size: 1G}\n",
    "    cap_add: [NET_ADMIN, cap_sys_time]\n    cap_drop: [ALL]\n",
    "    cgroup: host\n    cgroup_parent: /x\n    cpuset: '0'\n    cpu_shares: 10\n",
    "    cpus: 0.3\n    cpu_quota: 100\n    cpu_period: 1000\n    cpu_count: 1\n",
    "    mem_limit: 64m\n    memswap_limit: 128m\n    mem_reservation: 32m\n    mem_swappiness: "
    "10\n",
    "    deploy: {resources: {limits: {cpus: '0.3', memory: 64M, pids: 10}}}\n",
    "    deploy: {restart_policy: {condition: on-failure, max_attempts: 3}}\n",
    "    deploy: {replicas: 2, labels: {a: b}}\n",
    "    pids_limit: 20\n    oom_kill_disable: true\n    oom_score_adj: 5\n",
    "    devices: ['/dev/a:/dev/b:r', '/dev/c']\n    device_cgroup_rules: ['c 1:3 rwm']\n",
    "    gpus: all\n",
    "    dns: [1.1.1.1]\n    dns_opt: [a]\n    dns_search: [b]\n",
    "    extra_hosts: ['a:1.2.3.4', 'b:::1']\n    group_add: [a, b]\n",
    "    init: true\n",
    "    init: false\n",
    "    ipc: shareable\n    pid: host\n    uts: host\n    userns_mode: host\n    runtime: other\n",
    "    logging: {driver: json-file, options: {max-size: 1m}}\n",
    "    privileged: true\n    read_only: true\n",
    "    restart: always\n",
    "    restart: on-failure:3\n",
    "    restart: 'no'\n",
    "    security_opt: ['no-new-privileges:true', 'systempaths=unconfined']\n",
    "    shm_size: 1m\n    ulimits: {nofile: 10, nproc: {soft: 1, hard: 2}}\n",
    "    blkio_config: {weight: 5, device_read_bps: [{path: /dev/a, rate: 1k}]}\n",
    "    tmpfs: ['/a', '/b:size=1m']\n",
    "    volumes: ['data:/d', '/h:/h:ro', './x:/x', '/anonymous', 'more:/m:nocopy']\n",
    "    volumes:\n    - {type: bind, source: /a, target: /b, bind: {propagation: rslave}}\n"
    "    - {type: bind, source: /a, target: /c, bind: {create_host_path: false}}\n"
    "    - {type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0700}}\n"
    "    - {type: volume, source: data, target: /v, volume: {nocopy: true}}\n"
    "    - {type: bind, source: /a, target: /z, bind: {selinux: z}}\n",
    "    secrets: [s, {source: t, target: /x/t}]\n    configs: [c, {source: text, target: /y}]\n",
    "    networks: [front, back]\n",
    "    networks: {front: {aliases: [x], ipv4_address: 10.0.0.5, driver_opts: {a: b}}}\n",
    "    networks: {front: {priority: 1}, back: {link_local_ips: [169.254.1.1], priority: 2}}\n",
    "    networks: {front: {mac_address: '02:42:ac:11:65:43'}}\n",
    "    network_mode: none\n",
    "    network_mode: host\n",
    "    network_mode: 'service:other'\n    volumes_from: [other]\n",
    "    mac_address: '02:42:ac:11:65:43'\n",
    "    external_links: ['a:b']\n    attach: false\n",
};

static void test_round_trips(void)
{
    static const unsigned versions[] = { 41, 44, 48, 52 };
    for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
        for (size_t i = 0; i < ARRAY_LEN(round_trips); i++) {
            STR_AUTO(fields);
            differences(round_trips[i], round_trips[i], versions[v], &fields);
            if (!is_text(fields.buf, ""))
                tap_note("version 1.%u: %s", versions[v], round_trips[i]);
        }
    }
}

/* --- a change shows as what was written
 * ------------------------------------------------------------ */

static const struct {
    const char *made, *wanted, *fields;
} change_cases[] = {
    { "    command: [a]\n", "    command: [b]\n", "command" },
    { "    command: [a]\n", "", "command" },
    { "    environment: {A: '1', B: x}\n", "    environment: {A: '2', C: y}\n",
      "environment.A environment.C environment.B" },
    { "    labels: {a: '1'}\n", "    labels: {a: '2'}\n", "labels.a" },
    { "    healthcheck: {test: a, interval: 1s}\n", "    healthcheck: {test: a, interval: 2s}\n",
      "healthcheck.interval" },
    { "    ports: ['8080:80']\n", "    ports: ['8081:80']\n", "ports[0].published" },
    { "    ports: ['8080:80']\n", "    ports: ['8080:80', '8081:81']\n", "ports[1]" },
    { "    expose: ['1']\n", "    expose: ['2']\n", "expose" },
    { "    mem_limit: 1m\n", "    mem_limit: 2m\n", "mem_limit" },
    { "    deploy: {resources: {limits: {memory: 1M}}}\n",
      "    deploy: {resources: {limits: {memory: 2M}}}\n", "deploy.resources.limits.memory" },
    { "    deploy: {restart_policy: {condition: any}}\n",
      "    deploy: {restart_policy: {condition: on-failure}}\n",
      "deploy.restart_policy.condition" },
    { "    ulimits: {nofile: 10}\n", "    ulimits: {nofile: 11}\n", "ulimits.nofile" },
    { "    volumes: ['data:/d']\n", "    volumes: ['more:/d']\n", "volumes[0].source" },
    { "    volumes: ['data:/d']\n", "    volumes: ['data:/d:ro']\n", "volumes[0].read_only" },
    { "    networks: [front]\n", "    networks: [front, back]\n", "networks.back" },
    { "    networks: {front: {aliases: [a]}}\n", "    networks: {front: {aliases: [b]}}\n",
      "networks.front.aliases" },
    { "    restart: always\n", "    restart: on-failure\n", "restart" },
    { "    init: true\n", "", "init" },
    { "    secrets: [s]\n", "    secrets: [s, t]\n", "secrets[1]" },
    { "    tmpfs: [/a]\n", "    tmpfs: [/b]\n", "tmpfs" },
    { "    dns: [1.1.1.1]\n", "    dns: [1.1.1.2]\n", "dns" },
    { "    logging: {options: {a: b}}\n", "    logging: {options: {a: c}}\n", "logging.options.a" },
    /* What the engine does not show is for the digest. */
    { "    attach: false\n", "", "" },
};

static void test_changes(void)
{
    for (size_t i = 0; i < ARRAY_LEN(change_cases); i++) {
        STR_AUTO(fields);
        differences(change_cases[i].made, change_cases[i].wanted, 51, &fields);
        if (!is_text(fields.buf, change_cases[i].fields))
            tap_note("from %sto %s", change_cases[i].made, change_cases[i].wanted);
    }
}

/* --- forms by version
 * ------------------------------------------------------------------------------ */

static void body_of(const char *lines, unsigned api, struct str *out)
{
    struct loaded loaded = { 0 };
    struct arena *arena = arena_new();
    if (load(lines, &loaded)) {
        struct node *inspect = fake_inspect(arena, &loaded, api);
        jwrite_node_text(node_get(inspect, "Config"), JWRITE_SORT, out);
        unload(&loaded);
    }
    arena_free(arena);
}

static const struct {
    unsigned api;
    const char *lines, *has, *lacks;
} forms[] = {
    { 41, "    networks: [front, back]\n", "\"p_back\":{", "\"p_front\":{" },
    { 44, "    networks: [front, back]\n", "\"p_front\":{", NULL },
    { 43, "    networks: {front: {mac_address: '02:42:ac:11:65:43'}}\n",
      "\"MacAddress\":\"02:42:ac:11:65:43\",\"Net", NULL },
    { 52, "    networks: {front: {mac_address: '02:42:ac:11:65:43'}}\n",
      "\"Aliases\":[\"p-app-1\",\"app\"],\"MacAddress\":\"02:42:ac:11:65:43\"", NULL },
    { 41, "    healthcheck: {test: a, start_period: 1s, start_interval: 1s}\n", "\"StartPeriod\"",
      "StartInterval" },
    { 44, "    healthcheck: {test: a, start_period: 1s, start_interval: 1s}\n",
      "\"StartInterval\":1000000000", NULL },
    { 41, "    volumes: ['data:/d', '/h:/h:ro']\n", "\"Binds\":[\"p_data:/d:rw\",\"/h:/h:ro\"]",
      "Mounts" },
    { 51, "    volumes: [/a]\n", "\"Mounts\":[{\"Target\":\"/a\",\"Type\":\"volume\"}]", "Binds" },
    { 51, "    secrets: [s]\n", "\"Target\":\"/run/secrets/s\",\"Type\":\"bind\"", NULL },
    { 51, "    networks: {front: {interface_name: eth7}}\n",
      "\"com.docker.network.endpoint.ifname\":\"eth7\"", NULL },
    { 51, "    networks: {front: {gw_priority: 3}}\n", "\"GwPriority\":3", NULL },
    { 51, "    network_mode: none\n", "\"NetworkMode\":\"none\"", "EndpointsConfig" },
    { 51, "    cap_add: [net_admin]\n", "\"CapAdd\":[\"CAP_NET_ADMIN\"]", NULL },
    { 51, "    gpus: all\n", "\"Capabilities\":[[\"gpu\"]],\"Count\":-1", NULL },
};

static void test_forms(void)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        STR_AUTO(body);
        body_of(forms[i].lines, forms[i].api, &body);
        bool is_right = strstr(body.buf, forms[i].has) &&
                        (!forms[i].lacks || !strstr(body.buf, forms[i].lacks));
        if (!ok(is_right))
            tap_note("version 1.%u: %swants %s: %s", forms[i].api, forms[i].lines, forms[i].has,
                     body.buf);
    }
}

int main(void)
{
    test_round_trips();
    test_changes();
    test_forms();
    return done_testing();
}
