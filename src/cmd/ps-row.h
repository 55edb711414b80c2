/*
 * ps-row.h - one instance as `ps` shows it: docker compose's columns and JSON fields, made from
 * what the operator observed.
 */
#ifndef OCTO_CMD_PS_ROW_H
#define OCTO_CMD_PS_ROW_H

#include "data/jwrite.h"
#include "base/vec.h"
#include "plan/resource.h"

struct ps_row {
    const struct existing *existing;
    bool no_trunc;
};

/* Columns of the table. */
void ps_row_command(const struct ps_row *row, struct str *out);
void ps_row_created(const struct ps_row *row, struct str *out); /* "3 minutes ago" */
void ps_row_status(const struct ps_row *row, struct str *out);
void ps_row_ports(const struct ps_row *row, struct str *out);
const char *ps_row_image(const struct ps_row *row);
/* A map, or NULL. */
const struct node *ps_row_labels(const struct ps_row *row);
/* One JSON object, without a line end. */
void ps_row_json(const struct ps_row *row, const char *project, struct str *out);

#endif
