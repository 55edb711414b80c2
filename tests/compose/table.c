/*
 * table.c - the schema table for the tests that are made from it (random, coverage.py). Without
 * arguments it is printed as JSON: a row is {"key", "kinds": [...], "keys", "words": [...],
 * "required": [...], "unique", "joined", "minimum", "maximum", "merge", "cast", "bind", "rows": [row...],
 * "item": row, "value": row}; what does not apply is absent. With names of YAML files, each of their values that
 * has a row is a line "PATTERN KIND", and "PATTERN =TEXT" where the row allows certain texts only;
 * "*" stands for a name, "[]" for an item. Files up to a "--" belong together: a value that stands
 * in several of their documents at one place is a line "PATTERN KIND over KIND", too.
 */
#include "base/base.h"

#include <stdio.h>

#include "base/file.h"
#include "base/map.h"
#include "compose-compat/file/schema.h"
#include "data/jwrite.h"
#include "data/yread.h"

static const char *const kind_names[] = { "null", "bool", "int", "number", "text", "list", "map" };
static const char *const keys_names[] = { "extensible", "closed",     "open", "names",
                                          "names-open", "words-open", "any",  "any-open" };

static const char *const merge_names[] = { "default", "replace", "sequence", "extra_hosts", "depends_on",
                                           "names",   "build",   "logging",  "pools" };

static const char *const cast_names[] = { "none", "bool", "int", "float" };

static const char *const bind_names[] = {
    [BIND_NODE] = "node",   [BIND_TEXT] = "text",   [BIND_BOOL] = "bool",   [BIND_INT] = "int",
    [BIND_UINT] = "uint",   [BIND_UINT16] = "uint", [BIND_UINT32] = "uint",
      [BIND_FLOAT] = "float", [BIND_BYTES] = "bytes", [BIND_MODE] = "mode",
    [BIND_COUNT] = "count", [BIND_RATE] = "rate",   [BIND_WORDS] = "words", [BIND_TEXTS] = "texts",
    [BIND_PAIRS] = "pairs", [BIND_TEXT_PAIRS] = "text-pairs", [BIND_ENV] = "env",     [BIND_CPUS] = "cpus",
    [BIND_DURATION] = "duration",
};

static void print_words(struct jwrite *w, const char *key, const char *const *words)
{
    if (!words)
        return;
    jwrite_key(w, key);
    jwrite_list(w);
    for (size_t i = 0; words[i]; i++)
        jwrite_text(w, words[i]);
    jwrite_list_end(w);
}

static void print_kinds(struct jwrite *w, unsigned kinds)
{
    jwrite_key(w, "kinds");
    jwrite_list(w);
    for (size_t i = 0; i < ARRAY_LEN(kind_names); i++)
        if (kinds & (1u << i))
            jwrite_text(w, kind_names[i]);
    jwrite_list_end(w);
}

static void print_row(struct jwrite *w, const struct schema_row *row)
{
    const struct schema_type *type = row->type;
    jwrite_map(w);
    if (row->key)
        jwrite_key_text(w, "key", row->key);
    print_kinds(w, type->kinds);
    if (type->kinds & KIND_MAP)
        jwrite_key_text(w, "keys", keys_names[type->keys]);
    print_words(w, "words", type->words);
    print_words(w, "required", type->required);
    jwrite_key_bool(w, "unique", type->unique_items);
    jwrite_key_bool(w, "joined", row->unique != UNIQUE_NONE);
    jwrite_key_text(w, "merge", merge_names[row->merge]);
    jwrite_key_text(w, "cast", cast_names[row->cast]);
    if (type->has_range) {
        jwrite_key_int(w, "minimum", type->minimum);
        jwrite_key_int(w, "maximum", type->maximum);
    }
    jwrite_key_text(w, "bind", bind_names[row->bind]);
    jwrite_key(w, "rows");
    jwrite_list(w);
    for (size_t i = 0; i < type->n_rows; i++)
        print_row(w, &type->rows[i]);
    jwrite_list_end(w);
    if (type->item) {
        jwrite_key(w, "item");
        print_row(w, type->item);
    }
    if (type->value) {
        jwrite_key(w, "value");
        print_row(w, type->value);
    }
    jwrite_map_end(w);
}

static int print_table(struct str *out)
{
    struct jwrite w;
    jwrite_init(&w, out, 0);
    print_row(&w, schema_root());
    return 0;
}

/* --- what a file uses -------------------------------------------------------------------------- */

struct use {
    struct str *out, pattern, place;
    struct map *kinds; /* place -> the name of the kind that it had last */
};

static void print_use(struct use *use, const struct node *node, const struct schema_row *row);

static void print_below(struct use *use, const char *key, const struct node *node,
                        const struct schema_row *row)
{
    size_t len = use->pattern.len;
    if (!row)
        return;
    str_printf(&use->pattern, "%s%s", len ? "." : "", key);
    print_use(use, node, row);
    str_cut(&use->pattern, len);
}

/* A value at a place that had one before. */
static void print_join(struct use *use, const char *kind)
{
    if (strstr(use->pattern.buf, "[]"))
        return;
    const char *earlier = map_set(use->kinds, use->place.buf, (void *)(uintptr_t)kind);
    if (earlier)
        str_printf(use->out, "%s %s over %s\n", use->pattern.buf, kind, earlier);
}

static void print_use(struct use *use, const struct node *node, const struct schema_row *row)
{
    unsigned kinds = schema_kinds_of(node) & row->type->kinds;
    print_join(use, node_is(node, NODE_LIST)   ? "list"
                    : node_is(node, NODE_MAP)  ? "map"
                    : node_is(node, NODE_NULL) ? "null"
                                               : "scalar");
    for (size_t i = 0; i < ARRAY_LEN(kind_names); i++)
        if (kinds & (1u << i))
            str_printf(use->out, "%s %s\n", use->pattern.buf, kind_names[i]);
    if (row->type->words && node_as_text(node))
        str_printf(use->out, "%s =%s\n", use->pattern.buf, node_as_text(node));
    if (node_is(node, NODE_LIST)) {
        NODE_EACH_ITEM(node, item)
            print_below(use, "[]", *item, row->type->item);
    } else if (node_is(node, NODE_MAP)) {
        NODE_EACH_PAIR(node, pair) {
            const struct schema_row *known = schema_find(row->type, pair->key);
            size_t len = use->place.len;
            str_printf(&use->place, ".%s", pair->key);
            print_below(use, known ? pair->key : "*", pair->value, known ? known : row->type->value);
            str_cut(&use->place, len);
        }
    }
}

static int print_uses(const char *path, struct map *kinds, struct str *out)
{
    struct arena *arena = arena_new();
    struct findings findings = FINDINGS_INIT;
    struct yread_documents documents = { 0 };
    struct use use = { out, STR_INIT, STR_INIT, kinds };
    STR_AUTO(text);
    ERR_AUTO(err);
    int failed = file_read(path, YREAD_MAX_BYTES, &text, &err);
    if (failed)
        fprintf(stderr, "%s\n", err.text);
    else if (yread_parse(arena, 0, text.buf, text.len, &documents, &findings) == 0)
        for (size_t i = 0; i < documents.n; i++)
            print_use(&use, documents.items[i], schema_root());
    str_release(&use.pattern);
    str_release(&use.place);
    findings_release(&findings);
    arena_free(arena);
    return failed;
}

int main(int argc, char **argv)
{
    STR_AUTO(out);
    ERR_AUTO(err);
    struct map kinds;
    map_init(&kinds);
    int failed = argc < 2 ? print_table(&out) : 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            map_release(&kinds);
            map_init(&kinds);
            continue;
        }
        failed |= print_uses(argv[i], &kinds, &out);
    }
    map_release(&kinds);
    if (file_write_all(STDOUT_FILENO, out.buf, out.len, &err)) {
        fprintf(stderr, "%s\n", err.text);
        failed = -1;
    }
    return failed ? 1 : 0;
}
