/*
 * json-form.h - bound trees as docker compose's structs become JSON: other names, values that JSON
 * always has, keys that it never has. For `config --format json` and for what is hashed.
 */
#ifndef OCTO_COMPOSE_FILE_JSON_FORM_H
#define OCTO_COMPOSE_FILE_JSON_FORM_H

#include "compose-compat/file/schema.h"

enum json_form_flags {
    JSON_FORM_2 = 1, /* as generation 2 (2.40) wrote it: create_host_path is there when true */
};

/* The whole document: keys sorted, models left out. */
struct node *json_form_document(struct arena *arena, const struct node *tree);
/* One value of the row. */
struct node *json_form(struct arena *arena, const struct node *node, const struct schema_row *row,
                       unsigned flags);

#endif
