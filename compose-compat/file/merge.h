/*
 * merge.h - a later file, document or extending service over an earlier one, by the merge column of the
 * table (compose-file.md section 4). Both sides belong to the merge: the earlier is changed in place,
 * parts of the later become parts of the result.
 */
#ifndef OCTO_COMPOSE_FILE_MERGE_H
#define OCTO_COMPOSE_FILE_MERGE_H

#include "compose-compat/file/schema.h"
#include "compose-compat/file/trail.h"

struct merge {
    struct arena *arena;
    struct findings *findings;
};

/* The result; what was replaced is kept as `overrode` of the winners. */
struct node *merge_nodes(const struct merge *merge, struct node *earlier, struct node *later,
                         const struct schema_row *row, const struct trail *trail);
/* A copy of the node, which may be shared, that says what it replaced. */
struct node *merge_winner(struct arena *arena, const struct node *winner, const struct node *loser);

#endif
