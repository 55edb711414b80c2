/*
 * plan-steps.c - the building material of a plan: instances, steps, edges, guards, reasons, and the
 * final numbering. Decides nothing. Called by the other plan files.
 */
#include "base/base.h"

#include "plan/plan-parts.h"

#include "base/mem.h"

static const char *const action_names[STEP_ACTION_N_] = {
    [STEP_PULL] = "pull",       [STEP_BUILD] = "build",     [STEP_CREATE] = "create",
    [STEP_UPDATE] = "update",   [STEP_START] = "start",     [STEP_STOP] = "stop",
    [STEP_KILL] = "kill",       [STEP_RESTART] = "restart", [STEP_PAUSE] = "pause",
    [STEP_UNPAUSE] = "unpause", [STEP_REMOVE] = "remove",   [STEP_RENAME] = "rename",
    [STEP_ATTACH] = "attach",   [STEP_DETACH] = "detach",   [STEP_AWAIT] = "await",
    [STEP_HOOK] = "hook",
};

const char *step_action_name(enum step_action action)
{
    return action_names[action];
}

struct instance *planner_instance(struct planner *planner, const struct resource_kind *kind,
                                  const struct wanted *wanted, const struct existing *existing)
{
    struct instance *instance = ARENA_NEW(planner->arena, struct instance);

    instance->kind = kind;
    instance->wanted = wanted;
    instance->existing = existing;
    if (existing) {
        instance->name = existing->name;
        instance->service = existing->service;
        instance->number = existing->number;
        if (existing->id)
            instance->id = mem_dup(existing->id);
    } else {
        instance->name = wanted->name;
        instance->service = wanted->service;
    }
    ARENA_ADD(planner->arena, &planner->plan->instances, instance);
    return instance;
}

struct step *planner_step(struct planner *planner, enum step_action action,
                          struct instance *instance)
{
    struct step *step = ARENA_NEW(planner->arena, struct step);

    step->action = action;
    step->instance = instance;
    ARENA_ADD(planner->arena, &planner->plan->steps, step);
    return step;
}

static void add_edge(struct planner *planner, struct step *step, struct step *before, bool is_soft)
{
    struct step_edge edge = { before, is_soft };

    if (before && before != step)
        ARENA_ADD(planner->arena, &step->after, edge);
}

void step_after(struct planner *planner, struct step *step, struct step *before)
{
    add_edge(planner, step, before, false);
}

void step_after_softly(struct planner *planner, struct step *step, struct step *before)
{
    add_edge(planner, step, before, true);
}

struct step *planner_join(struct planner *planner, const step_list *list)
{
    struct step *join;

    if (list->n < 2)
        return list->n > 0 ? list->items[0] : NULL;
    join = ARENA_NEW(planner->arena, struct step);
    join->action = STEP_JOIN;
    VEC_EACH (list, step)
        step_after(planner, join, *step);
    ARENA_ADD(planner->arena, &planner->plan->joins, join);
    return join;
}

void step_guard(struct planner *planner, struct step *step, const struct chance *only_if,
                const struct chance *unless)
{
    if (only_if && !only_if->is_certain) {
        VEC_EACH (&only_if->if_any, condition) {
            ARENA_ADD(planner->arena, &step->only_if, *condition);
            step_after(planner, step, condition->step);
        }
    }
    if (unless) {
        VEC_EACH (&unless->if_any, condition) {
            ARENA_ADD(planner->arena, &step->unless, *condition);
            step_after(planner, step, condition->step);
        }
    }
}

void planner_settled(struct planner *planner, enum step_action action, struct instance *instance,
                     enum await_condition condition)
{
    struct settled settled = { .action = action, .condition = condition, .instance = instance };

    ARENA_ADD(planner->arena, &planner->plan->settled, settled);
}

struct reason *step_reason(struct planner *planner, struct step *step, struct origin at,
                           const char *fmt, ...)
{
    STR_AUTO(text);
    struct reason reason = { .at = at };
    va_list args;

    va_start(args, fmt);
    str_vprintf(&text, fmt, args);
    va_end(args);
    reason.text = arena_dup(planner->arena, text.buf);
    ARENA_ADD(planner->arena, &step->reasons, reason);
    return &step->reasons.items[step->reasons.n - 1];
}

struct reason *slot_reason(struct planner *planner, struct slot *slot, struct origin at,
                           const char *fmt, ...)
{
    STR_AUTO(text);
    struct reason reason = { .at = at };
    va_list args;

    va_start(args, fmt);
    str_vprintf(&text, fmt, args);
    va_end(args);
    reason.text = arena_dup(planner->arena, text.buf);
    ARENA_ADD(planner->arena, &slot->reasons, reason);
    return &slot->reasons.items[slot->reasons.n - 1];
}

/* "services.web.environment.FOO" */
static const char *field_path(struct planner *planner, const struct wanted *wanted,
                              const char *field)
{
    const char *section = wanted->kind->section;
    const char *key = wanted->service ? wanted->service : wanted->key;

    if (wanted->service && !section)
        section = "services";
    if (!section)
        return field;
    return *field ? arena_printf(planner->arena, "%s.%s.%s", section, key, field)
                  : arena_printf(planner->arena, "%s.%s", section, key);
}

void planner_change_reasons(struct planner *planner, const struct wanted *wanted,
                            const struct change_list *changes, struct slot *slot,
                            struct object *object)
{
    for (size_t i = 0; i < changes->n; i++) {
        const struct change *change = &changes->items[i];
        struct reason reason = {
            .field = field_path(planner, wanted, change->field),
            .old_value = change->old_value,
            .new_value = change->new_value,
            .at = origin_is_set(change->at) ? change->at : wanted->at,
        };

        if (change->effect == CHANGE_IGNORE)
            continue;
        reason.text =
            arena_printf(planner->arena, "%s %s", *change->field ? change->field : "the definition",
                         !change->old_value   ? "was added"
                         : !change->new_value ? "was removed"
                                              : "changed");
        if (slot)
            ARENA_ADD(planner->arena, &slot->reasons, reason);
        else
            ARENA_ADD(planner->arena, &object->reasons, reason);
    }
}

void chance_condition(struct planner *planner, struct chance *chance,
                      struct step_condition condition)
{
    VEC_EACH (&chance->if_any, known) {
        if (known->step == condition.step && text_same(known->old_id, condition.old_id))
            return;
    }
    ARENA_ADD(planner->arena, &chance->if_any, condition);
}

void chance_add(struct planner *planner, struct chance *chance, const struct chance *more)
{
    if (more->is_certain)
        chance->is_certain = true;
    VEC_EACH (&more->if_any, condition)
        chance_condition(planner, chance, *condition);
}

bool chance_is_possible(const struct chance *chance)
{
    return chance->is_certain || chance->if_any.n > 0;
}

void planner_error(struct planner *planner, struct origin at, const char *fmt, ...)
{
    STR_AUTO(text);
    va_list args;

    va_start(args, fmt);
    str_vprintf(&text, fmt, args);
    va_end(args);
    planner->has_failed = true;
    if (planner->findings)
        finding_add(planner->findings, FINDING_ERROR, at, NULL, "%s", text.buf);
}

/* --- edges ----------------------------------------------------------------------------------- */

static void add_predecessor(struct arena *arena, struct step_edge edge, size_t *position,
                            struct step_edges *out)
{
    size_t *at = &position[edge.step->id];

    if (*at > 0) {
        out->items[*at - 1].is_soft = out->items[*at - 1].is_soft && edge.is_soft;
        return;
    }
    ARENA_ADD(arena, out, edge);
    *at = out->n;
}

void plan_predecessors(const struct plan *plan, const struct step *step, struct arena *arena,
                       struct step_edges *out)
{
    CLEANUP(mem_cleanup) size_t *position = MEM_NEW_N(size_t, plan->steps.n + 1);

    out->n = 0;
    VEC_EACH (&step->after, edge) {
        if (edge->step->action != STEP_JOIN) {
            add_predecessor(arena, *edge, position, out);
            continue;
        }
        VEC_EACH (&edge->step->after, joined) {
            struct step_edge through = { joined->step, edge->is_soft };

            add_predecessor(arena, through, position, out);
        }
    }
}

/* --- order ----------------------------------------------------------------------------------- */

struct visit {
    struct step *step;
    size_t next; /* of step->after */
};

#define ID_ON_THE_WAY UINT32_MAX
#define ID_JOIN (UINT32_MAX - 1) /* seen; it gets its own when all steps have theirs */

/* Depth first without recursion; a step's id is its mark: 0 is unseen. */
static int number_from(struct step *root, struct visit *stack, struct step **ordered, unsigned *n)
{
    size_t depth = 0;

    if (root->id != 0)
        return 0;
    stack[depth++] = (struct visit){ root, 0 };
    root->id = ID_ON_THE_WAY;
    while (depth > 0) {
        struct visit *top = &stack[depth - 1];
        struct step *before;

        if (top->next == top->step->after.n) {
            depth--;
            if (top->step->action == STEP_JOIN) {
                top->step->id = ID_JOIN;
                continue;
            }
            ordered[*n] = top->step;
            top->step->id = ++*n;
            continue;
        }
        before = top->step->after.items[top->next++].step;
        if (before->id == ID_ON_THE_WAY)
            return -1;
        if (before->id == 0) {
            before->id = ID_ON_THE_WAY;
            stack[depth++] = (struct visit){ before, 0 };
        }
    }
    return 0;
}

/* One edge between two steps is enough; of a soft and a hard one the hard one stays. */
static void drop_doubles(struct step *step, size_t *position)
{
    size_t kept = 0;

    for (size_t i = 0; i < step->after.n; i++) {
        struct step_edge edge = step->after.items[i];
        size_t *at = &position[edge.step->id];

        if (*at > 0 && *at <= kept && step->after.items[*at - 1].step == edge.step) {
            if (!edge.is_soft)
                step->after.items[*at - 1].is_soft = false;
            continue;
        }
        step->after.items[kept++] = edge;
        *at = kept;
    }
    step->after.n = kept;
}

static bool has_hard_successor(const struct step *step)
{
    VEC_EACH (&step->before, edge) {
        if (!edge->is_soft && (edge->step->action != STEP_JOIN || edge->step->is_hard))
            return true;
    }
    return false;
}

/* Awaiting only for those that can do without is no failure. */
static void mark_optional(struct planner *planner)
{
    VEC_EACH (&planner->plan->joins, item)
        (*item)->is_hard = has_hard_successor(*item);
    VEC_EACH (&planner->plan->steps, item) {
        if ((*item)->action == STEP_AWAIT)
            (*item)->is_optional = (*item)->before.n > 0 && !has_hard_successor(*item);
    }
    VEC_EACH (&planner->waits, wait)
        (*wait)->is_optional = false;
}

static void connect_step(struct planner *planner, struct step *step, size_t *position)
{
    drop_doubles(step, position);
    step->n_waiting = (unsigned)step->after.n + step->after_artifacts;
    VEC_EACH (&step->after, edge) {
        struct step_edge successor = { step, edge->is_soft };

        ARENA_ADD(planner->arena, &edge->step->before, successor);
    }
}

int planner_finish(struct planner *planner, struct err *err)
{
    struct plan *plan = planner->plan;
    size_t n_all = plan->steps.n + plan->joins.n;
    CLEANUP(mem_cleanup) struct visit *stack = MEM_NEW_N(struct visit, n_all + 1);
    CLEANUP(mem_cleanup) size_t *position = MEM_NEW_N(size_t, n_all + 1);
    struct step **ordered = ARENA_NEW_N(planner->arena, struct step *, plan->steps.n + 1);
    unsigned n = 0;

    for (size_t i = 0; i < plan->steps.n; i++) {
        if (number_from(plan->steps.items[i], stack, ordered, &n) != 0)
            return err_set(err, ERR_FAILED, "steps wait for each other in a circle at %s \"%s\"",
                           step_action_name(plan->steps.items[i]->action),
                           plan->steps.items[i]->instance->name);
    }
    plan->steps.items = ordered;
    plan->steps.cap = plan->steps.n + 1;
    VEC_EACH (&plan->joins, join)
        (*join)->id = ++n;
    VEC_EACH (&plan->steps, step)
        connect_step(planner, *step, position);
    VEC_EACH (&plan->joins, join)
        connect_step(planner, *join, position);
    mark_optional(planner);
    return 0;
}
