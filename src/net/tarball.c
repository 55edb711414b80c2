/*
 * tarball.c - writes pax archives into memory, piece by piece. The only file that knows libarchive.
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/file.h"
#include "base/mem.h"
#include "net/tarball.h"

#define READ_LEN (64u << 10)
#define LINK_MAX_LEN 4096

struct tarball {
    struct archive *archive;
    struct str *out;
    /* The file that tarball_begin_path() began. */
    int fd;
    char *name;
    uint64_t left;
};

static la_ssize_t on_write(struct archive *archive, void *arg, const void *bytes, size_t len)
{
    struct tarball *tarball = arg;
    (void)archive;
    if (tarball->out == NULL)
        return -1;
    str_add_len(tarball->out, bytes, len);
    return (la_ssize_t)len;
}

static int failed(struct tarball *tarball, const char *name, struct err *err)
{
    const char *text = archive_error_string(tarball->archive);
    return err_set(err, ERR_FAILED, "cannot pack \"%s\": %s", name,
                   text ? text : "libarchive failed");
}

struct tarball *tarball_new(struct str *out)
{
    struct tarball *tarball = MEM_NEW(struct tarball);
    tarball->out = out;
    tarball->fd = -1;
    tarball->archive = archive_write_new();
    assert(tarball->archive);
    /* Names are bytes, in every locale, and the first block is the first file: BuildKit takes an
       archive that begins with a pax header for a Dockerfile. */
    archive_write_set_format_gnutar(tarball->archive);
    archive_write_set_bytes_per_block(tarball->archive, 0);
    archive_write_set_bytes_in_last_block(tarball->archive, 1);
    if (archive_write_open(tarball->archive, tarball, NULL, on_write, NULL) != ARCHIVE_OK)
        assert(!"libarchive writes no memory");
    return tarball;
}

static int write_head(struct tarball *tarball, struct archive_entry *entry, const char *name,
                      struct err *err)
{
    /* A warning is about a name that had to be written in two ways. */
    if (archive_write_header(tarball->archive, entry) < ARCHIVE_WARN)
        return failed(tarball, name, err);
    return 0;
}

int tarball_add_bytes(struct tarball *tarball, const char *name, unsigned mode, int64_t uid,
                      int64_t gid, const char *bytes, size_t len, struct err *err)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_copy_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, (mode_t)(mode & 07777));
    archive_entry_set_uid(entry, uid);
    archive_entry_set_gid(entry, gid);
    archive_entry_set_size(entry, (la_int64_t)len);
    archive_entry_set_mtime(entry, 0, 0);
    int result = write_head(tarball, entry, name, err);
    archive_entry_free(entry);
    if (result == 0 && len > 0 &&
        archive_write_data(tarball->archive, bytes, len) != (la_ssize_t)len)
        result = failed(tarball, name, err);
    if (result == 0 && archive_write_finish_entry(tarball->archive) < ARCHIVE_WARN)
        result = failed(tarball, name, err);
    return result;
}

/* The target of a link. */
static int set_link(struct archive_entry *entry, const char *path, struct err *err)
{
    char target[LINK_MAX_LEN + 1];
    ssize_t len = readlink(path, target, LINK_MAX_LEN);
    if (len < 0)
        return err_set_sys(err, errno, "cannot read the link \"%s\"", path);
    target[len] = '\0';
    archive_entry_copy_symlink(entry, target);
    archive_entry_set_size(entry, 0);
    return 0;
}

static int open_file(struct tarball *tarball, const char *path, const struct stat *seen,
                     struct err *err)
{
    struct stat now;
    tarball->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (tarball->fd < 0)
        return err_set_sys(err, errno, "cannot read \"%s\"", path);
    if (fstat(tarball->fd, &now) != 0 || !S_ISREG(now.st_mode) || now.st_ino != seen->st_ino)
        return err_set(err, ERR_FAILED, "cannot pack \"%s\": it changed meanwhile", path);
    tarball->left = (uint64_t)now.st_size;
    return 0;
}

static void close_file(struct tarball *tarball)
{
    if (tarball->fd >= 0)
        close(tarball->fd);
    tarball->fd = -1;
    mem_free(tarball->name);
    tarball->name = NULL;
}

int tarball_begin_path(struct tarball *tarball, const char *path, const char *name, struct err *err)
{
    struct stat info;
    close_file(tarball);
    tarball->left = 0;
    if (lstat(path, &info) != 0)
        return err_set_sys(err, errno, "cannot read \"%s\"", path);
    if (S_ISSOCK(info.st_mode)) /* archives have no sockets */
        return 0;
    struct archive_entry *entry = archive_entry_new();
    archive_entry_copy_stat(entry, &info);
    archive_entry_set_uid(entry, 0);
    archive_entry_set_gid(entry, 0);
    archive_entry_set_nlink(entry, 1);
    archive_entry_unset_atime(entry);
    archive_entry_unset_ctime(entry);
    archive_entry_set_mtime(entry, info.st_mtime, 0);
    archive_entry_copy_pathname(entry, name);
    int result = 0;
    if (S_ISLNK(info.st_mode)) {
        result = set_link(entry, path, err);
    } else if (S_ISREG(info.st_mode)) {
        result = open_file(tarball, path, &info, err);
        archive_entry_set_size(entry, (la_int64_t)tarball->left);
    }
    if (result == 0)
        result = write_head(tarball, entry, name, err);
    archive_entry_free(entry);
    if (result != 0)
        close_file(tarball);
    else
        tarball->name = mem_dup(path);
    return result;
}

int tarball_step(struct tarball *tarball, size_t max, struct err *err)
{
    char buf[READ_LEN];
    while (tarball->left > 0 && max > 0) {
        size_t want = MIN(MIN((uint64_t)sizeof(buf), tarball->left), (uint64_t)max);
        ssize_t n = read(tarball->fd, buf, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set_sys(err, errno, "cannot read \"%s\"", tarball->name);
        if (n == 0)
            return err_set(err, ERR_FAILED, "cannot pack \"%s\": it became shorter meanwhile",
                           tarball->name);
        if (archive_write_data(tarball->archive, buf, (size_t)n) != n)
            return failed(tarball, tarball->name, err);
        tarball->left -= (uint64_t)n;
        max -= (size_t)n;
    }
    if (tarball->left > 0)
        return 1;
    if (tarball->name && archive_write_finish_entry(tarball->archive) < ARCHIVE_WARN)
        return failed(tarball, tarball->name, err);
    close_file(tarball);
    return 0;
}

int tarball_end(struct tarball *tarball, struct err *err)
{
    if (archive_write_close(tarball->archive) != ARCHIVE_OK)
        return failed(tarball, "the end", err);
    return 0;
}

void tarball_free(struct tarball *tarball)
{
    if (tarball == NULL)
        return;
    tarball->out = NULL; /* it may be gone, and libarchive writes an end */
    archive_write_free(tarball->archive);
    close_file(tarball);
    mem_free(tarball);
}
