/* test_loop.c - base/loop: timers, descriptors, signals, children, removal from everywhere. */
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/str.h"

/* A literal as a callback's argument. */
#define TEXT(literal) ((void *)(uintptr_t)(literal))

static struct loop *loop;
static struct str seen = STR_INIT;

static void run(void)
{
    ERR_AUTO(err);
    is_int(loop_run(loop, &err), 0);
}

static void note(void *arg)
{
    str_add(&seen, arg);
}

static void test_timers(void)
{
    str_clear(&seen);
    run(); /* nothing to wait for: returns */
    int64_t start = clock_now_ms();
    loop_add_timer(loop, 30, note, TEXT("c"));
    loop_add_timer(loop, 10, note, TEXT("a"));
    loop_remove(loop_add_timer(loop, 15, note, TEXT("x")));
    loop_add_timer(loop, 20, note, TEXT("b"));
    loop_add_timer(loop, 0, note, TEXT("0"));
    loop_add_soon(loop, note, TEXT("1"));
    loop_add_soon(loop, note, TEXT("2"));
    run();
    is_text(seen.buf, "120abc");
    int64_t took = clock_now_ms() - start;
    ok(took >= 30 && took < 2000);
}

static int n_due;
static int64_t last_due;

static void check_order(void *arg)
{
    int64_t due = (int64_t)(intptr_t)arg;
    n_due += due >= last_due - 10; /* the loop reads the clock a little later than the test */
    last_due = due;
}

static void test_many_timers(void)
{
    enum { N = 2000 };
    static struct loop_source *timers[N];
    unsigned random = 1;
    for (int i = 0; i < N; i++) {
        random = random * 1103515245u + 12345u;
        int64_t delay = random / 65536u % 100, now = clock_now_ms();
        timers[i] = loop_add_timer(loop, delay, check_order, (void *)(intptr_t)(now + delay));
    }
    for (int i = 0; i < N; i += 2)
        loop_remove(timers[i]);
    run();
    is_int(n_due, N / 2);
}

static struct loop_source *victim;

static void remove_victim(void *arg)
{
    note(arg);
    loop_remove(victim);
    loop_add_soon(loop, note, TEXT("n"));
}

static void stop_and_add(void *arg)
{
    (void)arg;
    loop_stop(loop);
    loop_add_soon(loop, note, TEXT("later"));
}

static void test_removal(void)
{
    str_clear(&seen);
    loop_add_timer(loop, 1, remove_victim, TEXT("r"));
    victim = loop_add_timer(loop, 1, note, TEXT("x"));
    run();
    is_text(seen.buf, "rn");
    str_clear(&seen);
    loop_add_soon(loop, stop_and_add, NULL);
    run();
    is_text(seen.buf, "");
    run();
    is_text(seen.buf, "later");
    loop_remove(NULL);
}

struct pipe_test {
    int fds[2];
    struct loop_source *source, *other;
    int n_calls;
};

static void read_pipe(void *arg, int fd, unsigned events)
{
    struct pipe_test *test = arg;
    char bytes[100];
    ssize_t n = read(fd, bytes, sizeof(bytes));
    test->n_calls++;
    if (n > 0) {
        str_add_len(&seen, bytes, (size_t)n);
        return;
    }
    str_printf(&seen, "<eof %u>", events);
    loop_remove(test->source);
    loop_remove(test->other);
}

static void close_writer(void *arg)
{
    struct pipe_test *test = arg;
    close(test->fds[1]);
}

static void write_pipe(void *arg)
{
    struct pipe_test *test = arg;
    ok(write(test->fds[1], "hello", 5) == 5);
    loop_add_timer(loop, 5, close_writer, test);
}

static void test_pipe(void)
{
    struct pipe_test test = { 0 };
    str_clear(&seen);
    ok(pipe(test.fds) == 0);
    test.source = loop_add_fd(loop, test.fds[0], LOOP_READ, read_pipe, &test);
    loop_add_timer(loop, 1, write_pipe, &test);
    run();
    is_text(seen.buf, "hello<eof 1>");
    close(test.fds[0]);
}

/* Both ends become ready in one round and each removes the other: only one may run. */
static void remove_both(void *arg, int fd, unsigned events)
{
    struct pipe_test *test = arg;
    (void)fd;
    (void)events;
    test->n_calls++;
    loop_remove(test->source);
    loop_remove(test->other);
}

static void test_remove_in_round(void)
{
    struct pipe_test a = { 0 };
    int more[2];
    ok(pipe(a.fds) == 0 && pipe(more) == 0);
    a.source = loop_add_fd(loop, a.fds[1], LOOP_WRITE, remove_both, &a);
    a.other = loop_add_fd(loop, more[1], LOOP_WRITE, remove_both, &a);
    run();
    is_int(a.n_calls, 1);
    for (int i = 0; i < 2; i++) {
        close(a.fds[i]);
        close(more[i]);
    }
}

/* Two sources on one descriptor, and a regular file, which epoll refuses. */
static void test_odd_fds(void)
{
    struct pipe_test a = { 0 };
    ok(pipe(a.fds) == 0);
    a.source = loop_add_fd(loop, a.fds[1], LOOP_WRITE, remove_both, &a);
    a.other = loop_add_fd(loop, a.fds[1], LOOP_WRITE, remove_both, &a);
    loop_set_events(a.source, 0);
    run();
    is_int(a.n_calls, 1);
    close(a.fds[0]);
    close(a.fds[1]);

    struct pipe_test file = { 0 };
    str_clear(&seen);
    file.fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    file.source = loop_add_fd(loop, file.fds[0], LOOP_READ, read_pipe, &file);
    run();
    is_text(seen.buf, "<eof 1>");
    close(file.fds[0]);
}

static void on_timer_enable(void *arg)
{
    struct pipe_test *test = arg;
    is_int(test->n_calls, 0);
    loop_set_events(test->source, LOOP_READ);
}

/* A hang-up is not reported to a source that wants nothing. */
static void test_no_events(void)
{
    struct pipe_test test = { 0 };
    str_clear(&seen);
    ok(pipe(test.fds) == 0);
    close(test.fds[1]);
    test.source = loop_add_fd(loop, test.fds[0], 0, read_pipe, &test);
    loop_add_timer(loop, 10, on_timer_enable, &test);
    run();
    is_int(test.n_calls, 1);
    close(test.fds[0]);
}

static struct loop_source *signals[2];

static void on_signal(void *arg, int signo)
{
    str_printf(&seen, "%s%d,", (const char *)arg, signo == SIGUSR1);
    loop_remove(signals[0]);
    if (seen.len > 4)
        loop_remove(signals[1]);
    else
        raise(SIGUSR1);
}

static void test_signals(void)
{
    str_clear(&seen);
    signals[0] = loop_add_signal(loop, SIGUSR1, on_signal, TEXT("a"));
    signals[1] = loop_add_signal(loop, SIGUSR1, on_signal, TEXT("b"));
    raise(SIGUSR1);
    run();
    is_text(seen.buf, "b1,b1,");
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    is_int(sigismember(&mask, SIGUSR1), 0);
    struct loop_source *idle = loop_add_signal(loop, SIGUSR2, on_signal, TEXT("c"));
    loop_set_background(idle);
    run(); /* a background source alone does not keep it */
    sigprocmask(SIG_SETMASK, NULL, &mask);
    is_int(sigismember(&mask, SIGUSR2), 1);
    loop_remove(idle);
}

static void on_child(void *arg, int status)
{
    *(int *)arg = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static pid_t fork_exit(int code)
{
    pid_t pid = fork();
    if (!pid) {
        usleep(10000);
        if (code < 0)
            raise(SIGKILL);
        _exit(code);
    }
    return pid;
}

static void test_children(void)
{
    int codes[3] = { 99, 99, 99 };
    loop_add_child(loop, fork_exit(0), on_child, &codes[0]);
    loop_add_child(loop, fork_exit(7), on_child, &codes[1]);
    loop_add_child(loop, fork_exit(-1), on_child, &codes[2]);
    run();
    is_int(codes[0], 0);
    is_int(codes[1], 7);
    is_int(codes[2], -SIGKILL);
    is_int(waitpid(-1, NULL, WNOHANG), -1); /* all reaped */
    pid_t gone = fork_exit(3);
    waitpid(gone, NULL, 0);
    loop_add_child(loop, gone, on_child, &codes[0]); /* reaped by somebody else */
    run();
    is_int(codes[0], 255);
}

static void test_step(void)
{
    ERR_AUTO(err);
    str_clear(&seen);
    loop_add_timer(loop, 10000, note, TEXT("x"));
    int64_t start = clock_now_ms();
    is_int(loop_step(loop, 5, &err), 0);
    ok(clock_now_ms() - start >= 4 && clock_now_ms() - start < 5000);
    loop_add_soon(loop, note, TEXT("s"));
    is_int(loop_step(loop, -1, &err), 0); /* something ran: does not wait for more */
    is_text(seen.buf, "s");
}

int main(void)
{
    ERR_AUTO(err);
    alarm(60);
    is_int(loop_new(&loop, &err), 0);
    test_timers();
    test_many_timers();
    test_removal();
    test_pipe();
    test_remove_in_round();
    test_odd_fds();
    test_no_events();
    test_signals();
    test_children();
    test_step();
    loop_free(loop); /* with a timer left */
    loop_free(NULL);
    str_release(&seen);
    return done_testing();
}
