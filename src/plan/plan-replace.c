/*
 * plan-replace.c - the steps that make, replace, re-attach and remove instances, once it is decided
 * which (plan-instances.c). Starting is plan-start.c's. Called by plan.c; down and the verbs use
 * plan_stop() and plan_remove().
 *
 * A replacement is made under a temporary name while the old one runs; then the old one is stopped
 * and removed and the new one gets its name. Whatever is killed in between leaves either the old
 * instance (beside a temporary one, which is then removed) or the temporary one alone, which takes
 * its place: the data is always held by one of them.
 */
#include "base/base.h"

#include "plan/plan-parts.h"

struct step *plan_hooks(struct planner *planner, struct instance *instance, enum hook_phase phase,
                        struct step *before, const struct chance *only_if,
                        const struct chance *unless)
{
    static const char *const phase_names[] = { "pre_start", "post_start", "pre_stop" };
    unsigned n = instance->wanted ? instance->wanted->hooks[phase] : 0;

    for (unsigned i = 0; i < n; i++) {
        struct step *hook = planner_step(planner, STEP_HOOK, instance);

        hook->phase = phase;
        hook->hook = i;
        step_guard(planner, hook, only_if, unless);
        step_after(planner, hook, before);
        step_reason(planner, hook, instance->wanted->at, "%s[%u]", phase_names[phase], i);
        before = hook;
    }
    return before;
}

struct step *plan_stop(struct planner *planner, struct slot *slot, const struct chance *only_if)
{
    const struct plan_options *options = planner->options;
    struct step *last;

    if (!slot->is_running)
        return NULL;
    last = plan_hooks(planner, slot->old.instance, HOOK_PRE_STOP, NULL, only_if, NULL);
    slot->stop = planner_step(planner, STEP_STOP, slot->old.instance);
    step_guard(planner, slot->stop, only_if, NULL);
    step_after(planner, slot->stop, last);
    slot->stop->has_timeout = options->has_timeout;
    slot->stop->timeout_ns = options->timeout_ns;
    return slot->stop;
}

struct step *plan_remove(struct planner *planner, struct slot *slot, bool with_volumes)
{
    slot->remove = planner_step(planner, STEP_REMOVE, slot->old.instance);
    slot->remove->with_volumes = with_volumes;
    step_after(planner, slot->remove, slot->stop);
    return slot->remove;
}

/* Makes everything from the first hook of a stop on wait for `before`. */
static void stop_after(struct planner *planner, const struct slot *slot, struct step *before)
{
    struct step *first = slot->stop;

    if (!first)
        return;
    while (first->after.n > 0 && first->after.items[first->after.n - 1].step->action == STEP_HOOK)
        first = first->after.items[first->after.n - 1].step;
    step_after(planner, first, before);
}

static void copy_reasons(struct planner *planner, struct step *step, const struct slot *slot)
{
    VEC_EACH (&slot->reasons, reason)
        ARENA_ADD(planner->arena, &step->reasons, *reason);
}

/* --- creating -------------------------------------------------------------------------------- */

static void use_incarnation(struct planner *planner, struct step *create,
                            const struct incarnation *incarnation)
{
    if (incarnation->instance)
        ARENA_ADD(planner->arena, &create->uses, incarnation->instance);
}

static void create_after_parent(struct planner *planner, struct slot *slot,
                                const struct unit *parent)
{
    VEC_EACH (&parent->places, place) {
        step_after(planner, slot->create, (*place)->create);
        if ((*place)->create && !(*place)->is_create_first)
            slot->is_create_first = false;
        use_incarnation(planner, slot->create, &(*place)->fresh);
        use_incarnation(planner, slot->create, &(*place)->old);
    }
}

static void create_after_call(struct planner *planner, struct slot *slot, const struct unit *on,
                              bool is_required)
{
    if (is_required)
        step_after(planner, slot->create, on->call);
    else
        step_after_softly(planner, slot->create, on->call);
    ARENA_ADD(planner->arena, &slot->create->uses, on->call->instance);
}

static void create_after_dependencies(struct planner *planner, struct slot *slot)
{
    plan_use_objects(planner, slot->create, slot->unit->wanted);
    VEC_EACH (&slot->unit->wanted->depends_on, dependency) {
        struct object *object = planner->object_of[dependency->on->index];
        const struct unit *parent = planner->unit_of[dependency->on->index];

        if (object) {
            step_after(planner, slot->create, object->ready);
            if (object->fate == FATE_REPLACE)
                slot->is_create_first = false;
        } else if (parent && dependency->kind != DEPENDS_RUNNING) {
            create_after_parent(planner, slot, parent);
        } else if (parent && parent->call) {
            create_after_call(planner, slot, parent, dependency->required);
        }
    }
}

/* Who has the name now must be gone before. */
static void name_after_holder(struct planner *planner, struct slot *slot, struct step *step,
                              const char *name)
{
    struct slot *holder = map_find(&planner->slots_by_name, name);

    if (!holder || holder == slot)
        return;
    if (holder->is_removed || chance_is_possible(&holder->replaced)) {
        /* The holder's own steps may not be made yet: they are added by plan_place_steps(). */
        step_after(planner, step, holder->remove);
        return;
    }
    if (holder->rename_to)
        return;
    planner_error(planner, slot->unit->wanted->at,
                  "the name \"%s\" is taken by %s \"%s\" of service \"%s\"", name,
                  holder->existing->kind->name, holder->existing->name, holder->unit->name);
}

static void add_create(struct planner *planner, struct slot *slot)
{
    const struct existing *old = slot->existing;
    bool is_beside = old && !slot->is_emptied_first;

    slot->create = planner_step(planner, STEP_CREATE, slot->fresh.instance);
    slot->create->role = old ? ROLE_REPLACEMENT : ROLE_PLAIN;
    slot->is_create_first = is_beside && slot->touched.n == 0;
    step_guard(planner, slot->create, old ? &slot->replaced : NULL, NULL);
    create_after_dependencies(planner, slot);
    copy_reasons(planner, slot->create, slot);
    if (is_beside) {
        slot->create->other = slot->old.instance;
        slot->create->inherit = !planner->options->renew_volumes;
        slot->create->temporary_name =
            arena_printf(planner->arena, "%.12s_%s", old->id, slot->fresh.instance->name);
    }
    if (slot->leftover)
        step_after(planner, slot->create, slot->leftover->remove);
    slot->fresh.ready = slot->create;
}

/* --- one slot -------------------------------------------------------------------------------- */

static void plan_removed(struct planner *planner, struct slot *slot)
{
    if (plan_stop(planner, slot, NULL))
        copy_reasons(planner, slot->stop, slot);
    else if (!slot->existing->is_helper)
        planner_settled(planner, STEP_STOP, slot->old.instance, AWAIT_CONDITION_N_);
    plan_remove(planner, slot, false);
    copy_reasons(planner, slot->remove, slot);
    VEC_EACH (&slot->touched, object)
        step_after(planner, (*object)->remove, slot->remove);
}

static void plan_detach(struct planner *planner, struct slot *slot)
{
    VEC_EACH (&slot->touched, item) {
        struct object *object = *item;
        struct step *detach;

        if (!(object->wanted->kind->flags & KIND_ATTACHABLE))
            continue;
        detach = planner_step(planner, STEP_DETACH, slot->old.instance);
        detach->other = object->old;
        step_after(planner, detach, slot->stop);
        step_after(planner, object->remove, detach);
        step_reason(planner, detach, object->wanted->at, "%s \"%s\" is made anew",
                    object->wanted->kind->name, object->wanted->name);
        slot->old.ready = detach;
    }
}

static void plan_attach(struct planner *planner, struct slot *slot)
{
    struct step *last = slot->old.ready;

    VEC_EACH (&slot->touched, item) {
        struct object *object = *item;
        struct step *attach;

        if (!(object->wanted->kind->flags & KIND_ATTACHABLE))
            continue;
        attach = planner_step(planner, STEP_ATTACH, slot->old.instance);
        attach->other = object->fresh;
        step_guard(planner, attach, NULL, &slot->replaced);
        step_after(planner, attach, last);
        step_after(planner, attach, object->ready);
        step_reason(planner, attach, object->wanted->at, "%s \"%s\" is made anew",
                    object->wanted->kind->name, object->wanted->name);
        last = attach;
    }
    slot->old.ready = last;
}

/* What happens to the old instance should it stay, apart from stop and start. */
static void plan_kept(struct planner *planner, struct slot *slot)
{
    struct origin nowhere = ORIGIN_NONE;

    plan_attach(planner, slot);
    if (slot->is_updated) {
        struct step *update = planner_step(planner, STEP_UPDATE, slot->old.instance);

        step_guard(planner, update, NULL, &slot->replaced);
        step_after(planner, update, slot->old.ready);
        copy_reasons(planner, update, slot);
        slot->old.ready = update;
    }
    if (slot->rename_to) {
        struct step *rename = planner_step(planner, STEP_RENAME, slot->old.instance);

        step_guard(planner, rename, NULL, &slot->replaced);
        step_after(planner, rename, slot->old.ready);
        step_reason(planner, rename, nowhere, "a replacement was interrupted");
        slot->old.ready = rename;
    }
}

static void explain_stop(struct planner *planner, struct slot *slot)
{
    struct origin nowhere = ORIGIN_NONE;
    struct step *stop = slot->stop;

    if (!stop)
        return;
    if (chance_is_possible(&slot->replaced)) {
        stop->role = ROLE_REPLACED;
        step_reason(planner, stop, nowhere, "%s replaced",
                    slot->replaced.is_certain ? "is" : "may be");
    } else if (slot->touched.n > 0) {
        step_reason(planner, stop, nowhere, "is attached to what is made anew");
    } else {
        step_reason(planner, stop, nowhere, "what it depends on is %s",
                    slot->stopped.is_certain ? "restarted or replaced" : "perhaps replaced");
    }
}

static void plan_replaced(struct planner *planner, struct slot *slot)
{
    struct origin nowhere = ORIGIN_NONE;
    struct step *rename;

    plan_remove(planner, slot, false);
    slot->remove->role = ROLE_REPLACED;
    step_guard(planner, slot->remove, &slot->replaced, NULL);
    step_after(planner, slot->remove, slot->old.ready);
    step_reason(planner, slot->remove, nowhere, "%s replaced",
                slot->replaced.is_certain ? "is" : "may be");
    if (slot->is_emptied_first) {
        VEC_EACH (&slot->touched, object)
            step_after(planner, (*object)->remove, slot->remove);
        step_after(planner, slot->create, slot->remove);
        return;
    }
    step_after(planner, slot->remove, slot->create);
    rename = planner_step(planner, STEP_RENAME, slot->fresh.instance);
    rename->role = ROLE_REPLACEMENT;
    step_guard(planner, rename, &slot->replaced, NULL);
    step_after(planner, rename, slot->remove);
    step_reason(planner, rename, nowhere, "takes the place of the old one");
    slot->fresh.ready = rename;
}

static void plan_slot(struct planner *planner, struct slot *slot)
{
    struct chance leaving = { 0 };
    bool is_replaced = chance_is_possible(&slot->replaced);

    if (slot->is_removed) {
        plan_removed(planner, slot);
        return;
    }
    if (slot->fresh.instance)
        add_create(planner, slot);
    if (!slot->existing)
        return;
    chance_add(planner, &leaving, &slot->replaced);
    chance_add(planner, &leaving, &slot->stopped);
    if (chance_is_possible(&leaving) && plan_stop(planner, slot, &leaving)) {
        explain_stop(planner, slot);
        if (is_replaced && slot->is_create_first)
            stop_after(planner, slot, slot->create);
    }
    if (!slot->is_emptied_first)
        plan_detach(planner, slot);
    if (is_replaced)
        plan_replaced(planner, slot);
    if (!slot->replaced.is_certain)
        plan_kept(planner, slot);
}

/* --- all ------------------------------------------------------------------------------------- */

/* Dependents that go down with what they depend on go first, and not before its replacement is
 * made. */
static void order_stops_with(struct planner *planner, struct unit *unit, struct unit *on,
                             struct step *stopped)
{
    step_list creates = { NULL, 0, 0 };
    struct step *created;

    VEC_EACH (&on->places, its) {
        if ((*its)->stop)
            stop_after(planner, *its, stopped);
        if ((*its)->create && (*its)->existing && (*its)->is_create_first)
            ARENA_ADD(planner->arena, &creates, (*its)->create);
    }
    created = planner_join(planner, &creates);
    VEC_EACH (&unit->places, mine)
        stop_after(planner, *mine, created);
}

static void order_stops(struct planner *planner, struct unit *unit)
{
    step_list stops = { NULL, 0, 0 };
    struct step *stopped = NULL;

    VEC_EACH (&unit->places, mine) {
        if ((*mine)->stop)
            ARENA_ADD(planner->arena, &stops, (*mine)->stop);
    }
    VEC_EACH (&unit->depends_on, dependency) {
        if (stops.n == 0 || !dependency->restart || !dependency->on->is_selected)
            continue;
        if (!stopped)
            stopped = planner_join(planner, &stops);
        order_stops_with(planner, unit, dependency->on, stopped);
    }
}

static void order_names(struct planner *planner, struct unit *unit)
{
    VEC_EACH (&unit->places, slot) {
        struct incarnation *fresh = &(*slot)->fresh;

        if (fresh->ready)
            name_after_holder(planner, *slot, fresh->ready, fresh->instance->name);
    }
}

void plan_place_steps(struct planner *planner)
{
    VEC_EACH (&planner->units, unit) {
        VEC_EACH (&(*unit)->slots, slot) {
            if ((*slot)->is_removed)
                plan_slot(planner, *slot);
        }
    }
    VEC_EACH (&planner->units, unit) {
        VEC_EACH (&(*unit)->slots, slot) {
            if (!(*slot)->is_removed && ((*slot)->is_place || (*slot)->touched.n > 0))
                plan_slot(planner, *slot);
        }
    }
    VEC_EACH (&planner->units, unit) {
        order_stops(planner, *unit);
        order_names(planner, *unit);
    }
}
