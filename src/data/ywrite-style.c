/*
 * ywrite-style.c - how a scalar is written: plain, in single or double quotes, or as a literal
 * block. The rules are those of docker compose's YAML writer, measured. Called by ywrite.c.
 */
#include "base/base.h"

#include "data/yread.h"
#include "data/ywrite-parts.h"

/* Characters. */

size_t ywrite_break_size(const char *text, size_t len)
{
    if (*text == '\n' || *text == '\r')
        return 1;
    if (len > 1 && memcmp(text, "\xc2\x85", 2) == 0)
        return 2;
    if (len > 2 && (memcmp(text, "\xe2\x80\xa8", 3) == 0 || memcmp(text, "\xe2\x80\xa9", 3) == 0))
        return 3;
    return 0;
}

size_t ywrite_char_size(const char *text, size_t len)
{
    unsigned char lead = (unsigned char)*text;
    size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;

    return MIN(size, len);
}

bool ywrite_is_printable(const char *text, size_t len)
{
    unsigned char lead = (unsigned char)text[0];
    unsigned char next = len > 1 ? (unsigned char)text[1] : 0;
    unsigned char last = len > 2 ? (unsigned char)text[2] : 0;

    if (lead < 0x80)
        return lead == '\n' || (lead >= 0x20 && lead <= 0x7e);
    if (lead == 0xc2)
        return next >= 0xa0;
    if (lead == 0xed)
        return next < 0xa0;
    if (lead == 0xef)
        return !(next == 0xbb && last == 0xbf) && !(next == 0xbf && last >= 0xbe);
    return lead > 0xc2 && lead < 0xef;
}

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

static bool is_blank_or_break(const char *text, size_t len)
{
    return *text == ' ' || *text == '\t' || *text == '\0' || ywrite_break_size(text, len);
}

/* What stands in a text. */
struct look {
    bool has_indicator, has_break, has_special, has_tab;
    bool has_edge_blank, has_last_space; /* blank or break at either end; a space at the end */
    bool has_space_after_break, has_space_before_break;
};

static bool is_indicator(const char *text, size_t len, size_t i, size_t size, bool is_after_blank)
{
    bool is_before_blank = i + size >= len || text[i + size] == ' ' || text[i + size] == '\t';

    if (i == 0)
        return is_one_of(text[0], "#,[]{}&*!|>'\"%@`") ||
               (is_one_of(text[0], "?:-") && is_before_blank);
    return (text[i] == ':' && is_before_blank) || (text[i] == '#' && is_after_blank);
}

static void look_at(const char *text, size_t len, struct look *look)
{
    bool is_after_blank = true, was_space = false, was_break = false;

    if (len >= 3 && (memcmp(text, "---", 3) == 0 || memcmp(text, "...", 3) == 0))
        look->has_indicator = true;
    for (size_t i = 0, size; i < len; i += size) {
        size = ywrite_char_size(text + i, len - i);
        bool is_edge = i == 0 || i + size == len;
        bool is_space = text[i] == ' ';
        bool is_break = ywrite_break_size(text + i, len - i) > 0;

        look->has_indicator |= is_indicator(text, len, i, size, is_after_blank);
        if (text[i] == '\t')
            look->has_tab = true;
        else if (!ywrite_is_printable(text + i, len - i))
            look->has_special = true;
        look->has_edge_blank |= is_edge && (is_space || is_break);
        look->has_last_space |= is_space && i + size == len;
        look->has_break |= is_break;
        look->has_space_after_break |= is_space && was_break;
        look->has_space_before_break |= is_break && was_space;
        was_space = is_space;
        was_break = is_break;
        is_after_blank = is_blank_or_break(text + i, len - i);
    }
}

/* Strings that YAML 1.1 reads as something else. */

static const char *const old_words[] = {
    "y", "Y",  "yes", "Yes", "YES", "on",  "On",  "ON", "n",
    "N", "no", "No",  "NO",  "off", "Off", "OFF", "<<",
};

static bool is_old_word(const char *text, size_t len)
{
    for (size_t i = 0; len <= 3 && i < ARRAY_LEN(old_words); i++)
        if (strlen(old_words[i]) == len && memcmp(old_words[i], text, len) == 0)
            return true;
    return false;
}

static size_t count_digits(const char *text, size_t len, size_t i, bool has_underscores)
{
    size_t start = i;

    while (i < len &&
           ((text[i] >= '0' && text[i] <= '9') || (has_underscores && text[i] == '_' && i > start)))
        i++;
    return i - start;
}

/* Numbers of base 60, like 22:22 and 1:30:00. */
static bool is_sexagesimal(const char *text, size_t len)
{
    size_t i = len && is_one_of(text[0], "+-"), n_groups = 0;
    size_t n = count_digits(text, len, i, true);

    if (!n)
        return false;
    for (i += n; i < len && text[i] == ':'; i += n + 1, n_groups++) {
        n = count_digits(text, len, i + 1, false);
        if (n == 0 || n > 2 || (n == 2 && text[i + 1] > '5'))
            return false;
    }
    if (n_groups && i < len && text[i] == '.')
        for (i++; i < len && (is_one_of(text[i], "0123456789_")); i++)
            continue;
    return n_groups && i == len;
}

/* Go's unicode.IsSpace for every character. */
static bool is_all_space(const char *text, size_t len)
{
    static const char *const wide[] = { "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80",
                                        "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
                                        "\xe2\x81\x9f", "\xe3\x80\x80" };

    for (size_t i = 0, size; i < len; i += size) {
        size = ywrite_char_size(text + i, len - i);
        bool is_space = size == 1 ? is_one_of(text[i], " \t\n\v\f\r")
                                  : size == 3 && memcmp(text + i, "\xe2\x80", 2) == 0 &&
                                        (unsigned char)text[i + 2] <= 0x8a;
        for (size_t k = 0; !is_space && k < ARRAY_LEN(wide); k++)
            is_space = strlen(wide[k]) == size && memcmp(wide[k], text + i, size) == 0;
        if (!is_space)
            return false;
    }
    return true;
}

/* What the value asks for, before it is known what its characters allow. */
static enum ywrite_style wanted_style(const char *text, size_t len)
{
    if (memchr(text, '\n', len))
        return len < 2 || is_all_space(text, len) ? YWRITE_DOUBLE : YWRITE_LITERAL;
    if (is_old_word(text, len) || is_sexagesimal(text, len))
        return YWRITE_SINGLE;
    return yread_plain_kind(text, len) == NODE_TEXT ? YWRITE_PLAIN : YWRITE_DOUBLE;
}

void ywrite_style_choose(struct ywrite_scalar *scalar, const char *text, size_t len, bool is_string,
                         bool is_key)
{
    struct look look = { 0 };
    enum ywrite_style style = is_string ? wanted_style(text, len) : YWRITE_PLAIN;

    look_at(text, len, &look);
    bool is_odd = look.has_space_before_break || look.has_special;
    bool can_be_plain = !look.has_edge_blank && !look.has_space_after_break && !is_odd &&
                        !look.has_tab && !look.has_break && !look.has_indicator;
    bool can_be_single = !look.has_space_after_break && !is_odd && !look.has_tab;
    bool can_be_literal = len && !look.has_last_space && !is_odd && !is_key;

    if (is_key && look.has_break)
        style = YWRITE_DOUBLE;
    if (style == YWRITE_PLAIN && !can_be_plain)
        style = YWRITE_SINGLE;
    if ((style == YWRITE_SINGLE && !can_be_single) || (style == YWRITE_LITERAL && !can_be_literal))
        style = YWRITE_DOUBLE;
    scalar->text = text;
    scalar->len = len;
    scalar->is_multiline = look.has_break;
    scalar->style = style;
}
