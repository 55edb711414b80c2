/*
 * process-run.c - process_run(): a helper program from start to end, with its input and outputs, on
 * the loop. A child that reads nothing, writes without end, or leaves a grandchild with its pipes
 * does not hold the loop up.
 */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

#define GRACE_MS 200 /* for pipes that stay open after the child's end */

/* Our end of one of the child's pipes. */
struct end {
    int fd; /* -1: closed */
    struct loop_source *source;
};

struct run {
    struct loop *loop;
    pid_t pid;
    bool is_group;
    struct loop_source *child; /* NULL once it ended */
    struct loop_source *timer; /* the time limit, then the grace */
    int exit_code;
    bool is_timed_out;
    struct end in, out, err;
    char *input;
    size_t input_len, input_at;
    struct str out_text, err_text;
    process_done_fn fn;
    void *arg;
};

static void end_close(struct end *end)
{
    loop_close(&end->source, &end->fd);
}

static void run_free(struct run *run)
{
    end_close(&run->in);
    end_close(&run->out);
    end_close(&run->err);
    loop_remove(run->child);
    loop_remove(run->timer);
    mem_wipe(run->input, run->input_len);
    mem_free(run->input);
    mem_wipe(run->out_text.buf, run->out_text.len); /* helpers answer with secrets */
    str_release(&run->out_text);
    str_release(&run->err_text);
    mem_free(run);
}

static void finish(struct run *run)
{
    end_close(&run->in);
    end_close(&run->out);
    end_close(&run->err);
    loop_remove(run->timer);
    run->timer = NULL;
    run->fn(run->arg, run->is_timed_out ? -1 : run->exit_code, &run->out_text, &run->err_text);
    run_free(run);
}

static void finish_if_done(struct run *run)
{
    if (!run->child && run->out.fd < 0 && run->err.fd < 0)
        finish(run);
}

static void write_input(void *arg, int fd, unsigned events)
{
    struct run *run = arg;
    (void)events;
    ssize_t n = write(fd, run->input + run->input_at, run->input_len - run->input_at);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n >= 0)
        run->input_at += (size_t)n;
    if (n < 0 || run->input_at == run->input_len) /* a child may close its input: no error */
        end_close(&run->in);
}

/* Reads what there is; past the limit it is thrown away. True at the end of the file. */
static bool read_some(int fd, struct str *text)
{
    char bytes[16384];
    ssize_t n = read(fd, bytes, sizeof(bytes));
    if (n > 0)
        str_add_len(text, bytes, (size_t)n);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static void read_out(void *arg, int fd, unsigned events)
{
    struct run *run = arg;
    (void)events;
    if (!read_some(fd, &run->out_text))
        return;
    end_close(&run->out);
    finish_if_done(run);
}

static void read_err(void *arg, int fd, unsigned events)
{
    struct run *run = arg;
    (void)events;
    if (!read_some(fd, &run->err_text))
        return;
    end_close(&run->err);
    finish_if_done(run);
}

/* Takes what is in the pipe now, and no more than a pipe holds. */
static void drain(struct end *end, struct str *text)
{
    for (int i = 0; i < 64 && end->fd >= 0; i++) {
        int n_ready = 0;
        if (ioctl(end->fd, FIONREAD, &n_ready) < 0 || !n_ready || read_some(end->fd, text))
            return;
    }
}

static void on_grace_over(void *arg)
{
    struct run *run = arg;
    run->timer = NULL;
    drain(&run->out, &run->out_text);
    drain(&run->err, &run->err_text);
    finish(run);
}

static void on_child_end(void *arg, int wait_status)
{
    struct run *run = arg;
    run->child = NULL;
    run->exit_code =
        WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
    loop_remove(run->timer);
    run->timer = loop_add_timer(run->loop, GRACE_MS, on_grace_over, run);
    finish_if_done(run);
}

static void on_timeout(void *arg)
{
    struct run *run = arg;
    run->timer = NULL;
    run->is_timed_out = true;
    /* It is not reaped yet, so the pid is still the child's. */
    kill(run->is_group ? -run->pid : run->pid, SIGKILL);
}

int process_pipe(bool is_input, int *ret_ours, int *ret_theirs, struct err *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return err_set_sys(err, errno, "cannot create a pipe");
    *ret_ours = fds[is_input ? 1 : 0];
    *ret_theirs = fds[is_input ? 0 : 1];
    fcntl(*ret_ours, F_SETFL, O_NONBLOCK);
    return 0;
}

static int start(struct run *run, const struct process_spec *spec, struct err *err)
{
    struct process_spec piped = *spec;
    piped.fd_in = piped.fd_out = piped.fd_err = -1;
    int result = 0;
    if (run->input)
        result = process_pipe(true, &run->in.fd, &piped.fd_in, err);
    if (!result)
        result = process_pipe(false, &run->out.fd, &piped.fd_out, err);
    if (!result)
        result = process_pipe(false, &run->err.fd, &piped.fd_err, err);
    if (!result)
        result = process_start(&piped, &run->pid, err);
    const int theirs[] = { piped.fd_in, piped.fd_out, piped.fd_err };
    for (size_t i = 0; i < ARRAY_LEN(theirs); i++)
        if (theirs[i] >= 0)
            close(theirs[i]);
    return result;
}

int process_run(struct loop *loop, const struct process_spec *spec, const char *input,
                size_t input_len, size_t max_output, int64_t timeout_ms, process_done_fn fn,
                void *arg, struct err *err)
{
    struct run *run = MEM_NEW(struct run);
    run->loop = loop;
    run->is_group = spec->is_group;
    run->in.fd = run->out.fd = run->err.fd = -1;
    run->input = input ? mem_dup_len(input, input_len) : NULL;
    run->input_len = input ? input_len : 0;
    str_init(&run->out_text, max_output);
    str_init(&run->err_text, max_output);
    run->fn = fn;
    run->arg = arg;
    if (start(run, spec, err) < 0) {
        run_free(run);
        return -1;
    }
    if (run->input_len)
        run->in.source = loop_add_fd(loop, run->in.fd, LOOP_WRITE, write_input, run);
    else
        end_close(&run->in);
    run->out.source = loop_add_fd(loop, run->out.fd, LOOP_READ, read_out, run);
    run->err.source = loop_add_fd(loop, run->err.fd, LOOP_READ, read_err, run);
    run->child = loop_add_child(loop, run->pid, on_child_end, run);
    if (timeout_ms > 0)
        run->timer = loop_add_timer(loop, timeout_ms, on_timeout, run);
    return 0;
}
