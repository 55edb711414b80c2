/*
 * table.h - text in aligned columns, as Go's tabwriter lays it out: each column as wide as its
 * widest cell plus a padding, but at least a minimum; the last one is not padded.
 */
#ifndef OCTO_CMD_TABLE_H
#define OCTO_CMD_TABLE_H

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

struct table {
    size_t n_columns, min_width, padding;
    VEC(char *) cells; /* row by row */
};

void table_init(struct table *table, size_t n_columns, size_t min_width, size_t padding);
void table_add(struct table *table, const char *cell);
void table_print(const struct table *table, struct str *out);
void table_release(struct table *table);
/* Refuses what --format may not be where rows are a table or JSON; NULL and "": a table. */
int table_check_format(const char *format, struct err *err) ATTR_MUST_CHECK;

#endif
