/*
 * test_attributes.c - no attribute that can be loaded is ignored in silence by the docker operator:
 * each key of a service, network, volume, secret and config in the schema's table has a row here,
 * and the line in it changes what is asked of the engine, what else is wanted, or is told to the
 * user. What it changes is compared with docker compose in tests/e2e/test_calls.py.
 */
#include "base/base.h"

#include "base/file.h"
#include "compose-compat/file/load.h"
#include "compose-compat/file/schema.h"
#include "operator/docker/fields.h"
#include "operator/docker/files.h"
#include "tests/unit/tap.h"

enum where { SERVICE, NETWORK, VOLUME, SECRET, CONFIG, N_WHERE };

static const char *const sections[N_WHERE] = { "services", "networks", "volumes", "secrets",
                                               "configs" };

/* A key without a line has its effect elsewhere. */
static const struct {
    enum where where;
    const char *key, *line;
} rows[] = {
    { SERVICE, "annotations", "{a: b}" },
    { SERVICE, "attach", NULL }, /* which services an attached `up` shows */
    { SERVICE, "blkio_config", "{weight: 300}" },
    { SERVICE, "build", "." },
    { SERVICE, "cap_add", "[ALL]" },
    { SERVICE, "cap_drop", "[ALL]" },
    { SERVICE, "cgroup", "host" },
    { SERVICE, "cgroup_parent", "/a" },
    { SERVICE, "command", "a" },
    { SERVICE, "configs", "[c]" },
    { SERVICE, "container_name", "fixed" },
    { SERVICE, "cpu_count", "1" },
    { SERVICE, "cpu_percent", "50" },
    { SERVICE, "cpu_period", "100000" },
    { SERVICE, "cpu_quota", "50000" },
    { SERVICE, "cpu_rt_period", "1000" },
    { SERVICE, "cpu_rt_runtime", "900" },
    { SERVICE, "cpu_shares", "512" },
    { SERVICE, "cpus", "0.5" },
    { SERVICE, "cpuset", "\"0\"" },
    { SERVICE, "credential_spec", "{file: a}" },
    { SERVICE, "depends_on", "[other]" },
    { SERVICE, "deploy", "{replicas: 3}" },
    { SERVICE, "develop", NULL }, /* what `watch` does */
    { SERVICE, "device_cgroup_rules", "[\"c 1:3 mr\"]" },
    { SERVICE, "devices", "[/dev/null]" },
    { SERVICE, "dns", "192.0.2.1" },
    { SERVICE, "dns_opt", "[use-vc]" },
    { SERVICE, "dns_search", "example.com" },
    { SERVICE, "domainname", "a" },
    { SERVICE, "entrypoint", "a" },
    { SERVICE, "env_file", "[some.env]" },
    { SERVICE, "environment", "{A: b}" },
    { SERVICE, "expose", "[80]" },
    { SERVICE, "extends", "{service: other}" },
    { SERVICE, "external_links", "[a]" },
    { SERVICE, "extra_hosts", "[\"a:192.0.2.1\"]" },
    { SERVICE, "gpus", "all" },
    { SERVICE, "group_add", "[mail]" },
    { SERVICE, "healthcheck", "{test: a}" },
    { SERVICE, "hostname", "a" },
    { SERVICE, "image", "another" },
    { SERVICE, "init", "true" },
    { SERVICE, "ipc", "host" },
    { SERVICE, "isolation", "hyperv" },
    { SERVICE, "label_file", "[some.env]" },
    { SERVICE, "labels", "{a: b}" },
    { SERVICE, "links", "[other]" },
    { SERVICE, "logging", "{driver: none}" },
    { SERVICE, "mac_address", "02:42:ac:11:65:43" },
    { SERVICE, "mem_limit", "64m" },
    { SERVICE, "mem_reservation", "32m" },
    { SERVICE, "mem_swappiness", "10" },
    { SERVICE, "memswap_limit", "64m" },
    { SERVICE, "models", "[m]" },
    { SERVICE, "network_mode", "host" },
    { SERVICE, "networks", "[front]" },
    { SERVICE, "oom_kill_disable", "true" },
    { SERVICE, "oom_score_adj", "10" },
    { SERVICE, "pid", "host" },
    { SERVICE, "pids_limit", "10" },
    { SERVICE, "platform", "linux/arm64" },
    { SERVICE, "ports", "[80]" },
    { SERVICE, "post_start", "[{command: a}]" },
    { SERVICE, "pre_start", "[{command: a}]" },
    { SERVICE, "pre_stop", "[{command: a}]" },
    { SERVICE, "privileged", "true" },
    { SERVICE, "profiles", "[a]" },
    { SERVICE, "provider", "{type: a}" },
    { SERVICE, "pull_policy", "always" },
    { SERVICE, "pull_refresh_after", NULL }, /* an old name: pull_policy is what counts */
    { SERVICE, "read_only", "true" },
    { SERVICE, "restart", "always" },
    { SERVICE, "runtime", "a" },
    { SERVICE, "scale", "2" },
    { SERVICE, "secrets", "[s]" },
    { SERVICE, "security_opt", "[a=b]" },
    { SERVICE, "shm_size", "1m" },
    { SERVICE, "stdin_open", "true" },
    { SERVICE, "stop_grace_period", "3s" },
    { SERVICE, "stop_signal", "SIGINT" },
    { SERVICE, "storage_opt", "{size: 1G}" },
    { SERVICE, "sysctls", "{a: 1}" },
    { SERVICE, "tmpfs", "/a" },
    { SERVICE, "tty", "true" },
    { SERVICE, "ulimits", "{core: 1}" },
    { SERVICE, "use_api_socket", "true" },
    { SERVICE, "user", "a" },
    { SERVICE, "userns_mode", "host" },
    { SERVICE, "uts", "host" },
    { SERVICE, "volumes", "[/a]" },
    { SERVICE, "volumes_from", "[other]" },
    { SERVICE, "working_dir", "/a" },
    { NETWORK, "attachable", "true" },
    { NETWORK, "driver", "macvlan" },
    { NETWORK, "driver_opts", "{a: b}" },
    { NETWORK, "enable_ipv4", "false" },
    { NETWORK, "enable_ipv6", "true" },
    { NETWORK, "external", "true" },
    { NETWORK, "internal", "true" },
    { NETWORK, "ipam", "{config: [{subnet: 192.0.2.0/24}]}" },
    { NETWORK, "labels", "{a: b}" },
    { NETWORK, "name", "another" },
    { VOLUME, "driver", "another" },
    { VOLUME, "driver_opts", "{a: b}" },
    { VOLUME, "external", "true" },
    { VOLUME, "labels", "{a: b}" },
    { VOLUME, "name", "another" },
    { SECRET, "driver", "a" },
    { SECRET, "driver_opts", NULL }, /* of a driver, which is refused */
    { SECRET, "environment", "A" },
    { SECRET, "external", "true" },
    { SECRET, "file", "./another" },
    { SECRET, "labels", NULL }, /* of an object that no engine keeps */
    { SECRET, "name", NULL },
    { SECRET, "template_driver", "a" },
    { CONFIG, "content", "another" },
    { CONFIG, "environment", "A" },
    { CONFIG, "external", "true" },
    { CONFIG, "file", "./another" },
    { CONFIG, "labels", NULL },
    { CONFIG, "name", NULL },
    { CONFIG, "template_driver", "a" },
};

/* --- a project with one more line --------------------------------------------------------------
 */

static void write_project(enum where where, const char *key, const char *line, struct str *out)
{
    static const char *const bodies[N_WHERE] = {
        [SERVICE] = "image: busybox", [NETWORK] = "",         [VOLUME] = "",
        [SECRET] = "file: ./s",       [CONFIG] = "file: ./c",
    };
    static const char *const names[N_WHERE] = { "app", "net", "data", "s", "c" };
    str_add(out, "name: p\n");
    for (enum where i = 0; i < N_WHERE; i++) {
        str_printf(out, "%s:\n  %s:\n", sections[i], names[i]);
        bool is_other_source =
            where == i && line && i >= SECRET &&
            (text_is(key, "environment") || text_is(key, "external") || text_is(key, "content"));
        bool is_twice = where == i && line && text_starts(bodies[i], key);
        if (*bodies[i] && !is_other_source && !is_twice)
            str_printf(out, "    %s\n", bodies[i]);
        if (where == i && line)
            str_printf(out, "    %s: %s\n", key, line);
        if (i == SERVICE)
            str_printf(out, "%s%s%s  other: {image: other, environment: {O: o}}\n",
                       where == SERVICE ? "" : "    secrets: [s]\n    configs: [c]\n",
                       where == SERVICE ? "" : "    networks: [net]\n",
                       where == SERVICE ? "" : "    volumes: [\"data:/data\"]\n");
        if (i == NETWORK)
            str_add(out, "  front: {}\n");
    }
    str_add(out, "models: {m: {model: a}}\n");
}

/* --- what comes of it ---------------------------------------------------------------------------
 */

static void print_body(struct arena *arena, const struct project *project,
                       const struct wanted *wanted, struct str *out)
{
    const struct docker_wanted *payload = wanted->payload;
    ERR_AUTO(err);
    if (payload->network)
        jwrite_node_text(encode_network(arena, project, payload->network, "h"), 0, out);
    if (payload->volume)
        jwrite_node_text(encode_volume(arena, project, payload->volume, "h"), 0, out);
    if (wanted->kind != &docker_container_kind)
        return;
    struct encode e;
    encode_init(&e, arena, project, payload->service, 51);
    e.container_name = wanted->name;
    if (encode_container(&e, &err) == 0)
        jwrite_node_text(e.config, 0, out);
    struct docker docker = { .arena = arena };
    for (int is_owned = 0; is_owned < 2; is_owned++)
        if (files_has_uploads(project, payload->service, is_owned) &&
            !payload->service->use_api_socket &&
            files_archive(&docker, project, payload->service, is_owned, out, &err) < 0)
            str_add(out, err.text);
}

static void print_wanted(struct arena *arena, const struct project *project,
                         const struct wanted *wanted, struct str *out)
{
    str_printf(out, "\n%s %s %s %lld %d %d %d %d %lld %s: ", wanted->kind->name, wanted->key,
               wanted->name, (long long)wanted->replicas, wanted->policy, wanted->can_build,
               wanted->is_disabled, wanted->is_external, (long long)wanted->stop_timeout_ns,
               ((const struct docker_wanted *)wanted->payload)->platform
                   ? ((const struct docker_wanted *)wanted->payload)->platform
                   : "");
    for (int i = 0; i < 3; i++)
        str_printf(out, "%u ", wanted->hooks[i]);
    VEC_EACH (&wanted->depends_on, dependency)
        str_printf(out, "%s/%d ", dependency->on->key, dependency->kind);
    if (!wanted->is_disabled)
        print_body(arena, project, wanted, out);
}

/* All that the operator makes of a project, but for digests. */
static bool outcome(enum where where, const char *key, const char *line, struct str *out)
{
    static const char *const environment[] = { "A=from outside", NULL };
    STR_AUTO(path);
    STR_AUTO(text);
    ERR_AUTO(err);
    struct findings findings = FINDINGS_INIT;
    struct project *project = NULL;
    struct wanted_set wanted;

    write_project(where, key, line, &text);
    str_printf(&path, "%s/compose.yaml", tap_folder());
    if (file_write_atomic(path.buf, text.buf, text.len, 0600, &err) < 0)
        return false;
    const char *const files[] = { path.buf, NULL };
    const struct load_options options = {
        .current_dir = tap_folder(), .files = files, .environment = environment, .keep_unused = true
    };
    bool is_loaded = compose_load(&options, &project, &findings, &err) == 0;
    if (is_loaded) {
        wanted_set_init(&wanted, "p");
        if (docker_lower(project, &wanted, &findings) < 0)
            str_add(out, "refused ");
        VEC_EACH (&wanted.items, item)
            print_wanted(wanted.arena, project, *item, out);
        wanted_set_release(&wanted);
    }
    VEC_EACH (&findings, finding) {
        str_printf(out, "\n%s: %s", finding->path, finding->text);
        ok(origin_is_set(finding->at));
    }
    if (!is_loaded)
        tap_note("%s%s\n%s", text.buf, out->buf, err_is_set(&err) ? err.text : "");
    findings_release(&findings);
    project_free(project);
    return is_loaded;
}

/* --- the walk -----------------------------------------------------------------------------------
 */

static const char *find_row(enum where where, const char *key, bool *ret_is_there)
{
    *ret_is_there = false;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].where == where && text_is(rows[i].key, key)) {
            *ret_is_there = true;
            return rows[i].line;
        }
    }
    return NULL;
}

static void test_key(enum where where, const char *key)
{
    bool is_there;
    const char *line = find_row(where, key, &is_there);
    STR_AUTO(with);
    STR_AUTO(without);

    if (!ok(is_there))
        tap_note("%s.*.%s has no row: it may be ignored in silence", sections[where], key);
    if (!line)
        return;
    ok(outcome(where, key, line, &with));
    ok(outcome(where, key, NULL, &without));
    if (!ok(!text_is(with.buf, without.buf)))
        tap_note("%s.*.%s: %s changes nothing, and nobody is told", sections[where], key, line);
}

int main(void)
{
    STR_AUTO(path);
    ERR_AUTO(err);

    str_printf(&path, "%s/some.env", tap_folder());
    ok(file_write_atomic(path.buf, "K=v\n", 4, 0600, &err) == 0);
    for (enum where where = 0; where < N_WHERE; where++) {
        const struct schema_type *type = schema_section(sections[where])->type;
        for (size_t i = 0; i < type->n_rows; i++)
            test_key(where, type->rows[i].key);
    }
    return done_testing();
}
