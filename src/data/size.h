/*
 * size.h - byte sizes as docker writes them: "64m", "1.5 GiB", "1024" (compose-file.md 9.5).
 * Durations are in base/clock.h.
 */
#ifndef OCTO_DATA_SIZE_H
#define OCTO_DATA_SIZE_H

#include "base/str.h"

/* A number, an optional blank, an optional unit (b, k, m, g, t, p, with b or ib, any case; powers
   of 1024). A whole negative number without unit is taken as it is (-1 is "no limit"). Returns 0,
   or -1 with the reason added to problem (may be NULL). */
int size_parse(const char *text, int64_t *ret_bytes, struct str *problem) ATTR_MUST_CHECK;

#endif
