/*
 * text.c - functions on plain C strings (declared in str.h): comparing, numbers, the nearest name,
 * UTF-8. No locale takes part in any of them.
 */
#include "base/str.h"


bool text_is(const char *a, const char *b)
{
    return a && b && !strcmp(a, b);
}

bool text_same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

bool text_starts(const char *text, const char *prefix)
{
    return !strncmp(text, prefix, strlen(prefix));
}

bool text_ends(const char *text, const char *suffix)
{
    return slice_ends(slice_from(text), suffix);
}

int text_to_int(const char *text, int64_t *ret_value)
{
    bool is_negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    if (!*text)
        return -1;
    uint64_t limit = (uint64_t)INT64_MAX + (is_negative ? 1 : 0);
    uint64_t value = 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        unsigned digit = (unsigned)(*text - '0');
        if (value > (limit - digit) / 10)
            return -1;
        value = value * 10 + digit;
    }
    *ret_value = is_negative ? (int64_t)(0 - value) : (int64_t)value;
    return 0;
}

int text_to_bool(const char *text, bool *ret_value)
{
    static const char *const names[2][6] = { { "0", "f", "F", "FALSE", "false", "False" },
                                             { "1", "t", "T", "TRUE", "true", "True" } };
    for (size_t i = 0; i < 12; i++) {
        if (!strcmp(text, names[i / 6][i % 6])) {
            *ret_value = i / 6;
            return 0;
        }
    }
    return -1;
}

/* What text_nearest() compares: longer texts have no near neighbour. */
#define NEAREST_MAX 63

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The edit distance of a and b without regard to case; two letters exchanged count as one edit. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][NEAREST_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        above[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            bool is_same = lower(a[i - 1]) == lower(b[j - 1]);
            size_t best = MIN(above[j], row[j - 1]) + 1;
            best = MIN(best, above[j - 1] + (is_same ? 0 : 1));
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                best = MIN(best, before[j - 2] + 1);
            row[j] = best;
        }
        size_t *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b_len];
}

const char *text_nearest(const char *text, const char *const *names, size_t n)
{
    size_t len = strlen(text);
    if (!len || len > NEAREST_MAX)
        return NULL;
    size_t best = len <= 2 ? 2 : len <= 5 ? 3 : 4; /* the first distance that is too far */
    const char *nearest = NULL;
    for (size_t i = 0; i < n; i++) {
        size_t name_len = strlen(names[i]);
        if (name_len > NEAREST_MAX)
            continue;
        size_t distance = edit_distance(text, len, names[i], name_len);
        if (distance < best && distance < MAX(len, name_len)) {
            best = distance;
            nearest = names[i];
        }
    }
    return nearest;
}

/* Length of the valid UTF-8 sequence at p (n > 0 bytes left), or 0; *ret_code is its character. */
static size_t utf8_next(const unsigned char *p, size_t n, uint32_t *ret_code)
{
    static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (!len || len > n || p[0] > 0xf4)
        return 0;
    uint32_t code = len == 1 ? p[0] : p[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3f);
    }
    if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *ret_code = code;
    return len;
}

size_t text_utf8_valid(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t at = 0;
    while (at < n) {
        uint32_t code;
        size_t len = utf8_next(p + at, n - at, &code);
        if (!len)
            break;
        at += len;
    }
    return at;
}

struct range {
    uint32_t first, last;
};

static bool is_within(uint32_t code, const struct range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

/* 0, 1 or 2 columns: a short table of the blocks that matter, not all of Unicode. */
static size_t code_width(uint32_t code)
{
    static const struct range none[] = {
        { 0x00, 0x1f },     { 0x7f, 0x9f },     { 0x300, 0x36f },   { 0x200b, 0x200f },
        { 0x2028, 0x202e }, { 0x2060, 0x2064 }, { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f },
        { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff }, { 0xe0100, 0xe01ef },
    };
    static const struct range wide[] = {
        { 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x23e9, 0x23ec },   { 0x2705, 0x2705 },
        { 0x2728, 0x2728 },   { 0x274c, 0x274c },   { 0x2e80, 0x303e },   { 0x3041, 0x33ff },
        { 0x3400, 0x4dbf },   { 0x4e00, 0x9fff },   { 0xa000, 0xa4cf },   { 0xac00, 0xd7a3 },
        { 0xf900, 0xfaff },   { 0xfe30, 0xfe4f },   { 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },
        { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
    };
    if (code >= 0x20 && code < 0x7f)
        return 1;
    if (is_within(code, none, ARRAY_LEN(none)))
        return 0;
    return is_within(code, wide, ARRAY_LEN(wide)) ? 2 : 1;
}

size_t text_width(const char *text)
{
    size_t n = strlen(text), width = 0;
    const unsigned char *p = (const unsigned char *)text;
    for (size_t at = 0; at < n;) {
        uint32_t code = '?';
        size_t len = utf8_next(p + at, n - at, &code);
        width += len ? code_width(code) : 1;
        at += len ? len : 1;
    }
    return width;
}

uint64_t text_hash(const char *text, size_t n)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++) {
        hash ^= (unsigned char)text[i];
        hash *= 0x100000001b3u;
    }
    return hash;
}
