/*
 * shim.h - the insides of the shim: one small process per instance, which starts the service's
 * process, keeps its log, checks its health, starts it again as its restart policy says, and ends
 * when there is nothing left to watch. It acts in its instance's folder; nobody needs to run for it
 * to work. Of it the supervisor knows only baremetal_shim_main().
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
    bool is_supervisor;
};

struct shim {
    struct loop *loop;
    struct arena *arena;
    const struct node *record, *run;
    const char *id;
    int lock, listener;
    struct baremetal_log log;
    enum shim_phase phase;
    bool is_adopted, is_paused, is_stopping, is_exit_known, is_rest_told;
    bool is_gone; /* adopted, and has ended: how is not known yet */
    pid_t pid, group, session;
    int pidfd;
    int64_t start_time, started_ns, started_ms, finished_ns, exit_code, restarts, backoff_ms;
    int64_t grace_ms, deadline_ms, pause_ms, wait_until_ms;
    int stop_signal;
    struct loop_source *timer, *pid_source, *term_timer;
    VEC(struct shim_peer *) peers;
    struct loop_source *revive_timer;
    int n_revivals;
    struct shim_peer *supervisor; /* one of them; NULL: it has gone */
    /* health */
    enum instance_health health;
    pid_t check;
    bool is_check_late;
    int64_t n_failures;
    struct loop_source *check_timer;
};

/* shim.c: the life of a freshly forked shim in the instance's folder dir. lock is the instance's,
   taken; channel the way to the supervisor. Returns the exit status. */
int baremetal_shim_main(const char *dir, int lock, int channel, bool is_start);
void baremetal_shim_answer_all(struct shim *shim);
/* Tells the supervisor whether it runs or is about to end. */
void baremetal_shim_tell(struct shim *shim);
/* shim-run.c */
int baremetal_shim_run(struct shim *shim, struct err *err) ATTR_MUST_CHECK;
int baremetal_shim_status(struct shim *shim, struct err *err) ATTR_MUST_CHECK;
/* The same where a full disk must not end the service. */
void baremetal_shim_note(struct shim *shim);
void baremetal_shim_ended(struct shim *shim, bool is_known, int wait_status);
void baremetal_shim_stop(struct shim *shim, int signo, int64_t grace_ms);
void baremetal_shim_signal(struct shim *shim, int signo);
void baremetal_shim_advance(struct shim *shim); /* when a process has gone */
bool baremetal_shim_will_restart(const struct shim *shim);
/* shim-adopt.c: goes on with what a killed shim had written down */
int baremetal_shim_adopt(struct shim *shim, struct err *err) ATTR_MUST_CHECK;
/* shim-health.c */
void baremetal_shim_health_begin(struct shim *shim);
void baremetal_shim_health_end(struct shim *shim);
void baremetal_shim_checked(struct shim *shim, int wait_status);

#endif
