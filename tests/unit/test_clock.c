/* test_clock.c - base/clock and base/duration. */
#include "tests/unit/tap.h"

#include "base/clock.h"

#define S INT64_C(1000000000)
#define MIN_ (60 * S)
#define HOUR (60 * MIN_)
#define DAY (24 * HOUR)
#define WRONG INT64_C(-424242)

static int64_t parsed(const char *text)
{
    int64_t ns = WRONG;
    return duration_parse(text, &ns) < 0 ? WRONG : ns;
}

static void test_duration_parse(void)
{
    static const struct {
        const char *text;
        int64_t ns;
    } rows[] = {
        { "0", 0 }, { "-0", 0 }, { "+0", 0 }, { "0s", 0 }, { "5s", 5 * S }, { "30s", 30 * S },
        { "1478s", 1478 * S }, { "-5s", -5 * S }, { "+5s", 5 * S }, { "5.0s", 5 * S },
        { "5.6s", 5600000000 }, { "5.s", 5 * S }, { ".5s", S / 2 }, { "1.004s", 1004000000 },
        { "100.00100s", 100 * S + 1000000 }, { "10ns", 10 }, { "11us", 11000 },
        { "12\xc2\xb5s", 12000 }, { "12\xce\xbcs", 12000 }, { "13ms", 13000000 },
        { "14s", 14 * S }, { "15m", 15 * MIN_ }, { "16h", 16 * HOUR }, { "3h30m", 210 * MIN_ },
        { "10.5s4m", 4 * MIN_ + 10 * S + S / 2 }, { "-2m3.4s", -(2 * MIN_ + 3400000000) },
        { "1h2m3s4ms5us6ns", HOUR + 2 * MIN_ + 3 * S + 4005006 }, { "2d", 2 * DAY },
        { "1w", 7 * DAY }, { "1w2d3h", 9 * DAY + 3 * HOUR }, { "1m30s", 90 * S },
        { "52763797000ns", 52763797000 }, { "0.3333333333333333333h", 20 * MIN_ },
        { "9007199254740993ns", 9007199254740993 }, { "9223372036854775807ns", INT64_MAX },
        { "9223372036854775.807us", INT64_MAX }, { "-9223372036854775808ns", INT64_MIN },
        { "0.100000000000000000000h", 6 * MIN_ },
        { "", WRONG }, { "3", WRONG }, { "-", WRONG }, { "s", WRONG }, { ".", WRONG },
        { "-.", WRONG }, { ".s", WRONG }, { "+.s", WRONG }, { "1y", WRONG }, { "5 s", WRONG },
        { " 5s", WRONG }, { "5s ", WRONG }, { "1m-30s", WRONG }, { "--5s", WRONG },
        { "00", WRONG }, { "1e3s", WRONG }, { "9223372036854775808ns", WRONG },
        { "9223372036854775.808us", WRONG }, { "-9223372036854775809ns", WRONG },
        { "3000000h", WRONG }, { "99999999999999999999999s", WRONG },
        { "9223372036854775807ns1ns", WRONG },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (!is_int(parsed(rows[i].text), rows[i].ns))
            tap_note("\"%s\"", rows[i].text);
}

static void test_duration_print(void)
{
    static const struct {
        int64_t ns;
        const char *text;
    } rows[] = {
        { 0, "0s" }, { 1, "1ns" }, { 1100, "1.1\xc2\xb5s" }, { 2200000, "2.2ms" },
        { 3300000000, "3.3s" }, { 245 * S, "4m5s" }, { 245 * S + 1000000, "4m5.001s" },
        { 5 * HOUR + 6 * MIN_ + 7 * S + 1000000, "5h6m7.001s" }, { 480 * S + 1, "8m0.000000001s" },
        { INT64_MAX, "2562047h47m16.854775807s" }, { INT64_MIN, "-2562047h47m16.854775808s" },
        { 90 * S, "1m30s" }, { DAY, "24h0m0s" }, { 100000000, "100ms" }, { -5 * S, "-5s" },
        { 10000000, "10ms" }, { 999999999, "999.999999ms" },
    };
    STR_AUTO(out);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        str_clear(&out);
        duration_print(rows[i].ns, &out);
        is_text(out.buf, rows[i].text);
    }
}

static void test_human(void)
{
    static const struct {
        int64_t ns;
        const char *text;
    } rows[] = {
        { 450000000, "Less than a second" }, { 47 * S, "47 seconds" }, { S, "1 second" },
        { MIN_, "About a minute" }, { 119 * S, "About a minute" }, { 3 * MIN_, "3 minutes" },
        { 35 * MIN_, "35 minutes" }, { 35 * MIN_ + 40 * S, "35 minutes" },
        { HOUR, "About an hour" }, { HOUR + 45 * MIN_, "2 hours" }, { 3 * HOUR, "3 hours" },
        { 3 * HOUR + 59 * MIN_ + 59 * S, "4 hours" }, { 24 * HOUR, "24 hours" },
        { DAY + 12 * HOUR, "36 hours" }, { 2 * DAY, "2 days" }, { 7 * DAY, "7 days" },
        { 13 * DAY + 5 * HOUR, "13 days" }, { 14 * DAY, "2 weeks" }, { 28 * DAY, "4 weeks" },
        { 59 * DAY, "8 weeks" }, { 60 * DAY, "2 months" }, { 90 * DAY, "3 months" },
        { 365 * DAY, "12 months" }, { 700 * DAY, "23 months" }, { 730 * DAY, "2 years" },
        { -5 * S, "Less than a second" }, { INT64_MAX, "292 years" },
    };
    STR_AUTO(out);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        str_clear(&out);
        clock_print_human(rows[i].ns, &out);
        is_text(out.buf, rows[i].text);
    }
}

/* text to nanoseconds and back to text */
static const char *round_trip(const char *text, bool is_fixed)
{
    static struct str out = STR_INIT;
    static char copy[64];
    int64_t ns;
    if (clock_parse_rfc3339(text, &ns) < 0)
        return NULL;
    str_clear(&out);
    clock_print_rfc3339(ns, is_fixed, &out);
    memcpy(copy, out.buf, MIN(out.len + 1, sizeof(copy)));
    str_release(&out);
    return copy;
}

static void test_rfc3339(void)
{
    is_text(round_trip("1970-01-01T00:00:00Z", false), "1970-01-01T00:00:00Z");
    is_text(round_trip("2026-01-02T15:04:05.000000001Z", false), "2026-01-02T15:04:05.000000001Z");
    is_text(round_trip("2026-01-02T15:04:05.1200Z", false), "2026-01-02T15:04:05.12Z");
    is_text(round_trip("2026-01-02T15:04:05.12Z", true), "2026-01-02T15:04:05.120000000Z");
    is_text(round_trip("2026-01-02T15:04:05Z", true), "2026-01-02T15:04:05.000000000Z");
    is_text(round_trip("2024-02-29T23:30:00+02:00", false), "2024-02-29T21:30:00Z");
    is_text(round_trip("2023-12-31T23:30:00-01:30", false), "2024-01-01T01:00:00Z");
    is_text(round_trip("1969-12-31T23:59:59.5Z", false), "1969-12-31T23:59:59.5Z");
    is_text(round_trip("2000-03-01 00:00:00Z", false), "2000-03-01T00:00:00Z");
    is_text(round_trip("2026-02-29T00:00:00Z", false), NULL);
    is_text(round_trip("2026-13-01T00:00:00Z", false), NULL);
    is_text(round_trip("2026-01-01T24:00:00Z", false), NULL);
    is_text(round_trip("2026-01-01T00:00:00", false), NULL);
    is_text(round_trip("2026-01-01T00:00:00.Z", false), NULL);
    is_text(round_trip("2026-01-01T00:00:00Zx", false), NULL);
    is_text(round_trip("2026-1-1T00:00:00Z", false), NULL);
    is_text(round_trip("", false), NULL);
    int64_t ns = 0;
    ok(clock_parse_rfc3339("0001-01-01T00:00:00Z", &ns) == 0 && ns == INT64_MIN);
    ok(clock_parse_rfc3339("2001-09-09T01:46:40Z", &ns) == 0 && ns == 1000000000 * S);
}

static void test_now(void)
{
    int64_t before = clock_now_ns();
    ok(before > 0 && clock_now_ns() >= before);
    ok(clock_now_ms() >= before / 1000000);
    ok(clock_wall_ns() > INT64_C(1600000000) * S);
}

int main(void)
{
    test_duration_parse();
    test_duration_print();
    test_human();
    test_rfc3339();
    test_now();
    return done_testing();
}
