/*
 * format.c - reads what stands in --format, and fills in the fields of rows. See format.h.
 */
#include "base/base.h"

#include "cmd/format.h"

#include <ctype.h>

#include "base/arena.h"
#include "data/jwrite.h"

/* --- reading -------------------------------------------------------------------------------------
 */

static int refuse(struct slice inside, struct err *err)
{
    return err_set(
        err, ERR_USAGE,
        "--format: \"{{%.*s}}\" is not understood: {{.FIELD}}, {{json .FIELD}}, {{json .}} "
        "and {{.Label \"NAME\"}} are",
        (int)inside.len, inside.at);
}

static bool is_name(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!isalnum((unsigned char)text.at[i]))
            return false;
    }
    return true;
}

/* What is between the braces. */
static int parse_field(struct format *format, struct slice inside, struct err *err)
{
    struct format_piece piece = { .field = "" };
    struct slice rest = slice_trim(inside), name;

    if (slice_starts(rest, "json ")) {
        piece.is_json = true;
        rest = slice_trim((struct slice){ rest.at + 5, rest.len - 5 });
    }
    if (!slice_starts(rest, "."))
        return refuse(inside, err);
    rest = (struct slice){ rest.at + 1, rest.len - 1 };
    if (slice_starts(rest, "Label ")) {
        name = slice_trim((struct slice){ rest.at + 6, rest.len - 6 });
        if (name.len < 2 || name.at[0] != '"' || name.at[name.len - 1] != '"' || piece.is_json)
            return refuse(inside, err);
        piece.label = arena_dup_len(format->arena, name.at + 1, name.len - 2);
        rest.len = strlen("Label");
    }
    if (!is_name(rest) || (rest.len == 0 && !piece.is_json))
        return refuse(inside, err);
    piece.field = arena_dup_len(format->arena, rest.at, rest.len);
    VEC_ADD(&format->pieces, piece);
    return 0;
}

/* "\t" and "\n" are written as they are on a command line. */
static void add_literal(struct format *format, struct slice text)
{
    struct format_piece piece = { 0 };
    STR_AUTO(plain);

    for (size_t i = 0; i < text.len; i++) {
        bool is_escape = text.at[i] == '\\' && i + 1 < text.len &&
                         (text.at[i + 1] == 't' || text.at[i + 1] == 'n');

        if (is_escape)
            str_add_char(&plain, text.at[++i] == 't' ? '\t' : '\n');
        else
            str_add_char(&plain, text.at[i]);
    }
    piece.literal = arena_dup(format->arena, plain.buf);
    if (plain.len > 0)
        VEC_ADD(&format->pieces, piece);
}

int format_parse(struct arena *arena, const char *text, struct format *ret_format, struct err *err)
{
    struct format format = { .arena = arena, .is_table = text_starts(text, "table") };
    struct slice rest = slice_trim(slice_from(format.is_table ? text + strlen("table") : text));
    const char *end = rest.at + rest.len;

    while (rest.len > 0) {
        const char *open = strstr(rest.at, "{{");
        const char *close = open == NULL ? NULL : strstr(open, "}}");

        if (open == NULL || open >= end) {
            add_literal(&format, rest);
            break;
        }
        add_literal(&format, (struct slice){ rest.at, (size_t)(open - rest.at) });
        if (close == NULL) {
            format_release(&format);
            return err_set(err, ERR_USAGE, "--format: \"{{\" without \"}}\": %s", text);
        }
        if (parse_field(&format, (struct slice){ open + 2, (size_t)(close - open) - 2 }, err) < 0) {
            format_release(&format);
            return -1;
        }
        rest = (struct slice){ close + 2, (size_t)(end - close) - 2 };
    }
    *ret_format = format;
    return 0;
}

void format_release(struct format *format)
{
    VEC_RELEASE(&format->pieces);
}

/* --- writing -------------------------------------------------------------------------------------
 */

/* As Go prints values: lists in brackets, the fields of their items in braces, without names. */
static void add_value(const struct node *value, struct str *out)
{
    const char *separator = "";

    if (node_is(value, NODE_LIST)) {
        str_add_char(out, '[');
        NODE_EACH_ITEM (value, item) {
            str_add(out, separator);
            add_value(*item, out);
            separator = " ";
        }
        str_add_char(out, ']');
    } else if (node_is(value, NODE_MAP)) {
        str_add_char(out, '{');
        NODE_EACH_PAIR (value, pair) {
            str_add(out, separator);
            add_value(pair->value, out);
            separator = " ";
        }
        str_add_char(out, '}');
    } else if (!node_is(value, NODE_NULL)) {
        node_scalar_text(value, out);
    }
}

static int refuse_name(const struct node *fields, const char *name, struct err *err)
{
    STR_AUTO(known);

    NODE_EACH_PAIR (fields, pair)
        str_printf(&known, "%s%s", known.len > 0 ? ", " : "", pair->key);
    return err_set(err, ERR_USAGE, "--format: there is no field \"%s\" (%s)", name, known.buf);
}

static int add_field(const struct format_piece *piece, const struct format_row *row,
                     struct str *out, struct err *err)
{
    const struct node *value =
        piece->field[0] == '\0' ? row->fields : node_get(row->fields, piece->field);

    if (piece->label != NULL) {
        const char *text = node_as_text(node_get(row->labels, piece->label));

        str_add(out, text == NULL ? "" : text);
        return 0;
    }
    if (value == NULL)
        return refuse_name(row->fields, piece->field, err);
    if (piece->is_json)
        jwrite_node_text(value, piece->field[0] == '\0' ? JWRITE_HTML : 0, out);
    else
        add_value(value, out);
    return 0;
}

/* Ends a cell at each tab of a literal. */
static void add_cells(const char *literal, struct table *table, struct str *cell)
{
    for (; *literal != '\0'; literal++) {
        if (*literal != '\t') {
            str_add_char(cell, *literal);
            continue;
        }
        table_add(table, cell->buf);
        str_clear(cell);
    }
}

int format_row(const struct format *format, const struct format_row *row, struct table *table,
               struct str *out, struct err *err)
{
    STR_AUTO(cell);

    VEC_EACH (&format->pieces, piece) {
        struct str *to = format->is_table ? &cell : out;

        if (piece->literal == NULL) {
            if (add_field(piece, row, to, err) < 0)
                return -1;
        } else if (format->is_table) {
            add_cells(piece->literal, table, &cell);
        } else {
            str_add(out, piece->literal);
        }
    }
    if (format->is_table)
        table_add(table, cell.buf);
    else
        str_add_char(out, '\n');
    return 0;
}

static void add_title(const struct format_piece *piece, struct str *out)
{
    static const struct {
        const char *field, *title;
    } titles[] = { { "ID", "CONTAINER ID" },
                   { "CreatedAt", "CREATED AT" },
                   { "RunningFor", "CREATED" },
                   { "ExitCode", "EXIT CODE" },
                   { "LocalVolumes", "LOCAL VOLUMES" } };

    if (piece->label != NULL) {
        str_add(out, piece->label);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
        if (text_is(piece->field, titles[i].field)) {
            str_add(out, titles[i].title);
            return;
        }
    }
    for (const char *c = piece->field; *c != '\0'; c++)
        str_add_char(out, (char)toupper((unsigned char)*c));
}

void format_table(const struct format *format, struct table *ret_table)
{
    size_t n_columns = 1;
    STR_AUTO(cell);

    VEC_EACH (&format->pieces, piece) {
        for (const char *c = piece->literal; c != NULL && *c != '\0'; c++)
            n_columns += *c == '\t';
    }
    table_init(ret_table, n_columns, 10, 3);
    VEC_EACH (&format->pieces, piece) {
        if (piece->literal != NULL)
            add_cells(piece->literal, ret_table, &cell);
        else
            add_title(piece, &cell);
    }
    table_add(ret_table, cell.buf);
}
