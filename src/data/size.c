/*
 * size.c - reads byte sizes as docker does. Does not print them. Called by decode.c and by the
 * compose file's checks.
 */
#include "base/base.h"

#include "data/size.h"

#include "data/number.h"

#define SUFFIX_MAX 3

static int refuse(struct str *problem, const char *what, const char *text)
{
    if (problem)
        str_printf(problem, "%s: \"%s\"", what, text);
    return -1;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

/* The power of 1024 that the suffix stands for, or -1. */
static int suffix_power(const char *suffix)
{
    static const char letters[] = "bkmgtp";
    size_t len = strlen(suffix);

    if (!len)
        return 0;
    const char *letter = strchr(letters, lower(suffix[0]));
    if (!letter || len > SUFFIX_MAX)
        return -1;
    bool is_right = len == 1 || (len == 2 && lower(suffix[1]) == 'b') ||
                    (len == 3 && lower(suffix[1]) == 'i' && lower(suffix[2]) == 'b');
    if (!is_right || (letter == letters && len > 1))
        return -1;
    return (int)(letter - letters);
}

/* Where the number ends: behind the last digit, point or blank. */
static const char *number_end(const char *text)
{
    const char *end = text;

    for (const char *p = text; *p; p++)
        if ((*p >= '0' && *p <= '9') || *p == '.' || *p == ' ')
            end = p + 1;
    return end;
}

int size_parse(const char *text, int64_t *ret_bytes, struct str *problem)
{
    const char *end = number_end(text);
    double size;

    if (text_to_int(text, ret_bytes) == 0)
        return 0;
    if (end == text)
        return refuse(problem, "invalid size", text);
    size_t len = (size_t)(end - text) - (end[-1] == ' ');
    if (!number_parse_float(text, len, &size) || size < 0)
        return refuse(problem, "invalid size", text);
    int power = suffix_power(end);
    if (power < 0)
        return refuse(problem, "invalid suffix", end);
    for (; power > 0; power--)
        size *= 1024;
    if (size >= 0x1p63)
        return refuse(problem, "size out of range", text);
    *ret_bytes = (int64_t)size;
    return 0;
}
