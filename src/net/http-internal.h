/*
 * http-internal.h - what the parts of the HTTP client share: http.c (the client and its queue),
 * http-request.c (one exchange), http-hijack.c (raw bytes after an upgrade), http-error.c (libcurl's
 * results as errors). Not for anybody else. libcurl's handles are `void *` here, as they are in
 * libcurl.
 */
#ifndef OCTO_NET_HTTP_INTERNAL_H
#define OCTO_NET_HTTP_INTERNAL_H

#include "base/vec.h"
#include "net/http.h"

#define HTTP_MAX_HEAD (256u << 10) /* bytes of an answer's head, informational answers included */
#define HTTP_FIRST 80              /* bytes kept to quote what is no HTTP */

struct http_header {
    char *name; /* lower case */
    char *value;
};

struct http_socket; /* one connection that libcurl wants watched: http.c */

struct http {
    struct loop *loop;
    char *unix_socket; /* NULL: TCP */
    char *base_url;
    char *ca_file, *cert_file, *key_file;
    bool verify_peer;
    bool has_proxy;
    VEC(char *) headers;

    void *multi;
    /* libcurl's handles that are free again: making one costs more than some requests do (it may read
       the resolver's configuration each time). At most HTTP_LIMIT. */
    VEC(void *) spare;
    struct loop_source *timer; /* libcurl's */
    struct loop_source *soon;  /* the next pump() */
    struct http_socket *sockets;

    struct http_request *first, *last; /* every open request, in the order of http_start() */
    size_t limit;                      /* short requests on their way at one time */
    size_t n_short;                    /* that many are */
    size_t n_queued, n_queued_streams;
    unsigned n_started;

    unsigned
        depth; /* inside callbacks or libcurl: nothing is freed, libcurl is not entered again */
    bool is_dead;     /* http_free() came from a callback */
    bool has_cancelled; /* requests to be freed when depth is 0 again */
};

enum http_state { HTTP_QUEUED, HTTP_ACTIVE, HTTP_FINISHED };

struct http_request {
    struct http *http;
    struct http_request *previous, *next;
    enum http_state state;
    bool is_cancelled;

    /* What was asked. */
    char *method, *path, *body, *content_type;
    size_t body_len;
    VEC(char *) headers;
    http_read_fn read;
    http_head_fn head;
    http_data_fn data;
    http_done_fn done;
    void *arg;
    bool is_stream, is_hijack, is_background;
    int64_t timeout_ms;

    /* The transfer. */
    void *easy;
    void *header_list; /* struct curl_slist */
    char curl_text[256];
    int64_t started_ns;
    unsigned n_sends;     /* times the request was put on a connection */
    bool is_paused;       /* by http_pause() */
    bool is_held;         /* libcurl holds data back since then */
    bool is_upload_waiting;
    bool wants_resume;    /* curl_easy_pause() is due */

    /* What came back. */
    int status;
    bool has_head;
    size_t head_len;
    VEC(struct http_header) answer_headers;
    struct str collected;
    uint64_t n_received;
    size_t n_first;
    char first_bytes[HTTP_FIRST];
    struct err fail; /* why one of our callbacks ended the transfer */

    /* Hijacked connections: our own descriptor of the socket. */
    int fd;
    struct str out;
    size_t out_at;
    bool is_input_open, closes_input, is_input_closed, has_sent;
    struct loop_source *writer;
};

/* http-request.c */
struct http_request *http_request_new(struct http *http, const struct http_request_spec *spec);
void http_request_free(struct http_request *request);
/* Makes the libcurl handle. */
int http_request_prepare(struct http_request *request, struct err *err) ATTR_MUST_CHECK;
/* Fills in the answer that callbacks see. */
void http_request_answer(struct http_request *request, struct http_answer *ret_answer);

/* http-hijack.c */
/* Takes a descriptor of its own for the connection fd. */
void http_hijack_connect(struct http_request *request, int fd);
/* The head has come: what was queued may go. */
void http_hijack_open(struct http_request *request);
void http_hijack_release(struct http_request *request);

/* http-error.c */
/* The result of a transfer that gave no complete answer. */
void http_error_set(struct http_request *request, int curl_code, struct err *err);

/* http.c */
/* Runs pump() in the next round of the loop. */
void http_schedule(struct http *http);
/* Around every callback of the user; leave must be the last thing done with the client. */
void http_enter(struct http *http);
void http_leave(struct http *http);

#endif
