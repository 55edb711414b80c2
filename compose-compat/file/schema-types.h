/*
 * schema-types.h - the types that several parts of the table share. Included by the schema-*.c files
 * only; everything in it is static const data of a few hundred bytes.
 */
#ifndef OCTO_COMPOSE_FILE_SCHEMA_TYPES_H
#define OCTO_COMPOSE_FILE_SCHEMA_TYPES_H

#include "compose-compat/file/schema.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-const-variable"

static const struct schema_type text_type = {
    .kinds = KIND_TEXT,
};
static const struct schema_type text_or_null_type = {
    .kinds = KIND_TEXT | KIND_NULL,
};
static const struct schema_type bool_type = {
    .kinds = KIND_BOOL,
};
static const struct schema_type bool_or_text_type = {
    .kinds = KIND_BOOL | KIND_TEXT,
};
static const struct schema_type int_or_text_type = {
    .kinds = KIND_INT | KIND_TEXT,
};
static const struct schema_type number_or_text_type = {
    .kinds = KIND_NUMBER | KIND_TEXT,
};
static const struct schema_type number_type = {
    .kinds = KIND_NUMBER,
};
static const struct schema_type int_type = {
    .kinds = KIND_INT,
};
static const struct schema_type count_type = {
    .kinds = KIND_INT | KIND_TEXT, .forms = "a number or \"all\"",
};

static const struct schema_row text_item = { .type = &text_type, .bind = BIND_TEXT };
static const struct schema_row scalar_item = { .type = &number_or_text_type, .bind = BIND_TEXT };
static const struct schema_type texts_type = {
    .kinds = KIND_LIST, .item = &text_item,
};
static const struct schema_type unique_texts_type = {
    .kinds = KIND_LIST, .item = &text_item, .unique_items = true,
};
static const struct schema_type text_or_texts_type = {
    .kinds = KIND_TEXT | KIND_LIST, .item = &text_item, .unique_items = true,
    .forms = "one text, or a list of them",
};
static const struct schema_type scalars_type = {
    .kinds = KIND_LIST, .item = &scalar_item, .unique_items = true,
};
static const struct schema_type words_type = {
    .kinds = KIND_TEXT | KIND_LIST | KIND_NULL, .item = &text_item,
    .forms = "a command line, or a list of its words",
};

/* KEY=VALUE lists or maps. */
static const struct schema_type pair_value_type = {
    .kinds = KIND_NUMBER | KIND_TEXT | KIND_BOOL | KIND_NULL,
};
static const struct schema_row pair_value = { .type = &pair_value_type, .bind = BIND_TEXT };
static const struct schema_type pairs_type = {
    .kinds = KIND_MAP | KIND_LIST, .keys = KEYS_ANY, .value = &pair_value, .item = &text_item,
    .unique_items = true, .forms = "a list of KEY=VALUE, or a mapping",
};

/* Maps of the user's keys to texts. */
static const struct schema_type option_value_type = {
    .kinds = KIND_NUMBER | KIND_TEXT,
};
static const struct schema_row option_value = { .type = &option_value_type, .bind = BIND_TEXT };
static const struct schema_type options_type = {
    .kinds = KIND_MAP, .keys = KEYS_ANY_OPEN, .value = &option_value,
};
static const struct schema_row text_value = { .type = &text_type, .bind = BIND_TEXT };
static const struct schema_type text_map_type = {
    .kinds = KIND_MAP, .keys = KEYS_ANY, .value = &text_value,
};

/* Hosts: a list of HOST=IP or HOST:IP, or a map of one or several addresses. */
static const struct schema_row host_item = { .type = &text_type, .bind = BIND_TEXT };
static const struct schema_type host_list_or_text_type = {
    .kinds = KIND_TEXT | KIND_LIST, .item = &host_item,
};
static const struct schema_row host_value = { .type = &host_list_or_text_type };
static const struct schema_type extra_hosts_type = {
    .kinds = KIND_MAP | KIND_LIST, .keys = KEYS_ANY, .value = &host_value, .item = &text_item,
    .unique_items = true, .forms = "a list of HOST=IP, or a mapping",
};

/* The use of a secret or a config. */
static const struct schema_row file_ref_rows[] = {
    { "gid", &text_type, .order = 4, .bind = BIND_TEXT },
    { "mode", &number_or_text_type, .order = 5, .bind = BIND_MODE, .omit = OMIT_UNSET },
    { "source", &text_type, .order = 1, .bind = BIND_TEXT },
    { "target", &text_type, .order = 2, .bind = BIND_TEXT },
    { "uid", &text_type, .order = 3, .bind = BIND_TEXT },
};
static const struct schema_type file_ref_type = {
    .kinds = KIND_TEXT | KIND_MAP, .rows = file_ref_rows, .n_rows = ARRAY_LEN(file_ref_rows),
    .forms = "the name of a top-level object, or a mapping with \"source\"",
};
static const struct schema_row file_ref_item = {
    .type = &file_ref_type, .canonical = CANON_FILE_REF,
};
static const struct schema_type file_refs_type = {
    .kinds = KIND_LIST, .item = &file_ref_item,
};

static const struct schema_row ulimit_rows[] = {
    { "hard", &int_or_text_type, .order = 2, .cast = CAST_INT, .bind = BIND_INT,
      .omit = OMIT_NEVER },
    { "soft", &int_or_text_type, .order = 1, .cast = CAST_INT, .bind = BIND_INT,
      .omit = OMIT_NEVER },
};
static const char *const ulimit_required[] = { "soft", "hard", NULL };
static const struct schema_type ulimit_type = {
    .kinds = KIND_INT | KIND_TEXT | KIND_MAP, .rows = ulimit_rows, .n_rows = ARRAY_LEN(ulimit_rows),
    .required = ulimit_required, .forms = "a number, or a mapping with \"soft\" and \"hard\"",
};
static const struct schema_row ulimit_value = {
    .type = &ulimit_type, .cast = CAST_INT, .merge = MERGE_REPLACE, .canonical = CANON_ULIMIT,
};
static const struct schema_type ulimits_type = {
    .kinds = KIND_MAP, .keys = KEYS_WORDS_OPEN, .value = &ulimit_value,
};

/* external: true, or the old form with a name in it. */
static const struct schema_row external_rows[] = {
    { "name", &text_type, .order = 1, .bind = BIND_TEXT,
      .deprecated = "write \"name\" beside \"external\"" },
};
static const struct schema_type external_strict_type = {
    .kinds = KIND_BOOL | KIND_TEXT | KIND_MAP, .rows = external_rows,
    .n_rows = ARRAY_LEN(external_rows), .forms = "true or false",
};
static const struct schema_type external_loose_type = {
    .kinds = KIND_BOOL | KIND_TEXT | KIND_MAP, .keys = KEYS_OPEN, .rows = external_rows,
    .n_rows = ARRAY_LEN(external_rows), .forms = "true or false",
};

#pragma GCC diagnostic pop

#endif
