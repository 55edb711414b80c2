/*
 * process.c - starting children, and running a helper program to its end. Not a supervisor: who
 * restarts what is decided elsewhere.
 */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

/* What the child could not do, sent through the error pipe. */
enum stage { STAGE_FILES, STAGE_ENTER, STAGE_DIR, STAGE_EXEC };
struct failure {
    enum stage stage;
    int error_number;
    const char *what; /* the child's memory is the parent's */
};

/* Between fork and exec: only calls that are safe there. */

static void reset_signals(void)
{
    struct sigaction action = { .sa_handler = SIG_DFL };
    for (int signo = 1; signo < NSIG; signo++)
        sigaction(signo, &action, NULL); /* SIGKILL and SIGSTOP refuse, as they should */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void close_others_on_exec(void)
{
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
    static const unsigned on_exec = 1u << 2; /* CLOSE_RANGE_CLOEXEC */
    if (syscall(SYS_close_range, 3u, ~0u, on_exec) == 0)
        return;
    for (int fd = 3; fd < 65536; fd++) /* kernels before 5.11 */
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static bool set_standard_fds(const struct process_spec *spec)
{
    int from[3] = { spec->fd_in, spec->fd_out, spec->fd_err };
    for (int i = 0; i < 3; i++) {
        /* Above 2 first, so that placing one does not overwrite another. */
        int fd = from[i] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : from[i];
        from[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (from[i] < 0)
            return false;
    }
    for (int i = 0; i < 3; i++)
        if (dup2(from[i], i) < 0)
            return false;
    return true;
}

/* Returns only when it failed; ret_stage says at what, errno why. */
static void become(const struct process_spec *spec, enum stage *ret_stage, const char **ret_what)
{
    *ret_stage = STAGE_FILES;
    if (!set_standard_fds(spec))
        return;
    close_others_on_exec();
    if (spec->is_session && isatty(0))
        ioctl(0, TIOCSCTTY, 0);
    *ret_stage = STAGE_ENTER;
    if (spec->enter) {
        int error_number = spec->enter(spec->enter_arg, ret_what);
        errno = error_number;
        if (error_number)
            return;
    }
    *ret_stage = STAGE_DIR;
    if (spec->dir && chdir(spec->dir) < 0)
        return;
    *ret_stage = STAGE_EXEC;
    char *const *argv = (char *const *)(uintptr_t)spec->argv;
    if (spec->env)
        execvpe(argv[0], argv, (char *const *)(uintptr_t)spec->env);
    else
        execvp(argv[0], argv);
}

static ATTR_NORETURN void child_main(const struct process_spec *spec, int error_fd)
{
    if (spec->is_session)
        setsid();
    else if (spec->is_group)
        setpgid(0, 0);
    reset_signals();
    error_fd = fcntl(error_fd, F_DUPFD_CLOEXEC, 3); /* out of the way of 0 to 2 */
    enum stage stage;
    const char *what = NULL;
    become(spec, &stage, &what);
    struct failure failure = { stage, errno, what };
    ssize_t ignored = write(error_fd, &failure, sizeof(failure));
    (void)ignored;
    _exit(127);
}

/* In the parent. */

static int set_failure(struct err *err, const struct process_spec *spec, struct failure failure)
{
    int error_number = failure.error_number;
    if (failure.stage == STAGE_DIR)
        return err_set_sys(err, error_number, "cannot run \"%s\" in the folder \"%s\"",
                           spec->argv[0], spec->dir);
    if (failure.stage == STAGE_ENTER && failure.what)
        return err_set_sys(err, error_number, "cannot run \"%s\": %s", spec->argv[0], failure.what);
    if (failure.stage == STAGE_EXEC && error_number == ENOENT)
        return err_set(err, ERR_NOT_FOUND, "no such program: \"%s\"", spec->argv[0]);
    return err_set_sys(err, error_number, "cannot run \"%s\"", spec->argv[0]);
}

static pid_t fork_child(const struct process_spec *spec, int error_fd)
{
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before); /* no handler of ours may run in the child */
    pid_t pid = fork();
    if (!pid)
        child_main(spec, error_fd);
    int error_number = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error_number;
    return pid;
}

int process_start(const struct process_spec *spec, pid_t *ret_pid, struct err *err)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return err_set_sys(err, errno, "cannot run \"%s\"", spec->argv[0]);
    FD_AUTO(read_fd);
    read_fd = pipe_fds[0];
    pid_t pid = fork_child(spec, pipe_fds[1]);
    int error_number = errno;
    close(pipe_fds[1]);
    if (pid < 0)
        return err_set_sys(err, error_number, "cannot run \"%s\"", spec->argv[0]);
    if (spec->is_group && !spec->is_session)
        setpgid(pid, pid); /* both do it, so that it is done whoever comes first */

    struct failure failure;
    ssize_t n;
    do
        n = read(read_fd, &failure, sizeof(failure));
    while (n < 0 && errno == EINTR);
    if (n == (ssize_t)sizeof(failure)) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        return set_failure(err, spec, failure);
    }
    *ret_pid = pid;
    return 0;
}
