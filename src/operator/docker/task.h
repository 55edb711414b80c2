/*
 * task.h - one step under way: what it needs between its calls, and the ways it ends. The apply-*.c
 * files each do some actions; begin.c chooses. Used inside of this folder only.
 */
#ifndef OCTO_OPERATOR_DOCKER_TASK_H
#define OCTO_OPERATOR_DOCKER_TASK_H

#include "operator/docker/docker.h"

struct task {
    struct docker *docker;
    struct step *step;
    step_progress_fn progress;
    step_done_fn done;
    void *arg;
    struct arena *arena;
    struct engine_call *call;   /* the call under way, or NULL */
    struct loop_source *source; /* a timer, or a result to be reported in the next round */
    struct step_result result;
    bool is_canceled;
    /* The action's own: released by release() when the task ends. */
    void *data;
    void (*release)(struct task *task);
    void (*cancel)(struct task *task); /* ends early; NULL: the call is cancelled */
    /* Instead of that: asks for an early end, which the task then reports itself; called again when
       the user insists. */
    void (*interrupt)(struct task *task);
};

/* Ends the task: reports in the next round of the loop and frees it. */
void task_done(struct task *task, enum step_status status);
/* Takes err (set) as the cause. */
void task_fail(struct task *task, enum failure_grade grade, struct err *err);
/* Grades by what the engine answered. */
void task_fail_call(struct task *task, struct err *err);
/* What the engine calls the step's object from now on. */
void task_set_id(struct task *task, const char *id);
/* A call whose end continues in `done` with the task as argument. body may be NULL. */
void task_call(struct task *task, const char *method, const char *path, const struct node *body,
               int ok_status, engine_done_fn done);
/* What messages call the step's object: container "p-web-1". In the task's arena. */
const char *task_what(struct task *task);
void task_progress(struct task *task, const char *part, const char *text, int64_t current,
                   int64_t total);
const struct docker_wanted *task_payload(const struct task *task);
/* The id of the instance, else its name: what calls address. */
const char *task_ref(const struct instance *instance);
char *task_path(struct task *task, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* Escapes a path segment or query value: in the arena. */
const char *task_escape(struct task *task, const char *text);

/* The actions (apply-*.c, await.c). */
void apply_pull(struct task *task);
void apply_build(struct task *task);
void apply_create_container(struct task *task);
void apply_create_network(struct task *task);
void apply_create_volume(struct task *task);
void apply_start(struct task *task);
void apply_stop(struct task *task);
void apply_kill(struct task *task);
void apply_restart(struct task *task);
void apply_pause(struct task *task);
void apply_unpause(struct task *task);
void apply_rename(struct task *task);
void apply_remove(struct task *task);
void apply_attach(struct task *task);
void apply_detach(struct task *task);
void apply_await(struct task *task);
void apply_hook(struct task *task);
void apply_provider(struct task *task);

/* twins.c: other networks of the name of one that was made in this run. twins_note() keeps in mind
   what the task's step made; twins_look() removes others of our own with such a name and ends
   the task, at once when there is nothing to look for. is_last: what was kept in mind until now
   is not looked for again. */
void twins_note(struct task *task);
void twins_look(struct task *task, bool is_last);

/* apply-build-*.c: by docker-buildx, or by the engine's own builder. */
void build_by_bake(struct task *task, const char *program, bool has_allow);
void build_by_engine(struct task *task);
/* After a pull or build: asks what the image is now, remembers it, and ends the task: UNCHANGED
   when it is what it was before. */
void apply_image_inspect(struct task *task);

#endif
