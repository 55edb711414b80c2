/*
 * number.h - numbers as Go reads and prints them: the readers, the writers and node texts share it.
 * It assumes the C locale for numbers, as the whole program does.
 */
#ifndef OCTO_DATA_NUMBER_H
#define OCTO_DATA_NUMBER_H

#include "base/str.h"

/* strconv.ParseInt and ParseUint with base 0 and no underscores: sign, 0x, 0o, 0b, leading 0 for
   octal. What fits int64_t sets ret_int, what only fits uint64_t (no sign) sets ret_uint. */
enum number_kind { NUMBER_NONE, NUMBER_INT, NUMBER_UINT };
enum number_kind number_parse_int(const char *text, size_t len, int64_t *ret_int,
                                  uint64_t *ret_uint) ATTR_MUST_CHECK;
/* A decimal float: sign, digits with at most one point, exponent. False for anything else and for
   what is too large for a double. */
bool number_parse_float(const char *text, size_t len, double *ret_value) ATTR_MUST_CHECK;

/* As fmt prints a float64: the fewest digits, exponent form below 1e-04 and from 1e+06 on, "+Inf".
   */
void number_print_float(double value, struct str *out);
/* The form of encoding/json. value must be finite. */
void number_print_json(double value, struct str *out);

#endif
