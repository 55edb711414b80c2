/* test_quantity.c - compose-compat/file/quantity: sizes, durations, modes, floats. */
#include "tests/unit/tap.h"

#include <math.h>

#include "compose-compat/file/quantity.h"

#define WRONG INT64_MIN + 1

static const struct {
    const char *text;
    int64_t value; /* or WRONG */
} sizes[] = {
    { "0", 0 }, { "-1", -1 }, { "1024", 1024 }, { "1k", 1024 }, { "1kb", 1024 }, { "1KiB", 1024 },
    { "1.5g", 1610612736 }, { "2 m", 2097152 }, { "1t", INT64_C(1) << 40 }, { "1P", INT64_C(1) << 50 },
    { "5b", 5 }, { ".5k", 512 }, { "1e3", 1000 }, { "1_000", 1000 }, { "", WRONG }, { "k", WRONG },
    { "-5g", WRONG }, { "10x", WRONG }, { "1kbb", WRONG }, { "1ki", WRONG }, { "1  g", WRONG },
    { " 1g", WRONG }, { "1.5.5g", WRONG }, { "0x10", WRONG },
};

static const struct {
    const char *text;
    int64_t ns;
    const char *printed;
} durations[] = {
    { "0", 0, "0s" },
    { "1ns", 1, "1ns" },
    { "1500ns", 1500, "1.5\302\265s" },
    { "1us", 1000, "1\302\265s" },
    { "1\302\265s", 1000, "1\302\265s" },
    { "100ms", 100000000, "100ms" },
    { "1.5s", 1500000000, "1.5s" },
    { "90s", INT64_C(90000000000), "1m30s" },
    { "1h", INT64_C(3600000000000), "1h0m0s" },
    { "1d12h", INT64_C(129600000000000), "36h0m0s" },
    { "1w", INT64_C(604800000000000), "168h0m0s" },
    { "-1s", -1000000000, "-1s" },
    { "+.5s", 500000000, "500ms" },
    { "", WRONG, NULL },
    { "10", WRONG, NULL },
    { "s", WRONG, NULL },
    { "1 s", WRONG, NULL },
    { "1y", WRONG, NULL },
    { "1h-1m", WRONG, NULL },
    { "9999999999h", WRONG, NULL },
};

static void test_sizes(void)
{
    const char *reason;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        int64_t got;
        if (quantity_bytes(sizes[i].text, &got, &reason) != 0)
            got = WRONG;
        tap_int(got, sizes[i].value, sizes[i].text, __FILE__, __LINE__);
    }
}

static void test_durations(void)
{
    const char *reason;
    for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
        int64_t got;
        STR_AUTO(printed);
        if (quantity_duration(durations[i].text, &got, &reason) != 0)
            got = WRONG;
        else
            quantity_duration_print(got, &printed);
        tap_int(got, durations[i].ns, durations[i].text, __FILE__, __LINE__);
        if (durations[i].printed)
            tap_text(printed.buf, durations[i].printed, durations[i].text, __FILE__, __LINE__);
    }
}

static void test_modes(void)
{
    int64_t mode = -1;
    is_int(quantity_mode("0440", &mode), 0);
    is_int(mode, 0440);
    is_int(quantity_mode("-7", &mode), 0);
    is_int(mode, -7);
    is_int(quantity_mode("8", &mode), -1);
    is_int(quantity_mode("", &mode), -1);
    is_int(quantity_mode("0o440", &mode), -1);
}

static void test_floats(void)
{
    double value = 0;
    is_int(quantity_float("1.5", &value), 0);
    ok(value == 1.5);
    is_int(quantity_float("inf", &value), 0);
    ok(isinf(value));
    is_int(quantity_float(" 1", &value), -1);
    is_int(quantity_float("1_", &value), -1);
    is_int(quantity_float("1x", &value), -1);
    ok(quantity_round_float(0.1) == 0.1);
    ok(quantity_round_float(0.1234567891) == 0.12345679);
    ok(quantity_round_float(16777217) == 16777216);
    is_int(quantity_truncate(-1.9), -1);
    is_int(quantity_truncate(1e30), INT64_MIN);
}

int main(void)
{
    test_sizes();
    test_durations();
    test_modes();
    test_floats();
    return done_testing();
}
