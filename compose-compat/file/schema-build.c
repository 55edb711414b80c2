/*
 * schema-build.c - the table's rows of services.*.build and services.*.develop. Read through schema.h.
 */
#include "base/base.h"

#include "compose-compat/file/schema-parts.h"
#include "compose-compat/file/schema-types.h"

/* Limits of a build are joined as any mapping is; those of a service replace each other. */
static const struct schema_row build_ulimit_value = {
    .type = &ulimit_type, .cast = CAST_INT, .canonical = CANON_ULIMIT,
};
static const struct schema_type build_ulimits_type = {
    .kinds = KIND_MAP, .keys = KEYS_WORDS_OPEN, .value = &build_ulimit_value,
};
static const struct schema_row build_rows[] = {
    { "additional_contexts", &pairs_type, .order = 14, .merge = MERGE_SEQUENCE,
      .unique = UNIQUE_PAIR, .canonical = CANON_PAIRS, .path = PATH_CONTEXTS, .bind = BIND_PAIRS },
    { "args", &pairs_type, .order = 5, .merge = MERGE_SEQUENCE, .unique = UNIQUE_PAIR,
      .canonical = CANON_PAIRS, .bind = BIND_ENV },
    { "cache_from", &texts_type, .order = 10, .bind = BIND_TEXTS },
    { "cache_to", &texts_type, .order = 11, .bind = BIND_TEXTS },
    { "context", &text_type, .order = 1, .bind = BIND_TEXT, .path = PATH_CONTEXT },
    { "dockerfile", &text_type, .order = 2, .bind = BIND_TEXT },
    { "dockerfile_inline", &text_type, .order = 3, .bind = BIND_TEXT },
    { "entitlements", &texts_type, .order = 4, .bind = BIND_TEXTS },
    { "extra_hosts", &extra_hosts_type, .order = 16, .merge = MERGE_EXTRA_HOSTS,
      .canonical = CANON_EXTRA_HOSTS },
    { "isolation", &text_type, .order = 17, .bind = BIND_TEXT },
    { "labels", &pairs_type, .order = 9, .merge = MERGE_SEQUENCE, .unique = UNIQUE_PAIR,
      .canonical = CANON_PAIRS, .bind = BIND_PAIRS },
    { "network", &text_type, .order = 18, .bind = BIND_TEXT },
    { "no_cache", &bool_or_text_type, .order = 12, .bind = BIND_BOOL },
    { "no_cache_filter", &text_or_texts_type, .order = 13, .bind = BIND_TEXTS },
    { "platforms", &texts_type, .order = 24, .bind = BIND_TEXTS },
    { "privileged", &bool_or_text_type, .order = 25, .bind = BIND_BOOL },
    { "provenance", &bool_or_text_type, .order = 6, .canonical = CANON_TEXT,
      .bind = BIND_TEXT },
    { "pull", &bool_or_text_type, .order = 15, .bind = BIND_BOOL },
    { "sbom", &bool_or_text_type, .order = 7, .canonical = CANON_TEXT, .bind = BIND_TEXT },
    { "secrets", &file_refs_type, .order = 20 },
    { "shm_size", &int_or_text_type, .order = 21, .bind = BIND_BYTES },
    { "ssh", &pairs_type, .order = 8, .canonical = CANON_SSH, .path = PATH_MAYBE_WINDOWS },
    { "tags", &texts_type, .order = 22, .unique = UNIQUE_PAIR, .bind = BIND_TEXTS },
    { "target", &text_type, .order = 19, .bind = BIND_TEXT },
    { "ulimits", &build_ulimits_type, .order = 23 },
};
const struct schema_type schema_build_type = {
    .kinds = KIND_TEXT | KIND_MAP, .rows = build_rows, .n_rows = ARRAY_LEN(build_rows),
    .forms = "a path, or a mapping with \"context\"",
};

static const struct schema_row exec_rows[] = {
    { "command", &words_type, .order = 1, .canonical = CANON_WORDS, .bind = BIND_WORDS,
      .omit = OMIT_NEVER },
    { "environment", &pairs_type, .order = 5, .canonical = CANON_PAIRS, .bind = BIND_ENV },
    { "privileged", &bool_or_text_type, .order = 3, .bind = BIND_BOOL },
    { "user", &text_type, .order = 2, .bind = BIND_TEXT },
    { "working_dir", &text_type, .order = 4, .bind = BIND_TEXT },
};
static const char *const exec_required[] = { "command", NULL };
static const struct schema_type exec_type = {
    .kinds = KIND_MAP, .rows = exec_rows, .n_rows = ARRAY_LEN(exec_rows), .required = exec_required,
};

static const char *const action_words[] = { "rebuild", "sync", "restart", "sync+restart",
                                            "sync+exec", NULL };
static const struct schema_type action_type = {
    .kinds = KIND_TEXT, .words = action_words,
};
static const struct schema_row rule_rows[] = {
    { "action", &action_type, .order = 2, .bind = BIND_TEXT },
    { "exec", &exec_type, .order = 4, .omit = OMIT_STRUCT },
    { "ignore", &text_or_texts_type, .order = 6, .canonical = CANON_LIST, .bind = BIND_TEXTS },
    { "include", &text_or_texts_type, .order = 5, .canonical = CANON_LIST, .bind = BIND_TEXTS },
    { "initial_sync", &bool_type, .order = 7, .bind = BIND_BOOL },
    { "path", &text_type, .order = 1, .bind = BIND_TEXT, .path = PATH_WATCH },
    { "target", &text_type, .order = 3, .bind = BIND_TEXT },
};
static const char *const rule_required[] = { "path", "action", NULL };
static const struct schema_type rule_type = {
    .kinds = KIND_MAP, .rows = rule_rows, .n_rows = ARRAY_LEN(rule_rows), .required = rule_required,
};
static const struct schema_row rule_item = { .type = &rule_type };
static const struct schema_type rules_type = {
    .kinds = KIND_LIST, .item = &rule_item,
};
static const struct schema_row develop_rows[] = {
    { "watch", &rules_type, .order = 1 },
};
const struct schema_type schema_develop_type = {
    .kinds = KIND_MAP | KIND_NULL, .rows = develop_rows, .n_rows = ARRAY_LEN(develop_rows),
};
