/*
 * test_auth.c - credentials for registries: where they come from, in which order, and what helpers may do
 * wrong. Secrets must not turn up in messages.
 */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "net/digest.h"

#include "tests/unit/tap.h"

static char root[200];
static struct loop *loop;

struct seen {
    bool is_done;
    struct str json, text;
};

static void put(const char *name, const char *text, mode_t mode)
{
    ERR_AUTO(err);
    STR_AUTO(path);
    path_join(root, name, &path);
    if (file_make_dirs(root, 0755, &err) != 0 ||
        file_write_atomic(path.buf, text, strlen(text), mode, &err) != 0)
        tap_note("%s", err.text);
}

static void on_auth(void *arg, char *header, struct err *err)
{
    struct seen *seen = arg;
    const char *prefix = "X-Registry-Auth: ";
    seen->is_done = true;
    if (err)
        str_add(&seen->text, err->text);
    ok((err == NULL) == (header != NULL));
    if (header) {
        ok(text_starts(header, prefix));
        is_int(base64_decode(header + strlen(prefix), strlen(header + strlen(prefix)), &seen->json),
               0);
    }
    mem_free(header);
}

/* What is sent for the reference, or the error. */
static void is_auth(const char *config, const char *variable, const char *reference,
                    const char *want)
{
    ERR_AUTO(err);
    STR_AUTO(dir);
    struct seen seen = { false, STR_INIT, STR_INIT };
    struct engine *engine = NULL;
    put("config.json", config, 0600);
    str_printf(&dir, "DOCKER_CONFIG=%s", root);
    const char *environment[] = { dir.buf, variable, NULL };
    struct engine_config spec = { .loop = loop, .environment = environment };
    is_int(engine_open(&spec, &engine, &err), 0);
    engine_registry_auth(engine, reference, on_auth, &seen);
    ok(!seen.is_done);
    for (int64_t end = clock_now_ms() + 10000; !seen.is_done && clock_now_ms() < end;) {
        if (loop_step(loop, 50, &err) != 0)
            break;
    }
    if (seen.text.len > 0)
        ok(strstr(seen.text.buf, want) != NULL) ||
            (tap_note("got %s, want %s", seen.text.buf, want), 0);
    else
        is_text(seen.json.buf, want);
    ok(strstr(seen.text.buf, "s3cret") == NULL);
    engine_close(engine);
    str_release(&seen.json);
    str_release(&seen.text);
}

/* bTpzM2NyZXQ= is m:s3cret, bTphOmI= is m:a:b */
#define HUB "\"https://index.docker.io/v1/\""

static void test_files(void)
{
    is_auth("{}", NULL, "redis", "{}");
    is_auth("{\"auths\":{" HUB ":{\"auth\":\"bTpzM2NyZXQ=\"}}}", NULL, "redis:7",
            "{\"username\":\"m\",\"password\":\"s3cret\",\"serveraddress\":\"https://index.docker.io/v1/\"}");
    is_auth("{\"auths\":{" HUB ":{\"auth\":\"bTpzM2NyZXQ=\"}}}", NULL, "ghcr.io/a/b", "{}");
    is_auth("{\"auths\":{\"r.io:5000\":{\"auth\":\"bTphOmI=\"}}}", NULL, "r.io:5000/a",
            "{\"username\":\"m\",\"password\":\"a:b\",\"serveraddress\":\"r.io:5000\"}");
    is_auth("{\"auths\":{\"https://r.io/v1/\":{\"auth\":\"bTphOmI=\"}}}", NULL, "r.io/a",
            "{\"username\":\"m\",\"password\":\"a:b\",\"serveraddress\":\"r.io\"}");
    is_auth("{\"auths\":{\"r.io\":{\"identitytoken\":\"t\"}}}", NULL, "r.io/a",
            "{\"identitytoken\":\"t\",\"serveraddress\":\"r.io\"}");
    is_auth("{\"auths\":{\"r.io\":{\"registrytoken\":\"t\"}}}", NULL, "r.io/a",
            "{\"registrytoken\":\"t\",\"serveraddress\":\"r.io\"}");
    is_auth("{\"auths\":{\"r.io\":{\"auth\":\"!!\"}}}", NULL, "r.io/a", "{}");
    is_auth("{\"auths\":[\"r.io\"]}", NULL, "r.io/a", "{}");
    is_auth("{\"auths\":{\"r.io\":{\"auth\":\"bTphOmI=\"}}}",
            "DOCKER_AUTH_CONFIG={\"auths\":{\"r.io\":{\"auth\":\"bTpzM2NyZXQ=\"}}}", "r.io/a",
            "{\"username\":\"m\",\"password\":\"s3cret\",\"serveraddress\":\"r.io\"}");
    is_auth("{}", "DOCKER_AUTH_CONFIG={\"auths\":{\"r.io\":{\"auth\":\"s3cret", "r.io/a",
            "unusable DOCKER_AUTH_CONFIG");
    is_auth("{}", NULL, "Not A Reference", "{}");
}

static void test_helpers(void)
{
    STR_AUTO(path);
    str_printf(&path, "%s:%s", root, getenv("PATH"));
    setenv("PATH", path.buf, 1);
    put("docker-credential-octo", "#!/bin/sh\nread -r key\ncase $1:$key in\n"
        "get:r.io) echo '{\"ServerURL\":\"r.io\",\"Username\":\"h\",\"Secret\":\"hs\"}';;\n"
        "get:t.io) echo '{\"ServerURL\":\"t.io\",\"Username\":\"<token>\",\"Secret\":\"tok\"}';;\n"
        "get:bad.io) echo 's3cret is no JSON';;\n"
        "get:fail.io) echo 'the keychain is locked' >&2; exit 3;;\n"
        "*) echo 'credentials not found in native keychain'; exit 1;;\nesac\n", 0755);
    static const char store[] =
        "{\"credsStore\":\"octo\",\"auths\":{\"f.io\":{\"auth\":\"bTphOmI=\"}}}";
    is_auth(store, NULL, "r.io/a",
            "{\"username\":\"h\",\"password\":\"hs\",\"serveraddress\":\"r.io\"}");
    is_auth(store, NULL, "t.io/a", "{\"identitytoken\":\"tok\",\"serveraddress\":\"t.io\"}");
    is_auth(store, NULL, "none.io/a", "{}");
    is_auth(store, NULL, "f.io/a",
            "{\"username\":\"m\",\"password\":\"a:b\",\"serveraddress\":\"f.io\"}");
    is_auth(store, NULL, "bad.io/a",
            "credentials for \"bad.io\": the answer of \"docker-credential-octo\" makes no");
    is_auth(store, NULL, "fail.io/a",
            "\"docker-credential-octo\" failed (exit status 3): the keychain is locked");
    is_auth("{\"credHelpers\":{\"r.io\":\"octo\"},\"credsStore\":\"nosuch\"}", NULL, "r.io/a",
            "{\"username\":\"h\",\"password\":\"hs\",\"serveraddress\":\"r.io\"}");
    is_auth("{\"credsStore\":\"nosuch\"}", NULL, "r.io/a", "credentials for \"r.io\": ");
    is_auth("{\"credsStore\":\"../evil\"}", NULL, "r.io/a", "{}");
    /* Closed while a helper runs. */
    ERR_AUTO(err);
    STR_AUTO(dir);
    struct seen seen = { false, STR_INIT, STR_INIT };
    struct engine *engine = NULL;
    put("config.json", store, 0600);
    str_printf(&dir, "DOCKER_CONFIG=%s", root);
    const char *environment[] = { dir.buf, NULL };
    struct engine_config spec = { .loop = loop, .environment = environment };
    is_int(engine_open(&spec, &engine, &err), 0);
    engine_registry_auth(engine, "r.io/a", on_auth, &seen);
    is_int(loop_step(loop, 0, &err), 0);
    engine_close(engine);
    is_int(loop_run(loop, &err), 0);
    ok(!seen.is_done);
}

int main(void)
{
    ERR_AUTO(err);
    snprintf(root, sizeof(root), "%s/docker", tap_folder());
    if (loop_new(&loop, &err) != 0)
        return 1;
    test_files();
    test_helpers();
    loop_free(loop);
    return done_testing();
}
