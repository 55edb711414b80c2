/*
 * test_schema.c - compose-compat/file/schema: the table is in order, lookups find what is there, and every
 * property of the published schema (../shared/reference, when it is there) has a row that says the same.
 */
#include "tests/unit/tap.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/map.h"
#include "compose-compat/file/schema.h"
#include "data/jread.h"

/* --- the table itself -------------------------------------------------------------------------- */

struct counts {
    int n_rows, n_unsorted, n_twins, n_untyped;
};

/* Keys sorted, places in the output used once. */
static void check_row(void *arg, const char *pattern, const struct schema_row *row)
{
    struct counts *counts = arg;
    bool is_used[256] = { false };
    counts->n_rows++;
    counts->n_untyped += row->type == NULL || row->type->kinds == 0;
    for (size_t i = 0; i < row->type->n_rows; i++) {
        const struct schema_row *nested = &row->type->rows[i];
        if (i > 0 && strcmp(row->type->rows[i - 1].key, nested->key) >= 0) {
            tap_note("%s: \"%s\" is not in order", pattern, nested->key);
            counts->n_unsorted++;
        }
        if (nested->order > 0 && is_used[nested->order]) {
            tap_note("%s: \"%s\" has the place of another key", pattern, nested->key);
            counts->n_twins++;
        }
        is_used[nested->order] = true;
    }
}

static void test_table(void)
{
    struct counts counts = { 0 };
    schema_each(check_row, &counts);
    ok(counts.n_rows > 400);
    is_int(counts.n_unsorted, 0);
    is_int(counts.n_twins, 0);
    is_int(counts.n_untyped, 0);
}

static void test_lookups(void)
{
    is_text(schema_at("services.*.ports.*.target")->key, "target");
    ok(schema_at("services.*.nope") == NULL);
    ok(schema_at("services.*.environment.*") != NULL);
    ok(schema_section("services") == schema_at("services.*"));
    ok(schema_section("nope") == NULL);
    ok(schema_find(schema_section("services")->type, "image") != NULL);
    ok(schema_find(schema_section("services")->type, "imag") == NULL);
    ok(schema_find(schema_section("services")->type, "") == NULL);
    ok(schema_row_of(NULL, "image") == NULL);
    ok(schema_item(NULL) == NULL);
    ok(schema_is_user_map(schema_at("services")->type));
    ok(!schema_is_user_map(schema_at("services.*")->type));
    is_int(schema_at("services.*.healthcheck.test")->merge, MERGE_REPLACE);
    is_int(schema_at("services.*.ports")->unique, UNIQUE_PORT);
    is_int(schema_at("networks.*.internal")->cast, CAST_BOOL);
}

static void test_kinds(void)
{
    static const struct {
        unsigned kinds;
        const char *want;
    } cases[] = {
        { KIND_TEXT, "a string" },
        { KIND_TEXT | KIND_LIST, "a string or a list" },
        { KIND_TEXT | KIND_NUMBER | KIND_INT, "a string or a number" },
        { KIND_NULL | KIND_BOOL | KIND_MAP, "a boolean, a mapping or null" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        STR_AUTO(out);
        schema_print_kinds(cases[i].kinds, &out);
        is_text(out.buf, cases[i].want);
    }
}

/* --- the published schema ---------------------------------------------------------------------- */

struct walk {
    const struct node *definitions;
    struct str path;
    int n_properties, n_wrong;
    int depth;
};

static void complain(struct walk *walk, const char *what, const char *detail)
{
    tap_note("%s: %s %s", walk->path.buf, what, detail);
    walk->n_wrong++;
}

static const struct node *resolve(const struct walk *walk, const struct node *schema)
{
    const char *reference = node_as_text(node_get(schema, "$ref"));
    return reference ? node_get(walk->definitions, strrchr(reference, '/') + 1) : schema;
}

static unsigned kind_of(const char *name)
{
    static const struct {
        const char *name;
        unsigned kind;
    } kinds[] = {
        { "string", KIND_TEXT },  { "number", KIND_NUMBER }, { "integer", KIND_INT },
        { "boolean", KIND_BOOL }, { "array", KIND_LIST },    { "object", KIND_MAP },
        { "null", KIND_NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (text_is(kinds[i].name, name))
            return kinds[i].kind;
    return 0;
}

static unsigned kinds_of(const struct walk *walk, const struct node *schema)
{
    const struct node *one_of = node_get(schema, "oneOf"), *type = node_get(schema, "type");
    unsigned kinds = 0;
    if (one_of) {
        NODE_EACH_ITEM(one_of, item)
            kinds |= kinds_of(walk, resolve(walk, *item));
    } else if (node_is(type, NODE_LIST)) {
        NODE_EACH_ITEM(type, item)
            kinds |= kind_of(node_as_text(*item));
    } else if (type) {
        kinds = kind_of(node_as_text(type));
    }
    return kinds;
}

static void check_words(struct walk *walk, const struct node *schema, const struct schema_type *type)
{
    const struct node *words = node_get(schema, "enum");
    const struct node *required = node_get(schema, "required");
    if (words) {
        NODE_EACH_ITEM(words, item) {
            size_t i = 0;
            while (type->words && type->words[i] && !text_is(type->words[i], node_as_text(*item)))
                i++;
            if (!type->words || !type->words[i])
                complain(walk, "does not know the word", node_as_text(*item));
        }
    }
    if (required) {
        NODE_EACH_ITEM(required, item) {
            size_t i = 0;
            while (type->required && type->required[i] &&
                   !text_is(type->required[i], node_as_text(*item)))
                i++;
            if (!type->required || !type->required[i])
                complain(walk, "does not require", node_as_text(*item));
        }
    }
}

static void walk_schema(struct walk *walk, const struct node *schema, const struct schema_row *row);

static void walk_below(struct walk *walk, const struct node *schema, const struct schema_row *row,
                       const char *key)
{
    size_t len = walk->path.len;
    str_printf(&walk->path, "%s%s", len ? "." : "", key);
    walk->n_properties++;
    if (!row)
        complain(walk, "has no row", "");
    else if (++walk->depth < 40)
        walk_schema(walk, resolve(walk, schema), row);
    walk->depth--;
    str_cut(&walk->path, len);
}

static void check_limits(struct walk *walk, const struct node *schema, const struct schema_type *type)
{
    const struct node *unique = node_get(schema, "uniqueItems"), *minimum = node_get(schema, "minimum");
    const struct node *pattern = node_get(schema, "pattern");
    if (unique && unique->u.truth && !type->unique_items)
        complain(walk, "lets items occur twice", "");
    if (minimum && (!type->has_range || type->minimum != minimum->u.integer))
        complain(walk, "has no minimum", "");
    if (pattern && type->pattern == PATTERN_NONE)
        complain(walk, "has no pattern", node_as_text(pattern));
}

static void walk_schema(struct walk *walk, const struct node *schema, const struct schema_row *row)
{
    const struct node *one_of = node_get(schema, "oneOf"), *keys = node_get(schema, "properties");
    const struct node *patterns = node_get(schema, "patternProperties");
    if (one_of) {
        NODE_EACH_ITEM(one_of, item)
            walk_schema(walk, resolve(walk, *item), row);
        return;
    }
    if (kinds_of(walk, schema) & ~(unsigned)row->type->kinds)
        complain(walk, "does not take all kinds", "");
    check_words(walk, schema, row->type);
    check_limits(walk, schema, row->type);
    if (keys) {
        NODE_EACH_PAIR(keys, pair)
            walk_below(walk, pair->value, schema_find(row->type, pair->key), pair->key);
    }
    if (patterns) {
        NODE_EACH_PAIR(patterns, pair)
            if (!text_is(pair->key, "^x-"))
                walk_below(walk, pair->value, row->type->value, "*");
    }
    if (node_get(schema, "items"))
        walk_below(walk, node_get(schema, "items"), row->type->item, "[]");
}

static void test_published(void)
{
    const char *shared = getenv("OCTO_TEST_SHARED"), *source = getenv("srcdir");
    struct arena *arena = arena_new();
    STR_AUTO(path);
    STR_AUTO(text);
    str_printf(&path, "%s%s/reference/compose-spec.json", shared ? shared : source ? source : ".",
               shared ? "" : "/../shared");
    if (!file_exists(path.buf)) {
        tap_skip(2, "the published schema is not there (OCTO_TEST_SHARED)");
        arena_free(arena);
        return;
    }
    struct node *schema;
    ERR_AUTO(err);
    is_int(file_read(path.buf, JREAD_MAX_BYTES, &text, &err), 0);
    is_int(jread_parse(arena, 0, text.buf, text.len, &schema, &err), 0);
    struct walk walk = { node_get(schema, "$defs"), STR_INIT, 0, 0, 0 };
    walk_schema(&walk, schema, schema_root());
    tap_note("%d properties of the published schema looked up", walk.n_properties);
    ok(walk.n_properties > 400);
    is_int(walk.n_wrong, 0);
    str_release(&walk.path);
    arena_free(arena);
}

int main(void)
{
    test_table();
    test_lookups();
    test_kinds();
    test_published();
    return done_testing();
}
