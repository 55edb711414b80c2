/* test_process.c - base/process: what a child inherits, failed starts, helpers that misbehave. */
#include "tests/unit/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"

static struct loop *loop;
static struct str out = STR_INIT, err_out = STR_INIT;
static int exit_code;
static bool is_cut;

static void on_done(void *arg, int code, struct str *text, struct str *err_text)
{
    ++*(int *)arg;
    exit_code = code;
    is_cut = text->is_cut;
    str_clear(&out);
    str_add_len(&out, text->buf, text->len);
    str_clear(&err_out);
    str_add_len(&err_out, err_text->buf, err_text->len);
}

/* Runs `sh -c script`; the results are in the variables above. */
static void sh(const char *script, const char *input, size_t input_len, int64_t timeout_ms)
{
    ERR_AUTO(err);
    const char *argv[] = { "sh", "-c", script, NULL };
    struct process_spec spec = { .argv = argv, .is_group = true };
    int n_done = 0;
    int result = process_run(loop, &spec, input, input_len, 100000, timeout_ms, on_done, &n_done,
                             &err);
    is_int(result, 0);
    is_int(loop_run(loop, &err), 0);
    is_int(n_done, 1);
}

static void test_run(void)
{
    sh("echo hi; echo oops >&2; exit 3", NULL, 0, 0);
    is_text(out.buf, "hi\n");
    is_text(err_out.buf, "oops\n");
    is_int(exit_code, 3);
    sh("cat", "some input", 10, 0);
    is_text(out.buf, "some input");
    is_int(exit_code, 0);
    sh("cat", "", 0, 0);
    is_text(out.buf, "");
    sh("cat; echo end", NULL, 0, 0); /* stdin is /dev/null */
    is_text(out.buf, "end\n");
    sh("kill -TERM $$", NULL, 0, 0);
    is_int(exit_code, 128 + SIGTERM);
}

static int enter(void *arg, const char **ret_what)
{
    static const char *const env[] = { "PLACE=there", "PATH=/usr/bin:/bin", NULL };

    *ret_what = "the place cannot be entered";
    environ = (char **)(uintptr_t)env;
    return *(int *)arg;
}

/* The callback runs in the child, and its failure is the start's. */
static void test_enter(void)
{
    ERR_AUTO(err);
    int error_number = 0, n_done = 0;
    const char *argv[] = { "sh", "-c", "echo $PLACE; test $$ = $(ps -o sid= -p $$)", NULL };
    struct process_spec spec = {
        .argv = argv, .is_session = true, .enter = enter, .enter_arg = &error_number
    };
    is_int(process_run(loop, &spec, NULL, 0, 1000, 0, on_done, &n_done, &err), 0);
    is_int(loop_run(loop, &err), 0);
    is_text(out.buf, "there\n");
    is_int(exit_code, 0);
    ok(!getenv("PLACE"));
    error_number = EPERM;
    is_int(process_run(loop, &spec, NULL, 0, 1000, 0, on_done, &n_done, &err), -1);
    is_int(err.code, ERR_SYSTEM);
    ok(strstr(err.text, "the place cannot be entered: "));
    is_int(n_done, 1);
}

static void test_misbehaviour(void)
{
    STR_AUTO(large);
    str_add_n(&large, (size_t)1024 * 1024, 'x');
    sh("exit 4", large.buf, large.len, 0); /* never reads */
    is_int(exit_code, 4);
    sh("exec <&-; echo closed; sleep 0.05", large.buf, large.len, 0);
    is_text(out.buf, "closed\n");
    sh("cat >/dev/null; yes | head -c 3000000", large.buf, large.len, 0); /* writes too much */
    is_int(exit_code, 0);
    is_int((int64_t)out.len, 100000);
    ok(is_cut);

    int64_t start = clock_now_ms();
    sh("sleep 30 & echo started", NULL, 0, 0); /* the grandchild keeps the pipes */
    is_text(out.buf, "started\n");
    is_int(exit_code, 0);
    ok(clock_now_ms() - start < 5000);

    start = clock_now_ms();
    sh("echo before; sleep 30; echo after", NULL, 0, 100);
    is_text(out.buf, "before\n");
    is_int(exit_code, -1);
    ok(clock_now_ms() - start < 5000);
}

static void test_start_errors(void)
{
    ERR_AUTO(err);
    pid_t pid = 0;
    const char *argv[] = { "no-such-program-anywhere", NULL };
    struct process_spec spec = { .argv = argv, .fd_in = -1, .fd_out = -1, .fd_err = -1 };
    is_int(process_start(&spec, &pid, &err), -1);
    is_int(err.code, ERR_NOT_FOUND);
    is_text(err.text, "no such program: \"no-such-program-anywhere\"");
    err_release(&err);
    argv[0] = "/etc/passwd";
    is_int(process_start(&spec, &pid, &err), -1);
    is_int(err.sys, EACCES);
    err_release(&err);
    argv[0] = "true";
    spec.dir = "/no/such/folder";
    is_int(process_start(&spec, &pid, &err), -1);
    is_int(err.sys, ENOENT);
    is_text(err.text, "cannot run \"true\" in the folder \"/no/such/folder\": "
                      "No such file or directory");
    err_release(&err);
    int n_done = 0;
    is_int(process_run(loop, &spec, NULL, 0, 10, 0, on_done, &n_done, &err), -1);
    is_int(n_done, 0);
    is_int(waitpid(-1, NULL, WNOHANG), -1); /* nothing left behind */
    is_int(errno, ECHILD);
}

/* No descriptor but 0 to 2, no blocked or ignored signal, the environment that was given. */
static void test_inheritance(void)
{
    int leak = open("/dev/null", O_RDONLY); /* without close-on-exec */
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGUSR2, SIG_IGN);
    sh("ls /proc/self/fd | tr '\\n' ' '", NULL, 0, 0);
    is_text(out.buf, "0 1 2 3 "); /* 3 is ls's own */
    sh("grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\\t\\n'", NULL, 0, 0);
    ok(text_starts(out.buf, "SigBlk:0000000000000000SigIgn:"));
    ok(text_ends(out.buf, "0000000")); /* but for 32 and 33, which the C library keeps */
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    close(leak);

    ERR_AUTO(err);
    const char *argv[] = { "env", NULL }, *env[] = { "A=1", "B=x y", NULL };
    struct process_spec spec = { .argv = argv, .env = env, .dir = "/" };
    int n_done = 0;
    is_int(process_run(loop, &spec, NULL, 0, 1000, 0, on_done, &n_done, &err), 0);
    is_int(loop_run(loop, &err), 0);
    is_text(out.buf, "A=1\nB=x y\n");
}

/* The given descriptors land on 0 to 2 even when they are exchanged. */
static void test_exchange(void)
{
    ERR_AUTO(err);
    int fds[2];
    ok(pipe2(fds, O_CLOEXEC) == 0);
    int keep_in = dup(0);
    dup2(fds[1], 0); /* the pipe to write to is number 0 */
    const char *argv[] = { "sh", "-c", "echo on 1; echo on 2 >&2", NULL };
    struct process_spec spec = { .argv = argv, .fd_in = -1, .fd_out = 0, .fd_err = 0 };
    pid_t pid = 0;
    is_int(process_start(&spec, &pid, &err), 0);
    dup2(keep_in, 0);
    close(keep_in);
    close(fds[1]);
    is_int(waitpid(pid, NULL, 0), pid);
    char bytes[100] = "";
    ok(read(fds[0], bytes, sizeof(bytes) - 1) > 0);
    is_text(bytes, "on 1\non 2\n");
    close(fds[0]);
}

int main(void)
{
    ERR_AUTO(err);
    alarm(60);
    is_int(loop_new(&loop, &err), 0);
    test_run();
    test_enter();
    test_misbehaviour();
    test_start_errors();
    test_inheritance();
    test_exchange();
    loop_free(loop);
    str_release(&out);
    str_release(&err_out);
    return done_testing();
}
