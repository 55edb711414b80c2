/*
 * cast.h - texts to booleans and numbers right after interpolation, where the table says so
 * (compose-file.md 5.2). Called by document.c.
 */
#ifndef OCTO_COMPOSE_FILE_CAST_H
#define OCTO_COMPOSE_FILE_CAST_H

#include "compose-compat/file/schema.h"
#include "compose-compat/file/trail.h"

/* The node that a text becomes by the row's cast: a new one in arena, or the text itself; node_wrong() after
   adding an error because it cannot be converted. */
struct node *cast_text(struct arena *arena, const struct schema_row *row, struct node *text,
                       const struct trail *trail, struct findings *findings);

#endif
