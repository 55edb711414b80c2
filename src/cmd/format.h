/*
 * format.h - --format of listing verbs as docker's users write it: a text with fields of a row in
 * it,
 * "{{.Name}}: {{.State}}", and "table {{.Name}}\t{{.State}}". Of Go's templates there are fields,
 * `json` and `.Label "NAME"`; anything else is refused. Called by ps.
 */
#ifndef OCTO_CMD_FORMAT_H
#define OCTO_CMD_FORMAT_H

#include "cmd/table.h"
#include "data/node.h"

struct format_piece {
    const char *literal; /* or, NULL: */
    const char *field;   /* "" for the whole row */
    const char *label;   /* of field "Label" */
    bool is_json;
};

struct format {
    struct arena *arena;
    bool is_table;
    VEC(struct format_piece) pieces;
};

struct format_row {
    const struct node *fields; /* a map */
    const struct node *labels; /* a map, or NULL */
};

/* Pieces point into the arena. ERR_USAGE: what is between the braces is not understood. */
int format_parse(struct arena *arena, const char *text, struct format *ret_format,
                 struct err *err) ATTR_MUST_CHECK;
void format_release(struct format *format);
/* Adds the row's text: a line to out, or cells to the table (made by format_table()). ERR_USAGE: it
   has no field of that name. */
int format_row(const struct format *format, const struct format_row *row, struct table *table,
               struct str *out, struct err *err) ATTR_MUST_CHECK;
/* A table with as many columns as the format has, and with its titles. */
void format_table(const struct format *format, struct table *ret_table);

#endif
