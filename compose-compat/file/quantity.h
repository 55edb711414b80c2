/*
 * quantity.h - values as Compose files write them in texts: byte sizes, durations, file modes,
 * booleans, and the forms in which docker compose prints them (compose-file.md 9.5, 9.6, 9.8).
 */
#ifndef OCTO_COMPOSE_FILE_QUANTITY_H
#define OCTO_COMPOSE_FILE_QUANTITY_H

#include "base/str.h"

/* "512m", "1.5 GiB", "-1". 0, or -1 with *ret_reason: what is wrong, a static text. */
int quantity_bytes(const char *text, int64_t *ret_bytes, const char **ret_reason) ATTR_MUST_CHECK;
/* "1m30s", "0", "1.5h", "2d". In nanoseconds. */
int quantity_duration(const char *text, int64_t *ret_ns, const char **ret_reason) ATTR_MUST_CHECK;
/* Appends it as Go does: "1m30s", "24h0m0s", "1.5s", "0s". */
void quantity_duration_print(int64_t ns, struct str *out);
/* An octal text: "0440". */
int quantity_mode(const char *text, int64_t *ret_mode) ATTR_MUST_CHECK;
/* A word for a boolean; *ret_is_old: one of YAML 1.1's. */
int quantity_bool(const char *text, bool *ret_value, bool *ret_is_old) ATTR_MUST_CHECK;
/* A floating point number as Go reads one ("1.5", ".5", "1e3", "inf", "0x1p4"), nothing around
   it. */
int quantity_float(const char *text, double *ret_value) ATTR_MUST_CHECK;
/* A double as Go makes an integer of it on amd64: what does not fit becomes the smallest one. */
int64_t quantity_truncate(double value);
/* The double whose shortest text is the shortest text of value as a 32-bit float. */
double quantity_round_float(double value);

#endif
