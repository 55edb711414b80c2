/*
 * quantity.c - byte sizes, durations, file modes and 32-bit floats as texts. Plain functions
 * without a place: the callers say where a text stands.
 */
#include "base/base.h"

#include "compose-compat/file/quantity.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* Underscores between digits (and behind "0x") mean nothing to Go. */
static int drop_underscores(const char *text, char *out, size_t size)
{
    size_t n = 0;
    for (const char *at = text; *at; at++) {
        bool is_between = at > text && isxdigit((unsigned char)at[1]) &&
                          (isxdigit((unsigned char)at[-1]) || at[-1] == 'x' || at[-1] == 'X');
        if (*at == '_' && !is_between)
            return -1;
        if (*at != '_' && n + 1 >= size)
            return -1;
        if (*at != '_')
            out[n++] = *at;
    }
    out[n] = '\0';
    return 0;
}

int quantity_float(const char *text, double *ret_value)
{
    char *end;
    if (*text == '\0' || strpbrk(text, " \t\n\v\f\r") || strchr(text, '('))
        return -1; /* nothing that strtod() skips or reads beyond Go */
    char digits[64];
    if (strchr(text, '_')) {
        if (drop_underscores(text, digits, sizeof(digits)))
            return -1;
        text = digits;
    }
    bool is_hex = strchr(text, 'x') || strchr(text, 'X');
    if (is_hex && !strchr(text, 'p') && !strchr(text, 'P'))
        return -1;
    double value = strtod(text, &end);
    if (*end != '\0' || (isinf(value) && strcasecmp(text + strcspn(text, "iI"), "inf") != 0 &&
                         strcasecmp(text + strcspn(text, "iI"), "infinity") != 0))
        return -1;
    *ret_value = value;
    return 0;
}

double quantity_round_float(double value)
{
    float narrow = (float)value;
    char text[32];
    if (!isfinite(narrow))
        return narrow;
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, (double)narrow);
        if (strtof(text, NULL) == narrow)
            break;
    }
    return strtod(text, NULL);
}

/* --- bytes ----------------------------------------------------------------------------------- */

/* The factor of a suffix ("k", "kb", "KiB", "b"), or 0. */
static double byte_factor(const char *suffix)
{
    static const char letters[] = "bkmgtp";
    size_t len = strlen(suffix);
    char first = (char)(suffix[0] >= 'A' && suffix[0] <= 'Z' ? suffix[0] + 32 : suffix[0]);
    const char *at = strchr(letters, first);
    if (len == 0 || len > 3 || !at)
        return 0;
    if ((len > 1 && first == 'b') || (len == 2 && strcasecmp(suffix + 1, "b") != 0) ||
        (len == 3 && strcasecmp(suffix + 1, "ib") != 0))
        return 0;
    double factor = 1;
    for (const char *letter = letters; letter < at; letter++)
        factor *= 1024;
    return factor;
}

int64_t quantity_truncate(double value)
{
    if (!(value > -9223372036854775808.0 && value < 9223372036854775808.0))
        return INT64_MIN;
    return (int64_t)value;
}

int quantity_bytes(const char *text, int64_t *ret_bytes, const char **ret_reason)
{
    if (text_to_int(text, ret_bytes) == 0)
        return 0;
    *ret_reason = "it is not a size";
    const char *last = NULL;
    for (const char *at = text; *at; at++)
        if (strchr("0123456789. ", *at))
            last = at;
    if (!last)
        return -1;
    size_t n = (size_t)(last - text) + (*last == ' ' ? 0 : 1);
    char number[64];
    double value;
    if (n >= sizeof(number))
        return -1;
    memcpy(number, text, n);
    number[n] = '\0';
    if (quantity_float(number, &value) != 0 || value < 0)
        return -1;
    double factor = 1;
    if (last[1] != '\0') {
        *ret_reason = "its unit is none of b, k, m, g, t, p";
        factor = byte_factor(last + 1);
        if (factor == 0)
            return -1;
    }
    *ret_bytes = quantity_truncate(value * factor);
    return 0;
}

/* --- durations ------------------------------------------------------------------------------- */

static const struct unit {
    const char *name;
    int64_t ns;
} units[] = {
    { "ns", 1 },
    { "us", 1000 },
    { "\302\265s", 1000 },     /* micro sign */
    { "\316\274s", 1000 },     /* Greek mu */
    { "ms", 1000000 },
    { "s", 1000000000 },
    { "m", 60000000000 },
    { "h", 3600000000000 },
    { "d", 86400000000000 },
    { "w", 604800000000000 },
};

static const struct unit *find_unit(const char *text, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (strlen(units[i].name) == len && memcmp(units[i].name, text, len) == 0)
            return &units[i];
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads "12.5" at *at: the whole part, and the fraction as value / scale. */
static int take_number(const char **at, uint64_t *ret_whole, double *ret_fraction)
{
    const char *start = *at;
    uint64_t whole = 0;
    for (; is_digit(**at); (*at)++) {
        if (whole > (UINT64_C(1) << 63) / 10)
            return -1;
        whole = whole * 10 + (uint64_t)(**at - '0');
    }
    size_t n_digits = (size_t)(*at - start);
    double fraction = 0, scale = 1;
    if (**at == '.') {
        for ((*at)++; is_digit(**at); (*at)++, n_digits++) {
            if (scale < 1e18) {
                fraction = fraction * 10 + (**at - '0');
                scale *= 10;
            }
        }
    }
    *ret_whole = whole;
    *ret_fraction = fraction / scale;
    return n_digits > 0 ? 0 : -1;
}

/* One number with its unit, added to *sum. */
static int take_part(const char **at, uint64_t *sum, const char **ret_reason)
{
    uint64_t whole;
    double fraction;
    *ret_reason = "it is not a duration";
    if (take_number(at, &whole, &fraction) != 0)
        return -1;
    const char *name = *at;
    while (**at && **at != '.' && !is_digit(**at))
        (*at)++;
    *ret_reason = *at == name ? "a unit is missing" : "its unit is none of ns, us, ms, s, m, h, d, w";
    const struct unit *unit = find_unit(name, (size_t)(*at - name));
    if (!unit)
        return -1;
    *ret_reason = "it is too long";
    uint64_t value;
    if (__builtin_mul_overflow(whole, (uint64_t)unit->ns, &value) || value > UINT64_C(1) << 63)
        return -1;
    value += (uint64_t)(fraction * (double)unit->ns);
    if (__builtin_add_overflow(*sum, value, sum) || *sum > UINT64_C(1) << 63)
        return -1;
    return 0;
}

int quantity_duration(const char *text, int64_t *ret_ns, const char **ret_reason)
{
    const char *at = text;
    bool is_negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    if (strcmp(at, "0") == 0) {
        *ret_ns = 0;
        return 0;
    }
    *ret_reason = "it is not a duration";
    if (*at == '\0')
        return -1;
    uint64_t sum = 0;
    while (*at)
        if (take_part(&at, &sum, ret_reason) != 0)
            return -1;
    *ret_reason = "it is too long";
    if (sum > (uint64_t)INT64_MAX + (is_negative ? 1 : 0))
        return -1;
    *ret_ns = is_negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return 0;
}

/* "1.5", "20": value / scale without trailing zeros. */
static void print_fraction(uint64_t value, uint64_t scale, struct str *out)
{
    str_printf(out, "%llu", (unsigned long long)(value / scale));
    uint64_t rest = value % scale;
    if (rest == 0)
        return;
    str_add_char(out, '.');
    while (rest > 0) {
        scale /= 10;
        str_add_char(out, (char)('0' + rest / scale));
        rest %= scale;
    }
}

void quantity_duration_print(int64_t ns, struct str *out)
{
    uint64_t value = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    if (ns < 0)
        str_add_char(out, '-');
    if (value == 0) {
        str_add(out, "0s");
    } else if (value < 1000) {
        str_printf(out, "%lluns", (unsigned long long)value);
    } else if (value < 1000000) {
        print_fraction(value, 1000, out);
        str_add(out, "\302\265s");
    } else if (value < 1000000000) {
        print_fraction(value, 1000000, out);
        str_add(out, "ms");
    } else {
        uint64_t minutes = value / 60000000000u;
        if (minutes >= 60)
            str_printf(out, "%lluh", (unsigned long long)(minutes / 60));
        if (minutes > 0)
            str_printf(out, "%llum", (unsigned long long)(minutes % 60));
        print_fraction(value % 60000000000u, 1000000000, out);
        str_add_char(out, 's');
    }
}

int quantity_bool(const char *text, bool *ret_value, bool *ret_is_old)
{
    static const struct {
        const char *word;
        bool value, is_old;
    } words[] = {
        { "true", true, false }, { "false", false, false }, { "y", true, true },
        { "yes", true, true },   { "on", true, true },      { "n", false, true },
        { "no", false, true },   { "off", false, true },
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasecmp(text, words[i].word) != 0)
            continue;
        *ret_value = words[i].value;
        *ret_is_old = words[i].is_old;
        return 0;
    }
    return -1;
}

int quantity_mode(const char *text, int64_t *ret_mode)
{
    const char *digits = text + (*text == '-' || *text == '+');
    if (*digits == '\0' || strspn(digits, "01234567") != strlen(digits) || strlen(digits) > 21)
        return -1;
    errno = 0;
    long long value = strtoll(text, NULL, 8);
    if (errno != 0)
        return -1;
    *ret_mode = value;
    return 0;
}
