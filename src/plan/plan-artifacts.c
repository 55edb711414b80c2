/*
 * plan-artifacts.c - what is fetched or built (images), by policy. Whether that brings something
 * new is known only when it has been done: the objects made from it get conditions. Called by
 * plan.c.
 */
#include "base/base.h"

#include "plan/plan-parts.h"

/* What is to be done about one artifact. */
struct artifact_work {
    bool pull, build;
    bool is_fallback;   /* build only when the pull failed */
    bool may_pull_fail; /* there is another way to have it */
};

static enum artifact_policy policy_of(const struct planner *planner, const struct wanted *wanted)
{
    const struct plan_options *options = planner->options;

    if (options->build_all && wanted->can_build)
        return ARTIFACT_BUILD;
    return options->has_pull_policy ? options->pull_policy : wanted->policy;
}

static bool is_too_old(const struct planner *planner, const struct object *object)
{
    int64_t age = planner->options->now_ns - object->existing->created_ns;

    return object->existing->created_ns > 0 && age > object->wanted->max_age_ns;
}

static struct artifact_work work_for_up(const struct planner *planner, const struct object *object)
{
    const struct wanted *wanted = object->wanted;
    enum artifact_policy policy = policy_of(planner, wanted);
    bool can_build = wanted->can_build && !planner->options->no_build;
    bool is_there = object->existing != NULL;
    struct artifact_work work = { false, false, false, false };

    if (policy == ARTIFACT_BUILD && can_build) {
        work.build = true;
        return work;
    }
    if (wanted->can_pull)
        work.pull = policy == ARTIFACT_ALWAYS || (policy == ARTIFACT_MISSING && !is_there) ||
                    (policy == ARTIFACT_MAX_AGE && (!is_there || is_too_old(planner, object)));
    work.build = !is_there && can_build;
    work.is_fallback = work.build && work.pull;
    work.may_pull_fail = work.pull && can_build;
    return work;
}

/* `pull` asks for more than `up`: what has no policy of its own is fetched each time, and what is
   there counts as missing when there may be a newer one of its name. */
static bool is_to_be_fetched(const struct planner *planner, const struct object *object)
{
    const struct plan_options *options = planner->options;
    const struct wanted *wanted = object->wanted;

    bool is_missing = !object->existing || wanted->is_moving;

    if (!wanted->can_pull || (options->no_build && wanted->can_build))
        return false;
    if (options->has_pull_policy)
        return options->pull_policy != ARTIFACT_MISSING || is_missing;
    return wanted->is_policy_open || wanted->policy == ARTIFACT_ALWAYS ||
           wanted->policy == ARTIFACT_MAX_AGE || (wanted->policy == ARTIFACT_MISSING && is_missing);
}

static struct artifact_work work_for(const struct planner *planner, const struct object *object)
{
    const struct plan_options *options = planner->options;
    const struct wanted *wanted = object->wanted;
    struct artifact_work work = { false, false, false, false };

    if (options->goal == GOAL_BUILD) {
        work.build = wanted->can_build;
    } else if (options->goal == GOAL_PULL) {
        work.pull = is_to_be_fetched(planner, object);
    } else {
        work = work_for_up(planner, object);
    }
    return work;
}

static void explain(struct planner *planner, const struct object *object, struct step *step)
{
    const struct wanted *wanted = object->wanted;

    if (planner->options->goal == GOAL_PULL || planner->options->goal == GOAL_BUILD)
        step_reason(planner, step, wanted->at, "was asked for");
    else if (!object->existing)
        step_reason(planner, step, wanted->at, "does not exist");
    else if (step->action == STEP_BUILD)
        step_reason(planner, step, wanted->at, "is to be built each time");
    else if (policy_of(planner, wanted) == ARTIFACT_MAX_AGE)
        step_reason(planner, step, wanted->at, "is older than its pull policy allows");
    else
        step_reason(planner, step, wanted->at, "is to be pulled each time");
}

static struct step *add_work(struct planner *planner, struct object *object,
                             enum step_action action)
{
    struct step_condition condition = { .old_id = object->existing ? object->existing->id : NULL };
    struct step *step = planner_step(planner, action, object->old);

    explain(planner, object, step);
    VEC_EACH (&object->wanted->depends_on, dependency) {
        struct object *on = planner->object_of[dependency->on->index];

        if (on)
            step_after(planner, step, on->ready);
    }
    condition.step = step;
    chance_condition(planner, &object->changed, condition);
    object->ready = step;
    return step;
}

static void plan_artifact(struct planner *planner, struct object *object)
{
    const struct wanted *wanted = object->wanted;
    struct artifact_work work;
    struct step *pull = NULL;

    object->existing = object->matches.n > 0 ? object->matches.items[0] : NULL;
    object->old = planner_instance(planner, wanted->kind, wanted, object->existing);
    work = work_for(planner, object);
    if (work.pull) {
        pull = add_work(planner, object, STEP_PULL);
        pull->is_optional = work.may_pull_fail;
    }
    if (work.build) {
        struct step *build = add_work(planner, object, STEP_BUILD);

        if (work.is_fallback) {
            struct step_condition pulled = { .step = pull, .is_any_end = true };

            step_after_softly(planner, build, pull);
            ARENA_ADD(planner->arena, &build->unless, pulled);
        }
    }
    if (!object->ready && !object->existing && planner->options->goal != GOAL_PULL &&
        planner->options->goal != GOAL_BUILD)
        planner_error(planner, wanted->at,
                      "%s \"%s\" does not exist and may be neither pulled nor built",
                      wanted->kind->name, wanted->name);
}

/* An artifact that others are built from comes before them. */
static void plan_with_dependencies(struct planner *planner, struct object *object)
{
    if (object->old)
        return;
    VEC_EACH (&object->wanted->depends_on, dependency) {
        struct object *on = planner->object_of[dependency->on->index];

        if (on && (on->wanted->kind->flags & KIND_ARTIFACT))
            plan_with_dependencies(planner, on);
    }
    plan_artifact(planner, object);
}

void plan_artifacts(struct planner *planner)
{
    VEC_EACH (&planner->objects, object) {
        if ((*object)->is_selected && ((*object)->wanted->kind->flags & KIND_ARTIFACT))
            plan_with_dependencies(planner, *object);
    }
}
