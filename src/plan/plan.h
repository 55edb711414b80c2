/*
 * plan.h - the plan: a graph of steps from what exists to what is wanted, each step one call on the
 * operator, each with its reasons. plan_make() is the only place that decides anything; it is pure: the
 * same input gives the same plan, and nothing but the plan is ever executed.
 */
#ifndef OCTO_PLAN_PLAN_H
#define OCTO_PLAN_PLAN_H

#include "base/err.h"
#include "base/findings.h"
#include "data/jwrite.h"
#include "plan/resource.h"

/* --- what is asked for ------------------------------------------------------------------------- */

enum plan_goal {
    GOAL_UP,      /* everything wanted exists, is current and runs */
    GOAL_CREATE,  /* as up, without starting */
    GOAL_DOWN,    /* nothing of the project is left (but data, unless asked for) */
    GOAL_START, GOAL_STOP, GOAL_RESTART, GOAL_KILL, GOAL_REMOVE, GOAL_PAUSE, GOAL_UNPAUSE,
    GOAL_BUILD, GOAL_PULL,
    GOAL_AWAIT,   /* nothing but waiting until everything wanted is up */
};

enum recreate_policy { RECREATE_CHANGED, RECREATE_ALWAYS, RECREATE_NEVER };

struct plan_scale {
    const char *service;
    int64_t replicas;
};

struct plan_options {
    enum plan_goal goal;
    /* The services that the verb named, NULL-terminated; NULL: all. Of the others, what the named ones
       depend on is included by UP, CREATE and START unless no_dependencies. */
    const char *const *services;
    bool no_dependencies;
    enum recreate_policy recreate;              /* of the named services */
    enum recreate_policy recreate_dependencies; /* of what they depend on */
    bool renew_volumes;     /* -V: a replacement does not inherit anonymous volumes */
    bool remove_orphans;
    bool remove_volumes;    /* down -v, rm -v: named (down) and anonymous volumes go, too */
    bool replace_data;      /* the user agreed: data resources that differ are made anew */
    bool build_all;         /* --build */
    bool no_build;
    bool has_pull_policy;   /* --pull */
    enum artifact_policy pull_policy;
    const char *remove_images; /* down --rmi: "all", "local" or NULL */
    bool stop_first;        /* rm -s: stop what runs, then remove */
    bool wait;              /* --wait: end only when all is running and healthy */
    bool has_wait_timeout;
    int64_t wait_timeout_ns;
    bool has_timeout;       /* -t */
    int64_t timeout_ns;
    const char *signal;     /* kill -s */
    const struct plan_scale *scale;
    size_t n_scale;
    int64_t now_ns; /* wall clock, for ARTIFACT_MAX_AGE */
};

/* --- the plan ---------------------------------------------------------------------------------- */

enum step_action {
    STEP_PULL, STEP_BUILD, STEP_CREATE, STEP_UPDATE, STEP_START, STEP_STOP, STEP_KILL, STEP_RESTART,
    STEP_PAUSE, STEP_UNPAUSE, STEP_REMOVE, STEP_RENAME, STEP_ATTACH, STEP_DETACH, STEP_AWAIT, STEP_HOOK,
    STEP_ACTION_N_,
    STEP_JOIN = STEP_ACTION_N_, /* of plan->joins only */
};
const char *step_action_name(enum step_action action); /* "pull", "build", ... */

/* AWAIT_RUNNING_OR_HEALTHY: what has no health check must still run this long after its start was
   reported, so that a service that ends at once is not called running (docker compose first looks
   after this time, too). */
#define AWAIT_SETTLE_MS 500

/* What a step waits for (STEP_AWAIT). */
enum await_condition {
    AWAIT_HEALTHY,
    AWAIT_COMPLETED,
    AWAIT_RUNNING_OR_HEALTHY,
    AWAIT_STOPPED,
    AWAIT_CONDITION_N_
};

/* One object of the backend that steps act on: it exists, or a step of this plan makes it. */
struct instance {
    const struct resource_kind *kind;
    const struct wanted *wanted;     /* its definition; NULL: there is none (an orphan, no description) */
    const struct existing *existing; /* NULL: made by this plan */
    const char *service;
    int64_t number;
    bool is_place;    /* exists, and is one of those that a selected service is to have, or has */
    const char *name; /* final name */
    char *id;         /* the backend's handle: of existing, or set by the operator in STEP_CREATE (heap) */
    /* For the operator's use while the plan runs (freed by it in the step that ends the instance's use). */
    void *runtime;
};

struct reason {
    const char *text;  /* "does not exist", "environment.FOO changed", "image was rebuilt", ... */
    const char *field; /* "services.web.environment.FOO", or NULL */
    const struct node *old_value, *new_value;
    struct origin at;
};

enum step_role {
    ROLE_PLAIN,
    ROLE_REPLACEMENT, /* this step belongs to the new object of a replacement */
    ROLE_REPLACED,    /* ... to the old one */
};

enum step_status {
    STEP_WAITING,
    STEP_RUNNING,
    STEP_DONE,
    STEP_UNCHANGED, /* the operator found that there was nothing to do */
    STEP_FAILED,
    STEP_SKIPPED,  /* never begun: a predecessor failed, or the run ended before */
    STEP_UNNEEDED, /* never begun: its guard (only_if, unless) says that there is nothing to do */
};

struct step;
struct step_edge {
    struct step *step;
    bool is_soft; /* order only: goes on when that step failed */
};

/* Holds or not once `step` has ended. */
struct step_condition {
    struct step *step;
    bool is_any_end;    /* holds when the step worked at all; else only when it brought something new ... */
    const char *old_id; /* ... namely another identity than this one (NULL: STEP_DONE is enough) */
};

struct step {
    unsigned id; /* from 1, in an order that respects the edges */
    enum step_action action;
    enum step_role role;
    struct instance *instance;
    struct instance *other;   /* ATTACH/DETACH: the network or the like; CREATE: the instance it replaces
                                 (what is inherited comes from there) */
    const char *temporary_name; /* CREATE of a replacement: the name until STEP_RENAME */
    MODEL_LIST(struct step_edge) after; /* predecessors */
    /* Begins only when all pulls and builds of the plan have ended (and worked, unless they are optional):
       a predecessor that is said once instead of by an edge to each. */
    bool after_artifacts;
    /* The guard: begun only if one of only_if holds (none listed: always) and none of unless does. The
       steps of the conditions (pulls and builds) are predecessors. */
    MODEL_LIST(struct step_condition) only_if;
    MODEL_LIST(struct step_condition) unless;
    bool is_optional; /* its failure is a warning and counts as done for its successors */
    bool is_hard;     /* JOIN: not all of its successors go on when one of its predecessors failed */
    MODEL_LIST(struct reason) reasons;
    /* CREATE, HOOK before a start: what the (new) object depends on otherwise than in start order
       (networks, images, parents), and what is called for it, made before it. Of one that may be
       replaced the new one stands first: the first that has an id counts. */
    MODEL_LIST(struct instance *) uses;
    /* parameters */
    enum await_condition condition; /* AWAIT */
    bool has_timeout;               /* STOP, RESTART, AWAIT */
    int64_t timeout_ns;
    const char *signal;             /* KILL */
    bool with_volumes;              /* REMOVE: anonymous volumes go, too */
    bool inherit;                   /* CREATE: carry over anonymous volumes of `other` */
    enum hook_phase phase;          /* HOOK */
    unsigned hook;                  /* index within the phase */
    /* run state, the executor's */
    enum step_status status;
    unsigned n_waiting;
    MODEL_LIST(struct step_edge) before; /* successors */
};

/* What was asked for and is so already: no step is needed, and people want to hear of it all the
 * same. */
struct settled {
    enum step_action action;
    enum await_condition condition; /* AWAIT */
    struct instance *instance;
};

struct plan {
    struct arena *arena;
    const char *project;
    MODEL_LIST(struct step *) steps;
    /* What many steps wait for together: where each of a group comes after each of another, all of the one
       are predecessors of a join, and that is the predecessor of the others, so that a plan grows with
       their sum and not their product. A join does nothing and has no instance; its id comes after those of
       the steps. */
    MODEL_LIST(struct step *) joins;
    MODEL_LIST(struct instance *) instances;
    MODEL_LIST(struct settled) settled;
    /* Data resources that differ from what is wanted and were left alone (options.replace_data). */
    MODEL_LIST(const struct existing *) data_conflicts;
    MODEL_LIST(const struct existing *) orphans; /* found and left alone */
    MODEL_LIST(const struct existing *) foreign; /* used although not ours */
    MODEL_LIST(const struct existing *) in_use;  /* `down` leaves them: something that stays uses them */
};

/* Makes the plan. Things that make it impossible (an external resource that is missing, a fixed name
   with several replicas, an unknown service) are findings, and -1. The sets must outlive the plan.
   wanted may be NULL (no description at hand) for all goals that make nothing. */
int plan_make(const struct wanted_set *wanted, const struct existing_set *existing,
              const struct plan_options *options, struct plan **ret_plan, struct findings *findings,
              struct err *err) ATTR_MUST_CHECK;
void plan_free(struct plan *plan);
/* Nothing to do. */
bool plan_is_empty(const struct plan *plan);
/* The step's predecessors with those of its joins in their place, each once; is_soft of the edge to it. They
   live in the arena. */
struct step_edges {
    struct step_edge *items;
    size_t n, cap;
};
void plan_predecessors(const struct plan *plan, const struct step *step, struct arena *arena,
                       struct step_edges *out);
/* For `plan`: one line a step, its reasons indented below; or the JSON document. */
void plan_print(const struct plan *plan, struct str *out);
void plan_write(const struct plan *plan, const char *operator_name, struct jwrite *w);

#endif
