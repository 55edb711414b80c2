/*
 * frames.c - takes a multiplexed stream of the engine apart: heads of eight bytes (stream, three zeros,
 * length in network order), payloads of that length, both cut anywhere.
 */
#include "base/base.h"

#include "engine/engine.h"

#define FRAME_STREAM_MAX 3 /* 0 stdin, 1 stdout, 2 stderr, 3 the engine's own errors */

static int open_frame(struct engine_frames *frames)
{
    const unsigned char *head = frames->head;
    if (head[0] > FRAME_STREAM_MAX || head[1] || head[2] || head[3])
        return -1;
    frames->stream = head[0];
    frames->left =
        (uint32_t)head[4] << 24 | (uint32_t)head[5] << 16 | (uint32_t)head[6] << 8 | head[7];
    frames->n_head = 0;
    return 0;
}

int engine_frames_feed(struct engine_frames *frames, const char *bytes, size_t len,
                       engine_frame_fn fn, void *arg)
{
    while (len > 0) {
        if (frames->left > 0) {
            size_t n = MIN(len, (size_t)frames->left);
            /* Before the callback, which may end everything. */
            frames->left -= (uint32_t)n;
            if (fn(arg, frames->stream, bytes, n) != 0)
                return -1;
            bytes += n;
            len -= n;
            continue;
        }
        size_t n = MIN(len, sizeof(frames->head) - frames->n_head);
        memcpy(frames->head + frames->n_head, bytes, n);
        frames->n_head += (unsigned)n;
        bytes += n;
        len -= n;
        if (frames->n_head == sizeof(frames->head) && open_frame(frames) != 0)
            return -1;
    }
    return 0;
}

bool engine_frames_is_complete(const struct engine_frames *frames)
{
    return frames->left == 0 && frames->n_head == 0;
}
