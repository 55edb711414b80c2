/*
 * document.h - one parsed YAML document made ready for merging: a tree of its own (aliases no longer share
 * lists and maps), interpolated and cast, with the places of !reset and !override noted. Called by load.c
 * and extends.c.
 *
 * From here on lists and maps belong to one place only and are changed in place; scalar nodes may be
 * shared and are replaced, never changed.
 */
#ifndef OCTO_COMPOSE_FILE_DOCUMENT_H
#define OCTO_COMPOSE_FILE_DOCUMENT_H

#include "base/map.h"
#include "compose-compat/file/history.h"
#include "compose-compat/file/schema.h"
#include "compose-compat/file/trail.h"

#define DOCUMENT_MAX_BYTES (256u << 20) /* what interpolation may add up to in one load */

/* The places that !reset and !override empty in what was merged before. */
struct reset_path {
    const char **keys;
    size_t n;
    struct origin at;
    bool is_override;
};
struct reset_paths {
    struct reset_path *items; /* in order of the tree */
    size_t n, cap;
    struct node *index; /* "section/name" -> position of the first one below it; NULL: none */
    struct arena *arena;
    struct history *history; /* or NULL */
};

struct document {
    struct arena *arena;
    struct findings *findings;
    const struct map *environment; /* name -> const char *; NULL: no interpolation, no casts */
    bool is_environment_partial;   /* an env file is wrong: unset variables may be set in it */
    size_t *interpolated;          /* bytes so far, of the whole load */
    struct history *history;       /* or NULL */
    struct reset_paths resets;     /* out */
};

/* The ready tree of a raw document. Errors go to the findings; the tree is there in any case. */
struct node *document_prepare(struct document *document, const struct node *raw);
/* Deletes the paths from tree. A prefix (n_prefix keys) that the tree's root stands at is skipped in the
   paths; paths elsewhere do nothing. later has the same root: its values under !override remember what
   they replaced. */
void document_apply_resets(const struct reset_paths *resets, struct node *tree,
                           const char *const *prefix, size_t n_prefix, struct node *later);
/* A copy with lists and maps of its own; scalars and keys are shared. */
struct node *document_clone(struct arena *arena, const struct node *node);

#endif
