/*
 * test_frames.c - multiplexed streams cut at every place, and streams that are none.
 */
#include "base/base.h"

#include "engine/engine.h"

#include "tests/unit/tap.h"

static const char bytes[] =
    "\1\0\0\0\0\0\0\5hello\2\0\0\0\0\0\0\3err\1\0\0\0\0\0\0\0\3\0\0\0\0\0\0\4oops"
    "\1\0\0\0\0\0\1\0";

static int on_frame(void *arg, int stream, const char *text, size_t len)
{
    struct str *seen = arg;
    for (size_t i = 0; i < len; i++)
        str_printf(seen, "%d%c", stream, text[i]);
    return seen->len > 1000 ? -1 : 0;
}

int main(void)
{
    const char want[] = "1h1e1l1l1o2e2r2r3o3o3p3s";
    size_t len = sizeof(bytes) - 1 - 8;
    for (size_t step = 1; step <= len; step++) {
        struct engine_frames frames = { { 0 }, 0, 0, 0 };
        STR_AUTO(seen);
        int result = 0;
        for (size_t at = 0; at < len && result == 0; at += step)
            result = engine_frames_feed(&frames, bytes + at, MIN(step, len - at), on_frame, &seen);
        is_int(result, 0);
        is_text(seen.buf, want);
        ok(engine_frames_is_complete(&frames));
    }
    struct engine_frames frames = { { 0 }, 0, 0, 0 };
    STR_AUTO(seen);
    is_int(engine_frames_feed(&frames, bytes, sizeof(bytes) - 1, on_frame, &seen), 0);
    is_int(frames.left, 256);
    ok(!engine_frames_is_complete(&frames));
    static const char *const wrong[] = { "\4\0\0\0\0\0\0\1x", "\1\0\1\0\0\0\0\1x",
                                         "plain text, no frames" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct engine_frames none = { { 0 }, 0, 0, 0 };
        is_int(engine_frames_feed(&none, wrong[i], 9, on_frame, &seen), -1);
    }
    /* A reader that has had enough. */
    STR_AUTO(full);
    str_add_n(&full, 2000, 'x');
    struct engine_frames end = { { 0 }, 0, 0, 0 };
    is_int(engine_frames_feed(&end, bytes, len, on_frame, &full), -1);
    return done_testing();
}
