/*
 * plan-start.c - starting in order: who waits for whom and for what condition, hooks around it, and
 * what
 * `--wait` waits for. Waits only for what some step needs and what does not hold already. Called by
 * plan.c after the steps that make and replace instances.
 */
#include "base/base.h"

#include "plan/plan-parts.h"

static const enum await_condition await_of[] = {
    [DEPEND_STARTED] = AWAIT_CONDITION_N_,
    [DEPEND_HEALTHY] = AWAIT_HEALTHY,
    [DEPEND_COMPLETED] = AWAIT_COMPLETED,
};

/* --- awaiting -------------------------------------------------------------------------------- */

static bool holds_already(const struct existing *existing, enum await_condition condition)
{
    bool is_running = existing->state == STATE_RUNNING && !existing->is_stopping;

    switch (condition) {
    case AWAIT_HEALTHY:
        return is_running && existing->health == HEALTH_HEALTHY;
    case AWAIT_COMPLETED:
        return existing->state == STATE_EXITED && existing->is_exit_known &&
               existing->exit_code == 0;
    case AWAIT_RUNNING_OR_HEALTHY:
        /* Without a health check it must go on running for a while: that is to be seen. */
        return is_running && existing->health == HEALTH_HEALTHY;
    default:
        return false;
    }
}

static struct step *await_incarnation(struct planner *planner, struct incarnation *incarnation,
                                      enum await_condition condition, const struct chance *only_if,
                                      const struct chance *unless)
{
    static const char *const texts[] = { "must be healthy", "must complete",
                                         "must run and be healthy", "must stop" };
    struct origin nowhere = ORIGIN_NONE;
    struct step *await = incarnation->await[condition];

    if (await)
        return await;
    await = planner_step(planner, STEP_AWAIT, incarnation->instance);
    await->condition = condition;
    await->has_timeout = planner->options->has_wait_timeout;
    await->timeout_ns = planner->options->wait_timeout_ns;
    step_guard(planner, await, only_if, unless);
    step_after(planner, await, incarnation->started ? incarnation->started : incarnation->ready);
    step_reason(planner, await, nowhere, "%s", texts[condition]);
    incarnation->await[condition] = await;
    return await;
}

static void settle_await(struct planner *planner, struct slot *slot, enum await_condition condition)
{
    if (!slot->old.is_settled[condition])
        planner_settled(planner, STEP_AWAIT, slot->old.instance, condition);
    slot->old.is_settled[condition] = true;
}

/* The steps after which the condition holds for the slot: one per incarnation, or NULL. */
static void await_slot(struct planner *planner, struct slot *slot, enum await_condition condition,
                       struct step *ret_steps[2])
{
    ret_steps[0] = ret_steps[1] = NULL;
    if (slot->fresh.instance)
        ret_steps[0] = await_incarnation(planner, &slot->fresh, condition,
                                         slot->existing ? &slot->replaced : NULL, NULL);
    if (!slot->existing || slot->replaced.is_certain)
        return;
    if (slot->old.started && slot->is_running && holds_already(slot->existing, condition))
        ret_steps[1] =
            await_incarnation(planner, &slot->old, condition, &slot->stopped, &slot->replaced);
    else if (slot->old.started || !holds_already(slot->existing, condition))
        ret_steps[1] = await_incarnation(planner, &slot->old, condition, NULL, &slot->replaced);
    else if (!slot->fresh.instance)
        settle_await(planner, slot, condition);
}

/* What stands for the condition of all places of the unit, or NULL: it holds already. */
static struct step *await_unit(struct planner *planner, struct unit *on,
                               enum await_condition condition)
{
    step_list all = { NULL, 0, 0 };

    if (on->call)
        return on->call;
    if (on->is_up_known[condition])
        return on->up[condition];
    VEC_EACH (&on->places, slot) {
        struct step *awaits[2] = { (*slot)->fresh.started, (*slot)->old.started };

        if (condition != AWAIT_CONDITION_N_)
            await_slot(planner, *slot, condition, awaits);
        for (size_t i = 0; i < ARRAY_LEN(awaits); i++) {
            if (awaits[i])
                ARENA_ADD(planner->arena, &all, awaits[i]);
        }
    }
    on->is_up_known[condition] = true;
    return on->up[condition] = planner_join(planner, &all);
}

void plan_await_dependencies(struct planner *planner, struct unit *unit, struct step *step,
                             bool is_restart)
{
    VEC_EACH (&unit->depends_on, dependency) {
        struct step *up;

        if (!dependency->is_order || !dependency->on->is_selected ||
            (is_restart && !dependency->restart))
            continue;
        up = await_unit(planner, dependency->on, await_of[dependency->condition]);
        if (dependency->required)
            step_after(planner, step, up);
        else
            step_after_softly(planner, step, up);
    }
}

/* What a service depends on is waited for even where nothing of the service itself is to be
   started: who asks for a project that is up wants to hear when its parts are not. */
static void await_all_dependencies(struct planner *planner, struct unit *unit)
{
    VEC_EACH (&unit->depends_on, dependency) {
        enum await_condition condition = await_of[dependency->condition];

        if (dependency->is_order && dependency->required && dependency->on->is_selected &&
            condition != AWAIT_CONDITION_N_)
            await_unit(planner, dependency->on, condition);
    }
}

/* --- starting -------------------------------------------------------------------------------- */

/* What starts of the unit have in common: the gate that all of them wait for. */
struct gate {
    struct step *fresh, *old; /* the last pre-start hooks, or NULL */
    bool has_hooks;
};

static void start_gate(struct planner *planner, struct unit *unit, const struct gate *gate,
                       struct step *step)
{
    step_after(planner, step, gate->fresh);
    step_after(planner, step, gate->old);
    if (!gate->has_hooks)
        plan_await_dependencies(planner, unit, step, false);
}

static void start_incarnation(struct planner *planner, struct slot *slot,
                              struct incarnation *incarnation, const struct gate *gate,
                              const struct chance *only_if, const struct chance *unless)
{
    bool is_paused = slot->existing && incarnation == &slot->old &&
                     slot->existing->state == STATE_PAUSED && !chance_is_possible(&slot->stopped);
    struct step *start =
        planner_step(planner, is_paused ? STEP_UNPAUSE : STEP_START, incarnation->instance);
    struct origin nowhere = ORIGIN_NONE;

    step_guard(planner, start, only_if, unless);
    step_after(planner, start, incarnation->ready);
    if (incarnation == &slot->old)
        step_after(planner, start, slot->stop);
    start_gate(planner, slot->unit, gate, start);
    if (incarnation == &slot->fresh)
        step_reason(planner, start, nowhere, "is new");
    else if (slot->existing->is_stopping)
        step_reason(planner, start, nowhere, "is being stopped");
    else if (slot->is_running && !is_paused)
        step_reason(planner, start, nowhere, "was stopped for the change");
    else
        step_reason(planner, start, nowhere, "is %s", instance_state_name(slot->existing->state));
    if (incarnation == &slot->fresh && slot->existing)
        start->role = ROLE_REPLACEMENT;
    incarnation->started = is_paused ? start
                                     : plan_hooks(planner, incarnation->instance, HOOK_POST_START,
                                                  start, only_if, unless);
}

/* Whether the old instance, should it stay, must be started; and on what condition. */
static bool old_needs_start(const struct slot *slot, const struct chance **ret_only_if)
{
    *ret_only_if = NULL;
    if (!slot->existing || slot->replaced.is_certain)
        return false;
    if (!slot->is_running || slot->existing->state == STATE_PAUSED || slot->existing->is_stopping)
        return true;
    *ret_only_if = &slot->stopped;
    return chance_is_possible(&slot->stopped);
}

static void start_slot(struct planner *planner, struct slot *slot, const struct gate *gate)
{
    const struct chance *only_if;

    if (slot->fresh.instance)
        start_incarnation(planner, slot, &slot->fresh, gate,
                          slot->existing ? &slot->replaced : NULL, NULL);
    if (old_needs_start(slot, &only_if))
        start_incarnation(planner, slot, &slot->old, gate, only_if, &slot->replaced);
}

/* Pre-start hooks run once for a service, unless a replica of it runs all the time; *ret_only_if
   says what must come true that none does. */
static bool needs_pre_start(struct planner *planner, struct unit *unit, struct chance *ret_only_if)
{
    bool is_any_start = false;
    const struct chance *only_if;

    if (!unit->wanted || unit->wanted->hooks[HOOK_PRE_START] == 0)
        return false;
    ret_only_if->is_certain = true;
    VEC_EACH (&unit->places, slot) {
        is_any_start = is_any_start || (*slot)->fresh.instance || old_needs_start(*slot, &only_if);
        if (!(*slot)->is_running || (*slot)->replaced.is_certain || (*slot)->stopped.is_certain)
            continue;
        if (!chance_is_possible(&(*slot)->replaced) && !chance_is_possible(&(*slot)->stopped))
            return false;
        ret_only_if->is_certain = false;
        chance_add(planner, ret_only_if, &(*slot)->replaced);
        chance_add(planner, ret_only_if, &(*slot)->stopped);
    }
    return is_any_start;
}

static struct step *add_pre_start(struct planner *planner, struct unit *unit,
                                  struct incarnation *incarnation, const struct chance *only_if,
                                  const struct chance *unless)
{
    size_t first = planner->plan->steps.n;
    struct step *last =
        plan_hooks(planner, incarnation->instance, HOOK_PRE_START, NULL, only_if, unless);
    struct step *hook = planner->plan->steps.items[first];

    for (size_t i = first; i < planner->plan->steps.n; i++)
        plan_use_objects(planner, planner->plan->steps.items[i], unit->wanted);
    VEC_EACH (&unit->places, slot) {
        step_after(planner, hook, (*slot)->fresh.ready);
        step_after(planner, hook, (*slot)->old.ready);
        step_after(planner, hook, (*slot)->stop);
    }
    VEC_EACH (&unit->helpers, helper) {
        if (!(*helper)->is_running)
            step_after(planner, hook, (*helper)->remove);
    }
    plan_await_dependencies(planner, unit, hook, false);
    return last;
}

static void plan_gate(struct planner *planner, struct unit *unit, struct gate *gate)
{
    struct chance only_if = { 0 };
    struct origin nowhere = ORIGIN_NONE;
    struct slot *lowest;
    bool is_maybe;

    if (!needs_pre_start(planner, unit, &only_if))
        return;
    VEC_EACH (&unit->helpers, helper) {
        if ((*helper)->is_running || (*helper)->remove)
            continue;
        plan_remove(planner, *helper, true);
        step_reason(planner, (*helper)->remove, nowhere, "is left from a hook");
    }
    lowest = unit->places.items[0];
    is_maybe =
        lowest->existing && !lowest->replaced.is_certain && chance_is_possible(&lowest->replaced);
    gate->has_hooks = true;
    if (lowest->fresh.instance)
        gate->fresh = add_pre_start(planner, unit, &lowest->fresh,
                                    is_maybe ? &lowest->replaced : &only_if, NULL);
    if (lowest->existing && !lowest->replaced.is_certain)
        gate->old = add_pre_start(planner, unit, &lowest->old, &only_if, &lowest->replaced);
}

void plan_starts(struct planner *planner)
{
    VEC_EACH (&planner->units, unit) {
        struct gate gate = { NULL, NULL, false };

        if ((*unit)->is_selected)
            plan_gate(planner, *unit, &gate);
        VEC_EACH (&(*unit)->slots, slot) {
            bool is_started_again = !(*slot)->is_removed && !(*slot)->replaced.is_certain &&
                                    (*slot)->is_running && (*slot)->touched.n > 0;

            if (is_started_again || ((*slot)->is_place && planner->options->goal != GOAL_CREATE))
                start_slot(planner, *slot, &gate);
        }
        if ((*unit)->is_selected && planner->options->goal != GOAL_CREATE)
            await_all_dependencies(planner, *unit);
    }
}

/* --- waiting for all ------------------------------------------------------------------------- */

void plan_waits(struct planner *planner)
{
    VEC_EACH (&planner->units, item) {
        struct unit *unit = *item;
        enum await_condition condition =
            unit->is_awaited_complete ? AWAIT_COMPLETED : AWAIT_RUNNING_OR_HEALTHY;

        if (!unit->is_selected)
            continue;
        VEC_EACH (&unit->places, slot) {
            struct step *awaits[2];

            await_slot(planner, *slot, condition, awaits);
            for (size_t i = 0; i < ARRAY_LEN(awaits); i++) {
                if (!awaits[i])
                    continue;
                ARENA_ADD(planner->arena, &planner->waits, awaits[i]);
            }
        }
    }
}
