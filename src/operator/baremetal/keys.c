/*
 * keys.c - the table of keys.h and what is checked beyond it: values that a key may have elsewhere,
 * but not here. What depends on the machine is checked elsewhere: control groups (limits.c), taken
 * ports (ports.c), missing programs
 * (create.c).
 */
#include "base/base.h"

#include "operator/baremetal/keys.h"

#include <stdlib.h>

static bool has_other_network_mode(const struct service *service)
{
    return !text_is(service->network_mode, "host") &&
           !text_starts(service->network_mode, "service:");
}

static bool has_other_pid(const struct service *service)
{
    return !text_is(service->pid, "host") && !text_starts(service->pid, "service:");
}

static bool has_other_ipc(const struct service *service)
{
    return !text_is(service->ipc, "host") && !text_is(service->ipc, "shareable") &&
           !text_starts(service->ipc, "service:");
}

static bool has_other_uts(const struct service *service)
{
    return !text_is(service->uts, "host");
}

static bool has_other_userns(const struct service *service)
{
    return !text_is(service->userns_mode, "host");
}

static bool has_other_cgroup(const struct service *service)
{
    return !text_is(service->cgroup, "host");
}

static bool has_other_mode(const struct service *service)
{
    return !text_is(service->deploy->mode, "replicated");
}

static bool has_other_driver(const struct service *service)
{
    return service->logging->options.n > 0 ||
           (service->logging->driver && !text_is(service->logging->driver, "json-file") &&
            !text_is(service->logging->driver, "local"));
}

/* A device of the host is there under its own name, to be used as the user's rights allow. */
static bool has_renamed_device(const struct service *service)
{
    VEC_EACH (&service->devices, device) {
        if (device->target && !text_is(device->source, device->target))
            return true;
    }
    return false;
}

const struct key_row baremetal_keys[] = {
    { "annotations", KEY_NO_EFFECT, "nothing here reads them", NULL },
    { "attach", KEY_USED, NULL, NULL },
    { "blkio_config", KEY_NO_EFFECT, "a process has the host's disks to itself", NULL },
    { "build", KEY_NO_EFFECT, "nothing is built: \"command\" says what is run", NULL },
    { "cap_add", KEY_NO_EFFECT, "a process has the capabilities of its user", NULL },
    { "cap_drop", KEY_NO_EFFECT, "a process has the capabilities of its user", NULL },
    { "cgroup", KEY_NO_EFFECT, "a process has the host's view of control groups",
      has_other_cgroup },
    { "cgroup_parent", KEY_NO_EFFECT, "control groups are made below octocompose's own", NULL },
    { "command", KEY_USED, NULL, NULL },
    { "configs", KEY_USED, NULL, NULL },
    { "container_name", KEY_USED, NULL, NULL },
    { "cpu_count", KEY_NO_EFFECT, "it is for Windows containers", NULL },
    { "cpu_percent", KEY_NO_EFFECT, "it is for Windows containers", NULL },
    { "cpu_period", KEY_LIMIT, NULL, NULL },
    { "cpu_quota", KEY_LIMIT, NULL, NULL },
    { "cpu_rt_period", KEY_NO_EFFECT, "there is no limit of real-time scheduling", NULL },
    { "cpu_rt_runtime", KEY_NO_EFFECT, "there is no limit of real-time scheduling", NULL },
    { "cpu_shares", KEY_LIMIT, NULL, NULL },
    { "cpus", KEY_LIMIT, NULL, NULL },
    { "cpuset", KEY_LIMIT, NULL, NULL },
    { "credential_spec", KEY_NO_EFFECT, "it is for Windows containers", NULL },
    { "depends_on", KEY_USED, NULL, NULL },
    { "deploy.endpoint_mode", KEY_NO_EFFECT, "there is no load balancer", NULL },
    { "deploy.labels", KEY_NO_EFFECT, "nothing here reads them", NULL },
    { "deploy.mode", KEY_NO_EFFECT, "there is one host: \"replicas\" says how many run",
      has_other_mode },
    { "deploy.placement", KEY_NO_EFFECT, "there is one host", NULL },
    { "deploy.replicas", KEY_USED, NULL, NULL },
    { "deploy.resources.limits", KEY_LIMIT, NULL, NULL },
    { "deploy.resources.reservations.cpus", KEY_NO_EFFECT, "processors are not reserved", NULL },
    { "deploy.resources.reservations.devices", KEY_SATISFIED, NULL, NULL },
    { "deploy.resources.reservations.generic_resources", KEY_NO_EFFECT, "there is one host", NULL },
    { "deploy.resources.reservations.memory", KEY_LIMIT, NULL, NULL },
    { "deploy.restart_policy.condition", KEY_USED, NULL, NULL },
    { "deploy.restart_policy.delay", KEY_NO_EFFECT,
      "a restart waits 100 ms, and twice as long each time", NULL },
    { "deploy.restart_policy.max_attempts", KEY_USED, NULL, NULL },
    { "deploy.restart_policy.window", KEY_NO_EFFECT, "a run of ten seconds is taken as a success",
      NULL },
    { "deploy.rollback_config", KEY_NO_EFFECT, "nothing is rolled back by itself", NULL },
    { "deploy.update_config", KEY_NO_EFFECT, "instances are replaced one after the other", NULL },
    { "develop", KEY_SATISFIED, NULL, NULL },
    { "device_cgroup_rules", KEY_NO_EFFECT, "devices are what the user may open", NULL },
    { "devices", KEY_IMPOSSIBLE, "a device has the host's name for it here", has_renamed_device },
    { "dns", KEY_NO_EFFECT, "names are looked up as the host does", NULL },
    { "dns_opt", KEY_NO_EFFECT, "names are looked up as the host does", NULL },
    { "dns_search", KEY_NO_EFFECT, "names are looked up as the host does", NULL },
    { "domainname", KEY_NO_EFFECT, "a process has the host's name", NULL },
    { "entrypoint", KEY_USED, NULL, NULL },
    { "env_file", KEY_LOADED, NULL, NULL },
    { "environment", KEY_USED, NULL, NULL },
    { "expose", KEY_SATISFIED, NULL, NULL },
    { "extends", KEY_LOADED, NULL, NULL },
    { "external_links", KEY_NO_EFFECT, "services are on the host's own network: \"localhost\"",
      NULL },
    { "extra_hosts", KEY_NO_EFFECT, "names are looked up as the host does", NULL },
    { "gpus", KEY_SATISFIED, NULL, NULL },
    { "group_add", KEY_NO_EFFECT, "a process has the groups of its user", NULL },
    { "healthcheck", KEY_USED, NULL, NULL },
    { "hostname", KEY_NO_EFFECT, "a process has the host's name", NULL },
    { "image", KEY_SATISFIED, NULL, NULL },
    { "init", KEY_SATISFIED, NULL, NULL },
    { "ipc", KEY_NO_EFFECT, "a process shares the host's", has_other_ipc },
    { "isolation", KEY_NO_EFFECT, "it is for Windows containers", NULL },
    { "label_file", KEY_LOADED, NULL, NULL },
    { "labels", KEY_SATISFIED, NULL, NULL },
    { "links", KEY_NO_EFFECT, "services are on the host's own network: \"localhost\"", NULL },
    { "logging", KEY_NO_EFFECT, "three segments of 8 MB are kept", has_other_driver },
    { "mac_address", KEY_NO_EFFECT, "services are on the host's own network", NULL },
    { "mem_limit", KEY_LIMIT, NULL, NULL },
    { "mem_reservation", KEY_LIMIT, NULL, NULL },
    { "mem_swappiness", KEY_NO_EFFECT, "swapping is the host's", NULL },
    { "memswap_limit", KEY_LIMIT, NULL, NULL },
    { "models", KEY_IMPOSSIBLE, "there is nothing that runs models", NULL },
    { "network_mode", KEY_NO_EFFECT, "services are on the host's own network",
      has_other_network_mode },
    { "networks", KEY_USED, NULL, NULL },
    { "oom_kill_disable", KEY_NO_EFFECT, "what exceeds its memory is killed", NULL },
    { "oom_score_adj", KEY_USED, NULL, NULL },
    { "pid", KEY_NO_EFFECT, "a process sees the host's", has_other_pid },
    { "pids_limit", KEY_LIMIT, NULL, NULL },
    { "platform", KEY_NO_EFFECT, "a program runs if this host can run it", NULL },
    { "ports", KEY_USED, NULL, NULL },
    { "post_start", KEY_USED, NULL, NULL },
    { "pre_start", KEY_USED, NULL, NULL },
    { "pre_stop", KEY_USED, NULL, NULL },
    { "privileged", KEY_NO_EFFECT, "a process has the privileges of its user", NULL },
    { "profiles", KEY_LOADED, NULL, NULL },
    { "provider", KEY_IMPOSSIBLE, "providers are not run", NULL },
    { "pull_policy", KEY_SATISFIED, NULL, NULL },
    { "pull_refresh_after", KEY_LOADED, NULL, NULL },
    { "read_only", KEY_NO_EFFECT, "a process can write what its user can", NULL },
    { "restart", KEY_USED, NULL, NULL },
    { "runtime", KEY_NO_EFFECT, "the kernel runs programs", NULL },
    { "scale", KEY_USED, NULL, NULL },
    { "secrets", KEY_USED, NULL, NULL },
    { "security_opt", KEY_NO_EFFECT, "a process has what its user has", NULL },
    { "shm_size", KEY_NO_EFFECT, "/dev/shm is the host's", NULL },
    { "stdin_open", KEY_USED, NULL, NULL },
    { "stop_grace_period", KEY_USED, NULL, NULL },
    { "stop_signal", KEY_USED, NULL, NULL },
    { "storage_opt", KEY_NO_EFFECT, "the file system is the host's", NULL },
    { "sysctls", KEY_NO_EFFECT, "they are the host's", NULL },
    { "tmpfs", KEY_USED, NULL, NULL },
    { "tty", KEY_NO_EFFECT, "output goes to a pipe", NULL },
    { "ulimits", KEY_USED, NULL, NULL },
    { "use_api_socket", KEY_IMPOSSIBLE, "there is no Engine", NULL },
    { "user", KEY_USED, NULL, NULL },
    { "userns_mode", KEY_NO_EFFECT, "users are the host's", has_other_userns },
    { "uts", KEY_NO_EFFECT, "a process has the host's name", has_other_uts },
    { "volumes", KEY_USED, NULL, NULL },
    { "volumes_from", KEY_IMPOSSIBLE, "name the folders themselves in \"volumes\"", NULL },
    { "working_dir", KEY_USED, NULL, NULL },
};
const size_t baremetal_keys_n = ARRAY_LEN(baremetal_keys);

static struct finding *add(struct findings *findings, enum finding_level level, struct origin at,
                           const struct service *service, const char *path, const char *fmt, ...)
    ATTR_PRINTF(6, 7);

static struct finding *add(struct findings *findings, enum finding_level level, struct origin at,
                           const struct service *service, const char *path, const char *fmt, ...)
{
    va_list args;
    STR_AUTO(full);
    STR_AUTO(text);

    va_start(args, fmt);
    str_vprintf(&text, fmt, args);
    va_end(args);
    str_printf(&full, "services.%s%s%s", service->name, *path ? "." : "", path);
    return finding_add(findings, level, at, full.buf, "%s", text.buf);
}

/* --- the table ----------------------------------------------------------------------------------
 */

static bool is_empty(const struct node *value)
{
    return !value || value->kind == NODE_NULL || (node_is(value, NODE_BOOL) && !value->u.truth) ||
           (node_is(value, NODE_INT) && value->u.integer == 0) ||
           (node_is(value, NODE_LIST) && value->u.list.n == 0) ||
           (node_is(value, NODE_MAP) && value->u.map.n == 0);
}

static const struct node *find(const struct service *service, const char *path)
{
    struct slice rest = slice_from(path), key;
    const struct node *value = service->source;
    STR_AUTO(name);

    while (rest.len > 0 && value) {
        slice_split(&rest, '.', &key);
        str_clear(&name);
        str_add_len(&name, key.at, key.len);
        value = node_get(value, name.buf);
    }
    return value;
}

static void check_table(const struct service *service, struct findings *findings)
{
    for (size_t i = 0; i < baremetal_keys_n; i++) {
        const struct key_row *row = &baremetal_keys[i];

        if ((row->use != KEY_NO_EFFECT && row->use != KEY_IMPOSSIBLE) ||
            is_empty(find(service, row->path)) || (row->matters && !row->matters(service)))
            continue;
        add(findings, row->use == KEY_IMPOSSIBLE ? FINDING_ERROR : FINDING_WARNING,
            service_origin(service, row->path), service, row->path, "%s on bare metal: %s",
            row->use == KEY_IMPOSSIBLE ? "is not possible" : "has no effect", row->why);
    }
}

/* --- values -------------------------------------------------------------------------------------
 */

static void check_program(const struct service *service, struct findings *findings)
{
    if (service->command.list.n > 0 || service->entrypoint.list.n > 0 || service->provider)
        return;
    finding_hint(add(findings, FINDING_ERROR, service->at, service, "",
                     "has no command: on bare metal an image does not say what to run"),
                 "give it a \"command\" or an \"entrypoint\"");
}

static void check_mounts(const struct service *service, struct findings *findings)
{
    VEC_EACH (&service->volumes, mount) {
        if (mount->type != MOUNT_BIND && mount->type != MOUNT_VOLUME && mount->type != MOUNT_TMPFS)
            add(findings, FINDING_ERROR, mount->at, service, "volumes",
                "a mount of type \"%s\" is not possible on bare metal",
                mount_type_names[mount->type]);
        else if (mount->tmpfs && mount->tmpfs->size > 0)
            add(findings, FINDING_WARNING, mount->at, service, "volumes",
                "\"tmpfs.size\" has no effect on bare metal: a temporary mount is a folder");
        if (mount->bind && (mount->bind->propagation || mount->bind->selinux))
            add(findings, FINDING_WARNING, mount->at, service, "volumes",
                "\"bind.propagation\" and \"bind.selinux\" have no effect on bare metal");
    }
}

static void check_ports(const struct service *service, struct findings *findings)
{
    VEC_EACH (&service->ports, port) {
        int64_t published;

        if (port->protocol && !text_is(port->protocol, "tcp") && !text_is(port->protocol, "udp"))
            add(findings, FINDING_WARNING, port->at, service, "ports",
                "whether the port is free is not checked for \"%s\"", port->protocol);
        if (port->published && text_to_int(port->published, &published) == 0 &&
            published != port->target)
            add(findings, FINDING_WARNING, port->at, service, "ports",
                "nothing forwards the published port \"%s\" on bare metal: the program has to "
                "listen there (OCTO_PORT_%lld says so)",
                port->published, (long long)port->target);
    }
}

/* Secrets and configs: what a service uses has to have a content that we can read. */
static void check_file(const struct service *service, const struct file_reference *use,
                       const struct project_file *file, const char *section,
                       struct findings *findings)
{
    if (!file)
        return;
    if (file->external || file->driver)
        add(findings, FINDING_ERROR, use->at, service, section,
            "\"%s\" has no content that bare metal can give to a service", use->source);
    if (file->template_driver)
        add(findings, FINDING_ERROR, file->at, service, section,
            "\"%s\" has a template driver, which bare metal does not have", use->source);
    if (use->uid || use->gid || use->mode.has)
        add(findings, FINDING_WARNING, use->at, service, section,
            "uid, gid and mode of \"%s\" have no effect on bare metal: its user alone reads it",
            use->source);
}

static void check_files(const struct project *project, const struct service *service,
                        struct findings *findings)
{
    VEC_EACH (&service->secrets, use)
        check_file(service, use, project_find_secret(project, use->source), "secrets", findings);
    VEC_EACH (&service->configs, use)
        check_file(service, use, project_find_config(project, use->source), "configs", findings);
}

static void check_hook(const struct service *service, const struct hook *hook, const char *phase,
                       struct findings *findings)
{
    if (hook->image)
        add(findings, FINDING_WARNING, hook->at, service, phase,
            "the image \"%s\" has no effect on bare metal: the command is a program of the host",
            hook->image);
    if (hook->privileged)
        add(findings, FINDING_WARNING, hook->at, service, phase, "%s has no effect on bare metal",
            "\"privileged\"");
    if (hook->per_replica)
        add(findings, FINDING_ERROR, hook->at, service, phase,
            "\"per_replica\" is not supported on bare metal");
}

static void check_hooks(const struct service *service, struct findings *findings)
{
    VEC_EACH (&service->pre_start, hook)
        check_hook(service, hook, "pre_start", findings);
    VEC_EACH (&service->post_start, hook)
        check_hook(service, hook, "post_start", findings);
    VEC_EACH (&service->pre_stop, hook)
        check_hook(service, hook, "pre_stop", findings);
}

void baremetal_check_keys(const struct project *project, const struct service *service,
                          struct findings *findings)
{
    check_program(service, findings);
    check_table(service, findings);
    check_mounts(service, findings);
    check_ports(service, findings);
    check_files(project, service, findings);
    check_hooks(service, findings);
    VEC_EACH (&service->networks, endpoint) {
        if (!text_is(endpoint->network, "default"))
            add(findings, FINDING_WARNING, endpoint->at, service, "networks",
                "the network \"%s\" is the host's on bare metal", endpoint->network);
    }
    if (service->stop_signal && baremetal_signal(service->stop_signal) == 0)
        add(findings, FINDING_ERROR, service_origin(service, "stop_signal"), service, "stop_signal",
            "no such signal: \"%s\"", service->stop_signal);
    VEC_EACH (&service->ulimits, limit) {
        STR_AUTO(path);

        str_printf(&path, "ulimits.%s", limit->name);
        if (baremetal_limit(limit->name) < 0)
            add(findings, FINDING_ERROR, service_origin(service, path.buf), service, path.buf,
                "no such limit: \"%s\"", limit->name);
    }
}
