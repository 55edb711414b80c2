/*
 * tap.h - the checks of the unit tests, printed as TAP. A failure shows both values, the file and
 * the line. Tests are counted, not announced: main() ends with `return done_testing();`.
 */
#ifndef OCTO_TESTS_TAP_H
#define OCTO_TESTS_TAP_H

#include "base/base.h"

#define ok(cond) tap_ok((cond), #cond, __FILE__, __LINE__)
#define is_int(got, want) tap_int((got), (want), #got, __FILE__, __LINE__)
#define is_text(got, want) tap_text((got), (want), #got, __FILE__, __LINE__)
#define done_testing() tap_done()

bool tap_ok(bool is_true, const char *what, const char *file, int line);
bool tap_int(int64_t got, int64_t want, const char *what, const char *file, int line);
/* NULL is a value like any other. */
bool tap_text(const char *got, const char *want, const char *what, const char *file, int line);
/* Counts n checks that cannot be done here, and says why. */
void tap_skip(int n, const char *why);
/* A remark in the log. */
void tap_note(const char *fmt, ...) ATTR_PRINTF(1, 2);
/* A folder of this run's own, removed by tap_done(). */
const char *tap_folder(void);
/* Processor time of this program in milliseconds, as an ordinary build on an idle machine would take:
   for limits that hold under sanitizers and beside other work. */
int64_t tap_cpu_ms(void);
/* Prints the plan; the exit status. */
int tap_done(void);

#endif
