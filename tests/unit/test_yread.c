/* test_yread.c - data/yread: types, structure, places, findings, limits. */
#include "tests/unit/data-cases.h"

#include "base/mem.h"
#include "data/jwrite.h"
#include "data/yread.h"

/* Reads input; out gets every document as JSON and ';', or the first finding. */
static void read_case(struct arena *arena, const struct node *input, struct str *out)
{
    struct findings findings = FINDINGS_INIT;
    struct yread_documents documents;

    if (yread_parse(arena, 1, input->u.text.bytes, input->u.text.len, &documents, &findings) == 0) {
        for (size_t i = 0; i < documents.n; i++) {
            jwrite_node_text(documents.items[i], JWRITE_SORT | JWRITE_HTML, out);
            str_add_char(out, ';');
        }
    } else {
        const struct finding *first = &findings.items[0];
        str_printf(out, "ERROR %u:%u %s", (unsigned)first->at.line, (unsigned)first->at.column,
                   first->text);
    }
    findings_release(&findings);
}

struct reading {
    struct arena *arena;
    struct findings findings;
    struct yread_documents documents;
    int result;
    int64_t took_ms;
};

static struct reading read_text(const char *text, size_t len)
{
    struct reading reading = { .arena = arena_new(), .findings = FINDINGS_INIT };
    int64_t start = tap_cpu_ms();

    reading.result = yread_parse(reading.arena, origin_add_file("test.yaml", NULL, 0), text, len,
                                 &reading.documents, &reading.findings);
    reading.took_ms = tap_cpu_ms() - start;
    return reading;
}

static void end_reading(struct reading *reading)
{
    findings_release(&reading->findings);
    arena_free(reading->arena);
}

/* "line:column" of keys and values in order. */
static void add_places(const struct node *node, struct str *out)
{
    str_printf(out, "%u:%u", (unsigned)node->at.line, (unsigned)node->at.column);
    if (node->kind == NODE_LIST) {
        str_add_char(out, '[');
        NODE_EACH_ITEM(node, item) {
            add_places(*item, out);
            str_add_char(out, ' ');
        }
        str_add_char(out, ']');
    } else if (node->kind == NODE_MAP) {
        str_add_char(out, '{');
        NODE_EACH_PAIR(node, pair) {
            str_printf(out, "%u:%u=", (unsigned)pair->at.line, (unsigned)pair->at.column);
            add_places(pair->value, out);
            str_add_char(out, ' ');
        }
        str_add_char(out, '}');
    }
}

static void test_places(void)
{
    static const char *const cases[][2] = {
        { "a: b\n", "1:1{1:1=1:4 }" },
        { "é: [x,  \"y\"]\n", "1:1{1:1=1:4[1:5 1:9 ] }" },
        { "a:\n  - b\n  -   c: |\n        d\n", "1:1{1:1=2:3[2:5 3:7{3:7=3:10 } ] }" },
        { "a: !!str b\nc: &x d\n", "1:1{1:1=1:4 2:1=2:4 }" },
        /* where the text is changed before libyaml sees it */
        { "x: {a:, b:, c: d}\ny: e\n", "1:1{1:1=1:4{1:5=1:7 1:9=1:11 1:13=1:16 } 2:1=2:4 }" },
        { "x: [::1, :80, a]\ny: [?q, b]\n", "1:1{1:1=1:4[1:5 1:10 1:15 ] 2:1=2:4[2:5 2:9 ] }" },
        { "x: [\"\\'a\\'\", b]\n", "1:1{1:1=1:4[1:5 1:14 ] }" },
        { "x: [&a.b c, *a.b , d]\n", "1:1{1:1=1:4[1:5 1:5 1:20 ] }" },
        { "x: a\x7f"
          "b\ny: c\n",
          "1:1{1:1=1:4 2:1=2:4 }" },
        { "...\nx: y\n", "2:1{2:1=2:4 }" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct reading reading = read_text(cases[i][0], strlen(cases[i][0]));
        STR_AUTO(places);
        if (ok(reading.result == 0 && reading.documents.n == 1))
            add_places(reading.documents.items[0], &places);
        is_text(places.buf, cases[i][1]);
        end_reading(&reading);
    }
    STR_AUTO(text);
    STR_AUTO(places);
    str_add(&text, "a: 1\nb:\n  ");
    str_add_n(&text, 2000, 'k');
    str_add(&text, ": [x, y]\n  c: d\ne: f\n");
    struct reading reading = read_text(text.buf, text.len);
    add_places(reading.documents.items[0], &places);
    is_text(places.buf, "1:1{1:1=1:4 2:1=3:3{3:3=3:2005[3:2006 3:2009 ] 4:3=4:6 } 5:1=5:4 }");
    end_reading(&reading);
}

static void test_findings(void)
{
    static const char text[] = "services:\n  web:\n    image: a\n    image: b\n    ports:\n"
                               "      - {80: x}\n      - *nothing\n";
    struct reading reading = read_text(text, sizeof(text) - 1);
    is_int(reading.result, -1);
    is_int((int64_t)reading.findings.n, 3);
    is_text(reading.findings.items[0].text, "mapping key \"image\" already defined at line 3");
    is_text(reading.findings.items[0].path, "services.web");
    is_text(reading.findings.items[1].text, "non-string key \"80\" (an integer)");
    is_text(reading.findings.items[1].path, "services.web.ports[0]");
    is_text(reading.findings.items[1].hint, "write it in quotes: \"80\":");
    is_text(reading.findings.items[2].path, "services.web.ports[1]");
    end_reading(&reading);
    reading = read_text("a:\n\t- b\n", 8);
    is_text(reading.findings.items[0].hint, "indent with spaces, not tabs");
    end_reading(&reading);
    reading = read_text("a: @b\n", 6);
    is_text(reading.findings.items[0].hint, "quote a value that begins with \"@\"");
    end_reading(&reading);
}

static void test_flags(void)
{
    static const char text[] =
        "a: !reset\nb: !override [1]\nc: \"x\"\nd: |\n  x\ne: x\nf: !!str 1\n";
    static const int flags[] = { NODE_RESET | NODE_TAGGED,
                                 NODE_OVERRIDE | NODE_TAGGED,
                                 NODE_QUOTED,
                                 NODE_QUOTED,
                                 0,
                                 NODE_TAGGED };
    struct reading reading = read_text(text, sizeof(text) - 1);
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        is_int(reading.documents.items[0]->u.map.items[i].value->flags, flags[i]);
    end_reading(&reading);
}

static void test_copies(void)
{
    static const char text[] = "a: &a {k: {l: 1}}\nb: *a\nc:\n  <<: *a\n";
    struct reading reading = read_text(text, sizeof(text) - 1);
    struct node *root = reading.documents.items[0];
    struct node *in_a = node_get_path(root, "a", "k", NULL);
    struct node *in_b = node_get_path(root, "b", "k", NULL);
    struct node *in_c = node_get_path(root, "c", "k", NULL);
    ok(in_a && in_b && in_c && in_a != in_b && in_a != in_c && in_b != in_c);
    node_set(reading.arena, in_b, "m", root->at, node_null(reading.arena, root->at));
    ok(!node_get(in_a, "m") && !node_get(in_c, "m"));
    is_int(in_c->at.line, 1);
    end_reading(&reading);
}

static void refused(struct str *text, const char *problem, int64_t limit_ms)
{
    struct reading reading = read_text(text->buf, text->len);
    is_int(reading.result, -1);
    is_text(reading.findings.n ? reading.findings.items[0].text : NULL, problem);
    if (!ok(reading.took_ms < limit_ms))
        tap_note("took %d ms", (int)reading.took_ms);
    end_reading(&reading);
    str_clear(text);
}

/* Bombs are refused at once. The limits allow for slow machines and sanitizers. */
static void test_bombs(void)
{
    STR_AUTO(text);

    str_add_n(&text, 100000, '[');
    refused(&text, "nested deeper than 256 levels", 1000);
    str_add_n(&text, 1000000, '[');
    refused(&text, "nested deeper than 256 levels", 1000);
    for (int i = 0; i < 200000; i++)
        str_add(&text, "{a: ");
    refused(&text, "nested deeper than 256 levels", 1000);
    for (int i = 0; i < 200000; i++)
        str_add(&text, "- ");
    refused(&text, "nested deeper than 256 levels", 1000);
    for (int i = 0; i < 2000; i++) {
        str_add_n(&text, (size_t)i, ' ');
        str_add(&text, "a:\n");
    }
    refused(&text, "nested deeper than 256 levels", 1000);
    str_add(&text, "a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (char c = 'b'; c < 'k'; c++)
        str_printf(&text, "%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c - 1, c - 1,
                   c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
    refused(&text, "aliases stand for more than 1000000 values", 3000);
    str_add(&text, "a0: &a0 {k: v}\n");
    for (int i = 1; i < 20000; i++)
        str_printf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    refused(&text, "nested deeper than 256 levels by aliases", 2000);
    str_add(&text, "a: &a ");
    str_add_n(&text, 1u << 20, 'x');
    str_add(&text, "\nb:\n");
    for (int i = 0; i < 100; i++)
        str_add(&text, "- *a\n");
    refused(&text, "aliases repeat too much text", 2000);
    str_add_n(&text, YREAD_MAX_BYTES + 1, '#');
    refused(&text, "larger than 67108864 bytes", 1000);
    str_add(&text, "a: &a [*a]\n");
    refused(&text, "cycle detected: anchor \"a\" contains itself", 1000);
}

static void test_speed(void)
{
    STR_AUTO(text);

    str_add(&text, "x-common: &common {restart: always, init: true}\nservices:\n");
    for (int i = 0; i < 10000; i++)
        str_printf(
            &text,
            "  service%d:\n    <<: *common\n    image: registry.example.com/app:%d\n"
            "    environment:\n      A: b\n      WORKERS: 4\n    ports:\n"
            "      - \"%d:80\"\n    depends_on: [service%d]\n    command: [a, b]\n"
            "    labels:\n      traefik.enable: \"true\"\n      some.other.label: of a service\n",
            i, i, 10000 + i, i ? i - 1 : 0);
    struct reading reading = read_text(text.buf, text.len);
    is_int(reading.result, 0);
    is_int((int64_t)node_get(reading.documents.items[0], "services")->u.map.n, 10000);
    tap_note("10000 services, %zu bytes: %d ms", text.len, (int)reading.took_ms);
    end_reading(&reading);
}

static void test_plain(void)
{
    struct arena *arena = arena_new();
    struct origin at = { 1, 2, 3 };

    is_int(yread_plain(arena, at, "0755", 4)->u.integer, 493);
    is_int(yread_plain(arena, at, "1e3", 3)->kind, NODE_FLOAT);
    is_int(yread_plain(arena, at, "", 0)->kind, NODE_NULL);
    is_int(yread_plain(arena, at, "yes", 3)->kind, NODE_TEXT);
    is_int(yread_plain(arena, at, "\0", 1)->kind, NODE_TEXT);
    is_int(yread_plain(arena, at, "18446744073709551615", 20)->kind, NODE_UINT);
    is_int(yread_plain_kind("2020-01-01", 10), NODE_TIME);
    is_int(yread_plain(arena, at, "x", 1)->at.column, 3);
    arena_free(arena);
}

int main(void)
{
    run_data_cases("yaml-read.jsonl", read_case);
    test_places();
    test_findings();
    test_flags();
    test_copies();
    test_plain();
    test_bombs();
    test_speed();
    return done_testing();
}
