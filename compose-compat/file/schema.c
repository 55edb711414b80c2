/*
 * schema.c - looking things up in the table of the Compose specification (schema-table.c and the files
 * beside it hold the rows). No stage of the loader is in here.
 */
#include "base/base.h"

#include "compose-compat/file/schema.h"

const struct schema_row *schema_section(const char *section)
{
    const struct schema_row *row = schema_find(schema_root()->type, section);
    return row ? row->type->value : NULL;
}

const struct schema_row *schema_find(const struct schema_type *type, const char *key)
{
    size_t low = 0, high = type->n_rows;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(key, type->rows[middle].key);
        if (order == 0)
            return &type->rows[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct schema_row *schema_row_of(const struct schema_row *row, const char *key)
{
    if (!row)
        return NULL;
    const struct schema_row *found = schema_find(row->type, key);
    return found ? found : row->type->value;
}

const struct schema_row *schema_item(const struct schema_row *row)
{
    return row ? row->type->item : NULL;
}

const struct schema_row *schema_at(const char *pattern)
{
    const struct schema_row *row = schema_root();
    while (row && *pattern) {
        char key[64];
        size_t len = strcspn(pattern, ".");
        if (len >= sizeof(key))
            return NULL;
        memcpy(key, pattern, len);
        key[len] = 0;
        pattern += len + (pattern[len] == '.');
        if (strcmp(key, "*") == 0)
            row = row->type->value ? row->type->value : row->type->item;
        else
            row = schema_find(row->type, key);
    }
    return row;
}

bool schema_is_user_map(const struct schema_type *type)
{
    return type->keys >= KEYS_NAMES;
}

unsigned schema_kinds_of(const struct node *node)
{
    switch ((enum node_kind)node->kind) {
    case NODE_NULL: return KIND_NULL;
    case NODE_BOOL: return KIND_BOOL;
    case NODE_INT:
    case NODE_UINT: return KIND_INT | KIND_NUMBER;
    case NODE_FLOAT: {
        double number = node->u.number;
        bool is_whole = number > -1e18 && number < 1e18 && (double)(int64_t)number == number;
        return is_whole ? KIND_INT | KIND_NUMBER : KIND_NUMBER;
    }
    case NODE_TEXT:
    case NODE_TIME: return KIND_TEXT;
    case NODE_LIST: return KIND_LIST;
    case NODE_MAP: return KIND_MAP;
    }
    return 0;
}

void schema_print_kinds(unsigned kinds, struct str *out)
{
    static const struct {
        unsigned kind;
        const char *name;
    } names[] = {
        { KIND_TEXT, "a string" },     { KIND_NUMBER, "a number" }, { KIND_INT, "an integer" },
        { KIND_BOOL, "a boolean" },    { KIND_LIST, "a list" },     { KIND_MAP, "a mapping" },
        { KIND_NULL, "null" },
    };
    if (kinds & KIND_NUMBER)
        kinds &= ~(unsigned)KIND_INT;
    for (size_t i = 0, n = 0; i < ARRAY_LEN(names); i++) {
        if (!(kinds & names[i].kind))
            continue;
        kinds &= ~names[i].kind;
        str_add(out, n++ == 0 ? "" : kinds ? ", " : " or ");
        str_add(out, names[i].name);
    }
}

struct each {
    schema_each_fn fn;
    void *arg;
    struct str pattern;
};

static void each_row(struct each *each, const char *key, const struct schema_row *row)
{
    size_t len = each->pattern.len;
    if (len > 0)
        str_add_char(&each->pattern, '.');
    str_add(&each->pattern, key);
    each->fn(each->arg, each->pattern.buf, row);
    const struct schema_type *type = row->type;
    for (size_t i = 0; i < type->n_rows; i++)
        each_row(each, type->rows[i].key, &type->rows[i]);
    if (type->value)
        each_row(each, "*", type->value);
    else if (type->item)
        each_row(each, "*", type->item);
    str_cut(&each->pattern, len);
}

void schema_each(schema_each_fn fn, void *arg)
{
    struct each each = { fn, arg, STR_INIT };
    const struct schema_type *type = schema_root()->type;
    for (size_t i = 0; i < type->n_rows; i++)
        each_row(&each, type->rows[i].key, &type->rows[i]);
    str_release(&each.pattern);
}
