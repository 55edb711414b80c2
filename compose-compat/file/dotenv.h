/*
 * dotenv.h - .env, env_file and label_file (compose-file.md section 6): the format with quotes and
 * expansion, and the raw one. It knows no project: the caller says which variables exist.
 */
#ifndef OCTO_COMPOSE_FILE_DOTENV_H
#define OCTO_COMPOSE_FILE_DOTENV_H

#include "base/arena.h"
#include "base/err.h"
#include "base/findings.h"
#include "base/map.h"
#include "base/str.h"
#include "compose-compat/file/history.h"

#define DOTENV_MAX_BYTES (16u << 20)       /* of a file */
#define DOTENV_MAX_VALUE_BYTES (64u << 20) /* of all values of a file, expanded */

/* What a file sets. In the arena. */
struct dotenv_value {
    const char *text;
    struct origin at;
    const struct dotenv_value *replaced; /* by this one: an earlier line, or NULL */
};

struct dotenv {
    struct arena *arena;
    struct findings *findings;
    /* The variables outside, which win over earlier keys of the files when values are expanded and give
       a value to a KEY alone. NULL when there is none. */
    const char *(*lookup)(void *arg, struct slice name);
    void *arg;
    const char *dir; /* a file below it is named from here in messages; NULL: none is */
    struct history *history; /* or NULL */
    struct map values; /* out: name -> struct dotenv_value *, in order; later files replace */
};

void dotenv_init(struct dotenv *dotenv, struct arena *arena, struct findings *findings);
void dotenv_release(struct dotenv *dotenv);
/* Reads a file and adds its values. format is NULL, "" or "raw". -1 with err when the file cannot be
   read (ERR_NOT_FOUND: it is not there) or the format is unknown; what is wrong in it are findings, then
   err is ERR_INPUT. */
int dotenv_read(struct dotenv *dotenv, const char *path, const char *format, struct err *err)
    ATTR_MUST_CHECK;
/* The same from memory. 0, or -1 after adding findings. */
int dotenv_parse(struct dotenv *dotenv, uint32_t file, struct slice text) ATTR_MUST_CHECK;
int dotenv_parse_raw(struct dotenv *dotenv, uint32_t file, struct slice text) ATTR_MUST_CHECK;

#endif
