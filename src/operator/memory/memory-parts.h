/*
 * memory-parts.h - what the files of the in-memory operator share.
 */
#ifndef OCTO_OPERATOR_MEMORY_MEMORY_PARTS_H
#define OCTO_OPERATOR_MEMORY_MEMORY_PARTS_H

#include "base/vec.h"
#include "operator/memory/memory.h"

enum memory_fault { FAULT_NONE, FAULT_FAIL, FAULT_KILL };

/* What happens at the Nth step. */
struct memory_fault_plan {
    unsigned at; /* 0: never */
    bool is_after;
    bool is_late; /* what a killed command asked for comes to be after it */
    enum failure_grade grade;
};

struct memory {
    struct loop *loop;
    char *path; /* of the state file, or NULL */
    int64_t delay_ms;
    char *renewed; /* ",IMAGE,IMAGE," */
    struct memory_fault_plan fail, kill;
    unsigned n_begun;
    struct arena *arena;             /* of root */
    struct node *root;               /* {"counter": N, "objects": {ID: object}, "events": [...],
                                        "late": {ID: object}} */
    VEC(struct memory_task *) tasks; /* steps under way */
};

extern const struct resource_kind memory_container, memory_network, memory_volume, memory_image;

/* --- memory-state.c -------------------------------------------------------------------------- */

/* Reads the file again, when there is one: another command may have changed it. */
int memory_load(struct memory *memory, struct err *err) ATTR_MUST_CHECK;
int memory_save(struct memory *memory, struct err *err) ATTR_MUST_CHECK;
/* A new object {"id", "kind", "name", ...}. */
struct node *memory_object_add(struct memory *memory, const struct resource_kind *kind,
                               const char *name);
struct node *memory_object_find(struct memory *memory, const char *id);
struct node *memory_object_named(struct memory *memory, const struct resource_kind *kind,
                                 const char *name);
void memory_object_remove(struct memory *memory, const char *id);
struct node *memory_objects(struct memory *memory); /* the map */

const char *memory_text(const struct node *object, const char *key);
int64_t memory_int(const struct node *object, const char *key);
bool memory_bool(const struct node *object, const char *key);
bool memory_is_kind(const struct node *object, const struct resource_kind *kind);
void memory_set_text(struct memory *memory, struct node *object, const char *key,
                     const char *value); /* NULL removes */
void memory_set_int(struct memory *memory, struct node *object, const char *key, int64_t value);
void memory_set_bool(struct memory *memory, struct node *object, const char *key, bool value);
void memory_log(struct memory *memory, struct node *object, int stream, const char *text);
void memory_event(struct memory *memory, const struct node *object, const char *action);

/* What a container does now, by its labels and the clock. */
struct memory_condition {
    enum instance_state state;
    enum instance_health health;
    int64_t exit_code, finished_ns;
    int64_t next_ns; /* when it changes by itself next, 0: never */
};
void memory_look(const struct node *object, struct memory_condition *ret_condition);
const char *memory_label(const struct node *object, const char *label);

/* --- the slots ------------------------------------------------------------------------------- */

int memory_lower(const struct project *project, struct wanted_set *out, struct findings *findings);
void memory_observe(void *handle, const struct observe_query *query, struct findings *findings,
                    observe_done_fn done, void *arg);
void memory_begin(void *handle, struct step *step, step_progress_fn progress, step_done_fn done,
                  void *arg);
void memory_cancel(void *handle, struct step *step);
struct operator_stream *memory_logs(void *handle, const struct log_query *query, log_line_fn line,
                                    log_done_fn done, void *arg);
struct operator_stream *memory_events(void *handle, const char *project, int64_t since_ns,
                                      int64_t until_ns, event_fn event, stream_done_fn done,
                                      void *arg);
struct operator_stream *memory_exec(void *handle, const struct exec_query *query,
                                    stream_output_fn output, stream_done_fn done, void *arg);
struct operator_stream *memory_attach(void *handle, const struct attach_query *query,
                                      stream_output_fn output, stream_done_fn done, void *arg);
void memory_projects(void *handle, bool with_stopped, projects_done_fn done, void *arg);
void memory_stream_write(struct operator_stream *stream, const char *bytes, size_t len);
void memory_stream_close_input(struct operator_stream *stream);
void memory_stream_resize(struct operator_stream *stream, unsigned rows, unsigned columns);
void memory_stream_cancel(struct operator_stream *stream);
void memory_stream_pause(struct operator_stream *stream, bool is_paused);

#endif
