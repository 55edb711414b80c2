/*
 * table.c - lays out cells; knows nothing of what they mean. Called by ps, ls and other listing
 * verbs.
 */
#include "base/base.h"

#include "cmd/table.h"

void table_init(struct table *table, size_t n_columns, size_t min_width, size_t padding)
{
    memset(table, 0, sizeof(*table));
    table->n_columns = n_columns;
    table->min_width = min_width;
    table->padding = padding;
}

void table_add(struct table *table, const char *cell)
{
    VEC_ADD(&table->cells, mem_dup(cell));
}

void table_print(const struct table *table, struct str *out)
{
    size_t *widths = MEM_NEW_N(size_t, table->n_columns);

    for (size_t i = 0; i < table->cells.n; i++) {
        size_t *width = &widths[i % table->n_columns];
        *width = MAX(*width, text_width(table->cells.items[i]) + table->padding);
        *width = MAX(*width, table->min_width);
    }
    for (size_t i = 0; i < table->cells.n; i++) {
        const char *cell = table->cells.items[i];
        size_t column = i % table->n_columns;

        str_add(out, cell);
        if (column + 1 < table->n_columns)
            str_add_n(out, widths[column] - text_width(cell), ' ');
        else
            str_add_char(out, '\n');
    }
    mem_free(widths);
}

void table_release(struct table *table)
{
    VEC_EACH (&table->cells, cell)
        mem_free(*cell);
    VEC_RELEASE(&table->cells);
}

int table_check_format(const char *format, struct err *err)
{
    if (format == NULL || format[0] == '\0' || text_is(format, "table") || text_is(format, "json"))
        return 0;
    return err_set(err, ERR_UNSUPPORTED, "unsupported --format \"%s\" (table, json)", format);
}
