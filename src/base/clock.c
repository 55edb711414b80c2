/*
 * clock.c - the two clocks and RFC 3339. Durations are in duration.c. No local time anywhere: what
 * is shown is UTC, as the engines show it.
 */
#include "base/clock.h"

#include <time.h>

#define NS_PER_S INT64_C(1000000000)

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t clock_now_ms(void)
{
    return clock_now_ns() / 1000000;
}

int64_t clock_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

/* Days from 1970-01-01 to a day of the Gregorian calendar (months from 1). */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153; /* March is 0 */
    *ret_day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *ret_month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2));
}

/* Reads exactly n digits as a number from least to most. */
static bool read_digits(const char **at, int n, int64_t least, int64_t most, int64_t *ret_value)
{
    int64_t value = 0;
    for (int i = 0; i < n; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        value = value * 10 + (**at - '0');
    }
    *ret_value = value;
    return value >= least && value <= most;
}

static bool read_char(const char **at, const char *allowed)
{
    if (!**at || !strchr(allowed, **at))
        return false;
    (*at)++;
    return true;
}

static bool read_fraction(const char **at, int64_t *ret_ns)
{
    int64_t unit = NS_PER_S / 10;
    *ret_ns = 0;
    if (!read_char(at, "."))
        return true;
    const char *start = *at;
    for (; **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
        *ret_ns += (**at - '0') * unit;
    return *at > start;
}

static bool read_zone(const char **at, int64_t *ret_offset_s)
{
    int64_t hours, minutes;
    *ret_offset_s = 0;
    if (read_char(at, "Zz"))
        return true;
    int64_t sign = **at == '-' ? -1 : 1;
    if (!read_char(at, "+-") || !read_digits(at, 2, 0, 23, &hours) || !read_char(at, ":") ||
        !read_digits(at, 2, 0, 59, &minutes))
        return false;
    *ret_offset_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

static int64_t days_of_month(int64_t year, int64_t month)
{
    bool is_last = month == 12;
    int64_t next = days_from_date(year + is_last, is_last ? 1 : month + 1, 1);
    return next - days_from_date(year, month, 1);
}

int clock_parse_rfc3339(const char *text, int64_t *ret_wall_ns)
{
    int64_t year, month, day, hour, minute, second, ns, offset_s;
    const char *at = text;
    if (!read_digits(&at, 4, 0, 9999, &year) || !read_char(&at, "-") ||
        !read_digits(&at, 2, 1, 12, &month) || !read_char(&at, "-") ||
        !read_digits(&at, 2, 1, days_of_month(year, month), &day) || !read_char(&at, "Tt ") ||
        !read_digits(&at, 2, 0, 23, &hour) || !read_char(&at, ":") ||
        !read_digits(&at, 2, 0, 59, &minute) || !read_char(&at, ":") ||
        !read_digits(&at, 2, 0, 60, &second) || !read_fraction(&at, &ns) ||
        !read_zone(&at, &offset_s) || *at)
        return -1;
    int64_t seconds = days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 +
                      second - offset_s;
    /* Times that 64 bits of nanoseconds cannot hold (Go's zero time, year 1) stop at the ends. */
    if (seconds < INT64_MIN / NS_PER_S || seconds >= INT64_MAX / NS_PER_S)
        *ret_wall_ns = seconds < 0 ? INT64_MIN : INT64_MAX;
    else
        *ret_wall_ns = seconds * NS_PER_S + ns;
    return 0;
}

void clock_print_rfc3339(int64_t wall_ns, bool is_fixed, struct str *out)
{
    int64_t ns = wall_ns % NS_PER_S, seconds = wall_ns / NS_PER_S;
    if (ns < 0) {
        ns += NS_PER_S;
        seconds--;
    }
    int64_t days = seconds / 86400, rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    int year, month, day;
    date_from_days(days, &year, &month, &day);
    str_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day, (int)(rest / 3600),
               (int)(rest / 60 % 60), (int)(rest % 60));
    if (is_fixed || ns) {
        str_printf(out, ".%09d", (int)ns);
        while (!is_fixed && out->buf[out->len - 1] == '0')
            str_cut(out, out->len - 1);
    }
    str_add_char(out, 'Z');
}
