/*
 * memory-step.c - the steps of the in-memory operator: each takes its time, may be made to fail or
 * to kill the process before or after its effect, and keeps the rules that a real backend has
 * (names are unique, what is in use cannot be removed, ...).
 */
#include "base/base.h"

#include "operator/memory/memory-parts.h"

#include <signal.h>

#include "base/clock.h"
#include "base/mem.h"

#define AWAIT_POLL_MS 20 /* another command may change a shared state */

struct memory_task {
    struct memory *memory;
    struct step *step;
    step_done_fn done;
    void *arg;
    struct loop_source *timer;
    unsigned number;
    int64_t deadline_ns; /* of an AWAIT, 0: none */
};

typedef int (*effect_fn)(struct memory *memory, struct step *step, enum step_status *status,
                         struct err *err);

static const struct origin nowhere;

/* --- helpers --------------------------------------------------------------------------------- */

static struct node *object_of(struct memory *memory, const struct instance *instance,
                              struct err *err)
{
    struct node *object = memory_object_find(memory, instance->id);

    if (!object)
        err_set(err, ERR_NOT_FOUND, "no such %s: \"%s\"", instance->kind->name, instance->name);
    return object;
}

static const char *project_of(const struct instance *instance)
{
    return instance->wanted ? instance->wanted->payload : NULL;
}

static void set_state(struct memory *memory, struct node *object, enum instance_state state)
{
    memory_set_text(memory, object, "state", instance_state_names[state]);
}

static bool is_running(const struct node *object)
{
    struct memory_condition condition;

    memory_look(object, &condition);
    return condition.state == STATE_RUNNING || condition.state == STATE_PAUSED;
}

static void end_run(struct memory *memory, struct node *object, int64_t code, const char *action)
{
    set_state(memory, object, STATE_EXITED);
    memory_set_int(memory, object, "exit", code);
    memory_set_int(memory, object, "finished", clock_wall_ns());
    memory_event(memory, object, "die");
    memory_event(memory, object, action);
}

static const struct node *binding_named(const struct node *object, const char *id)
{
    const struct node *bindings = node_get(object, "bindings");

    if (!node_is(bindings, NODE_LIST))
        return NULL;
    NODE_EACH_ITEM (bindings, item) {
        if (text_is(memory_text(*item, "id"), id))
            return *item;
    }
    return NULL;
}

static void add_binding(struct memory *memory, struct node *object, const char *kind,
                        const char *name, const char *id)
{
    struct node *bindings = node_get(object, "bindings");
    struct node *binding = node_map(memory->arena, nowhere);

    if (!bindings) {
        bindings = node_list(memory->arena, nowhere);
        node_set(memory->arena, object, "bindings", nowhere, bindings);
    }
    memory_set_text(memory, binding, "kind", kind);
    memory_set_text(memory, binding, "name", name);
    memory_set_text(memory, binding, "id", id);
    node_add(memory->arena, bindings, binding);
}

/* Another object that is bound to the id, or NULL. */
static const struct node *user_of(struct memory *memory, const char *id, bool only_running)
{
    NODE_EACH_PAIR (memory_objects(memory), pair) {
        if (binding_named(pair->value, id) && (!only_running || is_running(pair->value)))
            return pair->value;
    }
    return NULL;
}

/* --- artifacts ------------------------------------------------------------------------------- */

static int fetch(struct memory *memory, struct step *step, enum step_status *status,
                 struct err *err)
{
    struct instance *instance = step->instance;
    struct node *object = memory_object_named(memory, &memory_image, instance->name);
    const char *before = object ? memory_text(object, "content") : NULL;
    STR_AUTO(in_list);
    STR_AUTO(content);
    int64_t version = object ? memory_int(object, "version") : 1;

    if (text_starts(instance->name, "missing"))
        return err_set(err, ERR_NOT_FOUND, "no such image: \"%s\"", instance->name);
    if (!object) {
        object = memory_object_add(memory, &memory_image, instance->name);
        memory_set_text(memory, object, "key", instance->name);
        if (step->action == STEP_BUILD)
            memory_set_text(memory, object, "project", project_of(instance));
    }
    str_printf(&in_list, ",%s,", instance->name);
    if (before && strstr(memory->renewed, in_list.buf))
        version++;
    str_printf(&content, "sha256:%016llx%08lld",
               (unsigned long long)text_hash(instance->name, strlen(instance->name)),
               (long long)version);
    *status = text_is(before, content.buf) ? STEP_UNCHANGED : STEP_DONE;
    memory_set_int(memory, object, "version", version);
    memory_set_text(memory, object, "content", content.buf);
    memory_set_int(memory, object, "created", clock_wall_ns());
    mem_free(instance->id);
    instance->id = mem_dup(content.buf);
    return 0;
}

/* --- create ---------------------------------------------------------------------------------- */

/* The object that a dependency means: the first of the step's uses that is there. */
static const struct instance *used_instance(struct memory *memory, const struct step *step,
                                            const struct wanted *on)
{
    VEC_EACH (&step->uses, use) {
        if ((*use)->wanted != on || !(*use)->id)
            continue;
        if ((on->kind->flags & KIND_ARTIFACT) || memory_object_find(memory, (*use)->id))
            return *use;
    }
    return NULL;
}

static int bind_dependencies(struct memory *memory, struct step *step, struct node *object,
                             struct err *err)
{
    struct node *recorded = node_list(memory->arena, nowhere);

    VEC_EACH (&step->instance->wanted->depends_on, dependency) {
        const struct wanted *on = dependency->on;
        const struct instance *use;

        if (dependency->kind == DEPENDS_RUNNING) {
            struct node *item = node_map(memory->arena, nowhere);

            memory_set_text(memory, item, "service", on->service);
            memory_set_int(memory, item, "condition", dependency->condition);
            memory_set_bool(memory, item, "restart", dependency->restart);
            node_add(memory->arena, recorded, item);
            continue;
        }
        use = used_instance(memory, step, on);
        if (!use)
            return err_set(err, ERR_NOT_FOUND, "no such %s: \"%s\"", on->kind->name, on->name);
        add_binding(memory, object, on->kind->name,
                    on->kind->flags & KIND_RUNS ? use->name : on->name, use->id);
    }
    node_set(memory->arena, object, "depends_on", nowhere, recorded);
    return 0;
}

/* Anonymous volumes: those of the instance that is replaced go on, others are new. */
static void add_anonymous(struct memory *memory, struct step *step, struct node *object)
{
    const struct node *mounts = node_get_path(object, "spec", "volumes", NULL);
    const struct node *old =
        step->inherit && step->other ? memory_object_find(memory, step->other->id) : NULL;
    struct node *anonymous = node_map(memory->arena, nowhere);

    if (!node_is(mounts, NODE_LIST))
        return;
    NODE_EACH_ITEM (mounts, mount) {
        const char *target = memory_text(*mount, "target");
        const char *id;

        if (!text_is(memory_text(*mount, "type"), "volume") || memory_text(*mount, "source") ||
            !target)
            continue;
        id = memory_text(node_get(old, "anonymous"), target);
        if (!id) {
            struct node *volume = memory_object_add(memory, &memory_volume, "anonymous");

            memory_set_bool(memory, volume, "anonymous", true);
            id = memory_text(volume, "id");
            memory_set_text(memory, volume, "name", id);
        }
        memory_set_text(memory, anonymous, target, id);
    }
    node_set(memory->arena, object, "anonymous", nowhere, anonymous);
}

static int create_container(struct memory *memory, struct step *step, struct node *object,
                            struct err *err)
{
    const struct instance *instance = step->instance;

    memory_set_text(memory, object, "service", instance->service);
    memory_set_int(memory, object, "number", instance->number);
    memory_set_text(memory, object, "state", instance_state_names[STATE_CREATED]);
    if (step->temporary_name)
        memory_set_text(memory, object, "replaces", instance->name);
    if (bind_dependencies(memory, step, object, err) != 0)
        return -1;
    add_anonymous(memory, step, object);
    memory_event(memory, object, "create");
    return 0;
}

static int create(struct memory *memory, struct step *step, enum step_status *status,
                  struct err *err)
{
    struct instance *instance = step->instance;
    const struct wanted *wanted = instance->wanted;
    const char *name = step->temporary_name ? step->temporary_name : instance->name;
    struct node *object;

    (void)status;
    if (memory_object_named(memory, instance->kind, name))
        return err_set(err, ERR_CONFLICT, "the name \"%s\" is in use", name);
    object = memory_object_add(memory, instance->kind, name);
    memory_set_text(memory, object, "key", wanted->key);
    memory_set_text(memory, object, "digest", wanted->digest);
    if (wanted->spec)
        node_set(memory->arena, object, "spec", nowhere, node_copy(memory->arena, wanted->spec));
    memory_set_text(memory, object, "project", project_of(instance));
    if (instance->kind == &memory_container && create_container(memory, step, object, err) != 0) {
        memory_object_remove(memory, memory_text(object, "id"));
        return -1;
    }
    mem_free(instance->id);
    instance->id = mem_dup(memory_text(object, "id"));
    return 0;
}

/* --- life ------------------------------------------------------------------------------------ */

/* A start fails when what the instance was made with is not there. */
static int check_bindings(struct memory *memory, const struct node *object, struct err *err)
{
    const struct node *bindings = node_get(object, "bindings");

    if (!node_is(bindings, NODE_LIST))
        return 0;
    NODE_EACH_ITEM (bindings, item) {
        if (!text_is(memory_text(*item, "kind"), memory_image.name) &&
            !memory_object_find(memory, memory_text(*item, "id")))
            return err_set(err, ERR_NOT_FOUND, "cannot start \"%s\": no such %s: \"%s\"",
                           memory_text(object, "name"), memory_text(*item, "kind"),
                           memory_text(*item, "name"));
    }
    return 0;
}

static int start(struct memory *memory, struct step *step, enum step_status *status,
                 struct err *err)
{
    struct node *object = object_of(memory, step->instance, err);
    STR_AUTO(line);

    if (!object)
        return -1;
    if (text_is(memory_text(object, "state"), instance_state_names[STATE_PAUSED]))
        return err_set(err, ERR_CONFLICT, "cannot start \"%s\": it is paused",
                       step->instance->name);
    if (is_running(object)) {
        *status = STEP_UNCHANGED;
        return 0;
    }
    if (check_bindings(memory, object, err) != 0)
        return -1;
    set_state(memory, object, STATE_RUNNING);
    memory_set_int(memory, object, "started", clock_wall_ns());
    str_printf(&line, "%s started", memory_text(object, "name"));
    memory_log(memory, object, 1, line.buf);
    memory_event(memory, object, "start");
    return 0;
}

static int end(struct memory *memory, struct step *step, enum step_status *status, int64_t code,
               const char *action, struct err *err)
{
    struct node *object = object_of(memory, step->instance, err);

    if (!object)
        return -1;
    if (!is_running(object)) {
        *status = STEP_UNCHANGED;
        return 0;
    }
    end_run(memory, object, code, action);
    return 0;
}

static int stop(struct memory *memory, struct step *step, enum step_status *status, struct err *err)
{
    return end(memory, step, status, 143, "stop", err);
}

static int kill_it(struct memory *memory, struct step *step, enum step_status *status,
                   struct err *err)
{
    return end(memory, step, status, 137, "kill", err);
}

static int restart(struct memory *memory, struct step *step, enum step_status *status,
                   struct err *err)
{
    if (stop(memory, step, status, err) != 0)
        return -1;
    *status = STEP_DONE;
    return start(memory, step, status, err);
}

static int set_paused(struct memory *memory, struct step *step, enum step_status *status,
                      struct err *err)
{
    struct node *object = object_of(memory, step->instance, err);
    bool is_pause = step->action == STEP_PAUSE;
    enum instance_state from = is_pause ? STATE_RUNNING : STATE_PAUSED;

    (void)status;
    if (!object)
        return -1;
    if (!text_is(memory_text(object, "state"), instance_state_names[from]))
        return err_set(err, ERR_CONFLICT, "\"%s\" is not %s", step->instance->name,
                       instance_state_names[from]);
    set_state(memory, object, is_pause ? STATE_PAUSED : STATE_RUNNING);
    memory_event(memory, object, step_action_name(step->action));
    return 0;
}

/* --- remove, rename, update ------------------------------------------------------------------ */

static void remove_anonymous(struct memory *memory, const struct node *object)
{
    const struct node *anonymous = node_get(object, "anonymous");

    if (!node_is(anonymous, NODE_MAP))
        return;
    NODE_EACH_PAIR (anonymous, pair)
        memory_object_remove(memory, node_as_text(pair->value));
}

static struct node *artifact_or_object(struct memory *memory, const struct instance *instance)
{
    if (instance->kind == &memory_image)
        return memory_object_named(memory, &memory_image, instance->name);
    return memory_object_find(memory, instance->id);
}

static int remove_it(struct memory *memory, struct step *step, enum step_status *status,
                     struct err *err)
{
    const struct instance *instance = step->instance;
    struct node *object = artifact_or_object(memory, instance);
    const struct node *user;

    if (!object) {
        *status = STEP_UNCHANGED;
        return 0;
    }
    user = instance->kind == &memory_container
               ? NULL
               : user_of(memory, instance->id, instance->kind == &memory_network);
    if (user)
        return err_set(err, ERR_CONFLICT, "%s \"%s\" is in use by \"%s\"", instance->kind->name,
                       instance->name, memory_text(user, "name"));
    if (instance->kind == &memory_container && is_running(object))
        end_run(memory, object, 137, "kill");
    if (step->with_volumes)
        remove_anonymous(memory, object);
    if (instance->kind == &memory_container)
        memory_event(memory, object, "destroy");
    memory_object_remove(memory, memory_text(object, "id"));
    return 0;
}

static int rename_it(struct memory *memory, struct step *step, enum step_status *status,
                     struct err *err)
{
    struct node *object = object_of(memory, step->instance, err);
    struct node *holder = memory_object_named(memory, step->instance->kind, step->instance->name);

    if (!object)
        return -1;
    if (holder && holder != object)
        return err_set(err, ERR_CONFLICT, "the name \"%s\" is in use", step->instance->name);
    if (holder)
        *status = STEP_UNCHANGED;
    memory_set_text(memory, object, "name", step->instance->name);
    memory_set_text(memory, object, "replaces", NULL);
    memory_event(memory, object, "rename");
    return 0;
}

static int update(struct memory *memory, struct step *step, enum step_status *status,
                  struct err *err)
{
    struct node *object = object_of(memory, step->instance, err);
    const struct wanted *wanted = step->instance->wanted;

    (void)status;
    if (!object)
        return -1;
    memory_set_text(memory, object, "digest", wanted->digest);
    node_set(memory->arena, object, "spec", nowhere, node_copy(memory->arena, wanted->spec));
    return 0;
}

/* --- attach, detach, hook -------------------------------------------------------------------- */

static int detach(struct memory *memory, struct step *step, enum step_status *status,
                  struct err *err)
{
    struct node *object = object_of(memory, step->instance, err);
    struct node *bindings = node_get(object, "bindings");

    if (!object)
        return -1;
    *status = STEP_UNCHANGED;
    for (size_t i = node_is(bindings, NODE_LIST) ? bindings->u.list.n : 0; i-- > 0;) {
        if (text_is(memory_text(bindings->u.list.items[i], "id"), step->other->id)) {
            node_remove_at(bindings, i);
            *status = STEP_DONE;
        }
    }
    return 0;
}

static int attach(struct memory *memory, struct step *step, enum step_status *status,
                  struct err *err)
{
    struct node *object = object_of(memory, step->instance, err);
    struct node *network = object ? object_of(memory, step->other, err) : NULL;

    if (!network)
        return -1;
    if (binding_named(object, step->other->id))
        *status = STEP_UNCHANGED;
    else
        add_binding(memory, object, step->other->kind->name, step->other->name, step->other->id);
    return 0;
}

static int hook(struct memory *memory, struct step *step, enum step_status *status, struct err *err)
{
    static const char *const names[] = { "pre_start", "post_start", "pre_stop" };
    struct node *object = object_of(memory, step->instance, err);
    const char *exit_label;
    STR_AUTO(line);
    int64_t code;

    (void)status;
    if (!object)
        return -1;
    if (step->phase != HOOK_PRE_START && !is_running(object))
        return err_set(err, ERR_CONFLICT, "\"%s\" is not running", step->instance->name);
    str_printf(&line, "%s[%u] ran", names[step->phase], step->hook);
    memory_log(memory, object, 1, line.buf);
    exit_label = memory_label(object, "memory.hook-exit");
    if (exit_label && text_to_int(exit_label, &code) == 0 && code != 0)
        return err_set(err, ERR_FAILED, "%s hook exited with status %lld", step->instance->service,
                       (long long)code);
    return 0;
}

static const effect_fn effects[STEP_ACTION_N_] = {
    [STEP_PULL] = fetch,         [STEP_BUILD] = fetch,      [STEP_CREATE] = create,
    [STEP_UPDATE] = update,      [STEP_START] = start,      [STEP_STOP] = stop,
    [STEP_KILL] = kill_it,       [STEP_RESTART] = restart,  [STEP_PAUSE] = set_paused,
    [STEP_UNPAUSE] = set_paused, [STEP_REMOVE] = remove_it, [STEP_RENAME] = rename_it,
    [STEP_ATTACH] = attach,      [STEP_DETACH] = detach,    [STEP_HOOK] = hook,
};

/* --- await ----------------------------------------------------------------------------------- */

/* 1: holds, 0: not yet, -1: never will. */
static int check_await(const struct step *step, const struct memory_condition *condition,
                       struct err *err)
{
    const char *name = step->instance->name;
    bool is_up = condition->state == STATE_RUNNING;

    switch (step->condition) {
    case AWAIT_STOPPED:
        return !is_up;
    case AWAIT_COMPLETED:
        if (condition->state != STATE_EXITED)
            return 0;
        if (condition->exit_code == 0)
            return 1;
        return err_set(err, ERR_FAILED, "service \"%s\" didn't complete successfully: exit %lld",
                       step->instance->service, (long long)condition->exit_code);
    default:
        break;
    }
    if (condition->state == STATE_EXITED)
        return err_set(err, ERR_FAILED, "%s \"%s\" exited (%lld)", step->instance->kind->name, name,
                       (long long)condition->exit_code);
    if (condition->health == HEALTH_UNHEALTHY)
        return err_set(err, ERR_FAILED, "%s \"%s\" is unhealthy", step->instance->kind->name, name);
    if (step->condition == AWAIT_HEALTHY && is_up && condition->health == HEALTH_NONE)
        return err_set(err, ERR_FAILED, "%s \"%s\" has no healthcheck", step->instance->kind->name,
                       name);
    return is_up && (condition->health == HEALTH_HEALTHY || condition->health == HEALTH_NONE);
}

/* --- running a step -------------------------------------------------------------------------- */

static void forget(struct memory_task *task)
{
    struct memory *memory = task->memory;

    for (size_t i = 0; i < memory->tasks.n; i++) {
        if (memory->tasks.items[i] == task) {
            memory->tasks.items[i] = memory->tasks.items[--memory->tasks.n];
            break;
        }
    }
    loop_remove(task->timer);
    mem_free(task);
}

static void finish(struct memory_task *task, enum step_status status, enum failure_grade grade,
                   struct err *err)
{
    struct step_result result = { .status = status, .grade = grade, .err = ERR_INIT };
    step_done_fn done = task->done;
    struct step *step = task->step;
    void *arg = task->arg;

    if (err_is_set(err))
        err_move(&result.err, err);
    forget(task);
    done(arg, step, &result);
    err_release(&result.err);
}

/* A backend that goes on with what the killed program asked for: the network is there only once
   another command has done something, be that the making of another one of its name. */
static int make_late(struct memory *memory, const struct step *step, struct err *err)
{
    struct node *late = node_map(memory->arena, nowhere);
    const char *id = step->instance->id;
    struct node *object = memory_object_find(memory, id);

    if (step->action != STEP_CREATE || step->instance->kind != &memory_network)
        return 0;
    node_set(memory->arena, late, id, nowhere, object);
    node_set(memory->arena, memory->root, "late", nowhere, late);
    memory_object_remove(memory, id);
    return memory_save(memory, err);
}

static void take_late(struct memory *memory)
{
    const struct node *late = node_get(memory->root, "late");

    if (!node_is(late, NODE_MAP))
        return;
    NODE_EACH_PAIR (late, pair)
        node_set(memory->arena, memory_objects(memory), pair->key, nowhere, pair->value);
    node_remove(memory->root, "late");
}

static void kill_here(const struct memory_fault_plan *fault, unsigned number, bool is_after)
{
    if (fault->at == number && fault->is_after == is_after)
        raise(SIGKILL);
}

static bool fails_here(const struct memory_fault_plan *fault, unsigned number, bool is_after,
                       struct err *err)
{
    if (fault->at != number || fault->is_after != is_after)
        return false;
    err_set(err, ERR_FAILED, "step %u was made to fail", number);
    return true;
}

static void on_await(void *arg)
{
    struct memory_task *task = arg;
    struct memory_condition condition;
    int64_t pause = AWAIT_POLL_MS;
    struct node *object;
    ERR_AUTO(err);
    int holds;

    task->timer = NULL;
    if (memory_load(task->memory, &err) != 0 ||
        !(object = object_of(task->memory, task->step->instance, &err))) {
        finish(task, STEP_FAILED, GRADE_FAILED, &err);
        return;
    }
    memory_look(object, &condition);
    holds = check_await(task->step, &condition, &err);
    if (holds != 0) {
        finish(task, holds > 0 ? STEP_DONE : STEP_FAILED, GRADE_FAILED, &err);
        return;
    }
    if (task->deadline_ns && clock_now_ns() >= task->deadline_ns) {
        err_set(&err, ERR_TIMEOUT, "timeout waiting for \"%s\"", task->step->instance->name);
        finish(task, STEP_FAILED, GRADE_FAILED, &err);
        return;
    }
    if (condition.next_ns)
        pause = MAX(1, (condition.next_ns - clock_wall_ns()) / 1000000 + 1);
    task->timer = loop_add_timer(task->memory->loop, MIN(pause, AWAIT_POLL_MS), on_await, task);
}

static void on_effect(void *arg)
{
    struct memory_task *task = arg;
    struct memory *memory = task->memory;
    enum step_status status = STEP_DONE;
    ERR_AUTO(err);

    task->timer = NULL;
    kill_here(&memory->kill, task->number, false);
    if (fails_here(&memory->fail, task->number, false, &err)) {
        finish(task, STEP_FAILED, memory->fail.grade, &err);
        return;
    }
    if (task->step->action == STEP_AWAIT) {
        on_await(task);
        return;
    }
    if (memory_load(memory, &err) != 0 ||
        effects[task->step->action](memory, task->step, &status, &err) != 0) {
        finish(task, STEP_FAILED, GRADE_FAILED, &err);
        return;
    }
    take_late(memory);
    if (memory_save(memory, &err) != 0 ||
        (memory->kill.is_late && memory->kill.at == task->number &&
         make_late(memory, task->step, &err) != 0)) {
        finish(task, STEP_FAILED, GRADE_FAILED, &err);
        return;
    }
    kill_here(&memory->kill, task->number, true);
    if (fails_here(&memory->fail, task->number, true, &err)) {
        finish(task, STEP_FAILED, memory->fail.grade, &err);
        return;
    }
    finish(task, status, GRADE_FAILED, &err);
}

void memory_begin(void *handle, struct step *step, step_progress_fn progress, step_done_fn done,
                  void *arg)
{
    struct memory *memory = handle;
    struct memory_task *task = MEM_NEW(struct memory_task);

    task->memory = memory;
    task->step = step;
    task->done = done;
    task->arg = arg;
    task->number = ++memory->n_begun;
    if (step->action == STEP_AWAIT && step->has_timeout)
        task->deadline_ns = clock_now_ns() + step->timeout_ns;
    VEC_ADD(&memory->tasks, task);
    (void)progress;
    task->timer = memory->delay_ms > 0
                      ? loop_add_timer(memory->loop, memory->delay_ms, on_effect, task)
                      : loop_add_soon(memory->loop, on_effect, task);
}

static void on_cancelled(void *arg)
{
    struct memory_task *task = arg;
    ERR_AUTO(err);

    task->timer = NULL;
    err_set(&err, ERR_INTERRUPTED, "was cancelled");
    finish(task, STEP_FAILED, GRADE_FAILED, &err);
}

/* A wait ends at once; anything else is done in its time. */
void memory_cancel(void *handle, struct step *step)
{
    struct memory *memory = handle;

    for (size_t i = 0; i < memory->tasks.n; i++) {
        struct memory_task *task = memory->tasks.items[i];

        if (task->step != step || step->action != STEP_AWAIT)
            continue;
        loop_remove(task->timer);
        task->timer = loop_add_soon(memory->loop, on_cancelled, task);
    }
}
