/*
 * test_diff.c - specs compared: which fields, from what to what, where it was written, with what
 * effect.
 */
#include "base/base.h"

#include "plan/resource.h"

#include "data/jwrite.h"
#include "data/yread.h"
#include "tap.h"

static const struct field_rule rules[] = {
    { "labels", CHANGE_IGNORE },
    { "labels.important", CHANGE_REPLACE },
    { "restart", CHANGE_IN_PLACE },
    { NULL, CHANGE_REPLACE },
};
static const struct resource_kind kind = { "thing", "Thing", 0, rules, "things" };

static const struct node *parse(struct arena *arena, const char *name, const char *text)
{
    struct yread_documents documents = { NULL, 0, 0 };
    struct findings findings = FINDINGS_INIT;
    uint32_t file = origin_add_file(name, text, strlen(text));

    ok(yread_parse(arena, file, text, strlen(text), &documents, &findings) == 0);
    findings_release(&findings);
    return documents.items[0];
}

/* The changes, one a line: "field: OLD -> NEW at LINE:COLUMN effect". */
static void check(const char *name, const char *old_text, const char *new_text, const char *want)
{
    static const char *const effects[] = { "", " in place", " ignored" };
    struct arena *arena = arena_new();
    struct change_list changes = { NULL, 0, 0 };
    STR_AUTO(out);

    resource_diff(arena, &kind, parse(arena, "old", old_text), parse(arena, "new", new_text),
                  &changes);
    for (size_t i = 0; i < changes.n; i++) {
        const struct change *change = &changes.items[i];

        str_printf(&out, "%s: ", change->field);
        if (change->old_value)
            jwrite_node_text(change->old_value, JWRITE_MASK, &out);
        str_add(&out, " -> ");
        if (change->new_value)
            jwrite_node_text(change->new_value, JWRITE_MASK, &out);
        str_printf(&out, " at %s:%u:%u%s\n", origin_file_name(change->at.file), change->at.line,
                   change->at.column, effects[change->effect]);
    }
    tap_text(out.buf, want, name, __FILE__, __LINE__);
    arena_free(arena);
    origin_reset();
}

int main(void)
{
    check("the same", "a: 1\nb: [x]\n", "b: [x]\na: 1\n", "");
    check("a scalar", "a: 1\n", "a: 2\n", "a: 1 -> 2 at new:1:4\n");
    check("a number and its text", "a: 1\n", "a: \"1\"\n", "a: 1 -> \"1\" at new:1:4\n");
    check("a key more", "a: 1\n", "a: 1\nb: {c: 2}\n", "b:  -> {\"c\":2} at new:2:4\n");
    check("a key less", "m: {a: 1, b: 2}\n", "m: {b: 2}\n", "m.a: 1 ->  at new:1:4\n");
    check("first what is wanted, then what is no more", "a: 1\nb: 1\n", "c: 1\nb: 2\n",
          "c:  -> 1 at new:1:4\nb: 1 -> 2 at new:2:4\na: 1 ->  at new:1:1\n");
    check("environment", "environment: {A: x, B: y}\n", "environment: {A: x, B: z}\n",
          "environment.B: \"y\" -> \"z\" at new:1:24\n");
    check("a list of scalars is one value", "c: [a, b]\n", "c: [b, a]\n",
          "c: [\"a\",\"b\"] -> [\"b\",\"a\"] at new:1:4\n");
    check("a map becomes a list", "c: {a: 1}\n", "c: [a]\n",
          "c: {\"a\":1} -> [\"a\"] at new:1:4\n");
    check("ports pair by target and protocol",
          "ports:\n- {target: 80, published: \"80\", protocol: tcp}\n"
          "- {target: 53, published: \"53\", protocol: tcp}\n"
          "- {target: 53, published: \"53\", protocol: udp}\n",
          "ports:\n- {target: 53, published: \"54\", protocol: udp}\n"
          "- {target: 80, published: \"80\", protocol: tcp}\n"
          "- {target: 53, published: \"53\", protocol: tcp}\n",
          "ports[0].published: \"53\" -> \"54\" at new:2:27\n");
    check("one more and one less of a list", "v:\n- {type: volume, source: a, target: /a}\n",
          "v:\n- {type: volume, source: b, target: /b}\n",
          "v[0]:  -> {\"type\":\"volume\",\"source\":\"b\",\"target\":\"/b\"} at new:2:3\n"
          "v[0]: {\"type\":\"volume\",\"source\":\"a\",\"target\":\"/a\"} ->  at new:2:1\n");
    check("the source of a mount", "v:\n- {type: volume, source: a, target: /a}\n",
          "v:\n- {type: volume, source: b, target: /a}\n",
          "v[0].source: \"a\" -> \"b\" at new:2:26\n");
    check("items of one identity pair in order", "p: [{target: 1, x: 1}, {target: 1, x: 2}]\n",
          "p: [{target: 1, x: 2}, {target: 1, x: 3}]\n", "p[1].x: 1 -> 3 at new:1:39\n");
    check("an empty list", "p: []\n", "p: [{target: 1}]\n",
          "p[0]:  -> {\"target\":1} at new:1:5\n");
    check("effects", "labels: {a: 1, important: 1}\nrestart: no\nlabelsx: 1\n",
          "labels: {a: 2, important: 2}\nrestart: always\nlabelsx: 2\n",
          "labels.a: 1 -> 2 at new:1:13 ignored\n"
          "labels.important: 1 -> 2 at new:1:27\n"
          "restart: \"no\" -> \"always\" at new:2:10 in place\n"
          "labelsx: 1 -> 2 at new:3:10\n");
    check("null and nothing differ", "n: {a: }\n", "n: {}\n", "n.a: null ->  at new:1:4\n");
    return done_testing();
}
