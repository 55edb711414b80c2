/*
 * contract-life.c - a project comes up, is looked at, is stopped, started, scaled, and goes.
 */
#include "base/base.h"

#include "contract.h"

#include "base/mem.h"
#include "tap.h"

static const char life_yaml[] = "services:\n"
                                "  web:\n"
                                "    RUNS\n"
                                "    scale: 2\n"
                                "  db:\n"
                                "    RUNS\n"
                                "    HEALTHY\n"
                                "    volumes: [data:@/data]\n"
                                "volumes:\n"
                                "  data: {}\n";
static const char larger_yaml[] = "services:\n"
                                  "  web:\n"
                                  "    RUNS\n"
                                  "    scale: 3\n"
                                  "  db:\n"
                                  "    RUNS\n"
                                  "    HEALTHY\n"
                                  "    volumes: [data:@/data]\n"
                                  "volumes:\n"
                                  "  data: {}\n";

static bool does(struct contract *contract, enum plan_goal goal, const char *what)
{
    CLEANUP(mem_cleanup) char *failure = contract_do(contract, goal);

    if (failure)
        tap_note("%s\n%s", failure, contract->run.log.buf);
    return contract_ok(contract, !failure, what);
}

static bool is_in_state(struct contract *contract, const char *service, int64_t number,
                        enum instance_state state)
{
    const struct existing *instance = contract_instance(contract, service, number);

    return instance && instance->state == state;
}

/* --- lowering -------------------------------------------------------------------------------- */

static void check_lowered(struct contract *contract)
{
    const struct wanted_set *set = &contract->run.wanted;
    struct wanted_set again;
    struct findings findings = FINDINGS_INIT;
    bool is_same = true, is_whole = true, is_indexed = true;

    wanted_set_init(&again, contract->run.project->name);
    contract_ok(contract, contract->ops->lower(contract->run.project, &again, &findings) == 0,
                "it lowers a project twice");
    is_same = again.items.n == set->items.n;
    for (size_t i = 0; i < set->items.n && is_same; i++) {
        const struct wanted *wanted = set->items.items[i], *other = again.items.items[i];

        is_same = text_same(wanted->key, other->key) && text_same(wanted->digest, other->digest) &&
                  text_same(wanted->name, other->name) && wanted->kind == other->kind;
        is_indexed = is_indexed && wanted->index == i &&
                     wanted_find(set, wanted->kind->name, wanted->key) == wanted;
        if (!(wanted->kind->flags & KIND_ARTIFACT))
            is_whole = is_whole && node_is(wanted->spec, NODE_MAP) && wanted->digest;
        if (wanted->kind->flags & KIND_RUNS)
            is_whole = is_whole && wanted->service && origin_is_set(wanted->at);
    }
    contract_ok(contract, is_same, "lowering is deterministic");
    contract_ok(contract, is_whole, "what is wanted has its spec, its digest and its place");
    contract_ok(contract, is_indexed, "what is wanted is found by kind and key");
    findings_release(&findings);
    wanted_set_release(&again);
}

/* --- looking --------------------------------------------------------------------------------- */

static void check_instance(struct contract *contract)
{
    const struct existing *web = contract_instance(contract, "web", 2), *db;
    const struct wanted *wanted;
    STR_AUTO(name);

    if (!contract_ok(contract, web != NULL, "an instance is seen by service and number"))
        return;
    wanted = wanted_find(&contract->run.wanted, web->kind->name, "web");
    str_printf(&name, "%s%c2", wanted->name, wanted->separator);
    contract_ok(contract, text_is(web->name, name.buf), "its name is the wanted one");
    contract_ok(contract, web->id && *web->id, "it has an id");
    contract_ok(contract, web->state == STATE_RUNNING, "it runs");
    contract_ok(contract, web->health == HEALTH_NONE, "without a healthcheck it has no health");
    contract_ok(contract, web->is_listening, "it is said to serve");
    contract_ok(contract,
                text_is(web->digest, wanted->digest) || text_is(web->digest, wanted->digest_old),
                "its digest is the wanted one");
    contract_ok(contract,
                web->created_ns > 0 && (!web->started_ns || web->started_ns >= web->created_ns),
                "its times are told, or 0");
    contract_ok(contract, node_is(web->details, NODE_MAP), "there is something for `ps` to show");
    contract_ok(contract, !web->is_one_off && !web->is_helper && !web->replaces && !web->is_foreign,
                "it is nothing special");
    for (size_t i = 0; i < wanted->depends_on.n; i++) {
        const struct wanted_dependency *dependency = &wanted->depends_on.items[i];
        bool is_bound = dependency->kind != DEPENDS_BOUND && dependency->kind != DEPENDS_ATTACHED;

        for (size_t k = 0; k < web->bindings.n; k++)
            is_bound = is_bound || (web->bindings.items[k].kind == dependency->on->kind &&
                                    text_is(web->bindings.items[k].name, dependency->on->name));
        contract_ok(contract, is_bound, "what it depends on is among its bindings");
    }
    db = contract_instance(contract, "db", 1);
    contract_ok(contract, db && db->health != HEALTH_NONE, "with a healthcheck it has a health");
}

static void check_data(struct contract *contract, const char *what)
{
    contract_ok(contract, contract_count(contract, KIND_DATA) == 1, what);
}

static void check_quiet(struct contract *contract, const char *what)
{
    struct plan_options options = { .goal = GOAL_UP };
    ERR_AUTO(err);
    bool is_quiet = run_project_observe(&contract->run, &err) == 0 &&
                    run_project_plan(&contract->run, &options, &err) == 0 &&
                    plan_is_empty(contract->run.plan);

    if (!is_quiet && contract->run.plan) {
        STR_AUTO(text);

        plan_print(contract->run.plan, &text);
        tap_note("%s", text.buf);
    }
    contract_ok(contract, is_quiet, what);
}

/* --- life ------------------------------------------------------------------------------------ */

void contract_life(struct contract *contract)
{
    if (!contract_load(contract, life_yaml))
        return;
    check_lowered(contract);
    contract_ok(contract, contract_count(contract, KIND_RUNS | KIND_DATA | KIND_ATTACHABLE) == 0,
                "before, there is nothing of the project");
    does(contract, GOAL_CREATE, "it is made");
    contract_ok(contract, is_in_state(contract, "web", 1, STATE_CREATED), "and does not run");
    does(contract, GOAL_UP, "it comes up");
    check_instance(contract);
    check_data(contract, "its volume is seen");
    check_quiet(contract, "another up has nothing to do");
    does(contract, GOAL_STOP, "it is stopped");
    contract_ok(contract, is_in_state(contract, "web", 1, STATE_EXITED), "and has ended");
    contract_ok(contract, contract_instance(contract, "db", 1)->is_exit_known,
                "with an exit code that is known");
    does(contract, GOAL_STOP, "stopping it again is fine");
    does(contract, GOAL_START, "it is started again");
    contract_ok(contract, is_in_state(contract, "web", 2, STATE_RUNNING), "and runs");
    does(contract, GOAL_RESTART, "it is restarted");
    contract_ok(contract, is_in_state(contract, "db", 1, STATE_RUNNING), "and runs");
    check_quiet(contract, "all of that changed nothing of what it is");
    does(contract, GOAL_KILL, "it is killed");
    contract_ok(contract, is_in_state(contract, "web", 1, STATE_EXITED), "and has ended");
    contract_load(contract, larger_yaml);
    does(contract, GOAL_UP, "it comes up with one more");
    contract_ok(contract, contract_count(contract, KIND_RUNS) == 4, "and there is one more");
    contract_load(contract, life_yaml);
    does(contract, GOAL_UP, "and with one less");
    contract_ok(contract, contract_count(contract, KIND_RUNS) == 3, "and there is one less");
    does(contract, GOAL_DOWN, "it is taken down");
    contract_ok(contract, contract_count(contract, KIND_RUNS | KIND_ATTACHABLE) == 0,
                "and nothing of it runs or is attached to");
    check_data(contract, "but its volume is there");
    does(contract, GOAL_DOWN, "taking it down again is fine");
    {
        struct plan_options options = { .goal = GOAL_DOWN, .remove_volumes = true };
        ERR_AUTO(err);

        contract_ok(contract, run_project_do(&contract->run, &options, &err) == 0,
                    "it is taken down with its volume");
        contract_ok(contract, contract_count(contract, KIND_DATA) == 0, "and that is gone");
    }
}
