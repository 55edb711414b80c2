/*
 * test_lock.c - the project lock: one holder, the others wait or are told who holds it, and a
 * holder that is killed frees it.
 */
#include "base/base.h"

#include "plan/lock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "tap.h"

struct result {
    struct lock *lock;
    bool is_done;
    unsigned n_waiting;
    char holder[300];
    struct err err;
};

static void on_waiting(void *arg, const char *holder)
{
    struct result *result = arg;

    result->n_waiting++;
    strncpy(result->holder, holder, sizeof(result->holder) - 1);
}

static void on_lock(void *arg, struct lock *lock, struct err *err)
{
    struct result *result = arg;

    result->lock = lock;
    result->is_done = true;
    if (err && err_is_set(err))
        err_move(&result->err, err);
}

/* The project's name is this run's own, for root has one folder of locks only. */
static void take(struct loop *loop, const char *project, int64_t timeout_ms, struct result *result)
{
    STR_AUTO(name);

    str_printf(&name, "%s-%s", project, getenv("TEST_LOCK_RUN"));
    memset(result, 0, sizeof(*result));
    lock_take(loop, "memory", "", name.buf, timeout_ms, on_waiting, on_lock, result);
}

static void wait_for(struct loop *loop, struct result *result)
{
    ERR_AUTO(err);

    while (!result->is_done && loop_step(loop, 1000, &err) == 0)
        continue;
}

/* Many at once: each has it once, one after the other, though the file goes and comes. */
static void test_many(struct loop *loop)
{
    enum { N = 20 };
    pid_t pids[N];
    struct result result;
    int status;
    unsigned n_failed = 0;

    for (int i = 0; i < N; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            STR_AUTO(path);
            struct loop *own;
            ERR_AUTO(err);

            if (loop_new(&own, &err) != 0)
                _exit(1);
            for (int k = 0; k < 10; k++) {
                take(own, "many", -1, &result);
                wait_for(own, &result);
                str_clear(&path);
                str_printf(&path, "%s/inside", tap_folder());
                if (!result.lock || mkdir(path.buf, 0700) != 0 || rmdir(path.buf) != 0)
                    _exit(1);
                lock_release(result.lock);
            }
            _exit(0);
        }
    }
    for (int i = 0; i < N; i++)
        n_failed += waitpid(pids[i], &status, 0) < 0 || status != 0;
    is_int(n_failed, 0);
    take(loop, "many", 0, &result);
    wait_for(loop, &result);
    ok(result.lock != NULL);
    lock_release(result.lock);
}

/* A process that takes the lock and holds it until it is killed. */
static pid_t hold_elsewhere(void)
{
    int ready[2];
    char byte;
    pid_t pid;

    ok(pipe(ready) == 0);
    pid = fork();
    if (pid == 0) {
        struct loop *loop;
        struct result result;
        ERR_AUTO(err);

        if (loop_new(&loop, &err) != 0)
            _exit(1);
        take(loop, "p", -1, &result);
        wait_for(loop, &result);
        if (result.lock && write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    is_int(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void kill_later(void *arg)
{
    kill(*(pid_t *)arg, SIGKILL);
}

static void test_here(struct loop *loop)
{
    struct result one, two, other;

    take(loop, "p", 0, &one);
    ok(!one.is_done);
    wait_for(loop, &one);
    ok(one.lock != NULL && one.n_waiting == 0);
    take(loop, "q", 0, &other);
    wait_for(loop, &other);
    ok(other.lock != NULL);
    lock_release(other.lock);
    take(loop, "p", 0, &two);
    wait_for(loop, &two);
    ok(two.lock == NULL);
    is_int(two.err.code, ERR_LOCKED);
    ok(strncmp(two.err.text, "project \"p-", 11) == 0);
    ok(strstr(two.err.text, "\" is locked by pid ") != NULL);
    err_release(&two.err);
    lock_release(one.lock);
    take(loop, "p", 0, &two);
    wait_for(loop, &two);
    ok(two.lock != NULL);
    lock_release(two.lock);
}

static void test_elsewhere(struct loop *loop)
{
    struct result result;
    pid_t pid = hold_elsewhere();
    char expected[40];
    int status;
    int64_t start = clock_now_ms();

    take(loop, "p", 60, &result);
    wait_for(loop, &result);
    is_int(result.err.code, ERR_LOCKED);
    ok(clock_now_ms() - start >= 60);
    is_int(result.n_waiting, 1);
    snprintf(expected, sizeof(expected), "pid %ld (", (long)pid);
    ok(strncmp(result.holder, expected, strlen(expected)) == 0);
    err_release(&result.err);

    take(loop, "p", -1, &result);
    loop_add_timer(loop, 50, kill_later, &pid);
    wait_for(loop, &result);
    ok(result.lock != NULL);
    is_int(result.n_waiting, 1);
    lock_release(result.lock);
    is_int(waitpid(pid, &status, 0), pid);
}

int main(void)
{
    struct loop *loop;
    ERR_AUTO(err);

    STR_AUTO(run);

    str_printf(&run, "%ld", (long)getpid());
    setenv("TEST_LOCK_RUN", run.buf, 1);
    setenv("XDG_RUNTIME_DIR", tap_folder(), 1);
    ok(loop_new(&loop, &err) == 0);
    test_here(loop);
    test_elsewhere(loop);
    test_many(loop);
    loop_free(loop);
    return done_testing();
}
