/*
 * fuzz_interpolate.c - one text with variables: never a result beyond the limit, never an error without
 * a text, and a text without '$' stays what it is.
 */
#include "base/base.h"

#include "compose-compat/file/interpolate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(cond) ((cond) ? (void)0 : __builtin_trap())

static const char *lookup(void *arg, struct slice name)
{
    (void)arg;
    MUST(name.len > 0);
    return name.len == 1 ? "value" : name.len == 2 ? "" : NULL;
}

static void count(void *arg, struct slice name, char form, bool is_colon, struct slice word)
{
    (void)form;
    (void)is_colon;
    *(size_t *)arg += 1 + (name.len == 0) + (word.len == SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { (const char *)data, size };
    struct interpolate how = { .lookup = lookup };
    size_t n = 0;
    STR_AUTO(out);
    ERR_AUTO(err);
    if (size == 0)
        return 0;
    int result = interpolate_text(&how, text, &out, &err);
    MUST((result == 0) == !err_is_set(&err));
    MUST(result != 0 || out.len <= INTERPOLATE_MAX_BYTES + size);
    if (!memchr(data, '$', size))
        MUST(result == 0 && out.len == size && memcmp(out.buf, data, size) == 0);
    interpolate_variables(text, count, &n);
    return 0;
}
