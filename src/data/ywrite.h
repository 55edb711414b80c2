/*
 * ywrite.h - writes nodes as YAML, byte for byte as docker compose v5 does (compose-file.md section
 * 12): indent 2, sequences indented under their key, quoting and folding at column 80 as measured.
 * The order of keys is the order of the node's pairs.
 */
#ifndef OCTO_DATA_YWRITE_H
#define OCTO_DATA_YWRITE_H

#include "data/node.h"

enum ywrite_flags {
    YWRITE_MASK = 1,     /* sensitive nodes as "********" */
    YWRITE_INDENT4 = 2,  /* four spaces a level, not two */
    YWRITE_UNFOLDED = 4, /* lines as long as they get */
    YWRITE_EXACT = 8,    /* reads as the same nodes again: docker compose writes 1.0 as 1, dates
                            with a time, and a few texts so that nobody can read them */
};

/* Appends the document. Nesting beyond YREAD_MAX_DEPTH is an assertion. */
void ywrite_node(const struct node *node, unsigned flags, struct str *out);

#endif
