/*
 * supervisor.h - the insides of the supervisor: one process per project, parent of the shims. It
 * keeps the outputs of the services open, so that nothing that is written gets lost while a shim is
 * killed and replaced; it starts shims, another one at once for one that was killed, and tells the
 * new one how an orphaned process ended. It decides nothing about services: policy is the shim's.
 * It acts in the project's folder, and ends when there is no shim and nobody asks.
 */
#ifndef OCTO_OPERATOR_BAREMETAL_SUPERVISOR_H
#define OCTO_OPERATOR_BAREMETAL_SUPERVISOR_H

#include "operator/baremetal/parts.h"

struct supervisor;

enum client_wish { WISH_NOTHING, WISH_START, WISH_MEND };

struct supervisor_client {
    struct supervisor *supervisor;
    int fd;
    struct loop_source *source;
    struct str input;
    enum client_wish wish;
    char *id; /* of WISH_START */
};

/* One instance that is watched over. */
struct ward {
    struct supervisor *supervisor;
    char *id, *dir; /* "process/ID" */
    pid_t shim;     /* 0: there is none */
    bool is_child;  /* else it was another supervisor's */
    bool is_ready;  /* it said how things stand */
    int pidfd;      /* of the shim */
    int channel;    /* to it */
    struct loop_source *pid_source, *channel_source, *timer;
    struct str input;
    int outputs[2]; /* the service's, held open */
    pid_t orphan;   /* the main process of a shim that was killed: our child now */
    int64_t orphan_start_time;
    int64_t born_ms, pause_ms, last_pause_ms, n_short;
};

struct supervisor {
    struct loop *loop;
    int lock, listener;
    char **argv;          /* the memory of it becomes the title of shims */
    struct rlimit *limit; /* of files, as we got it */
    VEC(struct ward *) wards;
    VEC(struct supervisor_client *) clients;
};

/* supervisor.c */
/* Whether somebody, who is still there, asks that the instance be started. */
bool baremetal_clients_want(struct supervisor *supervisor, const char *id);
/* Answers who waits for the start of this instance; error NULL: it runs. */
void baremetal_clients_started(struct supervisor *supervisor, const char *id, const char *error);
/* Answers who waits for all to be watched, when they are. */
void baremetal_clients_mended(struct supervisor *supervisor);
/* Called in a shim: starts another supervisor when that is nobody's task yet. dir is the project's.
 */
void baremetal_supervisor_revive(const char *dir);

/* ward.c */
struct ward *baremetal_ward_get(struct supervisor *supervisor, const char *id);
/* Does what is missing: finds or starts the shim; lets the ward go when there is nothing to watch.
 */
void baremetal_ward_tend(struct ward *ward);
/* Finds every instance that is to be watched. */
void baremetal_wards_scan(struct supervisor *supervisor);
/* Some child has ended. */
void baremetal_wards_reap(struct supervisor *supervisor);

#endif
