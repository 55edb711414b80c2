/*
 * shim.h - the insides of the shim: one small process per instance, which starts the service's
 * process, keeps its log, checks its health, starts it again as its restart policy says, and ends
 * when there is nothing left to watch. It acts in its instance's folder; nobody needs to run for it
 * to work.
 */
#ifndef OCTO_OPERATOR_BAREMETAL_SHIM_H
#define OCTO_OPERATOR_BAREMETAL_SHIM_H

#include "operator/baremetal/parts.h"

#include "base/arena.h"

enum shim_phase { SHIM_RUNNING, SHIM_CLEARING, SHIM_BACKOFF, SHIM_DONE };

struct shim_peer {
    struct shim *shim;
    int fd;
    struct loop_source *source;
    struct str input;
    bool waits_for_end; /* answered when all is over */
};

struct shim {
    struct loop *loop;
    struct arena *arena;
    const struct node *record, *run;
    const char *id;
    int lock, listener, ready;
    struct baremetal_log log;
    enum shim_phase phase;
    bool is_adopted, is_paused, is_stopping, is_exit_known, is_rest_told;
    pid_t pid;
    int pidfd;
    int64_t start_time, started_ns, started_ms, finished_ns, exit_code, restarts, backoff_ms;
    int64_t grace_ms, deadline_ms, pause_ms;
    int stop_signal;
    struct loop_source *timer, *pid_source, *term_timer;
    VEC(struct shim_peer *) peers;
    /* health */
    enum instance_health health;
    pid_t check;
    bool is_check_late;
    int64_t n_failures;
    struct loop_source *check_timer;
};

/* shim-run.c */
int baremetal_shim_run(struct shim *shim, struct err *err) ATTR_MUST_CHECK;
int baremetal_shim_adopt(struct shim *shim, struct err *err) ATTR_MUST_CHECK;
void baremetal_shim_status(struct shim *shim, const char *state);
void baremetal_shim_ended(struct shim *shim, bool is_known, int wait_status);
void baremetal_shim_stop(struct shim *shim, int signo, int64_t grace_ms);
void baremetal_shim_signal(struct shim *shim, int signo);
void baremetal_shim_advance(struct shim *shim); /* when a process has gone */
/* shim.c */
void baremetal_shim_answer_all(struct shim *shim);
/* shim-health.c */
void baremetal_shim_health_begin(struct shim *shim);
void baremetal_shim_health_end(struct shim *shim);
void baremetal_shim_checked(struct shim *shim, int wait_status);

#endif
