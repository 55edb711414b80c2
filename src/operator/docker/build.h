/*
 * build.h - what the two ways to build an image share (apply-build.c chooses, build-bake.c and
 * build-engine.c do it, build-trace.c reads what BuildKit tells, build-auth.c has the credentials).
 * Used inside of this folder only.
 */
#ifndef OCTO_OPERATOR_DOCKER_BUILD_H
#define OCTO_OPERATOR_DOCKER_BUILD_H

#include "operator/docker/fields.h"
#include "operator/docker/task.h"

#define BUILD_TAIL_MAX 1024

/* The output: shown line by line, and the end of what commands print is kept for the message of a
   failure. */
struct build_log {
    struct str line, tail;
    struct str last; /* of the builder's own lines: it repeats itself */
};
void build_log_init(struct build_log *log);
void build_log(struct task *task, struct build_log *log, const char *bytes, size_t len);
void build_line(struct task *task, struct build_log *log, const char *line);
void build_log_release(struct build_log *log);
/* Ends the task; why may be NULL. */
void build_failed(struct task *task, struct build_log *log, const char *why);

const struct build *build_of(const struct task *task);
bool build_is_remote(const char *context);
struct node *build_labels(struct task *task, bool is_classic);
struct node *build_args(struct task *task);
struct node *build_tags(struct task *task);
const char *build_platform(struct task *task);

/* build-auth.c: the header X-Registry-Config with all credentials there are. It is the receiver's, and a
   secret. Not called when the step ends meanwhile. */
typedef void (*build_auth_fn)(struct task *task, char *header);
void build_auth(struct task *task, build_auth_fn done);

/* build-trace.c: a status of BuildKit in its binary form. */
void build_trace(struct task *task, struct build_log *log, const char *bytes, size_t len);
/* ... and as JSON, a line each. */
void build_status(struct task *task, struct build_log *log, const struct node *status);

#endif
