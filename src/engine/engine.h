/*
 * engine.h - a client of the Docker Engine's API, versions 1.41 to 1.55: where the engine is, which
 * version is spoken, calls with JSON both ways, its streams. Knows nothing of projects.
 *
 * Every error says what was asked, what came back and, where known, what to do.
 */
#ifndef OCTO_ENGINE_ENGINE_H
#define OCTO_ENGINE_ENGINE_H

#include "base/loop.h"
#include "data/jread.h"
#include "data/jwrite.h"
#include "net/http.h"

#define ENGINE_API_MIN 41 /* 1.41 */
#define ENGINE_API_MAX 55

struct engine_config {
    struct loop *loop;
    const char *const *environment; /* "K=V" texts: DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG,
                                       DOCKER_TLS..., HOME; NULL is an empty one */
    const char *host;    /* -H, or NULL */
    const char *context; /* --context, or NULL */
};

/* Opening talks to nobody. Closing ends all calls without their callbacks; allowed in a callback. */
struct engine;
int engine_open(const struct engine_config *config, struct engine **ret_engine, struct err *err)
    ATTR_MUST_CHECK;
void engine_close(struct engine *engine);
/* How many calls are on their way at one time (HTTP_LIMIT); streams and calls that wait (stop, restart,
   wait) do not count. */
void engine_set_limit(struct engine *engine, size_t n);
/* Requests sent so far. */
unsigned engine_count(const struct engine *engine);
const char *
engine_host(const struct engine *engine); /* "unix:///var/run/docker.sock", for messages */

/* Where it is, the same text however it was spelled or by which context it was named: for locks. Added to
   out. */
void engine_identity(const struct engine *engine, struct str *out);

/* The minor of the version spoken (41 to 55); 0 before the first answer. Calls queue behind the one
   negotiation that the first of them starts. */
unsigned engine_api(const struct engine *engine);
bool engine_is_podman(const struct engine *engine);
/* The builder that the engine prefers: 1 classic, 2 BuildKit, 0 when it does not say. */
unsigned engine_builder(const struct engine *engine);
/* The user's docker configuration (config.json), or NULL; its folder; why it could not be read, or
   NULL. */
const struct node *engine_docker_config(const struct engine *engine);
const char *engine_docker_config_dir(const struct engine *engine);
const char *engine_docker_config_problem(const struct engine *engine);
/* Asks for nothing but the version. */
typedef void (*engine_ready_fn)(void *arg, struct err *err);
void engine_negotiate(struct engine *engine, engine_ready_fn done, void *arg);

/* The answer to a call: its JSON in an arena that is gone after the callback, unless it takes it
   (steal answer->arena). node is NULL for an empty body. On failure err is set (err->status has the
   HTTP status; the text is METHOD, what, and the engine's message). */
struct engine_answer {
    int status;
    struct arena *arena;
    struct node *node;
};
typedef void (*engine_done_fn)(void *arg, struct engine_answer *answer, struct err *err);

/* For callers: ERR_PROTOCOL unless the answer's node is of that kind (an engine that answers nonsense). */
int engine_answer_check(const struct engine_answer *answer, enum node_kind kind, const char *what,
                        struct err *err) ATTR_MUST_CHECK;

/* One call under way: the caller's to cancel until its `done` is called. Nothing is called back from
   inside the functions of this file. */
struct engine_call;
/* path without version ("/containers/json?all=1"); body NULL or JSON text. what names the subject
   in messages: "container \"web-1\"". ok_status: up to two more statuses that are no failure (304,
   404), 0 none. */
struct engine_call *engine_call(struct engine *engine, const char *method, const char *path,
                                const char *body, const char *what, const int ok_status[2],
                                engine_done_fn done, void *arg);
/* No callback follows. NULL allowed. */
void engine_cancel(struct engine_call *call);

/* Calls with a streamed answer or body, and credentials. */
struct engine_stream_spec {
    const char *method, *path, *what;
    const char *body;                /* JSON, or NULL */
    const char *const *headers;
    http_read_fn read;               /* streamed body */
    const char *content_type;
    /* Exactly one of the two: values of a JSON stream, or raw pieces. */
    jread_fn value;
    http_data_fn data;
    http_head_fn head;               /* may be NULL */
    engine_done_fn done;             /* answer->node is NULL */
    void *arg;
    bool is_hijack, is_long;
    bool is_background;              /* does not keep loop_run() alive */
};
/* A value with "errorDetail" or "error" ends the stream: `done` gets its text as the error. A raw stream
   of a refused call (status 4xx, 5xx) gives its reason to `done`, nothing to `data`. */
struct engine_call *engine_stream(struct engine *engine, const struct engine_stream_spec *spec);
/* For http_write(), http_pause(); NULL until the engine's version is known: from `head` on it is set. */
struct http_request *engine_call_request(struct engine_call *call);

/* Splits a multiplexed stream (8-byte frame heads) into outputs; keeps a carry between pieces. */
struct engine_frames {
    unsigned char head[8];
    unsigned n_head;
    uint32_t left;
    int stream;
};
typedef int (*engine_frame_fn)(void *arg, int stream, const char *bytes, size_t len);
/* -1: what came is no such stream, or fn returned not 0. Stream 3 is the engine's own error text. */
int engine_frames_feed(struct engine_frames *frames, const char *bytes, size_t len,
                       engine_frame_fn fn, void *arg) ATTR_MUST_CHECK;
/* The stream may end here: no frame is half read. */
bool engine_frames_is_complete(const struct engine_frames *frames);

/* The X-Registry-Auth header of an image reference ("X-Registry-Auth: ...", the callback frees it:
   it is a secret, mem_wipe() it), from the user's docker configuration: auths, credential helpers.
   Asynchronous because helpers are programs. Without credentials it says so; header is NULL exactly
   when err is set. */
typedef void (*engine_auth_fn)(void *arg, char *header, struct err *err);
void engine_registry_auth(struct engine *engine, const char *reference, engine_auth_fn done,
                          void *arg);

/* The parts of an image reference: "docker.io", "library/redis", "7", "sha256:..." (unset parts NULL; tag
   "latest" when there is neither tag nor digest). Heap strings. */
struct image_reference {
    char *domain, *path, *tag, *digest;
    char *familiar; /* as people write it: "redis:7"; without a tag when there was none */
};
int image_reference_parse(const char *text, struct image_reference *ret, struct err *err)
    ATTR_MUST_CHECK;
void image_reference_release(struct image_reference *reference);

#endif
