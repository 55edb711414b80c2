/*
 * control.c - the way from a command to a shim: starting one, asking one. Everything ends on the
 * loop.
 */
#include "base/base.h"

#include "operator/baremetal/parts.h"

#include <stdio.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "data/jread.h"

struct conversation {
    struct loop *loop;
    int fd;
    bool is_start;
    struct str text;
    struct loop_source *source;
    struct err err;
    baremetal_answer_fn fn;
    void *arg;
};

static void judge(struct conversation *talk)
{
    struct arena *arena;
    struct node *answer;

    if (err_is_set(&talk->err))
        return;
    if (talk->is_start) {
        if (!text_is(talk->text.buf, "ok"))
            err_set(&talk->err, ERR_FAILED, "%s",
                    talk->text.len > 0 ? talk->text.buf : "the watching process ended at once");
        return;
    }
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

static void on_forked(void *arg, int wait_status)
{
    (void)arg;
    (void)wait_status;
}

void baremetal_shim_spawn(struct loop *loop, const char *dir, const char *mode,
                          baremetal_answer_fn fn, void *arg)
{
    struct conversation *talk = talk_new(loop, fn, arg);
    const char *argv[] = { "/proc/self/exe", "__shim", dir, mode, NULL };
    struct process_spec spec = { .argv = argv, .fd_in = -1, .fd_err = -1, .dir = "/" };
    int pipes[2];
    pid_t pid;

    talk->is_start = true;
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        err_set_sys(&talk->err, errno, "pipe cannot be made");
        loop_add_soon(loop, on_end, talk);
        return;
    }
    spec.fd_out = pipes[1];
    talk->fd = pipes[0];
    if (process_start(&spec, &pid, &talk->err) != 0) {
        close(pipes[1]);
        loop_add_soon(loop, on_end, talk);
        return;
    }
    close(pipes[1]);
    loop_add_child(loop, pid, on_forked, NULL);
    talk->source = loop_add_fd(loop, talk->fd, LOOP_READ, on_readable, talk);
}

/* Through the folder's descriptor: a socket's path may have 107 bytes only. */
static int connect_to(const char *dir, struct err *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    FD_AUTO(folder);
    int fd;

    folder = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/sock", folder);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        err_set_sys(err, errno, "the watching process cannot be reached");
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

void baremetal_shim_request(struct loop *loop, const char *dir, const char *verb, int signo,
                            int64_t grace_ns, baremetal_answer_fn fn, void *arg)
{
    struct conversation *talk = talk_new(loop, fn, arg);
    STR_AUTO(line);

    str_printf(&line, "{\"version\":%d,\"verb\":\"%s\",\"signal\":%d,\"grace_ns\":%lld}\n",
               BAREMETAL_VERSION, verb, signo, (long long)grace_ns);
    talk->fd = connect_to(dir, &talk->err);
    if (talk->fd < 0 || file_write_all(talk->fd, line.buf, line.len, &talk->err) != 0) {
        loop_add_soon(loop, on_end, talk);
        return;
    }
    talk->source = loop_add_fd(loop, talk->fd, LOOP_READ, on_readable, talk);
}
