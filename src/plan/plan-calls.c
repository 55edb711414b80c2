/*
 * plan-calls.c - what is called instead of being run (KIND_CALLED): one step for each unit of that
 * sort, before all that depends on it is made. Whether that brings something new is known only when
 * it has been done: what was made with it gets conditions, as with artifacts. Called by plan.c and,
 * for the way back, by plan-down.c and plan-verbs.c.
 *
 * A call waits for other calls only, and never for instances: these may have to wait for it before
 * they are stopped, and what is stopped for what would then be a circle.
 */
#include "base/base.h"

#include "plan/plan-parts.h"

static bool is_called(const struct unit *unit)
{
    return unit->wanted && (unit->wanted->kind->flags & KIND_CALLED);
}

static void call_after_calls(struct planner *planner, struct unit *unit)
{
    VEC_EACH (&unit->depends_on, dependency) {
        if (dependency->required)
            step_after(planner, unit->call, dependency->on->call);
        else
            step_after_softly(planner, unit->call, dependency->on->call);
    }
}

/* Dependencies stand first. */
void plan_calls(struct planner *planner, enum step_action action, const char *reason)
{
    VEC_EACH (&planner->units, item) {
        struct unit *unit = *item;

        if (!unit->is_selected || !is_called(unit))
            continue;
        unit->call = planner_step(
            planner, action, planner_instance(planner, unit->wanted->kind, unit->wanted, NULL));
        step_reason(planner, unit->call, unit->wanted->at, "%s", reason);
        if (action == STEP_CREATE)
            call_after_calls(planner, unit);
    }
}

void plan_call_changes(struct planner *planner, struct slot *slot)
{
    VEC_EACH (&slot->unit->depends_on, dependency) {
        const struct unit *on = dependency->on;
        struct step_condition condition = { .step = on->call };
        const struct binding *binding;

        if (!on->call)
            continue;
        binding = existing_binding(slot->existing, on->wanted->kind, on->wanted->name);
        condition.old_id = binding ? binding->id : "";
        chance_condition(planner, &slot->replaced, condition);
        slot_reason(planner, slot, dependency->at, "%s \"%s\" may give something else",
                    on->wanted->kind->name, on->wanted->name);
    }
}
