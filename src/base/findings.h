/*
 * findings.h - everything that is wrong with the input, collected before anything is given up: the
 * loader and the operators' lowering add to it, the commands print it sorted by place.
 */
#ifndef OCTO_BASE_FINDINGS_H
#define OCTO_BASE_FINDINGS_H

#include "base/origin.h"
#include "base/str.h"

enum finding_level { FINDING_WARNING, FINDING_ERROR };

struct finding {
    enum finding_level level;
    struct origin at;
    char *path; /* "services.web.ports[0]", or "" */
    char *text; /* what is wrong */
    char *hint; /* what to do, or NULL: nearest key, expected forms, the variable to set */
};

struct findings {
    struct finding *items;
    size_t n, cap;
    size_t n_errors;
};

#define FINDINGS_INIT { NULL, 0, 0, 0 }
void findings_init(struct findings *findings);
void findings_release(struct findings *findings);
/* Adds one; path may be NULL. The same text at the same place of a file is added once. Returns it (never
   NULL) for finding_hint(); the pointer holds until the next call. FINDINGS_MAX are kept. */
struct finding *finding_add(struct findings *findings, enum finding_level level, struct origin at,
                            const char *path, const char *fmt, ...) ATTR_PRINTF(5, 6);
void finding_hint(struct finding *finding, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* Copies of all of from, hints too. */
void findings_add(struct findings *findings, const struct findings *from);
/* By file, line, column; stable. */
void findings_sort(struct findings *findings);
/* "file:line:column: path: text", then the line itself with a caret, then the hint. */
void finding_print(const struct finding *finding, struct str *out);

#define FINDINGS_MAX 1000

#endif
