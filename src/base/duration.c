/*
 * duration.c - lengths of time as Compose files and Go programs write them (declared in clock.h).
 */
#include "base/clock.h"

#include <inttypes.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MIN (60 * NS_PER_S)
#define NS_PER_HOUR (60 * NS_PER_MIN)
#define NS_PER_DAY (24 * NS_PER_HOUR)

struct unit {
    const char *name;
    int64_t ns;
};

/* Of two that begin alike the longer comes first. */
static const struct unit units[] = {
    { "ns", 1 },
    { "us", NS_PER_US },
    { "\xc2\xb5s", NS_PER_US }, /* micro sign */
    { "\xce\xbcs", NS_PER_US }, /* Greek mu */
    { "ms", NS_PER_MS },
    { "s", NS_PER_S },
    { "m", NS_PER_MIN },
    { "h", NS_PER_HOUR },
    { "d", NS_PER_DAY },
    { "w", 7 * NS_PER_DAY },
};

static const struct unit *find_unit(const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (text_starts(text, units[i].name))
            return &units[i];
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One "number[.fraction]unit" at *at; adds it to *total. */
static int parse_part(const char **at, uint64_t *total)
{
    static const uint64_t limit = (uint64_t)1 << 63;
    uint64_t whole = 0, fraction = 0, scale = 1;
    const char *p = *at;
    bool has_digits = is_digit(*p) || (*p == '.' && is_digit(p[1]));
    for (; is_digit(*p); p++) {
        if (whole > limit / 10)
            return -1;
        whole = whole * 10 + (uint64_t)(*p - '0');
        if (whole > limit)
            return -1;
    }
    if (*p == '.') {
        for (p++; is_digit(*p); p++) {
            if (scale >= UINT64_C(100000000000000000))
                continue; /* more digits than a nanosecond can show */
            fraction = fraction * 10 + (uint64_t)(*p - '0');
            scale *= 10;
        }
    }
    const struct unit *unit = has_digits ? find_unit(p) : NULL;
    if (!unit || whole > limit / (uint64_t)unit->ns)
        return -1;
    uint64_t ns = whole * (uint64_t)unit->ns;
    ns += (uint64_t)((double)fraction * ((double)unit->ns / (double)scale)); /* as Go does it */
    if (ns > limit || *total > limit - ns)
        return -1;
    *total += ns;
    *at = p + strlen(unit->name);
    return 0;
}

int duration_parse(const char *text, int64_t *ret_ns)
{
    bool is_negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    if (text_is(text, "0")) {
        *ret_ns = 0;
        return 0;
    }
    if (!*text)
        return -1;
    uint64_t total = 0;
    while (*text)
        if (parse_part(&text, &total) < 0)
            return -1;
    if (!is_negative && total > INT64_MAX)
        return -1;
    *ret_ns = is_negative ? (int64_t)(0 - total) : (int64_t)total;
    return 0;
}

/* A number of ns in units of unit_ns, with decimals but no zeros at the end. */
static void print_decimal(uint64_t ns, uint64_t unit_ns, struct str *out)
{
    str_printf(out, "%" PRIu64, ns / unit_ns);
    uint64_t rest = ns % unit_ns;
    if (!rest)
        return;
    str_add_char(out, '.');
    while (rest) {
        rest *= 10;
        str_add_char(out, (char)('0' + rest / unit_ns));
        rest %= unit_ns;
    }
}

void duration_print(int64_t ns, struct str *out)
{
    uint64_t left = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    if (ns < 0)
        str_add_char(out, '-');
    if (!left) {
        str_add(out, "0s");
    } else if (left < NS_PER_US) {
        str_printf(out, "%" PRIu64 "ns", left);
    } else if (left < NS_PER_MS) {
        print_decimal(left, NS_PER_US, out);
        str_add(out, "\xc2\xb5s");
    } else if (left < NS_PER_S) {
        print_decimal(left, NS_PER_MS, out);
        str_add(out, "ms");
    } else {
        if (left >= NS_PER_HOUR)
            str_printf(out, "%" PRIu64 "h", left / NS_PER_HOUR);
        if (left >= NS_PER_MIN)
            str_printf(out, "%" PRIu64 "m", left % NS_PER_HOUR / NS_PER_MIN);
        print_decimal(left % NS_PER_MIN, NS_PER_S, out);
        str_add_char(out, 's');
    }
}

void clock_print_human(int64_t duration_ns, struct str *out)
{
    int64_t seconds = duration_ns / NS_PER_S;
    int64_t minutes = seconds / 60;
    int64_t hours = (seconds + 1800) / 3600; /* to the nearest one */
    if (seconds < 1)
        str_add(out, "Less than a second");
    else if (seconds == 1)
        str_add(out, "1 second");
    else if (seconds < 60)
        str_printf(out, "%" PRId64 " seconds", seconds);
    else if (minutes == 1)
        str_add(out, "About a minute");
    else if (minutes < 60)
        str_printf(out, "%" PRId64 " minutes", minutes);
    else if (hours == 1)
        str_add(out, "About an hour");
    else if (hours < 48)
        str_printf(out, "%" PRId64 " hours", hours);
    else if (hours < 24 * 7 * 2)
        str_printf(out, "%" PRId64 " days", hours / 24);
    else if (hours < 24 * 30 * 2)
        str_printf(out, "%" PRId64 " weeks", hours / 24 / 7);
    else if (hours < 24 * 365 * 2)
        str_printf(out, "%" PRId64 " months", hours / 24 / 30);
    else
        str_printf(out, "%" PRId64 " years", duration_ns / NS_PER_HOUR / 24 / 365);
}
