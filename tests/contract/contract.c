/*
 * contract.c - the contract of operator.h, checked on every operator through that header alone. A
 * new operator adds a row. In-memory and bare metal run in each `make check`; docker where
 * DOCKER_HOST names an Engine that has the stand-in images (tests/lib/engine.py makes one).
 *
 *   contract [OPERATOR...]
 */
#include "base/base.h"

#include "contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "operator/baremetal/baremetal.h"
#include "tap.h"

#define MARK "\xc2\xab" /* stands before the value whose place is checked */

static const char *const nothing[] = { NULL };
static const struct contract_replacement no_replacement[] = { { NULL, NULL } };

static const struct contract_replacement bare_replacements[] = {
    { "/stand-in", "@/stand-in" },
    /* These run by their images alone elsewhere. */
    { "image: nginx", "image: nginx\n    command: [\"@/stand-in\"]" },
    { "  other:\n", "  other:\n    command: [\"@/stand-in\"]\n" },
    { "data:/dat", "data:@/dat" },
    { "./bind:/bind", "./bind:@/bind" },
    { "./bind2:/bind", "./bind2:@/bind" },
    { "tmpfs: [/t", "tmpfs: [@/t" },
    { NULL, NULL },
};
static const char *const bare_meaningless[] = { "image", "alias", "network-left", NULL };

static const struct contract_row rows[] = {
    {
        .name = "memory",
        .runs = "image: i0",
        .ends = "image: i0\nlabels: {memory.exit: \"0\"}",
        .broken = "image: missing",
        .healthy = "healthcheck: {test: \"true\"}",
        .unhealthy = "healthcheck: {test: \"false\"}\nlabels: {memory.healthy-after: 1h}",
        .replacements = no_replacement,
        .meaningless = nothing,
        .has_networks = true,
    },
    {
        .name = "baremetal",
        .runs = "image: any\ncommand: [\"@/stand-in\"]\nstop_grace_period: 2s",
        .ends = "image: any\ncommand: [\"/bin/true\"]",
        .broken = "image: any\ncommand: [\"/nonexistent/program\"]",
        .healthy = "healthcheck: {test: [CMD, \"true\"], interval: 100ms}",
        .unhealthy = "healthcheck: {test: [CMD, \"false\"], interval: 100ms, retries: 100000}",
        .replacements = bare_replacements,
        .meaningless = bare_meaningless,
    },
    {
        .name = "docker",
        .needs = "DOCKER_HOST",
        .runs = "image: stand-in:1",
        .ends = "image: stand-in:1\ncommand: [\"true\"]",
        .broken = "image: stand-in:1\ncommand: [\"/nonexistent\"]",
        .healthy = "healthcheck: {test: [CMD, \"true\"], interval: 1s}",
        .unhealthy = "healthcheck: {test: [CMD, \"false\"], interval: 1s, retries: 100000}",
        .replacements = no_replacement,
        .meaningless = nothing,
        .has_networks = true,
    },
};

/* --- helpers --------------------------------------------------------------------------------- */

bool contract_ok(struct contract *contract, bool is_true, const char *what)
{
    STR_AUTO(text);

    str_printf(&text, "%s: %s", contract->row->name, what);
    return tap_ok(is_true, text.buf, __FILE__, __LINE__);
}

static void replace_all(struct str *text, const char *old_text, const char *new_text)
{
    STR_AUTO(out);
    const char *at = text->buf, *found;

    while ((found = strstr(at, old_text))) {
        str_add_len(&out, at, (size_t)(found - at));
        str_add(&out, new_text);
        at = found + strlen(old_text);
    }
    str_add(&out, at);
    str_clear(text);
    str_add_len(text, out.buf, out.len);
}

/* A line that is WORD alone becomes the lines of text, each with its indentation. */
static void replace_line(struct str *yaml, const char *word, const char *lines)
{
    STR_AUTO(out);
    struct slice rest = slice_from(yaml->buf), line;

    while (rest.len > 0) {
        struct slice inner, part;
        size_t indent = 0;

        slice_split(&rest, '\n', &line);
        while (indent < line.len && line.at[indent] == ' ')
            indent++;
        inner = (struct slice){ line.at + indent, line.len - indent };
        if (!slice_is(inner, word)) {
            str_add_len(&out, line.at, line.len);
            str_add_char(&out, '\n');
            continue;
        }
        for (inner = slice_from(lines); inner.len > 0;) {
            slice_split(&inner, '\n', &part);
            str_add_n(&out, indent, ' ');
            str_add_len(&out, part.at, part.len);
            str_add_char(&out, '\n');
        }
    }
    str_clear(yaml);
    str_add_len(yaml, out.buf, out.len);
}

/* Takes the mark out; the line and column (in characters) of what follows it, or 0. */
static struct origin take_mark(struct str *yaml)
{
    const char *mark = strstr(yaml->buf, MARK);
    struct origin at = ORIGIN_NONE;

    if (!mark)
        return at;
    at.line = at.column = 1;
    for (const char *c = yaml->buf; c < mark; c++) {
        at.column = *c == '\n' ? 1 : at.column + 1;
        at.line += *c == '\n';
    }
    str_remove(yaml, (size_t)(mark - yaml->buf), strlen(MARK));
    return at;
}

bool contract_load(struct contract *contract, const char *text)
{
    const struct contract_row *row = contract->row;
    STR_AUTO(yaml);

    str_add(&yaml, text);
    for (const struct contract_replacement *pair = row->replacements; pair->from; pair++)
        replace_all(&yaml, pair->from, pair->to);
    replace_line(&yaml, "RUNS", row->runs);
    replace_line(&yaml, "ENDS", row->ends);
    replace_line(&yaml, "BROKEN", row->broken);
    replace_line(&yaml, "HEALTHY", row->healthy);
    replace_line(&yaml, "UNHEALTHY", row->unhealthy);
    replace_all(&yaml, "@", contract->folder);
    contract->mark = take_mark(&yaml);
    if (run_project_load(&contract->run, contract->folder, contract->project, yaml.buf) == 0)
        return true;
    tap_note("%s", yaml.buf);
    return contract_ok(contract, false, "a project can be lowered");
}

char *contract_do(struct contract *contract, enum plan_goal goal)
{
    struct plan_options options = { .goal = goal };
    ERR_AUTO(err);

    str_clear(&contract->run.log);
    contract->run.is_logging = true;
    if (run_project_do(&contract->run, &options, &err) == 0)
        return NULL;
    return mem_dup(err.text);
}

const struct existing *contract_instance(struct contract *contract, const char *service,
                                         int64_t number)
{
    ERR_AUTO(err);

    if (run_project_observe(&contract->run, &err) != 0)
        tap_note("%s", err.text);
    for (size_t i = 0; contract->run.has_existing && i < contract->run.existing.items.n; i++) {
        const struct existing *existing = contract->run.existing.items.items[i];

        if ((existing->kind->flags & KIND_RUNS) && existing->number == number &&
            text_is(existing->service, service))
            return existing;
    }
    return NULL;
}

size_t contract_count(struct contract *contract, unsigned kind_flags)
{
    ERR_AUTO(err);
    size_t n = 0;

    if (run_project_observe(&contract->run, &err) != 0)
        return (size_t)-1;
    for (size_t i = 0; i < contract->run.existing.items.n; i++) {
        const struct existing *existing = contract->run.existing.items.items[i];

        n += (existing->kind->flags & kind_flags) != 0 && !existing->is_foreign;
    }
    return n;
}

/* --- the table itself ------------------------------------------------------------------------ */

static void check_table(struct contract *contract)
{
    const struct operator_ops *ops = contract->ops;
    unsigned caps = ops->caps;

    contract_ok(contract, ops->name && ops->summary && ops->kinds, "it says what it is");
    contract_ok(contract,
                ops->open && ops->close && ops->lower && ops->observe && ops->begin &&
                    ops->cancel && ops->concurrency && ops->identity,
                "the slots that all need are there");
    contract_ok(contract, !!ops->logs == !!(caps & CAP_LOGS),
                "logs is there or not as its bit says");
    contract_ok(contract, !!ops->exec == !!(caps & CAP_EXEC), "exec is, too");
    contract_ok(contract, !!ops->attach == !!(caps & CAP_ATTACH), "attach is, too");
    contract_ok(contract, !!ops->events == !!(caps & CAP_EVENTS), "events is, too");
    contract_ok(contract, !!ops->projects == !!(caps & CAP_PROJECTS), "projects is, too");
    contract_ok(contract, !!ops->pin == !!(caps & CAP_PIN), "pin is, too");
    contract_ok(contract, operator_find(ops->name) == ops, "it is found by its name");
    for (const struct resource_kind *const *kind = ops->kinds; *kind; kind++)
        contract_ok(contract, (*kind)->name && (*kind)->title, "a kind has a name and a title");
}

/* --- running --------------------------------------------------------------------------------- */

static void write_stand_in(const char *folder)
{
    static const char script[] = "#!/bin/sh\n"
                                 "echo \"stand-in ready: $*\"\n"
                                 "trap 'exit 0' TERM INT\n"
                                 "while :; do sleep 1000 & wait $!; done\n";
    STR_AUTO(path);
    ERR_AUTO(err);

    str_printf(&path, "%s/stand-in", folder);
    ok(file_write_atomic(path.buf, script, strlen(script), 0755, &err) == 0);
}

static void check_operator(const struct contract_row *row, const char *folder)
{
    struct contract contract = { .row = row, .ops = operator_find(row->name), .folder = folder };

    if (row->needs && !getenv(row->needs)) {
        STR_AUTO(why);

        str_printf(&why, "%s: %s is not set", row->name, row->needs);
        tap_skip(1, why.buf);
        return;
    }
    if (!contract.ops) {
        STR_AUTO(why);

        str_printf(&why, "%s is not built in", row->name);
        tap_skip(1, why.buf);
        return;
    }
    snprintf(contract.project, sizeof(contract.project), "contract%ld", (long)getpid());
    check_table(&contract);
    run_project_open(&contract.run, contract.ops, (const char *const *)environ);
    contract_life(&contract);
    contract_order(&contract);
    contract_failures(&contract);
    contract_streams(&contract);
    contract_changes(&contract);
    run_project_close(&contract.run);
}

static bool is_asked_for(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (text_is(argv[i], name))
            return true;
    }
    return argc < 2;
}

int main(int argc, char **argv)
{
    /* The bare metal operator runs this program again to watch over its processes. */
    if (baremetal_is_supervisor(argc, argv))
        return baremetal_supervisor_main(argc, argv);
    setenv("XDG_STATE_HOME", tap_folder(), 1);
    write_stand_in(tap_folder());
    /* Some services are another user's. */
    ok(chmod(tap_folder(), 0755) == 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (is_asked_for(rows[i].name, argc, argv))
            check_operator(&rows[i], tap_folder());
    }
    return done_testing();
}
