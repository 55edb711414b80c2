/*
 * apply-image.c - pulls an image: progress by layer, credentials, platform; a pull is done when the
 * image is there afterwards. Also tells what an image is after a pull or a build. Called by
 * begin.c.
 */
#include "base/base.h"

#include "operator/docker/task.h"

struct pull {
    struct image_reference reference;
    char *auth; /* a secret */
};

static void pull_release(struct task *task)
{
    struct pull *pull = task->data;
    if (pull->auth)
        mem_wipe(pull->auth, strlen(pull->auth));
    mem_free(pull->auth);
    image_reference_release(&pull->reference);
    mem_free(pull);
}

/* --- what it is now --------------------------------------------------------------------------- */

static void on_inspected(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;
    struct instance *instance = task->step->instance;
    const struct docker_wanted *payload = task_payload(task);

    task->call = NULL;
    if (call_failed(err)) {
        task_fail_call(task, err);
        return;
    }
    const char *digest =
        docker_image_digest(answer->node, payload->platform, engine_api(task->docker->engine));
    if (!digest) {
        struct err none = ERR_INIT;
        err_set(&none, ERR_NOT_FOUND, "%s is not there for platform %s", task_what(task),
                payload->platform ? payload->platform : "of the engine");
        task_fail(task, GRADE_FAILED, &none);
        return;
    }
    const struct docker_image *before = docker_find_image(task->docker, instance->wanted->key);
    bool is_same = before && text_is(before->digest, digest);
    docker_remember_image(task->docker, instance->wanted->key, get_text(answer->node, "Id"), digest,
                          node_get(answer->node, "Config"));
    task_set_id(task, digest);
    task_done(task, is_same ? STEP_UNCHANGED : STEP_DONE);
}

void apply_image_inspect(struct task *task)
{
    const struct wanted *wanted = task->step->instance->wanted;
    task_call(task, "GET",
              task_path(task, "/images/%s/json%s", wanted->name,
                        docker_image_query(engine_api(task->docker->engine))),
              NULL, 0, on_inspected);
}

/* --- pull ------------------------------------------------------------------------------------- */

static int on_status(void *arg, struct node *value, struct err *err ATTR_UNUSED)
{
    struct task *task = arg;
    const struct node *detail = node_get(value, "progressDetail");
    const char *status = get_text(value, "status");
    bool is_time = text_is_set(get_text(detail, "units")); /* seconds, not bytes */
    if (status)
        task_progress(task, get_text(value, "id"), status, is_time ? 0 : get_int(detail, "current"),
                      is_time ? 0 : get_int(detail, "total"));
    return 0;
}

static void on_pulled(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct task *task = arg;
    task->call = NULL;
    if (call_failed(err))
        task_fail_call(task, err);
    else
        apply_image_inspect(task);
}

static void send_pull(struct task *task)
{
    struct pull *pull = task->data;
    const struct docker_wanted *payload = task_payload(task);
    const struct image_reference *reference = &pull->reference;
    const char *tag = reference->digest ? reference->digest : reference->tag;
    const char *name = arena_printf(task->arena, "%s/%s", reference->domain, reference->path);
    const char *path =
        task_path(task, "/images/create?fromImage=%s&tag=%s%s%s", task_escape(task, name),
                  task_escape(task, tag ? tag : "latest"), payload->platform ? "&platform=" : "",
                  payload->platform ? task_escape(task, payload->platform) : "");
    const char *const headers[] = { pull->auth, NULL };
    struct engine_stream_spec spec = { .method = "POST",
                                       .path = path,
                                       .what = task_what(task),
                                       .headers = pull->auth ? headers : NULL,
                                       .value = on_status,
                                       .done = on_pulled,
                                       .arg = task };
    task->call = engine_stream(task->docker->engine, &spec);
}

/* The authorization may come after the step was cancelled: it is looked up by its task then. */
struct auth_wait {
    struct docker *docker;
    struct task *task;
};

static void on_auth(void *arg, char *header, struct err *err)
{
    struct auth_wait *wait = arg;
    struct task *task = NULL;
    VEC_EACH (&wait->docker->tasks, item)
        if (*item == wait->task && (*item)->result.status == STEP_WAITING)
            task = *item;
    mem_free(wait);
    if (!task) {
        if (header)
            mem_wipe(header, strlen(header));
        mem_free(header);
        return;
    }
    if (call_failed(err)) {
        task_fail(task, GRADE_FAILED, err);
        return;
    }
    ((struct pull *)task->data)->auth = header;
    send_pull(task);
}

void apply_pull(struct task *task)
{
    const struct wanted *wanted = task->step->instance->wanted;
    struct pull *pull = MEM_NEW(struct pull);
    struct err err = ERR_INIT;

    task->data = pull;
    task->release = pull_release;
    if (image_reference_parse(wanted->name, &pull->reference, &err) < 0) {
        task_fail(task, GRADE_FAILED, &err);
        return;
    }
    struct auth_wait *wait = MEM_NEW(struct auth_wait);
    *wait = (struct auth_wait){ task->docker, task };
    engine_registry_auth(task->docker->engine, wanted->name, on_auth, wait);
}
