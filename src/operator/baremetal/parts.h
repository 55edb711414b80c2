/*
 * parts.h - what the files of the bare metal operator share: the handle, the state on disk, the way
 * to a shim, the log's form. Nothing outside of this folder includes it.
 *
 * The state is STATE/baremetal/PROJECT/ (0700):
 *   supervisor.lock, .sock   of the living supervisor
 *   process/ID/record.json   what the instance was made as; its existence is the instance
 *   process/ID/status.json   written by the shim only
 *   process/ID/exit.json     how the process of a killed shim ended: written by the supervisor only
 *   process/ID/lock          held by the living shim, and by who makes or removes the instance
 *   process/ID/in            named pipe, where the service keeps its input open
 *   process/ID/{out,err}     named pipes, the service's outputs
 *   process/ID/log-N.{out,err,idx}
 *   volume/KEY.json, volume/KEY/
 *   events, events.1         one JSON object a line; the latter is full
 */
#ifndef OCTO_OPERATOR_BAREMETAL_PARTS_H
#define OCTO_OPERATOR_BAREMETAL_PARTS_H

#include "base/str.h"
#include "base/vec.h"
#include "data/node.h"
#include "plan/operator.h"

#define BAREMETAL_VERSION 1
#define BAREMETAL_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

extern const struct resource_kind baremetal_process;
extern const struct resource_kind baremetal_volume;
extern const struct operator_ops baremetal_ops;

struct baremetal_task;

struct baremetal {
    struct loop *loop;
    const char *const *environment;
    char *root;    /* STATE/baremetal */
    char *project; /* of the last observation */
    VEC(struct baremetal_task *) tasks;
    bool is_spawning; /* a supervisor */
    int hold;         /* a connection that keeps the supervisor until we end, or -1 */
};

/* What a wanted process was lowered from. */
struct baremetal_payload {
    const struct project *project;
    const struct service *service;
};

/* --- state.c --- */

const char *baremetal_text(const struct node *map, const char *key);
int64_t baremetal_int(const struct node *map, const char *key);
bool baremetal_bool(const struct node *map, const char *key);
const char *baremetal_env(const char *const *environment, const char *name);
/* A state file: its version is known, or the error says what to do. */
int baremetal_read_state(struct arena *arena, const char *path, struct node **ret_node,
                         struct err *err) ATTR_MUST_CHECK;
int baremetal_write_state(const char *path, const struct node *node,
                          struct err *err) ATTR_MUST_CHECK;
void baremetal_boot_id(struct str *out);
/* The number of "SIGTERM", "TERM", "15"; 0: there is none. */
int baremetal_signal(const char *name);
void baremetal_project_dir(const struct baremetal *baremetal, struct str *out);
void baremetal_process_dir(const struct baremetal *baremetal, const char *id, struct str *out);

struct baremetal_look {
    const struct node *record, *status; /* status may be NULL */
    enum instance_state state;
    enum instance_health health;
    int64_t exit_code;
    bool is_exit_known;
    pid_t pid;
    bool is_live;     /* there is something to watch: not ended, and of this boot */
    bool has_shim;    /* the lock is held */
    bool is_lost;     /* live, but nobody watches */
    bool is_stopping; /* live, but on its way to be exited */
    bool is_settling; /* held, but not live: about to start, just ended, or being removed */
};
/* Takes the instance's lock: its descriptor, or -1 with errno (EAGAIN: another has it; ENOENT:
   there is no such instance). Free as long as nobody watches, makes or removes the instance. */
int baremetal_lock(const char *dir);
/* ERR_NOT_FOUND when there is no instance (any more). */
int baremetal_look(struct arena *arena, const char *dir, struct baremetal_look *out,
                   struct err *err) ATTR_MUST_CHECK;

/* --- event-file.c --- */

/* Adds a line to the project's event file; a failure is nobody's. */
void baremetal_event(const char *project_dir, const struct node *record, const char *action,
                     int64_t exit_code, const char *health);

/* Removes what is left of a project without any instance; its volumes stay. */
void baremetal_tidy(const char *project_dir);

/* --- status.c: what a shim writes down --- */

struct baremetal_status {
    const char *state; /* "running", "paused", "restarting", "stopping", "exited" */
    const char *boot_id;
    enum instance_health health;
    pid_t pid;     /* the main process; 0: it has gone */
    pid_t session; /* that the main process was started in */
    int64_t start_time, started_ns, finished_ns, exit_code, restarts, backoff_ms;
    bool is_exit_known;
    bool is_ordered;     /* somebody wants it to stop: not to be started again */
    int64_t deadline_ms; /* of the stop, monotonic */
};
/* The texts stay the node's. */
void baremetal_status_read(const struct node *node, struct baremetal_status *out);
void baremetal_status_print(const struct baremetal_status *status, struct str *out);
/* The pause before the next start: Docker's curve, 100 ms, doubling up to a minute, from the
   beginning again after ten seconds up. */
int64_t baremetal_backoff_ms(int64_t last_ms, int64_t up_ms);

struct baremetal_stat {
    pid_t pid, parent, group, session;
    char state;
    int64_t start_time; /* with the pid and the boot, a process's identity */
};
/* What /proc/PID/stat says, of a zombie too. */
bool baremetal_read_stat(pid_t pid, struct baremetal_stat *out);
/* Of a process that has not ended, or -1. */
int64_t baremetal_start_time(pid_t pid);

/* --- control.c: the way to a shim and to the supervisor --- */

enum baremetal_receipt { RECEIVED_PART, RECEIVED_LINE, RECEIVED_END };
/* Adds what came from the other side of a control socket to input: a part of a request, a whole line, or
   the end (also when the other side failed or sends more than a request can have). */
enum baremetal_receipt baremetal_receive(int fd, struct str *input);

/* ERR_CONNECT: whoever was asked has gone; what became of the request is not known. */
typedef void (*baremetal_answer_fn)(void *arg, struct err *err);
/* One request (a line of JSON), one answer. */
void baremetal_shim_request(struct loop *loop, const char *dir, const char *verb, int signo,
                            int64_t grace_ns, baremetal_answer_fn fn, void *arg);
/* Asks the project's supervisor, which is started when there is none. "start": the instance runs,
   or could not be started; "mend": whatever is to be watched is watched (id ""). Both may be
   repeated. */
void baremetal_supervisor_request(struct baremetal *baremetal, const char *verb, const char *id,
                                  baremetal_answer_fn fn, void *arg);
/* The other end. A socket of that name in the current folder (a path may have 107 bytes only), where
   an older one can only be a dead process's; a connection of this user or root, or -1; whether who
   asked still is there. */
int baremetal_listen(const char *name, struct err *err) ATTR_MUST_CHECK;
int baremetal_accept(int listener);
bool baremetal_is_there(int fd);
/* Whether there is one; dir is the project's folder. */
bool baremetal_supervisor_is_there(const char *dir);

/* --- create.c, lower.c, observe.c, begin.c --- */

/* check.c: can the service's program and user be had on this host? */
int baremetal_check_service(const struct baremetal *baremetal, const struct project *project,
                            const struct service *service, struct err *err) ATTR_MUST_CHECK;
void baremetal_check_plan_programs(const struct baremetal *baremetal, const struct plan *plan,
                                   struct findings *findings);
int baremetal_create_process(struct baremetal *baremetal, struct step *step,
                             struct err *err) ATTR_MUST_CHECK;
int baremetal_create_volume(struct baremetal *baremetal, struct step *step,
                            struct err *err) ATTR_MUST_CHECK;
int baremetal_lower(const struct project *project, struct wanted_set *out,
                    struct findings *findings);
void baremetal_observe(void *handle, const struct observe_query *query, struct findings *findings,
                       observe_done_fn done, void *arg);
void baremetal_begin(void *handle, struct step *step, step_progress_fn progress, step_done_fn done,
                     void *arg);
void baremetal_cancel(void *handle, struct step *step);
void baremetal_projects(void *handle, bool with_stopped, projects_done_fn done, void *arg);
/* The names in a folder that end so, sorted; a missing folder has none. */
void baremetal_list(struct arena *arena, const char *dir, const char *end, struct text_list *out);

/* --- launch.c: a service's environment in a child --- */

/* The "K=V" list of the record, NULL-terminated, on the heap (the texts are the record's). */
const char **baremetal_words(const struct node *list);
/* The RLIMIT_ of "nofile", or -1. */
int baremetal_limit(const char *name);
/* In the forked child: limits, user (NULL: the record's), folder (NULL: the record's), without
   mounts. 0, or the errno of a failure. */
int baremetal_enter(const struct node *run, const char *user, const char *dir,
                    const char **ret_what);
/* In the forked child: limits, mounts, user, folder, then exec. Returns the errno of a failure. */
int baremetal_become(const struct node *run, const char *const *argv, const char *const *env,
                     const char *dir, bool with_mounts, const char **ret_what);

/* --- place.c: what else runs in a service --- */

struct baremetal_place {
    const struct node *run;
    const char *user, *dir; /* NULL: the service's */
    const char **env;       /* NULL-terminated, on the heap; the texts are others' */
    int mounts;             /* the namespace of its mounts, or -1 */
    bool is_running;
};
/* Of a service that runs as pid (0: it does not run) since start_time. The record stays the
   caller's. */
void baremetal_place_open(struct baremetal_place *place, const struct node *run, pid_t pid,
                          int64_t start_time);
void baremetal_place_close(struct baremetal_place *place);
/* "K=V" sets a variable, "K" removes it. The text stays the caller's. */
void baremetal_place_set(struct baremetal_place *place, const char *pair);
/* process_spec's enter; arg is the place. */
int baremetal_place_enter(void *arg, const char **ret_what);

/* --- owner.c --- */

struct baremetal_user {
    uid_t uid;
    gid_t gid;
    char name[256], home[1024]; /* "" when it is a number that nobody has */
};
/* Of "name", "number", each with or without ":group". 0 or ENOENT. */
int baremetal_user(const char *text, struct baremetal_user *ret_user);
/* As root: what the service of this record has to own, and the way to it. dir is the instance's. */
void baremetal_give(const char *dir, const struct node *run);

/* --- ports.c --- */

/* The port that an instance has of a published range. 0: none is published, -1: none is left. */
int64_t baremetal_port(const struct port *port, int64_t instance);
/* Before a start: an error when another program has one of the ports. */
int baremetal_check_ports(const struct node *record, struct err *err) ATTR_MUST_CHECK;
/* Before a plan is run: the same as findings, and ports that two services claim. */
void baremetal_check_plan_ports(struct baremetal *baremetal, const struct plan *plan,
                                struct findings *findings);

/* --- log.c: written by the shim, read by `logs` --- */

struct baremetal_log_record {
    int64_t time_ns;
    int64_t end; /* of the stream's file, behind what this record tells of */
    int64_t stream;
};
struct baremetal_log {
    int fifo[2], raw[2], index;
    int64_t size[3]; /* of the streams' files and the index */
    int64_t number;
};
/* All of it in the current folder. */
int baremetal_log_open(struct baremetal_log *log, struct err *err) ATTR_MUST_CHECK;
/* Gives up the older segments, for the sake of something that has to be written. */
void baremetal_log_make_room(struct baremetal_log *log);
/* Moves what waits in the pipe of a stream (0 output, 1 error) to the log. */
void baremetal_log_move(struct baremetal_log *log, int stream);

struct baremetal_reader;
struct baremetal_reader *baremetal_reader_new(const char *dir);
/* Bytes as they were written instead of lines; nothing is kept for a flush. */
void baremetal_reader_set_raw(struct baremetal_reader *reader);
void baremetal_reader_free(struct baremetal_reader *reader);
typedef void (*baremetal_line_fn)(void *arg, int stream, int64_t time_ns, const char *text,
                                  size_t len);
/* Reads one record, false when there is none at the moment. */
bool baremetal_reader_next(struct baremetal_reader *reader, baremetal_line_fn fn, void *arg);
/* What came without an end of line. */
void baremetal_reader_flush(struct baremetal_reader *reader, baremetal_line_fn fn, void *arg);

/* --- members.c --- */

typedef VEC(pid_t) baremetal_pids;
typedef VEC(struct baremetal_stat) baremetal_members;
struct baremetal_instance {
    const char *id;
    const char *group; /* of control groups, or NULL: what is in them is a member */
    bool is_adopted; /* was started by another shim: then also what is as old as the main process */
    int64_t
        start_time; /* or younger, and is in its session (0: not to be trusted) or carries the */
    pid_t session;  /* instance's mark */
    pid_t except;   /* a process of ours that is no member, with its group, or 0 */
};
/* Every process that belongs to the instance, the shim itself left out. */
void baremetal_members_find(const struct baremetal_instance *of, baremetal_members *out);
/* Signals each that still is who it was; group 0: all of them. */
void baremetal_members_signal(const baremetal_members *members, pid_t group, int signo);

/* --- streams --- */

struct operator_stream {
    struct baremetal *baremetal;
    void (*free)(struct operator_stream *stream);
    void (*write)(struct operator_stream *stream, const char *bytes, size_t len);
    void (*close_input)(struct operator_stream *stream);
    void (*resize)(struct operator_stream *stream, unsigned rows, unsigned columns);
    void (*signal)(struct operator_stream *stream, int signo);
    void (*wake)(struct operator_stream *stream);
    bool is_paused, is_gone, is_busy;
};
struct operator_stream *baremetal_logs(void *handle, const struct log_query *query,
                                       log_line_fn line, log_done_fn done, void *arg);
struct operator_stream *baremetal_exec(void *handle, const struct exec_query *query,
                                       stream_output_fn output, stream_done_fn done, void *arg);
struct operator_stream *baremetal_attach(void *handle, const struct attach_query *query,
                                         stream_output_fn output, stream_done_fn done, void *arg);
struct operator_stream *baremetal_events(void *handle, const char *project, int64_t since_ns,
                                         int64_t until_ns, event_fn event, stream_done_fn done,
                                         void *arg);

#endif
