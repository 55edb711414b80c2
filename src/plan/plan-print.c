/*
 * plan-print.c - a plan as text for people and as JSON for programs. Secrets are masked in both.
 * Called by the `plan` command and by --dry-run.
 */
#include "base/base.h"

#include "plan/plan.h"

#define VALUE_MAX 60 /* bytes of a value that are printed */

static const char marks[STEP_ACTION_N_] = {
    [STEP_PULL] = '+',   [STEP_BUILD] = '+',   [STEP_CREATE] = '+', [STEP_UPDATE] = '~',
    [STEP_START] = '>',  [STEP_STOP] = '.',    [STEP_KILL] = '.',   [STEP_RESTART] = '>',
    [STEP_PAUSE] = '.',  [STEP_UNPAUSE] = '>', [STEP_REMOVE] = '-', [STEP_RENAME] = '~',
    [STEP_ATTACH] = '~', [STEP_DETACH] = '~',  [STEP_AWAIT] = '?',  [STEP_HOOK] = '>',
};

static void print_value(const struct node *value, struct str *out)
{
    STR_AUTO(text);

    if (!value) {
        str_add(out, "nothing");
        return;
    }
    jwrite_node_text(value, JWRITE_MASK, &text);
    if (text.len <= VALUE_MAX) {
        str_add(out, text.buf);
        return;
    }
    str_add_len(out, text.buf, text_utf8_valid(text.buf, VALUE_MAX));
    str_add(out, "...");
}

static void print_origin(struct origin at, struct str *out)
{
    if (!origin_is_set(at))
        return;
    str_add(out, " (");
    origin_print(at, out);
    str_add_char(out, ')');
}

static void print_reason(const struct reason *reason, struct str *out)
{
    str_add(out, "    ");
    if (reason->field) {
        str_printf(out, "%s: ", reason->field);
        print_value(reason->old_value, out);
        str_add(out, " -> ");
        print_value(reason->new_value, out);
    } else {
        str_add(out, reason->text);
    }
    print_origin(reason->at, out);
    str_add_char(out, '\n');
}

static void print_conditions(const struct step *step, struct str *out)
{
    for (size_t i = 0; i < step->only_if.n; i++) {
        const struct step *on = step->only_if.items[i].step;

        str_printf(out, "%s %s %s \"%s\" brings something new", i == 0 ? ", only if" : " or",
                   step_action_name(on->action), on->instance->kind->name, on->instance->name);
    }
    for (size_t i = 0; i < step->unless.n; i++) {
        const struct step_condition *condition = &step->unless.items[i];

        str_printf(out, "%s %s %s \"%s\" %s", i == 0 ? ", unless" : " or",
                   step_action_name(condition->step->action), condition->step->instance->kind->name,
                   condition->step->instance->name,
                   condition->is_any_end ? "works" : "brings something new");
    }
}

static void print_step(const struct step *step, struct str *out)
{
    static const char *const conditions[AWAIT_CONDITION_N_] = {
        [AWAIT_HEALTHY] = "healthy",
        [AWAIT_COMPLETED] = "completed",
        [AWAIT_RUNNING_OR_HEALTHY] = "running or healthy",
        [AWAIT_STOPPED] = "stopped",
    };
    static const char *const phases[HOOK_PHASE_N_] = { "pre_start", "post_start", "pre_stop" };

    str_printf(out, "%c %s %s %s", marks[step->action], step_action_name(step->action),
               step->instance->kind->name, step->instance->name);
    if (step->temporary_name)
        str_printf(out, " as %s", step->temporary_name);
    if (step->action == STEP_ATTACH)
        str_printf(out, " to %s %s", step->other->kind->name, step->other->name);
    if (step->action == STEP_DETACH)
        str_printf(out, " from %s %s", step->other->kind->name, step->other->name);
    if (step->action == STEP_AWAIT)
        str_printf(out, " until %s", conditions[step->condition]);
    if (step->action == STEP_HOOK)
        str_printf(out, " %s[%u]", phases[step->phase], step->hook);
    if (step->role == ROLE_REPLACED)
        str_add(out, " (the old one)");
    print_conditions(step, out);
    str_add_char(out, '\n');
    for (size_t i = 0; i < step->reasons.n; i++)
        print_reason(&step->reasons.items[i], out);
}

struct left_alone {
    const struct existing *const *items;
    size_t n;
    const char *text;
};

static void print_left_alone(const struct left_alone *list, struct str *out)
{
    for (size_t i = 0; i < list->n; i++)
        str_printf(out, "! %s %s %s\n", list->items[i]->kind->name, list->items[i]->name,
                   list->text);
}

void plan_print(const struct plan *plan, struct str *out)
{
    const struct left_alone lists[] = {
        { plan->data_conflicts.items, plan->data_conflicts.n,
          "differs from its definition and is left as it is, for it holds data" },
        { plan->orphans.items, plan->orphans.n, "belongs to no service of the project" },
        { plan->foreign.items, plan->foreign.n,
          "was not made by this project and is used as it is" },
        { plan->in_use.items, plan->in_use.n, "is still in use" },
    };

    for (size_t i = 0; i < plan->steps.n; i++)
        print_step(plan->steps.items[i], out);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        print_left_alone(&lists[i], out);
    if (plan->steps.n == 0)
        str_add(out, "nothing to do\n");
    else
        str_printf(out, "%zu %s\n", plan->steps.n, plan->steps.n == 1 ? "step" : "steps");
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void write_ids(struct jwrite *w, const char *key, const struct step_condition *conditions,
                      size_t n)
{
    if (n == 0)
        return;
    jwrite_key(w, key);
    jwrite_list(w);
    for (size_t i = 0; i < n; i++)
        jwrite_uint(w, conditions[i].step->id);
    jwrite_list_end(w);
}

static void write_reason(struct jwrite *w, const struct reason *reason)
{
    STR_AUTO(at);

    jwrite_map(w);
    jwrite_key_text(w, "text", reason->text);
    if (reason->field) {
        jwrite_key_text(w, "field", reason->field);
        jwrite_key(w, "old");
        if (reason->old_value)
            jwrite_node(w, reason->old_value);
        else
            jwrite_null(w);
        jwrite_key(w, "new");
        if (reason->new_value)
            jwrite_node(w, reason->new_value);
        else
            jwrite_null(w);
    }
    if (origin_is_set(reason->at)) {
        origin_print(reason->at, &at);
        jwrite_key_text(w, "at", at.buf);
    }
    jwrite_map_end(w);
}

static void write_predecessors(struct jwrite *w, const struct plan *plan, const struct step *step)
{
    struct arena *arena = arena_new();
    struct step_edges edges = { NULL, 0, 0 };

    plan_predecessors(plan, step, arena, &edges);
    jwrite_key(w, "after");
    jwrite_list(w);
    for (size_t i = 0; i < edges.n; i++)
        jwrite_uint(w, edges.items[i].step->id);
    jwrite_list_end(w);
    arena_free(arena);
}

static void write_step(struct jwrite *w, const struct plan *plan, const struct step *step)
{
    jwrite_map(w);
    jwrite_key_int(w, "id", step->id);
    jwrite_key_text(w, "action", step_action_name(step->action));
    jwrite_key_text(w, "kind", step->instance->kind->name);
    jwrite_key_text(w, "resource", step->instance->name);
    if (step->instance->service)
        jwrite_key_text(w, "service", step->instance->service);
    if (step->instance->number > 0)
        jwrite_key_int(w, "number", step->instance->number);
    if (step->temporary_name)
        jwrite_key_text(w, "temporary_name", step->temporary_name);
    if (step->other)
        jwrite_key_text(w, "other", step->other->name);
    if (step->role != ROLE_PLAIN)
        jwrite_key_text(w, "role", step->role == ROLE_REPLACED ? "replaced" : "replacement");
    write_predecessors(w, plan, step);
    if (step->after_artifacts)
        jwrite_key_bool(w, "after_artifacts", true);
    write_ids(w, "conditional_on", step->only_if.items, step->only_if.n);
    write_ids(w, "unless", step->unless.items, step->unless.n);
    jwrite_key(w, "reasons");
    jwrite_list(w);
    for (size_t i = 0; i < step->reasons.n; i++)
        write_reason(w, &step->reasons.items[i]);
    jwrite_list_end(w);
    jwrite_map_end(w);
}

void plan_write(const struct plan *plan, const char *operator_name, struct jwrite *w)
{
    jwrite_map(w);
    jwrite_key_text(w, "project", plan->project);
    jwrite_key_text(w, "operator", operator_name);
    jwrite_key(w, "steps");
    jwrite_list(w);
    for (size_t i = 0; i < plan->steps.n; i++)
        write_step(w, plan, plan->steps.items[i]);
    jwrite_list_end(w);
    jwrite_key_int(w, "changes", (int64_t)plan->steps.n);
    jwrite_map_end(w);
}
