/*
 * twins.c - before API 1.44 an Engine looks for a network's name first and stores the network when
 * its bridge is made, 50 to 200 ms later: when a run was killed in between, the one that it asked
 * for and the one that the next run makes both come to be. What is made is looked up here, once
 * right after it was made and once when the first container has started, and what appeared beside
 * it goes. Called by apply-object.c and apply-run.c; no calls are made on newer Engines.
 */
#include "base/base.h"

#include "operator/docker/task.h"

#define API_UNIQUE_NETWORKS 44

struct twins {
    struct task *task;
    MODEL_LIST(struct docker_network) networks;
    MODEL_LIST(const char *) ids; /* what is to be removed yet */
};

static bool can_have_twins(const struct docker *docker)
{
    return engine_api(docker->engine) < API_UNIQUE_NETWORKS && !engine_is_podman(docker->engine);
}

void twins_note(struct task *task)
{
    struct docker *docker = task->docker;
    const struct instance *instance = task->step->instance;

    if (!can_have_twins(docker))
        return;
    struct docker_network network = { arena_dup(docker->arena, instance->name),
                                      arena_dup(docker->arena, instance->wanted->key),
                                      arena_dup(docker->arena, instance->id) };
    VEC_ADD(&docker->networks, network);
}

static bool is_twin(const struct twins *twins, const struct node *item)
{
    VEC_EACH (&twins->networks, network) {
        if (text_is(get_text(item, "Name"), network->name) &&
            text_is(docker_item_label(item, LABEL_NETWORK), network->key))
            return !text_is(get_text(item, "Id"), network->id);
    }
    return false;
}

static void remove_next(struct twins *twins);

/* What is in use stays, and so does what cannot be removed now: the next plan sees it. */
static void on_removed(void *arg, struct engine_answer *answer ATTR_UNUSED,
                       struct err *err ATTR_UNUSED)
{
    struct twins *twins = arg;
    twins->task->call = NULL;
    remove_next(twins);
}

static void remove_next(struct twins *twins)
{
    struct task *task = twins->task;

    if (twins->ids.n == 0) {
        task_done(task, STEP_DONE);
        return;
    }
    const char *id = twins->ids.items[--twins->ids.n];
    task->call = engine_call(task->docker->engine, "DELETE", task_path(task, "/networks/%s", id),
                             NULL, task_what(task), NULL, on_removed, twins);
}

static void on_list(void *arg, struct engine_answer *answer, struct err *err)
{
    struct twins *twins = arg;
    struct task *task = twins->task;

    task->call = NULL;
    if (!call_failed(err) && node_is(answer->node, NODE_LIST)) {
        NODE_EACH_ITEM (answer->node, item)
            if (is_twin(twins, *item) && get_text(*item, "Id"))
                ARENA_ADD(task->arena, &twins->ids, arena_dup(task->arena, get_text(*item, "Id")));
    }
    remove_next(twins);
}

void twins_look(struct task *task, bool is_last)
{
    struct docker *docker = task->docker;
    const struct docker_wanted *payload = task_payload(task);
    STR_AUTO(path);

    if (!docker->networks.n || !payload) {
        task_done(task, STEP_DONE);
        return;
    }
    struct twins *twins = ARENA_NEW(task->arena, struct twins);
    twins->task = task;
    VEC_EACH (&docker->networks, network)
        ARENA_ADD(task->arena, &twins->networks, *network);
    if (is_last)
        docker->networks.n = 0;
    str_add(&path, "/networks?");
    docker_project_filter(payload->project->name, &path);
    task->call =
        engine_call(docker->engine, "GET", path.buf, NULL, "networks", NULL, on_list, twins);
}
