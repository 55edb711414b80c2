/*
 * apply-run.c - starts and stops what exists: start (after uploading what is no file of the host),
 * stop, kill, restart, pause, unpause, rename. Called by begin.c.
 */
#include "base/base.h"

#include "operator/docker/files.h"
#include "operator/docker/task.h"

/* --- ends that are common --------------------------------------------------------------------- */

static void on_simple(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;
    task->call = NULL;
    if (call_failed(err)) {
        task_fail_call(task, err);
        return;
    }
    bool is_unchanged = answer->status == 304 || answer->status == 404 || answer->status == 409;
    task_done(task, is_unchanged ? STEP_UNCHANGED : STEP_DONE);
}

/* The same, but an error with these words says that it is so already. */
static void end_with(struct task *task, struct engine_answer *answer, struct err *err,
                     const char *words)
{
    if (call_failed(err) && strstr(err->text, words)) {
        task->call = NULL;
        task_done(task, STEP_UNCHANGED);
        return;
    }
    on_simple(task, answer, err);
}

/* "?t=10", or nothing: the container's own. Whole seconds, rounded up. */
static const char *timeout_query(struct task *task)
{
    const struct step *step = task->step;
    if (!step->has_timeout)
        return "";
    return task_path(task, "?t=%lld", (long long)((step->timeout_ns + 999999999) / 1000000000));
}

void apply_stop(struct task *task)
{
    const char *path = task_path(task, "/containers/%s/stop%s", task_ref(task->step->instance),
                                 timeout_query(task));
    const int ok[2] = { 304, 404 };
    task->call =
        engine_call(task->docker->engine, "POST", path, NULL, task_what(task), ok, on_simple, task);
}

void apply_restart(struct task *task)
{
    task_call(task, "POST",
              task_path(task, "/containers/%s/restart%s", task_ref(task->step->instance),
                        timeout_query(task)),
              NULL, 0, on_simple);
}

static void on_killed(void *arg, struct engine_answer *answer, struct err *err)
{
    end_with(arg, answer, err, "is not running");
}

void apply_kill(struct task *task)
{
    const char *signal = task->step->signal;
    task_call(task, "POST",
              task_path(task, "/containers/%s/kill?signal=%s", task_ref(task->step->instance),
                        task_escape(task, text_is_set(signal) ? signal : "SIGKILL")),
              NULL, 404, on_killed);
}

static void on_paused(void *arg, struct engine_answer *answer, struct err *err)
{
    end_with(arg, answer, err, "already paused");
}

void apply_pause(struct task *task)
{
    task_call(task, "POST", task_path(task, "/containers/%s/pause", task_ref(task->step->instance)),
              NULL, 0, on_paused);
}

static void on_unpaused(void *arg, struct engine_answer *answer, struct err *err)
{
    end_with(arg, answer, err, "is not paused");
}

void apply_unpause(struct task *task)
{
    task_call(task, "POST",
              task_path(task, "/containers/%s/unpause", task_ref(task->step->instance)), NULL, 0,
              on_unpaused);
}

/* A killed run's call may be carried out when this one has looked already. */
static void on_renamed(void *arg, struct engine_answer *answer, struct err *err)
{
    end_with(arg, answer, err, "same name as its current name");
}

void apply_rename(struct task *task)
{
    task_call(task, "POST",
              task_path(task, "/containers/%s/rename?name=%s", task_ref(task->step->instance),
                        task_escape(task, task->step->instance->name)),
              NULL, 0, on_renamed);
}

/* --- start ------------------------------------------------------------------------------------ */

/* The published port that the engine's message is about: by number, else the only one. */
static const struct port *find_port(const struct service *service, const char *text)
{
    VEC_EACH (&service->ports, port) {
        if (!text_is_set(port->published))
            continue;
        size_t len = strlen(port->published);
        for (const char *at = strchr(text, ':'); at; at = strchr(at + 1, ':'))
            if (strncmp(at + 1, port->published, len) == 0 &&
                !(at[1 + len] >= '0' && at[1 + len] <= '9'))
                return port;
    }
    return NULL;
}

/* A port that something else has is worth a message of its own: whose, which, where it was asked
   for. */
static void explain_port(struct task *task, struct err *err)
{
    const struct docker_wanted *payload = task_payload(task);
    bool is_taken = strstr(err->text, "port is already allocated") ||
                    strstr(err->text, "address already in use");
    const struct port *port = is_taken && payload ? find_port(payload->service, err->text) : NULL;
    if (!port)
        return;
    struct err better = ERR_INIT;
    err_set_at(
        &better, port->at, ERR_CONFLICT,
        "%s cannot be started: port %s of this host (service \"%s\", port %lld) is already in use",
        task_what(task), port->published, payload->service->name, (long long)port->target);
    better.status = err->status;
    err_release(err);
    *err = better;
}

static void on_started(void *arg, struct engine_answer *answer, struct err *err)
{
    struct task *task = arg;
    task->call = NULL;
    if (call_failed(err)) {
        explain_port(task, err);
        task_fail_call(task, err);
    } else if (answer->status == 304) {
        task_done(task, STEP_UNCHANGED);
    } else {
        twins_look(task, true);
    }
}

static void send_start(struct task *task)
{
    task_call(task, "POST", task_path(task, "/containers/%s/start", task_ref(task->step->instance)),
              NULL, 304, on_started);
}

/* Two archives at most: whether the owners in it count is said once a call. */
struct upload {
    struct str archive;
    size_t at;
    unsigned next; /* 0: files without an owner, 1: those with one, 2: none left */
};

static void upload_release(struct task *task)
{
    struct upload *upload = task->data;
    mem_wipe(upload->archive.buf, upload->archive.len);
    str_release(&upload->archive);
    mem_free(upload);
}

static ptrdiff_t read_upload(void *arg, char *buf, size_t cap)
{
    struct task *task = arg;
    struct upload *upload = task->data;
    size_t n = MIN(cap, upload->archive.len - upload->at);
    memcpy(buf, upload->archive.buf + upload->at, n);
    upload->at += n;
    return (ptrdiff_t)n;
}

static int ignore_bytes(void *arg ATTR_UNUSED, const char *bytes ATTR_UNUSED,
                        size_t len ATTR_UNUSED)
{
    return 0;
}

static void send_upload(struct task *task);

static void on_uploaded(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct task *task = arg;
    task->call = NULL;
    if (call_failed(err)) {
        err_wrap(err, "secrets and configs of %s", task_what(task));
        task_fail_call(task, err);
        return;
    }
    send_upload(task);
}

/* The next archive, or the start when there is none left. */
static void send_upload(struct task *task)
{
    const struct docker_wanted *payload = task_payload(task);
    struct upload *upload = task->data;
    struct err err = ERR_INIT;

    while (upload->next < 2 &&
           !files_has_uploads(payload->project, payload->service, upload->next == 1))
        upload->next++;
    if (upload->next == 2) {
        send_start(task);
        return;
    }
    bool is_owned = upload->next++ == 1;
    mem_wipe(upload->archive.buf, upload->archive.len);
    str_clear(&upload->archive);
    upload->at = 0;
    if (files_archive(task->docker, payload->project, payload->service, is_owned, &upload->archive,
                      &err) < 0) {
        err_wrap(&err, "secrets and configs of %s", task_what(task));
        task_fail(task, GRADE_FAILED, &err);
        return;
    }
    struct engine_stream_spec spec = {
        .method = "PUT",
        .what = task_what(task),
        .read = read_upload,
        .path = task_path(task, "/containers/%s/archive?path=/&noOverwriteDirNonDir=true%s",
                          task_ref(task->step->instance), is_owned ? "&copyUIDGID=true" : ""),
        .content_type = "application/x-tar",
        .data = ignore_bytes,
        .done = on_uploaded,
        .arg = task,
    };
    task->call = engine_stream(task->docker->engine, &spec);
}

void apply_start(struct task *task)
{
    if (!task_payload(task)) {
        send_start(task);
        return;
    }
    struct upload *upload = MEM_NEW(struct upload);
    str_init(&upload->archive, 0);
    task->data = upload;
    task->release = upload_release;
    send_upload(task);
}
