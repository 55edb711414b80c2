/*
 * yread.h - reads YAML (libyaml's events) into nodes, typed as docker compose's parser types them:
 * core schema with its exceptions, merge keys, anchors, tags !reset and !override kept as flags.
 * Every problem is a finding with its place: duplicate keys, keys that are no strings, undefined or
 * cyclic aliases, nesting and size beyond the limits.
 */
#ifndef OCTO_DATA_YREAD_H
#define OCTO_DATA_YREAD_H

#include "base/findings.h"
#include "data/node.h"

#define YREAD_MAX_BYTES (64u << 20)
#define YREAD_MAX_DEPTH 256           /* nested collections, after aliases are expanded */
#define YREAD_MAX_NODES 3000000       /* values of one file, after aliases are expanded */
#define YREAD_MAX_ALIAS_NODES 1000000 /* of these, the ones that aliases made */

/* The documents of one file, in order; NULL entries do not occur (an empty document is a null
   node). A file without any document (empty, comments only) gives none. */
struct yread_documents {
    struct node **items;
    size_t n, cap;
};

/* Parses text, whose name in messages is the file's. Returns 0, or -1 when findings (errors) were
   added. The result is a tree: an alias is replaced by a copy of what it names (its origins are
   those of the original), so that every node may be changed in place. */
int yread_parse(struct arena *arena, uint32_t file, const char *text, size_t len,
                struct yread_documents *ret_documents, struct findings *findings) ATTR_MUST_CHECK;

/* Types one plain scalar by the rules of compose-file.md 11.1 ("0755", "1e3", "true", "~", ...). */
struct node *yread_plain(struct arena *arena, struct origin at, const char *text, size_t len);
/* The kind of node that it makes. */
enum node_kind yread_plain_kind(const char *text, size_t len);

#endif
