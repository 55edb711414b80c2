/*
 * stream-logs.c - the logs stream: reads the log files, and follows them by inotify.
 */
#include "base/base.h"

#include "operator/baremetal/parts.h"

#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"

#define RECORDS_AT_ONCE 1000

struct follower {
    const struct existing *instance;
    char *dir;
    struct baremetal_reader *reader;
    int64_t skip;       /* lines before the tail */
    int64_t run;        /* the one that is followed, counted by restarts */
    int64_t started_ns; /* of it; 0: it had not begun */
    int watch;
    bool has_news;   /* something may be there to read */
    bool may_differ; /* its status may have changed since has_ended was asked */
    bool has_ended, is_over;
};

struct logs {
    struct operator_stream stream;
    struct log_query query;
    VEC(struct follower) followers;
    int inotify;
    struct loop_source *source, *soon;
    struct follower *current;
    int64_t n_lines;
    log_line_fn line;
    log_done_fn done;
    void *arg;
};

static void logs_free(struct operator_stream *stream)
{
    struct logs *logs = (struct logs *)stream;

    loop_remove(logs->source);
    loop_remove(logs->soon);
    if (logs->inotify >= 0)
        close(logs->inotify);
    VEC_EACH (&logs->followers, follower) {
        baremetal_reader_free(follower->reader);
        mem_free(follower->dir);
    }
    VEC_RELEASE(&logs->followers);
    mem_free(logs);
}

static void wake(struct operator_stream *stream);

static bool is_in_time(const struct logs *logs, int64_t time_ns)
{
    return time_ns >= logs->query.since_ns &&
           (logs->query.until_ns == 0 || time_ns <= logs->query.until_ns);
}

static void count_line(void *arg, int stream, int64_t time_ns, const char *text, size_t len)
{
    struct logs *logs = arg;

    (void)stream;
    (void)text;
    (void)len;
    if (is_in_time(logs, time_ns))
        logs->n_lines++;
}

static void give_line(void *arg, int stream, int64_t time_ns, const char *text, size_t len)
{
    struct logs *logs = arg;
    struct log_line line = { logs->current->instance, stream, time_ns, text, len, false };

    if (logs->stream.is_gone || !is_in_time(logs, time_ns))
        return;
    if (logs->current->skip > 0) {
        logs->current->skip--;
        return;
    }
    if (line.len > 0 && text[len - 1] == '\r')
        line.len--;
    logs->line(logs->arg, &line);
}

static void set_tail(struct logs *logs, struct follower *follower)
{
    struct baremetal_reader *reader;

    if (logs->query.tail < 0)
        return;
    reader = baremetal_reader_new(follower->dir);
    logs->n_lines = 0;
    while (baremetal_reader_next(reader, count_line, logs))
        ;
    baremetal_reader_flush(reader, count_line, logs);
    baremetal_reader_free(reader);
    follower->skip = MAX(0, logs->n_lines - logs->query.tail);
}

/* Between two runs the next one is meant by who knows of the end of the last. */
static void find_run(const struct logs *logs, struct follower *follower,
                     const struct baremetal_look *look)
{
    follower->run = baremetal_int(look->status, "restarts");
    if (look->state == STATE_RESTARTING &&
        logs->query.since_ns > baremetal_int(look->status, "finished"))
        follower->run++;
    if (look->state == STATE_RUNNING || look->state == STATE_PAUSED)
        follower->started_ns = baremetal_int(look->status, "started");
}

static bool has_run_ended(const struct follower *follower, const struct baremetal_look *look)
{
    int64_t run = baremetal_int(look->status, "restarts");

    if (look->state == STATE_RESTARTING)
        return run >= follower->run;
    return run != follower->run || (follower->started_ns != 0 &&
                                    baremetal_int(look->status, "started") != follower->started_ns);
}

/* That run, or for good: what is started again by its policy goes on otherwise. */
static bool has_ended(const struct logs *logs, const struct follower *follower)
{
    struct arena *arena = arena_new();
    struct baremetal_look look;
    bool has = baremetal_look(arena, follower->dir, &look, NULL) != 0 ||
               look.state == STATE_EXITED ||
               (logs->query.one_run && has_run_ended(follower, &look));

    arena_free(arena);
    return has;
}

/* Gives what is there, but not for ever where it is written as fast as we read. False: later. */
static bool give_some(struct logs *logs, struct follower *follower)
{
    int n = 0;

    logs->current = follower;
    while (!logs->stream.is_gone && !logs->stream.is_paused && n++ < RECORDS_AT_ONCE) {
        if (!baremetal_reader_next(follower->reader, give_line, logs))
            return true;
    }
    follower->has_news = true;
    if (!logs->stream.is_gone && !logs->stream.is_paused)
        wake(&logs->stream);
    return false;
}

/* Asks for the end before it reads, so that nothing that came before the end is missed. */
static void pump(struct logs *logs, struct follower *follower)
{
    follower->has_news = false;
    if (follower->may_differ)
        follower->has_ended = !logs->query.follow || has_ended(logs, follower);
    follower->may_differ = false;
    if (!give_some(logs, follower) || !follower->has_ended)
        return;
    baremetal_reader_flush(follower->reader, give_line, logs);
    follower->is_over = true;
    if (!logs->stream.is_gone) {
        struct err err = ERR_INIT;

        logs->done(logs->arg, follower->instance, &err);
    }
}

static void turn(struct logs *logs)
{
    struct err err = ERR_INIT;
    size_t n_over = 0;

    logs->stream.is_busy = true;
    VEC_EACH (&logs->followers, follower) {
        if (follower->has_news && !follower->is_over && !logs->stream.is_gone &&
            !logs->stream.is_paused)
            pump(logs, follower);
        n_over += follower->is_over;
    }
    if (n_over == logs->followers.n && !logs->stream.is_gone) {
        logs->done(logs->arg, NULL, &err);
        logs->stream.is_gone = true;
    }
    logs->stream.is_busy = false;
    if (logs->stream.is_gone)
        logs_free(&logs->stream);
}

static void on_first(void *arg)
{
    struct logs *logs = arg;

    logs->soon = NULL;
    turn(logs);
}

static void note_change(struct logs *logs, const struct inotify_event *event)
{
    bool is_of_status = event->len == 0 || text_is(event->name, "status.json");

    VEC_EACH (&logs->followers, follower) {
        if (follower->watch != event->wd && !(event->mask & IN_Q_OVERFLOW))
            continue;
        follower->has_news = true;
        follower->may_differ = follower->may_differ || is_of_status;
    }
}

/* Of a hundred that are followed, one that writes costs the others nothing. */
static void on_change(void *arg, int fd, unsigned events)
{
    struct logs *logs = arg;
    char buffer[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t n;

    (void)events;
    while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *event = (const struct inotify_event *)(buffer + at);

            note_change(logs, event);
            at += (ssize_t)(sizeof(*event) + event->len);
        }
    }
    turn(logs);
}

static void wake(struct operator_stream *stream)
{
    struct logs *logs = (struct logs *)stream;

    if (!logs->soon)
        logs->soon = loop_add_soon(stream->baremetal->loop, on_first, logs);
}

static void add_follower(struct logs *logs, const struct existing *instance)
{
    struct follower follower = {
        .instance = instance, .watch = -1, .has_news = true, .may_differ = true
    };
    struct arena *arena = arena_new();
    struct baremetal_look look;
    STR_AUTO(dir);

    baremetal_process_dir(logs->stream.baremetal, instance->id, &dir);
    if (logs->inotify >= 0)
        follower.watch = inotify_add_watch(logs->inotify, dir.buf,
                                           IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF);
    if (baremetal_look(arena, dir.buf, &look, NULL) == 0)
        find_run(logs, &follower, &look);
    arena_free(arena);
    follower.dir = str_steal(&dir);
    follower.reader = baremetal_reader_new(follower.dir);
    set_tail(logs, &follower);
    VEC_ADD(&logs->followers, follower);
}

struct operator_stream *baremetal_logs(void *handle, const struct log_query *query,
                                       log_line_fn line, log_done_fn done, void *arg)
{
    struct logs *logs = MEM_NEW(struct logs);
    struct baremetal *baremetal = handle;

    logs->stream.baremetal = baremetal;
    logs->stream.free = logs_free;
    logs->stream.wake = wake;
    logs->query = *query;
    logs->line = line;
    logs->done = done;
    logs->arg = arg;
    logs->inotify = query->follow ? inotify_init1(IN_CLOEXEC | IN_NONBLOCK) : -1;
    if (query->project && !baremetal->project)
        baremetal->project = mem_dup(query->project);
    for (size_t i = 0; i < query->n_instances; i++)
        add_follower(logs, query->instances[i]);
    if (logs->inotify >= 0)
        logs->source = loop_add_fd(baremetal->loop, logs->inotify, LOOP_READ, on_change, logs);
    wake(&logs->stream);
    return &logs->stream;
}
