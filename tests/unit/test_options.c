/*
 * test_options.c - the option parser: forms of options, error texts, tables.
 */
#include "tests/unit/tap.h"

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/table.h"

struct values {
    bool detach, quiet;
    struct opt_bool menu;
    const char *file;
    struct text_list env;
    struct opt_int timeout;
};

#define OPTIONS_OF values
static const struct option_row rows[] = {
    OPTION('d', "detach", OPTION_BOOL, detach, "Background"),
    OPTION('q', "quiet", OPTION_BOOL, quiet, "Say nothing"),
    OPTION(0, "menu", OPTION_OPT_BOOL, menu, "Menu"),
    OPTION('f', "file", OPTION_TEXT, file, "File"),
    OPTION('e', "env", OPTION_TEXTS, env, "Variables"),
    OPTION('t', "timeout", OPTION_INT, timeout, "Seconds"),
    OPTION_QUIET(0, "old", OPTION_BOOL, quiet),
    OPTIONS_END,
};
#undef OPTIONS_OF

#define MAX_WORDS 8

struct parsed {
    struct values values;
    struct text_list words;
    struct err err;
    int result;
};

static struct parsed parse(struct arena *arena, bool stop_at_word, const char *const *argv)
{
    struct parsed parsed = { .err = ERR_INIT };
    const struct option_set sets[] = { { rows, &parsed.values } };
    int argc = 0;

    while (argv[argc] != NULL)
        argc++;
    parsed.result =
        options_parse(arena, sets, 1, argc, argv, stop_at_word, &parsed.words, &parsed.err);
    return parsed;
}

static void check_forms(struct arena *arena)
{
    const char *const argv[] = { "-dq", "web",         "--file=a", "-eA=1",        "-e",
                                 "B=2", "--timeout=5", "db",       "--menu=false", NULL };
    struct parsed parsed = parse(arena, false, argv);

    is_int(parsed.result, 0);
    ok(parsed.values.detach && parsed.values.quiet);
    is_text(parsed.values.file, "a");
    is_int((int64_t)parsed.values.env.n, 2);
    is_text(parsed.values.env.items[0], "A=1");
    is_text(parsed.values.env.items[1], "B=2");
    ok(parsed.values.timeout.has);
    is_int(parsed.values.timeout.value, 5);
    ok(parsed.values.menu.has && !parsed.values.menu.value);
    is_int((int64_t)parsed.words.n, 2);
    is_text(parsed.words.items[1], "db");
}

static void check_order(struct arena *arena)
{
    const char *const stop[] = { "-d", "web", "ls", "-q", NULL };
    const char *const dashes[] = { "--", "-d", NULL };
    const char *const letters[] = { "-dft", "-", NULL };
    const char *const equals[] = { "-f=x", "-t=3", NULL };
    struct parsed parsed = parse(arena, true, stop);

    is_int((int64_t)parsed.words.n, 3);
    ok(!parsed.values.quiet);
    parsed = parse(arena, false, dashes);
    ok(!parsed.values.detach);
    is_text(parsed.words.items[0], "-d");
    parsed = parse(arena, false, letters);
    ok(parsed.values.detach);
    is_text(parsed.values.file, "t");
    is_text(parsed.words.items[0], "-");
    parsed = parse(arena, false, equals);
    is_text(parsed.values.file, "x");
    is_int(parsed.values.timeout.value, 3);
}

static void check_errors(struct arena *arena)
{
    static const struct {
        const char *argv[MAX_WORDS];
        const char *text;
    } cases[] = {
        { { "--foo" }, "unknown flag: --foo" },
        { { "-x" }, "unknown shorthand flag: 'x' in -x" },
        { { "-dx" }, "unknown shorthand flag: 'x' in -dx" },
        { { "-f" }, "flag needs an argument: 'f' in -f" },
        { { "--file" }, "flag needs an argument: --file" },
        { { "-t", "x" },
          "invalid argument \"x\" for \"-t, --timeout\" flag: strconv.ParseInt: parsing \"x\": "
          "invalid syntax" },
        { { "--detach=maybe" },
          "invalid argument \"maybe\" for \"-d, --detach\" flag: strconv.ParseBool: parsing "
          "\"maybe\": invalid syntax" },
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct parsed parsed = parse(arena, false, cases[i].argv);

        is_int(parsed.result, -1);
        is_text(parsed.err.text, cases[i].text);
        err_release(&parsed.err);
    }
}

static void check_help(void)
{
    STR_AUTO(text);

    options_print(rows, &text);
    ok(strstr(text.buf, "  -t, --timeout int") != NULL);
    ok(strstr(text.buf, "--old") == NULL);
    for (size_t i = 0; cmd_table[i] != NULL; i++) {
        const struct cmd *cmd = cmd_table[i];

        ok(cmd_find(cmd->name) == cmd);
        ok(i == 0 || strcmp(cmd_table[i - 1]->name, cmd->name) < 0);
        ok(cmd->run != NULL && cmd->summary != NULL && cmd->options_size > 0);
        str_clear(&text);
        help_print(cmd, &text);
        ok(text_starts(text.buf, "Usage:  octocompose "));
        for (const struct option_row *row = cmd->options; row->name != NULL; row++)
            ok((row->flags & OPTION_HIDDEN) != 0 || row->help != NULL);
    }
}

static void check_table(void)
{
    struct table table;
    STR_AUTO(text);

    table_init(&table, 2, 6, 3);
    table_add(&table, "NAME");
    table_add(&table, "X");
    table_add(&table, "longer");
    table_add(&table, "y");
    table_print(&table, &text);
    is_text(text.buf, "NAME     X\nlonger   y\n");
    table_release(&table);
}

int main(void)
{
    struct arena *arena = arena_new();

    check_forms(arena);
    check_order(arena);
    check_errors(arena);
    check_help();
    check_table();
    arena_free(arena);
    return done_testing();
}
