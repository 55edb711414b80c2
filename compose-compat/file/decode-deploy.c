/*
 * decode-deploy.c - deploy and device requests into the model.
 */
#include "base/base.h"

#include "compose-compat/file/decode-parts.h"

static const struct decode_row device_rows[] = {
    DECODE_ROW("driver", decode_text, struct device_request, driver),
    DECODE_ROW("count", decode_opt_int, struct device_request, count),
    DECODE_ROW("capabilities", decode_texts, struct device_request, capabilities),
    DECODE_ROW("device_ids", decode_texts, struct device_request, device_ids),
    DECODE_ROW("options", decode_pairs, struct device_request, options),
    DECODE_END,
};

int decode_devices(struct decode *decode, const struct node *value, const struct decode_row *row,
                   void *member)
{
    (void)row;
    if (!node_is(value, NODE_LIST))
        return 0;
    NODE_EACH_ITEM(value, item) {
        struct device_request *request = decode_new_item(decode, member, sizeof(*request));
        decode_map(decode, *item, device_rows, request);
    }
    return 0;
}

static const struct decode_row resource_rows[] = {
    DECODE_ROW("cpus", decode_float, struct resources, cpus),
    DECODE_ROW("memory", decode_size, struct resources, memory),
    DECODE_ROW("pids", decode_opt_int, struct resources, pids),
    DECODE_ROW("devices", decode_devices, struct resources, devices),
    DECODE_END,
};

static const struct decode_row restart_rows[] = {
    DECODE_ROW("condition", decode_text, struct restart_policy, condition),
    DECODE_ROW("max_attempts", decode_opt_int, struct restart_policy, max_attempts),
    DECODE_ROW("delay", decode_opt_time, struct restart_policy, delay),
    DECODE_ROW("window", decode_opt_time, struct restart_policy, window),
    DECODE_END,
};

static const struct decode_row deploy_rows[] = {
    DECODE_ROW("mode", decode_text, struct deploy, mode),
    DECODE_ROW("endpoint_mode", decode_text, struct deploy, endpoint_mode),
    DECODE_ROW("labels", decode_pairs, struct deploy, labels),
    DECODE_ROW("replicas", decode_opt_int, struct deploy, replicas),
    DECODE_MORE("restart_policy", decode_struct_ptr, struct deploy, restart_policy, restart_rows,
                sizeof(struct restart_policy)),
    DECODE_ROW("placement", decode_node, struct deploy, placement),
    DECODE_ROW("update_config", decode_node, struct deploy, update_config),
    DECODE_ROW("rollback_config", decode_node, struct deploy, rollback_config),
    DECODE_END,
};

static const struct decode_row deploy_resource_rows[] = {
    DECODE_MORE("limits", decode_struct_ptr, struct deploy, limits, resource_rows,
                sizeof(struct resources)),
    DECODE_MORE("reservations", decode_struct_ptr, struct deploy, reservations, resource_rows,
                sizeof(struct resources)),
    DECODE_END,
};

int decode_deploy(struct decode *decode, const struct node *value, const struct decode_row *row,
                  void *member)
{
    (void)row;
    if (!node_is(value, NODE_MAP))
        return 0;
    struct deploy *deploy = ARENA_NEW(decode->arena, struct deploy);
    *(struct deploy **)member = deploy;
    const struct node *resources = node_get(value, "resources");
    if (node_is(resources, NODE_MAP))
        decode_map(decode, resources, deploy_resource_rows, deploy);
    return decode_map(decode, value, deploy_rows, deploy);
}
