/*
 * test_ssh.c - engines behind ssh://, with a script in ssh's place: what it is called with, that answers
 * come through it, what is said when it fails.
 */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "engine/engine.h"

#include "tests/unit/tap.h"

static char root[200];

static const char answering[] =
    "#!/bin/sh\n"
    "echo \"$@\" >>\"${0%/*}/called\"\n"
    "end=$(printf '\\r')\n"
    "while read -r line; do\n"
    "    [ \"$line\" = \"$end\" ] || continue\n"
    "    printf 'HTTP/1.1 200 OK\\r\\nApi-Version: 1.44\\r\\nContent-Length: 2\\r\\n\\r\\n{}'\n"
    "done\n";
static const char failing[] =
    "#!/bin/sh\n"
    "echo 'Permission denied (publickey).' >&2\n"
    "exit 255\n";

struct seen {
    bool is_done;
    int status;
    struct str text;
};

static void put(const char *name, const char *text)
{
    ERR_AUTO(err);
    STR_AUTO(path);
    path_join(root, name, &path);
    if (file_make_dirs(root, 0755, &err) != 0 ||
        file_write_atomic(path.buf, text, strlen(text), 0755, &err) != 0)
        tap_note("%s", err.text);
}

static void on_done(void *arg, struct engine_answer *answer, struct err *err)
{
    struct seen *seen = arg;
    seen->is_done = true;
    seen->status = answer->status;
    if (err)
        str_add(&seen->text, err->text);
}

/* A few calls, one after the other. */
static void ask(const char *host, int n, struct seen *seen)
{
    ERR_AUTO(err);
    struct loop *loop = NULL;
    struct engine *engine = NULL;
    is_int(loop_new(&loop, &err), 0);
    struct engine_config config = { .loop = loop, .host = host };
    if (!is_int(engine_open(&config, &engine, &err), 0))
        tap_note("%s", err.text);
    for (int i = 0; engine && i < n; i++) {
        seen->is_done = false;
        engine_call(engine, "GET", "/x", NULL, "x", NULL, on_done, seen);
        for (int64_t end = clock_now_ms() + 20000; !seen->is_done && clock_now_ms() < end;) {
            if (loop_step(loop, 50, &err) != 0)
                break;
        }
    }
    engine_close(engine);
    loop_free(loop);
}

int main(void)
{
    STR_AUTO(path);
    STR_AUTO(called);
    STR_AUTO(called_path);
    ERR_AUTO(err);
    struct seen seen = { false, 0, STR_INIT };
    snprintf(root, sizeof(root), "%s/bin", tap_folder());
    str_printf(&path, "%s:%s", root, getenv("PATH"));
    setenv("PATH", path.buf, 1);
    setenv("XDG_RUNTIME_DIR", tap_folder(), 1);
    put("ssh", answering);
    ask("ssh://me@far.example:2222/run/docker.sock", 3, &seen);
    is_int(seen.status, 200);
    is_text(seen.text.buf, "");
    str_printf(&called_path, "%s/called", root);
    is_int(file_read(called_path.buf, 10000, &called, &err), 0);
    is_text(called.buf, "-l me -p 2222 -o ConnectTimeout=30 -T -- far.example docker "
            "--host=unix:///run/docker.sock system dial-stdio\n");
    put("ssh", failing);
    ask("ssh://far.example", 1, &seen);
    ok(strstr(seen.text.buf,
              "the connection was closed before an answer came; ssh to \"far.example\" said: "
              "Permission denied (publickey).") != NULL);
    tap_note("%s", seen.text.buf);
    str_release(&seen.text);
    return done_testing();
}
