/*
 * ywrite-scalar.c - writes the characters of one scalar in the style that was chosen: escapes,
 * folding past column 80, block indentation. Called by ywrite.c.
 */
#include "base/base.h"

#include "data/ywrite-parts.h"

#define BEST_WIDTH 80

static bool is_space(const struct ywrite_scalar *scalar, size_t i)
{
    return i < scalar->len && scalar->text[i] == ' ';
}

static bool is_full(const struct ywrite_page *page)
{
    return page->column > BEST_WIDTH;
}

/* Copies the character at i; how many bytes it has. */
static size_t put_one(struct ywrite_page *page, const struct ywrite_scalar *scalar, size_t i)
{
    size_t size = ywrite_char_size(scalar->text + i, scalar->len - i);

    ywrite_put_char(page, scalar->text + i, size);
    return size;
}

/* Copies the line break at i; how many bytes it has. */
static size_t put_line_break(struct ywrite_page *page, const struct ywrite_scalar *scalar, size_t i)
{
    if (scalar->text[i] == '\n') {
        ywrite_put_break(page);
        return 1;
    }
    size_t size = put_one(page, scalar, i);
    page->column = 0;
    page->is_indention = true;
    return size;
}

/* Plain and single-quoted text. */
static void put_flowing(struct ywrite_page *page, const struct ywrite_scalar *scalar, bool can_fold)
{
    bool is_quoted = scalar->style == YWRITE_SINGLE;
    bool had_space = false, had_break = false;

    for (size_t i = 0; i < scalar->len;) {
        size_t size = ywrite_break_size(scalar->text + i, scalar->len - i);

        if (is_space(scalar, i)) {
            bool is_inside = !is_quoted || (i > 0 && i < scalar->len - 1);
            if (can_fold && !had_space && is_full(page) && is_inside && !is_space(scalar, i + 1))
                ywrite_put_indent(page);
            else
                put_one(page, scalar, i);
            i++;
            had_space = true;
        } else if (size) {
            if (!had_break && scalar->text[i] == '\n')
                ywrite_put_break(page);
            i += put_line_break(page, scalar, i);
            had_break = true;
        } else {
            if (had_break)
                ywrite_put_indent(page);
            if (is_quoted && scalar->text[i] == '\'')
                ywrite_put(page, '\'');
            i += put_one(page, scalar, i);
            page->is_indention = false;
            had_space = had_break = false;
        }
    }
}

static void put_plain(struct ywrite_page *page, const struct ywrite_scalar *scalar, bool can_fold)
{
    if (scalar->len && !page->is_spaced)
        ywrite_put(page, ' ');
    put_flowing(page, scalar, can_fold);
    if (scalar->len)
        page->is_spaced = false;
    page->is_indention = false;
}

static void put_single(struct ywrite_page *page, const struct ywrite_scalar *scalar, bool can_fold)
{
    ywrite_put_indicator(page, "'", true, false, false);
    put_flowing(page, scalar, can_fold);
    ywrite_put_indicator(page, "'", false, false, false);
    page->is_indention = false;
}

/* Double quotes. */

static const struct {
    uint32_t code;
    char letter;
} short_escapes[] = {
    { 0x00, '0' },  { 0x07, 'a' }, { 0x08, 'b' }, { 0x09, 't' },   { 0x0a, 'n' },
    { 0x0b, 'v' },  { 0x0c, 'f' }, { 0x0d, 'r' }, { 0x1b, 'e' },   { '"', '"' },
    { '\\', '\\' }, { 0x85, 'N' }, { 0xa0, '_' }, { 0x2028, 'L' }, { 0x2029, 'P' },
};

static uint32_t code_point(const char *text, size_t size)
{
    static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t code = (unsigned char)text[0] & masks[size];

    for (size_t i = 1; i < size; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    return code;
}

static void put_escape(struct ywrite_page *page, uint32_t code)
{
    static const char digits[] = "0123456789ABCDEF";
    int n_digits = code <= 0xff ? 2 : code <= 0xffff ? 4 : 8;

    ywrite_put(page, '\\');
    for (size_t i = 0; i < ARRAY_LEN(short_escapes); i++) {
        if (short_escapes[i].code == code) {
            ywrite_put(page, short_escapes[i].letter);
            return;
        }
    }
    ywrite_put(page, n_digits == 2 ? 'x' : n_digits == 4 ? 'u' : 'U');
    for (int shift = (n_digits - 1) * 4; shift >= 0; shift -= 4)
        ywrite_put(page, digits[code >> shift & 0xf]);
}

static void put_double(struct ywrite_page *page, const struct ywrite_scalar *scalar, bool can_fold)
{
    bool had_space = false;
    /* docker compose's writer escapes every character of a text that begins with a byte order mark.
     */
    bool has_mark = scalar->len >= 3 && memcmp(scalar->text, "\xef\xbb\xbf", 3) == 0;

    ywrite_put_indicator(page, "\"", true, false, false);
    for (size_t i = 0; i < scalar->len;) {
        const char *at = scalar->text + i;
        size_t left = scalar->len - i, size = ywrite_char_size(at, left);

        if (has_mark || !ywrite_is_printable(at, left) || ywrite_break_size(at, left) ||
            *at == '"' || *at == '\\') {
            put_escape(page, code_point(at, size));
            had_space = false;
        } else if (*at == ' ' && can_fold && !had_space && is_full(page) && i > 0 && left > 1) {
            ywrite_put_indent(page);
            if (is_space(scalar, i + 1))
                ywrite_put(page, '\\');
            had_space = true;
        } else {
            put_one(page, scalar, i);
            had_space = *at == ' ';
        }
        i += size;
    }
    ywrite_put_indicator(page, "\"", false, false, false);
    page->is_indention = false;
}

/* Literal blocks. */

/* The byte where the character before `end` begins. */
static size_t char_before(const char *text, size_t end)
{
    size_t i = end - 1;

    while (i > 0 && ((unsigned char)text[i] & 0xc0) == 0x80)
        i--;
    return i;
}

/* "-": no line break at the end; "+": more than one; "": one. */
static const char *chomping(const struct ywrite_scalar *scalar)
{
    size_t last = char_before(scalar->text, scalar->len);

    if (!ywrite_break_size(scalar->text + last, scalar->len - last))
        return "-";
    if (last == 0)
        return "+";
    size_t previous = char_before(scalar->text, last);
    return ywrite_break_size(scalar->text + previous, scalar->len - previous) ? "+" : "";
}

/* Whether the first line that is not empty begins with a space: the indentation must then be told.
   docker compose tells it only when that is the first line of all, and so loses the space
   otherwise. */
static bool needs_indent_hint(const struct ywrite_scalar *scalar)
{
    size_t i = 0;

    while (i < scalar->len && scalar->text[i] == '\n')
        i++;
    return is_space(scalar, i);
}

static void put_literal(struct ywrite_page *page, const struct ywrite_scalar *scalar)
{
    bool had_break = true;

    ywrite_put_indicator(page, "|", true, false, false);
    if (needs_indent_hint(scalar))
        ywrite_put_indicator(page, "2", false, false, false);
    ywrite_put_indicator(page, chomping(scalar), false, false, false);
    ywrite_put_break(page);
    page->is_spaced = true;
    for (size_t i = 0; i < scalar->len;) {
        if (ywrite_break_size(scalar->text + i, scalar->len - i)) {
            i += put_line_break(page, scalar, i);
            had_break = true;
            continue;
        }
        if (had_break)
            ywrite_put_indent(page);
        i += put_one(page, scalar, i);
        page->is_indention = false;
        had_break = false;
    }
}

void ywrite_put_scalar(struct ywrite_page *page, const struct ywrite_scalar *scalar, bool can_fold)
{
    switch (scalar->style) {
    case YWRITE_PLAIN:
        put_plain(page, scalar, can_fold);
        break;
    case YWRITE_SINGLE:
        put_single(page, scalar, can_fold);
        break;
    case YWRITE_DOUBLE:
        put_double(page, scalar, can_fold);
        break;
    case YWRITE_LITERAL:
        put_literal(page, scalar);
        break;
    }
}
