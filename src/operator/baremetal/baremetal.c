/*
 * baremetal.c - the operator table of bare metal, its handle, and what all its streams share.
 */
#include "base/base.h"

#include "operator/baremetal/baremetal.h"

#include "base/file.h"
#include "base/mem.h"
#include "operator/baremetal/cgroup.h"

static int baremetal_open(const struct operator_config *config, void **ret_handle, struct err *err)
{
    struct baremetal *baremetal = MEM_NEW(struct baremetal);
    STR_AUTO(root);

    (void)err;
    path_state_dir(&root);
    str_add(&root, "/baremetal");
    baremetal->loop = config->loop;
    baremetal->environment = config->environment;
    baremetal->root = str_steal(&root);
    baremetal->hold = -1;
    *ret_handle = baremetal;
    return 0;
}

static void baremetal_close(void *handle)
{
    struct baremetal *baremetal = handle;

    if (!baremetal)
        return;
    assert(baremetal->tasks.n == 0);
    VEC_RELEASE(&baremetal->tasks);
    if (baremetal->hold >= 0)
        close(baremetal->hold);
    mem_free(baremetal->root);
    mem_free(baremetal->project);
    mem_free(baremetal);
}

static void baremetal_identity(void *handle, struct str *out)
{
    const struct baremetal *baremetal = handle;
    STR_AUTO(path);

    file_real_path(baremetal->root, &path);
    str_add(out, path.buf);
}

static unsigned baremetal_concurrency(void *handle)
{
    (void)handle;
    return 32;
}

static void baremetal_check(void *handle, const struct plan *plan, struct findings *findings)
{
    VEC_EACH (&plan->instances, instance) {
        const struct baremetal_payload *payload =
            (*instance)->kind == &baremetal_process && (*instance)->wanted
                ? (*instance)->wanted->payload
                : NULL;

        if (payload)
            baremetal_check_limits(payload->service, findings);
    }
    baremetal_check_plan_programs(handle, plan, findings);
    baremetal_check_plan_ports(handle, plan, findings);
}

/* --- streams ------------------------------------------------------------------------------------
 */

static void stream_write(struct operator_stream *stream, const char *bytes, size_t len)
{
    if (stream->write)
        stream->write(stream, bytes, len);
}

static void stream_close_input(struct operator_stream *stream)
{
    if (stream->close_input)
        stream->close_input(stream);
}

static void stream_resize(struct operator_stream *stream, unsigned rows, unsigned columns)
{
    if (stream->resize)
        stream->resize(stream, rows, columns);
}

static bool stream_signal(struct operator_stream *stream, int signo)
{
    if (stream->signal)
        stream->signal(stream, signo);
    return stream->signal != NULL;
}

static void stream_cancel(struct operator_stream *stream)
{
    if (!stream)
        return;
    stream->is_gone = true;
    if (!stream->is_busy)
        stream->free(stream);
}

static void stream_pause(struct operator_stream *stream, bool is_paused)
{
    bool was_paused = stream->is_paused;

    stream->is_paused = is_paused;
    if (was_paused && !is_paused && stream->wake)
        stream->wake(stream);
}

static const struct resource_kind *const kinds[] = { &baremetal_process, &baremetal_volume, NULL };

const struct operator_ops baremetal_ops = {
    .name = "baremetal",
    .other_name = "bare-metal",
    .summary = "processes of this host",
    .section = "baremetal",
    .caps = CAP_LOGS | CAP_EXEC | CAP_ATTACH | CAP_EVENTS | CAP_PROJECTS,
    .kinds = kinds,
    .open = baremetal_open,
    .close = baremetal_close,
    .identity = baremetal_identity,
    .lower = baremetal_lower,
    .observe = baremetal_observe,
    .check = baremetal_check,
    .begin = baremetal_begin,
    .cancel = baremetal_cancel,
    .concurrency = baremetal_concurrency,
    .logs = baremetal_logs,
    .events = baremetal_events,
    .exec = baremetal_exec,
    .attach = baremetal_attach,
    .projects = baremetal_projects,
    .stream_write = stream_write,
    .stream_close_input = stream_close_input,
    .stream_resize = stream_resize,
    .stream_signal = stream_signal,
    .stream_cancel = stream_cancel,
    .stream_pause = stream_pause,
};
