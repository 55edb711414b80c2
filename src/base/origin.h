/*
 * origin.h - where a value was written: a file, a line and a column. Files are numbered in one
 * table for the whole run, so that an origin is small enough to sit in every node.
 */
#ifndef OCTO_BASE_ORIGIN_H
#define OCTO_BASE_ORIGIN_H

#include "base/base.h"

struct str;

struct origin {
    uint32_t file;   /* 0: no file (a default, a flag, the environment) */
    uint32_t line;   /* from 1; 0: the file as a whole */
    uint32_t column; /* from 1, in characters */
};

#define ORIGIN_NONE { 0, 0, 0 }

/* Registers a file by the name that messages show and returns its number (> 0); the same name gives
   the same number. text (may be NULL, copied) is kept to quote lines in findings, up to a limit. */
uint32_t origin_add_file(const char *name, const char *text, size_t len);
/* Another number of a file, for values whose places must be told apart although they are the same
   (made of one text in different environments): it prints and quotes alike. */
uint32_t origin_alias(uint32_t file);
const char *origin_file_name(uint32_t file);
/* The line of a registered file, without its end; empty when the text was not kept. */
bool origin_line(struct origin at, const char **ret_text, size_t *ret_len);
/* Appends "file:line:column" (or "file", or nothing for no origin). */
void origin_print(struct origin at, struct str *out);
bool origin_is_set(struct origin at);
bool origin_is_same(struct origin a, struct origin b);
/* Forgets all files: for tests and at exit. */
void origin_reset(void);

#endif
