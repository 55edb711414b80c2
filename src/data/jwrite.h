/*
 * jwrite.h - writes JSON, byte for byte as Go's encoding/json does (it is hashed and compared):
 * compact or indented, HTML characters escaped as \u003c when asked for, floats in Go's form.
 * Misuse (a value without a key, unbalanced brackets) is an assertion.
 */
#ifndef OCTO_DATA_JWRITE_H
#define OCTO_DATA_JWRITE_H

#include "data/node.h"

/* Beyond what the readers allow, so that what was read can be written inside something else. */
#define JWRITE_MAX_DEPTH 320

enum jwrite_flags {
    JWRITE_HTML = 1,    /* < > & as \u00xx, as Go does by default (U+2028 and U+2029 always are) */
    JWRITE_INDENT2 = 2, /* two spaces a level; else compact */
    JWRITE_INDENT4 = 4,
    JWRITE_SORT = 8,    /* keys of node maps sorted bytewise */
    JWRITE_MASK = 16,   /* sensitive nodes, lists and maps too, as "********" */
};

struct jwrite {
    struct str *out;
    unsigned flags;
    unsigned depth;
    bool is_first[JWRITE_MAX_DEPTH];
    bool is_list[JWRITE_MAX_DEPTH];
    bool has_key;
};

void jwrite_init(struct jwrite *w, struct str *out, unsigned flags);
void jwrite_map(struct jwrite *w);
void jwrite_map_end(struct jwrite *w);
void jwrite_list(struct jwrite *w);
void jwrite_list_end(struct jwrite *w);
void jwrite_key(struct jwrite *w, const char *key);
void jwrite_key_len(struct jwrite *w, const char *key, size_t len);
void jwrite_text(struct jwrite *w, const char *text); /* NULL: null */
void jwrite_text_len(struct jwrite *w, const char *text, size_t len);
void jwrite_int(struct jwrite *w, int64_t value);
void jwrite_uint(struct jwrite *w, uint64_t value);
void jwrite_float(struct jwrite *w, double value); /* infinite, not a number: null */
void jwrite_bool(struct jwrite *w, bool value);
void jwrite_null(struct jwrite *w);
void jwrite_node(struct jwrite *w, const struct node *node);
/* Bytes that are JSON already. */
void jwrite_raw(struct jwrite *w, const char *json, size_t len);
/* Key and value in one. */
void jwrite_key_text(struct jwrite *w, const char *key, const char *text);
void jwrite_key_int(struct jwrite *w, const char *key, int64_t value);
void jwrite_key_bool(struct jwrite *w, const char *key, bool value);
void jwrite_key_node(struct jwrite *w, const char *key, const struct node *node);
/* One node as JSON text. */
void jwrite_node_text(const struct node *node, unsigned flags, struct str *out);

#endif
