/*
 * apply-provider.c - calls the provider of a service (tool/provider.h) for its step: create is its
 * `up`, remove its `down`, stop its `stop`. What it gives is kept for its dependents (given.c); its
 * digest is the instance's identity. Also says before a plan is begun which providers are not
 * there. Called by begin.c.
 */
#include "base/base.h"

#include "operator/docker/task.h"
#include "tool/provider.h"

typedef MODEL_LIST(const char *) word_list;

static bool find_program(const struct docker *docker, const struct service *service,
                         struct str *ret_path)
{
    struct arena *arena = arena_new();
    bool is_found = provider_find(service->provider->type, docker_plugin_folders(docker, arena),
                                  docker_environment(docker, "PATH"), ret_path);
    arena_free(arena);
    return is_found;
}

static void missing_text(const struct service *service, struct str *out)
{
    const char *type = service->provider->type;
    str_clear(out);
    if (strchr(type, '/'))
        str_printf(out, "there is no executable \"%s\" (as seen from the folder of the command)",
                   type);
    else
        str_printf(out,
                   "there is no executable \"%s\" in PATH and no plugin docker-%s: install it, or "
                   "write its path",
                   type, type);
}

/* What the description's variables were taken from, with the project and the engine that we
   speak to. */
static const char *const *provider_environment(struct task *task)
{
    const struct project *project = task_payload(task)->project;
    word_list words = { NULL, 0, 0 };

    MAP_EACH (&project->environment, entry) {
        if (!text_is(entry->key, "COMPOSE_PROJECT_NAME"))
            ARENA_ADD(task->arena, &words,
                      arena_printf(task->arena, "%s=%s", entry->key, (const char *)entry->value));
    }
    ARENA_ADD(task->arena, &words,
              arena_printf(task->arena, "COMPOSE_PROJECT_NAME=%s", project->name));
    ARENA_ADD(task->arena, &words, NULL);
    return docker_tool_environment(task->docker, task->arena, words.items);
}

/* --- the call --------------------------------------------------------------------------------- */

static void on_told(void *arg, const char *text)
{
    task_progress(arg, NULL, text, 0, 0);
}

static void on_done(void *arg, const struct node *variables, bool is_unknown, struct err *err)
{
    struct task *task = arg;

    if (err_is_set(err)) {
        err_wrap(err, "%s", task_what(task));
        task_fail(task, GRADE_FAILED, err);
        return;
    }
    if (task->step->action == STEP_CREATE)
        task_set_id(task,
                    given_remember(task->docker, task->step->instance->service, variables));
    task_done(task, is_unknown ? STEP_UNCHANGED : STEP_DONE);
}

static void provider_release(struct task *task)
{
    provider_call_free(task->data);
}

static void provider_interrupt(struct task *task)
{
    provider_call_end(task->data);
}

void apply_provider(struct task *task)
{
    const struct docker_wanted *payload = task_payload(task);
    struct provider_request request = { .loop = task->docker->loop,
                                        .env = provider_environment(task),
                                        .project = payload->project->name,
                                        .service = payload->service,
                                        .command = PROVIDER_UP };
    struct provider_call *call = NULL;
    struct err err = ERR_INIT;
    STR_AUTO(path);

    if (task->step->action != STEP_CREATE)
        request.command = task->step->action == STEP_STOP ? PROVIDER_STOP : PROVIDER_DOWN;
    if (!find_program(task->docker, payload->service, &path)) {
        missing_text(payload->service, &path);
        err_set_at(&err, service_origin(payload->service, "provider.type"), ERR_NOT_FOUND, "%s: %s",
                   task_what(task), path.buf);
        task_fail(task, GRADE_FAILED, &err);
        return;
    }
    request.program = path.buf;
    if (provider_call_start(&request, on_told, on_done, task, &call, &err) < 0) {
        err_wrap(&err, "%s", task_what(task));
        task_fail(task, GRADE_FAILED, &err);
        return;
    }
    task->data = call;
    task->release = provider_release;
    task->interrupt = provider_interrupt;
}

/* --- before the plan is begun ----------------------------------------------------------------- */

void docker_check(void *handle, const struct plan *plan, struct findings *findings)
{
    VEC_EACH (&plan->steps, step) {
        const struct instance *instance = (*step)->instance;
        if (instance->kind != &docker_provider_kind || (*step)->action != STEP_CREATE)
            continue;
        const struct docker_wanted *payload = instance->wanted->payload;
        STR_AUTO(path);
        if (find_program(handle, payload->service, &path))
            continue;
        STR_AUTO(text);
        missing_text(payload->service, &text);
        str_clear(&path);
        str_printf(&path, "services.%s.provider.type", instance->service);
        finding_add(findings, FINDING_ERROR, service_origin(payload->service, "provider.type"),
                    path.buf, "%s", text.buf);
    }
}
