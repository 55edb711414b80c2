/*
 * number.c - numbers as Go reads and prints them. Knows nothing of nodes. Called by the readers,
 * the writers and node-text.c.
 */
#include "base/base.h"

#include "data/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FLOAT_DIGITS 17

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 10;
    return 99;
}

/* The base that a prefix names; moves text behind it. */
static unsigned take_base(const char **text, const char *end)
{
    const char *p = *text;

    if (*p != '0')
        return 10;
    if (end - p >= 3) {
        char c = (char)(p[1] | 0x20);
        unsigned base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 0;
        if (base) {
            *text = p + 2;
            return base;
        }
    }
    *text = p + 1;
    return 8;
}

enum number_kind number_parse_int(const char *text, size_t len, int64_t *ret_int,
                                  uint64_t *ret_uint)
{
    const char *end = text + len;
    bool has_sign = len && (*text == '+' || *text == '-');
    bool is_negative = has_sign && *text == '-';
    uint64_t value = 0;

    text += has_sign;
    if (text == end)
        return NUMBER_NONE;
    unsigned base = take_base(&text, end);
    for (; text < end; text++) {
        unsigned digit = (unsigned)digit_value(*text);
        if (digit >= base || value > (UINT64_MAX - digit) / base)
            return NUMBER_NONE;
        value = value * base + digit;
    }
    if (is_negative) {
        if (value > (uint64_t)INT64_MAX + 1)
            return NUMBER_NONE;
        *ret_int = (int64_t)(0 - value);
        return NUMBER_INT;
    }
    if (value <= INT64_MAX) {
        *ret_int = (int64_t)value;
        return NUMBER_INT;
    }
    if (has_sign)
        return NUMBER_NONE;
    *ret_uint = value;
    return NUMBER_UINT;
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

static bool is_float(const char *p, const char *end)
{
    if (p < end && (*p == '+' || *p == '-'))
        p++;
    const char *whole = p;
    p = skip_digits(p, end);
    bool has_whole = p > whole;
    if (p < end && *p == '.') {
        const char *fraction = ++p;
        p = skip_digits(p, end);
        if (!has_whole && p == fraction)
            return false;
    } else if (!has_whole) {
        return false;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        const char *exponent = p;
        p = skip_digits(p, end);
        if (p == exponent)
            return false;
    }
    return p == end;
}

bool number_parse_float(const char *text, size_t len, double *ret_value)
{
    char small[64];

    if (!is_float(text, text + len))
        return false;
    STR_AUTO(large);
    const char *copy = small;
    if (len < sizeof(small)) {
        memcpy(small, text, len);
        small[len] = '\0';
    } else {
        str_add_len(&large, text, len);
        copy = large.buf;
    }
    double value = strtod(copy, NULL);
    if (isinf(value))
        return false;
    *ret_value = value;
    return true;
}

/* The fewest decimal digits that read back as value (finite, positive), without trailing zeros.
   The value is 0.DIGITS * 10^(exponent + 1): the exponent is that of the first digit. */
static int shortest_digits(double value, char digits[FLOAT_DIGITS + 1], int *ret_exponent)
{
    char text[40];

    for (int precision = 0; precision < FLOAT_DIGITS; precision++) {
        snprintf(text, sizeof(text), "%.*e", precision, value);
        if (strtod(text, NULL) == value)
            break;
    }
    int n = 0;
    const char *p = text;
    for (; *p && *p != 'e'; p++)
        if (*p >= '0' && *p <= '9')
            digits[n++] = *p;
    *ret_exponent = atoi(p + 1);
    while (n > 1 && digits[n - 1] == '0')
        n--;
    digits[n] = '\0';
    return n;
}

static void print_exponent_form(const char *digits, int n, int exponent, int min_exponent_digits,
                                struct str *out)
{
    str_add_char(out, digits[0]);
    if (n > 1) {
        str_add_char(out, '.');
        str_add_len(out, digits + 1, (size_t)n - 1);
    }
    str_printf(out, "e%c%0*d", exponent < 0 ? '-' : '+', min_exponent_digits, abs(exponent));
}

static void print_plain_form(const char *digits, int n, int exponent, struct str *out)
{
    if (exponent < 0) {
        str_add(out, "0.");
        str_add_n(out, (size_t)(-exponent - 1), '0');
        str_add_len(out, digits, (size_t)n);
        return;
    }
    int whole = MIN(n, exponent + 1);
    str_add_len(out, digits, (size_t)whole);
    str_add_n(out, (size_t)(exponent + 1 - whole), '0');
    if (n > whole) {
        str_add_char(out, '.');
        str_add_len(out, digits + whole, (size_t)(n - whole));
    }
}

/* Which exponents are written out as plain digits, and how long an exponent is at least. */
struct float_form {
    int first_plain, end_plain, min_exponent_digits;
};

static void print_finite(double value, const struct float_form *form, struct str *out)
{
    char digits[FLOAT_DIGITS + 1];
    int exponent;

    if (signbit(value))
        str_add_char(out, '-');
    if (value == 0) {
        str_add_char(out, '0');
        return;
    }
    int n = shortest_digits(fabs(value), digits, &exponent);
    if (exponent < form->first_plain || exponent >= form->end_plain)
        print_exponent_form(digits, n, exponent, form->min_exponent_digits, out);
    else
        print_plain_form(digits, n, exponent, out);
}

void number_print_float(double value, struct str *out)
{
    if (isnan(value)) {
        str_add(out, "NaN");
        return;
    }
    if (isinf(value)) {
        str_add(out, value < 0 ? "-Inf" : "+Inf");
        return;
    }
    print_finite(value, &(struct float_form){ -4, 6, 2 }, out);
}

void number_print_json(double value, struct str *out)
{
    assert(isfinite(value));
    print_finite(value, &(struct float_form){ -6, 21, 1 }, out);
}
