/*
 * memory.c - the operator table of the in-memory operator, its handle and its faults.
 */
#include "base/base.h"

#include "operator/memory/memory-parts.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

static const char *environment_value(const struct operator_config *config, const char *name)
{
    size_t len = strlen(name);

    for (const char *const *entry = config->environment; entry && *entry; entry++) {
        if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=')
            return *entry + len + 1;
    }
    return NULL;
}

/* "N[:after][:retry|:fatal]" */
static void parse_fault(const char *text, struct memory_fault_plan *out)
{
    struct slice rest, word;
    int64_t at;

    memset(out, 0, sizeof(*out));
    out->grade = GRADE_FAILED;
    if (!text)
        return;
    rest = slice_from(text);
    slice_split(&rest, ':', &word);
    {
        CLEANUP(mem_cleanup) char *number = mem_dup_len(word.at, word.len);

        if (text_to_int(number, &at) == 0 && at > 0)
            out->at = (unsigned)at;
    }
    while (rest.len > 0) {
        slice_split(&rest, ':', &word);
        if (slice_is(word, "after"))
            out->is_after = true;
        else if (slice_is(word, "late"))
            out->is_after = out->is_late = true;
        else if (slice_is(word, "retry"))
            out->grade = GRADE_RETRY;
        else if (slice_is(word, "fatal"))
            out->grade = GRADE_FATAL;
    }
}

void memory_set_fault(void *handle, const char *fail, const char *kill)
{
    struct memory *memory = handle;

    memory->n_begun = 0;
    parse_fault(fail, &memory->fail);
    parse_fault(kill, &memory->kill);
}

unsigned memory_steps_begun(const void *handle)
{
    return ((const struct memory *)handle)->n_begun;
}

static int memory_open(const struct operator_config *config, void **ret_handle, struct err *err)
{
    struct memory *memory = MEM_NEW(struct memory);
    const char *path = environment_value(config, "OCTOCOMPOSE_MEMORY_STATE");
    const char *delay = environment_value(config, "OCTOCOMPOSE_MEMORY_DELAY");
    const char *renewed = environment_value(config, "OCTOCOMPOSE_MEMORY_NEW");
    STR_AUTO(list);
    int64_t ns;

    memory->loop = config->loop;
    if (path && *path)
        memory->path = mem_dup(path);
    if (delay && duration_parse(delay, &ns) == 0)
        memory->delay_ms = ns / 1000000;
    str_printf(&list, ",%s,", renewed ? renewed : "");
    memory->renewed = str_steal(&list);
    memory_set_fault(memory, environment_value(config, "OCTOCOMPOSE_MEMORY_FAIL"),
                     environment_value(config, "OCTOCOMPOSE_MEMORY_KILL"));
    *ret_handle = memory;
    (void)err;
    return 0;
}

static void memory_close(void *handle)
{
    struct memory *memory = handle;

    if (!memory)
        return;
    assert(memory->tasks.n == 0);
    VEC_RELEASE(&memory->tasks);
    arena_free(memory->arena);
    mem_free(memory->path);
    mem_free(memory->renewed);
    mem_free(memory);
}

/* A state that is in the handle is this process's own. */
static void memory_identity(void *handle, struct str *out)
{
    const struct memory *memory = handle;
    STR_AUTO(path);

    if (memory->path)
        file_real_path(memory->path, &path);
    str_add(out, path.buf);
}

static unsigned memory_concurrency(void *handle)
{
    (void)handle;
    return 4;
}

static const struct resource_kind *const kinds[] = {
    &memory_container, &memory_network, &memory_volume, &memory_image, NULL,
};

const struct operator_ops memory_ops = {
    .name = "memory",
    .summary = "nothing runs: a simulation for tests",
    .section = "docker",
    .needs_image = true,
    .caps = CAP_LOGS | CAP_EXEC | CAP_ATTACH | CAP_EVENTS | CAP_PROJECTS | CAP_BUILD,
    .kinds = kinds,
    .open = memory_open,
    .close = memory_close,
    .identity = memory_identity,
    .lower = memory_lower,
    .observe = memory_observe,
    .begin = memory_begin,
    .cancel = memory_cancel,
    .concurrency = memory_concurrency,
    .logs = memory_logs,
    .events = memory_events,
    .exec = memory_exec,
    .attach = memory_attach,
    .projects = memory_projects,
    .stream_write = memory_stream_write,
    .stream_close_input = memory_stream_close_input,
    .stream_resize = memory_stream_resize,
    .stream_cancel = memory_stream_cancel,
    .stream_pause = memory_stream_pause,
};
