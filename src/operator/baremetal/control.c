/*
 * control.c - the way from a command to a shim and to the supervisor: one request, one answer, and
 * starting the supervisor when there is none. Everything ends on the loop.
 */
#include "base/base.h"

#include "operator/baremetal/parts.h"

#include <stdio.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "data/jread.h"

#define TRY_AGAIN_MS 2
#define COME_UP_MS 10000
#define MAX_REQUEST 4096

struct conversation {
    struct loop *loop;
    int fd;
    struct str text;
    struct loop_source *source;
    struct err err;
    baremetal_answer_fn fn;
    void *arg;
};

enum baremetal_receipt baremetal_receive(int fd, struct str *input)
{
    char buffer[1024];
    ssize_t n = read(fd, buffer, sizeof(buffer));

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return RECEIVED_PART;
    if (n <= 0 || input->len + (size_t)n > MAX_REQUEST)
        return RECEIVED_END;
    str_add_len(input, buffer, (size_t)n);
    return memchr(input->buf, '\n', input->len) ? RECEIVED_LINE : RECEIVED_PART;
}

static void judge(struct conversation *talk)
{
    struct arena *arena;
    struct node *answer;

    if (err_is_set(&talk->err))
        return;
    arena = arena_new();
    if (jread_parse(arena, 0, talk->text.buf, talk->text.len, &answer, NULL) != 0)
        err_set(&talk->err, ERR_CONNECT, "the watching process ended without an answer");
    else if (!baremetal_bool(answer, "ok"))
        err_set(&talk->err, ERR_FAILED, "%s", baremetal_text(answer, "error"));
    arena_free(arena);
}

static void on_end(void *arg)
{
    struct conversation *talk = arg;

    if (talk->fd >= 0)
        close(talk->fd);
    judge(talk);
    talk->fn(talk->arg, &talk->err);
    err_release(&talk->err);
    str_release(&talk->text);
    mem_free(talk);
}

static void on_readable(void *arg, int fd, unsigned events)
{
    struct conversation *talk = arg;
    char buffer[1024];
    ssize_t n = read(fd, buffer, sizeof(buffer));

    (void)events;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        str_add_len(&talk->text, buffer, (size_t)n);
        return;
    }
    loop_remove(talk->source);
    on_end(talk);
}

static struct conversation *talk_new(struct loop *loop, baremetal_answer_fn fn, void *arg)
{
    struct conversation *talk = MEM_NEW(struct conversation);

    talk->loop = loop;
    talk->fd = -1;
    talk->fn = fn;
    talk->arg = arg;
    str_init(&talk->text, 8192);
    return talk;
}

/* Through the folder's descriptor: a socket's path may have 107 bytes only. */
static int connect_to(const char *dir, const char *name, struct err *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    FD_AUTO(folder);
    int fd;

    folder = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", folder, name);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        err_set(err, ERR_CONNECT, "the watching process cannot be reached: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

static void send_request(struct conversation *talk, const char *line, size_t len)
{
    if (talk->fd < 0 || send(talk->fd, line, len, MSG_NOSIGNAL) != (ssize_t)len) {
        if (!err_is_set(&talk->err))
            err_set(&talk->err, ERR_CONNECT, "the watching process has gone");
        loop_add_soon(talk->loop, on_end, talk);
        return;
    }
    talk->source = loop_add_fd(talk->loop, talk->fd, LOOP_READ, on_readable, talk);
}

void baremetal_shim_request(struct loop *loop, const char *dir, const char *verb, int signo,
                            int64_t grace_ns, baremetal_answer_fn fn, void *arg)
{
    struct conversation *talk = talk_new(loop, fn, arg);
    STR_AUTO(line);

    str_printf(&line, "{\"version\":%d,\"verb\":\"%s\",\"signal\":%d,\"grace_ns\":%lld}\n",
               BAREMETAL_VERSION, verb, signo, (long long)grace_ns);
    talk->fd = connect_to(dir, "sock", &talk->err);
    send_request(talk, line.buf, line.len);
}

/* --- the other end ------------------------------------------------------------------------------
 */

int baremetal_listen(const char *name, struct err *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
    unlink(address.sun_path);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
        chmod(address.sun_path, 0600) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    err_set_sys(err, errno, "control socket cannot be made: \"%s\"", name);
    if (fd >= 0)
        close(fd);
    return -1;
}

int baremetal_accept(int listener)
{
    struct ucred who = { 0 };
    socklen_t len = sizeof(who);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd >= 0 && (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 ||
                    (who.uid != geteuid() && who.uid != 0))) {
        close(fd);
        return -1;
    }
    return fd;
}

bool baremetal_is_there(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

/* --- the supervisor -----------------------------------------------------------------------------
 */

struct errand {
    struct baremetal *baremetal;
    char *verb, *id;
    int64_t deadline_ms;
    struct str text; /* of a supervisor that is being started */
    struct loop_source *source;
    struct err err;
    baremetal_answer_fn fn;
    void *arg;
};

static void on_try(void *arg);

static void end_errand(void *arg)
{
    struct errand *errand = arg;

    errand->fn(errand->arg, &errand->err);
    err_release(&errand->err);
    str_release(&errand->text);
    mem_free(errand->verb);
    mem_free(errand->id);
    mem_free(errand);
}

static void try_again(struct errand *errand)
{
    if (clock_now_ms() >= errand->deadline_ms) {
        if (!err_is_set(&errand->err))
            err_set(&errand->err, ERR_TIMEOUT, "the supervisor of the project does not come up");
        end_errand(errand);
        return;
    }
    err_release(&errand->err);
    loop_add_timer(errand->baremetal->loop, TRY_AGAIN_MS, on_try, errand);
}

/* It was killed, or has just ended: the next one is told the same. */
static void on_errand_answer(void *arg, struct err *err)
{
    struct errand *errand = arg;

    if (err_is_set(err))
        err_move(&errand->err, err);
    if (errand->err.code == ERR_CONNECT)
        try_again(errand);
    else
        end_errand(errand);
}

static void on_forked(void *arg, int wait_status)
{
    (void)arg;
    (void)wait_status;
}

/* Our end of its output stays open: with it the supervisor lives as long as this command. */
static void on_supervisor(void *arg, int fd, unsigned events)
{
    struct errand *errand = arg;
    struct baremetal *baremetal = errand->baremetal;
    char buffer[1024];
    ssize_t n = read(fd, buffer, sizeof(buffer));

    (void)events;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0)
        str_add_len(&errand->text, buffer, (size_t)n);
    loop_remove(errand->source);
    baremetal->is_spawning = false;
    if (text_is(errand->text.buf, "ok")) {
        int last = baremetal->hold;

        baremetal->hold = fd;
        fd = last;
    }
    if (fd >= 0)
        close(fd);
    if (!text_is(errand->text.buf, "ok") && !text_is(errand->text.buf, "busy") &&
        errand->text.len > 0)
        err_set(&errand->err, ERR_FAILED, "%s", errand->text.buf);
    str_clear(&errand->text);
    if (err_is_set(&errand->err))
        end_errand(errand);
    else
        try_again(errand);
}

static void start_supervisor(struct errand *errand, const char *dir)
{
    struct baremetal *baremetal = errand->baremetal;
    const char *argv[] = { "/proc/self/exe", "__supervisor", dir, NULL };
    struct process_spec spec = { .argv = argv, .fd_in = -1, .fd_err = -1, .dir = "/" };
    int ends[2];
    pid_t pid;

    if (baremetal->is_spawning) {
        try_again(errand);
        return;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        err_set_sys(&errand->err, errno, "socket cannot be made");
        end_errand(errand);
        return;
    }
    spec.fd_out = ends[1];
    if (process_start(&spec, &pid, &errand->err) != 0) {
        close(ends[0]);
        close(ends[1]);
        end_errand(errand);
        return;
    }
    close(ends[1]);
    baremetal->is_spawning = true;
    loop_add_child(baremetal->loop, pid, on_forked, NULL);
    errand->source = loop_add_fd(baremetal->loop, ends[0], LOOP_READ, on_supervisor, errand);
}

static void on_try(void *arg)
{
    struct errand *errand = arg;
    struct baremetal *baremetal = errand->baremetal;
    struct conversation *talk;
    ERR_AUTO(err);
    STR_AUTO(dir);
    STR_AUTO(line);
    int fd;

    baremetal_project_dir(baremetal, &dir);
    fd = connect_to(dir.buf, "supervisor.sock", &err);
    if (fd < 0) {
        start_supervisor(errand, dir.buf);
        return;
    }
    if (baremetal->hold < 0)
        baremetal->hold = connect_to(dir.buf, "supervisor.sock", NULL);
    talk = talk_new(baremetal->loop, on_errand_answer, errand);
    talk->fd = fd;
    str_printf(&line, "{\"version\":%d,\"verb\":\"%s\",\"id\":\"%s\"}\n", BAREMETAL_VERSION,
               errand->verb, errand->id);
    send_request(talk, line.buf, line.len);
}

void baremetal_supervisor_request(struct baremetal *baremetal, const char *verb, const char *id,
                                  baremetal_answer_fn fn, void *arg)
{
    struct errand *errand = MEM_NEW(struct errand);

    errand->baremetal = baremetal;
    errand->verb = mem_dup(verb);
    errand->id = mem_dup(id);
    errand->deadline_ms = clock_now_ms() + COME_UP_MS;
    errand->fn = fn;
    errand->arg = arg;
    str_init(&errand->text, 8192);
    loop_add_soon(baremetal->loop, on_try, errand);
}
