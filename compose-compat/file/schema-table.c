/*
 * schema-table.c - the table's root: the document and its sections, and the rows of networks, volumes,
 * secrets, configs, models and include. Read through schema.h.
 */
#include "base/base.h"

#include "compose-compat/file/schema-parts.h"
#include "compose-compat/file/schema-types.h"

/* --- networks.* -------------------------------------------------------------------------------- */

static const struct schema_type addresses_type = {
    .kinds = KIND_MAP, .keys = KEYS_ANY, .value = &text_value,
};
static const struct schema_row pool_rows[] = {
    { "aux_addresses", &addresses_type, .order = 4, .bind = BIND_PAIRS },
    { "gateway", &text_type, .order = 2, .bind = BIND_TEXT },
    { "ip_range", &text_type, .order = 3, .bind = BIND_TEXT },
    { "subnet", &text_type, .order = 1, .bind = BIND_TEXT },
};
static const struct schema_type pool_type = {
    .kinds = KIND_MAP, .rows = pool_rows, .n_rows = ARRAY_LEN(pool_rows),
};
static const struct schema_row pool_item = { .type = &pool_type };
static const struct schema_type pools_type = {
    .kinds = KIND_LIST, .item = &pool_item,
};
static const struct schema_row ipam_rows[] = {
    { "config", &pools_type, .order = 2, .merge = MERGE_POOLS },
    { "driver", &text_type, .order = 1, .bind = BIND_TEXT },
    { "options", &addresses_type, .order = 3, .bind = BIND_PAIRS },
};
static const struct schema_type ipam_type = {
    .kinds = KIND_MAP, .rows = ipam_rows, .n_rows = ARRAY_LEN(ipam_rows),
};
static const struct schema_row network_rows[] = {
    { "attachable", &bool_or_text_type, .order = 7, .cast = CAST_BOOL, .bind = BIND_BOOL },
    { "driver", &text_type, .order = 2, .bind = BIND_TEXT },
    { "driver_opts", &options_type, .order = 3, .bind = BIND_PAIRS },
    { "enable_ipv4", &bool_or_text_type, .order = 9, .cast = CAST_BOOL, .bind = BIND_BOOL,
      .omit = OMIT_UNSET },
    { "enable_ipv6", &bool_or_text_type, .order = 10, .cast = CAST_BOOL, .bind = BIND_BOOL,
      .omit = OMIT_UNSET },
    { "external", &external_strict_type, .order = 5, .cast = CAST_BOOL, .bind = BIND_BOOL },
    { "internal", &bool_or_text_type, .order = 6, .cast = CAST_BOOL, .bind = BIND_BOOL },
    { "ipam", &ipam_type, .order = 4, .omit = OMIT_STRUCT },
    { "labels", &pairs_type, .order = 8, .merge = MERGE_SEQUENCE, .unique = UNIQUE_PAIR,
      .canonical = CANON_PAIRS, .bind = BIND_PAIRS },
    { "name", &text_type, .order = 1, .bind = BIND_TEXT },
};
static const struct schema_type network_type = {
    .kinds = KIND_MAP | KIND_NULL, .rows = network_rows, .n_rows = ARRAY_LEN(network_rows),
};
static const struct schema_row network_value = {
    .type = &network_type, .canonical = CANON_EXTERNAL,
};
static const struct schema_type networks_type = {
    .kinds = KIND_MAP, .keys = KEYS_NAMES_OPEN, .value = &network_value,
};

/* --- volumes.* --------------------------------------------------------------------------------- */

static const struct schema_row volume_rows[] = {
    { "driver", &text_type, .order = 2, .bind = BIND_TEXT },
    { "driver_opts", &options_type, .order = 3, .path = PATH_DRIVER_OPTS, .bind = BIND_PAIRS },
    { "external", &external_strict_type, .order = 4, .cast = CAST_BOOL, .bind = BIND_BOOL },
    { "labels", &pairs_type, .order = 5, .merge = MERGE_SEQUENCE, .canonical = CANON_PAIRS,
      .bind = BIND_PAIRS },
    { "name", &text_type, .order = 1, .bind = BIND_TEXT },
};
static const struct schema_type volume_type = {
    .kinds = KIND_MAP | KIND_NULL, .rows = volume_rows, .n_rows = ARRAY_LEN(volume_rows),
};
static const struct schema_row volume_value = {
    .type = &volume_type, .canonical = CANON_EXTERNAL,
};
static const struct schema_type volumes_type = {
    .kinds = KIND_MAP, .keys = KEYS_NAMES, .value = &volume_value,
};

/* --- secrets.*, configs.*, models.* ------------------------------------------------------------ */

static const struct schema_row secret_rows[] = {
    { "driver", &text_type, .order = 6, .bind = BIND_TEXT },
    { "driver_opts", &options_type, .order = 7, .bind = BIND_TEXT_PAIRS },
    { "environment", &text_type, .order = 3, .bind = BIND_TEXT },
    { "external", &external_loose_type, .order = 4, .cast = CAST_BOOL, .bind = BIND_BOOL },
    { "file", &text_type, .order = 2, .bind = BIND_TEXT, .path = PATH_MAYBE_WINDOWS },
    { "labels", &pairs_type, .order = 5, .canonical = CANON_PAIRS, .bind = BIND_PAIRS },
    { "name", &text_type, .order = 1, .bind = BIND_TEXT },
    { "template_driver", &text_type, .order = 8, .bind = BIND_TEXT },
};
static const struct schema_type secret_type = {
    .kinds = KIND_MAP, .rows = secret_rows, .n_rows = ARRAY_LEN(secret_rows),
};
static const struct schema_row secret_value = {
    .type = &secret_type, .canonical = CANON_EXTERNAL,
};
static const struct schema_type secrets_type = {
    .kinds = KIND_MAP, .keys = KEYS_NAMES, .value = &secret_value,
};
static const struct schema_row config_rows[] = {
    { "content", &text_type, .order = 4, .bind = BIND_TEXT },
    { "environment", &text_type, .order = 3, .bind = BIND_TEXT },
    { "external", &external_loose_type, .order = 5, .cast = CAST_BOOL, .bind = BIND_BOOL },
    { "file", &text_type, .order = 2, .bind = BIND_TEXT, .path = PATH_MAYBE_WINDOWS },
    { "labels", &pairs_type, .order = 6, .canonical = CANON_PAIRS, .bind = BIND_PAIRS },
    { "name", &text_type, .order = 1, .bind = BIND_TEXT },
    { "template_driver", &text_type, .order = 7, .bind = BIND_TEXT },
};
static const struct schema_type config_type = {
    .kinds = KIND_MAP, .rows = config_rows, .n_rows = ARRAY_LEN(config_rows),
};
static const struct schema_row config_value = {
    .type = &config_type, .canonical = CANON_EXTERNAL,
};
static const struct schema_type configs_type = {
    .kinds = KIND_MAP, .keys = KEYS_NAMES, .value = &config_value,
};
static const struct schema_row model_rows[] = {
    { "context_size", &int_type, .order = 3, .bind = BIND_INT },
    { "model", &text_type, .order = 2, .bind = BIND_TEXT },
    { "name", &text_type, .order = 1, .bind = BIND_TEXT },
    { "runtime_flags", &texts_type, .order = 4, .bind = BIND_TEXTS },
};
static const char *const model_required[] = { "model", NULL };
static const struct schema_type model_type = {
    .kinds = KIND_MAP, .rows = model_rows, .n_rows = ARRAY_LEN(model_rows),
    .required = model_required,
};
static const struct schema_row model_value = { .type = &model_type };
static const struct schema_type models_type = {
    .kinds = KIND_MAP, .keys = KEYS_NAMES_OPEN, .value = &model_value,
};

/* --- include ----------------------------------------------------------------------------------- */

static const struct schema_row include_entry_rows[] = {
    { "env_file", &text_or_texts_type, .order = 3, .path = PATH_INCLUDE },
    { "path", &text_or_texts_type, .order = 1, .path = PATH_INCLUDE },
    { "project_directory", &text_type, .order = 2, .path = PATH_INCLUDE },
};
static const struct schema_type include_entry_type = {
    .kinds = KIND_TEXT | KIND_MAP, .keys = KEYS_OPEN, .rows = include_entry_rows,
    .n_rows = ARRAY_LEN(include_entry_rows), .forms = "a path, or a mapping with \"path\"",
};
static const struct schema_row include_entry = {
    .type = &include_entry_type, .canonical = CANON_INCLUDE,
};
static const struct schema_type include_type = {
    .kinds = KIND_LIST, .item = &include_entry,
};

/* --- the document ------------------------------------------------------------------------------ */

static const struct schema_row service_value = { .type = &schema_service_type };
static const struct schema_type services_type = {
    .kinds = KIND_MAP, .keys = KEYS_NAMES, .value = &service_value,
};
static const struct schema_row document_rows[] = {
    { "configs", &configs_type, .order = 6 },
    { "include", &include_type, .omit = OMIT_ALWAYS },
    { "models", &models_type, .order = 7 },
    { "name", &text_type, .order = 1, .bind = BIND_TEXT },
    { "networks", &networks_type, .order = 3 },
    { "secrets", &secrets_type, .order = 5 },
    { "services", &services_type, .order = 2, .omit = OMIT_NEVER },
    { "version", &text_type, .omit = OMIT_ALWAYS, .deprecated = "it has no effect: remove it" },
    { "volumes", &volumes_type, .order = 4 },
};
static const struct schema_type document_type = {
    .kinds = KIND_MAP, .rows = document_rows, .n_rows = ARRAY_LEN(document_rows),
};
static const struct schema_row document_row = { .type = &document_type };

const struct schema_row *schema_root(void)
{
    return &document_row;
}
