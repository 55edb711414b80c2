/*
 * build-bake.c - builds by docker-buildx, which knows all that a description can ask for: one
 * target as JSON on its standard input, what it does as JSON lines on its standard error. Called by
 * apply-build.c.
 */
#include "base/base.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "operator/docker/build.h"
#include "operator/docker/files.h"

#define LINE_MAX_BYTES (4u << 20)

struct bake {
    struct build_log log;
    struct str line;   /* of its output, so far */
    struct str reason; /* lines that are no JSON: why it failed */
    int fd;            /* its standard error */
    struct loop_source *reader, *child;
    pid_t pid; /* 0: it has ended */
    int exit_code;
};

static void bake_stop_reading(struct bake *bake)
{
    loop_remove(STEAL_PTR(bake->reader));
    if (bake->fd >= 0)
        close(bake->fd);
    bake->fd = -1;
}

static void bake_release(struct task *task)
{
    struct bake *bake = task->data;
    bake_stop_reading(bake);
    loop_remove(bake->child);
    if (bake->pid)
        kill(bake->pid, SIGKILL);
    build_log_release(&bake->log);
    str_release(&bake->line);
    str_release(&bake->reason);
    mem_free(bake);
}

/* --- the target ------------------------------------------------------------------------------- */

/* "${" would be taken for a variable of the bake file. */
static struct node *bake_text(struct task *task, const char *text)
{
    STR_AUTO(out);
    for (const char *at = text; *at; at++) {
        if (at[0] == '$' && at[1] == '{')
            str_add_char(&out, '$');
        str_add_char(&out, *at);
    }
    return new_text(task->arena, out.buf);
}

static void bake_put(struct task *task, struct node *target, const char *key, const char *value)
{
    if (text_is_set(value))
        put_node(task->arena, target, key, bake_text(task, value));
}

static void bake_put_list(struct task *task, struct node *target, const char *key,
                          const struct text_list *list)
{
    struct node *out = new_list(task->arena);
    for (size_t i = 0; i < list->n; i++)
        node_add(task->arena, out, bake_text(task, list->items[i]));
    if (list->n)
        put_node(task->arena, target, key, out);
}

static void bake_put_map(struct task *task, struct node *target, const char *key,
                         const struct node *map)
{
    struct node *out = new_map(task->arena);
    NODE_EACH_PAIR (map, pair)
        if (node_as_text(pair->value))
            put_node(task->arena, out, pair->key, bake_text(task, node_as_text(pair->value)));
    if (out->u.map.n)
        put_node(task->arena, target, key, out);
}

static void bake_put_secrets(struct task *task, struct node *target)
{
    const struct docker_wanted *payload = task_payload(task);
    struct node *secrets = new_list(task->arena), *ssh = new_list(task->arena);

    VEC_EACH (&payload->service->build->secrets, reference) {
        const struct project_file *file = files_find(payload->project, reference->source, true);
        const char *id = text_is_set(reference->target) ? reference->target : reference->source;
        if (file && file->file)
            node_add(task->arena, secrets,
                     new_text(task->arena,
                              arena_printf(task->arena, "id=%s,type=file,src=%s", id, file->file)));
        else if (file && file->environment)
            node_add(task->arena, secrets,
                     new_text(task->arena, arena_printf(task->arena, "id=%s,type=env,env=%s", id,
                                                        file->environment)));
    }
    VEC_EACH (&payload->service->build->ssh, pair)
        node_add(task->arena, ssh,
                 new_text(task->arena,
                          pair->value ? arena_printf(task->arena, "%s=%s", pair->key, pair->value)
                                      : pair->key));
    if (secrets->u.list.n)
        put_node(task->arena, target, "secret", secrets);
    if (ssh->u.list.n)
        put_node(task->arena, target, "ssh", ssh);
}

static void bake_put_limits(struct task *task, struct node *target)
{
    const struct build *build = build_of(task);
    struct node *limits = new_list(task->arena);
    VEC_EACH (&build->ulimits, limit)
        node_add(
            task->arena, limits,
            new_text(task->arena, arena_printf(task->arena, "%s=%lld:%lld", limit->name,
                                               (long long)limit->soft, (long long)limit->hard)));
    if (limits->u.list.n)
        put_node(task->arena, target, "ulimits", limits);
    if (build->shm_size)
        put_text(task->arena, target, "shm-size",
                 arena_printf(task->arena, "%lld", (long long)build->shm_size));
    if (build->extra_hosts.n)
        bake_put_map(task, target, "extra-hosts", new_pairs(task->arena, &build->extra_hosts));
}

static struct node *bake_target(struct task *task)
{
    const struct build *build = build_of(task);
    struct arena *arena = task->arena;
    struct node *target = new_map(arena), *outputs = new_list(arena), *platforms = new_list(arena);
    const char *platform = build->platforms.n > 1 ? NULL : build_platform(task);

    bake_put(task, target, "context", build->context);
    bake_put(task, target, "dockerfile", build->dockerfile_inline ? NULL : build->dockerfile);
    bake_put(task, target, "dockerfile-inline", build->dockerfile_inline);
    bake_put_map(task, target, "args", build_args(task));
    bake_put_map(task, target, "labels", build_labels(task, false));
    if (build->additional_contexts.n)
        bake_put_map(task, target, "contexts", new_pairs(arena, &build->additional_contexts));
    put_node(arena, target, "tags", build_tags(task));
    bake_put_list(task, target, "cache-from", &build->cache_from);
    bake_put_list(task, target, "cache-to", &build->cache_to);
    bake_put_list(task, target, "no-cache-filter", &build->no_cache_filter);
    bake_put_list(task, target, "entitlements", &build->entitlements);
    bake_put(task, target, "target", build->target);
    bake_put(task, target, "network", build->network);
    if (platform)
        node_add(arena, platforms, new_text(arena, platform));
    else
        platforms = new_texts(arena, &build->platforms);
    if (platforms->u.list.n)
        put_node(arena, target, "platforms", platforms);
    bake_put_secrets(task, target);
    bake_put_limits(task, target);
    if (build->no_cache)
        put_bool(arena, target, "no-cache", true);
    if (build->pull)
        put_bool(arena, target, "pull", true);
    node_add(arena, outputs,
             new_text(arena, platforms->u.list.n > 1 ? "type=image" : "type=docker"));
    put_node(arena, target, "output", outputs);
    return target;
}

/* Its name is shown by buildx; letters that it refuses become '_'. */
static const char *target_name(struct task *task)
{
    char *name = arena_dup(task->arena, task_payload(task)->service->name);
    for (char *at = name; *at; at++)
        if (*at == '.')
            *at = '_';
    return name;
}

static void bake_file(struct task *task, struct str *out)
{
    struct arena *arena = task->arena;
    struct node *file = new_map(arena), *groups = new_map(arena), *group = new_map(arena);
    struct node *targets = new_map(arena), *names = new_list(arena);
    const char *name = target_name(task);

    node_add(arena, names, new_text(arena, name));
    put_node(arena, group, "targets", names);
    put_node(arena, groups, "default", group);
    put_node(arena, file, "group", groups);
    put_node(arena, targets, name, bake_target(task));
    put_node(arena, file, "target", targets);
    jwrite_node_text(file, 0, out);
}

/* --- the program ------------------------------------------------------------------------------ */

typedef MODEL_LIST(const char *) word_list;

static void allow_read(struct task *task, word_list *words, const char *path)
{
    ARENA_ADD(task->arena, words, "--allow");
    ARENA_ADD(task->arena, words, arena_printf(task->arena, "fs.read=%s", path));
}

static void add_allowed(struct task *task, word_list *words)
{
    const struct docker_wanted *payload = task_payload(task);
    const struct build *build = payload->service->build;

    if (!build_is_remote(build->context) && build->context)
        allow_read(task, words, build->context);
    if (build->dockerfile && path_is_absolute(build->dockerfile))
        allow_read(task, words, build->dockerfile);
    VEC_EACH (&build->additional_contexts, pair)
        if (pair->value && path_is_absolute(pair->value))
            allow_read(task, words, pair->value);
    VEC_EACH (&build->secrets, reference) {
        const struct project_file *file = files_find(payload->project, reference->source, true);
        if (file && file->file)
            allow_read(task, words, file->file);
    }
    VEC_EACH (&build->ssh, pair)
        if (pair->value)
            allow_read(task, words, pair->value);
    for (size_t i = 0; i < build->entitlements.n; i++) {
        ARENA_ADD(task->arena, words, "--allow");
        ARENA_ADD(task->arena, words, build->entitlements.items[i]);
    }
    if (build->privileged) {
        ARENA_ADD(task->arena, words, "--allow");
        ARENA_ADD(task->arena, words, "security.insecure");
    }
}

/* Ours, with the engine that we speak to, and the variables that secrets are taken from. */
static const char *const *bake_environment(struct task *task)
{
    const struct docker_wanted *payload = task_payload(task);
    const char *const *item =
        docker_tool_environment(task->docker, task->arena, task->docker->environment);
    word_list words = { NULL, 0, 0 };

    for (; *item; item++)
        ARENA_ADD(task->arena, &words, *item);
    VEC_EACH (&payload->service->build->secrets, reference) {
        const struct project_file *file = files_find(payload->project, reference->source, true);
        if (file && file->environment && file->content)
            ARENA_ADD(task->arena, &words,
                      arena_printf(task->arena, "%s=%s", file->environment, file->content));
    }
    ARENA_ADD(task->arena, &words, NULL);
    return words.items;
}

static void on_line(struct task *task, const char *line, size_t len)
{
    struct bake *bake = task->data;
    struct arena *arena = arena_new();
    struct node *node = NULL;
    ERR_AUTO(err);

    if (len && *line == '{' && jread_parse(arena, 0, line, len, &node, &err) == 0) {
        build_status(task, &bake->log, node);
    } else if (len && bake->reason.len < BUILD_TAIL_MAX) {
        if (bake->reason.len)
            str_add_char(&bake->reason, '\n');
        str_add_len(&bake->reason, line, len);
    }
    arena_free(arena);
}

static void bake_over(struct task *task)
{
    struct bake *bake = task->data;
    if (bake->fd >= 0 || bake->pid)
        return;
    if (bake->line.len)
        on_line(task, bake->line.buf, bake->line.len);
    if (bake->exit_code == 0)
        apply_image_inspect(task);
    else
        build_failed(task, &bake->log,
                     bake->reason.len ? bake->reason.buf : "docker-buildx gave no reason");
}

static void on_readable(void *arg, int fd, unsigned events ATTR_UNUSED)
{
    struct task *task = arg;
    struct bake *bake = task->data;
    char buf[16384];
    ssize_t n = read(fd, buf, sizeof(buf));

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        bake_stop_reading(bake);
        bake_over(task);
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        if (buf[i] != '\n') {
            if (bake->line.len < LINE_MAX_BYTES)
                str_add_char(&bake->line, buf[i]);
            continue;
        }
        on_line(task, bake->line.buf, bake->line.len);
        str_clear(&bake->line);
    }
}

static void on_child(void *arg, int wait_status)
{
    struct task *task = arg;
    struct bake *bake = task->data;
    bake->child = NULL;
    bake->pid = 0;
    bake->exit_code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 1;
    bake_over(task);
}

static int input_file(const char *bytes, size_t len, struct err *err)
{
    int fd = memfd_create("bake", MFD_CLOEXEC);
    if (fd < 0)
        return err_set_sys(err, errno, "memory for the bake file");
    if (file_write_all(fd, bytes, len, err) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void bake_cancel(struct task *task)
{
    struct bake *bake = task->data;
    if (bake->pid)
        kill(bake->pid, SIGTERM);
}

static int bake_start(struct task *task, const char *const *argv, struct err *err)
{
    struct bake *bake = task->data;
    STR_AUTO(json);
    FD_AUTO(in);
    int theirs;

    bake_file(task, &json);
    in = input_file(json.buf, json.len, err);
    if (in < 0)
        return -1;
    if (process_pipe(false, &bake->fd, &theirs, err) < 0)
        return -1;
    const struct process_spec spec = { .argv = argv,
                                       .env = bake_environment(task),
                                       .fd_in = in,
                                       .fd_out = -1,
                                       .fd_err = theirs,
                                       .is_group = true };
    int result = process_start(&spec, &bake->pid, err);
    close(theirs);
    if (result < 0) {
        bake->pid = 0;
        bake_stop_reading(bake);
        return -1;
    }
    bake->reader = loop_add_fd(task->docker->loop, bake->fd, LOOP_READ, on_readable, task);
    bake->child = loop_add_child(task->docker->loop, bake->pid, on_child, task);
    return 0;
}

void build_by_bake(struct task *task, const char *program, bool has_allow)
{
    const struct build *build = build_of(task);
    struct bake *bake = MEM_NEW(struct bake);
    struct err err = ERR_INIT;
    word_list words = { NULL, 0, 0 };

    build_log_init(&bake->log);
    str_init(&bake->line, 0);
    str_init(&bake->reason, 0);
    bake->fd = -1;
    task->data = bake;
    task->release = bake_release;
    task->cancel = bake_cancel;
    ARENA_ADD(task->arena, &words, arena_dup(task->arena, program));
    ARENA_ADD(task->arena, &words, "bake");
    ARENA_ADD(task->arena, &words, "--file");
    ARENA_ADD(task->arena, &words, "-");
    ARENA_ADD(task->arena, &words, "--progress");
    ARENA_ADD(task->arena, &words, "rawjson");
    if (text_is_set(build->provenance))
        ARENA_ADD(task->arena, &words,
                  arena_printf(task->arena, "--provenance=%s", build->provenance));
    if (text_is_set(build->sbom))
        ARENA_ADD(task->arena, &words, arena_printf(task->arena, "--sbom=%s", build->sbom));
    if (has_allow)
        add_allowed(task, &words);
    ARENA_ADD(task->arena, &words, NULL);
    if (bake_start(task, words.items, &err) < 0)
        task_fail(task, GRADE_FAILED, &err);
}
