/*
 * decode-service.c - one bound service into the model, by tables. The larger attributes have a
 * file each.
 */
#include "base/base.h"

#include "compose-compat/file/decode-parts.h"

#include <stdlib.h>

/* --- lists made of maps of names -------------------------------------------------------------- */

static int decode_condition(struct decode *decode, const struct node *value,
                            const struct decode_row *row, void *member)
{
    (void)decode, (void)row;
    for (int i = 0; dependency_condition_names[i]; i++)
        if (text_is(node_as_text(value), dependency_condition_names[i]))
            *(enum dependency_condition *)member = (enum dependency_condition)i;
    return 0;
}

static const struct decode_row dependency_rows[] = {
    DECODE_ROW("condition", decode_condition, struct dependency, condition),
    DECODE_ROW("restart", decode_bool, struct dependency, restart),
    DECODE_ROW("required", decode_bool, struct dependency, required),
    DECODE_END,
};

static int decode_dependencies(struct decode *decode, const struct node *value,
                               const struct decode_row *row, void *member)
{
    (void)row;
    if (!node_is(value, NODE_MAP))
        return 0;
    decode_reserve(decode, member, value->u.map.n, sizeof(struct dependency));
    NODE_EACH_PAIR(value, pair) {
        struct dependency *dependency = decode_new_item(decode, member, sizeof(*dependency));
        dependency->service = pair->key;
        dependency->at = pair->at;
        decode_map(decode, pair->value, dependency_rows, dependency);
    }
    return 0;
}

static const struct decode_row endpoint_rows[] = {
    DECODE_ROW("aliases", decode_texts, struct endpoint, aliases),
    DECODE_ROW("link_local_ips", decode_texts, struct endpoint, link_local_ips),
    DECODE_ROW("ipv4_address", decode_text, struct endpoint, ipv4_address),
    DECODE_ROW("ipv6_address", decode_text, struct endpoint, ipv6_address),
    DECODE_ROW("mac_address", decode_text, struct endpoint, mac_address),
    DECODE_ROW("interface_name", decode_text, struct endpoint, interface_name),
    DECODE_ROW("driver_opts", decode_pairs, struct endpoint, driver_opts),
    DECODE_ROW("priority", decode_int, struct endpoint, priority),
    DECODE_ROW("gw_priority", decode_int, struct endpoint, gw_priority),
    DECODE_END,
};

static int by_priority(const void *a, const void *b)
{
    const struct endpoint *left = a, *right = b;
    if (left->priority != right->priority)
        return left->priority > right->priority ? -1 : 1;
    return strcmp(left->network, right->network);
}

static int decode_endpoints(struct decode *decode, const struct node *value,
                            const struct decode_row *row, void *member)
{
    struct any_list *list = member;
    (void)row;
    if (!node_is(value, NODE_MAP))
        return 0;
    decode_reserve(decode, member, value->u.map.n, sizeof(struct endpoint));
    NODE_EACH_PAIR(value, pair) {
        struct endpoint *endpoint = decode_new_item(decode, list, sizeof(*endpoint));
        endpoint->network = pair->key;
        endpoint->at = pair->at;
        if (node_is(pair->value, NODE_MAP))
            decode_map(decode, pair->value, endpoint_rows, endpoint);
    }
    if (list->n > 1)
        qsort(list->items, list->n, sizeof(struct endpoint), by_priority);
    return 0;
}

static const struct decode_row model_use_rows[] = {
    DECODE_ROW("endpoint_var", decode_text, struct model_use, endpoint_var),
    DECODE_ROW("model_var", decode_text, struct model_use, model_var),
    DECODE_END,
};

static int decode_model_uses(struct decode *decode, const struct node *value,
                             const struct decode_row *row, void *member)
{
    (void)row;
    if (!node_is(value, NODE_MAP))
        return 0;
    NODE_EACH_PAIR(value, pair) {
        struct model_use *use = decode_new_item(decode, member, sizeof(*use));
        use->model = pair->key;
        if (node_is(pair->value, NODE_MAP))
            decode_map(decode, pair->value, model_use_rows, use);
    }
    return 0;
}

/* --- lists of maps ---------------------------------------------------------------------------- */

static const struct decode_row port_rows[] = {
    DECODE_ROW("name", decode_text, struct port, name),
    DECODE_ROW("mode", decode_text, struct port, mode),
    DECODE_ROW("host_ip", decode_text, struct port, host_ip),
    DECODE_ROW("target", decode_int, struct port, target),
    DECODE_ROW("published", decode_text, struct port, published),
    DECODE_ROW("protocol", decode_text, struct port, protocol),
    DECODE_ROW("app_protocol", decode_text, struct port, app_protocol),
    DECODE_END,
};

static int decode_ports(struct decode *decode, const struct node *value,
                        const struct decode_row *row, void *member)
{
    (void)row;
    if (!node_is(value, NODE_LIST))
        return 0;
    decode_reserve(decode, member, value->u.list.n, sizeof(struct port));
    NODE_EACH_ITEM(value, item) {
        struct port *port = decode_new_item(decode, member, sizeof(*port));
        decode_map(decode, *item, port_rows, port);
        port->at = (*item)->at;
    }
    return 0;
}

static const struct decode_row device_rows[] = {
    DECODE_ROW("source", decode_text, struct device, source),
    DECODE_ROW("target", decode_text, struct device, target),
    DECODE_ROW("permissions", decode_text, struct device, permissions),
    DECODE_END,
};
static const struct decode_row blkio_weight_rows[] = {
    DECODE_ROW("path", decode_text, struct blkio_device, path),
    DECODE_ROW("weight", decode_int, struct blkio_device, value),
    DECODE_END,
};
static const struct decode_row blkio_rate_rows[] = {
    DECODE_ROW("path", decode_text, struct blkio_device, path),
    DECODE_ROW("rate", decode_size, struct blkio_device, value),
    DECODE_END,
};
#define BLKIO_RATE(key)                                                                            \
    DECODE_MORE(#key, decode_structs, struct blkio, key, blkio_rate_rows,                          \
                sizeof(struct blkio_device))
static const struct decode_row blkio_rows[] = {
    DECODE_ROW("weight", decode_int, struct blkio, weight),
    DECODE_MORE("weight_device", decode_structs, struct blkio, weight_device, blkio_weight_rows,
                sizeof(struct blkio_device)),
    BLKIO_RATE(device_read_bps),
    BLKIO_RATE(device_read_iops),
    BLKIO_RATE(device_write_bps),
    BLKIO_RATE(device_write_iops),
    DECODE_END,
};

/* --- small objects ---------------------------------------------------------------------------- */

static const struct decode_row healthcheck_rows[] = {
    DECODE_ROW("test", decode_words, struct healthcheck, test),
    DECODE_ROW("interval", decode_opt_time, struct healthcheck, interval),
    DECODE_ROW("timeout", decode_opt_time, struct healthcheck, timeout),
    DECODE_ROW("start_period", decode_opt_time, struct healthcheck, start_period),
    DECODE_ROW("start_interval", decode_opt_time, struct healthcheck, start_interval),
    DECODE_ROW("retries", decode_opt_int, struct healthcheck, retries),
    DECODE_ROW("disable", decode_bool, struct healthcheck, disable),
    DECODE_END,
};
static const struct decode_row logging_rows[] = {
    DECODE_ROW("driver", decode_text, struct logging, driver),
    DECODE_ROW("options", decode_pairs, struct logging, options),
    DECODE_END,
};
static const struct decode_row provider_rows[] = {
    DECODE_ROW("type", decode_text, struct provider, type),
    DECODE_ROW("options", decode_node, struct provider, options),
    DECODE_END,
};

/* --- the service ------------------------------------------------------------------------------ */

#define ROW(key, fn) DECODE_ROW(#key, fn, struct service, key)
#define PART(key, rows, part)                                                                      \
    DECODE_MORE(#key, decode_struct_ptr, struct service, key, rows, sizeof(struct part))

/* Sorted by key: decode_service() looks them up. */
static const struct decode_row service_rows[] = {
    ROW(annotations, decode_pairs),
    ROW(attach, decode_opt_bool),
    DECODE_MORE("blkio_config", decode_struct_ptr, struct service, blkio, blkio_rows,
                sizeof(struct blkio)),
    ROW(build, decode_build),
    ROW(cap_add, decode_texts),
    ROW(cap_drop, decode_texts),
    ROW(cgroup, decode_text),
    ROW(cgroup_parent, decode_text),
    ROW(command, decode_words),
    ROW(configs, decode_file_refs),
    ROW(container_name, decode_text),
    ROW(cpu_count, decode_int),
    ROW(cpu_percent, decode_float),
    ROW(cpu_period, decode_int),
    ROW(cpu_quota, decode_int),
    ROW(cpu_rt_period, decode_int),
    ROW(cpu_rt_runtime, decode_int),
    ROW(cpu_shares, decode_int),
    ROW(cpus, decode_float),
    ROW(cpuset, decode_text),
    ROW(depends_on, decode_dependencies),
    ROW(deploy, decode_deploy),
    DECODE_ROW("develop", decode_watch, struct service, watch),
    ROW(device_cgroup_rules, decode_texts),
    DECODE_MORE("devices", decode_structs, struct service, devices, device_rows,
                sizeof(struct device)),
    ROW(dns, decode_texts),
    ROW(dns_opt, decode_texts),
    ROW(dns_search, decode_texts),
    ROW(domainname, decode_text),
    ROW(entrypoint, decode_words),
    ROW(environment, decode_pairs),
    ROW(expose, decode_texts),
    ROW(external_links, decode_texts),
    ROW(extra_hosts, decode_hosts),
    ROW(gpus, decode_devices),
    ROW(group_add, decode_texts),
    PART(healthcheck, healthcheck_rows, healthcheck),
    ROW(hostname, decode_text),
    ROW(image, decode_text),
    ROW(init, decode_opt_bool),
    ROW(ipc, decode_text),
    ROW(isolation, decode_text),
    ROW(labels, decode_pairs),
    ROW(links, decode_texts),
    PART(logging, logging_rows, logging),
    ROW(mac_address, decode_text),
    ROW(mem_limit, decode_size),
    ROW(mem_reservation, decode_size),
    ROW(mem_swappiness, decode_opt_size),
    ROW(memswap_limit, decode_size),
    ROW(models, decode_model_uses),
    ROW(network_mode, decode_text),
    ROW(networks, decode_endpoints),
    ROW(oom_kill_disable, decode_bool),
    ROW(oom_score_adj, decode_int),
    ROW(pid, decode_text),
    ROW(pids_limit, decode_int),
    ROW(platform, decode_text),
    ROW(ports, decode_ports),
    ROW(post_start, decode_hooks),
    ROW(pre_start, decode_hooks),
    ROW(pre_stop, decode_hooks),
    ROW(privileged, decode_bool),
    ROW(profiles, decode_texts),
    PART(provider, provider_rows, provider),
    ROW(pull_policy, decode_text),
    ROW(read_only, decode_bool),
    ROW(restart, decode_text),
    ROW(runtime, decode_text),
    ROW(scale, decode_opt_int),
    ROW(secrets, decode_file_refs),
    ROW(security_opt, decode_texts),
    ROW(shm_size, decode_size),
    ROW(stdin_open, decode_bool),
    ROW(stop_grace_period, decode_opt_time),
    ROW(stop_signal, decode_text),
    ROW(storage_opt, decode_pairs),
    ROW(sysctls, decode_pairs),
    ROW(tmpfs, decode_texts),
    ROW(tty, decode_bool),
    ROW(ulimits, decode_ulimits),
    ROW(use_api_socket, decode_bool),
    ROW(user, decode_text),
    ROW(userns_mode, decode_text),
    ROW(uts, decode_text),
    ROW(volumes, decode_mounts),
    ROW(volumes_from, decode_texts),
    ROW(working_dir, decode_text),
};

static int by_key(const void *key, const void *row)
{
    return strcmp(key, ((const struct decode_row *)row)->key);
}

/* A service has few of its ninety keys: the pairs look for their rows, not the other way round. */
void decode_service(struct decode *decode, const struct node *map, struct service *service)
{
    NODE_EACH_PAIR(map, pair) {
        const struct decode_row *row = bsearch(pair->key, service_rows, ARRAY_LEN(service_rows),
                                               sizeof(service_rows[0]), by_key);
        if (row && !node_is(pair->value, NODE_NULL))
            (void)row->fn(decode, pair->value, row, (char *)service + row->offset);
    }
}
