/*
 * lock.h - one mutating command at a time per project, operator and place of the backend: a flock
 * on a file in the runtime folder. The kernel frees it when the holder dies; the file says who
 * holds it.
 */
#ifndef OCTO_PLAN_LOCK_H
#define OCTO_PLAN_LOCK_H

#include "base/loop.h"

struct lock;
typedef void (*lock_done_fn)(void *arg, struct lock *lock, struct err *err);
/* Takes the lock of the project at the place that the operator's identity() tells, waiting on the
   loop at most timeout_ms (< 0: for ever); `waiting` (may be NULL) is called once with the holder's
   description when it has to wait. ERR_LOCKED names the holder. */
void lock_take(struct loop *loop, const char *operator_name, const char *place, const char *project,
               int64_t timeout_ms, void (*waiting)(void *arg, const char *holder),
               lock_done_fn done, void *arg);
void lock_release(struct lock *lock);

#endif
