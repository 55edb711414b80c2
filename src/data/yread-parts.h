/*
 * yread-parts.h - what the files of the YAML reader share: the state of one parse and the steps from
 * events to nodes. Included by yread*.c only; everyone else includes yread.h.
 */
#ifndef OCTO_DATA_YREAD_PARTS_H
#define OCTO_DATA_YREAD_PARTS_H

#include "base/findings.h"
#include "base/map.h"
#include "data/node.h"
#include "data/yread.h"

/* yread-scalar.c: typing. */

struct yread_scalar {
    const char *text; /* NUL-terminated after len bytes */
    size_t len;
    const char *tag; /* resolved, or NULL */
    bool is_quoted;  /* any style but plain */
    struct origin at;
};

/* The typed node, or NULL with the problem added to ret_problem. */
struct node *yread_scalar_node(struct arena *arena, const struct yread_scalar *scalar,
                               struct str *ret_problem);
/* NODE_TAGGED, NODE_RESET, NODE_OVERRIDE for the tag (may be NULL) of any node. */
unsigned yread_tag_flags(const char *tag);

/* yread-build.c: one parse. */

struct yread_anchor {
    struct node *node;
    bool is_open; /* the collection has not ended yet: an alias to it would be a cycle */
};

/* A collection that has begun and not ended. */
struct yread_frame {
    struct node *node;
    struct yread_anchor *anchor; /* or NULL */
    bool has_key, is_merge_key, is_dropped;  /* the key whose value comes next */
    const char *key;
    size_t key_len;
    struct origin key_at;
    struct node *merge; /* the value of the map's "<<" */
    bool has_merge;
    struct origin merge_at;
};

struct yread_build {
    struct arena *arena;
    struct findings *findings;
    struct map anchors; /* name to struct yread_anchor, in the arena */
    struct yread_frame frames[YREAD_MAX_DEPTH];
    unsigned depth;
    struct node *root; /* of the document that is read */
    size_t n_nodes, n_alias_nodes, n_alias_bytes;
};

/* Each returns 0, or -1 when reading cannot go on (a finding was added). Findings that leave the
   document readable are added and 0 is returned. */
int yread_build_scalar(struct yread_build *build, const struct yread_scalar *scalar,
                       const char *anchor);
int yread_build_begin(struct yread_build *build, enum node_kind kind, struct origin at,
                      const char *tag, const char *anchor);
int yread_build_end(struct yread_build *build);
int yread_build_alias(struct yread_build *build, const char *anchor, struct origin at);
/* The error at this place of the document; always -1. */
int yread_build_fail(struct yread_build *build, struct origin at, const char *fmt, ...)
    ATTR_PRINTF(3, 4);
/* "services.web.ports[0]" of what is read now. */
void yread_build_path(const struct yread_build *build, struct str *out);

/* yread-merge.c: applies frame->merge to the map that ends. Keys of the map itself win. */
void yread_merge_apply(struct yread_build *build, struct yread_frame *frame);

#endif
