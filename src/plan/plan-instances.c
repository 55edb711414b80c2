/*
 * plan-instances.c - scale and replacement: which existing instance has which place of its service,
 * which are surplus, missing or to be replaced, and why. Makes no steps (plan-replace.c). Called by
 * plan.c.
 */
#include "base/base.h"

#include "plan/plan-parts.h"

#include <stdlib.h>

/* --- orphans and leftovers ------------------------------------------------------------------- */

static bool is_orphan(const struct unit *unit, const struct slot *slot)
{
    if (slot->existing->is_helper)
        return false;
    if (slot->existing->is_one_off)
        return slot->existing->state == STATE_EXITED || slot->existing->state == STATE_DEAD;
    return !unit->wanted;
}

void plan_orphans(struct planner *planner)
{
    struct origin nowhere = ORIGIN_NONE;

    VEC_EACH (&planner->units, unit) {
        VEC_EACH (&(*unit)->slots, slot) {
            if (!is_orphan(*unit, *slot))
                continue;
            if (!planner->options->remove_orphans) {
                ARENA_ADD(planner->arena, &planner->plan->orphans, (*slot)->existing);
                continue;
            }
            (*slot)->is_removed = true;
            if ((*slot)->existing->is_one_off)
                slot_reason(planner, *slot, nowhere, "is a finished one-off");
            else
                slot_reason(planner, *slot, nowhere, "its service \"%s\" is not defined",
                            (*unit)->name);
        }
    }
}

/* What an interrupted replacement left: beside the old instance it goes, without it takes its
 * place. */
static void sort_out_leftover(struct planner *planner, struct slot *slot)
{
    const char *replaces = slot->existing->replaces;
    struct slot *old = map_find(&planner->slots_by_name, replaces);
    struct origin nowhere = ORIGIN_NONE;

    if (old && old != slot && old->unit == slot->unit && !old->existing->replaces) {
        slot->is_removed = true;
        old->leftover = slot;
        slot_reason(planner, slot, nowhere, "is left from an interrupted replacement of \"%s\"",
                    replaces);
    } else {
        slot->rename_to = replaces;
        slot->old.instance->name = replaces;
    }
}

/* --- places ---------------------------------------------------------------------------------- */

typedef MODEL_LIST(struct slot *) slot_list;

static bool has_current_digest(const struct slot *slot)
{
    const struct wanted *wanted = slot->unit->wanted;

    return !wanted->digest || text_is(slot->existing->digest, wanted->digest) ||
           text_is(slot->existing->digest, wanted->digest_old);
}

/* Of two instances with one number the better one stands first. */
static int compare_numbers(const void *a, const void *b)
{
    const struct slot *one = *(struct slot *const *)a, *two = *(struct slot *const *)b;

    if (one->number != two->number)
        return one->number < two->number ? -1 : 1;
    if (has_current_digest(one) != has_current_digest(two))
        return has_current_digest(one) ? -1 : 1;
    if (one->is_running != two->is_running)
        return one->is_running ? -1 : 1;
    if (one->existing->created_ns != two->existing->created_ns)
        return one->existing->created_ns > two->existing->created_ns ? -1 : 1;
    return strcmp(one->existing->id, two->existing->id);
}

static int compare_places(const void *a, const void *b)
{
    const struct slot *one = *(struct slot *const *)a, *two = *(struct slot *const *)b;

    if (one->replaced.is_certain != two->replaced.is_certain)
        return one->replaced.is_certain ? 1 : -1;
    return one->number < two->number ? -1 : one->number > two->number;
}

static int compare_place_numbers(const void *a, const void *b)
{
    const struct slot *one = *(struct slot *const *)a, *two = *(struct slot *const *)b;

    return one->number < two->number ? -1 : one->number > two->number;
}

/* The instances that may have places, one a number; returns the highest number. */
static int64_t gather_candidates(struct planner *planner, struct unit *unit, slot_list *out)
{
    slot_list all = { NULL, 0, 0 };
    struct origin nowhere = ORIGIN_NONE;
    int64_t highest = 0;

    VEC_EACH (&unit->slots, slot) {
        if ((*slot)->existing->is_one_off || (*slot)->existing->is_helper)
            continue;
        if ((*slot)->existing->replaces)
            sort_out_leftover(planner, *slot);
        highest = MAX(highest, (*slot)->number);
        if (!(*slot)->is_removed)
            ARENA_ADD(planner->arena, &all, *slot);
    }
    if (all.n > 1)
        qsort(all.items, all.n, sizeof(all.items[0]), compare_numbers);
    for (size_t i = 0; i < all.n; i++) {
        struct slot *slot = all.items[i];

        if (i > 0 && slot->number == all.items[i - 1]->number) {
            slot->is_removed = true;
            slot_reason(planner, slot, nowhere, "another instance has the number %lld",
                        (long long)slot->number);
            continue;
        }
        ARENA_ADD(planner->arena, out, slot);
    }
    return highest;
}

static const char *place_name(struct planner *planner, const struct wanted *wanted, int64_t number)
{
    if (wanted->is_name_fixed)
        return wanted->name;
    return arena_printf(planner->arena, "%s%c%lld", wanted->name, wanted->separator,
                        (long long)number);
}

static struct instance *make_fresh(struct planner *planner, struct slot *slot)
{
    const struct wanted *wanted = slot->unit->wanted;
    struct instance *instance = planner_instance(planner, wanted->kind, wanted, NULL);

    instance->service = slot->unit->name;
    instance->number = slot->number;
    instance->name = place_name(planner, wanted, slot->number);
    return instance;
}

static void add_missing(struct planner *planner, struct unit *unit, int64_t number)
{
    struct slot *slot = ARENA_NEW(planner->arena, struct slot);

    slot->unit = unit;
    slot->number = number;
    slot->is_place = true;
    slot->fresh.instance = make_fresh(planner, slot);
    slot_reason(planner, slot, unit->wanted->at, "does not exist");
    ARENA_ADD(planner->arena, &unit->slots, slot);
    ARENA_ADD(planner->arena, &unit->places, slot);
}

/* --- replacement ----------------------------------------------------------------------------- */

/* The digest differs and no field does: it is one that the backend keeps to itself, or a key of that
   kind that is gone. */
static void unseen_reason(struct planner *planner, struct slot *slot)
{
    const struct wanted *wanted = slot->unit->wanted;
    const struct text_list *unseen = &slot->existing->unseen;
    struct origin at = wanted->at;
    STR_AUTO(keys);

    for (size_t i = 0; i < unseen->n; i++)
        str_printf(&keys, "%s%s", i ? ", " : "", unseen->items[i]);
    if (unseen->n == 1)
        at = node_get(wanted->spec, unseen->items[0])->at;
    if (unseen->n)
        slot_reason(planner, slot, at, "the definition changed in what cannot be looked at: %s",
                    keys.buf);
    else
        slot_reason(planner, slot, at, "the definition changed");
}

static void decide_definition(struct planner *planner, struct slot *slot)
{
    const struct wanted *wanted = slot->unit->wanted;
    struct change_list changes = { NULL, 0, 0 };
    bool all_in_place;

    if (!planner_changes(planner, wanted, slot->existing, &changes, &all_in_place))
        return;
    if (all_in_place)
        slot->is_updated = true;
    else
        slot->replaced.is_certain = true;
    planner_change_reasons(planner, wanted, &changes, slot, NULL);
    if (slot->reasons.n == 0)
        unseen_reason(planner, slot);
}

/* The identity of an artifact that the instance was made from. */
static void decide_artifact(struct planner *planner, struct slot *slot, struct object *object,
                            struct origin at)
{
    const struct binding *binding =
        existing_binding(slot->existing, object->wanted->kind, object->wanted->name);

    if (!binding || (object->existing && !text_same(binding->id, object->existing->id))) {
        slot->replaced.is_certain = true;
        slot_reason(planner, slot, at, "%s \"%s\" changed", object->wanted->kind->name,
                    object->wanted->name);
        return;
    }
    if (!chance_is_possible(&object->changed))
        return;
    VEC_EACH (&object->changed.if_any, item) {
        struct step_condition condition = *item;

        condition.old_id = binding->id;
        chance_condition(planner, &slot->replaced, condition);
    }
    slot_reason(planner, slot, at, "%s \"%s\" may change", object->wanted->kind->name,
                object->wanted->name);
}

static void decide_object(struct planner *planner, struct slot *slot, struct object *object,
                          const struct wanted_dependency *dependency)
{
    const struct wanted *wanted = object->wanted;
    const struct binding *binding = existing_binding(slot->existing, wanted->kind, wanted->name);
    const char *is_to = dependency->kind == DEPENDS_ATTACHED ? "attached to" : "made with";
    struct origin at = origin_is_set(dependency->at) ? dependency->at : slot->unit->wanted->at;

    if (dependency->kind == DEPENDS_EXISTS)
        return;
    if (wanted->kind->flags & KIND_ARTIFACT) {
        decide_artifact(planner, slot, object, at);
    } else if (!binding) {
        slot->replaced.is_certain = true;
        slot_reason(planner, slot, at, "is not %s %s \"%s\"", is_to, wanted->kind->name,
                    wanted->name);
    } else if (object->fate == FATE_CREATE ||
               (object->existing && binding->id && object->existing->id &&
                !text_is(binding->id, object->existing->id))) {
        slot->replaced.is_certain = true;
        slot_reason(planner, slot, at, "is %s an earlier %s \"%s\"", is_to, wanted->kind->name,
                    wanted->name);
    }
}

static void decide_replacement(struct planner *planner, struct slot *slot)
{
    const struct unit *unit = slot->unit;

    if (slot->existing->state == STATE_DEAD || slot->existing->state == STATE_REMOVING) {
        slot->replaced.is_certain = true;
        slot_reason(planner, slot, unit->wanted->at, "is %s",
                    instance_state_name(slot->existing->state));
    }
    if (unit->recreate == RECREATE_NEVER)
        return;
    if (unit->recreate == RECREATE_ALWAYS) {
        slot->replaced.is_certain = true;
        slot_reason(planner, slot, unit->wanted->at, "was asked for");
    }
    decide_definition(planner, slot);
    VEC_EACH (&unit->wanted->depends_on, dependency) {
        struct object *object = planner->object_of[dependency->on->index];

        if (object)
            decide_object(planner, slot, object, dependency);
    }
    plan_call_changes(planner, slot);
}

/* --- a unit ---------------------------------------------------------------------------------- */

static int64_t replicas_of(struct planner *planner, const struct unit *unit)
{
    if (unit->wanted->kind->flags & KIND_CALLED)
        return 0;
    for (size_t i = 0; i < planner->options->n_scale; i++) {
        if (text_is(planner->options->scale[i].service, unit->name))
            return planner->options->scale[i].replicas;
    }
    return unit->wanted->replicas;
}

static void plan_unit_places(struct planner *planner, struct unit *unit)
{
    const struct wanted *wanted = unit->wanted;
    slot_list candidates = { NULL, 0, 0 };
    int64_t replicas = replicas_of(planner, unit);
    int64_t highest = gather_candidates(planner, unit, &candidates);

    if (wanted->is_name_fixed && replicas > 1)
        planner_error(planner, wanted->at,
                      "service \"%s\" cannot have %lld replicas: its name \"%s\" is fixed",
                      unit->name, (long long)replicas, wanted->name);
    VEC_EACH (&candidates, slot)
        decide_replacement(planner, *slot);
    if (candidates.n > 1)
        qsort(candidates.items, candidates.n, sizeof(candidates.items[0]), compare_places);
    for (size_t i = 0; i < candidates.n; i++) {
        struct slot *slot = candidates.items[i];

        if ((int64_t)i < replicas) {
            slot->is_place = true;
            slot->old.instance->is_place = true;
            ARENA_ADD(planner->arena, &unit->places, slot);
            continue;
        }
        slot->is_removed = true;
        slot->replaced = (struct chance){ 0 };
        slot->reasons.n = 0;
        slot_reason(planner, slot, wanted->at, "the scale of \"%s\" is %lld", unit->name,
                    (long long)replicas);
    }
    while ((int64_t)unit->places.n < replicas && !planner->has_failed)
        add_missing(planner, unit, ++highest);
    if (unit->places.n > 1)
        qsort(unit->places.items, unit->places.n, sizeof(unit->places.items[0]),
              compare_place_numbers);
}

void plan_places(struct planner *planner)
{
    for (size_t i = 0; i < planner->options->n_scale; i++) {
        const struct unit *unit =
            map_find(&planner->units_by_name, planner->options->scale[i].service);
        struct origin nowhere = ORIGIN_NONE;

        if (!unit || !unit->wanted)
            planner_error(planner, nowhere, "no such service: %s",
                          planner->options->scale[i].service);
    }
    VEC_EACH (&planner->units, unit) {
        if ((*unit)->is_selected && (*unit)->wanted)
            plan_unit_places(planner, *unit);
    }
}

/* --- consequences ---------------------------------------------------------------------------- */

static bool is_bound_to(const struct existing *existing, const struct unit *parent)
{
    VEC_EACH (&existing->bindings, binding) {
        VEC_EACH (&parent->places, place) {
            if ((*place)->existing && binding->kind == (*place)->existing->kind &&
                text_is(binding->id, (*place)->existing->id))
                return true;
        }
    }
    return false;
}

/* Whoever shares something with another service's instance (a namespace, volumes) goes with it. */
static void follow_parent(struct planner *planner, struct unit *unit, const struct unit *parent,
                          struct origin at)
{
    VEC_EACH (&unit->places, item) {
        struct slot *slot = *item;

        if (!slot->existing || unit->recreate == RECREATE_NEVER)
            continue;
        if (!is_bound_to(slot->existing, parent)) {
            slot->replaced.is_certain = true;
            slot_reason(planner, slot, at, "is not bound to an instance of \"%s\"", parent->name);
        } else if (chance_is_possible(&parent->replaced)) {
            chance_add(planner, &slot->replaced, &parent->replaced);
            slot_reason(planner, slot, at, "\"%s\", to which it is bound, %s replaced",
                        parent->name, parent->replaced.is_certain ? "is" : "may be");
        }
    }
}

static void follow_restart(struct planner *planner, struct unit *unit, const struct unit *on)
{
    VEC_EACH (&unit->places, slot) {
        if ((*slot)->existing)
            chance_add(planner, &(*slot)->stopped, &on->changed);
    }
}

static void plan_unit_consequences(struct planner *planner, struct unit *unit)
{
    VEC_EACH (&unit->wanted->depends_on, dependency) {
        struct unit *on = planner->unit_of[dependency->on->index];

        if (!on || !on->is_selected)
            continue;
        if (dependency->kind == DEPENDS_BOUND)
            follow_parent(planner, unit, on,
                          origin_is_set(dependency->at) ? dependency->at : unit->wanted->at);
        if (dependency->restart)
            follow_restart(planner, unit, on);
    }
    VEC_EACH (&unit->places, slot) {
        if (!(*slot)->existing)
            continue;
        chance_add(planner, &unit->replaced, &(*slot)->replaced);
        if ((*slot)->is_running)
            chance_add(planner, &unit->changed, &(*slot)->stopped);
        if (chance_is_possible(&(*slot)->replaced)) {
            (*slot)->fresh.instance = make_fresh(planner, *slot);
            if ((*slot)->replaced.is_certain)
                (*slot)->is_updated = false;
        }
    }
    chance_add(planner, &unit->changed, &unit->replaced);
}

void plan_consequences(struct planner *planner)
{
    VEC_EACH (&planner->units, unit) {
        if ((*unit)->is_selected && (*unit)->wanted)
            plan_unit_consequences(planner, *unit);
    }
}
