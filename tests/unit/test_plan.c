/*
 * test_plan.c - the plan as a table: what exists, what is wanted, and every step that follows.
 */
#include "base/base.h"

#include "plan/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "plan_fixture.h"
#include "tap.h"

struct plan_case {
    const char *name;
    const char *before; /* the definition that was up; NULL: nothing exists */
    const char *edits;  /* what happened since */
    const char *after;  /* the definition now; NULL: none (down without a description) */
    struct plan_options options;
    const char *steps; /* expected; or the findings, when it must fail */
};

#define SERVICES(...)     \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }

static const struct plan_case cases[] = {
#include "plan_cases.inc"
};

/* The steps, what was left alone, or the errors. */
static void outcome(const struct plan_case *c, struct str *out)
{
    struct wanted_set before, after;
    struct existing_set existing;
    struct findings findings = FINDINGS_INIT;
    struct plan *plan = NULL;
    struct plan_options options = c->options;
    ERR_AUTO(err);

    options.now_ns = 1000000ll * 1000000000;
    fixture_wanted(c->before ? c->before : "{}", &before);
    fixture_existing(&before, c->edits, &existing);
    fixture_wanted(c->after ? c->after : "{}", &after);
    if (plan_make(c->after ? &after : NULL, &existing, &options, &plan, &findings, &err) == 0) {
        fixture_steps(plan, out);
        for (size_t i = 0; i < plan->settled.n; i++)
            str_printf(out, "already %s %s\n", step_action_name(plan->settled.items[i].action),
                       plan->settled.items[i].instance->name);
        for (size_t i = 0; i < plan->data_conflicts.n; i++)
            str_printf(out, "conflict %s\n", plan->data_conflicts.items[i]->name);
        for (size_t i = 0; i < plan->orphans.n; i++)
            str_printf(out, "orphan %s\n", plan->orphans.items[i]->name);
        for (size_t i = 0; i < plan->foreign.n; i++)
            str_printf(out, "foreign %s\n", plan->foreign.items[i]->name);
        for (size_t i = 0; i < plan->in_use.n; i++)
            str_printf(out, "in use %s\n", plan->in_use.items[i]->name);
    } else if (findings.n_errors == 0) {
        str_printf(out, "error: %s\n", err.text);
    }
    for (size_t i = 0; i < findings.n; i++) {
        origin_print(findings.items[i].at, out);
        str_printf(out, ": %s\n", findings.items[i].text);
    }
    plan_free(plan);
    findings_release(&findings);
    existing_set_release(&existing);
    wanted_set_release(&before);
    wanted_set_release(&after);
}

/* A chain of services by tens, each on a network and with a volume: what a plan costs. */
static void large_yaml(int n, struct str *out)
{
    str_add(out, "networks: {default: {}}\nvolumes: {data: {}}\nservices:\n");
    for (int i = 0; i < n; i++) {
        str_printf(out, "  s%05d: {image: i%d, networks: [default], volumes: [data]", i, i % 100);
        if (i % 10)
            str_printf(out, ", depends_on: {s%05d: {condition: healthy, restart: true}}", i - 1);
        str_add(out, "}\n");
    }
}

static int64_t timed(const struct wanted_set *wanted, const struct existing_set *existing,
                     enum plan_goal goal, size_t *ret_n)
{
    struct plan_options options = { .goal = goal };
    struct plan *plan = NULL;
    ERR_AUTO(err);
    /* Of this process: other work on the machine does not count. */
    clock_t start = clock();
    int64_t time;

    if (plan_make(wanted, existing, &options, &plan, NULL, &err) != 0)
        return -1;
    time = (int64_t)(clock() - start) * (1000000000 / CLOCKS_PER_SEC);
    *ret_n = plan->steps.n;
    plan_free(plan);
    return time;
}

static void test_cost(void)
{
    STR_AUTO(yaml);
    struct wanted_set wanted, nothing;
    struct existing_set none, all;
    size_t n = 0;
    int64_t first, second, down;

    large_yaml(10000, &yaml);
    fixture_wanted(yaml.buf, &wanted);
    fixture_wanted("{}", &nothing);
    fixture_existing(&nothing, "", &none);
    fixture_existing(&wanted, "", &all);
    first = timed(&wanted, &none, GOAL_UP, &n);
    is_int((int64_t)n, 100 + 2 + 10000 * 2 + 9000);
    second = timed(&wanted, &all, GOAL_UP, &n);
    is_int((int64_t)n, 9000); /* none is seen to be healthy: they are waited for, nothing else */
    down = timed(&wanted, &all, GOAL_DOWN, &n);
    is_int((int64_t)n, 20001);
    tap_note("10,000 services: first up %.1f ms, no-op %.1f ms, down %.1f ms", (double)first / 1e6,
             (double)second / 1e6, (double)down / 1e6);
    existing_set_release(&none);
    existing_set_release(&all);
    wanted_set_release(&nothing);
    wanted_set_release(&wanted);
}

struct cost {
    size_t n_steps, n_edges;
    double ms;
};

static void measure(const struct wanted_set *wanted, const struct existing_set *existing,
                    enum plan_goal goal, struct cost *ret_cost)
{
    struct plan_options options = { .goal = goal };
    struct plan *plan = NULL;
    ERR_AUTO(err);
    clock_t start = clock();

    ok(plan_make(wanted, existing, &options, &plan, NULL, &err) == 0);
    ret_cost->ms = (double)(clock() - start) * 1000 / CLOCKS_PER_SEC;
    ret_cost->n_steps = plan->steps.n;
    ret_cost->n_edges = 0;
    for (size_t i = 0; i < plan->steps.n; i++)
        ret_cost->n_edges += plan->steps.items[i]->after.n;
    for (size_t i = 0; i < plan->joins.n; i++)
        ret_cost->n_edges += plan->joins.items[i]->after.n;
    plan_free(plan);
}

/* Replicas that all wait for all of another service cost what they are, not their product. */
static void test_replicas(void)
{
    static const struct {
        const char *name, *edits;
        enum plan_goal goal;
        const char *changed;
    } rows[] = {
        { "first up", NULL, GOAL_UP, "" }, { "start", "exited 0", GOAL_START, "" },
        { "stop", "", GOAL_STOP, "" },     { "restart", "", GOAL_RESTART, "" },
        { "down", "", GOAL_DOWN, "" },     { "all replaced", "", GOAL_UP, ", a: 1" },
    };
    static const char yaml[] =
        "services:\n"
        "  a: {image: one, replicas: 500%s}\n"
        "  b: {image: one, replicas: 500, depends_on: {a: {condition: healthy, restart: true}}}\n";

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        STR_AUTO(before);
        STR_AUTO(after);
        STR_AUTO(edits);
        struct wanted_set wanted, old_wanted;
        struct existing_set existing;
        struct cost cost;

        str_printf(&before, yaml, "");
        str_printf(&after, yaml, rows[i].changed);
        for (int k = 1; rows[i].edits && *rows[i].edits && k <= 500; k++)
            str_printf(&edits, "p-a-%d %s; p-b-%d %s;", k, rows[i].edits, k, rows[i].edits);
        fixture_wanted(rows[i].edits ? before.buf : "{}", &old_wanted);
        fixture_wanted(after.buf, &wanted);
        fixture_existing(&old_wanted, edits.buf, &existing);
        measure(&wanted, &existing, rows[i].goal, &cost);
        ok(cost.n_steps >= 1000 && cost.n_edges < 4 * cost.n_steps);
        tap_note("2 x 500 replicas, %s: %zu steps, %zu edges, %.1f ms", rows[i].name, cost.n_steps,
                 cost.n_edges, cost.ms);
        existing_set_release(&existing);
        wanted_set_release(&wanted);
        wanted_set_release(&old_wanted);
    }
}

/* With PLAN_CASES_PRINT set, prints what comes out instead: to be read, then put into the table. */
int main(void)
{
    bool is_print = getenv("PLAN_CASES_PRINT") != NULL;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        STR_AUTO(got);

        outcome(&cases[i], &got);
        if (is_print)
            printf("--- %s\n%s", cases[i].name, got.buf);
        else
            tap_text(got.buf, cases[i].steps, cases[i].name, __FILE__, __LINE__);
    }
    if (!is_print) {
        test_cost();
        test_replicas();
    }
    return is_print ? 0 : done_testing();
}
