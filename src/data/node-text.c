/*
 * node-text.c - the text of a scalar, and dates. Not a writer: no quoting and no escapes here.
 * Called by the loader where a value becomes an environment value or a label, and by readers and
 * writers for dates.
 */
#include "base/base.h"

#include "data/node-text.h"

#include <inttypes.h>

#include "data/node.h"
#include "data/number.h"

/* What is left of the text that is parsed. */
struct rest {
    const char *at, *end;
};

/* A number of min to max digits. */
static bool take_number(struct rest *rest, int min, int max, int *ret_value)
{
    int n = 0, value = 0;

    for (; n < max && rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9'; n++)
        value = value * 10 + (*rest->at++ - '0');
    if (n < min)
        return false;
    *ret_value = value;
    return true;
}

static bool take_char(struct rest *rest, char c)
{
    if (rest->at == rest->end || *rest->at != c)
        return false;
    rest->at++;
    return true;
}

/* An optional fraction after '.' or ','; digits beyond the ninth are dropped. */
static void take_fraction(struct rest *rest, int *ret_nanosecond)
{
    int scale = 100000000, value = 0;

    if (rest->end - rest->at < 2 || (*rest->at != '.' && *rest->at != ',') || rest->at[1] < '0' ||
        rest->at[1] > '9')
        return;
    for (rest->at++; rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9'; rest->at++) {
        value += (*rest->at - '0') * scale;
        scale /= 10;
    }
    *ret_nanosecond = value;
}

static bool take_zone(struct rest *rest, int *ret_minutes)
{
    int hours, minutes;

    if (take_char(rest, 'Z'))
        return true;
    bool is_west = rest->at < rest->end && *rest->at == '-';
    if (!is_west && !(rest->at < rest->end && *rest->at == '+'))
        return false;
    rest->at++;
    if (!take_number(rest, 2, 2, &hours) || !take_char(rest, ':') ||
        !take_number(rest, 2, 2, &minutes) || hours > 24 || minutes > 60)
        return false;
    *ret_minutes = (hours * 60 + minutes) * (is_west ? -1 : 1);
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap);
}

bool node_time_parse(const char *text, size_t len, struct node_time *ret_time)
{
    struct rest rest = { text, text + len };
    struct node_time time = { 0 };

    if (!take_number(&rest, 4, 4, &time.year) || !take_char(&rest, '-') ||
        !take_number(&rest, 1, 2, &time.month) || !take_char(&rest, '-') ||
        !take_number(&rest, 1, 2, &time.day))
        return false;
    if (time.month < 1 || time.month > 12 || time.day < 1 ||
        time.day > days_in_month(time.year, time.month))
        return false;
    if (rest.at < rest.end) {
        bool has_zone = *rest.at == 'T' || *rest.at == 't';
        if (!has_zone && *rest.at != ' ')
            return false;
        rest.at++;
        while (!has_zone && take_char(&rest, ' '))
            continue;
        if (!take_number(&rest, 1, 2, &time.hour) || !take_char(&rest, ':') ||
            !take_number(&rest, 1, 2, &time.minute) || !take_char(&rest, ':') ||
            !take_number(&rest, 1, 2, &time.second))
            return false;
        if (time.hour > 23 || time.minute > 59 || time.second > 59)
            return false;
        take_fraction(&rest, &time.nanosecond);
        if (has_zone && !take_zone(&rest, &time.offset_minutes))
            return false;
    }
    if (rest.at != rest.end)
        return false;
    *ret_time = time;
    return true;
}

static void print_fraction(int nanosecond, struct str *out)
{
    if (!nanosecond)
        return;
    str_printf(out, ".%09d", nanosecond);
    while (out->buf[out->len - 1] == '0')
        str_cut(out, out->len - 1);
}

static void print_offset(int minutes, const char *separator, struct str *out)
{
    int size = minutes < 0 ? -minutes : minutes;

    str_printf(out, "%c%02d%s%02d", minutes < 0 ? '-' : '+', size / 60, separator, size % 60);
}

void node_time_print_rfc3339(const struct node_time *time, struct str *out)
{
    str_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d", time->year, time->month, time->day, time->hour,
               time->minute, time->second);
    print_fraction(time->nanosecond, out);
    if (time->offset_minutes)
        print_offset(time->offset_minutes, ":", out);
    else
        str_add_char(out, 'Z');
}

void node_time_print_go(const struct node_time *time, struct str *out)
{
    str_printf(out, "%04d-%02d-%02d %02d:%02d:%02d", time->year, time->month, time->day, time->hour,
               time->minute, time->second);
    print_fraction(time->nanosecond, out);
    str_add_char(out, ' ');
    print_offset(time->offset_minutes, "", out);
    str_add_char(out, ' ');
    if (time->offset_minutes)
        print_offset(time->offset_minutes, "", out);
    else
        str_add(out, "UTC");
}

static void add_time(const struct node *node, struct str *out)
{
    struct node_time time;

    if (node_time_parse(node->u.text.bytes, node->u.text.len, &time))
        node_time_print_go(&time, out);
    else
        str_add_len(out, node->u.text.bytes, node->u.text.len);
}

void node_scalar_text(const struct node *node, struct str *out)
{
    switch ((enum node_kind)node->kind) {
    case NODE_BOOL:
        str_add(out, node->u.truth ? "true" : "false");
        break;
    case NODE_INT:
        str_printf(out, "%" PRId64, node->u.integer);
        break;
    case NODE_UINT:
        str_printf(out, "%" PRIu64, node->u.unsigned_integer);
        break;
    case NODE_FLOAT:
        number_print_float(node->u.number, out);
        break;
    case NODE_TEXT:
        str_add_len(out, node->u.text.bytes, node->u.text.len);
        break;
    case NODE_TIME:
        add_time(node, out);
        break;
    case NODE_NULL:
    case NODE_LIST:
    case NODE_MAP:
        break;
    }
}
