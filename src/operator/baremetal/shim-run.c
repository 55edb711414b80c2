/*
 * shim-run.c - the shim's process: start, end, what is left of it, restart policy, stop.
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
#include "operator/baremetal/cgroup.h"

#define LOOK_MS 10 /* between looks for what is left, and the longest pause */
#define LOOK_LAST_MS 200
#define EXIT_UNKNOWN (-1)
#define EXIT_NO_PROGRAM 127

/* --- what is written down -----------------------------------------------------------------------
 */

static const char *state_of(const struct shim *shim)
{
    switch (shim->phase) {
    case SHIM_RUNNING:
        return shim->is_stopping || shim->is_gone ? "stopping"
               : shim->is_paused                  ? "paused"
                                                  : "running";
    case SHIM_CLEARING:
        return baremetal_shim_will_restart(shim) ? "restarting" : "stopping";
    case SHIM_BACKOFF:
        return shim->is_stopping ? "stopping" : "restarting";
    default:
        return "exited";
    }
}

int baremetal_shim_status(struct shim *shim, struct err *err)
{
    struct baremetal_status status = {
        .state = state_of(shim),
        .health = shim->health,
        .pid = shim->pid,
        .session = shim->session,
        .start_time = shim->start_time,
        .started_ns = shim->started_ns,
        .finished_ns = shim->finished_ns,
        .exit_code = shim->exit_code,
        .is_exit_known = shim->is_exit_known,
        .restarts = shim->restarts,
        .backoff_ms = shim->backoff_ms,
        .is_ordered = shim->is_stopping,
        .deadline_ms = shim->deadline_ms,
    };
    STR_AUTO(boot);
    STR_AUTO(text);

    baremetal_boot_id(&boot);
    status.boot_id = boot.buf;
    baremetal_status_print(&status, &text);
    return file_write_unsynced("status.json", text.buf, text.len, 0600, err);
}

/* Room for what must be known: an older part of the log goes before the end is forgotten. */
void baremetal_shim_note(struct shim *shim)
{
    ERR_AUTO(err);

    if (baremetal_shim_status(shim, &err) == 0)
        return;
    err_release(&err);
    baremetal_log_make_room(&shim->log);
    if (baremetal_shim_status(shim, &err) != 0 && shim->phase == SHIM_DONE)
        unlink("status.json"); /* never started is less wrong than still running */
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
    const char *input = baremetal_text(shim->run, "input");
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
    fds[0] = input ? open(input, O_RDWR) : open("/dev/null", O_RDONLY);
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

static int note_start(struct shim *shim, pid_t pid, struct err *err)
{
    shim->pid = shim->group = pid;
    shim->session = getsid(0);
    shim->is_adopted = false;
    shim->start_time = baremetal_start_time(pid);
    shim->started_ns = clock_wall_ns();
    shim->started_ms = clock_now_ms();
    shim->finished_ns = 0;
    shim->phase = SHIM_RUNNING;
    shim->is_rest_told = false;
    shim->is_exit_known = false;
    shim->exit_code = 0;
    shim->deadline_ms = 0;
    baremetal_shim_health_begin(shim);
    return baremetal_shim_status(shim, err);
}

static void note_failure(struct shim *shim)
{
    while (waitpid(shim->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    shim->pid = 0;
    shim->exit_code = EXIT_NO_PROGRAM;
    shim->is_exit_known = true;
    shim->finished_ns = clock_wall_ns();
    shim->phase = SHIM_DONE;
    baremetal_shim_health_end(shim);
    baremetal_shim_note(shim);
}

/* Tells the child to go on, and waits until it became the program. */
static int release_child(struct shim *shim, int go, int fail, struct err *err)
{
    struct failure failure;
    ssize_t n;

    (void)!write(go, "x", 1);
    do
        n = read(fail, &failure, sizeof(failure));
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof(failure))
        return 0;
    return err_set_sys(err, failure.error, "%s: \"%s\"", failure.what,
                       text_starts(failure.what, "program")
                           ? node_as_text(node_get(shim->run, "argv")->u.list.items[0])
                           : baremetal_text(shim->run, "dir"));
}

int baremetal_shim_run(struct shim *shim, struct err *err)
{
    int go[2], fail[2], result;
    pid_t pid;

    if (pipe2(go, O_CLOEXEC) != 0)
        return err_set_sys(err, errno, "pipe cannot be made");
    if (pipe2(fail, O_CLOEXEC) != 0) {
        close(go[0]);
        close(go[1]);
        return err_set_sys(err, errno, "pipe cannot be made");
    }
    pid = fork();
    if (pid == 0) {
        close(go[1]);
        close(fail[0]);
        be_child(shim, go[0], fail[1]);
    }
    close(go[0]);
    close(fail[1]);
    if (pid < 0) {
        result = err_set_sys(err, errno, "process cannot be made");
    } else {
        setpgid(pid, pid);
        result = note_start(shim, pid, err);
        if (result == 0)
            result = release_child(shim, go[1], fail[0], err);
    }
    close(go[1]);
    close(fail[0]);
    if (pid > 0 && result != 0)
        note_failure(shim);
    else if (pid > 0)
        baremetal_event("../..", shim->record, "start", 0, NULL);
    return result;
}

/* --- the end of the process ----------------------------------------------------------------------
 */

static void finish(struct shim *shim)
{
    baremetal_shim_health_end(shim);
    baremetal_log_move(&shim->log, 0);
    baremetal_log_move(&shim->log, 1);
    shim->phase = SHIM_DONE;
    baremetal_shim_note(shim);
    baremetal_event("../..", shim->record, "die", shim->exit_code, NULL);
    unlink("sock");
    close(shim->lock);
    baremetal_shim_answer_all(shim);
}

bool baremetal_shim_will_restart(const struct shim *shim)
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
    shim->backoff_ms = baremetal_backoff_ms(shim->backoff_ms, clock_now_ms() - shim->started_ms);
    shim->phase = SHIM_BACKOFF;
    shim->health = HEALTH_NONE;
    baremetal_event("../..", shim->record, "die", shim->exit_code, NULL);
    baremetal_shim_note(shim);
    baremetal_shim_tell(shim);
    shim->timer = loop_add_timer(shim->loop, shim->backoff_ms, on_backoff, shim);
}

static void on_look(void *arg)
{
    struct shim *shim = arg;

    shim->timer = NULL;
    baremetal_shim_advance(shim);
}

static void find_members(const struct shim *shim, pid_t except, baremetal_members *out)
{
    struct baremetal_instance of = { .id = shim->id,
                                     .group = baremetal_text(shim->run, "group"),
                                     .is_adopted = shim->is_adopted,
                                     .start_time = shim->start_time,
                                     .session = shim->session,
                                     .except = except };

    baremetal_members_find(&of, out);
}

/* The group ends all at once, so that nothing can fork away between the look and the signal. */
static void kill_members(const struct shim *shim, const baremetal_members *members)
{
    baremetal_cgroup_kill(baremetal_text(shim->run, "group"));
    baremetal_members_signal(members, 0, SIGKILL);
}

static void end_rest(struct shim *shim, const baremetal_members *rest)
{
    if (clock_now_ms() >= shim->deadline_ms) {
        kill_members(shim, rest);
    } else if (!shim->is_rest_told) {
        baremetal_members_signal(rest, 0, shim->stop_signal);
        baremetal_members_signal(rest, 0, SIGCONT);
        shim->is_rest_told = true;
    }
}

/* The main process has gone; what else belongs to the instance has to follow within the grace time.
 */
void baremetal_shim_advance(struct shim *shim)
{
    baremetal_members rest = { NULL, 0, 0 };

    if (shim->phase != SHIM_CLEARING)
        return;
    loop_remove(shim->timer);
    shim->timer = NULL;
    find_members(shim, shim->check, &rest);
    if (rest.n == 0) {
        if (baremetal_shim_will_restart(shim))
            begin_backoff(shim);
        else
            finish(shim);
    } else {
        end_rest(shim, &rest);
        shim->pause_ms = MIN(MAX(shim->pause_ms * 2, LOOK_MS), LOOK_LAST_MS);
        shim->timer = loop_add_timer(
            shim->loop, MIN(shim->pause_ms, MAX(shim->deadline_ms - clock_now_ms(), LOOK_MS)),
            on_look, shim);
    }
    VEC_RELEASE(&rest);
}

static void begin_clearing(struct shim *shim)
{
    if (shim->deadline_ms == 0)
        shim->deadline_ms = clock_now_ms() + shim->grace_ms;
    shim->phase = SHIM_CLEARING;
    shim->pause_ms = 0;
}

/* Written down before the process is reaped: a shim that is killed in between leaves both to its
   successor, who is told once. */
void baremetal_shim_ended(struct shim *shim, bool is_known, int wait_status)
{
    if (shim->phase != SHIM_RUNNING)
        return;
    baremetal_log_move(&shim->log, 0); /* what it said comes before its end */
    baremetal_log_move(&shim->log, 1);
    shim->is_exit_known = is_known;
    shim->exit_code = !is_known                ? EXIT_UNKNOWN
                      : WIFEXITED(wait_status) ? WEXITSTATUS(wait_status)
                                               : 128 + WTERMSIG(wait_status);
    shim->finished_ns = clock_wall_ns();
    if (shim->exit_code == 128 + SIGKILL &&
        baremetal_cgroup_oom(baremetal_text(shim->run, "group")) > 0)
        baremetal_event("../..", shim->record, "oom", 0, NULL);
    shim->is_paused = shim->is_gone = false;
    shim->pid = 0;
    loop_remove(shim->term_timer);
    shim->term_timer = NULL;
    loop_remove(shim->pid_source);
    shim->pid_source = NULL;
    if (shim->pidfd >= 0)
        close(shim->pidfd);
    shim->pidfd = -1;
    baremetal_shim_health_end(shim);
    begin_clearing(shim);
    baremetal_shim_note(shim);
}

/* --- stop
 * ----------------------------------------------------------------------------------------- */

/* Of our own child the group's number cannot pass to a stranger before we reap it. */
void baremetal_shim_signal(struct shim *shim, int signo)
{
    baremetal_members members = { NULL, 0, 0 };

    if (shim->phase != SHIM_RUNNING || shim->pid <= 0)
        return;
    if (!shim->is_adopted) {
        kill(-shim->group, signo);
        return;
    }
    find_members(shim, shim->check, &members);
    baremetal_members_signal(&members, shim->group, signo);
    VEC_RELEASE(&members);
}

static void on_grace_over(void *arg)
{
    struct shim *shim = arg;
    baremetal_members members = { NULL, 0, 0 };

    shim->term_timer = NULL;
    find_members(shim, 0, &members);
    kill_members(shim, &members);
    VEC_RELEASE(&members);
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
    baremetal_shim_note(shim);
    if (shim->phase == SHIM_CLEARING) {
        baremetal_shim_advance(shim);
        return;
    }
    baremetal_shim_signal(shim, signo ? signo : shim->stop_signal);
    baremetal_shim_signal(shim, SIGCONT);
    loop_remove(shim->term_timer);
    shim->term_timer = loop_add_timer(shim->loop, is_kill ? 0 : grace_ms, on_grace_over, shim);
}
