/*
 * schema-service.c - the table's rows of services.*. The larger attributes (build, develop, deploy,
 * volumes) have a file each. Read through schema.h.
 */
#include "base/base.h"

#include "compose-compat/file/schema-parts.h"
#include "compose-compat/file/schema-types.h"

/* --- blkio_config ------------------------------------------------------------------------------ */

static const struct schema_row blkio_weight_rows[] = {
    { "path", &text_type, .order = 1, .bind = BIND_TEXT, .omit = OMIT_NEVER,
      .json_name = "Path" },
    { "weight", &int_or_text_type, .order = 2, .bind = BIND_UINT16, .omit = OMIT_NEVER,
      .json_name = "Weight" },
};
static const struct schema_type blkio_weight_type = {
    .kinds = KIND_MAP, .keys = KEYS_CLOSED, .rows = blkio_weight_rows,
    .n_rows = ARRAY_LEN(blkio_weight_rows),
};
static const struct schema_row blkio_weight_item = { .type = &blkio_weight_type };
static const struct schema_type blkio_weights_type = {
    .kinds = KIND_LIST, .item = &blkio_weight_item,
};
static const struct schema_row blkio_limit_rows[] = {
    { "path", &text_type, .order = 1, .bind = BIND_TEXT, .omit = OMIT_NEVER,
      .json_name = "Path" },
    { "rate", &int_or_text_type, .order = 2, .bind = BIND_RATE, .omit = OMIT_NEVER,
      .json_name = "Rate" },
};
static const struct schema_type blkio_limit_type = {
    .kinds = KIND_MAP, .keys = KEYS_CLOSED, .rows = blkio_limit_rows,
    .n_rows = ARRAY_LEN(blkio_limit_rows),
};
static const struct schema_row blkio_limit_item = { .type = &blkio_limit_type };
static const struct schema_type blkio_limits_type = {
    .kinds = KIND_LIST, .item = &blkio_limit_item,
};
static const struct schema_row blkio_rows[] = {
    { "device_read_bps", &blkio_limits_type, .order = 3 },
    { "device_read_iops", &blkio_limits_type, .order = 4 },
    { "device_write_bps", &blkio_limits_type, .order = 5 },
    { "device_write_iops", &blkio_limits_type, .order = 6 },
    { "weight", &int_or_text_type, .order = 1, .bind = BIND_UINT16 },
    { "weight_device", &blkio_weights_type, .order = 2 },
};
static const struct schema_type blkio_type = {
    .kinds = KIND_MAP, .keys = KEYS_CLOSED, .rows = blkio_rows, .n_rows = ARRAY_LEN(blkio_rows),
};

/* --- small objects ----------------------------------------------------------------------------- */

static const struct schema_row credential_spec_rows[] = {
    { "config", &text_type, .order = 1, .bind = BIND_TEXT },
    { "file", &text_type, .order = 2, .bind = BIND_TEXT },
    { "registry", &text_type, .order = 3, .bind = BIND_TEXT },
};
static const struct schema_type credential_spec_type = {
    .kinds = KIND_MAP, .rows = credential_spec_rows, .n_rows = ARRAY_LEN(credential_spec_rows),
};

static const char *const condition_words[] = { "service_started", "service_healthy",
                                               "service_completed_successfully", NULL };
static const struct schema_type condition_type = {
    .kinds = KIND_TEXT, .words = condition_words,
};
static const struct schema_row dependency_rows[] = {
    { "condition", &condition_type, .order = 1, .bind = BIND_TEXT },
    { "required", &bool_type, .order = 3, .cast = CAST_BOOL, .bind = BIND_BOOL,
      .omit = OMIT_UNSET },
    { "restart", &bool_or_text_type, .order = 2, .cast = CAST_BOOL, .bind = BIND_BOOL },
};
static const char *const dependency_required[] = { "condition", NULL };
static const struct schema_type dependency_type = {
    .kinds = KIND_MAP, .rows = dependency_rows, .n_rows = ARRAY_LEN(dependency_rows),
    .required = dependency_required,
};
static const struct schema_row dependency_value = { .type = &dependency_type };
static const struct schema_type depends_on_type = {
    .kinds = KIND_MAP | KIND_LIST, .keys = KEYS_NAMES, .value = &dependency_value,
    .item = &text_item, .unique_items = true,
    .forms = "a list of services, or a mapping with a \"condition\" each",
};

static const struct schema_row device_mapping_rows[] = {
    { "permissions", &text_type, .order = 3, .bind = BIND_TEXT },
    { "source", &text_type, .order = 1, .bind = BIND_TEXT },
    { "target", &text_type, .order = 2, .bind = BIND_TEXT },
};
static const char *const device_mapping_required[] = { "source", NULL };
static const struct schema_type device_mapping_type = {
    .kinds = KIND_TEXT | KIND_MAP, .rows = device_mapping_rows,
    .n_rows = ARRAY_LEN(device_mapping_rows), .required = device_mapping_required,
    .forms = "SOURCE[:TARGET[:PERMISSIONS]], or a mapping with \"source\"",
};
static const struct schema_row device_mapping_item = {
    .type = &device_mapping_type, .canonical = CANON_DEVICE,
};
static const struct schema_type device_mappings_type = {
    .kinds = KIND_LIST, .item = &device_mapping_item,
};

static const struct schema_row env_file_rows[] = {
    { "format", &text_type, .order = 3, .bind = BIND_TEXT },
    { "path", &text_type, .order = 1, .bind = BIND_TEXT, .path = PATH_FILE },
    { "required", &bool_or_text_type, .order = 2, .bind = BIND_BOOL, .omit = OMIT_TRUE },
};
static const char *const env_file_required[] = { "path", NULL };
static const struct schema_type env_file_type = {
    .kinds = KIND_TEXT | KIND_MAP, .keys = KEYS_CLOSED, .rows = env_file_rows,
    .n_rows = ARRAY_LEN(env_file_rows), .required = env_file_required,
    .forms = "a path, or a mapping with \"path\"",
};
static const struct schema_row env_file_item = { .type = &env_file_type, .path = PATH_FILE };
static const struct schema_type env_files_type = {
    .kinds = KIND_TEXT | KIND_LIST, .item = &env_file_item,
    .forms = "a path, or a list of paths or of mappings with \"path\"",
};
static const struct schema_row path_item = {
    .type = &text_type, .path = PATH_FILE, .bind = BIND_TEXT,
};
static const struct schema_type label_files_type = {
    .kinds = KIND_TEXT | KIND_LIST, .item = &path_item, .forms = "a path, or a list of paths",
};

static const struct schema_row extends_rows[] = {
    { "file", &text_type, .order = 2, .bind = BIND_TEXT, .path = PATH_EXTENDS },
    { "service", &text_type, .order = 1, .bind = BIND_TEXT },
};
static const char *const extends_required[] = { "service", NULL };
static const struct schema_type extends_type = {
    .kinds = KIND_TEXT | KIND_MAP, .keys = KEYS_OPEN, .rows = extends_rows,
    .n_rows = ARRAY_LEN(extends_rows), .required = extends_required,
    .forms = "the name of a service, or a mapping with \"service\"",
};

static const char *const gpus_words[] = { "all", NULL };
static const struct schema_type gpus_type = {
    .kinds = KIND_TEXT | KIND_LIST, .words = gpus_words, .item = &schema_gpu_item,
    .forms = "\"all\", or a list of mappings",
};

static const struct schema_type test_type = {
    .kinds = KIND_TEXT | KIND_LIST, .item = &text_item,
    .forms = "a shell command, or a list that starts with CMD, CMD-SHELL or NONE",
};
static const struct schema_row healthcheck_rows[] = {
    { "disable", &bool_or_text_type, .order = 7, .cast = CAST_BOOL, .bind = BIND_BOOL },
    { "interval", &text_type, .order = 3, .bind = BIND_DURATION, .omit = OMIT_UNSET },
    { "retries", &number_or_text_type, .order = 4, .cast = CAST_INT, .bind = BIND_UINT,
      .omit = OMIT_UNSET },
    { "start_interval", &text_type, .order = 6, .bind = BIND_DURATION, .omit = OMIT_UNSET },
    { "start_period", &text_type, .order = 5, .bind = BIND_DURATION, .omit = OMIT_UNSET },
    { "test", &test_type, .order = 1, .merge = MERGE_REPLACE, .canonical = CANON_TEST,
      .bind = BIND_WORDS },
    { "timeout", &text_type, .order = 2, .bind = BIND_DURATION, .omit = OMIT_UNSET },
};
static const struct schema_type healthcheck_type = {
    .kinds = KIND_MAP, .rows = healthcheck_rows, .n_rows = ARRAY_LEN(healthcheck_rows),
};

static const struct schema_type log_value_type = {
    .kinds = KIND_TEXT | KIND_NUMBER | KIND_NULL,
};
static const struct schema_row log_value = { .type = &log_value_type, .bind = BIND_TEXT };
static const struct schema_type log_options_type = {
    .kinds = KIND_MAP, .keys = KEYS_ANY_OPEN, .value = &log_value,
};
static const struct schema_row logging_rows[] = {
    { "driver", &text_type, .order = 1, .bind = BIND_TEXT },
    { "options", &log_options_type, .order = 2, .bind = BIND_PAIRS },
};
static const struct schema_type logging_type = {
    .kinds = KIND_MAP, .rows = logging_rows, .n_rows = ARRAY_LEN(logging_rows),
};

static const struct schema_row model_use_rows[] = {
    { "endpoint_var", &text_type, .order = 1, .bind = BIND_TEXT },
    { "model_var", &text_type, .order = 2, .bind = BIND_TEXT },
};
static const struct schema_type model_use_type = {
    .kinds = KIND_MAP | KIND_NULL, .rows = model_use_rows, .n_rows = ARRAY_LEN(model_use_rows),
};
static const struct schema_row model_use_value = { .type = &model_use_type };
static const struct schema_type model_uses_type = {
    .kinds = KIND_MAP | KIND_LIST, .keys = KEYS_NAMES_OPEN, .value = &model_use_value,
    .item = &text_item, .unique_items = true, .forms = "a list of models, or a mapping",
};

static const struct schema_row endpoint_rows[] = {
    { "aliases", &unique_texts_type, .order = 1, .unique = UNIQUE_PAIR, .bind = BIND_TEXTS },
    { "driver_opts", &options_type, .order = 2, .bind = BIND_PAIRS },
    { "gw_priority", &number_type, .order = 3, .bind = BIND_INT },
    { "interface_name", &text_type, .order = 4, .bind = BIND_TEXT },
    { "ipv4_address", &text_type, .order = 5, .bind = BIND_TEXT },
    { "ipv6_address", &text_type, .order = 6, .bind = BIND_TEXT },
    { "link_local_ips", &unique_texts_type, .order = 7, .unique = UNIQUE_PAIR, .bind = BIND_TEXTS },
    { "mac_address", &text_type, .order = 8, .bind = BIND_TEXT },
    { "priority", &number_type, .order = 9, .bind = BIND_INT },
};
static const struct schema_type endpoint_type = {
    .kinds = KIND_MAP | KIND_NULL, .rows = endpoint_rows, .n_rows = ARRAY_LEN(endpoint_rows),
};
static const struct schema_row endpoint_value = { .type = &endpoint_type };
static const struct schema_type endpoints_type = {
    .kinds = KIND_MAP | KIND_LIST, .keys = KEYS_NAMES, .value = &endpoint_value, .item = &text_item,
    .unique_items = true, .forms = "a list of networks, or a mapping",
};

static const struct schema_row port_rows[] = {
    { "app_protocol", &text_type, .order = 7, .bind = BIND_TEXT },
    { "host_ip", &text_type, .order = 3, .bind = BIND_TEXT },
    { "mode", &text_type, .order = 2, .bind = BIND_TEXT },
    { "name", &text_type, .order = 1, .bind = BIND_TEXT },
    { "protocol", &text_type, .order = 6, .bind = BIND_TEXT },
    { "published", &int_or_text_type, .order = 5, .bind = BIND_TEXT },
    { "target", &int_or_text_type, .order = 4, .cast = CAST_INT, .bind = BIND_UINT32 },
};
static const struct schema_type port_type = {
    .kinds = KIND_NUMBER | KIND_TEXT | KIND_MAP, .rows = port_rows, .n_rows = ARRAY_LEN(port_rows),
    .forms = "[[IP:]PUBLISHED:]TARGET[/PROTOCOL], or a mapping with \"target\"",
};
static const struct schema_row port_item = { .type = &port_type };
static const struct schema_type ports_type = {
    .kinds = KIND_LIST, .item = &port_item, .unique_items = true, .forms = "a list",
};

static const struct schema_type provider_scalar_type = {
    .kinds = KIND_NUMBER | KIND_TEXT | KIND_BOOL,
};
static const struct schema_row provider_item = {
    .type = &provider_scalar_type, .bind = BIND_TEXT,
};
static const struct schema_type provider_value_type = {
    .kinds = KIND_NUMBER | KIND_TEXT | KIND_BOOL | KIND_LIST, .item = &provider_item,
};
static const struct schema_row provider_value = {
    .type = &provider_value_type, .bind = BIND_TEXTS,
};
static const struct schema_type provider_options_type = {
    .kinds = KIND_MAP, .keys = KEYS_ANY_OPEN, .value = &provider_value,
};
static const struct schema_row provider_rows[] = {
    { "options", &provider_options_type, .order = 2 },
    { "type", &text_type, .order = 1, .bind = BIND_TEXT },
};
static const char *const provider_required[] = { "type", NULL };
static const struct schema_type provider_type = {
    .kinds = KIND_MAP, .rows = provider_rows, .n_rows = ARRAY_LEN(provider_rows),
    .required = provider_required,
};

static const struct schema_row post_hook_rows[] = {
    { "command", &words_type, .order = 1, .canonical = CANON_WORDS, .bind = BIND_WORDS,
      .omit = OMIT_NEVER },
    { "environment", &pairs_type, .order = 5, .canonical = CANON_PAIRS, .bind = BIND_ENV },
    { "privileged", &bool_or_text_type, .order = 3, .bind = BIND_BOOL },
    { "user", &text_type, .order = 2, .bind = BIND_TEXT },
    { "working_dir", &text_type, .order = 4, .bind = BIND_TEXT },
};
static const char *const hook_required[] = { "command", NULL };
static const struct schema_type post_hook_type = {
    .kinds = KIND_MAP, .rows = post_hook_rows, .n_rows = ARRAY_LEN(post_hook_rows),
    .required = hook_required,
};
static const struct schema_row post_hook_item = { .type = &post_hook_type };
static const struct schema_type post_hooks_type = {
    .kinds = KIND_LIST, .item = &post_hook_item,
};
static const struct schema_row pre_hook_rows[] = {
    { "command", &words_type, .order = 1, .canonical = CANON_WORDS, .bind = BIND_WORDS,
      .omit = OMIT_NEVER },
    { "environment", &pairs_type, .order = 6, .canonical = CANON_PAIRS, .bind = BIND_ENV },
    { "image", &text_type, .order = 2, .bind = BIND_TEXT },
    { "per_replica", &bool_or_text_type, .order = 7, .bind = BIND_BOOL },
    { "privileged", &bool_or_text_type, .order = 4, .bind = BIND_BOOL },
    { "user", &text_type, .order = 3, .bind = BIND_TEXT },
    { "working_dir", &text_type, .order = 5, .bind = BIND_TEXT },
};
static const struct schema_type pre_hook_type = {
    .kinds = KIND_MAP, .rows = pre_hook_rows, .n_rows = ARRAY_LEN(pre_hook_rows),
};
static const struct schema_row pre_hook_item = { .type = &pre_hook_type };
static const struct schema_type pre_hooks_type = {
    .kinds = KIND_LIST, .item = &pre_hook_item,
};

/* --- scalars with rules ------------------------------------------------------------------------ */

static const char *const cgroup_words[] = { "host", "private", NULL };
static const struct schema_type cgroup_type = {
    .kinds = KIND_TEXT, .words = cgroup_words,
};
static const struct schema_type container_name_type = {
    .kinds = KIND_TEXT, .pattern = PATTERN_CONTAINER_NAME,
};
static const struct schema_type pull_policy_type = {
    .kinds = KIND_TEXT, .pattern = PATTERN_PULL_POLICY,
    .forms = "always, never, missing, build, refresh, daily, weekly or every_DURATION",
};
static const struct schema_type cpu_count_type = {
    .kinds = KIND_INT | KIND_TEXT, .has_range = true, .minimum = 0, .maximum = INT16_MAX,
};
static const struct schema_type cpu_percent_type = {
    .kinds = KIND_INT | KIND_TEXT, .has_range = true, .minimum = 0, .maximum = 100,
};
static const struct schema_type oom_score_adj_type = {
    .kinds = KIND_INT | KIND_TEXT, .has_range = true, .minimum = -1000, .maximum = 1000,
};
static const struct schema_type storage_opt_type = {
    .kinds = KIND_MAP, .keys = KEYS_OPEN,
};

/* --- services.* -------------------------------------------------------------------------------- */

static const struct schema_row service_rows[] = {
    { "annotations", &pairs_type, .order = 2, .merge = MERGE_SEQUENCE, .unique = UNIQUE_PAIR,
      .canonical = CANON_PAIRS, .bind = BIND_PAIRS },
    { "attach", &bool_or_text_type, .order = 3, .bind = BIND_BOOL, .omit = OMIT_UNSET },
    { "blkio_config", &blkio_type, .order = 6, .omit = OMIT_UNSET },
    { "build", &schema_build_type, .order = 4, .merge = MERGE_BUILD, .canonical = CANON_BUILD,
      .omit = OMIT_UNSET },
    { "cap_add", &unique_texts_type, .order = 7, .unique = UNIQUE_PAIR, .bind = BIND_TEXTS },
    { "cap_drop", &unique_texts_type, .order = 8, .unique = UNIQUE_PAIR, .bind = BIND_TEXTS },
    { "cgroup", &cgroup_type, .order = 10, .bind = BIND_TEXT },
    { "cgroup_parent", &text_type, .order = 9, .bind = BIND_TEXT },
    { "command", &words_type, .order = 20, .merge = MERGE_REPLACE, .canonical = CANON_WORDS,
      .bind = BIND_WORDS, .omit = OMIT_NEVER },
    { "configs", &file_refs_type, .order = 21, .unique = UNIQUE_CONFIG },
    { "container_name", &container_name_type, .order = 22, .bind = BIND_TEXT },
    { "cpu_count", &cpu_count_type, .order = 11, .cast = CAST_INT, .bind = BIND_INT },
    { "cpu_percent", &cpu_percent_type, .order = 12, .cast = CAST_FLOAT, .bind = BIND_FLOAT },
    { "cpu_period", &number_or_text_type, .order = 13, .cast = CAST_INT, .bind = BIND_INT },
    { "cpu_quota", &number_or_text_type, .order = 14, .cast = CAST_INT, .bind = BIND_INT },
    { "cpu_rt_period", &number_or_text_type, .order = 15, .cast = CAST_INT, .bind = BIND_INT },
    { "cpu_rt_runtime", &number_or_text_type, .order = 16, .cast = CAST_INT, .bind = BIND_INT },
    { "cpu_shares", &number_or_text_type, .order = 19, .cast = CAST_INT, .bind = BIND_INT },
    { "cpus", &number_or_text_type, .order = 17, .cast = CAST_FLOAT, .bind = BIND_FLOAT },
    { "cpuset", &text_type, .order = 18, .bind = BIND_TEXT },
    { "credential_spec", &credential_spec_type, .order = 23, .omit = OMIT_UNSET },
    { "depends_on", &depends_on_type, .order = 24, .merge = MERGE_DEPENDS_ON,
      .canonical = CANON_DEPENDS_ON },
    { "deploy", &schema_deploy_type, .order = 25, .omit = OMIT_UNSET },
    { "develop", &schema_develop_type, .order = 5, .omit = OMIT_UNSET },
    { "device_cgroup_rules", &unique_texts_type, .order = 26, .bind = BIND_TEXTS },
    { "devices", &device_mappings_type, .order = 27, .unique = UNIQUE_DEVICE },
    { "dns", &text_or_texts_type, .order = 28, .merge = MERGE_SEQUENCE, .unique = UNIQUE_PAIR,
      .canonical = CANON_LIST, .bind = BIND_TEXTS },
    { "dns_opt", &unique_texts_type, .order = 29, .merge = MERGE_SEQUENCE, .unique = UNIQUE_PAIR,
      .bind = BIND_TEXTS },
    { "dns_search", &text_or_texts_type, .order = 30, .merge = MERGE_SEQUENCE,
      .unique = UNIQUE_PAIR, .bind = BIND_TEXTS },
    { "domainname", &text_type, .order = 31, .bind = BIND_TEXT },
    { "entrypoint", &words_type, .order = 32, .merge = MERGE_REPLACE, .canonical = CANON_WORDS,
      .bind = BIND_WORDS, .omit = OMIT_NEVER },
    { "env_file", &env_files_type, .order = 35, .merge = MERGE_SEQUENCE, .unique = UNIQUE_PATH,
      .canonical = CANON_ENV_FILE },
    { "environment", &pairs_type, .order = 34, .merge = MERGE_SEQUENCE, .unique = UNIQUE_PAIR,
      .canonical = CANON_PAIRS, .bind = BIND_ENV },
    { "expose", &scalars_type, .order = 36, .unique = UNIQUE_TEXT, .bind = BIND_TEXTS },
    { "extends", &extends_type, .order = 37, .canonical = CANON_EXTENDS, .omit = OMIT_UNSET },
    { "external_links", &unique_texts_type, .order = 38, .bind = BIND_TEXTS },
    { "extra_hosts", &extra_hosts_type, .order = 39, .merge = MERGE_EXTRA_HOSTS,
      .canonical = CANON_EXTRA_HOSTS },
    { "gpus", &gpus_type, .order = 41, .canonical = CANON_GPUS },
    { "group_add", &scalars_type, .order = 40, .bind = BIND_TEXTS },
    { "healthcheck", &healthcheck_type, .order = 43, .omit = OMIT_UNSET },
    { "hostname", &text_type, .order = 42, .bind = BIND_TEXT },
    { "image", &text_type, .order = 44, .bind = BIND_TEXT },
    { "init", &bool_or_text_type, .order = 45, .cast = CAST_BOOL, .bind = BIND_BOOL,
      .omit = OMIT_UNSET },
    { "ipc", &text_type, .order = 46, .bind = BIND_TEXT },
    { "isolation", &text_type, .order = 47, .bind = BIND_TEXT },
    { "label_file", &label_files_type, .order = 49, .merge = MERGE_SEQUENCE,
      .canonical = CANON_LIST, .path = PATH_FILE, .bind = BIND_TEXTS },
    { "labels", &pairs_type, .order = 48, .merge = MERGE_SEQUENCE, .unique = UNIQUE_PAIR,
      .canonical = CANON_PAIRS, .bind = BIND_PAIRS },
    { "links", &unique_texts_type, .order = 50, .unique = UNIQUE_PAIR, .bind = BIND_TEXTS },
    { "logging", &logging_type, .order = 51, .merge = MERGE_LOGGING, .omit = OMIT_UNSET },
    { "mac_address", &text_type, .order = 56, .bind = BIND_TEXT },
    { "mem_limit", &number_or_text_type, .order = 52, .bind = BIND_BYTES },
    { "mem_reservation", &int_or_text_type, .order = 53, .bind = BIND_BYTES },
    { "mem_swappiness", &int_or_text_type, .order = 55, .bind = BIND_BYTES },
    { "memswap_limit", &number_or_text_type, .order = 54, .bind = BIND_BYTES },
    { "models", &model_uses_type, .order = 57, .merge = MERGE_NAMES, .canonical = CANON_NAMES },
    { "network_mode", &text_type, .order = 58, .bind = BIND_TEXT },
    { "networks", &endpoints_type, .order = 59, .merge = MERGE_NAMES, .canonical = CANON_NAMES },
    { "oom_kill_disable", &bool_or_text_type, .order = 60, .cast = CAST_BOOL, .bind = BIND_BOOL },
    { "oom_score_adj", &oom_score_adj_type, .order = 61, .cast = CAST_INT, .bind = BIND_INT },
    { "pid", &text_or_null_type, .order = 62, .bind = BIND_TEXT },
    { "pids_limit", &number_or_text_type, .order = 63, .cast = CAST_INT, .bind = BIND_INT },
    { "platform", &text_type, .order = 64, .bind = BIND_TEXT },
    { "ports", &ports_type, .order = 65, .unique = UNIQUE_PORT, .canonical = CANON_PORTS },
    { "post_start", &post_hooks_type, .order = 91 },
    { "pre_start", &pre_hooks_type, .order = 90 },
    { "pre_stop", &post_hooks_type, .order = 92 },
    { "privileged", &bool_or_text_type, .order = 66, .cast = CAST_BOOL, .bind = BIND_BOOL },
    { "profiles", &unique_texts_type, .order = 1, .unique = UNIQUE_PAIR, .bind = BIND_TEXTS },
    { "provider", &provider_type, .order = 33, .omit = OMIT_UNSET },
    { "pull_policy", &pull_policy_type, .order = 67, .bind = BIND_TEXT },
    { "pull_refresh_after", &text_type, .omit = OMIT_ALWAYS },
    { "read_only", &bool_or_text_type, .order = 68, .cast = CAST_BOOL, .bind = BIND_BOOL },
    { "restart", &text_type, .order = 69, .bind = BIND_TEXT },
    { "runtime", &text_type, .order = 70, .bind = BIND_TEXT },
    { "scale", &int_or_text_type, .order = 71, .cast = CAST_INT, .bind = BIND_INT,
      .omit = OMIT_UNSET },
    { "secrets", &file_refs_type, .order = 72, .unique = UNIQUE_SECRET },
    { "security_opt", &unique_texts_type, .order = 73, .bind = BIND_TEXTS },
    { "shm_size", &number_or_text_type, .order = 74, .bind = BIND_BYTES },
    { "stdin_open", &bool_or_text_type, .order = 75, .cast = CAST_BOOL, .bind = BIND_BOOL },
    { "stop_grace_period", &text_type, .order = 76, .bind = BIND_DURATION, .omit = OMIT_UNSET },
    { "stop_signal", &text_type, .order = 77, .bind = BIND_TEXT },
    { "storage_opt", &storage_opt_type, .order = 78, .bind = BIND_TEXT_PAIRS },
    { "sysctls", &pairs_type, .order = 79, .merge = MERGE_SEQUENCE, .unique = UNIQUE_PAIR,
      .canonical = CANON_PAIRS, .bind = BIND_PAIRS },
    { "tmpfs", &text_or_texts_type, .order = 80, .merge = MERGE_SEQUENCE, .unique = UNIQUE_PAIR,
      .bind = BIND_TEXTS },
    { "tty", &bool_or_text_type, .order = 81, .cast = CAST_BOOL, .bind = BIND_BOOL },
    { "ulimits", &ulimits_type, .order = 82 },
    { "use_api_socket", &bool_type, .order = 83, .bind = BIND_BOOL },
    { "user", &text_type, .order = 84, .bind = BIND_TEXT },
    { "userns_mode", &text_type, .order = 85, .bind = BIND_TEXT },
    { "uts", &text_type, .order = 86, .bind = BIND_TEXT },
    { "volumes", &schema_mounts_type, .order = 87, .unique = UNIQUE_MOUNT },
    { "volumes_from", &unique_texts_type, .order = 88, .bind = BIND_TEXTS },
    { "working_dir", &text_type, .order = 89, .bind = BIND_TEXT },
};
const struct schema_type schema_service_type = {
    .kinds = KIND_MAP, .rows = service_rows, .n_rows = ARRAY_LEN(service_rows),
};
