/*
 * engine-internal.h - what the parts of the Engine's client share: engine.c (handle), negotiate.c
 * (version), call.c (one call), stream.c (streamed answers), endpoint.c (where the engine is),
 * docker-config.c (the user's configuration), auth.c (credentials). Not for anybody else.
 */
#ifndef OCTO_ENGINE_ENGINE_INTERNAL_H
#define OCTO_ENGINE_ENGINE_INTERNAL_H

#include "base/vec.h"
#include "engine/engine.h"

/* Where the engine is, and how it is spoken to. */
struct endpoint {
    char *host;        /* as the user wrote it, with a scheme: for messages */
    char *unix_socket; /* or NULL */
    char *base_url;
    char *ca_file, *cert_file, *key_file;
    bool verify_peer;
    char *ssh_user, *ssh_host, *ssh_port, *ssh_socket; /* ssh_host NULL: no ssh */
};

enum engine_state { ENGINE_NEW, ENGINE_ASKING, ENGINE_READY };

struct engine {
    struct loop *loop;
    VEC(char *) environment;
    struct endpoint endpoint;
    struct http *http;
    struct ssh *ssh; /* the helper of ssh:// endpoints, or NULL */

    struct arena *config_arena;
    struct node *config; /* the user's docker configuration; NULL: none */
    char *config_dir;
    char *config_problem; /* why it could not be read, or NULL */

    enum engine_state state;
    unsigned api;
    bool is_podman;
    int64_t ahead_ns; /* of its clock to ours, from the ping; 0 on a local socket */
    unsigned builder; /* Builder-Version of the ping, 0: not said */
    struct http_request *ping;
    struct engine_call *first; /* open calls, newest first */
    struct auth_request *auths; /* helpers that run */
    struct engine_events *events; /* open subscriptions */
};

struct engine_call {
    struct engine *engine; /* NULL: closed while a callback of this call was running */
    struct engine_call *previous, *next;
    char *method, *path, *what, *body, *content_type;
    VEC(char *) headers;
    int ok_status[2];
    bool is_stream, is_hijack, is_long, is_background;
    http_read_fn read;
    http_head_fn head;
    http_data_fn data;
    jread_fn value;
    engine_ready_fn ready; /* engine_negotiate(): no request at all */
    engine_done_fn done;
    void *arg;

    struct http_request *request; /* NULL: waits for the version */
    struct loop_source *soon;     /* of `ready` when the version is known already */
    struct jread_stream *stream;
    struct err fail; /* what the stream's reader found */
    bool has_value_failed; /* fail is of the reader, not of the JSON */
    unsigned depth;  /* inside a callback of the user */
    bool is_cancelled;
};

/* engine.c */
/* The value of a variable in "K=V" texts, or NULL. */
const char *engine_getenv(const struct engine *engine, const char *name);

/* docker-config.c: sets config, config_dir, config_problem. */
void engine_read_config(struct engine *engine);

/* endpoint.c */
int endpoint_resolve(const struct engine *engine, const char *host, const char *context,
                     struct endpoint *ret_endpoint, struct err *err) ATTR_MUST_CHECK;
void endpoint_release(struct endpoint *endpoint);
void endpoint_identity(const struct endpoint *endpoint, struct str *out);

/* negotiate.c */
/* Reads DOCKER_API_VERSION. */
int negotiate_forced(struct engine *engine, struct err *err) ATTR_MUST_CHECK;
/* Asks for the version, unless that is under way; then starts or fails every waiting call. */
void negotiate_start(struct engine *engine);
/* "1.44" to 44; -1 when the text is no version or the major is not 1. */
int negotiate_parse(const char *text);

/* call.c */
struct engine_call *call_new(struct engine *engine, const char *method, const char *path,
                             const char *body, const char *what, void *arg);
/* Sends it, or asks for the version first. */
void call_submit(struct engine_call *call);
/* The version is known. */
void call_send(struct engine_call *call);
/* Ends a call that was not sent: err (set) is copied, with the call's name before it. */
void call_fail(struct engine_call *call, const struct err *err);
/* Around callbacks of the user within a call. Leave says whether the call is still wanted; when not,
   the call may be gone. */
void call_enter(struct engine_call *call);
bool call_leave(struct engine_call *call);
void call_free(struct engine_call *call);
/* Closing the engine: no callback follows. */
void call_abandon(struct engine_call *call);

/* auth.c: closing the engine, no callback follows. */
void auth_abandon(struct engine *engine);

/* ssh.c */
/* Sets engine->ssh, and the socket to speak to in engine->endpoint. On failure ssh_close() is due. */
int ssh_open(struct engine *engine, struct err *err) ATTR_MUST_CHECK;
void ssh_close(struct ssh *ssh);
/* What the helpers complained about, "" for nothing. */
const char *ssh_said(struct ssh *ssh);
/* Calls on their way at one time: each takes an ssh process. */
size_t ssh_limit(void);

/* stream.c */
void stream_send(struct engine_call *call, struct http_request_spec *spec);
/* The end of a stream that was answered completely. */
int stream_end(struct engine_call *call, struct err *err) ATTR_MUST_CHECK;

/* answer.c */
/* An answer that says no (status not 2xx and not in ok_status): what was asked, what was said. */
void answer_set_refused(const struct engine_call *call, const struct http_answer *answer,
                        struct err *err);
/* Reads the body of a good answer. */
int answer_parse(const struct engine_call *call, const struct http_answer *answer,
                 struct engine_answer *ret_answer, struct err *err) ATTR_MUST_CHECK;
/* Puts the call's name before a set error of the transport and says what to do. */
void answer_wrap(const struct engine *engine, const struct engine_call *call, struct err *err);
/* The sentence of advice for what the engine said, or NULL. */
const char *answer_hint(const char *message);

#endif
