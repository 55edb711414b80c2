/*
 * begin.c - begins one step: chooses the action and keeps the task until it has reported. What the
 * actions do is in apply-*.c and await.c.
 */
#include "base/base.h"

#include "operator/docker/task.h"

typedef void (*apply_fn)(struct task *task);

struct apply_row {
    enum step_action action;
    const struct resource_kind *kind; /* NULL: any */
    apply_fn fn;
};

static const struct apply_row apply_rows[] = {
    { STEP_CREATE, &docker_provider_kind, apply_provider },
    { STEP_STOP, &docker_provider_kind, apply_provider },
    { STEP_REMOVE, &docker_provider_kind, apply_provider },
    { STEP_PULL, NULL, apply_pull },
    { STEP_BUILD, NULL, apply_build },
    { STEP_CREATE, &docker_container_kind, apply_create_container },
    { STEP_CREATE, &docker_network_kind, apply_create_network },
    { STEP_CREATE, &docker_volume_kind, apply_create_volume },
    { STEP_START, &docker_container_kind, apply_start },
    { STEP_STOP, &docker_container_kind, apply_stop },
    { STEP_KILL, &docker_container_kind, apply_kill },
    { STEP_RESTART, &docker_container_kind, apply_restart },
    { STEP_PAUSE, &docker_container_kind, apply_pause },
    { STEP_UNPAUSE, &docker_container_kind, apply_unpause },
    { STEP_RENAME, &docker_container_kind, apply_rename },
    { STEP_REMOVE, NULL, apply_remove },
    { STEP_ATTACH, &docker_container_kind, apply_attach },
    { STEP_DETACH, &docker_container_kind, apply_detach },
    { STEP_AWAIT, &docker_container_kind, apply_await },
    { STEP_HOOK, &docker_container_kind, apply_hook },
};

/* --- ending ----------------------------------------------------------------------------------- */

static void task_forget(struct task *task)
{
    struct docker *docker = task->docker;
    for (size_t i = 0; i < docker->tasks.n; i++) {
        if (docker->tasks.items[i] == task) {
            docker->tasks.items[i] = docker->tasks.items[--docker->tasks.n];
            break;
        }
    }
}

static void task_free(struct task *task)
{
    task_forget(task);
    if (task->release)
        task->release(task);
    engine_cancel(task->call);
    loop_remove(task->source);
    err_release(&task->result.err);
    arena_free(task->arena);
    mem_free(task);
}

static void task_report(void *arg)
{
    struct task *task = arg;
    struct step_result result = task->result;
    struct step *step = task->step;
    step_done_fn done = task->done;
    void *done_arg = task->arg;

    task->source = NULL;
    task->result.err = (struct err)ERR_INIT;
    task_free(task);
    done(done_arg, step, &result);
    err_release(&result.err);
}

void task_done(struct task *task, enum step_status status)
{
    if (task->result.status != STEP_WAITING)
        return; /* it was cancelled meanwhile */
    assert(!task->call); /* freeing the task would cancel whatever call has that memory by then */
    task->result.status = status;
    loop_remove(task->source);
    task->source = loop_add_soon(task->docker->loop, task_report, task);
}

void task_set_id(struct task *task, const char *id)
{
    struct instance *instance = task->step->instance;

    mem_free(instance->id);
    instance->id = mem_dup(id);
}

void task_fail(struct task *task, enum failure_grade grade, struct err *err)
{
    if (task->result.status != STEP_WAITING) {
        err_release(err);
        return;
    }
    task->result.grade = grade;
    err_move(&task->result.err, err);
    task_done(task, STEP_FAILED);
}

/* "POST container ..." says little to people: the step's own word stands for the method. */
static void name_action(struct task *task, struct err *err)
{
    const char *what = task_what(task), *rest = strchr(err->text, ' ');
    size_t len = strlen(what);
    if (!rest || strncmp(rest + 1, what, len) != 0 || rest[1 + len] != ':')
        return;
    STR_AUTO(text);
    str_printf(&text, "%s%s", step_action_name(task->step->action), rest);
    mem_free(err->text);
    err->text = str_steal(&text);
}

void task_fail_call(struct task *task, struct err *err)
{
    enum failure_grade grade = GRADE_FAILED;
    name_action(task, err);
    if (err->code == ERR_CONNECT)
        grade = err->sys ? GRADE_FATAL : GRADE_RETRY;
    if (err->status == 503)
        grade = GRADE_RETRY;
    task_fail(task, grade, err);
}

/* --- helpers of the actions ------------------------------------------------------------------- */

const char *task_what(struct task *task)
{
    const struct instance *instance = task->step->instance;
    return arena_printf(task->arena, "%s \"%s\"", instance->kind->name,
                        instance->name ? instance->name : "");
}

void task_call(struct task *task, const char *method, const char *path, const struct node *body,
               int ok_status, engine_done_fn done)
{
    STR_AUTO(json);
    if (body)
        jwrite_node_text(body, 0, &json);
    const int ok[2] = { ok_status, 0 };
    task->call = engine_call(task->docker->engine, method, path, body ? json.buf : NULL,
                             task_what(task), ok, done, task);
}

void task_progress(struct task *task, const char *part, const char *text, int64_t current,
                   int64_t total)
{
    struct step_progress progress = { part, text, current, total };
    if (task->progress && !task->is_canceled)
        task->progress(task->arg, task->step, &progress);
}

const struct docker_wanted *task_payload(const struct task *task)
{
    const struct wanted *wanted = task->step->instance->wanted;
    return wanted ? wanted->payload : NULL;
}

const char *task_ref(const struct instance *instance)
{
    if (instance->id)
        return instance->id;
    if (instance->existing && instance->existing->id)
        return instance->existing->id;
    return instance->name;
}

char *task_path(struct task *task, const char *fmt, ...)
{
    STR_AUTO(path);
    va_list args;
    va_start(args, fmt);
    str_vprintf(&path, fmt, args);
    va_end(args);
    return arena_dup(task->arena, path.buf);
}

const char *task_escape(struct task *task, const char *text)
{
    STR_AUTO(out);
    http_escape(text, &out);
    return arena_dup(task->arena, out.buf);
}

/* --- begin and cancel ------------------------------------------------------------------------- */

static apply_fn find_apply(const struct step *step)
{
    for (size_t i = 0; i < ARRAY_LEN(apply_rows); i++)
        if (apply_rows[i].action == step->action &&
            (!apply_rows[i].kind || apply_rows[i].kind == step->instance->kind))
            return apply_rows[i].fn;
    return NULL;
}

static void refuse(struct task *task)
{
    struct err err = ERR_INIT;
    err_set(&err, ERR_UNSUPPORTED, "docker cannot %s %s", step_action_name(task->step->action),
            task_what(task));
    task_fail(task, GRADE_FAILED, &err);
}

static void on_version(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct task *task = arg;
    task->call = NULL;
    if (call_failed(err))
        task_fail_call(task, err);
    else
        find_apply(task->step)(task);
}

void docker_begin(void *handle, struct step *step, step_progress_fn progress, step_done_fn done,
                  void *arg)
{
    struct docker *docker = handle;
    struct task *task = MEM_NEW(struct task);
    *task = (struct task){ .docker = docker,
                           .step = step,
                           .progress = progress,
                           .done = done,
                           .arg = arg,
                           .arena = arena_new() };
    VEC_ADD(&docker->tasks, task);
    if (!find_apply(step)) {
        refuse(task);
        return;
    }
    /* The forms of bodies depend on the version: a run that has not observed anything asks
       first. */
    if (engine_api(docker->engine))
        find_apply(step)(task);
    else
        task_call(task, "GET", "/version", NULL, 0, on_version);
}

void docker_cancel(void *handle, struct step *step)
{
    struct docker *docker = handle;
    VEC_EACH (&docker->tasks, item) {
        struct task *task = *item;
        if (task->step == step && task->interrupt && task->result.status == STEP_WAITING) {
            task->interrupt(task);
            return;
        }
        if (task->step != step || task->is_canceled)
            continue;
        task->is_canceled = true;
        if (task->cancel)
            task->cancel(task);
        engine_cancel(STEAL_PTR(task->call));
        if (task->result.status == STEP_WAITING) {
            struct err err = ERR_INIT;
            err_set(&err, ERR_INTERRUPTED, "%s: %s was interrupted", task_what(task),
                    step_action_name(step->action));
            task_fail(task, GRADE_FAILED, &err);
        }
        return;
    }
}

void docker_tasks_free(struct docker *docker)
{
    while (docker->tasks.n)
        task_free(docker->tasks.items[0]);
}
