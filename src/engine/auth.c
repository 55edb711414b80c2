/*
 * auth.c - the credentials for a registry, in docker's order: DOCKER_AUTH_CONFIG, the credential helper
 * of the registry, the helper of all registries, config.json's own entries. Secrets stay in memory that
 * is wiped, and go into one header only.
 */
#include "base/base.h"

#include "base/mem.h"
#include "base/process.h"
#include "engine/engine-internal.h"
#include "net/digest.h"

#define HUB_DOMAIN "docker.io"
#define HUB_KEY "https://index.docker.io/v1/"
#define HELPER_TIMEOUT_MS 60000
#define HELPER_MAX_OUTPUT (1u << 20)
#define HELPER_NOT_FOUND "credentials not found in native keychain"
#define TOKEN_USER "<token>"

struct credentials {
    struct str user, password, identity_token, registry_token;
};

struct auth_request {
    struct engine *engine; /* NULL: closed while the helper ran */
    struct auth_request *previous, *next;
    char *key;     /* of the registry in the configuration */
    char *helper;  /* to be run, or NULL */
    char *program; /* its file name */
    bool is_running;
    struct loop_source *soon;
    engine_auth_fn done;
    void *arg;
};

static void wipe(struct str *text)
{
    mem_wipe(text->buf, text->len);
    str_release(text);
}

static void credentials_release(struct credentials *credentials)
{
    wipe(&credentials->user);
    wipe(&credentials->password);
    wipe(&credentials->identity_token);
    wipe(&credentials->registry_token);
}

/* ------------------------------------------------------------ configuration entries */

static void set_text(struct str *text, const struct node *map, const char *key)
{
    const char *value = node_as_text(node_get(map, key));
    if (value && *value) {
        str_clear(text);
        str_add(text, value);
    }
}

/* One entry of "auths". True when it holds something. */
static bool read_entry(const struct node *entry, struct credentials *ret)
{
    const char *encoded = node_as_text(node_get(entry, "auth"));
    STR_AUTO(decoded);
    if (encoded && base64_decode(encoded, strlen(encoded), &decoded) == 0) {
        const char *colon = memchr(decoded.buf, ':', decoded.len);
        if (colon) {
            struct slice password = { colon + 1, decoded.len - (size_t)(colon + 1 - decoded.buf) };
            while (password.len > 0 && password.at[password.len - 1] == '\0')
                password.len--;
            str_add_len(&ret->user, decoded.buf, (size_t)(colon - decoded.buf));
            str_add_len(&ret->password, password.at, password.len);
        }
    }
    mem_wipe(decoded.buf, decoded.len);
    set_text(&ret->user, entry, "username");
    set_text(&ret->password, entry, "password");
    set_text(&ret->identity_token, entry, "identitytoken");
    set_text(&ret->registry_token, entry, "registrytoken");
    return ret->user.len || ret->identity_token.len || ret->registry_token.len;
}

/* "https://host/v1/" and "host" are both keys of host. */
static bool is_key_of(const char *key, const char *host)
{
    const char *start = strstr(key, "://");
    start = start ? start + 3 : key;
    size_t len = strcspn(start, "/");
    return strlen(host) == len && strncmp(start, host, len) == 0;
}

static bool find_entry(const struct node *auths, const char *key, struct credentials *ret)
{
    if (!node_is(auths, NODE_MAP))
        return false;
    if (read_entry(node_get(auths, key), ret))
        return true;
    NODE_EACH_PAIR(auths, pair) {
        if (is_key_of(pair->key, key) && read_entry(pair->value, ret))
            return true;
    }
    return false;
}

/* DOCKER_AUTH_CONFIG: {"auths": {...}} as text. */
static int find_in_variable(const struct engine *engine, const char *key, struct credentials *ret,
                            bool *ret_found, struct err *err)
{
    const char *text = engine_getenv(engine, "DOCKER_AUTH_CONFIG");
    *ret_found = false;
    if (text == NULL || *text == '\0')
        return 0;
    struct arena *arena = arena_new();
    struct node *node = NULL;
    ERR_AUTO(ignored); /* its text may quote the secret */
    int result = 0;
    if (jread_parse(arena, 0, text, strlen(text), &node, &ignored) != 0 || !node_is(node, NODE_MAP))
        result = err_set(err, ERR_USAGE,
                         "unusable DOCKER_AUTH_CONFIG: it is not a JSON object with \"auths\"");
    else
        *ret_found = find_entry(node_get(node, "auths"), key, ret);
    arena_free(arena);
    return result;
}

/* ------------------------------------------------------------ the header */

static char *make_header(const struct credentials *credentials, const char *server)
{
    STR_AUTO(json);
    STR_AUTO(header);
    struct jwrite w;
    jwrite_init(&w, &json, 0);
    jwrite_map(&w);
    if (credentials->identity_token.len > 0) {
        jwrite_key_text(&w, "identitytoken", credentials->identity_token.buf);
    } else if (credentials->registry_token.len > 0) {
        jwrite_key_text(&w, "registrytoken", credentials->registry_token.buf);
    } else if (credentials->user.len > 0) {
        jwrite_key_text(&w, "username", credentials->user.buf);
        jwrite_key_text(&w, "password", credentials->password.buf);
    }
    if (json.len > 1)
        jwrite_key_text(&w, "serveraddress", server);
    jwrite_map_end(&w);
    str_add(&header, "X-Registry-Auth: ");
    base64_encode(json.buf, json.len, true, &header);
    mem_wipe(json.buf, json.len);
    return str_steal(&header);
}

/* ------------------------------------------------------------ requests and helpers */

static void unlink_request(struct auth_request *request)
{
    if (request->engine == NULL)
        return;
    if (request->previous)
        request->previous->next = request->next;
    else
        request->engine->auths = request->next;
    if (request->next)
        request->next->previous = request->previous;
    request->engine = NULL;
}

static void request_free(struct auth_request *request)
{
    unlink_request(request);
    loop_remove(request->soon);
    mem_free(request->key);
    mem_free(request->helper);
    mem_free(request->program);
    mem_free(request);
}

void auth_abandon(struct engine *engine)
{
    while (engine->auths) {
        struct auth_request *request = engine->auths;
        unlink_request(request);
        if (!request->is_running)
            request_free(request);
    }
}

static void finish(struct auth_request *request, const struct credentials *credentials,
                   struct err *err)
{
    char *header = err_is_set(err) ? NULL : make_header(credentials, request->key);
    engine_auth_fn done = request->done;
    void *arg = request->arg;
    request_free(request);
    done(arg, header, err_is_set(err) ? err : NULL);
}

/* The entry of config.json: what is left when no helper knows better. */
static void finish_from_file(struct auth_request *request)
{
    struct credentials credentials = { STR_INIT, STR_INIT, STR_INIT, STR_INIT };
    ERR_AUTO(none);
    find_entry(node_get(request->engine->config, "auths"), request->key, &credentials);
    finish(request, &credentials, &none);
    credentials_release(&credentials);
}

/* {"ServerURL": ..., "Username": ..., "Secret": ...} */
static int read_helper(const struct auth_request *request, const struct str *out,
                       struct credentials *ret, struct err *err)
{
    struct arena *arena = arena_new();
    struct node *node = NULL;
    ERR_AUTO(ignored); /* its text may quote the secret */
    int result = 0;
    if (jread_parse(arena, 0, out->buf, out->len, &node, &ignored) != 0 ||
        !node_is(node, NODE_MAP)) {
        result =
            err_set(err, ERR_FAILED, "credentials for \"%s\": the answer of \"%s\" makes no sense",
                    request->key, request->program);
    } else if (text_is(node_as_text(node_get(node, "Username")), TOKEN_USER)) {
        set_text(&ret->identity_token, node, "Secret");
    } else {
        set_text(&ret->user, node, "Username");
        set_text(&ret->password, node, "Secret");
    }
    arena_free(arena);
    return result;
}

static void on_helper(void *arg, int exit_code, struct str *out, struct str *err_text)
{
    struct auth_request *request = arg;
    struct credentials credentials = { STR_INIT, STR_INIT, STR_INIT, STR_INIT };
    ERR_AUTO(err);
    struct slice said = slice_trim((struct slice){ out->buf, out->len });
    request->is_running = false;
    if (request->engine == NULL) {
        request_free(request);
    } else if (exit_code != 0 && slice_is(said, HELPER_NOT_FOUND)) {
        finish_from_file(request);
    } else if (exit_code != 0) {
        struct slice text = slice_trim((struct slice){ err_text->buf, err_text->len });
        text = text.len ? text : said;
        if (exit_code < 0)
            err_set(&err, ERR_TIMEOUT, "credentials for \"%s\": \"%s\" did not answer within %d s",
                    request->key, request->program, HELPER_TIMEOUT_MS / 1000);
        else
            err_set(&err, ERR_FAILED,
                    "credentials for \"%s\": \"%s\" failed (exit status %d): %.*s", request->key,
                    request->program, exit_code, (int)MIN(text.len, 300u), text.at);
        finish(request, &credentials, &err);
    } else {
        (void)!read_helper(request, out, &credentials, &err);
        finish(request, &credentials, &err);
    }
    credentials_release(&credentials);
    mem_wipe(out->buf, out->len);
}

static void run_helper(struct auth_request *request)
{
    struct engine *engine = request->engine;
    struct credentials none = { STR_INIT, STR_INIT, STR_INIT, STR_INIT };
    ERR_AUTO(err);
    STR_AUTO(program);
    str_printf(&program, "docker-credential-%s", request->helper);
    request->program = str_steal(&program);
    const char *argv[] = { request->program, "get", NULL };
    VEC(const char *) env = { NULL, 0, 0 };
    VEC_EACH(&engine->environment, entry)
        VEC_ADD(&env, *entry);
    VEC_ADD(&env, NULL);
    struct process_spec spec = {
        .argv = argv, .env = env.items, .fd_in = -1, .fd_out = -1, .fd_err = -1, .is_group = true
    };
    int result = process_run(engine->loop, &spec, request->key, strlen(request->key),
                             HELPER_MAX_OUTPUT, HELPER_TIMEOUT_MS, on_helper, request, &err);
    VEC_RELEASE(&env);
    if (result == 0) {
        request->is_running = true;
        return;
    }
    err_wrap(&err, "credentials for \"%s\"", request->key);
    finish(request, &none, &err);
}

/* A helper's name becomes part of a program's: no path in it. */
static char *find_helper(const struct engine *engine, const char *key)
{
    const char *name = node_as_text(node_get(node_get(engine->config, "credHelpers"), key));
    if (name == NULL || *name == '\0')
        name = node_as_text(node_get(engine->config, "credsStore"));
    return name && *name && strchr(name, '/') == NULL ? mem_dup(name) : NULL;
}

static void begin(void *arg)
{
    struct auth_request *request = arg;
    struct credentials credentials = { STR_INIT, STR_INIT, STR_INIT, STR_INIT };
    ERR_AUTO(err);
    bool has_found = false;
    request->soon = NULL;
    request->helper = find_helper(request->engine, request->key);
    if (find_in_variable(request->engine, request->key, &credentials, &has_found, &err) != 0 ||
        has_found)
        finish(request, &credentials, &err);
    else if (request->helper)
        run_helper(request);
    else
        finish_from_file(request);
    credentials_release(&credentials);
}

void engine_registry_auth(struct engine *engine, const char *reference, engine_auth_fn done,
                          void *arg)
{
    struct auth_request *request = MEM_NEW(struct auth_request);
    struct image_reference parts = { NULL, NULL, NULL, NULL, NULL };
    ERR_AUTO(ignored); /* the engine says what is wrong with the name */
    const char *domain = HUB_DOMAIN;
    if (image_reference_parse(reference, &parts, &ignored) == 0)
        domain = parts.domain;
    request->key = mem_dup(strcmp(domain, HUB_DOMAIN) == 0 ? HUB_KEY : domain);
    image_reference_release(&parts);
    request->engine = engine;
    request->done = done;
    request->arg = arg;
    request->next = engine->auths;
    if (request->next)
        request->next->previous = request;
    engine->auths = request;
    request->soon = loop_add_soon(engine->loop, begin, request);
}
