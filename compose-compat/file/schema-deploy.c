/*
 * schema-deploy.c - the table's rows of services.*.deploy, and of device requests (gpus). Read through
 * schema.h.
 */
#include "base/base.h"

#include "compose-compat/file/schema-parts.h"
#include "compose-compat/file/schema-types.h"

static const struct schema_row device_rows[] = {
    { "capabilities", &unique_texts_type, .order = 1, .bind = BIND_TEXTS },
    { "count", &count_type, .order = 3, .bind = BIND_COUNT, .omit = OMIT_EMPTY },
    { "device_ids", &unique_texts_type, .order = 4, .bind = BIND_TEXTS },
    { "driver", &text_type, .order = 2, .bind = BIND_TEXT },
    { "options", &pairs_type, .order = 5, .canonical = CANON_PAIRS, .bind = BIND_PAIRS },
};
static const char *const device_required[] = { "capabilities", NULL };
static const struct schema_type device_type = {
    .kinds = KIND_MAP, .rows = device_rows, .n_rows = ARRAY_LEN(device_rows),
    .required = device_required, .drops_extensions = true,
};
static const struct schema_row device_item = { .type = &device_type };
static const struct schema_type devices_type = {
    .kinds = KIND_LIST, .item = &device_item,
};
/* An item of gpus is the same, but nothing is required and other keys are ignored. */
static const struct schema_type gpu_type = {
    .kinds = KIND_MAP, .keys = KEYS_OPEN, .rows = device_rows, .n_rows = ARRAY_LEN(device_rows),
    .drops_extensions = true,
};
const struct schema_row schema_gpu_item = { .type = &gpu_type };

static const struct schema_row spec_rows[] = {
    { "kind", &text_type, .order = 1, .bind = BIND_TEXT, .omit = OMIT_NEVER },
    { "value", &number_or_text_type, .order = 2, .bind = BIND_INT, .omit = OMIT_NEVER },
};
static const struct schema_type spec_type = {
    .kinds = KIND_MAP, .rows = spec_rows, .n_rows = ARRAY_LEN(spec_rows),
};
static const struct schema_row generic_rows[] = {
    { "discrete_resource_spec", &spec_type, .order = 1, .omit = OMIT_UNSET },
};
static const struct schema_type generic_type = {
    .kinds = KIND_MAP, .rows = generic_rows, .n_rows = ARRAY_LEN(generic_rows),
};
static const struct schema_row generic_item = { .type = &generic_type };
static const struct schema_type generics_type = {
    .kinds = KIND_LIST, .item = &generic_item,
};

static const struct schema_row limits_rows[] = {
    { "cpus", &number_or_text_type, .order = 1, .bind = BIND_CPUS },
    { "memory", &text_type, .order = 2, .bind = BIND_BYTES },
    { "pids", &int_or_text_type, .order = 3, .bind = BIND_INT },
};
static const struct schema_type limits_type = {
    .kinds = KIND_MAP, .rows = limits_rows, .n_rows = ARRAY_LEN(limits_rows),
};
static const struct schema_row reservations_rows[] = {
    { "cpus", &number_or_text_type, .order = 1, .bind = BIND_CPUS },
    { "devices", &devices_type, .order = 3 },
    { "generic_resources", &generics_type, .order = 4 },
    { "memory", &text_type, .order = 2, .bind = BIND_BYTES },
};
static const struct schema_type reservations_type = {
    .kinds = KIND_MAP, .rows = reservations_rows, .n_rows = ARRAY_LEN(reservations_rows),
};
static const struct schema_row resources_rows[] = {
    { "limits", &limits_type, .order = 1, .omit = OMIT_UNSET },
    { "reservations", &reservations_type, .order = 2, .omit = OMIT_UNSET },
};
static const struct schema_type resources_type = {
    .kinds = KIND_MAP, .rows = resources_rows, .n_rows = ARRAY_LEN(resources_rows),
};

static const char *const order_words[] = { "start-first", "stop-first", NULL };
static const struct schema_type order_type = {
    .kinds = KIND_TEXT, .words = order_words,
};
static const struct schema_row update_rows[] = {
    { "delay", &text_type, .order = 2, .bind = BIND_DURATION },
    { "failure_action", &text_type, .order = 3, .bind = BIND_TEXT },
    { "max_failure_ratio", &number_or_text_type, .order = 5, .cast = CAST_FLOAT,
      .bind = BIND_FLOAT },
    { "monitor", &text_type, .order = 4, .bind = BIND_DURATION },
    { "order", &order_type, .order = 6, .bind = BIND_TEXT },
    { "parallelism", &int_or_text_type, .order = 1, .cast = CAST_INT, .bind = BIND_UINT,
      .omit = OMIT_UNSET },
};
static const struct schema_type update_type = {
    .kinds = KIND_MAP, .rows = update_rows, .n_rows = ARRAY_LEN(update_rows),
};

static const struct schema_row restart_rows[] = {
    { "condition", &text_type, .order = 1, .bind = BIND_TEXT },
    { "delay", &text_type, .order = 2, .bind = BIND_DURATION, .omit = OMIT_UNSET },
    { "max_attempts", &int_or_text_type, .order = 3, .cast = CAST_INT, .bind = BIND_UINT,
      .omit = OMIT_UNSET },
    { "window", &text_type, .order = 4, .bind = BIND_DURATION, .omit = OMIT_UNSET },
};
static const struct schema_type restart_type = {
    .kinds = KIND_MAP, .rows = restart_rows, .n_rows = ARRAY_LEN(restart_rows),
};

static const struct schema_row preference_rows[] = {
    { "spread", &text_type, .order = 1, .bind = BIND_TEXT },
};
static const struct schema_type preference_type = {
    .kinds = KIND_MAP, .rows = preference_rows, .n_rows = ARRAY_LEN(preference_rows),
};
static const struct schema_row preference_item = { .type = &preference_type };
static const struct schema_type preferences_type = {
    .kinds = KIND_LIST, .item = &preference_item,
};
static const struct schema_row placement_rows[] = {
    { "constraints", &texts_type, .order = 1, .bind = BIND_TEXTS },
    { "max_replicas_per_node", &int_or_text_type, .order = 3, .cast = CAST_INT, .bind = BIND_UINT },
    { "preferences", &preferences_type, .order = 2 },
};
static const struct schema_type placement_type = {
    .kinds = KIND_MAP, .rows = placement_rows, .n_rows = ARRAY_LEN(placement_rows),
};

static const struct schema_row deploy_rows[] = {
    { "endpoint_mode", &text_type, .order = 9, .bind = BIND_TEXT },
    { "labels", &pairs_type, .order = 3, .merge = MERGE_SEQUENCE, .unique = UNIQUE_PAIR,
      .canonical = CANON_PAIRS, .bind = BIND_PAIRS },
    { "mode", &text_type, .order = 1, .bind = BIND_TEXT },
    { "placement", &placement_type, .order = 8, .omit = OMIT_STRUCT },
    { "replicas", &int_or_text_type, .order = 2, .cast = CAST_INT, .bind = BIND_INT,
      .omit = OMIT_UNSET },
    { "resources", &resources_type, .order = 6, .omit = OMIT_STRUCT },
    { "restart_policy", &restart_type, .order = 7, .omit = OMIT_UNSET },
    { "rollback_config", &update_type, .order = 5, .omit = OMIT_UNSET },
    { "update_config", &update_type, .order = 4, .omit = OMIT_UNSET },
};
const struct schema_type schema_deploy_type = {
    .kinds = KIND_MAP | KIND_NULL, .rows = deploy_rows, .n_rows = ARRAY_LEN(deploy_rows),
};
