/*
 * node-text.h - dates: an unquoted YAML timestamp is kept as written (NODE_TIME) and printed as Go
 * prints its time value. Used by the YAML reader and the writers; node_scalar_text() (node.h) lives
 * beside it.
 */
#ifndef OCTO_DATA_NODE_TEXT_H
#define OCTO_DATA_NODE_TEXT_H

#include "base/str.h"

struct node_time {
    int year, month, day, hour, minute, second, nanosecond;
    int offset_minutes; /* east of UTC */
};

/* The timestamps that docker compose's YAML parser knows. */
bool node_time_parse(const char *text, size_t len, struct node_time *ret_time) ATTR_MUST_CHECK;
/* Go's time.Time as JSON and YAML have it (RFC3339Nano), and as fmt prints it. */
void node_time_print_rfc3339(const struct node_time *time, struct str *out);
void node_time_print_go(const struct node_time *time, struct str *out);

#endif
