/*
 * variables.h - the variables that a project's files name (compose-cli.md 3.3, `config
 * --variables`). It needs a tree that was loaded without interpolation.
 */
#ifndef OCTO_COMPOSE_FILE_VARIABLES_H
#define OCTO_COMPOSE_FILE_VARIABLES_H

#include "data/node.h"

struct file_variable {
    const char *name;
    const char *default_value;  /* "" without one */
    const char *presence_value; /* what stands there when the variable is set: ${NAME+VALUE} */
    bool is_required;
};

struct file_variables {
    struct file_variable *items; /* sorted by name, bytewise */
    size_t n, cap;
};

/* Fills in the variables of tree; all texts are in the arena. Of several uses of a variable that
   one counts that says most: required, then with a default; in one list or text it is the last, as
   docker compose has it. */
void variables_list(struct arena *arena, const struct node *tree, struct file_variables *ret);

#endif
