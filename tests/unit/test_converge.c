/*
 * test_converge.c - random projects, changed at random, brought up on the in-memory operator with
 * one step failing (before or after its effect), each in turn: the next `up` must converge, and no
 * data may be lost on the way. The same for `down`. CONVERGE_SEEDS and CONVERGE_FIRST in the
 * environment say how many.
 */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/vec.h"
#include "operator/memory/memory-parts.h"
#include "run_project.h"
#include "tap.h"

/* --- random projects ------------------------------------------------------------------------- */

#define SERVICES_MAX 5

struct random_service {
    int image, value, replicas, networks, volumes; /* bit sets for the last two */
    int depends_on;                                /* bit set of earlier services */
    int restart, conditions;                       /* bit sets, too */
    int parent;                                    /* shares the network of this one, -1: none */
    bool has_anonymous, is_healthy, is_one_shot, is_fixed, has_hooks, is_always_pulled, is_gone;
};

struct random_project {
    int n;
    int driver; /* of network n0 */
    struct random_service services[SERVICES_MAX];
};

static uint64_t random_state;

static int pick(int n)
{
    random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
    return (int)((random_state >> 33) % (uint64_t)n);
}

static bool chance_of(int percent)
{
    return pick(100) < percent;
}

static void make_service(struct random_project *project, int at)
{
    struct random_service *service = &project->services[at];

    memset(service, 0, sizeof(*service));
    service->image = pick(3);
    service->replicas = 1 + (chance_of(30) ? pick(3) : 0);
    service->networks = 1 + pick(3);
    service->volumes = pick(4);
    service->has_anonymous = chance_of(50);
    service->is_healthy = chance_of(50);
    service->is_one_shot = !service->is_healthy && chance_of(20);
    service->is_fixed = service->replicas == 1 && chance_of(15);
    service->has_hooks = chance_of(20) && !service->is_one_shot;
    service->is_always_pulled = chance_of(20);
    service->parent = -1;
    for (int on = 0; on < at; on++) {
        if (chance_of(40))
            service->depends_on |= 1 << on;
    }
    service->restart = pick(1 << SERVICES_MAX);
    service->conditions = pick(1 << SERVICES_MAX);
    if (at > 0 && chance_of(15)) {
        service->parent = pick(at);
        if (project->services[service->parent].is_one_shot)
            service->parent = -1;
    }
}

static void make_project(struct random_project *project)
{
    project->n = 1 + pick(SERVICES_MAX);
    project->driver = 0;
    for (int i = 0; i < project->n; i++)
        make_service(project, i);
}

static void change_project(struct random_project *project)
{
    project->driver = chance_of(25);
    for (int i = 0; i < project->n; i++) {
        struct random_service *service = &project->services[i];

        if (chance_of(35))
            service->value++;
        if (chance_of(20) && !service->is_fixed)
            service->replicas = 1 + pick(3);
        if (chance_of(10))
            service->networks = 1 + pick(3);
        if (chance_of(10))
            service->image = pick(3);
        if (chance_of(10) && service->replicas == 1)
            service->is_fixed = !service->is_fixed;
    }
    if (project->n < SERVICES_MAX && chance_of(20)) {
        make_service(project, project->n);
        project->n++;
    }
}

static void print_dependencies(const struct random_project *project, int at, struct str *out)
{
    const struct random_service *service = &project->services[at];
    bool is_first = true;

    for (int on = 0; on < at; on++) {
        const struct random_service *other = &project->services[on];
        bool is_strong = (service->conditions >> on) & 1;

        if (!((service->depends_on >> on) & 1))
            continue;
        if (is_first)
            str_add(out, "    depends_on:\n");
        is_first = false;
        str_printf(out, "      s%d: {condition: %s, restart: %s}\n", on,
                   !is_strong           ? "service_started"
                   : other->is_one_shot ? "service_completed_successfully"
                   : other->is_healthy  ? "service_healthy"
                                        : "service_started",
                   (service->restart >> on) & 1 ? "true" : "false");
    }
}

static void print_service(const struct random_project *project, int at, struct str *out)
{
    const struct random_service *service = &project->services[at];

    str_printf(out, "  s%d:\n    image: i%d\n    environment: {V: \"%d\"}\n    scale: %d\n", at,
               service->image, service->value, service->replicas);
    if (service->is_always_pulled)
        str_add(out, "    pull_policy: always\n");
    if (service->is_fixed)
        str_printf(out, "    container_name: fixed-%d\n", at);
    if (service->parent >= 0)
        str_printf(out, "    network_mode: service:s%d\n", service->parent);
    else
        str_printf(out, "    networks: [%s]\n",
                   service->networks == 1   ? "n0"
                   : service->networks == 2 ? "n1"
                                            : "n0, n1");
    if (service->volumes || service->has_anonymous) {
        str_add(out, "    volumes:\n");
        for (int i = 0; i < 2; i++) {
            if ((service->volumes >> i) & 1)
                str_printf(out, "      - v%d:/v%d\n", i, i);
        }
        if (service->has_anonymous)
            str_add(out, "      - /anonymous\n");
    }
    if (service->is_healthy)
        str_add(out, "    healthcheck: {test: \"true\"}\n");
    if (service->is_one_shot)
        str_add(out, "    labels: {memory.exit: \"0\"}\n");
    if (service->has_hooks)
        str_add(out, "    pre_start: [{command: [x]}]\n    post_start: [{command: [x]}]\n"
                     "    pre_stop: [{command: [x]}]\n");
    print_dependencies(project, at, out);
}

static void print_project(const struct random_project *project, struct str *out)
{
    str_clear(out);
    str_add(out, "services:\n");
    for (int i = 0; i < project->n; i++)
        print_service(project, i, out);
    str_printf(out, "networks:\n  n0: {%s}\n  n1: {}\nvolumes: {v0: {}, v1: {}}\n",
               project->driver ? "driver: other" : "");
}

/* --- what must hold -------------------------------------------------------------------------- */

/* Ids of volumes by "name" or "container name/target": what users would miss. */
static void remember_data(struct run_project *run, struct map *out)
{
    NODE_EACH_PAIR (memory_objects(run->handle), pair) {
        const struct node *object = pair->value;
        const struct node *anonymous = node_get(object, "anonymous");
        STR_AUTO(key);

        if (memory_is_kind(object, &memory_volume) && !memory_bool(object, "anonymous"))
            map_set(out, memory_text(object, "name"), (void *)memory_text(object, "id"));
        if (!memory_is_kind(object, &memory_container) || !node_is(anonymous, NODE_MAP))
            continue;
        NODE_EACH_PAIR (anonymous, volume) {
            str_clear(&key);
            str_printf(&key, "%s %lld %s", memory_text(object, "service"),
                       (long long)memory_int(object, "number"), volume->key);
            map_set(out, key.buf, (void *)node_as_text(volume->value));
        }
    }
}

static int count_instances(struct run_project *run, const char *service)
{
    int n = 0;

    NODE_EACH_PAIR (memory_objects(run->handle), pair)
        n += memory_is_kind(pair->value, &memory_container) &&
             text_is(memory_text(pair->value, "service"), service);
    return n;
}

/* NULL when all is well, else what is wrong. */
static const char *check_instances(struct run_project *run, const struct random_project *project,
                                   struct str *text)
{
    MAP_AUTO(seen);

    NODE_EACH_PAIR (memory_objects(run->handle), pair) {
        const struct node *object = pair->value;
        const char *service = memory_text(object, "service");
        STR_AUTO(name);

        if (!memory_is_kind(object, &memory_container))
            continue;
        if (project->services[service[1] - '0'].is_fixed)
            str_printf(&name, "fixed-%c", service[1]);
        else
            str_printf(&name, "p-%s-%lld", service, (long long)memory_int(object, "number"));
        str_printf(text, "%s (%s) ", memory_text(object, "name"), memory_text(object, "state"));
        if (!text_is(name.buf, memory_text(object, "name")))
            return "a wrong name";
        if (memory_text(object, "replaces"))
            return "a temporary instance is left";
        if (map_set(&seen, name.buf, (void *)object))
            return "two of one number";
        if (!text_is(memory_text(object, "state"), "running"))
            return "one does not run";
    }
    for (int i = 0; i < project->n; i++) {
        char service[3] = { 's', (char)('0' + i), '\0' };

        if (count_instances(run, service) != project->services[i].replicas)
            return "a wrong number of instances";
    }
    return NULL;
}

/* Volumes that were there are there; an instance of the same number has the same anonymous ones. */
static const char *check_data(struct run_project *run, const struct map *before)
{
    MAP_AUTO(now);

    remember_data(run, &now);
    MAP_EACH (before, entry) {
        const char *id = map_find(&now, entry->key);

        if (!strchr(entry->key, ' ') && !id)
            return "a volume is gone";
        if (id && !text_is(id, entry->value))
            return "other data than before";
        if (!memory_object_find(run->handle, entry->value))
            return "an anonymous volume is gone";
    }
    return NULL;
}

/* A second `up` does nothing but start what has ended. */
static const char *check_quiet(struct run_project *run, const struct random_project *project)
{
    struct plan_options options = { .goal = GOAL_UP };
    ERR_AUTO(err);

    if (run_project_observe(run, &err) != 0 || run_project_plan(run, &options, &err) != 0)
        return "no second plan";
    VEC_EACH (&run->plan->steps, step) {
        const char *service = (*step)->instance->service;
        bool is_fine = (*step)->action == STEP_PULL || (*step)->only_if.n > 0;

        if (service && (*step)->instance->kind == &memory_container)
            is_fine = is_fine || project->services[service[1] - '0'].is_one_shot;
        if (!is_fine)
            return step_action_name((*step)->action);
    }
    return NULL;
}

/* --- trials ---------------------------------------------------------------------------------- */

struct trial {
    struct random_project before, after;
    const char *renewed; /* environment entry */
    unsigned fault;      /* 0: none */
    bool is_after, is_fatal, is_down;
    unsigned max_in_flight;
    unsigned n_steps; /* result: steps of the faulty run */
};

static const char *run_up(struct run_project *run, struct trial *trial, const char *folder,
                          struct str *text)
{
    struct plan_options up = { .goal = trial->is_down ? GOAL_DOWN : GOAL_UP };
    struct err err = ERR_INIT;
    MAP_AUTO(data);
    STR_AUTO(yaml);
    STR_AUTO(fault);
    const char *problem = NULL;

    remember_data(run, &data);
    print_project(&trial->after, &yaml);
    if (run_project_load(run, folder, "p", yaml.buf) != 0)
        return "the second project does not load";
    str_printf(&fault, "%u%s%s", trial->fault, trial->is_after ? ":after" : "",
               trial->is_fatal ? ":fatal" : "");
    memory_set_fault(run->handle, trial->fault ? fault.buf : NULL, NULL);
    run->is_logging = true;
    run->max_in_flight = trial->max_in_flight;
    if (run_project_do(run, &up, &err) != 0 && !trial->fault)
        problem = "it fails";
    trial->n_steps = memory_steps_begun(run->handle);
    memory_set_fault(run->handle, NULL, NULL);
    str_add(&run->log, "-- again\n");
    if (trial->fault) {
        err_release(&err);
        if (run_project_do(run, &up, &err) != 0)
            problem = "the second attempt fails";
    }
    if (err_is_set(&err))
        str_printf(text, "%s: ", err.text);
    err_release(&err);
    if (!problem)
        problem = check_data(run, &data);
    if (problem)
        return problem;
    if (trial->is_down) {
        for (int i = 0; i < SERVICES_MAX; i++) {
            char service[3] = { 's', (char)('0' + i), '\0' };

            if (count_instances(run, service) != 0)
                return "an instance is left";
        }
        return memory_object_named(run->handle, &memory_network, "p_n0") ? "a network is left"
                                                                         : NULL;
    }
    problem = check_instances(run, &trial->after, text);
    return problem ? problem : check_quiet(run, &trial->after);
}

static bool try(struct trial *trial, const char *folder, unsigned seed)
{
    const char *environment[2] = { trial->renewed, NULL };
    struct plan_options up = { .goal = GOAL_UP };
    struct run_project run;
    const char *problem;
    ERR_AUTO(err);
    STR_AUTO(yaml);
    STR_AUTO(text);

    run_project_open(&run, &memory_ops, environment);
    print_project(&trial->before, &yaml);
    if (run_project_load(&run, folder, "p", yaml.buf) != 0 || run_project_do(&run, &up, &err) != 0)
        problem = "the first up fails";
    else
        problem = run_up(&run, trial, folder, &text);
    if (problem) {
        STR_AUTO(after);

        print_project(&trial->after, &after);
        tap_note("seed %u, %s, fault %u%s%s, %u in flight: %s: %s%s\n%s\n%s\n%s", seed,
                 trial->is_down ? "down" : "up", trial->fault, trial->is_after ? " after" : "",
                 trial->is_fatal ? " fatal" : "", trial->max_in_flight, problem, text.buf,
                 err.text ? err.text : "", yaml.buf, after.buf, run.log.buf);
    }
    run_project_close(&run);
    return !problem;
}

static bool try_seed(unsigned seed, const char *folder, unsigned *n_trials)
{
    struct trial trial = { .renewed = "OCTOCOMPOSE_MEMORY_NEW=i0" };
    unsigned n_steps;

    random_state = seed * 7919ull + 17;
    pick(2);
    make_project(&trial.before);
    trial.after = trial.before;
    change_project(&trial.after);
    trial.is_down = chance_of(20);
    trial.max_in_flight = (unsigned)(1 + pick(4));
    if (!try(&trial, folder, seed))
        return false;
    n_steps = trial.n_steps;
    for (unsigned fault = 1; fault <= n_steps; fault++) {
        for (int kind = 0; kind < 4; kind++) {
            trial.fault = fault;
            trial.is_after = kind & 1;
            trial.is_fatal = kind & 2;
            ++*n_trials;
            if (!try(&trial, folder, seed))
                return false;
        }
    }
    return true;
}

int main(void)
{
    const char *seeds = getenv("CONVERGE_SEEDS"), *first = getenv("CONVERGE_FIRST");
    unsigned n = seeds ? (unsigned)atoi(seeds) : 40, from = first ? (unsigned)atoi(first) : 1;
    unsigned n_trials = 0, n_failed = 0;
    const char *folder = tap_folder();

    for (unsigned seed = from; seed < from + n; seed++) {
        if (!try_seed(seed, folder, &n_trials) && ++n_failed >= 3)
            break;
    }
    tap_note("%u trials with a failing step", n_trials);
    is_int(n_failed, 0);
    return done_testing();
}
