/*
 * run_project.h - a project from its text through lower, observe, plan and execute on any operator,
 * each call waited for: for tests that check the whole way and not one part of it.
 */
#ifndef OCTO_TESTS_RUN_PROJECT_H
#define OCTO_TESTS_RUN_PROJECT_H

#include "plan/execute.h"

struct run_project {
    struct loop *loop;
    const struct operator_ops *ops;
    void *handle;
    struct arena *arena; /* of the text */
    struct project *project;
    struct wanted_set wanted;
    struct existing_set existing;
    bool has_existing;
    struct plan *plan;
    struct str log; /* "started create p-web-1", one line a status, when is_logging */
    bool is_logging;
    unsigned max_in_flight;
    const char *const *environment;
};

/* Opens the operator; a test that cannot is over. environment: "K=V", NULL-terminated, or NULL. */
void run_project_open(struct run_project *run, const struct operator_ops *ops,
                      const char *const *environment);
void run_project_close(struct run_project *run);
/* Loads the text as if it were "compose.yaml" of the folder and lowers it. 0 or -1 (printed). */
int run_project_load(struct run_project *run, const char *folder, const char *name,
                     const char *yaml);
/* The next ones wait until it is done. -1 with err. */
int run_project_observe(struct run_project *run, struct err *err);
int run_project_plan(struct run_project *run, const struct plan_options *options, struct err *err);
int run_project_execute(struct run_project *run, struct err *err);
/* observe, plan, execute. */
int run_project_do(struct run_project *run, const struct plan_options *options, struct err *err);

#endif
