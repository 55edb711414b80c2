/*
 * process.h - children: every one is started here, with all file descriptors but the given ones
 * closed (close_range), signal mask and dispositions reset. Program arguments never hold secrets.
 */
#ifndef OCTO_BASE_PROCESS_H
#define OCTO_BASE_PROCESS_H

#include "base/base.h"

#include "base/loop.h"
#include "base/str.h"

struct process_spec {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up on PATH unless it has a '/' */
    const char *const *env;  /* NULL-terminated "K=V"; NULL: the parent's */
    const char *dir;         /* NULL: the parent's */
    int fd_in, fd_out, fd_err; /* -1: /dev/null */
    bool is_group;           /* lead a process group of its own */
    bool is_session;         /* lead a session of its own; a terminal as fd_in is its terminal */
    /* Called in the child, when its outputs are in place and before its folder is entered: 0, or the
       errno of what failed, with *ret_what saying what, in words that the parent has, too. The
       environment that it leaves is the program's when env is NULL. */
    int (*enter)(void *arg, const char **ret_what);
    void *enter_arg;
};

/* Starts a child. A program that cannot be executed is reported here (exec error pipe), as
   ERR_NOT_FOUND or ERR_SYSTEM. */
int process_start(const struct process_spec *spec, pid_t *ret_pid, struct err *err) ATTR_MUST_CHECK;

/* A pipe to or from a child: our end is non-blocking, theirs is for struct process_spec, and to be
   closed here when the child was started. */
int process_pipe(bool is_input, int *ret_ours, int *ret_theirs, struct err *err) ATTR_MUST_CHECK;

/* What a helper program said: called once, on the loop. */
typedef void (*process_done_fn)(void *arg, int exit_code, struct str *out, struct str *err_text);
/* Runs a program with `input` (may be NULL) on its standard input and collects at most max_output
   bytes of each of its outputs (the rest is read and thrown away, `is_cut` says so). After
   timeout_ms (0: never) it is killed, with its group if it leads one; exit_code is then -1. The end
   by a signal is 128 + signal. The descriptors in spec are not looked at. fn may steal from the
   strings. */
int process_run(struct loop *loop, const struct process_spec *spec, const char *input,
                size_t input_len, size_t max_output, int64_t timeout_ms, process_done_fn fn,
                void *arg, struct err *err) ATTR_MUST_CHECK;

#endif
