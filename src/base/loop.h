/*
 * loop.h - the event loop: one thread, epoll, signalfd, pidfd, a heap of timers. Everything that
 * waits, waits here; nothing in octocompose blocks anywhere else while a command runs. A callback
 * may add and remove any source, its own included.
 */
#ifndef OCTO_BASE_LOOP_H
#define OCTO_BASE_LOOP_H

#include "base/base.h"

#include <sys/types.h>

#include "base/err.h"

struct loop;
struct loop_source; /* one thing that is waited for; owned by the loop until removed */

enum loop_events { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_ERROR = 4 };

typedef void (*loop_fd_fn)(void *arg, int fd, unsigned events);
typedef void (*loop_fn)(void *arg);
typedef void (*loop_signal_fn)(void *arg, int signo);
typedef void (*loop_child_fn)(void *arg, int wait_status); /* as from waitpid() */

/* Also has SIGPIPE ignored for the process. */
int loop_new(struct loop **ret_loop, struct err *err) ATTR_MUST_CHECK;
/* Removes all sources. Not from a callback. NULL allowed. */
void loop_free(struct loop *loop);
/* Runs callbacks until loop_stop() or until nothing is left to wait for. */
int loop_run(struct loop *loop, struct err *err) ATTR_MUST_CHECK;
/* One round: waits at most timeout_ms (-1: for ever) and runs what is due. */
int loop_step(struct loop *loop, int timeout_ms, struct err *err) ATTR_MUST_CHECK;
void loop_stop(struct loop *loop);

/* events: LOOP_READ | LOOP_WRITE, or 0 for none at the moment. The fd stays the caller's, who
   removes the source before closing it. Regular files are always ready; two sources may wait for
   one fd. The callback gets those of its events that are due (all of them on a hang-up: read() or
   write() then tells), and LOOP_ERROR. */
struct loop_source *loop_add_fd(struct loop *loop, int fd, unsigned events, loop_fd_fn fn,
                                void *arg);
void loop_set_events(struct loop_source *source, unsigned events);
/* Calls fn once after delay_ms (>= 0); the source is gone when fn runs. */
struct loop_source *loop_add_timer(struct loop *loop, int64_t delay_ms, loop_fn fn, void *arg);
/* Calls fn in the next round, before waiting; the source is gone when fn runs. */
struct loop_source *loop_add_soon(struct loop *loop, loop_fn fn, void *arg);
/* Blocks signo for the process and reports it here until removed. */
struct loop_source *loop_add_signal(struct loop *loop, int signo, loop_signal_fn fn, void *arg);
/* Reports the end of a child process (reaped here); the source is gone when fn runs. Removing it
   earlier leaves the child to run, and to be waited for by the caller. */
struct loop_source *loop_add_child(struct loop *loop, pid_t pid, loop_child_fn fn, void *arg);
/* A source that does not keep loop_run() alive by itself (a signal, an idle connection). */
void loop_set_background(struct loop_source *source);
/* NULL allowed. From anywhere, also within a round; the pointer is worthless afterwards. */
void loop_remove(struct loop_source *source);
/* Removes the source and closes the descriptor that it waits for, where there are any: NULL and -1 then. */
void loop_close(struct loop_source **source, int *fd);

#endif
