/*
 * apply-build.c - builds an image: chooses between docker-buildx (which knows everything) and the
 * engine's own builder (which needs nothing installed), and says what only the former can do.
 * Called by begin.c.
 */
#include "base/base.h"

#include "base/process.h"
#include "operator/docker/build.h"
#include "tool/provider.h"

#define BUILDX_MIN 13   /* 0.13: bake with progress as raw JSON */
#define BUILDX_ALLOW 17 /* 0.17: --allow */
#define METADATA_TIMEOUT_MS 10000
#define METADATA_MAX (64u << 10)

const struct build *build_of(const struct task *task)
{
    const struct docker_wanted *payload = task_payload(task);
    return payload && payload->service ? payload->service->build : NULL;
}

/* --- what is shown and remembered of the output ----------------------------------------------- */

void build_log(struct task *task, struct build_log *log, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != '\n') {
            if (bytes[i] != '\r')
                str_add_char(&log->line, bytes[i]);
            continue;
        }
        task_progress(task, NULL, log->line.buf, 0, 0);
        str_printf(&log->tail, "%s\n", log->line.buf);
        if (log->tail.len > BUILD_TAIL_MAX)
            str_remove(&log->tail, 0, log->tail.len - BUILD_TAIL_MAX);
        str_clear(&log->line);
    }
}

void build_line(struct task *task, struct build_log *log, const char *line)
{
    if (!*line || text_is(log->last.buf, line))
        return;
    task_progress(task, NULL, line, 0, 0);
    str_clear(&log->last);
    str_add(&log->last, line);
}

void build_log_release(struct build_log *log)
{
    str_release(&log->line);
    str_release(&log->tail);
    str_release(&log->last);
}

void build_log_init(struct build_log *log)
{
    str_init(&log->line, 0);
    str_init(&log->tail, 0);
    str_init(&log->last, 0);
}

/* --- the plugin ------------------------------------------------------------------------------- */

static bool find_buildx(const struct docker *docker, struct str *ret_path)
{
    struct arena *arena = arena_new();
    bool is_found =
        provider_find("buildx", docker_plugin_folders(docker, arena), NULL, ret_path);
    arena_free(arena);
    return is_found;
}

/* "v0.13.1" or "0.13.1+ds1": 13; a later major version counts as a very high one. */
static int64_t parse_version(const char *text)
{
    int64_t major = 0, minor = 0;
    text += *text == 'v';
    while (*text >= '0' && *text <= '9')
        major = major * 10 + (*text++ - '0');
    text += *text == '.';
    while (*text >= '0' && *text <= '9' && minor < 10000)
        minor = minor * 10 + (*text++ - '0');
    return major > 0 ? 10000 : minor;
}

struct metadata_wait {
    struct docker *docker;
    struct task *task;
    char *program;
};

static struct task *find_waiting(struct docker *docker, const struct task *task)
{
    VEC_EACH (&docker->tasks, item)
        if (*item == task && (*item)->result.status == STEP_WAITING)
            return *item;
    return NULL;
}

static void on_metadata(void *arg, int exit_code, struct str *out, struct str *err_text ATTR_UNUSED)
{
    struct metadata_wait *wait = arg;
    struct task *task = find_waiting(wait->docker, wait->task);
    struct arena *arena = arena_new();
    struct node *node = NULL;
    int64_t version = 0;
    ERR_AUTO(err);

    if (exit_code == 0 && jread_parse(arena, 0, out->buf, out->len, &node, &err) == 0 &&
        get_text(node, "Version"))
        version = parse_version(get_text(node, "Version"));
    arena_free(arena);
    if (task && version >= BUILDX_MIN)
        build_by_bake(task, wait->program, version >= BUILDX_ALLOW);
    else if (task)
        build_by_engine(task);
    mem_free(wait->program);
    mem_free(wait);
}

void apply_build(struct task *task)
{
    const struct build *build = build_of(task);
    const char *wish = docker_environment(task->docker, "DOCKER_BUILDKIT");
    struct err err = ERR_INIT;
    STR_AUTO(path);
    bool is_on = true;

    if (!build) {
        err_set(&err, ERR_UNSUPPORTED, "%s: there is nothing to build it from", task_what(task));
        task_fail(task, GRADE_FAILED, &err);
        return;
    }
    if (text_is_set(wish) && text_to_bool(wish, &is_on) < 0)
        is_on = true;
    if (!is_on || engine_is_podman(task->docker->engine) || !find_buildx(task->docker, &path)) {
        build_by_engine(task);
        return;
    }
    struct metadata_wait *wait = MEM_NEW(struct metadata_wait);
    *wait = (struct metadata_wait){ task->docker, task, mem_dup(path.buf) };
    const char *const argv[] = { wait->program, "docker-cli-plugin-metadata", NULL };
    const struct process_spec spec = {
        .argv = argv, .env = task->docker->environment, .fd_in = -1, .fd_out = -1, .fd_err = -1
    };
    if (process_run(task->docker->loop, &spec, NULL, 0, METADATA_MAX, METADATA_TIMEOUT_MS,
                    on_metadata, wait, &err) == 0)
        return;
    err_release(&err);
    mem_free(wait->program);
    mem_free(wait);
    build_by_engine(task);
}

/* --- what goes into every build --------------------------------------------------------------- */

bool build_is_remote(const char *context)
{
    static const char *const starts[] = { "http://", "https://",    "git://",
                                          "ssh://",  "github.com/", "git@" };
    for (size_t i = 0; context && i < ARRAY_LEN(starts); i++)
        if (text_starts(context, starts[i]))
            return true;
    return context && strstr(context, "://");
}

struct node *build_labels(struct task *task, bool is_classic)
{
    const struct docker_wanted *payload = task_payload(task);
    struct node *out = new_pairs(task->arena, &payload->service->build->labels);
    put_text(task->arena, out, LABEL_PROJECT, payload->project->name);
    put_text(task->arena, out, LABEL_SERVICE, payload->service->name);
    put_text(task->arena, out, LABEL_VERSION, DOCKER_COMPOSE_VERSION);
    if (is_classic)
        put_text(task->arena, out, LABEL_BUILDER, "classic");
    return out;
}

/* Proxies first: the description's own values win. */
struct node *build_args(struct task *task)
{
    const struct build *build = build_of(task);
    struct node *out = new_map(task->arena);
    fields_put_proxies(task->arena, task->docker, out);
    VEC_EACH (&build->args, pair)
        if (pair->value)
            put_text(task->arena, out, pair->key, pair->value);
    return out;
}

struct node *build_tags(struct task *task)
{
    const struct build *build = build_of(task);
    struct node *out = new_list(task->arena);
    node_add(task->arena, out, new_text(task->arena, task->step->instance->wanted->name));
    for (size_t i = 0; i < build->tags.n; i++)
        node_add(task->arena, out, new_text(task->arena, build->tags.items[i]));
    return out;
}

const char *build_platform(struct task *task)
{
    const struct docker_wanted *payload = task_payload(task);
    const struct build *build = payload->service->build;
    const char *platform = docker_service_platform(payload->project, payload->service);
    return platform ? platform : build->platforms.n ? build->platforms.items[0] : NULL;
}

void build_failed(struct task *task, struct build_log *log, const char *why)
{
    struct err err = ERR_INIT;
    struct slice tail = slice_trim((struct slice){ log->tail.buf, log->tail.len });
    struct slice reason = slice_trim(slice_from(why ? why : ""));
    bool has_both = reason.len && tail.len;

    err_set_at(&err, build_of(task)->at, ERR_FAILED, "%s: the build failed: %.*s%s%.*s",
               task_what(task), (int)reason.len, reason.at, has_both ? "; its last lines:\n" : "",
               (int)tail.len, tail.at);
    task_fail(task, GRADE_FAILED, &err);
}
