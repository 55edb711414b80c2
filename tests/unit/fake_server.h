/*
 * fake_server.h - an HTTP server for tests, on a Unix socket and the test's own loop: it gives scripted
 * answers byte for byte (cut, split, delayed, nonsense) and keeps what it was asked. It checks nothing.
 */
#ifndef OCTO_TESTS_FAKE_SERVER_H
#define OCTO_TESTS_FAKE_SERVER_H

#include "base/loop.h"
#include "base/str.h"

struct fake_answer {
    const char *bytes;  /* head and body; NULL: none */
    size_t len;         /* 0: strlen */
    size_t step;        /* bytes sent in one go, a round of the loop each; 0: all */
    int64_t delay_ms;   /* before the first byte */
    bool closes;        /* the connection, after the answer */
    bool is_early;      /* answered as soon as the head of the request is there */
    bool is_echo;       /* afterwards all that comes is sent back, until the peer's half-close */
    bool is_endless;    /* the last `step` bytes again and again */
};

struct fake_server;
/* Listens on path. Answers are given in the order of fake_server_add(), then `{}` with status 200. */
struct fake_server *fake_server_new(struct loop *loop, const char *path);
void fake_server_free(struct fake_server *server);
void fake_server_add(struct fake_server *server, const struct fake_answer *answer);
/* The same for an answer that is text only. */
void fake_server_say(struct fake_server *server, const char *bytes);
/* A JSON answer with a right head. */
void fake_server_json(struct fake_server *server, int status, const char *json);
size_t fake_server_n_requests(const struct fake_server *server);
/* Head and body of the nth request, from 0; NULL when there was none. */
const char *fake_server_request(const struct fake_server *server, size_t n);
size_t fake_server_n_connections(const struct fake_server *server);
/* Closes every connection that waits for a request. */
void fake_server_close_idle(struct fake_server *server);

#endif
