/*
 * plan-down.c - the plan towards nothing: dependents before what they depend on, one by one; then
 * what nobody uses any more. Data and artifacts only when that was asked for. Works without a
 * description, from what was recorded when the instances were made. Called by plan.c.
 */
#include "base/base.h"

#include "plan/plan-parts.h"

#include "base/mem.h"

/* --- instances ------------------------------------------------------------------------------- */

static bool is_in_scope(const struct planner *planner, const struct unit *unit)
{
    if (planner->options->services)
        return unit->is_selected;
    if (!planner->wanted)
        return true;
    return unit->wanted ? !unit->wanted->is_disabled : planner->options->remove_orphans;
}

static void remove_slot(struct planner *planner, struct unit *unit, struct slot *slot)
{
    struct origin nowhere = ORIGIN_NONE;
    size_t at = planner->plan->steps.n;

    slot->is_removed = true;
    if (plan_stop(planner, slot, NULL))
        step_reason(planner, slot->stop, nowhere, "is to be removed");
    else if (!slot->existing->is_helper)
        planner_settled(planner, STEP_STOP, slot->old.instance, AWAIT_CONDITION_N_);
    plan_remove(planner, slot, planner->options->remove_volumes);
    step_reason(planner, slot->remove, nowhere, "%s",
                slot->existing->is_helper ? "is left from a hook"
                : unit->wanted            ? "the project is taken down"
                                          : "its service is not defined");
    if (!planner->wanted && !slot->existing->is_helper)
        slot->remove->reasons.items[0].text = "the project is taken down";
    slot->first = planner->plan->steps.items[at];
}

/* Units in reverse order: the steps of dependents exist already. */
static void remove_units(struct planner *planner)
{
    for (size_t i = planner->units.n; i-- > 0;) {
        struct unit *unit = planner->units.items[i];
        bool is_in = is_in_scope(planner, unit);

        VEC_EACH (&unit->slots, slot) {
            if (is_in)
                remove_slot(planner, unit, *slot);
            else if (!unit->wanted && !(*slot)->existing->is_helper)
                ARENA_ADD(planner->arena, &planner->plan->orphans, (*slot)->existing);
        }
    }
}

/* What goes of the unit, all together; NULL: nothing. */
static struct step *removal_of(struct planner *planner, const struct unit *unit)
{
    step_list removals = { NULL, 0, 0 };

    VEC_EACH (&unit->slots, slot) {
        if ((*slot)->remove && !(*slot)->existing->is_helper)
            ARENA_ADD(planner->arena, &removals, (*slot)->remove);
    }
    if (unit->call)
        ARENA_ADD(planner->arena, &removals, unit->call);
    return planner_join(planner, &removals);
}

static void order_removals(struct planner *planner)
{
    VEC_EACH (&planner->units, unit) {
        struct step *removed;

        if ((*unit)->depends_on.n == 0)
            continue;
        removed = removal_of(planner, *unit);
        VEC_EACH (&(*unit)->depends_on, dependency) {
            VEC_EACH (&dependency->on->slots, slot) {
                if ((*slot)->remove)
                    step_after(planner, (*slot)->first, removed);
            }
            if (dependency->on->call)
                step_after(planner, dependency->on->call, removed);
        }
    }
}

/* --- what they used -------------------------------------------------------------------------- */

/* Removals of its users, or (is_used) the fact that something that stays uses it. */
struct usage {
    MODEL_LIST(struct step *) removals;
    bool is_used;
};

/* By identity where there can be several of one name. */
static void print_usage_key(const struct resource_kind *kind, const char *name, const char *id,
                            struct str *out)
{
    bool is_by_id = (kind->flags & KIND_ATTACHABLE) && id && *id;

    str_clear(out);
    str_printf(out, "%s/%s", kind->name, is_by_id ? id : name);
}

static void note_usage(struct planner *planner, struct map *usages)
{
    STR_AUTO(key);

    VEC_EACH (&planner->units, unit) {
        VEC_EACH (&(*unit)->slots, slot) {
            VEC_EACH (&(*slot)->existing->bindings, binding) {
                struct usage *usage;

                print_usage_key(binding->kind, binding->name, binding->id, &key);
                usage = map_find(usages, key.buf);
                if (!usage) {
                    usage = ARENA_NEW(planner->arena, struct usage);
                    map_set(usages, key.buf, usage);
                }
                if ((*slot)->remove)
                    ARENA_ADD(planner->arena, &usage->removals, (*slot)->remove);
                else if (!(binding->kind->flags & KIND_ATTACHABLE) || (*slot)->is_running)
                    usage->is_used = true;
            }
        }
    }
}

static bool is_to_go(const struct planner *planner, const struct existing *existing,
                     const struct wanted *wanted, const struct usage *usage)
{
    const struct plan_options *options = planner->options;
    const struct object *object = wanted ? planner->object_of[wanted->index] : NULL;
    unsigned flags = existing->kind->flags;

    if (wanted && (wanted->is_external || (wanted->is_disabled && !usage)))
        return false;
    if (flags & KIND_ARTIFACT)
        return options->remove_images && (!planner->wanted || wanted) &&
               (text_is(options->remove_images, "all") || !existing->is_foreign) &&
               (!options->services || usage);
    if (existing->is_foreign)
        return false;
    if (flags & KIND_DATA)
        return options->remove_volumes && (!planner->wanted || wanted) && !options->services;
    return !options->services || (usage && usage->removals.n > 0) ||
           (object && object->is_selected);
}

static void remove_object(struct planner *planner, const struct existing *existing,
                          const struct wanted *wanted, const struct usage *usage)
{
    struct origin nowhere = ORIGIN_NONE;
    struct instance *instance;
    struct step *step;

    if (usage && usage->is_used) {
        /* What the description does not have now is nobody's surprise. */
        if (!planner->wanted || (wanted && !wanted->is_disabled))
            ARENA_ADD(planner->arena, &planner->plan->in_use, existing);
        return;
    }
    instance = planner_instance(planner, existing->kind, wanted, existing);
    if (existing->full_name)
        instance->name = existing->full_name;
    step = planner_step(planner, STEP_REMOVE, instance);
    step->is_optional = true;
    step_reason(planner, step, nowhere, "%s",
                existing->kind->flags & (KIND_DATA | KIND_ARTIFACT) ? "was asked for"
                                                                    : "the project is taken down");
    for (size_t i = 0; usage && i < usage->removals.n; i++)
        step_after(planner, step, usage->removals.items[i]);
}

static void remove_objects(struct planner *planner)
{
    MAP_AUTO(usages);
    STR_AUTO(key);

    note_usage(planner, &usages);
    VEC_EACH (&planner->existing->items, item) {
        const struct existing *existing = *item;
        const struct wanted *wanted = NULL;
        const struct usage *usage;

        if (existing->kind->flags & KIND_RUNS)
            continue;
        if (planner->wanted && existing->key)
            wanted = wanted_find(planner->wanted, existing->kind->name, existing->key);
        print_usage_key(existing->kind, existing->name, existing->id, &key);
        usage = map_find(&usages, key.buf);
        if (is_to_go(planner, existing, wanted, usage))
            remove_object(planner, existing, wanted, usage);
    }
}

void plan_down(struct planner *planner)
{
    remove_units(planner);
    plan_calls(planner, STEP_REMOVE, "the project is taken down");
    order_removals(planner);
    remove_objects(planner);
}
