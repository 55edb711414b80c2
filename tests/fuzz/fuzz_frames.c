/*
 * fuzz_frames.c - multiplexed streams: the same output however the input is cut, never more than came.
 */
#include "base/base.h"

#include "engine/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(cond) ((cond) ? (void)0 : __builtin_trap())

static int on_frame(void *arg, int stream, const char *bytes, size_t len)
{
    struct str *out = arg;
    MUST(stream >= 0 && stream <= 3 && len > 0);
    for (size_t i = 0; i < len; i++) {
        str_add_char(out, (char)('0' + stream));
        str_add_char(out, bytes[i]);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct engine_frames whole = { { 0 }, 0, 0, 0 }, pieces = whole;
    STR_AUTO(first);
    STR_AUTO(second);
    int result = engine_frames_feed(&whole, bytes, size, on_frame, &first), again = 0;
    for (size_t i = 0; i < size && again == 0; i++)
        again = engine_frames_feed(&pieces, bytes + i, 1, on_frame, &second);
    MUST(result == again);
    MUST(first.len == second.len && memcmp(first.buf, second.buf, first.len) == 0);
    MUST(first.len <= 2 * size);
    MUST(result != 0 || engine_frames_is_complete(&whole) == engine_frames_is_complete(&pieces));
    return 0;
}
