/*
 * plan-verbs.c - start, stop, restart, kill, rm, pause and unpause of what exists, in order of
 * dependency where that matters. Makes and replaces nothing. Called by plan.c.
 */
#include "base/base.h"

#include "plan/plan-parts.h"

/* --- who ------------------------------------------------------------------------------------- */

/* What a verb does to one slot; returns nothing when the state needs nothing. Sets first and last.
 */
typedef void (*slot_fn)(struct planner *planner, struct slot *slot);

enum verb_order { ORDER_NONE, ORDER_FORWARD, ORDER_REVERSE };

struct verb {
    enum plan_goal goal;
    slot_fn fn;
    enum verb_order order;
    bool with_one_offs;
};

static void single(struct planner *planner, struct slot *slot, enum step_action action)
{
    struct origin nowhere = ORIGIN_NONE;

    slot->first = slot->last = planner_step(planner, action, slot->old.instance);
    step_reason(planner, slot->first, nowhere, "is %s", instance_state_name(slot->existing->state));
}

/* --- what ------------------------------------------------------------------------------------ */

static void stop_slot(struct planner *planner, struct slot *slot)
{
    struct origin nowhere = ORIGIN_NONE;
    size_t at = planner->plan->steps.n;

    slot->last = plan_stop(planner, slot, NULL);
    if (!slot->last) {
        planner_settled(planner, STEP_STOP, slot->old.instance, AWAIT_CONDITION_N_);
        return;
    }
    slot->first = planner->plan->steps.items[at];
    step_reason(planner, slot->last, nowhere, "is %s", instance_state_name(slot->existing->state));
}

static void kill_slot(struct planner *planner, struct slot *slot)
{
    if (!slot->is_running)
        return;
    single(planner, slot, STEP_KILL);
    slot->first->signal = planner->options->signal;
}

static void remove_slot(struct planner *planner, struct slot *slot)
{
    struct origin nowhere = ORIGIN_NONE;

    if (slot->is_running && !planner->options->stop_first)
        return;
    if (planner->options->stop_first)
        stop_slot(planner, slot);
    slot->last = plan_remove(planner, slot, planner->options->remove_volumes);
    if (!slot->first)
        slot->first = slot->last;
    step_reason(planner, slot->last, nowhere, "was asked for");
}

static void pause_slot(struct planner *planner, struct slot *slot)
{
    if (slot->existing->state == STATE_RUNNING)
        single(planner, slot, STEP_PAUSE);
    else if (slot->is_running)
        planner_settled(planner, STEP_PAUSE, slot->old.instance, AWAIT_CONDITION_N_);
}

static void unpause_slot(struct planner *planner, struct slot *slot)
{
    if (slot->existing->state == STATE_PAUSED)
        single(planner, slot, STEP_UNPAUSE);
    else if (slot->is_running)
        planner_settled(planner, STEP_UNPAUSE, slot->old.instance, AWAIT_CONDITION_N_);
}

static void restart_slot(struct planner *planner, struct slot *slot)
{
    struct origin nowhere = ORIGIN_NONE;
    size_t at = planner->plan->steps.n;
    struct step *hook = NULL, *restart;

    if (slot->is_running)
        hook = plan_hooks(planner, slot->old.instance, HOOK_PRE_STOP, NULL, NULL, NULL);
    restart = planner_step(planner, STEP_RESTART, slot->old.instance);
    step_after(planner, restart, hook);
    restart->has_timeout = planner->options->has_timeout;
    restart->timeout_ns = planner->options->timeout_ns;
    step_reason(planner, restart, nowhere, "is %s", instance_state_name(slot->existing->state));
    slot->first = planner->plan->steps.items[at];
    slot->old.started = slot->last =
        plan_hooks(planner, slot->old.instance, HOOK_POST_START, restart, NULL, NULL);
}

static const struct verb verbs[] = {
    { GOAL_STOP, stop_slot, ORDER_REVERSE, false },
    { GOAL_RESTART, restart_slot, ORDER_FORWARD, false },
    { GOAL_KILL, kill_slot, ORDER_NONE, true },
    { GOAL_REMOVE, remove_slot, ORDER_REVERSE, false },
    { GOAL_PAUSE, pause_slot, ORDER_NONE, false },
    { GOAL_UNPAUSE, unpause_slot, ORDER_NONE, false },
};

/* --- order ----------------------------------------------------------------------------------- */

static void order_forward(struct planner *planner, struct unit *unit)
{
    VEC_EACH (&unit->slots, slot) {
        if ((*slot)->first)
            plan_await_dependencies(planner, unit, (*slot)->first, true);
    }
}

static void order_reverse(struct planner *planner, struct unit *unit)
{
    step_list ends = { NULL, 0, 0 };
    struct step *ended;

    if (unit->depends_on.n == 0)
        return;
    VEC_EACH (&unit->slots, dependent) {
        if ((*dependent)->last)
            ARENA_ADD(planner->arena, &ends, (*dependent)->last);
    }
    if (unit->call)
        ARENA_ADD(planner->arena, &ends, unit->call);
    ended = planner_join(planner, &ends);
    VEC_EACH (&unit->depends_on, dependency) {
        VEC_EACH (&dependency->on->slots, slot) {
            if ((*slot)->first)
                step_after(planner, (*slot)->first, ended);
        }
        if (dependency->on->call)
            step_after(planner, dependency->on->call, ended);
    }
}

/* Every existing instance of the selected units is a place: there is no scale to keep. */
static void take_places(struct planner *planner)
{
    VEC_EACH (&planner->units, unit) {
        if (!(*unit)->is_selected)
            continue;
        VEC_EACH (&(*unit)->slots, slot) {
            const struct existing *existing = (*slot)->existing;

            if (existing->is_one_off || existing->is_helper || existing->replaces)
                continue;
            (*slot)->is_place = (*slot)->old.instance->is_place = true;
            ARENA_ADD(planner->arena, &(*unit)->places, *slot);
        }
    }
}

/* Where the project has no instance at all, a service that is to have one is an error (as with
   docker compose); one of several that was never made is not. */
static void check_startable(struct planner *planner)
{
    VEC_EACH (&planner->units, unit) {
        if ((*unit)->slots.n > 0)
            return;
    }
    if (!planner->wanted)
        planner_error(planner, (struct origin)ORIGIN_NONE, "project \"%s\" has nothing to start",
                      planner->plan->project);
    VEC_EACH (&planner->units, unit) {
        const struct wanted *wanted = (*unit)->wanted;

        if ((*unit)->is_selected && wanted && wanted->replicas > 0 && (*unit)->places.n == 0)
            planner_error(planner, wanted->at, "service \"%s\" has no %s to start", (*unit)->name,
                          wanted->kind->name);
    }
}

void plan_verb(struct planner *planner)
{
    const struct verb *verb = verbs;

    take_places(planner);
    if (planner->options->goal == GOAL_START) {
        check_startable(planner);
        plan_starts(planner);
        if (planner->options->wait)
            plan_waits(planner);
        return;
    }
    while (verb->goal != planner->options->goal)
        verb++;
    if (verb->goal == GOAL_STOP || (verb->goal == GOAL_REMOVE && planner->options->stop_first))
        plan_calls(planner, STEP_STOP, "was asked for");
    VEC_EACH (&planner->units, unit) {
        if (!(*unit)->is_selected)
            continue;
        VEC_EACH (&(*unit)->slots, slot) {
            if ((*slot)->is_place || (verb->with_one_offs && (*slot)->existing->is_one_off))
                verb->fn(planner, *slot);
        }
        if (verb->order == ORDER_FORWARD)
            order_forward(planner, *unit);
    }
    VEC_EACH (&planner->units, unit) {
        if (verb->order == ORDER_REVERSE && (*unit)->is_selected)
            order_reverse(planner, *unit);
    }
}
