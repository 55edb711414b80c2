/*
 * test_format.c - --format of listing verbs: fields in a text, tables of them, and what is refused.
 */
#include "base/base.h"

#include "cmd/format.h"

#include "base/arena.h"
#include "data/jread.h"
#include "tests/unit/tap.h"

static const char row_json[] =
    "{\"Name\":\"a\\tb\",\"State\":\"running\",\"ExitCode\":3,\"Health\":null,\"Ports\":\"->80\","
    "\"Publishers\":[{\"URL\":\"::\",\"TargetPort\":80},{\"URL\":\"\",\"TargetPort\":81}]}";

static const struct {
    const char *format, *out; /* of two rows that are the same, or the error */
} cases[] = {
    { "{{.State}}", "running\nrunning\n" },
    { " {{ .State }}: {{.ExitCode}} ", "running: 3\nrunning: 3\n" },
    { "{{.State}}\\t{{.ExitCode}}\\n", "running\t3\n\nrunning\t3\n\n" },
    { "{{.Health}}|{{.Publishers}}", "|[{:: 80} { 81}]\n|[{:: 80} { 81}]\n" },
    { "{{json .Ports}} {{json .ExitCode}}", "\"->80\" 3\n\"->80\" 3\n" },
    { "{{.Label \"x.y\"}}{{.Label \"none\"}}", "z\nz\n" },
    { "nothing", "nothing\nnothing\n" },
    { "table {{.State}}\\t{{.ExitCode}}", "STATE     EXIT CODE\nrunning   3\nrunning   3\n" },
    { "table {{.State}}/{{.ExitCode}}", "STATE/EXIT CODE\nrunning/3\nrunning/3\n" },
    { "{{.Nope}}",
      "--format: there is no field \"Nope\" (Name, State, ExitCode, Health, Ports, Publishers)" },
    { "{{.Name", "--format: \"{{\" without \"}}\": {{.Name" },
#define ONLY \
    " is not understood: {{.FIELD}}, {{json .FIELD}}, {{json .}} and {{.Label \"NAME\"}} are"
    { "{{range .}}", "--format: \"{{range .}}\"" ONLY },
    { "{{.}}", "--format: \"{{.}}\"" ONLY },
    { "{{.Name | upper}}", "--format: \"{{.Name | upper}}\"" ONLY },
    { "{{.Label x}}", "--format: \"{{.Label x}}\"" ONLY },
    { "{{}}", "--format: \"{{}}\"" ONLY },
};

static void fill(struct arena *arena, const char *text, struct str *out)
{
    static const char labels_json[] = "{\"x.y\":\"z\"}";
    struct node *fields = NULL, *labels = NULL;
    struct format format;
    struct table table;
    ERR_AUTO(err);
    int result = 0;

    if (jread_parse(arena, 0, row_json, strlen(row_json), &fields, &err) < 0 ||
        jread_parse(arena, 0, labels_json, strlen(labels_json), &labels, &err) < 0 ||
        format_parse(arena, text, &format, &err) < 0) {
        str_add(out, err.text);
        return;
    }
    format_table(&format, &table);
    for (int i = 0; i < 2 && result == 0; i++)
        result = format_row(&format, &(struct format_row){ fields, labels }, &table, out, &err);
    if (result < 0) {
        str_clear(out);
        str_add(out, err.text);
    } else if (format.is_table) {
        table_print(&table, out);
    }
    table_release(&table);
    format_release(&format);
}

int main(void)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *arena = arena_new();
        STR_AUTO(out);

        fill(arena, cases[i].format, &out);
        tap_text(out.buf, cases[i].out, cases[i].format, __FILE__, __LINE__);
        arena_free(arena);
    }
    return done_testing();
}
