/*
 * unique.h - items of lists that are the same one by the unique column of the table (compose-file.md 4.3): the
 * later one takes the place of the earlier. Called by load.c before and after short forms are expanded.
 */
#ifndef OCTO_COMPOSE_FILE_UNIQUE_H
#define OCTO_COMPOSE_FILE_UNIQUE_H

#include "compose-compat/file/schema.h"
#include "compose-compat/file/trail.h"

/* Joins twins in the whole tree, in place, short forms and long ones alike. is_canonical: an item that has
   nothing to be told apart by, or is of a kind that the rule does not know, is an error; before that the
   schema speaks first. */
void unique_enforce(struct arena *arena, struct findings *findings, struct node *node,
                    const struct schema_row *row, bool is_canonical, const struct trail *trail);

#endif
