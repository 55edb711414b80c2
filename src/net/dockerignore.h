/*
 * dockerignore.h - the patterns of .dockerignore: read as docker reads them, matched as docker matches
 * them (also what `develop.watch` ignores). Knows texts only, no files.
 */
#ifndef OCTO_NET_DOCKERIGNORE_H
#define OCTO_NET_DOCKERIGNORE_H

#include "base/err.h"

struct dockerignore;
/* Without patterns nothing is ignored. */
struct dockerignore *dockerignore_new(void);
void dockerignore_free(struct dockerignore *ignore);
/* Adds the patterns of a file's text; name is for messages. */
int dockerignore_parse(struct dockerignore *ignore, const char *name, const char *text, size_t len,
                       struct err *err) ATTR_MUST_CHECK;
/* Adds one pattern, "!" before it takes files back. */
int dockerignore_add(struct dockerignore *ignore, const char *pattern,
                     struct err *err) ATTR_MUST_CHECK;
/* Is path (relative, '/', clean) ignored? A pattern that matches a folder holds for all below it, the last
   one that matches counts. */
bool dockerignore_match(const struct dockerignore *ignore, const char *path);
/* May something below the ignored folder be taken back by a later "!"? */
bool dockerignore_may_return(const struct dockerignore *ignore, const char *dir);

#define DOCKERIGNORE_MAX_PATTERNS 100000

#endif
