/*
 * stream-exec.c - a command beside a running service: a child of the program that asked for it, in
 * the service's place (place.c), with pipes or a terminal. Its end is what its process tells, not
 * the end of its outputs, which something that it left behind may keep open.
 */
#include "base/base.h"

#include "operator/baremetal/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"

#define PIECE_BYTES 32768
#define EXIT_NO_PROGRAM 127
#define EXIT_NOT_STARTED 126
#define TERMINAL_EOF "\004"

/* Our end of what is the command's input or one of its outputs. */
struct end {
    int fd; /* -1: closed */
    struct loop_source *source;
};

struct session {
    struct operator_stream stream;
    stream_output_fn output;
    stream_done_fn done;
    void *arg;
    pid_t pid;
    struct loop_source *child, *soon;
    struct end ends[3]; /* input, output, error output */
    bool is_terminal, is_closing, is_ended, is_program_bad;
    struct str input;
    int exit_code;
    struct err err;
};

static void end_close(struct end *end)
{
    loop_close(&end->source, &end->fd);
}

static void session_free(struct operator_stream *stream)
{
    struct session *session = container_of(stream, struct session, stream);

    if (session->child && session->pid > 0)
        kill(-session->pid, SIGTERM);
    loop_remove(session->child);
    loop_remove(session->soon);
    for (int i = 0; i < 3; i++)
        end_close(&session->ends[i]);
    mem_wipe(session->input.buf, session->input.len);
    str_release(&session->input);
    err_release(&session->err);
    mem_free(session);
}

static void finish(struct session *session)
{
    session->stream.is_busy = true;
    session->done(session->arg, session->exit_code, &session->err);
    session_free(&session->stream);
}

/* --- output -------------------------------------------------------------------------------------
 */

/* Gives one piece; false: nothing there now, or the end, or nobody wants more. */
static bool give_piece(struct session *session, int stream)
{
    struct end *end = &session->ends[stream];
    char bytes[PIECE_BYTES];
    ssize_t n;

    if (end->fd < 0 || session->stream.is_paused || session->stream.is_gone)
        return false;
    n = read(end->fd, bytes, sizeof(bytes));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n <= 0) { /* a terminal's other side is gone: EIO */
        end_close(end);
        return false;
    }
    session->stream.is_busy = true;
    session->output(session->arg, stream, bytes, (size_t)n);
    session->stream.is_busy = false;
    return !session->stream.is_gone;
}

/* After the end of the process: what it had written, then its exit code. */
static void drain(struct session *session)
{
    for (int stream = 1; stream < 3; stream++) {
        while (give_piece(session, stream))
            continue;
    }
    if (session->stream.is_gone)
        session_free(&session->stream);
    else if (!session->stream.is_paused)
        finish(session);
}

static void on_output(void *arg, int fd, unsigned events)
{
    struct session *session = arg;

    (void)events;
    give_piece(session, fd == session->ends[1].fd ? 1 : 2);
    if (session->stream.is_gone)
        session_free(&session->stream);
}

static void on_child(void *arg, int wait_status)
{
    struct session *session = arg;

    session->child = NULL;
    session->is_ended = true;
    session->exit_code =
        WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
    if (!session->stream.is_paused)
        drain(session);
}

static void on_soon(void *arg)
{
    struct session *session = arg;

    session->soon = NULL;
    if (session->is_ended)
        drain(session);
}

static void wake(struct operator_stream *stream)
{
    struct session *session = container_of(stream, struct session, stream);
    unsigned events = stream->is_paused ? 0 : LOOP_READ;

    for (int i = 1; i < 3; i++) {
        if (session->ends[i].source)
            loop_set_events(session->ends[i].source, events);
    }
    if (session->is_ended && !stream->is_paused && !session->soon)
        session->soon = loop_add_soon(stream->baremetal->loop, on_soon, session);
}

/* --- input --------------------------------------------------------------------------------------
 */

static void push_input(struct session *session)
{
    struct end *end = &session->ends[0];

    while (end->fd >= 0 && session->input.len > 0) {
        ssize_t n = write(end->fd, session->input.buf, session->input.len);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (n < 0) { /* it reads no more */
            end_close(end);
            break;
        }
        str_remove(&session->input, 0, (size_t)n);
    }
    if (end->fd < 0)
        str_clear(&session->input);
    else if (session->input.len == 0 && session->is_closing)
        end_close(end);
    else
        loop_set_events(end->source, session->input.len > 0 ? LOOP_WRITE : 0);
}

static void on_writable(void *arg, int fd, unsigned events)
{
    struct session *session = arg;

    (void)fd;
    (void)events;
    if (session->input.len == 0) /* not asked for: the other side is gone */
        end_close(&session->ends[0]);
    else
        push_input(session);
}

static void session_write(struct operator_stream *stream, const char *bytes, size_t len)
{
    struct session *session = container_of(stream, struct session, stream);

    if (session->ends[0].fd < 0 || session->is_closing)
        return;
    str_add_len(&session->input, bytes, len);
    push_input(session);
}

static void session_close_input(struct operator_stream *stream)
{
    struct session *session = container_of(stream, struct session, stream);

    if (session->ends[0].fd < 0 || session->is_closing)
        return;
    if (session->is_terminal)
        str_add(&session->input, TERMINAL_EOF);
    session->is_closing = true;
    push_input(session);
}

static void session_resize(struct operator_stream *stream, unsigned rows, unsigned columns)
{
    struct session *session = container_of(stream, struct session, stream);
    struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };

    if (session->is_terminal && session->ends[1].fd >= 0)
        ioctl(session->ends[1].fd, TIOCSWINSZ, &size);
}

static void session_signal(struct operator_stream *stream, int signo)
{
    struct session *session = container_of(stream, struct session, stream);

    if (session->child && session->pid > 0)
        kill(-session->pid, signo);
}

/* --- start --------------------------------------------------------------------------------------
 */

/* The command's side of a stream goes to *ret_fd. */
static int open_pipe(struct session *session, int stream, int *ret_fd, struct err *err)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0)
        return err_set_sys(err, errno, "pipe cannot be made");
    session->ends[stream].fd = fds[stream == 0];
    *ret_fd = fds[stream != 0];
    return 0;
}

static int open_terminal(struct session *session, int fds[3], struct err *err)
{
    int ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    int theirs = -1;

    if (ours >= 0 && grantpt(ours) == 0 && unlockpt(ours) == 0)
        theirs = open(ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (theirs < 0) {
        err_set_sys(err, errno, "terminal cannot be made");
        if (ours >= 0)
            close(ours);
        return -1;
    }
    session->ends[1].fd = ours;
    session->ends[0].fd = fcntl(ours, F_DUPFD_CLOEXEC, 3);
    fds[0] = fds[1] = fds[2] = theirs;
    return 0;
}

static void close_theirs(int fds[3])
{
    for (int i = 0; i < 3; i++) {
        bool is_same = i > 0 && fds[i] == fds[0];

        if (fds[i] >= 0 && !is_same)
            close(fds[i]);
    }
}

static int open_ends(struct session *session, const struct exec_query *query, int fds[3],
                     struct err *err)
{
    if (query->detach)
        return 0;
    if (query->tty) {
        session->is_terminal = true;
        if (open_terminal(session, fds, err) != 0)
            return -1;
        session_resize(&session->stream, query->rows, query->columns);
    } else if ((query->with_input && open_pipe(session, 0, &fds[0], err) != 0) ||
               open_pipe(session, 1, &fds[1], err) != 0 ||
               open_pipe(session, 2, &fds[2], err) != 0) {
        return -1;
    }
    for (int i = 0; i < 3; i++) {
        struct end *end = &session->ends[i];

        if (end->fd < 0)
            continue;
        fcntl(end->fd, F_SETFL, fcntl(end->fd, F_GETFL) | O_NONBLOCK);
        end->source =
            i == 0 ? loop_add_fd(session->stream.baremetal->loop, end->fd, 0, on_writable, session)
                   : loop_add_fd(session->stream.baremetal->loop, end->fd, LOOP_READ, on_output,
                                 session);
    }
    return 0;
}

/* So that whoever ends the instance looks for this command, too (members.c). */
static int leave_mark(const char *dir, struct err *err)
{
    STR_AUTO(path);

    str_printf(&path, "%s/exec", dir);
    return file_exists(path.buf) ? 0 : file_write_atomic(path.buf, "", 0, 0600, err);
}

static int start_program(struct session *session, const struct exec_query *query,
                         struct baremetal_place *place, struct err *err)
{
    int fds[3] = { -1, -1, -1 }, result;
    struct process_spec spec = { .argv = query->argv,
                                 .is_session = query->tty || query->detach,
                                 .is_group = true,
                                 .enter = baremetal_place_enter,
                                 .enter_arg = place };

    result = open_ends(session, query, fds, err);
    spec.fd_in = fds[0];
    spec.fd_out = fds[1];
    spec.fd_err = fds[2];
    if (result == 0) {
        result = process_start(&spec, &session->pid, err);
        session->is_program_bad = result != 0;
    }
    close_theirs(fds);
    return result;
}

static int check_query(const struct exec_query *query, const struct baremetal_look *look,
                       struct err *err)
{
    struct baremetal_user user;

    if (look->state != STATE_RUNNING || look->pid <= 0)
        return err_set(err, ERR_CONFLICT, "service \"%s\" is not running",
                       baremetal_text(look->record, "service"));
    if (query->privileged)
        return err_set(err, ERR_UNSUPPORTED,
                       "bare metal has no privileges to give: a command has those of its user");
    if (query->user && baremetal_user(query->user, &user) != 0)
        return err_set(err, ERR_NOT_FOUND, "no such user or group on this host: \"%s\"",
                       query->user);
    if (query->user && geteuid() != 0 && user.uid != geteuid())
        return err_set(err, ERR_FAILED,
                       "a command can run as user \"%s\" only when octocompose runs as root",
                       query->user);
    return 0;
}

static int start(struct session *session, const struct exec_query *query, struct arena *arena,
                 struct err *err)
{
    struct baremetal_place place;
    struct baremetal_look look;
    const char *terminal = baremetal_env(session->stream.baremetal->environment, "TERM");
    int result;
    STR_AUTO(dir);
    STR_AUTO(work_dir);

    baremetal_process_dir(session->stream.baremetal, query->instance_id, &dir);
    if (baremetal_look(arena, dir.buf, &look, err) != 0 || check_query(query, &look, err) != 0 ||
        leave_mark(dir.buf, err) != 0)
        return -1;
    baremetal_place_open(&place, node_get(look.record, "run"), look.pid,
                         baremetal_int(look.status, "start_time"));
    if (query->tty)
        baremetal_place_set(&place, arena_printf(arena, "TERM=%s", terminal ? terminal : "xterm"));
    for (const char *const *pair = query->env; pair && *pair; pair++)
        baremetal_place_set(&place, *pair);
    if (query->working_dir) {
        path_absolute(baremetal_text(place.run, "dir"), query->working_dir, &work_dir);
        place.dir = work_dir.buf;
    }
    place.user = query->user;
    result = start_program(session, query, &place, err);
    baremetal_place_close(&place);
    return result;
}

/* A program that is not there is the command's failure, as a shell tells it. */
static void on_failed(void *arg)
{
    struct session *session = arg;

    session->soon = NULL;
    if (session->is_program_bad) {
        STR_AUTO(text);

        session->exit_code =
            session->err.code == ERR_NOT_FOUND ? EXIT_NO_PROGRAM : EXIT_NOT_STARTED;
        str_printf(&text, "%s\n", session->err.text);
        err_release(&session->err);
        session->stream.is_busy = true;
        session->output(session->arg, 2, text.buf, text.len);
        session->stream.is_busy = false;
    }
    if (session->stream.is_gone)
        session_free(&session->stream);
    else
        finish(session);
}

static void on_detached(void *arg)
{
    struct session *session = arg;

    session->soon = NULL;
    session->child = NULL;
    finish(session);
}

struct operator_stream *baremetal_exec(void *handle, const struct exec_query *query,
                                       stream_output_fn output, stream_done_fn done, void *arg)
{
    struct session *session = MEM_NEW(struct session);
    struct baremetal *baremetal = handle;
    struct arena *arena = arena_new();

    *session = (struct session){
        .stream = { .baremetal = baremetal,
                    .free = session_free,
                    .write = session_write,
                    .close_input = session_close_input,
                    .resize = session_resize,
                    .signal = session_signal,
                    .wake = wake },
        .output = output,
        .done = done,
        .arg = arg,
        .ends = { { .fd = -1 }, { .fd = -1 }, { .fd = -1 } },
    };
    str_init(&session->input, 0);
    if (start(session, query, arena, &session->err) != 0) {
        session->soon = loop_add_soon(baremetal->loop, on_failed, session);
    } else if (query->detach) {
        session->soon = loop_add_soon(baremetal->loop, on_detached, session);
    } else {
        session->child = loop_add_child(baremetal->loop, session->pid, on_child, session);
    }
    arena_free(arena);
    return &session->stream;
}
