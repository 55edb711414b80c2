/*
 * http.h - HTTP on libcurl's multi interface and the one event loop: requests with keep-alive over a
 * Unix socket or TCP (with TLS), streamed bodies both ways, and hijacked connections (a 101 answer, then
 * raw bytes). libcurl's types stay inside src/net.
 */
#ifndef OCTO_NET_HTTP_H
#define OCTO_NET_HTTP_H

#include "base/loop.h"
#include "base/str.h"

struct http_endpoint {
    const char *unix_socket; /* a path, or NULL for TCP */
    const char *base_url;    /* "http://localhost" for a socket; "https://host:2376/base" */
    const char *ca_file, *cert_file, *key_file; /* TLS, NULL allowed */
    bool verify_peer;
    bool has_proxy;          /* TCP: through the proxies that the environment names */
    const char *const *headers; /* "Name: value" added to every request, NULL-terminated or NULL */
};

struct http; /* one client of one endpoint */
int http_new(struct loop *loop, const struct http_endpoint *endpoint, struct http **ret_http,
             struct err *err) ATTR_MUST_CHECK;
/* Open requests are cancelled without their callbacks. Allowed in a callback too. */
void http_free(struct http *http);
/* How many requests that are no streams are on their way at one time, the others wait in order
   (HTTP_LIMIT unless set). */
void http_set_limit(struct http *http, size_t n);

#define HTTP_LIMIT 16

#define HTTP_MAX_BODY (256u << 20) /* of a collected answer */

struct http_answer {
    int status;
    const char *content_type; /* or NULL */
    struct str *body;         /* collected; empty when `data` took it; may be stolen */
    /* A header of the answer by lower-case name, or NULL. */
    const char *(*header)(const struct http_answer *answer, const char *name);
    void *private_data;
};
/* Once per request. err is set when no complete answer came (not for 4xx and 5xx). */
typedef void (*http_done_fn)(void *arg, struct http_answer *answer, struct err *err);
/* The answer's head is there (status, headers), before its body. */
typedef void (*http_head_fn)(void *arg, struct http_answer *answer);
/* A piece of the body. Less than 0: end the transfer (`done` is called with an error). */
typedef int (*http_data_fn)(void *arg, const char *bytes, size_t len);
/* Fills buf with at most cap bytes of the request's body: their number, 0 at the end, -1 to fail,
   HTTP_WAIT for not now (http_resume_upload() later). */
typedef ptrdiff_t (*http_read_fn)(void *arg, char *buf, size_t cap);
#define HTTP_WAIT (-2)

struct http_request_spec {
    const char *method; /* "GET", "POST", ... */
    const char *path;   /* path and query, begins with '/' */
    const char *const *headers;
    const char *body;   /* copied; NULL: none */
    size_t body_len;
    const char *content_type; /* of the body; NULL: application/json */
    http_read_fn read;        /* streamed body (chunked) instead of body */
    http_head_fn head;        /* may be NULL */
    http_data_fn data;        /* NULL: the body is collected */
    http_done_fn done;
    void *arg;
    bool is_stream;   /* long-lived (events, logs, attach, wait): outside of the limit above */
    bool is_background; /* with a connection of its own that does not keep loop_run() alive */
    bool is_hijack;   /* ask for an upgrade; after the 101 (or 200) http_write() sends raw bytes */
    int64_t timeout_ms; /* of the whole exchange, 0: none */
};

/* The request is the caller's to cancel until its `done` has been called. All functions below may
   be called from any callback; no callback is called by them. A request that is no GET, HEAD, PUT
   or DELETE is sent at most once; those are sent again when a kept connection turns out to be
   closed. */
struct http_request;
struct http_request *http_start(struct http *http, const struct http_request_spec *spec);
/* No callback follows. NULL allowed. */
void http_cancel(struct http_request *request);
/* Holds the answer's body back (at most 16 KiB that had arrived are kept). */
void http_pause(struct http_request *request, bool is_paused);
void http_resume_upload(struct http_request *request);
/* Hijacked: queue bytes for the peer (before the answer too); bytes still queued; half-close once they
   are sent. A peer that reads no more loses them in silence: the end of its output tells. */
void http_write(struct http_request *request, const char *bytes, size_t len);
size_t http_write_pending(const struct http_request *request);
void http_close_input(struct http_request *request);

/* The first of the bytes in double quotes, as messages show what came back: printable, cut at 60. */
void http_quote(const char *bytes, size_t len, struct str *out);
/* Percent-encodes a path segment or query value. */
void http_escape(const char *text, struct str *out);
/* Requests sent so far, for tests and --log-level debug. */
unsigned http_count(const struct http *http);

#endif
