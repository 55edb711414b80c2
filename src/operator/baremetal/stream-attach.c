/*
 * stream-attach.c - a service's own input and output: what it writes from now on, as it comes (from
 * its log, so that nobody's pipe is taken away), and what is written to its standard input where it
 * keeps one open. Ends with the run that goes on.
 */
#include "base/base.h"

#include "operator/baremetal/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"

struct attached {
    struct operator_stream stream;
    stream_output_fn output;
    stream_done_fn done;
    void *arg;
    char *dir;
    int64_t started_ns;              /* the run */
    struct baremetal_reader *reader; /* NULL: no output is wanted */
    int inotify, input;              /* -1: none */
    struct loop_source *source, *writable, *soon;
    struct str pending;
    struct err err; /* why it could not begin */
};

static void attached_free(struct operator_stream *stream)
{
    struct attached *attached = container_of(stream, struct attached, stream);

    loop_remove(attached->source);
    loop_remove(attached->writable);
    loop_remove(attached->soon);
    if (attached->inotify >= 0)
        close(attached->inotify);
    if (attached->input >= 0)
        close(attached->input);
    baremetal_reader_free(attached->reader);
    mem_wipe(attached->pending.buf, attached->pending.len);
    str_release(&attached->pending);
    err_release(&attached->err);
    mem_free(attached->dir);
    mem_free(attached);
}

/* --- output -------------------------------------------------------------------------------------
 */

static void give(void *arg, int stream, int64_t time_ns, const char *text, size_t len)
{
    struct attached *attached = arg;

    (void)time_ns;
    if (!attached->stream.is_gone)
        attached->output(attached->arg, stream, text, len);
}

static void drop(void *arg, int stream, int64_t time_ns, const char *text, size_t len)
{
    (void)arg;
    (void)stream;
    (void)time_ns;
    (void)text;
    (void)len;
}

/* Asked before the output is read, so that nothing that came before the end is missed. */
static bool has_ended(const struct attached *attached, int *ret_code)
{
    struct arena *arena = arena_new();
    struct baremetal_look look;
    bool has = true;

    *ret_code = -1;
    if (baremetal_look(arena, attached->dir, &look, NULL) == 0) {
        has = (look.state != STATE_RUNNING && look.state != STATE_PAUSED) ||
              baremetal_int(look.status, "started") != attached->started_ns;
        if (has)
            *ret_code = (int)look.exit_code;
    }
    arena_free(arena);
    return has;
}

static bool wants_more(const struct attached *attached)
{
    return !attached->stream.is_gone && !attached->stream.is_paused;
}

static void turn(struct attached *attached)
{
    bool is_last = false;
    int code = -1;

    attached->stream.is_busy = true;
    if (!err_is_set(&attached->err)) {
        is_last = has_ended(attached, &code);
        while (wants_more(attached) && attached->reader &&
               baremetal_reader_next(attached->reader, give, attached))
            continue;
        is_last = is_last && wants_more(attached);
    }
    if (is_last || err_is_set(&attached->err)) {
        attached->done(attached->arg, code, &attached->err);
        attached->stream.is_gone = true;
    }
    attached->stream.is_busy = false;
    if (attached->stream.is_gone)
        attached_free(&attached->stream);
}

static void on_change(void *arg, int fd, unsigned events)
{
    char buffer[8192];

    (void)events;
    while (read(fd, buffer, sizeof(buffer)) > 0)
        continue;
    turn(arg);
}

static void on_soon(void *arg)
{
    struct attached *attached = arg;

    attached->soon = NULL;
    turn(attached);
}

static void wake(struct operator_stream *stream)
{
    struct attached *attached = container_of(stream, struct attached, stream);

    if (!attached->soon)
        attached->soon = loop_add_soon(stream->baremetal->loop, on_soon, attached);
}

/* --- input --------------------------------------------------------------------------------------
 */

static void push(struct attached *attached)
{
    while (attached->pending.len > 0) {
        ssize_t n = write(attached->input, attached->pending.buf, attached->pending.len);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (n < 0) { /* nobody reads any more */
            str_clear(&attached->pending);
            break;
        }
        str_remove(&attached->pending, 0, (size_t)n);
    }
    loop_set_events(attached->writable, attached->pending.len > 0 ? LOOP_WRITE : 0);
}

static void on_writable(void *arg, int fd, unsigned events)
{
    struct attached *attached = arg;

    (void)fd;
    (void)events;
    if (attached->pending.len > 0) {
        push(attached);
        return;
    }
    loop_remove(attached->writable); /* not asked for: the other side is gone */
    attached->writable = NULL;
    close(attached->input);
    attached->input = -1;
}

/* Its end is not the input's: the service keeps it open for the next who attaches. */
static void attached_write(struct operator_stream *stream, const char *bytes, size_t len)
{
    struct attached *attached = container_of(stream, struct attached, stream);

    if (attached->input < 0)
        return;
    str_add_len(&attached->pending, bytes, len);
    push(attached);
}

static void on_signalled(void *arg, struct err *err)
{
    (void)arg;
    err_release(err); /* the service has gone: that will be told */
}

static void attached_signal(struct operator_stream *stream, int signo)
{
    struct attached *attached = container_of(stream, struct attached, stream);

    baremetal_shim_request(stream->baremetal->loop, attached->dir, "kill", signo, 0, on_signalled,
                           NULL);
}

/* --- start --------------------------------------------------------------------------------------
 */

static void open_input(struct attached *attached)
{
    STR_AUTO(path);

    str_printf(&path, "%s/in", attached->dir);
    attached->input = open(path.buf, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (attached->input >= 0)
        attached->writable = loop_add_fd(attached->stream.baremetal->loop, attached->input, 0,
                                         on_writable, attached);
}

static int start(struct attached *attached, const struct attach_query *query, struct err *err)
{
    struct arena *arena = arena_new();
    struct baremetal_look look;
    int result = baremetal_look(arena, attached->dir, &look, err);

    if (result == 0 && look.state != STATE_RUNNING && look.state != STATE_PAUSED)
        result = err_set(err, ERR_CONFLICT, "service \"%s\" is not running",
                         baremetal_text(look.record, "service"));
    if (result == 0)
        attached->started_ns = baremetal_int(look.status, "started");
    arena_free(arena);
    if (result != 0)
        return -1;
    attached->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (attached->inotify < 0 ||
        inotify_add_watch(attached->inotify, attached->dir,
                          IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF) < 0)
        return err_set_sys(err, errno, "service cannot be watched");
    attached->source = loop_add_fd(attached->stream.baremetal->loop, attached->inotify, LOOP_READ,
                                   on_change, attached);
    if (query->with_output) {
        attached->reader = baremetal_reader_new(attached->dir);
        baremetal_reader_set_raw(attached->reader);
        while (baremetal_reader_next(attached->reader, drop, NULL))
            continue;
    }
    if (query->with_input)
        open_input(attached);
    return 0;
}

struct operator_stream *baremetal_attach(void *handle, const struct attach_query *query,
                                         stream_output_fn output, stream_done_fn done, void *arg)
{
    struct attached *attached = MEM_NEW(struct attached);
    STR_AUTO(dir);

    *attached = (struct attached){
        .stream = { .baremetal = handle,
                    .free = attached_free,
                    .write = attached_write,
                    .signal = attached_signal,
                    .wake = wake },
        .output = output,
        .done = done,
        .arg = arg,
        .inotify = -1,
        .input = -1,
    };
    str_init(&attached->pending, 0);
    baremetal_process_dir(handle, query->instance_id, &dir);
    attached->dir = str_steal(&dir);
    if (start(attached, query, &attached->err) != 0)
        assert(err_is_set(&attached->err));
    wake(&attached->stream);
    return &attached->stream;
}
