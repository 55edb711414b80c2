/*
 * plan-parts.h - what the files of the plan share while one is made: units (services with their
 * places), objects (networks, volumes, images ...), and the building of steps. Included by plan*.c
 * only; nothing of it outlives plan_make().
 */
#ifndef OCTO_PLAN_PLAN_PARTS_H
#define OCTO_PLAN_PLAN_PARTS_H

#include "base/vec.h"
#include "plan/plan.h"

/* Whether something will happen: for certain, if any condition holds, or (neither) never. */
struct chance {
    bool is_certain;
    MODEL_LIST(struct step_condition) if_any;
};

/* One object of the backend in a slot: the one that is there, or the one that takes its place. */
struct incarnation {
    struct instance *instance; /* NULL: there is none */
    struct step *ready;        /* the last step before it may be started, or NULL */
    struct step *started;      /* the last step of its starting, hooks included, or NULL */
    struct step *await[AWAIT_CONDITION_N_];
    bool is_settled[AWAIT_CONDITION_N_]; /* no step: it holds already */
};

struct unit;

/* The place of one instance of a unit. */
struct slot {
    struct unit *unit;
    const struct existing *existing; /* NULL: missing */
    int64_t number;
    struct incarnation old, fresh;
    struct chance replaced; /* fresh comes for old */
    struct chance stopped;  /* old is stopped and started again, should it stay */
    bool is_running;        /* old, now */
    bool is_place;          /* one of the wanted places */
    bool is_removed;        /* surplus, orphan, leftover: goes away for good */
    bool is_emptied_first;  /* a replacement whose old one is removed before the new one is made */
    bool is_create_first;   /* the new one's making waits for no stop */
    const char *rename_to;  /* it has still the temporary name of a replacement */
    struct slot *leftover;  /* what an interrupted replacement of it left */
    MODEL_LIST(struct reason) reasons;   /* why it is replaced, made or removed */
    MODEL_LIST(struct object *) touched; /* objects it uses that are replaced */
    bool is_updated;                     /* changes that need no replacement */
    struct step *create, *stop, *remove;
    struct step *first; /* what must wait when the slot as a whole has to: down and the verbs */
    struct step *last;
};

/* Steps that many come after. */
typedef MODEL_LIST(struct step *) step_list;

struct unit_dependency {
    struct unit *on;
    enum dependency_condition condition;
    bool restart, required;
    bool is_order; /* a DEPENDS_RUNNING; else it is only bound to it */
    struct origin at;
};

/* A service: its definition (or none: an orphan), and what exists of it. */
struct unit {
    const char *name;
    const struct wanted *wanted;
    bool is_named, is_selected;
    enum recreate_policy recreate;
    unsigned order;           /* dependencies have lower ones; 0: not visited yet */
    struct chance replaced;   /* one of its places is */
    struct chance changed;    /* ... or is stopped and started again */
    bool is_awaited_complete; /* some service depends on its completion */
    struct step *call;        /* KIND_CALLED: the one step of it, or NULL */
    /* What dependents wait for, by condition (AWAIT_CONDITION_N_: no more than the start). */
    struct step *up[AWAIT_CONDITION_N_ + 1];
    bool is_up_known[AWAIT_CONDITION_N_ + 1];
    MODEL_LIST(struct unit_dependency) depends_on;
    MODEL_LIST(struct slot *) slots;  /* all that exists of it, then missing places */
    MODEL_LIST(struct slot *) places; /* by number */
    MODEL_LIST(struct slot *) one_offs;
    MODEL_LIST(struct slot *) helpers;
};

enum object_fate { FATE_KEEP, FATE_CREATE, FATE_UPDATE, FATE_REPLACE };

/* Anything wanted that has no numbered instances. */
struct object {
    const struct wanted *wanted;
    bool is_selected;
    enum object_fate fate;
    const struct existing *existing;
    MODEL_LIST(const struct existing *) matches; /* of that key and name */
    MODEL_LIST(const struct existing *) stale;   /* of that key, with another name */
    struct instance *old, *fresh;
    struct chance changed; /* artifacts: its identity may become another one */
    struct step *remove, *ready;
    MODEL_LIST(struct reason) reasons;
};

struct planner {
    struct arena *arena; /* the plan's */
    struct plan *plan;
    const struct wanted_set *wanted; /* may be NULL */
    const struct existing_set *existing;
    const struct plan_options *options;
    struct findings *findings;
    MODEL_LIST(struct unit *) units; /* dependencies first, once they are sorted */
    MODEL_LIST(struct object *) objects;
    struct unit **unit_of;     /* by wanted->index */
    struct object **object_of; /* by wanted->index */
    struct slot **slot_of;     /* by existing->index */
    struct map units_by_name;
    struct map slots_by_name;        /* of instances that exist */
    MODEL_LIST(struct step *) waits; /* of --wait */
    bool has_failed;
};

/* --- plan-steps.c: building ------------------------------------------------------------------ */

struct instance *planner_instance(struct planner *planner, const struct resource_kind *kind,
                                  const struct wanted *wanted, const struct existing *existing);
struct step *planner_step(struct planner *planner, enum step_action action,
                          struct instance *instance);
/* step comes after `before` (NULL: nothing). */
void step_after(struct planner *planner, struct step *step, struct step *before);
void step_after_softly(struct planner *planner, struct step *step, struct step *before);
/* The one step that stands for all of the list: itself, a join of them, or NULL for none. */
struct step *planner_join(struct planner *planner, const step_list *list);
/* Guards the step: only when only_if comes true (NULL or certain: always) and unless does not. */
void step_guard(struct planner *planner, struct step *step, const struct chance *only_if,
                const struct chance *unless);
/* No step: it is so already. condition: of AWAIT. */
void planner_settled(struct planner *planner, enum step_action action, struct instance *instance,
                     enum await_condition condition);
struct reason *step_reason(struct planner *planner, struct step *step, struct origin at,
                           const char *fmt, ...) ATTR_PRINTF(4, 5);
struct reason *slot_reason(struct planner *planner, struct slot *slot, struct origin at,
                           const char *fmt, ...) ATTR_PRINTF(4, 5);
/* The reasons of changes of a definition; the field gets its section before it. */
void planner_change_reasons(struct planner *planner, const struct wanted *wanted,
                            const struct change_list *changes, struct slot *slot,
                            struct object *object);
void chance_add(struct planner *planner, struct chance *chance, const struct chance *more);
void chance_condition(struct planner *planner, struct chance *chance,
                      struct step_condition condition);
bool chance_is_possible(const struct chance *chance);
void planner_error(struct planner *planner, struct origin at, const char *fmt, ...)
    ATTR_PRINTF(3, 4);
/* Numbers the steps in an order that respects the edges and fills in successors. -1: a cycle. */
int planner_finish(struct planner *planner, struct err *err) ATTR_MUST_CHECK;

/* --- plan-units.c: what there is ------------------------------------------------------------- */

void planner_init(struct planner *planner, struct plan *plan, const struct wanted_set *wanted,
                  const struct existing_set *existing, const struct plan_options *options,
                  struct findings *findings);
void planner_release(struct planner *planner);
/* Marks what options.services names, and (with_dependencies) what that depends on or
   (with_dependents) what is restarted with it; then the objects that the selected units need. */
void planner_select(struct planner *planner, bool with_dependencies, bool with_dependents);
bool slot_is_running(const struct slot *slot);
const struct binding *existing_binding(const struct existing *existing,
                                       const struct resource_kind *kind, const char *name);
/* What the definitions changed; true when there is anything that matters (all_in_place: none of it
   needs a replacement). */
bool planner_changes(struct planner *planner, const struct wanted *wanted,
                     const struct existing *existing, struct change_list *out,
                     bool *ret_all_in_place);

/* --- deciding -------------------------------------------------------------------------------- */

void plan_artifacts(struct planner *planner);
/* The step of each selected unit that is called: CREATE, STOP or REMOVE. */
void plan_calls(struct planner *planner, enum step_action action, const char *reason);
/* Whether a unit's instance is to be replaced may depend on what a call brings. */
void plan_call_changes(struct planner *planner, struct slot *slot);
void plan_objects(struct planner *planner);       /* fates, and steps of those that are made */
/* Tells the step which objects `wanted` depends on, new ones before old ones. */
void plan_use_objects(struct planner *planner, struct step *step, const struct wanted *wanted);
void plan_object_users(struct planner *planner);  /* instances that use what is replaced */
void plan_other_objects(struct planner *planner); /* of another name, or a second one of it */
void plan_orphans(struct planner *planner);
void plan_places(struct planner *planner); /* which instance has which place, who is replaced */
void plan_consequences(struct planner *planner); /* of replacements, for those who depend on them */
void plan_place_steps(struct planner *planner);
void plan_starts(struct planner *planner);
void plan_waits(struct planner *planner);
void plan_down(struct planner *planner);
void plan_verb(struct planner *planner);

/* Stops what runs of the slot, after its hooks; returns the STOP, or NULL: nothing is to stop. */
struct step *plan_stop(struct planner *planner, struct slot *slot, const struct chance *only_if);
/* The hooks of a phase, one after the other, after `before`; returns the last (or before). */
struct step *plan_hooks(struct planner *planner, struct instance *instance, enum hook_phase phase,
                        struct step *before, const struct chance *only_if,
                        const struct chance *unless);
struct step *plan_remove(struct planner *planner, struct slot *slot, bool with_volumes);
/* Makes `step` wait for the condition of the unit's dependencies, or (is_restart) of those that it
   is restarted with. */
void plan_await_dependencies(struct planner *planner, struct unit *unit, struct step *step,
                             bool is_restart);

#endif
