/*
 * stream-events.c - the events of a project: reads its event file (event-file.c) and follows it by
 * inotify. A project that is not there yet is waited for, by the nearest folder above it that is.
 */
#include "base/base.h"

#include "operator/baremetal/parts.h"

#include <stdio.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "data/jread.h"

#define MAX_LINE (1u << 20)
#define READ_BYTES 16384

struct events {
    struct operator_stream stream;
    char *dir;
    int64_t since_ns, until_ns;
    event_fn event;
    stream_done_fn done;
    void *arg;
    int inotify, file;
    int watch;       /* the one of inotify, or -1 */
    struct str line; /* the beginning of one */
    struct loop_source *source, *soon, *timer;
};

static void events_free(struct operator_stream *stream)
{
    struct events *events = container_of(stream, struct events, stream);

    loop_remove(events->source);
    loop_remove(events->soon);
    loop_remove(events->timer);
    if (events->inotify >= 0)
        close(events->inotify);
    if (events->file >= 0)
        close(events->file);
    str_release(&events->line);
    mem_free(events->dir);
    mem_free(events);
}

/* --- one event ----------------------------------------------------------------------------------
 */

static void give(struct events *events, const struct node *line)
{
    const struct operator_event event = {
        .time_ns = baremetal_int(line, "time"),
        .action = event_action_of(baremetal_text(line, "action")),
        .action_text = baremetal_text(line, "action"),
        .id = baremetal_text(line, "id"),
        .name = baremetal_text(line, "name"),
        .service = baremetal_text(line, "service"),
        .number = baremetal_int(line, "number"),
        .replaces = baremetal_text(line, "replaces"),
        .exit_code = baremetal_int(line, "exit_code"),
        .health = instance_health_of(baremetal_text(line, "health")),
    };

    if (event.time_ns >= events->since_ns &&
        (events->until_ns == 0 || event.time_ns <= events->until_ns))
        events->event(events->arg, &event);
}

/* A line that is not whole (its writer was killed, the disk was full) is no event. */
static void give_line(struct events *events, const char *text, size_t len)
{
    struct arena *arena = arena_new();
    struct node *line;

    if (jread_parse(arena, 0, text, len, &line, NULL) == 0 && node_is(line, NODE_MAP) &&
        baremetal_text(line, "action") && baremetal_text(line, "id"))
        give(events, line);
    arena_free(arena);
}

/* --- the file -----------------------------------------------------------------------------------
 */

static void give_lines(struct events *events)
{
    size_t done = 0;

    while (done < events->line.len && !events->stream.is_gone && !events->stream.is_paused) {
        const char *at = events->line.buf + done;
        const char *end = memchr(at, '\n', events->line.len - done);

        if (!end)
            break;
        give_line(events, at, (size_t)(end - at));
        done += (size_t)(end - at) + 1;
    }
    str_remove(&events->line, 0, done);
}

static bool wants_more(const struct events *events)
{
    return !events->stream.is_gone && !events->stream.is_paused;
}

/* What the opened file has more by now. */
static void read_file(struct events *events)
{
    char bytes[READ_BYTES];
    ssize_t n;

    give_lines(events); /* of before a pause */
    while (wants_more(events) && events->file >= 0 &&
           (n = read(events->file, bytes, sizeof(bytes))) > 0) {
        if (events->line.len > MAX_LINE)
            str_clear(&events->line);
        str_add_len(&events->line, bytes, (size_t)n);
        give_lines(events);
    }
}

static bool open_file(struct events *events, const char *name)
{
    STR_AUTO(path);

    str_printf(&path, "%s/%s", events->dir, name);
    if (events->file >= 0)
        close(events->file);
    str_clear(&events->line);
    events->file = open(path.buf, O_RDONLY | O_CLOEXEC);
    return events->file >= 0;
}

/* Another file has the name now: the opened one was full, or removed with its project. */
static bool is_replaced(const struct events *events)
{
    struct stat named, opened;
    STR_AUTO(path);

    str_printf(&path, "%s/events", events->dir);
    return stat(path.buf, &named) == 0 &&
           (events->file < 0 || fstat(events->file, &opened) != 0 ||
            named.st_ino != opened.st_ino || named.st_dev != opened.st_dev);
}

static void read_events(struct events *events)
{
    read_file(events);
    while (wants_more(events) && is_replaced(events)) {
        read_file(events); /* written before it was replaced, after it was read */
        if (!wants_more(events) || !open_file(events, "events"))
            return;
        read_file(events);
    }
}

/* --- the watch ----------------------------------------------------------------------------------
 */

/* Of the project's folder, or the nearest one above it that exists: *ret_dir. */
static int add_watch(const struct events *events, struct str *ret_dir)
{
    int watch = inotify_add_watch(events->inotify, events->dir,
                                  IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF);
    STR_AUTO(above);

    str_clear(ret_dir);
    str_add(ret_dir, events->dir);
    while (watch < 0 && !text_is(ret_dir->buf, "/") && !text_is(ret_dir->buf, ".")) {
        str_clear(&above);
        path_dir(ret_dir->buf, &above);
        str_clear(ret_dir);
        str_add(ret_dir, above.buf);
        watch = inotify_add_watch(events->inotify, ret_dir->buf,
                                  IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF);
    }
    return watch;
}

static void set_watch(struct events *events)
{
    STR_AUTO(dir);
    int watch;

    if (events->inotify < 0)
        return;
    do { /* a folder may be made between the look at it and the watch on the one above */
        watch = add_watch(events, &dir);
        if (events->watch >= 0 && events->watch != watch)
            inotify_rm_watch(events->inotify, events->watch);
        events->watch = watch;
    } while (watch >= 0 && !text_is(dir.buf, events->dir) && file_is_dir(events->dir));
}

static void turn(struct events *events)
{
    struct err err = ERR_INIT;

    events->stream.is_busy = true;
    read_events(events);
    if (wants_more(events) && events->until_ns != 0 && clock_wall_ns() >= events->until_ns) {
        events->done(events->arg, 0, &err);
        events->stream.is_gone = true;
    }
    events->stream.is_busy = false;
    if (events->stream.is_gone)
        events_free(&events->stream);
}

static void on_change(void *arg, int fd, unsigned mask)
{
    struct events *events = arg;
    char buffer[8192];

    (void)mask;
    while (read(fd, buffer, sizeof(buffer)) > 0)
        continue;
    set_watch(events); /* the folder may have come, or gone */
    turn(events);
}

static void on_soon(void *arg)
{
    struct events *events = arg;

    events->soon = NULL;
    turn(events);
}

static void on_until(void *arg)
{
    struct events *events = arg;

    events->timer = NULL;
    turn(events);
}

static void wake(struct operator_stream *stream)
{
    struct events *events = container_of(stream, struct events, stream);

    if (!events->soon)
        events->soon = loop_add_soon(stream->baremetal->loop, on_soon, events);
}

struct operator_stream *baremetal_events(void *handle, const char *project, int64_t since_ns,
                                         int64_t until_ns, event_fn event, stream_done_fn done,
                                         void *arg)
{
    struct events *events = MEM_NEW(struct events);
    struct baremetal *baremetal = handle;
    int64_t now = clock_wall_ns();
    STR_AUTO(dir);

    events->stream.baremetal = baremetal;
    events->stream.free = events_free;
    events->stream.wake = wake;
    events->since_ns = since_ns ? since_ns : now;
    events->until_ns = until_ns;
    events->event = event;
    events->done = done;
    events->arg = arg;
    events->file = -1;
    events->watch = -1;
    str_init(&events->line, 0);
    str_printf(&dir, "%s/%s", baremetal->root, project);
    events->dir = str_steal(&dir);
    events->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    set_watch(events);
    if (events->inotify >= 0)
        events->source =
            loop_add_fd(baremetal->loop, events->inotify, LOOP_READ, on_change, events);
    if (until_ns > now)
        events->timer =
            loop_add_timer(baremetal->loop, (until_ns - now) / 1000000 + 1, on_until, events);
    if (!open_file(events, "events.1"))
        open_file(events, "events");
    wake(&events->stream);
    return &events->stream;
}
