/*
 * plan.c - plan_make(): what each goal consists of. The parts are in plan-*.c; here is only their
 * order. Pure: no input, no output, no clock. Called by the commands, by tests and by nothing else.
 */
#include "base/base.h"

#include "plan/plan-parts.h"

#include "base/mem.h"

static void plan_up(struct planner *planner)
{
    const struct plan_options *options = planner->options;

    planner_select(planner, !options->no_dependencies, false);
    plan_artifacts(planner);
    plan_objects(planner);
    plan_orphans(planner);
    plan_calls(planner, STEP_CREATE, "is asked each time for what its dependents need");
    plan_places(planner);
    plan_object_users(planner);
    plan_consequences(planner);
    if (planner->has_failed)
        return;
    plan_place_steps(planner);
    plan_other_objects(planner);
    plan_starts(planner);
    if (options->wait && options->goal == GOAL_UP)
        plan_waits(planner);
}

/* Only waits: what exists is what there is. */
static void plan_await(struct planner *planner)
{
    planner_select(planner, false, false);
    VEC_EACH (&planner->units, unit) {
        VEC_EACH (&(*unit)->slots, slot) {
            if ((*slot)->existing->is_one_off || (*slot)->existing->is_helper)
                continue;
            ARENA_ADD(planner->arena, &(*unit)->places, *slot);
        }
    }
    plan_waits(planner);
}

static bool is_artifact(const struct step *step)
{
    return step->action != STEP_JOIN && (step->instance->kind->flags & KIND_ARTIFACT) != 0;
}

/* Waits for nothing, or for artifacts only. */
static bool is_first_after_artifacts(const struct step *step)
{
    if (is_artifact(step))
        return false;
    VEC_EACH (&step->after, edge) {
        if (!is_artifact(edge->step))
            return false;
    }
    return true;
}

/* Nothing is touched before every image is there: what cannot be pulled or built leaves nothing
   half done behind. */
static void put_artifacts_first(struct planner *planner)
{
    bool is_any = false;

    VEC_EACH (&planner->plan->steps, step)
        is_any = is_any || is_artifact(*step);
    VEC_EACH (&planner->plan->steps, step)
        (*step)->after_artifacts = is_any && is_first_after_artifacts(*step);
}

static void plan_goal(struct planner *planner)
{
    const struct plan_options *options = planner->options;

    switch (options->goal) {
    case GOAL_UP:
    case GOAL_CREATE:
        plan_up(planner);
        put_artifacts_first(planner);
        break;
    case GOAL_BUILD:
    case GOAL_PULL:
        planner_select(planner, !options->no_dependencies, false);
        plan_artifacts(planner);
        break;
    case GOAL_AWAIT:
        plan_await(planner);
        break;
    case GOAL_DOWN:
        /* Without a description it is not known who can do without: all that depend on it go, too.
         */
        planner_select(planner, false, !planner->wanted);
        plan_down(planner);
        break;
    case GOAL_START:
        planner_select(planner, !options->no_dependencies, false);
        plan_verb(planner);
        break;
    case GOAL_RESTART:
        planner_select(planner, false, !options->no_dependencies);
        plan_verb(planner);
        break;
    case GOAL_STOP:
    case GOAL_KILL:
    case GOAL_REMOVE:
    case GOAL_PAUSE:
    case GOAL_UNPAUSE:
        planner_select(planner, false, false);
        plan_verb(planner);
        break;
    }
}

int plan_make(const struct wanted_set *wanted, const struct existing_set *existing,
              const struct plan_options *options, struct plan **ret_plan, struct findings *findings,
              struct err *err)
{
    struct arena *arena = arena_new();
    struct plan *plan = ARENA_NEW(arena, struct plan);
    struct planner planner;
    int result = -1;

    plan->arena = arena;
    plan->project = arena_dup(arena, existing->project);
    planner_init(&planner, plan, wanted, existing, options, findings);
    plan_goal(&planner);
    if (planner.has_failed)
        err_set(err, ERR_INPUT, "project \"%s\" cannot be planned", plan->project);
    else
        result = planner_finish(&planner, err);
    planner_release(&planner);
    if (result != 0)
        plan_free(plan);
    else
        *ret_plan = plan;
    return result;
}

void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    VEC_EACH (&plan->instances, instance)
        mem_free((*instance)->id);
    arena_free(plan->arena);
}

bool plan_is_empty(const struct plan *plan)
{
    return plan->steps.n == 0;
}
