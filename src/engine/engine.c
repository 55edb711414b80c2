/*
 * engine.c - the handle of one engine: opened from the user's environment without talking to anybody,
 * closed from anywhere. Calls are in call.c, the version in negotiate.c.
 */
#include "base/base.h"

#include "base/mem.h"
#include "engine/engine-internal.h"
#include "engine/events.h"

const char *engine_getenv(const struct engine *engine, const char *name)
{
    size_t len = strlen(name);
    const char *value = NULL;
    VEC_EACH(&engine->environment, entry) {
        if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=')
            value = *entry + len + 1;
    }
    return value;
}

static void add_header(struct str *text, const char *name, const char *value)
{
    if (strpbrk(name, "\r\n:") || strpbrk(value, "\r\n"))
        return;
    str_printf(text, "%s: %s", name, value);
    str_add_char(text, '\0');
}

/* The headers that the user wants in every request: HttpHeaders of the configuration, then
   DOCKER_CUSTOM_HEADERS ("Name=value,Name=value"). As NUL-separated lines. */
static void custom_headers(const struct engine *engine, struct str *ret_lines)
{
    const struct node *map = node_get(engine->config, "HttpHeaders");
    if (node_is(map, NODE_MAP)) {
        NODE_EACH_PAIR(map, pair) {
            const char *value = node_as_text(pair->value);
            if (value && strcmp(pair->key, "User-Agent") != 0)
                add_header(ret_lines, pair->key, value);
        }
    }
    const char *custom = engine_getenv(engine, "DOCKER_CUSTOM_HEADERS");
    struct slice left = slice_from(custom ? custom : ""), entry;
    while (left.len > 0) {
        slice_split(&left, ',', &entry);
        struct slice name;
        if (!slice_split(&entry, '=', &name))
            continue;
        CLEANUP(mem_cleanup) char *name_text = mem_dup_len(name.at, name.len);
        CLEANUP(mem_cleanup) char *value_text = mem_dup_len(entry.at, entry.len);
        add_header(ret_lines, name_text, value_text);
    }
}

static int open_http(struct engine *engine, struct err *err)
{
    STR_AUTO(lines);
    custom_headers(engine, &lines);
    VEC(const char *) headers = { NULL, 0, 0 };
    for (size_t at = 0; at < lines.len; at += strlen(lines.buf + at) + 1)
        VEC_ADD(&headers, lines.buf + at);
    VEC_ADD(&headers, NULL);
    const struct endpoint *endpoint = &engine->endpoint;
    struct http_endpoint spec = {
        .unix_socket = endpoint->unix_socket,
        .base_url = endpoint->base_url,
        .ca_file = endpoint->ca_file,
        .cert_file = endpoint->cert_file,
        .key_file = endpoint->key_file,
        .verify_peer = endpoint->verify_peer,
        .headers = headers.items,
    };
    int result = http_new(engine->loop, &spec, &engine->http, err);
    VEC_RELEASE(&headers);
    if (result == 0 && engine->ssh)
        http_set_limit(engine->http, ssh_limit());
    return result;
}

int engine_open(const struct engine_config *config, struct engine **ret_engine, struct err *err)
{
    struct engine *engine = MEM_NEW(struct engine);
    engine->loop = config->loop;
    for (const char *const *entry = config->environment; entry && *entry; entry++)
        VEC_ADD(&engine->environment, mem_dup(*entry));
    engine_read_config(engine);
    if (endpoint_resolve(engine, config->host, config->context, &engine->endpoint, err) != 0 ||
        negotiate_forced(engine, err) != 0 ||
        (engine->endpoint.ssh_host && ssh_open(engine, err) != 0) || open_http(engine, err) != 0) {
        engine_close(engine);
        return -1;
    }
    *ret_engine = engine;
    return 0;
}

void engine_close(struct engine *engine)
{
    if (engine == NULL)
        return;
    while (engine->events)
        engine_events_close(engine->events);
    while (engine->first)
        call_abandon(engine->first);
    auth_abandon(engine);
    http_free(engine->http);
    ssh_close(engine->ssh);
    arena_free(engine->config_arena);
    mem_free(engine->config_dir);
    mem_free(engine->config_problem);
    endpoint_release(&engine->endpoint);
    VEC_EACH(&engine->environment, entry)
        mem_free(*entry);
    VEC_RELEASE(&engine->environment);
    mem_free(engine);
}

const char *engine_host(const struct engine *engine)
{
    return engine->endpoint.host;
}

void engine_identity(const struct engine *engine, struct str *out)
{
    endpoint_identity(&engine->endpoint, out);
}

unsigned engine_api(const struct engine *engine)
{
    return engine->api;
}

bool engine_is_podman(const struct engine *engine)
{
    return engine->is_podman;
}

unsigned engine_builder(const struct engine *engine)
{
    return engine->builder;
}

const struct node *engine_docker_config(const struct engine *engine)
{
    return engine->config;
}

const char *engine_docker_config_dir(const struct engine *engine)
{
    return engine->config_dir;
}

const char *engine_docker_config_problem(const struct engine *engine)
{
    return engine->config_problem;
}

void engine_set_limit(struct engine *engine, size_t n)
{
    http_set_limit(engine->http, engine->ssh ? MIN(n, ssh_limit()) : n);
}

unsigned engine_count(const struct engine *engine)
{
    return http_count(engine->http);
}
