/*
 * yread-parts.h - what the files of the YAML reader share: the state of one parse and the steps
 * from events to nodes. Included by yread*.c only; everyone else includes yread.h.
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
    bool is_over_limit;
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

/* yread-edit.c: a text with small changes, and the way back from its places to the original's. */

struct yread_edit {
    size_t at;      /* byte of the original */
    size_t removed; /* bytes that are left out there */
    const char *added; /* put in their place; static or in the arena */
    uint32_t order;    /* among the edits of one place */
};

#define YREAD_MAX_EDITS 100000

/* From this place of the changed text on, what stands in it stands there in the original. */
struct yread_shift {
    uint32_t line, column;
    uint32_t original_line, original_column;
};

struct yread_edits {
    struct yread_edit *items;
    size_t n, cap;
    struct yread_shift *shifts;
    size_t n_shifts, shifts_cap;
    bool has_stand_ins; /* control characters were replaced, see yread_stand_in() */
};

/* Edits may be added in any order of places; those of one place keep theirs, is_first goes first.
   */
void yread_edit_add(struct arena *arena, struct yread_edits *edits, size_t at, size_t removed,
                    const char *added, bool is_first);
/* The changed text; fills in the shifts. */
void yread_edit_apply(struct arena *arena, struct yread_edits *edits, const char *text, size_t len,
                      struct str *out);
void yread_edit_origin(const struct yread_edits *edits, struct origin *at);
/* Bytes of the line break or the character at text, and whether it is a break. */
size_t yread_char_size(const char *text, size_t len, bool *ret_is_break);

/* Characters that libyaml refuses and docker compose takes (U+007F to U+009F but for U+0085) travel
   as private ones. The three bytes that a stand-in begins with; a text that has them is left alone.
   */
#define YREAD_STAND_IN "\xf4\x8f\xba"
/* Puts the characters back, in place; the new length. */
size_t yread_stand_in_restore(char *text, size_t len);

/* yread-prepass.c: finds what libyaml reads differently and adds the edits that make it read alike.
   The text is valid UTF-8. */
void yread_prepass(struct arena *arena, const char *text, size_t len, struct yread_edits *edits);
/* Whether the text may hold something that libyaml accepts but reads differently. */
bool yread_prepass_is_due(const char *text, size_t len);

#endif
