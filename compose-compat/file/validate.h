/*
 * validate.h - is a tree of the form that the table allows (compose-file.md 10.1)? Everything that is
 * wrong becomes a finding, and node_wrong() takes its place, so that the stages that follow can judge the
 * rest. Rules between values are stage_check()'s and stage_consistency()'s.
 */
#ifndef OCTO_COMPOSE_FILE_VALIDATE_H
#define OCTO_COMPOSE_FILE_VALIDATE_H

#include "compose-compat/file/schema.h"
#include "compose-compat/file/trail.h"

struct validate {
    struct arena *arena;
    struct findings *findings;
};

/* Checks the node against the row (NULL: anything is right). The result is the node, or what stands for it
   when it is wrong as a whole; what is wrong in a list or a map is replaced there. */
struct node *validate_node(const struct validate *validate, struct node *node,
                           const struct schema_row *row, const struct trail *trail);
/* Warns of the keys that an open map's row does not know: they are ignored. */
void validate_warn_unknown(struct findings *findings, const struct node *map,
                           const struct schema_row *row, const struct trail *trail);

#endif
