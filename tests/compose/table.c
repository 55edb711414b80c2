/*
 * table.c - prints the schema table as JSON, for the tests that are made from it (random, coverage.py).
 * A row is {"key", "kinds": [...], "keys", "words": [...], "required": [...], "unique", "minimum",
 * "maximum", "bind", "rows": [row...], "item": row, "value": row}; what does not apply is absent.
 */
#include "base/base.h"

#include <stdio.h>

#include "base/file.h"
#include "compose-compat/file/schema.h"
#include "data/jwrite.h"

static const char *const kind_names[] = { "null", "bool", "int", "number", "text", "list", "map" };
static const char *const keys_names[] = { "extensible", "closed",     "open", "names",
                                          "names-open", "words-open", "any",  "any-open" };

static const char *const bind_names[] = {
    [BIND_NODE] = "node",   [BIND_TEXT] = "text",   [BIND_BOOL] = "bool",   [BIND_INT] = "int",
    [BIND_UINT] = "uint",   [BIND_FLOAT] = "float", [BIND_BYTES] = "bytes", [BIND_MODE] = "mode",
    [BIND_COUNT] = "count", [BIND_RATE] = "rate",   [BIND_WORDS] = "words", [BIND_TEXTS] = "texts",
    [BIND_PAIRS] = "pairs", [BIND_ENV] = "env",     [BIND_CPUS] = "cpus",
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

int main(void)
{
    STR_AUTO(out);
    ERR_AUTO(err);
    struct jwrite w;
    jwrite_init(&w, &out, 0);
    print_row(&w, schema_root());
    if (file_write_all(STDOUT_FILENO, out.buf, out.len, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    return 0;
}
