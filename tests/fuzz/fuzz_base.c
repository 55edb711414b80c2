/*
 * fuzz_base.c - the parsers of base: durations, times, numbers, paths, UTF-8. Beyond crashes it
 * checks what must hold for every input.
 */
#include "base/base.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(cond) ((cond) ? (void)0 : __builtin_trap())

/* What is printed of a duration parses to the same duration. */
static void try_duration(const char *text)
{
    int64_t ns, again;
    if (duration_parse(text, &ns) < 0)
        return;
    STR_AUTO(out);
    duration_print(ns, &out);
    MUST(duration_parse(out.buf, &again) == 0);
    if (ns > -1000000000000000 && ns < 1000000000000000) /* Go's fractions are doubles */
        MUST(again == ns);
    clock_print_human(ns, &out);
}

static void try_time(const char *text)
{
    int64_t ns, again;
    if (clock_parse_rfc3339(text, &ns) < 0)
        return;
    STR_AUTO(out);
    clock_print_rfc3339(ns, false, &out);
    MUST(clock_parse_rfc3339(out.buf, &again) == 0 && again == ns);
}

/* Cleaning twice changes nothing more, and leaves no "//". */
static void try_path(const char *text)
{
    STR_AUTO(once);
    STR_AUTO(twice);
    path_clean(text, &once);
    path_clean(once.buf, &twice);
    MUST(text_is(once.buf, twice.buf));
    MUST(once.len && !strstr(once.buf, "//"));
    MUST(path_is_absolute(text) == path_is_absolute(once.buf));
    path_dir(text, &twice);
    path_join("a/b", text, &twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "image", "ports", "volumes", "environment" };
    CLEANUP(mem_cleanup) char *text = mem_dup_len((const char *)data, size);
    int64_t number;
    bool is_true;
    try_duration(text);
    try_time(text);
    try_path(text);
    if (text_to_int(text, &number) == 0 && text_to_bool(text, &is_true) == 0)
        MUST(number == 0 || number == 1);
    text_nearest(text, names, ARRAY_LEN(names));
    text_width(text);
    MUST(text_utf8_valid(text, size) <= size);
    return 0;
}
