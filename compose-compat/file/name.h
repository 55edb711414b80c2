/*
 * name.h - the project's name (compose-file.md section 7.4). Called by load.c.
 */
#ifndef OCTO_COMPOSE_FILE_NAME_H
#define OCTO_COMPOSE_FILE_NAME_H

#include "base/err.h"
#include "base/str.h"

/* What docker compose makes of any text: lower case, [a-z0-9_-] only, no leading '_' or '-'. */
void name_normalise(const char *text, struct str *out);
/* Checks a name that was given as such (-p, COMPOSE_PROJECT_NAME): it must be normal already. */
int name_check(const char *name, const char *where_from, struct err *err) ATTR_MUST_CHECK;

#endif
