/*
 * plan-units.c - puts the two sets into order for the plan: services with what exists of them,
 * objects with what exists of them, who is meant by the command, who comes before whom. Decides
 * nothing about what happens to them.
 */
#include "base/base.h"

#include "plan/plan-parts.h"

#include <stdlib.h>

#include "base/mem.h"

bool slot_is_running(const struct slot *slot)
{
    return slot->existing &&
           (slot->existing->state == STATE_RUNNING || slot->existing->state == STATE_RESTARTING ||
            slot->existing->state == STATE_PAUSED);
}

const struct binding *existing_binding(const struct existing *existing,
                                       const struct resource_kind *kind, const char *name)
{
    VEC_EACH (&existing->bindings, binding) {
        if (binding->kind == kind && text_is(binding->name, name))
            return binding;
    }
    return NULL;
}

bool planner_changes(struct planner *planner, const struct wanted *wanted,
                     const struct existing *existing, struct change_list *out,
                     bool *ret_all_in_place)
{
    bool is_any = false;

    *ret_all_in_place = false;
    if (!wanted->digest || text_is(existing->digest, wanted->digest) ||
        text_is(existing->digest, wanted->digest_old))
        return false;
    if (!existing->spec || !wanted->spec)
        return true;
    resource_diff(planner->arena, wanted->kind, existing->spec, wanted->spec, out);
    if (out->n == 0)
        return true;
    *ret_all_in_place = true;
    for (size_t i = 0; i < out->n; i++) {
        is_any = is_any || out->items[i].effect != CHANGE_IGNORE;
        if (out->items[i].effect == CHANGE_REPLACE)
            *ret_all_in_place = false;
    }
    return is_any;
}

/* --- what there is --------------------------------------------------------------------------- */

static struct unit *add_unit(struct planner *planner, const char *name, const struct wanted *wanted)
{
    struct unit *unit = ARENA_NEW(planner->arena, struct unit);

    unit->name = name;
    unit->wanted = wanted;
    ARENA_ADD(planner->arena, &planner->units, unit);
    map_set(&planner->units_by_name, name, unit);
    return unit;
}

static void add_wanted(struct planner *planner)
{
    size_t n = planner->wanted ? planner->wanted->items.n : 0;

    planner->unit_of = ARENA_NEW_N(planner->arena, struct unit *, n);
    planner->object_of = ARENA_NEW_N(planner->arena, struct object *, n);
    for (size_t i = 0; i < n; i++) {
        const struct wanted *wanted = planner->wanted->items.items[i];

        if (wanted->kind->flags & KIND_RUNS) {
            planner->unit_of[i] =
                add_unit(planner, wanted->service ? wanted->service : wanted->key, wanted);
        } else {
            struct object *object = ARENA_NEW(planner->arena, struct object);

            object->wanted = wanted;
            planner->object_of[i] = object;
            ARENA_ADD(planner->arena, &planner->objects, object);
        }
    }
}

static void add_existing_instance(struct planner *planner, const struct existing *existing)
{
    const char *name = existing->service ? existing->service : existing->key;
    struct unit *unit = map_find(&planner->units_by_name, name);
    struct slot *slot = ARENA_NEW(planner->arena, struct slot);

    if (!unit)
        unit = add_unit(planner, name, NULL);
    slot->unit = unit;
    slot->existing = existing;
    slot->number = existing->number;
    slot->is_running = slot_is_running(slot);
    slot->old.instance = planner_instance(planner, existing->kind, unit->wanted, existing);
    planner->slot_of[existing->index] = slot;
    ARENA_ADD(planner->arena, &unit->slots, slot);
    if (existing->is_helper)
        ARENA_ADD(planner->arena, &unit->helpers, slot);
    else if (existing->is_one_off)
        ARENA_ADD(planner->arena, &unit->one_offs, slot);
    map_set(&planner->slots_by_name, existing->name, slot);
}

static void add_existing(struct planner *planner)
{

    planner->slot_of = ARENA_NEW_N(planner->arena, struct slot *, planner->existing->items.n);
    VEC_EACH (&planner->existing->items, item) {
        const struct existing *existing = *item;
        const struct wanted *wanted;
        struct object *object;

        if (existing->kind->flags & KIND_RUNS) {
            add_existing_instance(planner, existing);
            continue;
        }
        wanted = planner->wanted && existing->key
                     ? wanted_find(planner->wanted, existing->kind->name, existing->key)
                     : NULL;
        object = wanted ? planner->object_of[wanted->index] : NULL;
        if (!object)
            continue;
        if ((wanted->kind->flags & KIND_ARTIFACT) || text_same(existing->name, wanted->name))
            ARENA_ADD(planner->arena, &object->matches, existing);
        else
            ARENA_ADD(planner->arena, &object->stale, existing);
    }
}

static void add_dependency(struct planner *planner, struct unit *unit,
                           struct unit_dependency dependency)
{
    if (dependency.on && dependency.on != unit)
        ARENA_ADD(planner->arena, &unit->depends_on, dependency);
}

/* What the definition says, or, without one, what was recorded when the instances were made. */
static void add_dependencies(struct planner *planner, struct unit *unit)
{
    if (unit->wanted) {
        VEC_EACH (&unit->wanted->depends_on, wanted) {
            struct unit_dependency dependency = {
                .on = wanted->on->kind->flags & KIND_RUNS ? planner->unit_of[wanted->on->index]
                                                          : NULL,
                .condition = wanted->condition,
                .restart = wanted->restart,
                .required = wanted->required,
                .is_order = wanted->kind == DEPENDS_RUNNING,
                .at = wanted->at,
            };

            if (dependency.on && dependency.is_order && dependency.condition == DEPEND_COMPLETED)
                dependency.on->is_awaited_complete = true;
            add_dependency(planner, unit, dependency);
        }
        return;
    }
    if (unit->slots.n == 0)
        return;
    VEC_EACH (&unit->slots.items[0]->existing->depends_on, recorded) {
        struct unit_dependency dependency = {
            .on = map_find(&planner->units_by_name, recorded->service),
            .condition = recorded->condition,
            .restart = recorded->restart,
            .required = false,
            .is_order = true,
        };

        add_dependency(planner, unit, dependency);
    }
}

/* --- order ----------------------------------------------------------------------------------- */

struct unit_visit {
    struct unit *unit;
    size_t next;
};

/* Sorts the units, dependencies first. Definitions have no cycles; what was recorded may have: an
   edge that would close one is ignored by all who go by the order. */
static void sort_units(struct planner *planner)
{
    size_t n = planner->units.n, depth = 0, done = 0;
    CLEANUP(mem_cleanup) struct unit_visit *stack = MEM_NEW_N(struct unit_visit, n + 1);
    struct unit **sorted = ARENA_NEW_N(planner->arena, struct unit *, n);
    unsigned order = 0;

    for (size_t i = 0; i < n; i++) {
        if (planner->units.items[i]->order)
            continue;
        stack[depth++] = (struct unit_visit){ planner->units.items[i], 0 };
        planner->units.items[i]->order = UINT32_MAX;
        while (depth > 0) {
            struct unit_visit *top = &stack[depth - 1];

            if (top->next < top->unit->depends_on.n) {
                struct unit *on = top->unit->depends_on.items[top->next++].on;

                if (on->order == 0) {
                    on->order = UINT32_MAX;
                    stack[depth++] = (struct unit_visit){ on, 0 };
                }
                continue;
            }
            top->unit->order = ++order;
            sorted[done++] = top->unit;
            depth--;
        }
    }
    planner->units.items = sorted;
    planner->units.n = planner->units.cap = n;
}

static void drop_circular(struct unit *unit)
{
    size_t kept = 0;

    for (size_t i = 0; i < unit->depends_on.n; i++) {
        if (unit->depends_on.items[i].on->order < unit->order)
            unit->depends_on.items[kept++] = unit->depends_on.items[i];
    }
    unit->depends_on.n = kept;
}

void planner_init(struct planner *planner, struct plan *plan, const struct wanted_set *wanted,
                  const struct existing_set *existing, const struct plan_options *options,
                  struct findings *findings)
{
    memset(planner, 0, sizeof(*planner));
    planner->arena = plan->arena;
    planner->plan = plan;
    planner->wanted = wanted;
    planner->existing = existing;
    planner->options = options;
    planner->findings = findings;
    map_init(&planner->units_by_name);
    map_init(&planner->slots_by_name);
    add_wanted(planner);
    add_existing(planner);
    VEC_EACH (&planner->units, unit)
        add_dependencies(planner, *unit);
    sort_units(planner);
    VEC_EACH (&planner->units, unit)
        drop_circular(*unit);
}

void planner_release(struct planner *planner)
{
    map_release(&planner->units_by_name);
    map_release(&planner->slots_by_name);
}

/* --- who is meant ---------------------------------------------------------------------------- */

static bool is_wanted_now(const struct planner *planner, const struct unit *unit)
{
    /* `kill --remove-orphans` kills orphans, too; nothing is removed. */
    if (!planner->wanted ||
        (!unit->wanted && planner->options->goal == GOAL_KILL && planner->options->remove_orphans))
        return true;
    return unit->wanted && !unit->wanted->is_disabled;
}

/* A name that nothing has is an error, but where there is no description and the verb has nothing
   to do then anyway: docker compose passes over it, and so do we, with a warning. */
static bool must_exist(const struct planner *planner)
{
    const enum plan_goal goal = planner->options->goal;

    return planner->wanted || goal == GOAL_START || goal == GOAL_RESTART;
}

static void select_named(struct planner *planner)
{
    const char *const *service = planner->options->services;
    struct origin nowhere = ORIGIN_NONE;

    if (!service) {
        VEC_EACH (&planner->units, unit)
            (*unit)->is_selected = (*unit)->is_named = is_wanted_now(planner, *unit);
        return;
    }
    for (; *service; service++) {
        struct unit *unit = map_find(&planner->units_by_name, *service);

        if (unit && (unit->wanted || !planner->wanted))
            unit->is_selected = unit->is_named = true;
        else if (!must_exist(planner) && planner->findings)
            finding_add(planner->findings, FINDING_WARNING, nowhere, NULL, "no such service: %s",
                        *service);
        else
            planner_error(planner, nowhere, "no such service: %s", *service);
    }
}

static void select_object(struct planner *planner, struct object *object)
{
    if (object->is_selected)
        return;
    object->is_selected = true;
    VEC_EACH (&object->wanted->depends_on, dependency) {
        struct object *on = planner->object_of[dependency->on->index];

        if (on)
            select_object(planner, on);
    }
}

static void select_objects(struct planner *planner)
{
    bool is_all = !planner->options->services;

    VEC_EACH (&planner->units, unit) {
        if (!(*unit)->is_selected || !(*unit)->wanted)
            continue;
        VEC_EACH (&(*unit)->wanted->depends_on, dependency) {
            struct object *object = planner->object_of[dependency->on->index];

            if (object)
                select_object(planner, object);
        }
    }
    VEC_EACH (&planner->objects, object) {
        const struct wanted *wanted = (*object)->wanted;
        struct unit *unit =
            wanted->service ? map_find(&planner->units_by_name, wanted->service) : NULL;

        if (!wanted->is_disabled && (is_all || (unit && unit->is_selected)))
            select_object(planner, *object);
    }
}

void planner_select(struct planner *planner, bool with_dependencies, bool with_dependents)
{
    const struct plan_options *options = planner->options;

    select_named(planner);
    for (size_t i = planner->units.n; with_dependencies && i-- > 0;) {
        struct unit *unit = planner->units.items[i];

        VEC_EACH (&unit->depends_on, dependency) {
            if (unit->is_selected && (dependency->on->wanted || !planner->wanted) &&
                !(dependency->on->wanted && dependency->on->wanted->is_disabled &&
                  !dependency->required))
                dependency->on->is_selected = true;
        }
    }
    for (size_t i = 0; with_dependents && i < planner->units.n; i++) {
        struct unit *unit = planner->units.items[i];

        VEC_EACH (&unit->depends_on, dependency) {
            if (dependency->on->is_selected &&
                (dependency->restart || options->goal == GOAL_DOWN) && is_wanted_now(planner, unit))
                unit->is_selected = true;
        }
    }
    VEC_EACH (&planner->units, unit)
        (*unit)->recreate = (*unit)->is_named ? options->recreate : options->recreate_dependencies;
    select_objects(planner);
}
