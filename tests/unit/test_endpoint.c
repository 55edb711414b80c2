/*
 * test_endpoint.c - where the engine is: the order of flags, variables, contexts; the kinds of
 * addresses; what is refused and how that is said.
 */
#include "base/base.h"

#include <stdio.h>

#include "base/file.h"
#include "base/mem.h"
#include "engine/engine-internal.h"
#include "net/digest.h"

#include "tests/unit/tap.h"

static char root[200];

static void put(const char *name, const char *text)
{
    ERR_AUTO(err);
    STR_AUTO(path);
    STR_AUTO(dir);
    path_join(root, name, &path);
    path_dir(path.buf, &dir);
    if (file_make_dirs(dir.buf, 0755, &err) != 0 ||
        file_write_atomic(path.buf, text, strlen(text), 0644, &err) != 0)
        tap_note("%s", err.text);
}

static void put_context(const char *name, const char *json)
{
    char hex[DIGEST_SHA256_HEX];
    STR_AUTO(path);
    digest_sha256_hex(name, strlen(name), hex);
    str_printf(&path, "contexts/meta/%s/meta.json", hex);
    put(path.buf, json);
}

/* Up to three variables; "HOME" is the test's folder. */
static int open_engine(const char *host, const char *context, const char *const *variables,
                       struct engine **ret_engine, struct err *err)
{
    STR_AUTO(home);
    STR_AUTO(config);
    const char *environment[6] = { NULL };
    size_t n = 0;
    struct loop *loop = NULL;
    str_printf(&home, "HOME=%s", root);
    str_printf(&config, "DOCKER_CONFIG=%s", root);
    environment[n++] = home.buf;
    environment[n++] = config.buf;
    for (size_t i = 0; variables && variables[i] && i < 3; i++)
        environment[n++] = variables[i];
    struct engine_config spec = {
        .loop = loop, .environment = environment, .host = host, .context = context
    };
    return engine_open(&spec, ret_engine, err);
}

static const struct {
    const char *host, *context;
    const char *variables[4];
    const char *unix_socket, *base_url;
} good[] = {
    { NULL, NULL, { NULL }, "/var/run/docker.sock", "http://localhost" },
    { NULL, "default", { "DOCKER_CONTEXT=far" }, "/var/run/docker.sock", "http://localhost" },
    { NULL, NULL, { "DOCKER_HOST=" }, "/var/run/docker.sock", "http://localhost" },
    { NULL, NULL, { "DOCKER_HOST=unix:///a/b.sock" }, "/a/b.sock", "http://localhost" },
    { NULL, NULL, { "DOCKER_HOST=unix://" }, "/var/run/docker.sock", "http://localhost" },
    { "unix:///h.sock", NULL, { "DOCKER_HOST=unix:///a/b.sock" }, "/h.sock", "http://localhost" },
    { NULL, "near", { "DOCKER_HOST=unix:///a/b.sock" }, "/near.sock", "http://localhost" },
    { NULL, NULL, { "DOCKER_CONTEXT=near" }, "/near.sock", "http://localhost" },
    { NULL,
      NULL,
      { "DOCKER_CONTEXT=near", "DOCKER_HOST=unix:///a/b.sock" },
      "/a/b.sock",
      "http://localhost" },
    { "tcp://h", NULL, { NULL }, NULL, "http://h:2375" },
    { "h", NULL, { NULL }, NULL, "http://h:2375" },
    { "h:99", NULL, { NULL }, NULL, "http://h:99" },
    { "tcp://h:99/base/x", NULL, { NULL }, NULL, "http://h:99/base/x" },
    { "tcp://[::1]:99", NULL, { NULL }, NULL, "http://[::1]:99" },
    { "tcp://[::1]", NULL, { NULL }, NULL, "http://[::1]:2375" },
    { "tcp://", NULL, { NULL }, NULL, "http://localhost:2375" },
    { "tcp://", NULL, { "DOCKER_TLS=1" }, NULL, "https://localhost:2376" },
    { "tcp://h", NULL, { "DOCKER_TLS=1" }, NULL, "https://h:2375" },
    { " tcp://h:1 ", NULL, { NULL }, NULL, "http://h:1" },
    { NULL, "far", { NULL }, NULL, "http://far:1" },
};

static void test_good(void)
{
    put_context("near",
                "{\"Name\":\"near\",\"Endpoints\":{\"docker\":{\"Host\":\"unix:///near.sock\"}}}");
    put_context("far", "{\"Name\":\"far\",\"Endpoints\":{\"docker\":{\"Host\":\"tcp://far:1\"}}}");
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct engine *engine = NULL;
        ERR_AUTO(err);
        if (!is_int(open_engine(good[i].host, good[i].context, good[i].variables, &engine, &err),
                    0)) {
            tap_note("%zu: %s", i, err.text);
            continue;
        }
        is_text(engine->endpoint.unix_socket, good[i].unix_socket);
        is_text(engine->endpoint.base_url, good[i].base_url);
        engine_close(engine);
    }
}

static const struct {
    const char *host, *context;
    const char *variables[4];
    const char *text;
} wrong[] = {
    { "http://h", NULL, { NULL }, "unusable engine address \"http://h\": write tcp://" },
    { NULL, NULL, { "DOCKER_HOST=npipe:////./x" }, "DOCKER_HOST: unusable engine address" },
    { "fd://", NULL, { NULL }, "unix://, tcp:// and ssh:// are supported" },
    { "tcp://h:port", NULL, { NULL }, "tcp://HOST[:PORT][/PATH] was expected" },
    { "tcp://h:123456", NULL, { NULL }, "was expected" },
    { "tcp://h?x", NULL, { NULL }, "was expected" },
    { "tcp://u@h", NULL, { NULL }, "was expected" },
    { "ssh://u:p@h", NULL, { NULL }, "no password is possible" },
    { "ssh://h?x", NULL, { NULL }, "no query" },
    { "ssh://-oProxyCommand=x", NULL, { NULL }, "was expected" },
    { "ssh://-oProxyCommand=x@h", NULL, { NULL }, "was expected" },
    { "ssh://", NULL, { NULL }, "was expected" },
    { "ssh://h/run/$(id)", NULL, { NULL }, "only letters, digits" },
    { NULL, "nosuch", { NULL }, "no docker context \"nosuch\" (named by --context)" },
    { NULL, NULL, { "DOCKER_CONTEXT=nosuch" }, "(named by DOCKER_CONTEXT)" },
    { NULL, "broken", { NULL }, "docker context \"broken\": " },
    { NULL, "empty", { NULL }, "names no host" },
    { "tcp://h", NULL, { "DOCKER_TLS_VERIFY=0" }, "ca.pem\", which TLS to \"tcp://h\" needs" },
    { NULL,
      NULL,
      { "DOCKER_API_VERSION=1.24" },
      "unusable DOCKER_API_VERSION \"1.24\": versions 1.41 to" },
    { NULL, NULL, { "DOCKER_API_VERSION=latest" }, "unusable DOCKER_API_VERSION" },
};

static void test_wrong(void)
{
    put_context("broken", "{\"Name\":");
    put_context("empty", "{\"Name\":\"empty\",\"Endpoints\":{}}");
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct engine *engine = NULL;
        ERR_AUTO(err);
        is_int(open_engine(wrong[i].host, wrong[i].context, wrong[i].variables, &engine, &err), -1);
        if (!ok(err.text && strstr(err.text, wrong[i].text)))
            tap_note("got \"%s\", want \"%s\"", err.text ? err.text : "", wrong[i].text);
        engine_close(engine);
    }
}

/* Endpoints of one row are one place, and no two rows are. */
static const struct {
    const char *spellings[5];
} same[] = {
    { { "unix:///tmp/a.sock", "unix:///tmp/./a.sock", "unix:///tmp/../tmp/a.sock", "@/a.sock" } },
    { { "unix:///tmp/A.sock" } },
    { { "unix:///nonexistent/a.sock" } },
    { { "tcp://h", "h:2375", "tcp://H:2375", "tcp://h:2375" } },
    { { "tcp://h:2375/base" } },
    { { "tcp://h:2375/Base" } },
    { { "tcp://h:2376" } },
};

static void test_identity(void)
{
    STR_AUTO(link);
    struct str identities[ARRAY_LEN(same)];

    str_printf(&link, "%s/link", root);
    ok(symlink("/tmp", link.buf) == 0);
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        str_init(&identities[i], 0);
        for (size_t k = 0; same[i].spellings[k]; k++) {
            const char *host = same[i].spellings[k];
            struct engine *engine = NULL;
            ERR_AUTO(err);
            STR_AUTO(linked);
            STR_AUTO(identity);
            str_printf(&linked, "unix://%s/link%s", root, host + 1);
            ok(open_engine(*host == '@' ? linked.buf : host, NULL, NULL, &engine, &err) == 0);
            engine_identity(engine, &identity);
            if (k == 0)
                str_add(&identities[i], identity.buf);
            is_text(identity.buf, identities[i].buf);
            engine_close(engine);
        }
        for (size_t k = 0; k < i; k++)
            ok(strcmp(identities[i].buf, identities[k].buf) != 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        str_release(&identities[i]);
}

static void test_config(void)
{
    struct engine *engine = NULL;
    ERR_AUTO(err);
    put("config.json", "{\"currentContext\":\"near\",\"psFormat\":\"x\"}");
    is_int(open_engine(NULL, NULL, NULL, &engine, &err), 0);
    is_text(engine->endpoint.unix_socket, "/near.sock");
    is_text(node_as_text(node_get(engine_docker_config(engine), "psFormat")), "x");
    engine_close(engine);
    put("config.json", "[1,2");
    is_int(open_engine(NULL, NULL, NULL, &engine, &err), 0);
    is_text(engine->endpoint.unix_socket, "/var/run/docker.sock");
    ok(engine_docker_config_problem(engine) &&
       strstr(engine_docker_config_problem(engine), "config.json"));
    engine_close(engine);
    put("config.json", "[]");
    is_int(open_engine(NULL, NULL, NULL, &engine, &err), 0);
    ok(engine_docker_config(engine) == NULL);
    engine_close(engine);
    put("config.json", "");
    is_int(open_engine(NULL, NULL, NULL, &engine, &err), 0);
    ok(engine_docker_config_problem(engine) == NULL);
    engine_close(engine);
}

static void test_tls(void)
{
    struct engine *engine = NULL;
    ERR_AUTO(err);
    ERR_AUTO(no_key);
    STR_AUTO(ca);
    const char *const variables[] = { "DOCKER_TLS_VERIFY=1", NULL };
    put("ca.pem", "x");
    str_printf(&ca, "%s/ca.pem", root);
    is_int(open_engine("tcp://h:2376", NULL, variables, &engine, &err), 0);
    is_text(engine->endpoint.base_url, "https://h:2376");
    is_text(engine->endpoint.ca_file, ca.buf);
    is_text(engine->endpoint.cert_file, NULL);
    ok(engine->endpoint.verify_peer);
    engine_close(engine);
    put("cert.pem", "x");
    is_int(open_engine("tcp://h:2376", NULL, variables, &engine, &no_key), -1);
    ok(no_key.text && strstr(no_key.text, "key.pem"));
}

int main(void)
{
    snprintf(root, sizeof(root), "%s/docker", tap_folder());
    test_good();
    test_wrong();
    test_identity();
    test_config();
    test_tls();
    return done_testing();
}
