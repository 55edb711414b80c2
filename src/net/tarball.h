/*
 * tarball.h - tar archives by libarchive, which stays in tarball.c: build contexts and files for
 * containers are written as streams; nothing is ever unpacked outside of a given folder.
 */
#ifndef OCTO_NET_TARBALL_H
#define OCTO_NET_TARBALL_H

#include "base/err.h"
#include "base/str.h"

struct tarball;
/* A GNU tar archive written into memory in pieces: what was added since the last take is in `out`. */
struct tarball *tarball_new(struct str *out);
/* One regular file from memory; mtime 0. */
int tarball_add_bytes(struct tarball *tarball, const char *name, unsigned mode, int64_t uid,
                      int64_t gid, const char *bytes, size_t len, struct err *err) ATTR_MUST_CHECK;
/* A file, link or folder (not its contents) from disk, as `name`; its bytes are added in pieces by
   tarball_step() so that memory stays small. uid and gid 0. */
int tarball_begin_path(struct tarball *tarball, const char *path, const char *name, struct err *err)
    ATTR_MUST_CHECK;
/* Adds at most max bytes of the begun file: 1 when more is left, 0 when done, -1. */
int tarball_step(struct tarball *tarball, size_t max, struct err *err) ATTR_MUST_CHECK;
int tarball_end(struct tarball *tarball, struct err *err) ATTR_MUST_CHECK;
void tarball_free(struct tarball *tarball);

#endif
