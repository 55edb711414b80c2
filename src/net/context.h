/*
 * context.h - a build context as a stream: the files of a folder, in order of their names, without what
 * .dockerignore says, packed while they are sent. Every folder is read when its turn comes.
 */
#ifndef OCTO_NET_CONTEXT_H
#define OCTO_NET_CONTEXT_H

#include "base/err.h"

struct context_spec {
    const char *dir;
    const char *dockerfile;  /* relative to dir, or absolute; NULL: "Dockerfile" */
    const char *inline_text; /* the Dockerfile itself, or NULL */
};

struct context;
/* Reads the ignore file (that of the Dockerfile, "Dockerfile.dockerignore", before ".dockerignore") and a
   Dockerfile that is not in dir; a missing one is an error. */
int context_new(const struct context_spec *spec, struct context **ret_context, struct err *err)
    ATTR_MUST_CHECK;
void context_free(struct context *context);
/* What the build is to be told: the Dockerfile's name within the archive. */
const char *context_dockerfile(const struct context *context);
/* The next at most cap bytes of the archive, 0 at its end, -1: an http_read_fn, arg is the context. */
ptrdiff_t context_read(void *arg, char *buf, size_t cap);
/* Why context_read() failed, or an empty error. */
const struct err *context_error(const struct context *context);
/* Bytes given out so far. */
uint64_t context_n_bytes(const struct context *context);

#endif
