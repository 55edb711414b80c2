/*
 * docker.c - the docker operator: its table of functions, its kinds, its handle and what the handle
 * remembers between observation and steps (images, instances). It knows the Engine only through
 * src/engine. Called through operator_table.
 */
#include "base/base.h"

#include <unistd.h>

#include "operator/docker/docker.h"
#include "operator/docker/task.h"

/* --- kinds ------------------------------------------------------------------------------------ */

/* What the engine has no part in. */
static const struct field_rule container_fields[] = {
    { "attach", CHANGE_REPLACE },
    { NULL, CHANGE_REPLACE },
};
static const struct field_rule no_fields[] = { { NULL, CHANGE_REPLACE } };

const struct resource_kind docker_image_kind = {
    .name = "image", .title = "Image", .flags = KIND_ARTIFACT, .fields = no_fields
};
const struct resource_kind docker_network_kind = {
    .name = "network",
    .title = "Network",
    .flags = KIND_ATTACHABLE,
    .fields = no_fields,
    .section = "networks",
};
const struct resource_kind docker_volume_kind = {
    .name = "volume",
    .title = "Volume",
    .flags = KIND_DATA,
    .fields = no_fields,
    .section = "volumes",
};
const struct resource_kind docker_container_kind = {
    .name = "container",
    .title = "Container",
    .flags = KIND_RUNS,
    .fields = container_fields,
    .section = "services",
};

const struct resource_kind docker_provider_kind = {
    .name = "provider",
    .title = "Provider",
    .flags = KIND_RUNS | KIND_CALLED,
    .fields = no_fields,
    .section = "services",
};

static const struct resource_kind *const kinds[] = { &docker_image_kind,    &docker_network_kind,
                                                     &docker_volume_kind,   &docker_container_kind,
                                                     &docker_provider_kind, NULL };

/* --- what is remembered ----------------------------------------------------------------------- */

struct docker_image *docker_find_image(const struct docker *docker, const char *key)
{
    return map_find(&docker->images, key);
}

void docker_remember_image(struct docker *docker, const char *key, const char *id,
                           const char *digest, const struct node *config)
{
    struct docker_image *image = map_find(&docker->images, key);
    if (image && text_is(image->id, id) && text_is(image->digest, digest))
        return;
    if (!image) {
        image = ARENA_NEW(docker->arena, struct docker_image);
        map_set(&docker->images, key, image);
    }
    image->id = arena_dup(docker->arena, id ? id : digest);
    image->digest = arena_dup(docker->arena, digest);
    image->config = config ? node_copy(docker->arena, config) : NULL;
}

void docker_forget_image(struct docker *docker, const char *key)
{
    map_remove(&docker->images, key);
}

const char *docker_find_instance(const struct docker *docker, const char *service)
{
    const struct docker_instance *found = NULL;
    VEC_EACH (&docker->instances, instance)
        if (text_is(instance->service, service) && (!found || instance->number < found->number))
            found = instance;
    return found ? found->id : NULL;
}

void docker_remember_instance(struct docker *docker, const char *service, int64_t number,
                              const char *id)
{
    VEC_EACH (&docker->instances, instance) {
        if (text_is(instance->service, service) && instance->number == number) {
            instance->id = arena_dup(docker->arena, id);
            return;
        }
    }
    struct docker_instance instance = { arena_dup(docker->arena, service),
                                        arena_dup(docker->arena, id), number };
    VEC_ADD(&docker->instances, instance);
}

void docker_forget_instance(struct docker *docker, const char *id)
{
    for (size_t i = 0; i < docker->instances.n; i++) {
        if (!text_is(docker->instances.items[i].id, id))
            continue;
        docker->instances.items[i] = docker->instances.items[--docker->instances.n];
        return;
    }
}

void docker_note_death(struct docker *docker, const char *id, bool is_dead)
{
    for (size_t i = 0; i < docker->deaths.n; i++) {
        if (!text_is(docker->deaths.items[i], id))
            continue;
        if (!is_dead)
            docker->deaths.items[i] = docker->deaths.items[--docker->deaths.n];
        return;
    }
    if (is_dead)
        VEC_ADD(&docker->deaths, arena_dup(docker->arena, id));
}

bool docker_has_died(const struct docker *docker, const char *id)
{
    for (size_t i = 0; i < docker->deaths.n; i++)
        if (text_is(docker->deaths.items[i], id))
            return true;
    return false;
}

const char *docker_environment(const struct docker *docker, const char *name)
{
    size_t len = strlen(name);
    for (const char *const *item = docker->environment; item && *item; item++)
        if (strncmp(*item, name, len) == 0 && (*item)[len] == '=')
            return *item + len + 1;
    return NULL;
}

const struct node *docker_cli_config(const struct docker *docker)
{
    return docker && docker->engine ? engine_docker_config(docker->engine) : NULL;
}

/* --- other programs --------------------------------------------------------------------------- */

typedef MODEL_LIST(const char *) word_list;

const char *const *docker_plugin_folders(const struct docker *docker, struct arena *arena)
{
    static const char *const dirs[] = { "/usr/local/lib/docker", "/usr/local/libexec/docker",
                                        "/usr/lib/docker", "/usr/libexec/docker" };
    const struct node *extra = node_get(docker_cli_config(docker), "cliPluginsExtraDirs");
    const char *config_dir = engine_docker_config_dir(docker->engine);
    word_list out = { NULL, 0, 0 };

    if (node_is(extra, NODE_LIST))
        NODE_EACH_ITEM (extra, dir)
            if (node_as_text(*dir))
                ARENA_ADD(arena, &out, arena_dup(arena, node_as_text(*dir)));
    if (config_dir)
        ARENA_ADD(arena, &out, arena_printf(arena, "%s/cli-plugins", config_dir));
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
        ARENA_ADD(arena, &out, arena_printf(arena, "%s/cli-plugins", dirs[i]));
    ARENA_ADD(arena, &out, NULL);
    return out.items;
}

const char *const *docker_tool_environment(const struct docker *docker, struct arena *arena,
                                           const char *const *environment)
{
    static const char *const dropped[] = { "DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND=",
                                           "DOCKER_HOST=", "DOCKER_CONTEXT=" };
    const char *host = engine_host(docker->engine);
    bool is_plain = host && text_starts(host, "unix://");
    word_list out = { NULL, 0, 0 };

    for (const char *const *item = environment; item && *item; item++) {
        bool is_kept = true;
        for (size_t i = 0; i < (is_plain ? ARRAY_LEN(dropped) : 1); i++)
            is_kept = is_kept && !text_starts(*item, dropped[i]);
        if (is_kept)
            ARENA_ADD(arena, &out, *item);
    }
    if (is_plain)
        ARENA_ADD(arena, &out, arena_printf(arena, "DOCKER_HOST=%s", host));
    ARENA_ADD(arena, &out, NULL);
    return out.items;
}

/* --- the handle ------------------------------------------------------------------------------- */

static void docker_close(void *handle)
{
    struct docker *docker = handle;
    if (!docker)
        return;
    docker_watch_free(docker);
    docker_tasks_free(docker);
    engine_close(docker->engine);
    map_release(&docker->images);
    map_release(&docker->given);
    VEC_RELEASE(&docker->instances);
    VEC_RELEASE(&docker->networks);
    VEC_RELEASE(&docker->deaths);
    VEC_RELEASE(&docker->tasks);
    arena_free(docker->arena);
    mem_free(docker);
}

/* Starting dominates, and it is bound by the engine's processors; for a local engine these are
   ours. */
unsigned docker_concurrency(void *handle ATTR_UNUSED)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    long best = 2 * (processors > 0 ? processors : 1);
    return (unsigned)MIN(MAX(best, 4), 16);
}

/* Everything works without it, but perhaps not as the user means it. */
static void warn_of_cli_config(const struct docker *docker, struct findings *findings)
{
    const char *problem = engine_docker_config_problem(docker->engine);
    struct origin nowhere = ORIGIN_NONE;

    if (problem && findings)
        finding_add(findings, FINDING_WARNING, nowhere, NULL,
                    "%s; going on without the credentials, the context and the proxies that it may "
                    "name: mend or remove it",
                    problem);
}

static int docker_open(const struct operator_config *config, void **ret_handle, struct err *err)
{
    struct docker *docker = MEM_NEW(struct docker);
    docker->loop = config->loop;
    docker->environment = config->environment;
    docker->arena = arena_new();
    map_init(&docker->images);
    map_init(&docker->given);
    struct engine_config engine = { .loop = config->loop,
                                    .environment = config->environment,
                                    .host = config->endpoint,
                                    .context = config->context };
    if (engine_open(&engine, &docker->engine, err) < 0) {
        docker_close(docker);
        return -1;
    }
    warn_of_cli_config(docker, config->findings);
    *ret_handle = docker;
    return 0;
}

static void docker_identity(void *handle, struct str *out)
{
    engine_identity(((struct docker *)handle)->engine, out);
}

const struct operator_ops docker_ops = {
    .name = "docker",
    .other_name = "docker-compose",
    .summary = "containers of a Docker Engine, over its socket",
    .section = "docker",
    .needs_image = true,
    .caps = CAP_LOGS | CAP_EXEC | CAP_ATTACH | CAP_EVENTS | CAP_PROJECTS | CAP_BUILD | CAP_PIN,
    .kinds = kinds,
    .open = docker_open,
    .close = docker_close,
    .identity = docker_identity,
    .lower = docker_lower,
    .observe = docker_observe,
    .check = docker_check,
    .begin = docker_begin,
    .cancel = docker_cancel,
    .concurrency = docker_concurrency,
    .logs = docker_logs,
    .events = docker_events,
    .exec = docker_exec,
    .attach = docker_attach,
    .projects = docker_projects,
    .pin = docker_pin,
    .stream_write = docker_stream_write,
    .stream_close_input = docker_stream_close_input,
    .stream_resize = docker_stream_resize,
    .stream_signal = docker_stream_signal,
    .stream_cancel = docker_stream_cancel,
    .stream_pause = docker_stream_pause,
};
