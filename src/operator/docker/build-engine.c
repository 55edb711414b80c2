/*
 * build-engine.c - builds by the engine itself: POST /build with the context as an archive that is
 * packed while it is sent. BuildKit where the engine has it, else (or where BuildKit would need a
 * session with the client) the classic builder. Called by apply-build.c.
 */
#include "base/base.h"

#include "net/context.h"
#include "net/digest.h"
#include "operator/docker/build.h"

struct engine_build {
    struct build_log log;
    struct context *context;
    char *auth; /* a header; a secret */
    bool is_classic;
};

static void engine_build_release(struct task *task)
{
    struct engine_build *work = task->data;
    build_log_release(&work->log);
    context_free(work->context);
    if (work->auth)
        mem_wipe(work->auth, strlen(work->auth));
    mem_free(work->auth);
    mem_free(work);
}

static void send_build(struct task *task);

/* --- the query -------------------------------------------------------------------------------- */

static void add_text(struct str *query, const char *name, const char *value)
{
    if (!text_is_set(value))
        return;
    str_printf(query, "&%s=", name);
    http_escape(value, query);
}

static void add_json(struct str *query, const char *name, const struct node *value)
{
    STR_AUTO(json);
    if (fields_is_empty(value))
        return;
    jwrite_node_text(value, 0, &json);
    add_text(query, name, json.buf);
}

static void add_limits(struct task *task, struct str *query)
{
    const struct build *build = build_of(task);
    struct node *limits = new_list(task->arena);
    VEC_EACH (&build->ulimits, limit) {
        struct node *item = new_map(task->arena);
        put_text(task->arena, item, "Name", limit->name);
        put_int(task->arena, item, "Soft", limit->soft);
        put_int(task->arena, item, "Hard", limit->hard);
        node_add(task->arena, limits, item);
    }
    add_json(query, "ulimits", limits);
    if (build->shm_size)
        str_printf(query, "&shmsize=%lld", (long long)build->shm_size);
}

static void add_hosts(struct task *task, struct str *query)
{
    STR_AUTO(hosts);
    VEC_EACH (&build_of(task)->extra_hosts, pair)
        str_printf(&hosts, "%s%s:%s", hosts.len ? "," : "", pair->key,
                   pair->value ? pair->value : "");
    add_text(query, "extrahosts", hosts.buf);
}

static void build_query(struct task *task, struct str *query)
{
    const struct engine_build *work = task->data;
    const struct build *build = build_of(task);
    struct node *tags = build_tags(task);

    str_printf(query, "/build?version=%d&rm=1&forcerm=1", work->is_classic ? 1 : 2);
    NODE_EACH_ITEM (tags, tag)
        add_text(query, "t", node_as_text(*tag));
    if (work->context)
        add_text(query, "dockerfile", context_dockerfile(work->context));
    else
        add_text(query, "dockerfile", build->dockerfile);
    if (build_is_remote(build->context))
        add_text(query, "remote", build->context);
    add_json(query, "buildargs", build_args(task));
    add_json(query, "labels", build_labels(task, work->is_classic));
    add_json(query, "cachefrom", new_texts(task->arena, &build->cache_from));
    add_text(query, "target", build->target);
    add_text(query, "networkmode", build->network);
    add_text(query, "platform", build_platform(task));
    add_hosts(task, query);
    add_limits(task, query);
    if (build->no_cache)
        str_add(query, "&nocache=1");
    if (build->pull)
        str_add(query, "&pull=1");
}

/* --- the answer ------------------------------------------------------------------------------- */

static int on_value(void *arg, struct node *value, struct err *err ATTR_UNUSED)
{
    struct task *task = arg;
    struct engine_build *work = task->data;
    const char *text = get_text(value, "stream"), *aux = get_text(value, "aux");
    STR_AUTO(bytes);

    if (text)
        build_log(task, &work->log, text, strlen(text));
    if (aux && text_is(get_text(value, "id"), "moby.buildkit.trace") &&
        base64_decode(aux, strlen(aux), &bytes) == 0)
        build_trace(task, &work->log, bytes.buf, bytes.len);
    if (get_text(value, "status"))
        task_progress(task, get_text(value, "id"), get_text(value, "status"),
                      get_int(node_get(value, "progressDetail"), "current"),
                      get_int(node_get(value, "progressDetail"), "total"));
    return 0;
}

static void on_built(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct task *task = arg;
    struct engine_build *work = task->data;

    task->call = NULL;
    if (!call_failed(err)) {
        apply_image_inspect(task);
        return;
    }
    const struct err *cause = work->context ? context_error(work->context) : NULL;
    if (cause && err_is_set(cause)) {
        build_failed(task, &work->log, cause->text);
        return;
    }
    /* BuildKit asks its client for credentials; the classic builder does without. */
    if (!work->is_classic && strstr(err->text, "no active sessions")) {
        work->is_classic = true;
        send_build(task);
        return;
    }
    if (err->code == ERR_CONNECT)
        task_fail_call(task, err);
    else
        build_failed(task, &work->log, err->text);
}

static ptrdiff_t read_context(void *arg, char *buf, size_t cap)
{
    struct task *task = arg;
    struct engine_build *work = task->data;
    return context_read(work->context, buf, cap);
}

static void send_build(struct task *task)
{
    struct engine_build *work = task->data;
    const struct build *build = build_of(task);
    struct err err = ERR_INIT;
    STR_AUTO(query);

    context_free(STEAL_PTR(work->context));
    if (!build_is_remote(build->context)) {
        const struct context_spec spec = { .dir = build->context,
                                           .dockerfile = build->dockerfile,
                                           .inline_text = build->dockerfile_inline };
        if (context_new(&spec, &work->context, &err) < 0) {
            err_wrap(&err, "%s", task_what(task));
            err.at = build->at;
            task_fail(task, GRADE_FAILED, &err);
            return;
        }
    }
    build_query(task, &query);
    const char *const headers[] = { work->auth, NULL };
    struct engine_stream_spec spec = { .method = "POST",
                                       .path = query.buf,
                                       .what = task_what(task),
                                       .value = on_value,
                                       .done = on_built,
                                       .arg = task,
                                       .content_type = "application/x-tar",
                                       .headers = headers,
                                       .is_long = true };
    if (work->context)
        spec.read = read_context;
    task->call = engine_stream(task->docker->engine, &spec);
}

static void on_auth(struct task *task, char *header)
{
    ((struct engine_build *)task->data)->auth = header;
    send_build(task);
}

/* --- what it cannot do ------------------------------------------------------------------------ */

static const char *needs_buildx(const struct build *build)
{
    if (build->secrets.n)
        return "secrets";
    if (build->ssh.n)
        return "ssh";
    if (build->additional_contexts.n)
        return "additional_contexts";
    if (build->platforms.n > 1)
        return "platforms";
    if (build->entitlements.n)
        return "entitlements";
    if (build->privileged)
        return "privileged";
    return build->cache_to.n ? "cache_to" : NULL;
}

void build_by_engine(struct task *task)
{
    const struct docker_wanted *payload = task_payload(task);
    const char *key = needs_buildx(payload->service->build);
    const char *wish = docker_environment(task->docker, "DOCKER_BUILDKIT");
    struct engine *engine = task->docker->engine;
    struct err err = ERR_INIT;
    bool is_on;

    if (key) {
        const char *path = arena_printf(task->arena, "build.%s", key);
        err_set_at(&err, service_origin(payload->service, path), ERR_UNSUPPORTED,
                   "%s: build.%s needs docker-buildx, which is not installed", task_what(task),
                   key);
        task_fail(task, GRADE_FAILED, &err);
        return;
    }
    struct engine_build *work = MEM_NEW(struct engine_build);
    build_log_init(&work->log);
    task->data = work;
    task->release = engine_build_release;
    bool has_wish = text_is_set(wish) && text_to_bool(wish, &is_on) == 0;
    work->is_classic =
        engine_is_podman(engine) || (has_wish ? !is_on : engine_builder(engine) != 2);
    build_auth(task, on_auth);
}
