/* test_decode.c - data/decode: every converter, findings with paths, silence; and byte sizes. */
#include "tests/unit/tap.h"

#include "base/mem.h"
#include "data/decode.h"
#include "data/size.h"
#include "data/yread.h"

struct inner {
    const char *name;
    int64_t count;
};

struct outer {
    const char *text, *number_text;
    bool truth, word;
    int64_t integer, text_integer, bytes, text_bytes;
    double fraction;
    struct opt_bool maybe, maybe_not;
    struct opt_int count, zero, duration, nanoseconds;
    struct text_list texts, one_text;
    struct pair_list pairs, pair_items;
    struct inner inside;
    struct inner *pointer, *no_pointer;
    struct {
        struct inner *items;
        size_t n, cap;
    } structs;
    const struct node *any;
};

static const struct decode_row inner_rows[] = {
    DECODE_ROW("name", decode_text, struct inner, name),
    DECODE_ROW("count", decode_int, struct inner, count),
    DECODE_END,
};

static const struct decode_row outer_rows[] = {
    DECODE_ROW("text", decode_text, struct outer, text),
    DECODE_ROW("number_text", decode_text, struct outer, number_text),
    DECODE_ROW("truth", decode_bool, struct outer, truth),
    DECODE_ROW("word", decode_bool, struct outer, word),
    DECODE_ROW("integer", decode_int, struct outer, integer),
    DECODE_ROW("text_integer", decode_int, struct outer, text_integer),
    DECODE_ROW("bytes", decode_bytes, struct outer, bytes),
    DECODE_ROW("text_bytes", decode_bytes, struct outer, text_bytes),
    DECODE_ROW("fraction", decode_float, struct outer, fraction),
    DECODE_ROW("maybe", decode_opt_bool, struct outer, maybe),
    DECODE_ROW("maybe_not", decode_opt_bool, struct outer, maybe_not),
    DECODE_ROW("count", decode_opt_int, struct outer, count),
    DECODE_ROW("zero", decode_opt_int, struct outer, zero),
    DECODE_ROW("duration", decode_opt_duration, struct outer, duration),
    DECODE_ROW("nanoseconds", decode_opt_duration, struct outer, nanoseconds),
    DECODE_ROW("texts", decode_texts, struct outer, texts),
    DECODE_ROW("one_text", decode_texts, struct outer, one_text),
    DECODE_ROW("pairs", decode_pairs, struct outer, pairs),
    DECODE_ROW("pair_items", decode_pairs, struct outer, pair_items),
    DECODE_MORE("inside", decode_struct, struct outer, inside, inner_rows, sizeof(struct inner)),
    DECODE_MORE("pointer", decode_struct_ptr, struct outer, pointer, inner_rows,
                sizeof(struct inner)),
    DECODE_MORE("no_pointer", decode_struct_ptr, struct outer, no_pointer, inner_rows,
                sizeof(struct inner)),
    DECODE_MORE("structs", decode_structs, struct outer, structs, inner_rows, sizeof(struct inner)),
    DECODE_ROW("any", decode_node, struct outer, any),
    DECODE_END,
};

static const struct node *read_yaml(struct arena *arena, const char *text)
{
    struct yread_documents documents;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;

    if (yread_parse(arena, 1, text, strlen(text), &documents, &findings))
        return NULL;
    return documents.items[0];
}

static void test_converters(void)
{
    static const char text[] =
        "text: hello\nnumber_text: 0x10\ntruth: true\nword: yes\ninteger: 010\n"
        "text_integer: \"-5\"\nbytes: 1024\ntext_bytes: 1.5 KiB\nfraction: \"0.25\"\nmaybe: false\n"
        "count: 3.0\nzero: 0\nduration: 1m30s\nnanoseconds: 500\n"
        "texts: [a, 1, true, 1.50]\none_text: alone\n"
        "pairs: {A: 1, B: , C: x}\npair_items: [D=1=2, E]\n"
        "inside: {name: n, count: 2, unknown: 1}\npointer: {name: p}\nno_pointer: ~\n"
        "structs: [{name: s}, {count: 7}]\nany: ~\nother: [1]\n";
    struct arena *arena = arena_new();
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct decode decode = { arena, &findings, NULL };
    struct outer o = { 0 };

    is_int(decode_map(&decode, read_yaml(arena, text), outer_rows, &o), 0);
    is_int((int64_t)findings.n, 0);
    is_text(o.text, "hello");
    is_text(o.number_text, "16");
    ok(o.truth && o.word);
    is_int(o.integer, 8);
    is_int(o.text_integer, -5);
    is_int(o.bytes, 1024);
    is_int(o.text_bytes, 1536);
    ok(o.fraction == 0.25);
    ok(o.maybe.has && !o.maybe.value && !o.maybe_not.has);
    ok(o.count.has && o.count.value == 3 && o.zero.has && o.zero.value == 0);
    ok(o.duration.has && o.duration.value == 90000000000 && o.nanoseconds.value == 500);
    is_int((int64_t)o.texts.n, 4);
    ok(text_list_has(&o.texts, "1") && text_list_has(&o.texts, "1.5") &&
       !text_list_has(&o.texts, "b"));
    is_text(o.one_text.items[0], "alone");
    is_int((int64_t)o.pairs.n, 3);
    is_text(pair_list_find(&o.pairs, "A")->value, "1");
    is_text(pair_list_find(&o.pairs, "B")->value, NULL);
    is_int(pair_list_find(&o.pairs, "C")->at.column, 20);
    ok(!pair_list_find(&o.pairs, "D"));
    is_text(pair_list_find(&o.pair_items, "D")->value, "1=2");
    is_text(pair_list_find(&o.pair_items, "E")->value, NULL);
    is_text(o.inside.name, "n");
    is_int(o.inside.count, 2);
    is_text(o.pointer->name, "p");
    ok(!o.no_pointer);
    is_int((int64_t)o.structs.n, 2);
    is_text(o.structs.items[0].name, "s");
    is_int(o.structs.items[1].count, 7);
    is_int(o.any->kind, NODE_NULL);
    arena_free(arena);
}

static void test_findings(void)
{
    static const struct {
        const char *text, *path, *problem;
    } cases[] = {
        { "text: [a]", "top.text", "must be a string, not a list" },
        { "truth: maybe", "top.truth", "must be a boolean, not \"maybe\"" },
        { "truth: 1", "top.truth", "must be a boolean, not an integer" },
        { "integer: 1.5", "top.integer", "must be an integer of 64 bits" },
        { "integer: 18446744073709551615", "top.integer", "must be an integer of 64 bits" },
        { "integer: ten", "top.integer", "must be a number, not \"ten\"" },
        { "fraction: {}", "top.fraction", "must be a number, not a mapping" },
        { "bytes: 10x", "top.bytes", "invalid suffix: \"x\"" },
        { "duration: soon", "top.duration", "must be a duration like \"1m30s\", not \"soon\"" },
        { "texts: [a, [b]]", "top.texts[1]", "must be a string, not a list" },
        { "texts: {a: b}", "top.texts", "must be a list of strings, not a mapping" },
        { "pairs: {A: {b: c}}", "top.pairs.A", "must be a string, not a mapping" },
        { "pairs: [A=b, 1]", "top.pairs[1]", "must be a string, not an integer" },
        { "pairs: x", "top.pairs", "must be a mapping, not a string" },
        { "inside: {count: x}", "top.inside.count", "must be a number, not \"x\"" },
        { "inside: x", "top.inside", "must be a mapping, not a string" },
        { "pointer: []", "top.pointer", "must be a mapping, not a list" },
        { "structs: [{}, {name: {}}]", "top.structs[1].name", "must be a string, not a mapping" },
        { "structs: {}", "top.structs", "must be a list, not a mapping" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *arena = arena_new();
        CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
        STR_AUTO(path);
        struct outer o = { 0 };
        struct decode decode = { arena, &findings, &path };
        str_add(&path, "top");
        is_int(decode_map(&decode, read_yaml(arena, cases[i].text), outer_rows, &o), -1);
        is_int((int64_t)findings.n, 1);
        is_text(findings.items[0].path, cases[i].path);
        is_text(findings.items[0].text, cases[i].problem);
        is_text(path.buf, "top");
        struct decode silent = { arena, NULL, NULL };
        is_int(decode_map(&silent, read_yaml(arena, cases[i].text), outer_rows, &o), 0);
        arena_free(arena);
    }
}

static void test_warning(void)
{
    struct arena *arena = arena_new();
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct decode decode = { arena, &findings, NULL };
    struct outer o = { .bytes = 5 };

    is_int(decode_map(&decode, read_yaml(arena, "bytes: 1.5"), outer_rows, &o), 0);
    is_int(o.bytes, 0);
    is_int((int64_t)findings.n, 1);
    is_int((int64_t)findings.n_errors, 0);
    is_int(decode_map(&decode, NULL, outer_rows, &o), 0);
    arena_free(arena);
}

static void test_sizes(void)
{
    static const struct {
        const char *text;
        int64_t bytes; /* -1: refused */
        const char *problem;
    } cases[] = {
        { "0", 0, "" },
        { "1024", 1024, "" },
        { "1k", 1024, "" },
        { "1K", 1024, "" },
        { "1kb", 1024, "" },
        { "1KiB", 1024, "" },
        { "64m", 64 << 20, "" },
        { "1.5g", 1610612736, "" },
        { "2t", 2ll << 40, "" },
        { "1p", 1ll << 50, "" },
        { "10b", 10, "" },
        { "10 mb", 10 << 20, "" },
        { ".5k", 512, "" },
        { "1e3", 1000, "" },
        { "-1b", -1, "invalid size: \"-1b\"" },
        { "10x", -1, "invalid suffix: \"x\"" },
        { "10bb", -1, "invalid suffix: \"bb\"" },
        { "1kbi", -1, "invalid suffix: \"kbi\"" },
        { "1kiib", -1, "invalid suffix: \"kiib\"" },
        { "", -1, "invalid size: \"\"" },
        { "k", -1, "invalid size: \"k\"" },
        { "1  k", -1, "invalid size: \"1  k\"" },
        { "9999999p", -1, "size out of range: \"9999999p\"" },
    };
    int64_t bytes;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        STR_AUTO(problem);
        int result = size_parse(cases[i].text, &bytes, &problem);
        is_int(result == 0 ? bytes : -1, cases[i].bytes);
        is_text(problem.buf, cases[i].problem);
    }
    is_int(size_parse("-1", &bytes, NULL), 0);
    is_int(bytes, -1);
}

int main(void)
{
    test_converters();
    test_findings();
    test_warning();
    test_sizes();
    return done_testing();
}
