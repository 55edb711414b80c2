/*
 * written.h - from a loaded project back to a file: one tree that has each value as its file has
 * it, variables and short forms included, wherever that is what the value was made of. The reverse
 * of the loader's stages; called by the converter (src/config/convert.c).
 */
#ifndef OCTO_COMPOSE_FILE_WRITTEN_H
#define OCTO_COMPOSE_FILE_WRITTEN_H

#include "compose-compat/file/load.h"

/* The tree of one file, in arena, that loads to the same project from the project's folder, where
   its relative paths start. What cannot stay an expression has its present value, and there is a
   warning that names the variables, not the value. is_plain has "services.web", "name", ... as
   keys: the values of these are all written plain; may be NULL. */
struct node *written_tree(const struct written *written, struct arena *arena,
                          const struct map *is_plain, struct findings *findings);

#endif
