/*
 * err.h - how a function says that it failed: it returns -1 and has filled in the `struct err` that
 * is its last parameter. Setting an error over another one is a programming error (assertion); a
 * layer adds context with err_wrap(). Only src/cmd, compose-compat/cli and main.c print errors.
 *
 * Texts: lower case, no full stop, the problem first, the subject in double quotes.
 */
#ifndef OCTO_BASE_ERR_H
#define OCTO_BASE_ERR_H

#include "base/base.h"
#include "base/origin.h"

enum err_code {
#define ERR_CODE(name, exit_status, text) ERR_##name,
#include "base/err-codes.h"
#undef ERR_CODE
    ERR_CODE_N_
};

struct err {
    enum err_code code;
    struct origin at; /* where in a file, when a file is the cause */
    int sys;          /* errno of ERR_SYSTEM, else 0 */
    int status;       /* the HTTP status that an endpoint answered, else 0 */
    char *text;       /* heap; NULL exactly when code is ERR_NONE */
};

#define ERR_INIT { ERR_NONE, ORIGIN_NONE, 0, 0, NULL }
#define ERR_AUTO(name) CLEANUP(err_release) struct err name = ERR_INIT

void err_release(struct err *err);
bool err_is_set(const struct err *err);
/* Fills in err, which must be empty; err may be NULL (the failure is then only in the result).
   Always returns -1, so that `return err_set(...)` is a whole error path. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...) ATTR_PRINTF(3, 4);
int err_set_at(struct err *err, struct origin at, enum err_code code, const char *fmt, ...)
    ATTR_PRINTF(4, 5);
/* ERR_SYSTEM with ": " and the text of errno added. */
int err_set_sys(struct err *err, int error_number, const char *fmt, ...) ATTR_PRINTF(3, 4);
/* Puts "CONTEXT: " before the text of a set error. Returns -1. */
int err_wrap(struct err *err, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* Moves from (set) to to (empty or NULL). Returns -1. */
int err_move(struct err *to, struct err *from);
/* What the tables say of a code: the exit status, the name in lower case. */
int err_exit_status(enum err_code code);
const char *err_code_name(enum err_code code);

#endif
