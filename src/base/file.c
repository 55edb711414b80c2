/*
 * file.c - whole files: read with a limit, written whole or not at all, folders made and removed.
 * Text-only path functions are in path.c.
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"

int file_read_fd(int fd, const char *name, size_t max, struct str *out, struct err *err)
{
    static const size_t piece = (size_t)64 * 1024, least = 4096;
    str_clear(out);
    struct stat st;
    size_t want = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (size_t)st.st_size + 1 : piece;
    CLEANUP(mem_cleanup) char *bytes = NULL;
    want = MAX(want, least); /* the files of /proc have a size of 0 */
    want = MIN(want, MAX(piece, (size_t)1024 * 1024));
    bytes = mem_resize(NULL, want, 1);
    for (;;) {
        ssize_t n = read(fd, bytes, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set_sys(err, errno, "cannot read \"%s\"", name);
        if (!n)
            return 0;
        if ((size_t)n > max - out->len) {
            str_clear(out);
            return err_set(err, ERR_LIMIT, "\"%s\" is larger than %zu bytes", name, max);
        }
        str_add_len(out, bytes, (size_t)n);
    }
}

int file_read(const char *path, size_t max, struct str *out, struct err *err)
{
    str_clear(out);
    FD_AUTO(fd);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return err_set(err, ERR_NOT_FOUND, "no such file: \"%s\"", path);
    if (fd < 0)
        return err_set_sys(err, errno, "cannot open \"%s\"", path);
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        return err_set_sys(err, EISDIR, "cannot read \"%s\"", path);
    return file_read_fd(fd, path, max, out, err);
}

void file_keep_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        if (open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(1);
    }
}

int file_write_all(int fd, const char *bytes, size_t len, struct err *err)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EAGAIN) {
            struct pollfd ready = { .fd = fd, .events = POLLOUT };
            poll(&ready, 1, -1);
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set_sys(err, errno, "cannot write");
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

int file_write_standard(int fd, const char *bytes, size_t len, struct err *err)
{
    if (file_write_all(fd, bytes, len, err) == 0)
        return 0;
    return err_wrap(err, fd == STDERR_FILENO ? "standard error" : "standard output");
}

/* A rename is safe on disk only when its folder is. Some file systems cannot do that: no error. */
static void sync_dir(const char *dir)
{
    FD_AUTO(fd);
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && fsync(fd) < 0)
        return;
}

static int fill_and_rename(int fd, const char *temporary, const char *path, struct slice bytes,
                           unsigned mode, bool is_synced, struct err *err)
{
    if (file_write_all(fd, bytes.at, bytes.len, err) < 0)
        return err_wrap(err, "\"%s\"", path);
    if (fchmod(fd, mode) < 0 || (is_synced && fsync(fd) < 0))
        return err_set_sys(err, errno, "cannot write \"%s\"", path);
    if (rename(temporary, path) < 0)
        return err_set_sys(err, errno, "cannot replace \"%s\"", path);
    return 0;
}

static int replace_file(const char *path, struct slice bytes, unsigned mode, bool is_synced,
                        struct err *err)
{
    STR_AUTO(temporary);
    str_printf(&temporary, "%s.XXXXXX", path);
    FD_AUTO(fd);
    fd = mkostemp(temporary.buf, O_CLOEXEC); /* mode 0600: never wider than asked for */
    if (fd < 0)
        return err_set_sys(err, errno, "cannot create a file beside \"%s\"", path);
    if (fill_and_rename(fd, temporary.buf, path, bytes, mode, is_synced, err) < 0) {
        unlink(temporary.buf);
        return -1;
    }
    if (!is_synced)
        return 0;
    STR_AUTO(dir);
    path_dir(path, &dir);
    sync_dir(dir.buf);
    return 0;
}

int file_write_atomic(const char *path, const char *bytes, size_t len, unsigned mode,
                      struct err *err)
{
    return replace_file(path, (struct slice){ bytes, len }, mode, true, err);
}

int file_write_unsynced(const char *path, const char *bytes, size_t len, unsigned mode,
                        struct err *err)
{
    return replace_file(path, (struct slice){ bytes, len }, mode, false, err);
}

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool file_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool add_real(const char *path, struct str *out)
{
    char real[PATH_MAX];

    if (!realpath(path, real))
        return false;
    str_add(out, real);
    return true;
}

void file_real_path(const char *path, struct str *out)
{
    STR_AUTO(dir);

    str_clear(out);
    if (add_real(path, out))
        return;
    path_dir(path, &dir);
    if (!add_real(dir.buf, out)) {
        str_add(out, path);
        return;
    }
    if (out->len > 1)
        str_add_char(out, '/');
    str_add(out, path_base(path));
}

int file_make_dirs(const char *path, unsigned mode, struct err *err)
{
    STR_AUTO(clean);
    path_clean(path, &clean);
    if (file_is_dir(clean.buf))
        return 0;
    for (size_t i = 1; i <= clean.len; i++) {
        if (clean.buf[i] != '/' && clean.buf[i] != '\0')
            continue;
        char end = clean.buf[i];
        clean.buf[i] = '\0';
        int error_number = mkdir(clean.buf, mode) < 0 ? errno : 0;
        /* EEXIST, but also EROFS or EACCES of a folder that is there already */
        if (error_number && !file_is_dir(clean.buf))
            return err_set_sys(err, error_number, "cannot create the folder \"%s\"", clean.buf);
        clean.buf[i] = end;
    }
    return 0;
}

static int remove_at(int parent, const char *name, const char *shown, int depth, struct err *err);

static int remove_entries(int fd, const char *shown, int depth, struct err *err)
{
    DIR *dir = fdopendir(fd);
    if (!dir) {
        int error_number = errno;
        close(fd);
        return err_set_sys(err, error_number, "cannot read the folder \"%s\"", shown);
    }
    int result = 0;
    struct dirent *entry;
    while (!result && (entry = readdir(dir))) {
        if (text_is(entry->d_name, ".") || text_is(entry->d_name, ".."))
            continue;
        STR_AUTO(path);
        str_printf(&path, "%s/%s", shown, entry->d_name);
        result = remove_at(dirfd(dir), entry->d_name, path.buf, depth + 1, err);
    }
    closedir(dir);
    return result;
}

#define DEPTH_MAX 256 /* each level holds a descriptor open */

static int remove_at(int parent, const char *name, const char *shown, int depth, struct err *err)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return err_set_sys(err, errno, "cannot remove \"%s\"", shown);
    if (depth > DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "folders are nested too deeply: \"%s\"", shown);
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0; /* somebody else removes it, too */
    if (fd < 0)
        return err_set_sys(err, errno, "cannot open the folder \"%s\"", shown);
    if (remove_entries(fd, shown, depth, err) < 0)
        return -1;
    if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return err_set_sys(err, errno, "cannot remove the folder \"%s\"", shown);
    return 0;
}

int file_remove_tree(const char *path, struct err *err)
{
    return remove_at(AT_FDCWD, path, path, 0, err);
}
