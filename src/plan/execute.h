/*
 * execute.h - runs a plan: everything whose predecessors are done runs at once, as many as the operator
 * likes in flight. No decisions are made here. First cancel: nothing new is begun, what runs settles.
 */
#ifndef OCTO_PLAN_EXECUTE_H
#define OCTO_PLAN_EXECUTE_H

#include "plan/operator.h"

struct execute_observer {
    void *arg;
    /* A step changed its status (RUNNING, DONE, UNCHANGED, FAILED with err, SKIPPED, UNNEEDED). A retry
       is RUNNING again, with the err of the attempt before. */
    void (*step)(void *arg, struct step *step, const struct err *err);
    void (*progress)(void *arg, struct step *step, const struct step_progress *progress);
    /* May be NULL: called before a START step begins; the step begins when resume(token) is called, so
       that output can be attached first. */
    void (*before_start)(void *arg, struct step *step, void (*resume)(void *token), void *token);
};

struct execute_options {
    unsigned max_in_flight; /* 0: the operator's advice */
    unsigned retries;       /* of GRADE_RETRY, each after a short growing pause */
};

struct execution;
/* err is set to the first failure (the others went to the observer) or ERR_INTERRUPTED. */
typedef void (*execute_done_fn)(void *arg, struct err *err);

struct execution *execute_start(struct loop *loop, const struct operator_ops *ops, void *handle,
                                struct plan *plan, const struct execute_options *options,
                                const struct execute_observer *observer, execute_done_fn done, void *arg);
/* is_hard: running steps are asked to end early (await steps always are). done still comes. */
void execute_cancel(struct execution *execution, bool is_hard);
void execute_free(struct execution *execution);

#endif
