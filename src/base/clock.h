/*
 * clock.h - time. Durations and deadlines use the monotonic clock; wall time is for showing and for
 * engines' timestamps.
 */
#ifndef OCTO_BASE_CLOCK_H
#define OCTO_BASE_CLOCK_H

#include "base/str.h"

int64_t clock_now_ms(void);  /* monotonic, milliseconds */
int64_t clock_now_ns(void);  /* monotonic, nanoseconds */
int64_t clock_wall_ns(void); /* since 1970, UTC */
/* RFC 3339 with up to nine decimals and a zone. 0 or -1. */
int clock_parse_rfc3339(const char *text, int64_t *ret_wall_ns) ATTR_MUST_CHECK;
/* Go's RFC3339Nano in UTC ("2026-01-02T15:04:05.000000001Z"), decimals trimmed or fixed at nine. */
void clock_print_rfc3339(int64_t wall_ns, bool is_fixed, struct str *out);
/* Go's units.HumanDuration: "Less than a second", "5 seconds", "About a minute", "3 hours", ... */
void clock_print_human(int64_t duration_ns, struct str *out);
/* Compose durations ("1m30s", units ns us ms s m h d w, compose-file.md 9.6). 0 or -1. */
int duration_parse(const char *text, int64_t *ret_ns) ATTR_MUST_CHECK;
/* Go's time.Duration.String(). */
void duration_print(int64_t ns, struct str *out);

#endif
