/*
 * contract.h - what the files of the contract test share: a row per operator, and the checks.
 */
#ifndef OCTO_TESTS_CONTRACT_CONTRACT_H
#define OCTO_TESTS_CONTRACT_CONTRACT_H

#include "run_project.h"

/* What is different about one operator. Texts go over the test's projects. */
struct contract_row {
    const char *name;
    /* Environment variable without which it is left out: somebody must start its backend. */
    const char *needs;
    /* What a service that runs until it is stopped looks like, one that ends with 0, and one that
       cannot be made or started: lines of a service. */
    const char *runs, *ends, *broken;
    const char *healthy, *unhealthy; /* healthchecks that succeed and fail */
    /* What the projects say, and what this operator needs instead; "@" is the folder. The last has
       NULLs. */
    const struct contract_replacement {
        const char *from, *to;
    } * replacements;
    /* Changes that mean nothing to it: no reason, no step. NULL-terminated. */
    const char *const *meaningless;
    bool has_networks;
};

struct contract {
    const struct contract_row *row;
    const struct operator_ops *ops;
    struct run_project run;
    const char *folder;
    char project[40];
    struct origin mark; /* where the « of the loaded text stood, or nowhere */
};

/* Loads a project; "RUNS", "ENDS", "BROKEN", "HEALTHY", "UNHEALTHY" on a line of their own stand
   for the row's lines, indented as they are. */
bool contract_load(struct contract *contract, const char *yaml);
/* The whole way to a goal; the text of the failure, or NULL. The caller frees it. */
char *contract_do(struct contract *contract, enum plan_goal goal);
/* The instance, looked at again; NULL: there is none. Valid until the next look. */
const struct existing *contract_instance(struct contract *contract, const char *service,
                                         int64_t number);
size_t contract_count(struct contract *contract, unsigned kind_flags);
/* A check of this operator: its name stands before what is checked. */
bool contract_ok(struct contract *contract, bool is_true, const char *what);

void contract_life(struct contract *contract);
void contract_order(struct contract *contract);
void contract_failures(struct contract *contract);
void contract_streams(struct contract *contract);
void contract_changes(struct contract *contract);

#endif
