/*
 * operator.h - the seam: the core decides, an operator translates (lower), looks (observe) and acts
 * (begin). One struct of functions and data per operator; nothing above this header knows which one
 * it talks to. Everything that takes time ends through a callback on the event loop.
 *
 * Callbacks are never called before the function that they were given to has returned.
 */
#ifndef OCTO_PLAN_OPERATOR_H
#define OCTO_PLAN_OPERATOR_H

#include "base/loop.h"
#include "plan/plan.h"

enum operator_caps {
    CAP_LOGS = 1,
    CAP_EXEC = 2,
    CAP_ATTACH = 4,
    CAP_EVENTS = 8,
    CAP_PROJECTS = 16,
    CAP_BUILD = 32,
    CAP_IN_PLACE = 64, /* STEP_UPDATE */
    CAP_PIN = 128,
};

/* What every operator gets to know when it is opened. */
struct operator_config {
    struct loop *loop;
    const char *const *environment; /* "K=V" of the process (DOCKER_HOST, XDG_..., PATH) */
    const char *endpoint;           /* --host or the like, or NULL */
    const char *context;            /* --context, or NULL */
    const struct node *settings;    /* the operator's own settings of the configuration, or NULL */
    struct findings *findings;      /* what open() has to say although it works; NULL: nobody reads it */
};

/* How a failed step is to be taken. */
enum failure_grade {
    GRADE_RETRY,  /* may work at once: tried again a few times */
    GRADE_FAILED, /* this step failed: what depends on it is skipped, the rest goes on */
    GRADE_FATAL,  /* nothing else can work: the run ends */
};

struct step_result {
    enum step_status status; /* STEP_DONE, STEP_UNCHANGED, STEP_FAILED */
    enum failure_grade grade;
    struct err err; /* set when failed; moved out by the receiver */
};
typedef void (*step_done_fn)(void *arg, struct step *step, struct step_result *result);
/* Something to show while a step runs ("Downloading", layer, bytes). total 0: unknown. */
struct step_progress {
    const char *part; /* layer or vertex id, or NULL for the step itself */
    const char *text;
    int64_t current, total;
};
typedef void (*step_progress_fn)(void *arg, struct step *step, const struct step_progress *progress);

/* What observe() is to look at. */
struct observe_query {
    const char *project;
    const struct wanted_set *wanted; /* NULL: no description at hand */
    bool with_all;     /* stopped instances and one-offs, too (plans always need them) */
    bool only_running_kinds; /* instances only: for ps, logs, exec, stop ... (one call) */
    bool with_artifacts;     /* images are needed for the plan */
    bool is_for_making;      /* what is wanted is to be made: findings tell what cannot be here */
};
/* The set is the receiver's (existing_set_release) when err is not set. */
typedef void (*observe_done_fn)(void *arg, struct existing_set *set, struct err *err);

struct log_query {
    const char *project;
    const struct existing *const *instances; /* n of them */
    size_t n_instances;
    bool follow;
    bool one_run; /* follow: to the end of the run that goes on, even if it is started again */
    int64_t tail;     /* lines, < 0: all */
    int64_t since_ns, until_ns; /* wall clock, 0: open */
};
struct log_line {
    const struct existing *instance;
    int stream; /* 1 output, 2 error */
    int64_t time_ns;
    const char *text; /* without its end; not NUL-terminated */
    size_t len;
    bool is_partial;  /* more of the same line follows */
};
/* done is called once per instance whose log ended (err may be set) and with instance NULL at the end of
   all of them. */
typedef void (*log_line_fn)(void *arg, const struct log_line *line);
typedef void (*log_done_fn)(void *arg, const struct existing *instance, struct err *err);

enum event_action { EVENT_CREATED, EVENT_STARTED, EVENT_DIED, EVENT_STOPPED, EVENT_KILLED, EVENT_REMOVED,
                    EVENT_PAUSED, EVENT_UNPAUSED, EVENT_HEALTH, EVENT_RENAMED, EVENT_OOM, EVENT_OTHER };
/* Of the words "create", "start", "die", ... that the operators write; EVENT_OTHER for others and NULL. */
enum event_action event_action_of(const char *word);
struct operator_event {
    int64_t time_ns;
    enum event_action action;
    const char *action_text; /* the backend's own word */
    const char *id, *name, *service;
    int64_t number;
    bool is_one_off;
    const char *replaces;
    int64_t exit_code; /* of EVENT_DIED */
    enum instance_health health;
    const struct node *attributes;
};
typedef void (*event_fn)(void *arg, const struct operator_event *event);
typedef void (*stream_done_fn)(void *arg, int exit_code, struct err *err);
typedef void (*stream_output_fn)(void *arg, int stream, const char *bytes, size_t len);

struct exec_query {
    const char *instance_id;
    const char *const *argv;
    const char *const *env;
    const char *user, *working_dir, *detach_keys;
    bool tty, privileged, detach, with_input;
    unsigned rows, columns;
};
struct attach_query {
    const char *instance_id;
    const char *detach_keys;
    bool tty, with_input, with_output;
};

struct project_summary {
    const char *name;
    const char *files; /* comma-separated */
    MODEL_LIST(struct { const char *state; int64_t n; }) states;
};
struct project_summary_list {
    struct arena *arena;
    struct project_summary *items;
    size_t n, cap;
};
/* The list's arena is the receiver's to free. */
typedef void (*projects_done_fn)(void *arg, struct project_summary_list *list, struct err *err);

/* pinned holds until the call returns; NULL exactly when err is set, which the receiver moves out. */
typedef void (*pin_done_fn)(void *arg, const char *pinned, struct err *err);

struct operator_stream; /* an open logs, events, exec or attach stream */

struct operator_ops {
    const char *name;    /* "docker" */
    const char *other_name; /* another spelling of it ("docker-compose"), or NULL */
    const char *summary; /* one line for --help */
    const char *section; /* of a configuration's repos.services.SERVICE: the one that is for it */
    bool needs_image;    /* a service without an image and a build is an error */
    unsigned caps;
    const struct resource_kind *const *kinds; /* NULL-terminated */

    /* One handle per run. Connects lazily: the first call that needs the backend says if it is missing. */
    int (*open)(const struct operator_config *config, void **ret_handle, struct err *err);
    void (*close)(void *handle);
    /* Adds where the backend is, the same text however the user named it (a socket by several paths, a
       context): what locks go by. */
    void (*identity)(void *handle, struct str *out);

    /* Project to wanted resources: pure, deterministic, no input or output. What it cannot express is a
       finding with the place of the key, never dropped in silence. */
    int (*lower)(const struct project *project, struct wanted_set *out, struct findings *findings);

    /* What exists of the project. Where digests differ from the wanted ones, the objects' specs are
       looked up, so that the plan can say what changed. Findings about what this backend's version
       cannot do go to findings. Changes nothing. */
    void (*observe)(void *handle, const struct observe_query *query, struct findings *findings,
                    observe_done_fn done, void *arg);

    /* Optional: what this machine lacks for a plan that was made and not begun, as findings with their
       places; an error keeps it from being begun. At once, and changes nothing. */
    void (*check)(void *handle, const struct plan *plan, struct findings *findings);

    /* Starts exactly one step. */
    void (*begin)(void *handle, struct step *step, step_progress_fn progress, step_done_fn done,
                  void *arg);
    /* Asks a begun step to end early; it still reports through done. */
    void (*cancel)(void *handle, struct step *step);
    /* How many steps (other than AWAIT) are best in flight at once. */
    unsigned (*concurrency)(void *handle);

    /* Optional; NULL exactly when the capability bit is missing. */
    struct operator_stream *(*logs)(void *handle, const struct log_query *query, log_line_fn line,
                                    log_done_fn done, void *arg);
    struct operator_stream *(*events)(void *handle, const char *project, int64_t since_ns,
                                      int64_t until_ns, event_fn event, stream_done_fn done, void *arg);
    struct operator_stream *(*exec)(void *handle, const struct exec_query *query,
                                    stream_output_fn output, stream_done_fn done, void *arg);
    struct operator_stream *(*attach)(void *handle, const struct attach_query *query,
                                      stream_output_fn output, stream_done_fn done, void *arg);
    void (*projects)(void *handle, bool with_stopped, projects_done_fn done, void *arg);

    /* The image's name in full, with the digest that its registry has for it now; a name with a digest is
       only written in full. Changes nothing. */
    void (*pin)(void *handle, const char *image, pin_done_fn done, void *arg);

    /* Of open streams. Input is buffered; stream_can_write tells when more is welcome. */
    void (*stream_write)(struct operator_stream *stream, const char *bytes, size_t len);
    void (*stream_close_input)(struct operator_stream *stream);
    void (*stream_resize)(struct operator_stream *stream, unsigned rows, unsigned columns);
    /* Optional: sends a signal to what the stream runs or is attached to. False: this one cannot. */
    bool (*stream_signal)(struct operator_stream *stream, int signo);
    void (*stream_cancel)(struct operator_stream *stream); /* no callback follows; the stream is gone */
    /* Back-pressure: no output callbacks until resumed. */
    void (*stream_pause)(struct operator_stream *stream, bool is_paused);
};

/* All operators that this program was built with, NULL-terminated; and the one of that name (or with
   that other name), or NULL. */
extern const struct operator_ops *const operator_table[];
const struct operator_ops *operator_find(const char *name);

#endif
