/* test_dotenv.c - compose-compat/file/dotenv: both formats, quotes, escapes, expansion, errors. */
#include "tests/unit/tap.h"

#include <stdio.h>

#include "base/file.h"
#include "base/origin.h"
#include "compose-compat/file/dotenv.h"

/* OS is "os"; nothing else is there outside. */
static const char *lookup(void *arg, struct slice name)
{
    (void)arg;
    return slice_is(name, "OS") ? "os" : NULL;
}

/* What text sets as "K=V|...", or "!" and the first error. */
static void parse(const char *text, bool is_raw, struct str *out)
{
    struct arena *arena = arena_new();
    struct findings findings = FINDINGS_INIT;
    struct dotenv dotenv;
    dotenv_init(&dotenv, arena, &findings);
    dotenv.lookup = lookup;
    uint32_t file = origin_add_file("t.env", text, strlen(text));
    struct slice bytes = slice_from(text);
    int failed = is_raw ? dotenv_parse_raw(&dotenv, file, bytes) : dotenv_parse(&dotenv, file, bytes);
    if (failed)
        str_printf(out, "!%u:%u %s", findings.items[0].at.line, findings.items[0].at.column,
                   findings.items[0].text);
    MAP_EACH(&dotenv.values, entry) {
        const struct dotenv_value *value = entry->value;
        if (!failed)
            str_printf(out, "%s=%s|", entry->key, value->text);
    }
    dotenv_release(&dotenv);
    findings_release(&findings);
    arena_free(arena);
}

static const struct line {
    const char *text, *want;
} lines[] = {
    { "", "" },
    { "\n\n  \n", "" },
    { "A=1", "A=1|" },
    { "A=1\nB=2\n", "A=1|B=2|" },
    { "A=1\r\nB=2\r\n", "A=1|B=2|" },
    { "\xef\xbb\xbf" "A=1", "A=1|" },
    { "# c\n  # d\nA=1 # e", "A=1|" },
    { "  A = 1 ", "A=1|" },
    { "export A=1\nexport\tB=2", "A=1|B=2|" },
    { "exportA=1", "exportA=1|" },
    { "A: 1\nB:2", "A=1|B=2|" },
    { "A=", "A=|" },
    { "A=\nB=1", "A=|B=1|" },
    { "A=1\nA=2", "A=2|" },
    { "1A=x", "1A=x|" },
    { "a.b-c_d[0]=x", "a.b-c_d[0]=x|" },
    { "\xc3\xa9=x", "\xc3\xa9=x|" },
    /* a key alone */
    { "OS", "OS=os|" },
    { "OS\nB=1", "OS=os|B=1|" },
    { "NOPE\nB=1", "B=1|" },
    /* unquoted */
    { "A=a b", "A=a b|" },
    { "A=a#b", "A=a#b|" },
    { "A=#x", "A=#x|" },
    { "A=a #b", "A=a|" },
    { "A=a\t#b", "A=a\t#b|" },
    { "A=a\\nb", "A=a\\nb|" },
    { "A=a\"b\"", "A=a\"b\"|" },
    { "A=$OS-$OS", "A=os-os|" },
    { "A=\\$OS", "A=\\os|" },
    { "A=$$OS", "A=$OS|" },
    { "A=1\nB=$A${A}", "A=1|B=11|" },
    { "OS=mine\nB=$OS", "OS=mine|B=os|" },
    { "B=${A:-d}", "B=d|" },
    { "A=a=b", "A=a=b|" },
    /* single quotes */
    { "A='a b # c'", "A=a b # c|" },
    { "A='$OS'", "A=$OS|" },
    { "A='a\nb'", "A=a\nb|" },
    { "A='a\\'b'", "A=a'b|" },
    { "A='a\\nb\\\\'", "A=a\\nb\\\\|" },
    { "A=''", "A=|" },
    /* double quotes */
    { "A=\"a b\"", "A=a b|" },
    { "A=\"a\nb\"", "A=a\nb|" },
    { "A=\"a\\nb\\tc\\\\d\\\"e\"", "A=a\nb\tc\\d\"e|" },
    { "A=\"\\a\\b\\f\\r\\v\"", "A=\a\b\f\r\v|" },
    { "A=\"\\x41\\u0041\\q\\101\"", "A=\\x41\\u0041\\q\\101|" },
    { "A=\"\\0101\\0377\"", "A=A\xc3\xbf|" },
    { "A=\"\\012\"", "A=\\12|" },
    { "A=\"\\c\"", "A=\\c|" },
    { "A=\"$OS\"", "A=os|" },
    { "A=\"\\$OS $$OS\"", "A=$OS $OS|" },
    { "A=\"a\\\nb\"", "A=a\\\nb|" },
    /* behind the closing quote */
    { "A=\"x\" # c", "A=x|" },
    { "A=\"x\" B=2", "A=x|B=2|" },
    { "A='x'\nB=2", "A=x|B=2|" },
    /* errors */
    { "A!=1", "!1:2 unexpected character \"!\" in the variable name \"A!=1\"" },
    { "A=1\nB B=1", "!2:1 the variable name \"B B\" contains a space" },
    { "A='a\nb", "!1:3 unterminated quoted value" },
    { "\nA=\"x", "!2:3 unterminated quoted value" },
    { "A='a''b'", "!1:6 unexpected character \"'\" in the variable name \"'b'\"" },
    { "A=\"x\";", "!1:6 unexpected character \";\" in the variable name \";\"" },
    { "A=${B", "!1:3 invalid interpolation format \"${B\"" },
    { "A=${B:?no}", "!1:3 required variable \"B\" is not set or empty: no" },
};

static const struct line raw_lines[] = {
    { "", "" },
    { "A=1\nB=2\n", "A=1|B=2|" },
    { "A=\"x\" # c", "A=\"x\" # c|" },
    { "A=$OS", "A=$OS|" },
    { "  A= x ", "A= x |" },
    { "# c\n  # d\n\nA=1", "A=1|" },
    { "OS\nNOPE", "OS=os|" },
    { "A=", "A=|" },
    { "A=a=b", "A=a=b|" },
    { "A=1\r\nB=2\r\n", "A=1|B=2|" },
    { "=1", "!1:1 no variable name before \"=\"" },
    { "A=1\nB B=2", "!2:1 the variable name \"B B\" contains a blank" },
    { "A=\xff", "!0:0 the file is not valid UTF-8" },
};

static void test_lines(const struct line *cases, size_t n, bool is_raw)
{
    for (size_t i = 0; i < n; i++) {
        STR_AUTO(out);
        char name[32];
        snprintf(name, sizeof(name), "%s %zu", is_raw ? "raw" : "line", i);
        parse(cases[i].text, is_raw, &out);
        tap_text(out.buf, cases[i].want, name, __FILE__, __LINE__);
    }
}

static void test_files(void)
{
    struct arena *arena = arena_new();
    struct findings findings = FINDINGS_INIT;
    struct dotenv dotenv;
    STR_AUTO(path);
    ERR_AUTO(missing);
    ERR_AUTO(format);
    ERR_AUTO(folder);
    ERR_AUTO(wrong);
    dotenv_init(&dotenv, arena, &findings);
    path_join(tap_folder(), "a.env", &path);
    is_int(dotenv_read(&dotenv, path.buf, NULL, &missing), -1);
    is_int(missing.code, ERR_NOT_FOUND);
    is_int(file_write_atomic(path.buf, "A=1\nB=${A}x\n", 12, 0600, NULL), 0);
    is_int(dotenv_read(&dotenv, path.buf, NULL, NULL), 0);
    is_int(file_write_atomic(path.buf, "A=\"2\"\n", 6, 0600, NULL), 0);
    is_int(dotenv_read(&dotenv, path.buf, "raw", NULL), 0);
    const struct dotenv_value *value = map_find(&dotenv.values, "A");
    is_text(value->text, "\"2\"");
    value = map_find(&dotenv.values, "B");
    is_text(value->text, "1x");
    is_int(value->at.line, 2);
    is_int(dotenv_read(&dotenv, path.buf, "foo", &format), -1);
    is_text(format.text, "unsupported env_file format \"foo\"");
    is_int(dotenv_read(&dotenv, tap_folder(), NULL, &folder), -1);
    is_int(file_write_atomic(path.buf, "A='", 3, 0600, NULL), 0);
    is_int(dotenv_read(&dotenv, path.buf, NULL, &wrong), -1);
    is_int(wrong.code, ERR_INPUT);
    is_int((int64_t)findings.n_errors, 1);
    dotenv_release(&dotenv);
    findings_release(&findings);
    arena_free(arena);
}

int main(void)
{
    test_lines(lines, ARRAY_LEN(lines), false);
    test_lines(raw_lines, ARRAY_LEN(raw_lines), true);
    test_files();
    origin_reset();
    return done_testing();
}
