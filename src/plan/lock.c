/*
 * lock.c - the project lock: a flock on a file of the runtime folder, so that the kernel frees it
 * with its holder; the text in the file is for people only. The holder removes the file when it is
 * done: whoever gets the lock of a removed file opens the new one. Called by the commands that
 * change something.
 */
#include "base/base.h"

#include "plan/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#define POLL_MIN_MS 5
#define POLL_MAX_MS 200
#define HOLDER_MAX 512 /* bytes of the holder's description */

struct lock {
    struct loop *loop;
    int fd;
    char *path;
    char *project;
    int64_t deadline_ms; /* < 0: none */
    int64_t pause_ms;
    void (*waiting)(void *arg, const char *holder);
    lock_done_fn done;
    void *arg;
    struct err err; /* of the start, reported from the loop */
};

/* A command line that is as long as it is would say too much: the program and its first words. */
static void describe_self(struct str *out)
{
    STR_AUTO(words);

    str_printf(out, "pid %ld", (long)getpid());
    if (file_read("/proc/self/cmdline", 65536, &words, NULL) == 0 && words.len > 0) {
        for (size_t i = 0; i + 1 < words.len; i++) {
            if (words.buf[i] == '\0')
                words.buf[i] = ' ';
        }
        str_cut(&words, MIN(words.len, (size_t)160));
        str_printf(out, " (%s)", words.buf);
    }
    str_add(out, " since ");
    clock_print_rfc3339(clock_wall_ns() / 1000000000 * 1000000000, false, out);
}

static void write_holder(int fd)
{
    STR_AUTO(text);

    describe_self(&text);
    str_add_char(&text, '\n');
    /* Without the text the lock is as good: a full disk is no reason to refuse it. */
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text.buf, text.len, 0) < 0)
        log_debug("cannot write who holds the lock");
}

static void read_holder(int fd, struct str *out)
{
    char bytes[HOLDER_MAX];
    ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

    for (ssize_t i = 0; i < n && bytes[i] != '\n' && bytes[i] != '\0'; i++)
        str_add_char(out, bytes[i]);
    if (out->len == 0)
        str_add(out, "another process");
}

static void lock_free(struct lock *lock)
{
    if (lock->fd >= 0)
        close(lock->fd);
    mem_free(lock->path);
    mem_free(lock->project);
    err_release(&lock->err);
    mem_free(lock);
}

static void fail(struct lock *lock, struct err *err)
{
    struct err moved = ERR_INIT;
    lock_done_fn done = lock->done;
    void *arg = lock->arg;

    err_move(&moved, err);
    lock_free(lock);
    done(arg, NULL, &moved);
    err_release(&moved);
}

static int open_file(struct lock *lock, struct err *err)
{
    if (lock->fd >= 0)
        close(lock->fd);
    lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock->fd < 0)
        return err_set_sys(err, errno, "cannot open the lock \"%s\"", lock->path);
    return 0;
}

/* Whether the path still leads to the file that is open: its holder may have removed it. */
static bool is_current(const struct lock *lock)
{
    struct stat mine, its;

    return fstat(lock->fd, &mine) == 0 && stat(lock->path, &its) == 0 &&
           mine.st_dev == its.st_dev && mine.st_ino == its.st_ino;
}

/* 1: taken, 0: somebody has it. */
static int try_once(struct lock *lock, struct err *err)
{
    for (;;) {
        if (flock(lock->fd, LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK || errno == EINTR)
                return 0;
            return err_set_sys(err, errno, "cannot lock \"%s\"", lock->path);
        }
        if (is_current(lock))
            return 1;
        if (open_file(lock, err) != 0)
            return -1;
    }
}

static void try_lock(void *arg)
{
    struct lock *lock = arg;
    struct err err = ERR_INIT;
    STR_AUTO(holder);
    int taken;

    if (err_is_set(&lock->err)) {
        fail(lock, &lock->err);
        return;
    }
    taken = try_once(lock, &err);
    if (taken > 0) {
        write_holder(lock->fd);
        lock->done(lock->arg, lock, &err);
        return;
    }
    if (taken < 0) {
        fail(lock, &err);
        return;
    }
    read_holder(lock->fd, &holder);
    if (lock->deadline_ms >= 0 && clock_now_ms() >= lock->deadline_ms) {
        err_set(&err, ERR_LOCKED, "project \"%s\" is locked by %s", lock->project, holder.buf);
        fail(lock, &err);
        return;
    }
    if (lock->waiting)
        lock->waiting(lock->arg, holder.buf);
    lock->waiting = NULL;
    loop_add_timer(lock->loop, lock->pause_ms, try_lock, lock);
    lock->pause_ms = MIN(lock->pause_ms * 2, POLL_MAX_MS);
}

/* Root has one place for it, whatever the environment says: services and login shells must meet. */
static int set_path(struct lock *lock, const char *operator_name, const char *place,
                    struct err *err)
{
    STR_AUTO(path);
    size_t dir_len;

    if (geteuid() == 0 && access("/run", W_OK) == 0)
        str_add(&path, "/run/octocompose");
    else
        path_runtime_dir(&path);
    str_add(&path, "/locks");
    if (file_make_dirs(path.buf, 0700, err) != 0)
        return -1;
    dir_len = path.len + 1;
    str_printf(&path, "/%s-%016llx-%s.lock", operator_name,
               (unsigned long long)text_hash(place, strlen(place)), lock->project);
    for (size_t i = dir_len; i < path.len; i++) {
        if (path.buf[i] == '/')
            path.buf[i] = '_';
    }
    lock->path = str_steal(&path);
    return open_file(lock, err);
}

void lock_take(struct loop *loop, const char *operator_name, const char *place, const char *project,
               int64_t timeout_ms, void (*waiting)(void *arg, const char *holder),
               lock_done_fn done, void *arg)
{
    struct lock *lock = MEM_NEW(struct lock);

    lock->loop = loop;
    lock->fd = -1;
    lock->project = mem_dup(project);
    lock->deadline_ms = timeout_ms < 0 ? -1 : clock_now_ms() + timeout_ms;
    lock->pause_ms = POLL_MIN_MS;
    lock->waiting = waiting;
    lock->done = done;
    lock->arg = arg;
    if (set_path(lock, operator_name, place, &lock->err) != 0)
        assert(err_is_set(&lock->err));
    loop_add_soon(loop, try_lock, lock);
}

void lock_release(struct lock *lock)
{
    if (!lock)
        return;
    if (unlink(lock->path) != 0)
        log_debug("cannot remove the lock");
    lock_free(lock);
}
