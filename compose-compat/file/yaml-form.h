/*
 * yaml-form.h - bound trees in the key order of docker compose's YAML. Bound trees are in the
 * order of its JSON; only the keys of free maps differ.
 */
#ifndef OCTO_COMPOSE_FILE_YAML_FORM_H
#define OCTO_COMPOSE_FILE_YAML_FORM_H

#include "compose-compat/file/schema.h"

/* One value of the row; row NULL: nothing is known of it (x-*). */
struct node *yaml_form(struct arena *arena, const struct node *node, const struct schema_row *row);

#endif
