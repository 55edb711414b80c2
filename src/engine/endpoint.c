/*
 * endpoint.c - where the engine is, in docker's order: --context, -H, DOCKER_HOST, DOCKER_CONTEXT,
 * the configuration's current context, the default socket; and how it is spoken to (TLS, ssh).
 * Talks to nobody: it reads files of the user's docker configuration only.
 */
#include "base/base.h"

#include <ctype.h>

#include "base/file.h"
#include "base/mem.h"
#include "engine/engine-internal.h"
#include "net/digest.h"

#define DEFAULT_SOCKET "/var/run/docker.sock"
#define META_MAX_BYTES (1u << 20)

struct tls {
    bool is_on, verify;
    struct str dir; /* holds ca.pem, cert.pem, key.pem */
};

void endpoint_release(struct endpoint *endpoint)
{
    char *texts[] = { endpoint->host,      endpoint->unix_socket, endpoint->base_url,
                      endpoint->ca_file,   endpoint->cert_file,   endpoint->key_file,
                      endpoint->ssh_user,  endpoint->ssh_host,    endpoint->ssh_port,
                      endpoint->ssh_socket };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        mem_free(texts[i]);
    memset(endpoint, 0, sizeof(*endpoint));
}

void endpoint_identity(const struct endpoint *endpoint, struct str *out)
{
    STR_AUTO(path);

    if (endpoint->ssh_host) {
        str_printf(out, "ssh:%s@%s:%s%s", endpoint->ssh_user ? endpoint->ssh_user : "",
                   endpoint->ssh_host, endpoint->ssh_port ? endpoint->ssh_port : "",
                   endpoint->ssh_socket ? endpoint->ssh_socket : "");
    } else if (endpoint->unix_socket) {
        file_real_path(endpoint->unix_socket, &path);
        str_printf(out, "unix:%s", path.buf);
    } else {
        const char *address = strstr(endpoint->base_url, "://") + 3;
        size_t host_len = strcspn(address, "/");
        str_add(out, "tcp:");
        for (size_t i = 0; i < host_len; i++)
            str_add_char(out, (char)tolower((unsigned char)address[i]));
        str_add(out, address + host_len);
    }
}

/* ------------------------------------------------------------ TLS */

static char *file_in(const struct tls *tls, const char *name)
{
    STR_AUTO(path);
    path_join(tls->dir.buf, name, &path);
    return file_exists(path.buf) ? str_steal(&path) : NULL;
}

static int set_tls(const struct tls *tls, struct endpoint *endpoint, struct err *err)
{
    endpoint->verify_peer = tls->verify;
    endpoint->ca_file = file_in(tls, "ca.pem");
    endpoint->cert_file = file_in(tls, "cert.pem");
    endpoint->key_file = file_in(tls, "key.pem");
    if (tls->verify && endpoint->ca_file == NULL)
        return err_set(err, ERR_NOT_FOUND,
                       "no file \"%s/ca.pem\", which TLS to \"%s\" needs to check who "
                       "answers",
                       tls->dir.buf, endpoint->host);
    if ((endpoint->cert_file == NULL) != (endpoint->key_file == NULL))
        return err_set(err, ERR_NOT_FOUND,
                       "no file \"%s/%s\": a client certificate consists of cert.pem "
                       "and key.pem",
                       tls->dir.buf, endpoint->cert_file ? "key.pem" : "cert.pem");
    return 0;
}

/* TLS as the environment says it, for hosts that do not come from a context. */
static void tls_of_environment(const struct engine *engine, struct tls *ret_tls)
{
    const char *verify = engine_getenv(engine, "DOCKER_TLS_VERIFY");
    const char *on = engine_getenv(engine, "DOCKER_TLS");
    const char *dir = engine_getenv(engine, "DOCKER_CERT_PATH");
    ret_tls->verify = verify && *verify;
    ret_tls->is_on = ret_tls->verify || (on && *on);
    str_add(&ret_tls->dir, dir && *dir ? dir : engine->config_dir);
}

/* ------------------------------------------------------------ the kinds of hosts */

static int set_unix(const char *path, struct endpoint *endpoint)
{
    endpoint->unix_socket = mem_dup(*path ? path : DEFAULT_SOCKET);
    endpoint->base_url = mem_dup("http://localhost");
    return 0;
}

/* Splits "host[:port][/path]"; a host in brackets is an IPv6 address. */
static int split_address(const char *rest, struct slice *ret_host, struct slice *ret_port,
                         struct slice *ret_path)
{
    struct slice address = slice_from(rest);
    size_t end = strcspn(rest, "/");
    *ret_path = (struct slice){ rest + end, address.len - end };
    struct slice left = { rest, end };
    *ret_port = (struct slice){ "", 0 };
    if (left.len > 0 && left.at[0] == '[') {
        ptrdiff_t close = slice_find(left, ']', 0);
        if (close < 0)
            return -1;
        *ret_host = (struct slice){ left.at, (size_t)close + 1 };
        left = (struct slice){ left.at + close + 1, left.len - (size_t)close - 1 };
        if (left.len > 0 && left.at[0] != ':')
            return -1;
    } else {
        ptrdiff_t colon = slice_find(left, ':', 0);
        *ret_host = (struct slice){ left.at, colon < 0 ? left.len : (size_t)colon };
        left = (struct slice){ left.at + ret_host->len, left.len - ret_host->len };
    }
    if (left.len > 0)
        *ret_port = (struct slice){ left.at + 1, left.len - 1 };
    for (size_t i = 0; i < ret_port->len; i++) {
        if (ret_port->at[i] < '0' || ret_port->at[i] > '9')
            return -1;
    }
    return ret_port->len > 5 ? -1 : 0;
}

static int bad_host(const struct endpoint *endpoint, const char *why, struct err *err)
{
    return err_set(err, ERR_USAGE, "unusable engine address \"%s\": %s", endpoint->host, why);
}

static int set_tcp(const char *rest, const struct tls *tls, struct endpoint *endpoint,
                   struct err *err)
{
    struct slice host, port, path;
    if (strpbrk(rest, "?#@ \\\r\n\t") || split_address(rest, &host, &port, &path) != 0)
        return bad_host(endpoint, "tcp://HOST[:PORT][/PATH] was expected", err);
    if (port.len == 0)
        port = slice_from(*rest == '\0' && tls->is_on ? "2376" : "2375");
    if (host.len == 0)
        host = slice_from("localhost");
    STR_AUTO(url);
    str_printf(&url, "%s://%.*s:%.*s%.*s", tls->is_on ? "https" : "http", (int)host.len, host.at,
               (int)port.len, port.at, (int)path.len, path.at);
    endpoint->base_url = str_steal(&url);
    return tls->is_on ? set_tls(tls, endpoint, err) : 0;
}

static const char plain_path[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";

static int set_ssh(const char *rest, struct endpoint *endpoint, struct err *err)
{
    struct slice host, port, path;
    const char *at = strrchr(rest, '@');
    if (strpbrk(rest, "?# \\\r\n\t"))
        return bad_host(endpoint, "no query, fragment or blank is possible in it", err);
    struct slice user = { rest, at ? (size_t)(at - rest) : 0 };
    if (slice_find(user, ':', 0) >= 0)
        return bad_host(endpoint, "no password is possible in it: use a key", err);
    if (split_address(at ? at + 1 : rest, &host, &port, &path) != 0 || host.len == 0 ||
        host.at[0] == '-' || slice_find(user, '/', 0) >= 0 || (user.len > 0 && user.at[0] == '-'))
        return bad_host(endpoint, "ssh://[USER@]HOST[:PORT][/SOCKET] was expected", err);
    if (host.at[0] == '[')
        host = (struct slice){ host.at + 1, host.len - 2 };
    endpoint->ssh_user = user.len ? mem_dup_len(user.at, user.len) : NULL;
    endpoint->ssh_host = mem_dup_len(host.at, host.len);
    endpoint->ssh_port = port.len ? mem_dup_len(port.at, port.len) : NULL;
    endpoint->ssh_socket = path.len > 1 ? mem_dup_len(path.at, path.len) : NULL;
    /* The path becomes a word of the other side's shell. */
    if (endpoint->ssh_socket &&
        endpoint->ssh_socket[strspn(endpoint->ssh_socket, plain_path)] != '\0')
        return bad_host(endpoint, "only letters, digits and ._-/ are possible in the socket's path",
                        err);
    endpoint->base_url = mem_dup("http://localhost");
    return 0;
}

static int set_host(const char *text, const struct tls *tls, struct endpoint *endpoint,
                    struct err *err)
{
    struct slice trimmed = slice_trim(slice_from(text));
    CLEANUP(mem_cleanup) char *host = mem_dup_len(trimmed.at, trimmed.len);
    const char *rest = strstr(host, "://");
    if (rest == NULL) { /* docker's rule: no scheme is tcp */
        STR_AUTO(full);
        str_printf(&full, "tcp://%s", host);
        endpoint->host = str_steal(&full);
        return set_tcp(host, tls, endpoint, err);
    }
    endpoint->host = mem_dup(host);
    rest += 3;
    if (text_starts(host, "unix://"))
        return set_unix(rest, endpoint);
    if (text_starts(host, "tcp://"))
        return set_tcp(rest, tls, endpoint, err);
    if (text_starts(host, "ssh://"))
        return set_ssh(rest, endpoint, err);
    if (text_starts(host, "http://") || text_starts(host, "https://"))
        return bad_host(endpoint, "write tcp://, TLS comes from DOCKER_TLS_VERIFY", err);
    return bad_host(endpoint, "unix://, tcp:// and ssh:// are supported", err);
}

/* ------------------------------------------------------------ contexts */

static int set_context(const struct engine *engine, const char *name, const char *source,
                       struct endpoint *endpoint, struct err *err)
{
    char hex[DIGEST_SHA256_HEX];
    STR_AUTO(path);
    STR_AUTO(text);
    digest_sha256_hex(name, strlen(name), hex);
    str_printf(&path, "%s/contexts/meta/%s/meta.json", engine->config_dir, hex);
    if (file_read(path.buf, META_MAX_BYTES, &text, err) != 0) {
        if (err->code == ERR_NOT_FOUND) {
            err_release(err);
            return err_set(err, ERR_NOT_FOUND,
                           "no docker context \"%s\" (named by %s): docker context ls "
                           "lists them",
                           name, source);
        }
        return err_wrap(err, "docker context \"%s\"", name);
    }
    struct arena *arena = arena_new();
    struct node *meta = NULL;
    int result = jread_parse(arena, 0, text.buf, text.len, &meta, err);
    const struct node *docker = node_get_path(meta, "Endpoints", "docker", NULL);
    const char *host = node_as_text(node_get(docker, "Host"));
    if (result != 0) {
        err_wrap(err, "docker context \"%s\": \"%s\"", name, path.buf);
    } else if (host == NULL) {
        result = err_set(err, ERR_INPUT,
                         "docker context \"%s\" names no host (Endpoints.docker.Host in "
                         "\"%s\")",
                         name, path.buf);
    } else {
        struct tls tls = { false, true, STR_INIT };
        const struct node *skip = node_get(docker, "SkipTLSVerify");
        tls.verify = !(node_is(skip, NODE_BOOL) && skip->u.truth);
        str_printf(&tls.dir, "%s/contexts/tls/%s/docker", engine->config_dir, hex);
        tls.is_on = file_is_dir(tls.dir.buf) || !tls.verify;
        result = set_host(*host ? host : "unix://", &tls, endpoint, err);
        if (result == 0 && tls.is_on && tls.verify && endpoint->ca_file == NULL)
            endpoint->verify_peer = true;
        str_release(&tls.dir);
    }
    arena_free(arena);
    return result;
}

/* ------------------------------------------------------------ the order */

static int set_environment_host(const struct engine *engine, const char *host,
                                struct endpoint *endpoint, struct err *err)
{
    struct tls tls = { false, false, STR_INIT };
    tls_of_environment(engine, &tls);
    int result = set_host(host, &tls, endpoint, err);
    str_release(&tls.dir);
    return result;
}

static bool is_given(const char *text)
{
    return text && *text;
}

int endpoint_resolve(const struct engine *engine, const char *host, const char *context,
                     struct endpoint *ret_endpoint, struct err *err)
{
    const char *name = context;
    const char *source = "--context";
    if (!is_given(name)) {
        const char *variable = engine_getenv(engine, "DOCKER_HOST");
        if (is_given(host))
            return set_environment_host(engine, host, ret_endpoint, err);
        if (is_given(variable)) {
            if (set_environment_host(engine, variable, ret_endpoint, err) != 0)
                return err_wrap(err, "DOCKER_HOST");
            return 0;
        }
        name = engine_getenv(engine, "DOCKER_CONTEXT");
        source = "DOCKER_CONTEXT";
    }
    if (!is_given(name)) {
        name = node_as_text(node_get(engine->config, "currentContext"));
        source = "currentContext of the docker configuration";
    }
    if (is_given(name) && strcmp(name, "default") != 0)
        return set_context(engine, name, source, ret_endpoint, err);
    return set_environment_host(engine, "unix://" DEFAULT_SOCKET, ret_endpoint, err);
}
