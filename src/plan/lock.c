/*
 * lock.c - the project lock: a flock on a file of the runtime folder, so that the kernel frees it with its
 * holder; the text in the file is for people only. The file stays. Called by the commands that change
 * something.
 */
#include "base/base.h"

#include "plan/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
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

static void try_lock(void *arg)
{
    struct lock *lock = arg;
    struct err err = ERR_INIT;
    STR_AUTO(holder);

    if (err_is_set(&lock->err)) {
        fail(lock, &lock->err);
        return;
    }
    if (flock(lock->fd, LOCK_EX | LOCK_NB) == 0) {
        write_holder(lock->fd);
        lock->done(lock->arg, lock, &err);
        return;
    }
    if (errno != EWOULDBLOCK && errno != EINTR) {
        err_set_sys(&err, errno, "cannot lock \"%s\"", lock->path);
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

static int open_file(struct lock *lock, const char *operator_name, const char *endpoint,
                     const char *project, struct err *err)
{
    STR_AUTO(path);
    size_t dir_len;

    path_runtime_dir(&path);
    str_add(&path, "/locks");
    if (file_make_dirs(path.buf, 0700, err) != 0)
        return -1;
    dir_len = path.len + 1;
    str_printf(&path, "/%s-%016llx-%s.lock", operator_name,
               (unsigned long long)text_hash(endpoint ? endpoint : "",
                                             endpoint ? strlen(endpoint) : 0),
               project);
    for (size_t i = dir_len; i < path.len; i++) {
        if (path.buf[i] == '/')
            path.buf[i] = '_';
    }
    lock->path = str_steal(&path);
    lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock->fd < 0)
        return err_set_sys(err, errno, "cannot open the lock \"%s\"", lock->path);
    return 0;
}

void lock_take(struct loop *loop, const char *operator_name, const char *endpoint, const char *project,
               int64_t timeout_ms, void (*waiting)(void *arg, const char *holder), lock_done_fn done,
               void *arg)
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
    if (open_file(lock, operator_name, endpoint, project, &lock->err) != 0)
        assert(err_is_set(&lock->err));
    loop_add_soon(loop, try_lock, lock);
}

void lock_release(struct lock *lock)
{
    if (!lock)
        return;
    if (ftruncate(lock->fd, 0) != 0)
        log_debug("cannot clear who holds the lock");
    lock_free(lock);
}
