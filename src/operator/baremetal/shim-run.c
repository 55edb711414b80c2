/*
 * shim-run.c - the shim's process: start, end, the rest of its group, restart policy, stop.
 * Docker's curve: 100 ms, doubling up to a minute, from the beginning again after ten seconds up.
 */
#include "base/base.h"

#include "operator/baremetal/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_LAST_MS 60000
#define UP_LONG_MS 10000
#define LOOK_MS 10
#define EXIT_UNKNOWN 255
#define EXIT_NO_PROGRAM 127

static void set_number(struct shim *shim, struct node *map, const char *key, int64_t value)
{
    struct origin nowhere = ORIGIN_NONE;

    node_set(shim->arena, map, key, nowhere, node_int(shim->arena, nowhere, value));
}

void baremetal_shim_status(struct shim *shim, const char *state)
{
    struct arena *kept = shim->arena;
    struct origin nowhere = ORIGIN_NONE;
    struct node *map;
    STR_AUTO(boot);

    shim->arena = arena_new(); /* only for what is written */
    map = node_map(shim->arena, nowhere);
    baremetal_boot_id(&boot);
    set_number(shim, map, "version", BAREMETAL_VERSION);
    node_set(shim->arena, map, "state", nowhere, node_text(shim->arena, nowhere, state));
    node_set(shim->arena, map, "boot_id", nowhere, node_text(shim->arena, nowhere, boot.buf));
    node_set(shim->arena, map, "health", nowhere,
             node_text(shim->arena, nowhere, instance_health_names[shim->health]));
    set_number(shim, map, "pid", shim->pid);
    set_number(shim, map, "start_time", shim->start_time);
    set_number(shim, map, "started", shim->started_ns);
    set_number(shim, map, "finished", shim->finished_ns);
    set_number(shim, map, "exit_code", shim->exit_code);
    node_set(shim->arena, map, "is_exit_known", nowhere,
             node_bool(shim->arena, nowhere, shim->is_exit_known));
    set_number(shim, map, "restarts", shim->restarts);
    /* A full disk must not end the service. */
    (void)!baremetal_write_state("status.json", map, NULL);
    arena_free(shim->arena);
    shim->arena = kept;
}

/* --- start ---------------------------------------------------------------------------------------
 */

struct failure {
    int error;
    const char *what; /* the child's memory is the parent's */
};

__attribute__((noreturn)) static void be_child(struct shim *shim, int go, int fail)
{
    const char **argv = baremetal_words(node_get(shim->run, "argv"));
    const char **env = baremetal_words(node_get(shim->run, "env"));
    struct failure failure = { 0, "outputs cannot be opened" };
    sigset_t none;
    char byte;
    int fds[3];

    setpgid(0, 0);
    for (int signo = 1; signo < NSIG; signo++)
        signal(signo, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* When the shim dies before it has written down whom it started, nothing was started. */
    if (read(go, &byte, 1) != 1)
        _exit(1);
    fds[0] = open("/dev/null", O_RDONLY);
    fds[1] = open("out", O_RDWR);
    fds[2] = open("err", O_RDWR);
    for (int i = 0; i < 3; i++) {
        if (fds[i] < 0 || dup2(fds[i], i) < 0)
            goto failed;
    }
    syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
    failure.error = baremetal_become(shim->run, argv, env, NULL, true, &failure.what);
failed:
    if (failure.error == 0)
        failure.error = errno;
    (void)!write(fail, &failure, sizeof(failure));
    _exit(EXIT_NO_PROGRAM);
}

static void note_start(struct shim *shim, pid_t pid)
{
    shim->pid = pid;
    shim->is_adopted = false;
    shim->start_time = baremetal_start_time(pid);
    shim->started_ns = clock_wall_ns();
    shim->started_ms = clock_now_ms();
    shim->phase = SHIM_RUNNING;
    shim->is_rest_told = false;
    shim->is_exit_known = false;
    baremetal_shim_health_begin(shim);
    baremetal_shim_status(shim, "running");
}

int baremetal_shim_run(struct shim *shim, struct err *err)
{
    int go[2], fail[2];
    struct failure failure;
    ssize_t n;
    pid_t pid;

    if (pipe2(go, O_CLOEXEC) != 0 || pipe2(fail, O_CLOEXEC) != 0)
        return err_set_sys(err, errno, "pipe cannot be made");
    pid = fork();
    if (pid == 0) {
        close(go[1]);
        close(fail[0]);
        be_child(shim, go[0], fail[1]);
    }
    close(go[0]);
    close(fail[1]);
    if (pid < 0) {
        close(go[1]);
        close(fail[0]);
        return err_set_sys(err, errno, "process cannot be made");
    }
    setpgid(pid, pid);
    note_start(shim, pid);
    (void)!write(go[1], "x", 1);
    close(go[1]);
    do
        n = read(fail[0], &failure, sizeof(failure));
    while (n < 0 && errno == EINTR);
    close(fail[0]);
    if (n != (ssize_t)sizeof(failure)) {
        baremetal_event("../..", shim->record, "start", 0, NULL);
        return 0;
    }
    waitpid(pid, NULL, 0);
    shim->pid = 0;
    shim->exit_code = EXIT_NO_PROGRAM;
    shim->is_exit_known = true;
    shim->finished_ns = clock_wall_ns();
    baremetal_shim_health_end(shim);
    baremetal_shim_status(shim, "exited");
    return err_set_sys(err, failure.error, "%s: \"%s\"", failure.what,
                       text_starts(failure.what, "program")
                           ? node_as_text(node_get(shim->run, "argv")->u.list.items[0])
                           : baremetal_text(shim->run, "dir"));
}

/* --- the end of the process ----------------------------------------------------------------------
 */

static void finish(struct shim *shim)
{
    baremetal_shim_health_end(shim);
    baremetal_log_move(&shim->log, 0);
    baremetal_log_move(&shim->log, 1);
    baremetal_shim_status(shim, "exited");
    baremetal_event("../..", shim->record, "die", shim->exit_code, NULL);
    shim->phase = SHIM_DONE;
    unlink("sock");
    close(shim->lock);
    baremetal_shim_answer_all(shim);
}

static bool wants_restart(const struct shim *shim)
{
    const char *policy = baremetal_text(shim->run, "restart");
    int64_t most = baremetal_int(shim->run, "max_attempts");

    if (shim->is_stopping || !policy)
        return false;
    if (text_is(policy, "always") || text_is(policy, "unless-stopped"))
        return true;
    return text_is(policy, "on-failure") && (shim->exit_code != 0 || !shim->is_exit_known) &&
           (most == 0 || shim->restarts < most);
}

static void on_backoff(void *arg)
{
    struct shim *shim = arg;
    ERR_AUTO(err);

    shim->timer = NULL;
    shim->restarts++;
    if (baremetal_shim_run(shim, &err) == 0)
        return;
    shim->phase = SHIM_CLEARING;
    baremetal_shim_advance(shim);
}

static void begin_backoff(struct shim *shim)
{
    int64_t up_ms = clock_now_ms() - shim->started_ms;

    shim->backoff_ms = shim->backoff_ms == 0 || up_ms >= UP_LONG_MS
                           ? BACKOFF_FIRST_MS
                           : MIN(shim->backoff_ms * 2, BACKOFF_LAST_MS);
    shim->phase = SHIM_BACKOFF;
    shim->health = HEALTH_NONE;
    shim->pid = 0;
    baremetal_event("../..", shim->record, "die", shim->exit_code, NULL);
    baremetal_shim_status(shim, "restarting");
    shim->timer = loop_add_timer(shim->loop, shim->backoff_ms, on_backoff, shim);
}

static void signal_all(const baremetal_pids *pids, int signo)
{
    VEC_EACH (pids, pid)
        kill(*pid, signo);
}

static void on_look(void *arg)
{
    struct shim *shim = arg;

    shim->timer = NULL;
    baremetal_shim_advance(shim);
}

/* The main process has gone; what else belongs to the instance has to follow within the grace time.
 */
void baremetal_shim_advance(struct shim *shim)
{
    baremetal_pids pids = { NULL, 0, 0 };

    if (shim->phase != SHIM_CLEARING)
        return;
    loop_remove(shim->timer);
    shim->timer = NULL;
    baremetal_members(shim->pid, shim->id, shim->is_adopted, shim->check, &pids);
    if (pids.n == 0) {
        if (wants_restart(shim))
            begin_backoff(shim);
        else
            finish(shim);
    } else {
        if (clock_now_ms() >= shim->deadline_ms) {
            signal_all(&pids, SIGKILL);
        } else if (!shim->is_rest_told) {
            signal_all(&pids, shim->stop_signal);
            signal_all(&pids, SIGCONT);
            shim->is_rest_told = true;
        }
        shim->pause_ms = MIN(MAX(shim->pause_ms * 2, LOOK_MS), 200);
        shim->timer = loop_add_timer(shim->loop, shim->pause_ms, on_look, shim);
    }
    VEC_RELEASE(&pids);
}

static void begin_clearing(struct shim *shim)
{
    if (!shim->is_stopping || shim->deadline_ms == 0)
        shim->deadline_ms = clock_now_ms() + shim->grace_ms;
    shim->phase = SHIM_CLEARING;
    shim->pause_ms = 0;
}

void baremetal_shim_ended(struct shim *shim, bool is_known, int wait_status)
{
    if (shim->phase != SHIM_RUNNING)
        return;
    shim->is_exit_known = is_known;
    shim->exit_code = !is_known                ? EXIT_UNKNOWN
                      : WIFEXITED(wait_status) ? WEXITSTATUS(wait_status)
                                               : 128 + WTERMSIG(wait_status);
    shim->finished_ns = clock_wall_ns();
    shim->is_paused = false;
    loop_remove(shim->term_timer);
    shim->term_timer = NULL;
    loop_remove(shim->pid_source);
    shim->pid_source = NULL;
    if (shim->pidfd >= 0)
        close(shim->pidfd);
    shim->pidfd = -1;
    baremetal_shim_health_end(shim);
    begin_clearing(shim);
}

/* --- stop
 * ----------------------------------------------------------------------------------------- */

void baremetal_shim_signal(struct shim *shim, int signo)
{
    if (shim->phase == SHIM_RUNNING && shim->pid > 0)
        kill(-shim->pid, signo);
}

static void on_grace_over(void *arg)
{
    struct shim *shim = arg;
    baremetal_pids pids = { NULL, 0, 0 };

    shim->term_timer = NULL;
    baremetal_members(shim->pid, shim->id, shim->is_adopted, 0, &pids);
    signal_all(&pids, SIGKILL);
    VEC_RELEASE(&pids);
}

void baremetal_shim_stop(struct shim *shim, int signo, int64_t grace_ms)
{
    bool is_kill = signo == SIGKILL;

    if (grace_ms <= 0 && !is_kill)
        grace_ms = shim->grace_ms;
    shim->is_stopping = true;
    shim->deadline_ms = clock_now_ms() + (is_kill ? 0 : grace_ms);
    if (shim->phase == SHIM_BACKOFF) {
        loop_remove(shim->timer);
        shim->timer = NULL;
        finish(shim);
        return;
    }
    if (shim->phase == SHIM_CLEARING) {
        baremetal_shim_advance(shim);
        return;
    }
    baremetal_shim_signal(shim, signo ? signo : shim->stop_signal);
    baremetal_shim_signal(shim, SIGCONT);
    loop_remove(shim->term_timer);
    shim->term_timer = loop_add_timer(shim->loop, is_kill ? 0 : grace_ms, on_grace_over, shim);
}

/* --- adoption
 * -------------------------------------------------------------------------------------- */

static void on_pidfd(void *arg, int fd, unsigned events)
{
    struct shim *shim = arg;

    (void)fd;
    (void)events;
    baremetal_shim_ended(shim, false, 0);
    baremetal_shim_advance(shim);
}

/* A shim was killed: goes on from what it had written down. */
int baremetal_shim_adopt(struct shim *shim, struct err *err)
{
    struct baremetal_look look;

    if (baremetal_look(shim->arena, ".", &look, err) != 0)
        return -1;
    if (!look.status || text_is(baremetal_text(look.status, "state"), "exited")) {
        shim->phase = SHIM_DONE;
        return 0;
    }
    shim->pid = look.pid;
    shim->is_adopted = true;
    shim->start_time = baremetal_int(look.status, "start_time");
    shim->started_ns = baremetal_int(look.status, "started");
    shim->started_ms = clock_now_ms() - (clock_wall_ns() - shim->started_ns) / 1000000;
    shim->restarts = baremetal_int(look.status, "restarts");
    shim->exit_code = look.exit_code;
    shim->is_exit_known = look.is_exit_known;
    shim->finished_ns = baremetal_int(look.status, "finished");
    shim->is_paused = look.state == STATE_PAUSED;
    shim->phase = SHIM_RUNNING;
    shim->pidfd = look.pid > 0 ? (int)syscall(SYS_pidfd_open, look.pid, 0) : -1;
    if (shim->pidfd >= 0 && baremetal_start_time(look.pid) == shim->start_time) {
        shim->pid_source = loop_add_fd(shim->loop, shim->pidfd, LOOP_READ, on_pidfd, shim);
        baremetal_shim_health_begin(shim);
        shim->health = look.health;
        baremetal_shim_status(shim, shim->is_paused ? "paused" : "running");
        return 0;
    }
    if (look.state == STATE_RESTARTING) {
        shim->phase = SHIM_CLEARING;
        baremetal_shim_advance(shim);
        return 0;
    }
    baremetal_shim_ended(shim, false, 0);
    baremetal_shim_advance(shim);
    return 0;
}
