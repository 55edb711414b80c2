/*
 * operate.h - how commands use the operator: look at what exists, make a plan, run it with progress
 * and signals. The commands decide what is asked for, plan_make() what is done.
 */
#ifndef OCTO_CMD_OPERATE_H
#define OCTO_CMD_OPERATE_H

#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "plan/execute.h"
#include "plan/lock.h"

/* Runs the loop until *done. */
int operate_until(struct cmd_context *context, const bool *done, struct err *err) ATTR_MUST_CHECK;
/* SIGINT and SIGTERM, with which a user ends a command, are told to fn until they are let go again. The
   loop does not go on for their sake alone. */
struct operate_signals {
    struct loop_source *sources[2];
};
void operate_catch(struct cmd_context *context, loop_signal_fn fn, void *arg,
                   struct operate_signals *ret_signals);
void operate_let_go(struct operate_signals *signals);
/* Looks at what exists; the set is the caller's. */
int operate_observe(struct cmd_context *context, const struct observe_query *query,
                    struct existing_set *ret_set, struct err *err) ATTR_MUST_CHECK;
/* Only the project's instances, running or all, of the named services (checked against the project,
   where there is one: "no such service"); sorted by name. */
int operate_instances(struct cmd_context *context, const struct text_list *services, bool with_all,
                      bool with_one_offs, struct existing_set *ret_set,
                      struct err *err) ATTR_MUST_CHECK;
/* The one instance that exec and the like act on: of number index, or (0) the lowest running one.
 */
int operate_pick(struct cmd_context *context, const char *service, int64_t index,
                 struct existing_set *ret_set, const struct existing **ret_instance,
                 struct err *err) ATTR_MUST_CHECK;

/* One change of the project: lock, wanted, existing, plan. */
struct operation {
    struct cmd_context *context;
    struct plan_options options;
    struct lock *lock;
    struct wanted_set wanted;
    struct existing_set existing;
    struct plan *plan;
    struct progress *progress;
    const char *title; /* of progress: "up", "down", "stop" */
    bool assume_yes;   /* -y */
    /* All of them may be NULL. Before the plan runs, with progress there; before a START step begins;
       when a step begins, and when it is done. */
    void (*before_run)(void *arg);
    void (*before_start)(void *arg, struct step *step, void (*resume)(void *token), void *token);
    void (*step_begun)(void *arg, struct step *step);
    void (*step_done)(void *arg, struct step *step);
    void *arg;
    /* run state */
    struct execution *execution;
    int n_signals;
    bool is_done;
    struct err *result;
};

/* Lock (unless nothing may change), lower, observe, plan. Prints what the plan leaves alone. */
int operation_prepare(struct operation *operation, struct err *err) ATTR_MUST_CHECK;
/* Runs the plan; with --dry-run shows it only. */
int operation_run(struct operation *operation, struct err *err) ATTR_MUST_CHECK;
void operation_release(struct operation *operation);
/* All three. Returns 0 or -1. */
int operate_apply(struct cmd_context *context, const struct plan_options *options,
                  const char *title, bool assume_yes, struct err *err) ATTR_MUST_CHECK;

/* Asks on standard output, and reads the answer; on a terminal it says so. Nothing, or the end, is
 * a no. */
bool operate_confirm(const struct cmd_context *context, const char *question);
/* NULL-terminated view of words, or NULL when there are none. */
const char *const *operate_services(struct cmd_context *context, const struct text_list *words);
/* --remove-orphans of up and down: given, or by COMPOSE_REMOVE_ORPHANS. */
int operate_remove_orphans(struct cmd_context *context, struct plan_options *options, bool is_given,
                           struct err *err) ATTR_MUST_CHECK;
/* --pull and --scale as up, create and plan have them. */
int operate_pull_policy(struct plan_options *options, const char *text,
                        struct err *err) ATTR_MUST_CHECK;
int operate_scale(struct cmd_context *context, struct plan_options *options,
                  const struct text_list *scale, struct err *err) ATTR_MUST_CHECK;
/* Seconds of an option as the plan wants them; of --wait-timeout, of which 0 is none. */
void operate_timeout(struct plan_options *options, struct opt_int seconds);
void operate_wait_timeout(struct plan_options *options, struct opt_int seconds);

#endif
