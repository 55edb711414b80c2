/*
 * file.h - files and paths. Every file that octocompose writes is written whole or not at all.
 */
#ifndef OCTO_BASE_FILE_H
#define OCTO_BASE_FILE_H

#include "base/base.h"

#include <unistd.h>

#include "base/err.h"
#include "base/str.h"

/* Reads a whole regular file (or pipe) into out, which is cleared first; more than max bytes is
   ERR_LIMIT, a missing file ERR_NOT_FOUND. "-" is not special. */
int file_read(const char *path, size_t max, struct str *out, struct err *err) ATTR_MUST_CHECK;
int file_read_fd(int fd, const char *name, size_t max, struct str *out, struct err *err)
    ATTR_MUST_CHECK;
/* Writes a temporary file beside path, syncs it and renames it over path. */
int file_write_atomic(const char *path, const char *bytes, size_t len, unsigned mode,
                      struct err *err) ATTR_MUST_CHECK;
/* The same without waiting for the disk: whole or not at all when programs are killed, but after a
   loss of power the file may be the old one, or empty. */
int file_write_unsynced(const char *path, const char *bytes, size_t len, unsigned mode,
                        struct err *err) ATTR_MUST_CHECK;
/* Opens what of the descriptors 0 to 2 was closed when the program was started, so that no file or
   socket takes its place: writing to 1 then fails, to 2 it is lost, reading 0 ends at once. */
void file_keep_standard(void);
/* Writes all bytes to fd, retrying. */
int file_write_all(int fd, const char *bytes, size_t len, struct err *err) ATTR_MUST_CHECK;
/* The same to descriptor 1 or 2; the error says which. */
int file_write_standard(int fd, const char *bytes, size_t len, struct err *err) ATTR_MUST_CHECK;
bool file_exists(const char *path);
bool file_is_dir(const char *path);
/* The absolute path without links, however it was spelled; its last part need not exist. As it is
   when its folder does not. */
void file_real_path(const char *path, struct str *out);
/* mkdir -p; existing folders keep their mode. */
int file_make_dirs(const char *path, unsigned mode, struct err *err) ATTR_MUST_CHECK;
/* Removes a folder and what is in it, never following links. A missing one is fine. */
int file_remove_tree(const char *path, struct err *err) ATTR_MUST_CHECK;

/* Paths, text only, as Go's path/filepath does: */
void path_clean(const char *path, struct str *out);                 /* Clean */
void path_join(const char *dir, const char *path, struct str *out); /* Join, cleaned */
void path_dir(const char *path, struct str *out);                   /* Dir */
/* Join, but only when path is not absolute. */
void path_absolute(const char *dir, const char *path, struct str *out);
/* The part after the last '/'. */
const char *path_base(const char *path);
bool path_is_absolute(const char *path);
/* path as seen from the folder from, both absolute: "../x", "x", "." */
void path_relative(const char *from, const char *path, struct str *out);
/* As messages name a path: relative when it lies below dir (NULL: as it is). A part of path. */
const char *path_below(const char *dir, const char *path);
/* $HOME, or the password file's. */
const char *path_home(void);
/* Where octocompose keeps a user's state ($XDG_STATE_HOME or ~/.local/state; /var/lib as root) and
   short-lived files ($XDG_RUNTIME_DIR, /run as root, else the state), each with "/octocompose". */
void path_state_dir(struct str *out);
void path_runtime_dir(struct str *out);

static inline void fd_cleanup(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
#define FD_AUTO(name) CLEANUP(fd_cleanup) int name = -1

#endif
