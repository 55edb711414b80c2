/*
 * plan-data.c - objects without numbered instances: networks (attachable), volumes (data), and
 * whatever else a backend has of that sort, told apart by kind flags alone. First their fates,
 * then, when their users are known, the steps of replacements. Called by plan.c.
 */
#include "base/base.h"

#include "plan/plan-parts.h"

/* --- fates ----------------------------------------------------------------------------------- */

static void check_external(struct planner *planner, struct object *object)
{
    const struct wanted *wanted = object->wanted;

    if (object->matches.n == 0)
        planner_error(planner, wanted->at,
                      "%s \"%s\" is declared as external, but could not be found",
                      wanted->kind->name, wanted->name);
    else if (object->matches.n > 1)
        planner_error(planner, wanted->at, "%s \"%s\" is ambiguous: %zu of that name exist",
                      wanted->kind->name, wanted->name, object->matches.n);
}

/* Whether the instance is bound to this very object, and not only to one of its name. */
static bool is_bound_to(const struct slot *slot, const struct existing *existing)
{
    if (!slot->existing)
        return false;
    VEC_EACH (&slot->existing->bindings, binding) {
        if (binding->kind == existing->kind && text_same(binding->id, existing->id))
            return true;
    }
    return false;
}

static size_t count_users(const struct planner *planner, const struct existing *existing)
{
    size_t n = 0;

    VEC_EACH (&planner->units, unit) {
        VEC_EACH (&(*unit)->slots, slot)
            n += is_bound_to(*slot, existing);
    }
    return n;
}

/* Of several of our own with one name (a run was killed while the backend made one, and the next
   made another) the one that most instances use is kept, else the oldest. */
static bool is_better(const struct planner *planner, const struct existing *one,
                      const struct existing *other)
{
    size_t n = count_users(planner, one), n_other = count_users(planner, other);

    if (one->is_foreign != other->is_foreign)
        return !one->is_foreign;
    return n != n_other ? n > n_other : one->created_ns < other->created_ns;
}

static const struct existing *choose_match(const struct planner *planner,
                                           const struct object *object)
{
    const struct existing *best = object->matches.n > 0 ? object->matches.items[0] : NULL;

    VEC_EACH (&object->matches, match) {
        if (*match != best && is_better(planner, *match, best))
            best = *match;
    }
    return best;
}

static void decide_change(struct planner *planner, struct object *object)
{
    const struct wanted *wanted = object->wanted;
    struct change_list changes = { NULL, 0, 0 };
    bool all_in_place;

    if (!planner_changes(planner, wanted, object->existing, &changes, &all_in_place))
        return;
    planner_change_reasons(planner, wanted, &changes, NULL, object);
    if (object->reasons.n == 0) {
        struct reason reason = { .text = "the definition changed", .at = wanted->at };

        ARENA_ADD(planner->arena, &object->reasons, reason);
    }
    if (all_in_place) {
        object->fate = FATE_UPDATE;
    } else if ((wanted->kind->flags & KIND_DATA) && !planner->options->replace_data) {
        ARENA_ADD(planner->arena, &planner->plan->data_conflicts, object->existing);
    } else {
        object->fate = FATE_REPLACE;
    }
}

static void decide(struct planner *planner, struct object *object)
{
    const struct wanted *wanted = object->wanted;

    object->existing = choose_match(planner, object);
    if (object->existing)
        object->old = planner_instance(planner, wanted->kind, wanted, object->existing);
    if (wanted->is_external) {
        check_external(planner, object);
    } else if (!object->existing) {
        object->fate = FATE_CREATE;
    } else if (object->existing->is_foreign || (wanted->digest && !object->existing->digest)) {
        ARENA_ADD(planner->arena, &planner->plan->foreign, object->existing);
    } else {
        decide_change(planner, object);
    }
}

/* --- steps ----------------------------------------------------------------------------------- */

void plan_use_objects(struct planner *planner, struct step *step, const struct wanted *wanted)
{
    VEC_EACH (&wanted->depends_on, dependency) {
        struct object *on = planner->object_of[dependency->on->index];

        if (on && on->fresh)
            ARENA_ADD(planner->arena, &step->uses, on->fresh);
        if (on && on->old)
            ARENA_ADD(planner->arena, &step->uses, on->old);
    }
}

static struct step *add_create(struct planner *planner, struct object *object)
{
    const struct wanted *wanted = object->wanted;
    struct step *step;

    object->fresh = planner_instance(planner, wanted->kind, wanted, NULL);
    step = planner_step(planner, STEP_CREATE, object->fresh);
    plan_use_objects(planner, step, wanted);
    VEC_EACH (&wanted->depends_on, dependency) {
        struct object *on = planner->object_of[dependency->on->index];

        if (on)
            step_after(planner, step, on->ready);
    }
    object->ready = step;
    return step;
}

/* Objects that others depend on come first; definitions have no cycles. */
static void plan_object(struct planner *planner, struct object *object)
{
    struct step *step;

    if (object->old || object->ready || (object->wanted->kind->flags & KIND_ARTIFACT))
        return;
    decide(planner, object);
    VEC_EACH (&object->wanted->depends_on, dependency) {
        struct object *on = planner->object_of[dependency->on->index];

        if (on)
            plan_object(planner, on);
    }
    if (object->fate == FATE_CREATE) {
        step = add_create(planner, object);
        step_reason(planner, step, object->wanted->at, "does not exist");
    } else if (object->fate == FATE_UPDATE) {
        step = planner_step(planner, STEP_UPDATE, object->old);
        VEC_EACH (&object->reasons, reason)
            ARENA_ADD(planner->arena, &step->reasons, *reason);
        object->ready = step;
    } else if (object->fate == FATE_REPLACE) {
        object->remove = planner_step(planner, STEP_REMOVE, object->old);
        step = add_create(planner, object);
        step_after(planner, step, object->remove);
        VEC_EACH (&object->reasons, reason) {
            ARENA_ADD(planner->arena, &object->remove->reasons, *reason);
            ARENA_ADD(planner->arena, &step->reasons, *reason);
        }
    }
}

void plan_objects(struct planner *planner)
{
    VEC_EACH (&planner->objects, object) {
        if ((*object)->is_selected)
            plan_object(planner, *object);
    }
}

/* --- users of what is replaced --------------------------------------------------------------- */

/* An object that is replaced and the instance: re-attached, or removed before and made anew. */
static void plan_user(struct planner *planner, struct object *object, struct slot *slot)
{
    const struct wanted *wanted = object->wanted;

    ARENA_ADD(planner->arena, &slot->touched, object);
    if (slot->is_removed)
        return;
    if (wanted->kind->flags & KIND_ATTACHABLE) {
        slot->stopped.is_certain = true;
        return;
    }
    if (!slot->is_place) {
        planner_error(planner, wanted->at, "%s \"%s\" is to be made anew, but \"%s\" uses it",
                      wanted->kind->name, wanted->name, slot->existing->name);
        return;
    }
    slot->replaced.is_certain = true;
    slot->is_emptied_first = true;
    slot_reason(planner, slot, wanted->at, "%s \"%s\" is made anew", wanted->kind->name,
                wanted->name);
}

/* Called once the places are known and before the steps of instances are made. */
void plan_object_users(struct planner *planner)
{
    MAP_AUTO(replaced);
    STR_AUTO(key);

    VEC_EACH (&planner->objects, item) {
        struct object *object = *item;

        if (object->is_selected && object->fate == FATE_REPLACE) {
            str_clear(&key);
            str_printf(&key, "%s/%s", object->wanted->kind->name, object->existing->name);
            map_set(&replaced, key.buf, object);
        }
    }
    if (replaced.n == 0)
        return;
    VEC_EACH (&planner->units, unit) {
        VEC_EACH (&(*unit)->slots, slot) {
            for (size_t i = 0; (*slot)->existing && i < (*slot)->existing->bindings.n; i++) {
                const struct binding *binding = &(*slot)->existing->bindings.items[i];
                struct object *object;

                str_clear(&key);
                str_printf(&key, "%s/%s", binding->kind->name, binding->name);
                object = map_find(&replaced, key.buf);
                if (object)
                    plan_user(planner, object, *slot);
            }
        }
    }
}

/* --- what is there besides ------------------------------------------------------------------- */

/* Whether all that uses it goes away or moves to another for certain; step waits for them. */
static bool is_left_by_all(struct planner *planner, const struct existing *left, struct step *step)
{
    VEC_EACH (&planner->units, unit) {
        VEC_EACH (&(*unit)->slots, slot) {
            if (!is_bound_to(*slot, left))
                continue;
            if (!(*slot)->is_removed && !(*slot)->replaced.is_certain)
                return false;
            step_after(planner, step, (*slot)->remove);
        }
    }
    return true;
}

/* Removes one that has the object's key but is not the one that is kept. */
static void remove_other(struct planner *planner, const struct object *object,
                         const struct existing *other)
{
    const struct wanted *wanted = object->wanted;
    struct step *step;

    if (other == object->existing || other->is_foreign)
        return;
    step = planner_step(planner, STEP_REMOVE, planner_instance(planner, wanted->kind, NULL, other));
    step->is_optional = true;
    if (text_same(other->name, wanted->name))
        step_reason(planner, step, wanted->at, "another %s of that name is kept",
                    wanted->kind->name);
    else
        step_reason(planner, step, wanted->at, "its name is now \"%s\"", wanted->name);
    if (!is_left_by_all(planner, other, step))
        planner->plan->steps.n--;
    else if (object->fate == FATE_REPLACE && step->after.n == 0)
        step_after(planner, object->ready, step);
}

void plan_other_objects(struct planner *planner)
{
    VEC_EACH (&planner->objects, object) {
        const struct wanted *wanted = (*object)->wanted;

        if (!(*object)->is_selected || wanted->is_external ||
            (wanted->kind->flags & (KIND_DATA | KIND_ARTIFACT)))
            continue;
        VEC_EACH (&(*object)->stale, stale)
            remove_other(planner, *object, *stale);
        VEC_EACH (&(*object)->matches, match)
            remove_other(planner, *object, *match);
    }
}
