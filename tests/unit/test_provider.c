/* test_provider.c - tool/provider: what a provider is called with, and all that it may say or do.
 */
#include "tests/unit/tap.h"

#include <signal.h>
#include <sys/stat.h>

#include "base/file.h"
#include "data/jread.h"
#include "data/jwrite.h"
#include "tool/provider.h"

static struct loop *loop;
static struct arena *arena;
static struct str program = STR_INIT;

struct outcome {
    struct provider_call *call;
    struct str told, variables, err;
    int n_done;
    bool is_unknown, ends_at_word;
};

static void on_told(void *arg, const char *text)
{
    struct outcome *outcome = arg;

    str_printf(&outcome->told, "%s\n", text);
    if (outcome->ends_at_word)
        provider_call_end(outcome->call);
}

static void on_done(void *arg, const struct node *variables, bool is_unknown, struct err *err)
{
    struct outcome *outcome = arg;

    outcome->n_done++;
    outcome->is_unknown = is_unknown;
    if (variables)
        jwrite_node_text(variables, 0, &outcome->variables);
    if (err_is_set(err))
        str_add(&outcome->err, err->text);
    err_release(err);
}

static void outcome_release(struct outcome *outcome)
{
    provider_call_free(outcome->call);
    str_release(&outcome->told);
    str_release(&outcome->variables);
    str_release(&outcome->err);
}

/* Writes the program; `metadata` and `said` are lines of shell. */
static void write_program(const char *metadata, const char *said)
{
    ERR_AUTO(err);
    STR_AUTO(text);

    str_printf(&text, "#!/bin/sh\n[ \"$2\" != metadata ] || { %s\nexit; }\nall=$*\n%s\n", metadata,
               said);
    str_clear(&program);
    str_printf(&program, "%s/stand-in", tap_folder());
    ok(file_write_atomic(program.buf, text.buf, text.len, 0755, &err) == 0);
}

static void start(struct outcome *outcome, enum provider_command command, const char *options)
{
    struct provider provider = { .type = "stand-in" };
    struct node *node = NULL;
    static struct service service;
    static struct provider kept;
    static const char *const env[] = { "PATH=/usr/local/bin:/usr/bin:/bin", NULL };
    struct provider_request request = { .loop = loop,
                                        .program = program.buf,
                                        .env = env,
                                        .project = "p",
                                        .service = &service,
                                        .command = command };
    ERR_AUTO(err);

    ok(jread_parse(arena, 0, options, strlen(options), &node, &err) == 0);
    provider.options = node;
    kept = provider;
    service = (struct service){ .name = "my-db", .provider = &kept };
    ok(provider_call_start(&request, on_told, on_done, outcome, &outcome->call, &err) == 0);
}

static const struct {
    const char *metadata, *said, *options;
    enum provider_command command;
    const char *told, *variables, *err; /* err: what stands in it */
} cases[] = {
    { "exit 1", "echo '{\"type\": \"info\", \"message\": \"'$all'\"}'",
      "{\"a\": 1, \"b\": [\"x\", true]}", PROVIDER_UP,
      "compose --project-name=p up --a=1 --b=x --b=true my-db\n", "{}", NULL },
    { "echo '{\"description\": \"d\", \"down\": {\"parameters\": [{\"name\": \"b\"}]}}'",
      "echo '{\"type\": \"info\", \"message\": \"'$all'\"}'", "{\"a\": 1, \"b\": \"x\"}",
      PROVIDER_DOWN, "compose --project-name=p down --b=x my-db\n", "{}", NULL },
    { "echo '{\"up\": {\"parameters\": [{\"name\": \"c\", \"required\": true}]}}'", "exit 0",
      "{\"a\": 1}", PROVIDER_UP, "", "", "needs the option \"c\" for \"up\"" },
    { "echo '{\"description\": \"d\"}'", "exit 7", "{}", PROVIDER_STOP, "", "{}", NULL },
    { "echo '{\"stop\": {}}'", "exit 7", "{}", PROVIDER_STOP, "", "", "exited with status 7" },
    { "exit 0",
      "printf '{\"type\":\"setenv\",\"message\":\"B=1\"}{\"type\": \"rawsetenv\",\\n"
      "\"message\": \"A=x=y\"} {\"type\":\"setenv\",\"message\":\"B=2\"}{\"type\":\"debug\"}'",
      "{}", PROVIDER_UP, "", "{\"A\":\"x=y\",\"MY-DB_B\":\"2\"}", NULL },
    { "exit 0", "printf %s '{\"type\":\"info\",\"message\":\"one\\ntwo\"}'", "{}", PROVIDER_UP,
      "one\n", "{}", NULL },
    { "exit 0", "echo nothing", "{}", PROVIDER_UP, "", "", "invalid JSON" },
    { "exit 0", "echo '{\"type\":'", "{}", PROVIDER_UP, "", "", "JSON" },
    { "exit 0", "echo '[]'", "{}", PROVIDER_UP, "", "", "has no \"type\"" },
    { "exit 0", "echo '{\"type\": \"x\"}'", "{}", PROVIDER_UP, "", "", "of type \"x\"" },
    { "exit 0", "echo '{\"type\": \"rawsetenv\", \"message\": \"=v\"}'", "{}", PROVIDER_UP, "", "",
      "NAME=VALUE" },
    { "exit 0", "echo '{\"type\": \"info\", \"message\": \"a\\u0000b\"}'", "{}", PROVIDER_UP, "",
      "", "is no text" },
    { "exit 0", "echo '{\"type\": \"error\", \"message\": \"no\"}'; exec sleep 60", "{}",
      PROVIDER_UP, "", "", "compose up: no" },
    { "exit 0", "echo why >&2; kill -9 $$", "{}", PROVIDER_UP, "", "",
      "signal 9; its last words: why" },
    { "exit 0", "sleep 60 & exit 0", "{}", PROVIDER_UP, "", "{}", NULL },
};

static void test_cases(void)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct outcome outcome = { .told = STR_INIT, .variables = STR_INIT, .err = STR_INIT };
        ERR_AUTO(err);

        write_program(cases[i].metadata, cases[i].said);
        start(&outcome, cases[i].command, cases[i].options);
        is_int(outcome.n_done, 0);
        is_int(loop_run(loop, &err), 0);
        is_int(outcome.n_done, 1);
        is_text(outcome.told.buf, cases[i].told);
        is_text(outcome.variables.buf, cases[i].variables);
        if (!ok(cases[i].err ? strstr(outcome.err.buf, cases[i].err) != NULL : !outcome.err.len))
            tap_note("case %zu: %s", i, outcome.err.buf);
        outcome_release(&outcome);
    }
}

static void test_end(void)
{
    struct outcome outcome = {
        .told = STR_INIT, .variables = STR_INIT, .err = STR_INIT, .ends_at_word = true
    };
    ERR_AUTO(err);

    write_program("exit 0", "echo '{\"type\":\"info\",\"message\":\"works\"}'; exec sleep 60");
    start(&outcome, PROVIDER_UP, "{}");
    is_int(loop_run(loop, &err), 0);
    is_int(outcome.n_done, 1);
    ok(strstr(outcome.err.buf, "interrupted") != NULL);
    outcome_release(&outcome);
    /* Freed while it runs: no callback, and no process is left. */
    outcome = (struct outcome){ .told = STR_INIT, .variables = STR_INIT, .err = STR_INIT };
    start(&outcome, PROVIDER_UP, "{}");
    is_int(loop_step(loop, 100, &err), 0);
    outcome_release(&outcome);
    is_int(outcome.n_done, 0);
    is_int(loop_run(loop, &err), 0);
}

static void test_find(void)
{
    const char *const folders[] = { "/nowhere", tap_folder(), NULL };
    ERR_AUTO(err);
    STR_AUTO(path);
    STR_AUTO(want);
    STR_AUTO(plugin);

    write_program("exit 0", "exit 0");
    str_printf(&want, "%s/stand-in", tap_folder());
    ok(provider_find(want.buf, NULL, NULL, &path));
    is_text(path.buf, want.buf);
    ok(!provider_find("stand-in", folders, "/nowhere:/usr/bin", &path));
    ok(provider_find("stand-in", NULL, tap_folder(), &path));
    is_text(path.buf, want.buf);
    str_printf(&plugin, "%s/docker-stand-in", tap_folder());
    ok(file_write_atomic(plugin.buf, "", 0, 0755, &err) == 0);
    ok(provider_find("stand-in", folders, tap_folder(), &path));
    is_text(path.buf, plugin.buf);
    is_int(chmod(want.buf, 0644), 0);
    ok(!provider_find(want.buf, folders, NULL, &path));
    ok(!provider_find("stand-in", NULL, tap_folder(), &path));
    ok(!provider_find("", NULL, tap_folder(), &path));
}

int main(void)
{
    ERR_AUTO(err);

    if (loop_new(&loop, &err) != 0)
        return 99;
    arena = arena_new();
    test_cases();
    test_end();
    test_find();
    arena_free(arena);
    loop_free(loop);
    str_release(&program);
    return done_testing();
}
