/*
 * http.c - the HTTP client: libcurl's multi interface on the event loop, the queue of requests, their
 * end. It does not know what a request means and keeps no thread. Callers: src/engine, later downloads
 * and the kubernetes operator.
 *
 * Nobody is called back from inside a function of http.h, and nothing is freed while a callback or
 * libcurl is on the stack (`depth`): what callbacks ask for happens when the outermost one is left.
 */
#include "base/base.h"

#include <errno.h>
#include <stdio.h>
#include <sys/un.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/http-internal.h"

struct http_socket {
    struct http *http;
    struct http_socket *previous, *next;
    int fd;
    unsigned events; /* what libcurl waits for */
    struct loop_source *source;
};

static void run(struct http *http, curl_socket_t fd, int action);

/* The one global of this file: libcurl wants to be initialised once, and only programs that talk to
   somebody pay for it. */
static bool is_curl_ready;

/* ------------------------------------------------------------ sockets and timer for libcurl */

static void on_socket_ready(void *arg, int fd, unsigned events)
{
    struct http_socket *socket = arg;
    int action = 0;
    if (events & LOOP_READ)
        action |= CURL_CSELECT_IN;
    if (events & LOOP_WRITE)
        action |= CURL_CSELECT_OUT;
    /* libcurl finds out what the error is when it reads or writes. */
    if (events & LOOP_ERROR)
        action |= socket->events & LOOP_WRITE ? CURL_CSELECT_OUT : CURL_CSELECT_IN;
    run(socket->http, fd, action);
}

static void socket_free(struct http_socket *socket)
{
    if (socket->previous)
        socket->previous->next = socket->next;
    else
        socket->http->sockets = socket->next;
    if (socket->next)
        socket->next->previous = socket->previous;
    loop_remove(socket->source);
    mem_free(socket);
}

static struct http_socket *socket_new(struct http *http, int fd)
{
    struct http_socket *socket = MEM_NEW(struct http_socket);
    socket->http = http;
    socket->fd = fd;
    socket->next = http->sockets;
    if (socket->next)
        socket->next->previous = socket;
    http->sockets = socket;
    return socket;
}

/* libcurl says which of its sockets to watch for what. */
static int on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct http *http = arg;
    struct http_socket *socket = socket_arg;
    if (what == CURL_POLL_REMOVE) {
        if (socket) {
            curl_multi_assign(http->multi, fd, NULL);
            socket_free(socket);
        }
        return 0;
    }
    unsigned events = what & CURL_POLL_IN ? LOOP_READ : 0;
    events |= what & CURL_POLL_OUT ? LOOP_WRITE : 0;
    if (socket == NULL) {
        struct http_request *request = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &request);
        socket = socket_new(http, fd);
        socket->events = events;
        socket->source = loop_add_fd(http->loop, fd, events, on_socket_ready, socket);
        if (request && request->is_background)
            loop_set_background(socket->source);
        curl_multi_assign(http->multi, fd, socket);
    } else if (socket->events != events) {
        socket->events = events;
        loop_set_events(socket->source, events);
    }
    return 0;
}

static void on_timer(void *arg)
{
    struct http *http = arg;
    http->timer = NULL;
    run(http, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer_wanted(CURLM *multi, long timeout_ms, void *arg)
{
    struct http *http = arg;
    (void)multi;
    loop_remove(http->timer);
    http->timer = NULL;
    if (timeout_ms == 0)
        http->timer = loop_add_soon(http->loop, on_timer, http);
    else if (timeout_ms > 0)
        http->timer = loop_add_timer(http->loop, timeout_ms, on_timer, http);
    return 0;
}

/* libcurl, when the first request goes. */
static int open_multi(struct http *http, struct err *err)
{
    if (http->multi)
        return 0;
    if (!is_curl_ready && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(err, ERR_FAILED, "cannot initialise libcurl");
    is_curl_ready = true;
    http->multi = curl_multi_init();
    if (http->multi == NULL)
        return err_set(err, ERR_FAILED, "cannot initialise libcurl");
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    /* Idle connections are bounded by the limit of short requests; long streams must not push them
       out. */
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, 4096L);
    return 0;
}

/* ------------------------------------------------------------ the list of requests */

static void list_add(struct http *http, struct http_request *request)
{
    request->previous = http->last;
    if (http->last)
        http->last->next = request;
    else
        http->first = request;
    http->last = request;
}

static void list_remove(struct http *http, struct http_request *request)
{
    if (request->previous)
        request->previous->next = request->next;
    else
        http->first = request->next;
    if (request->next)
        request->next->previous = request->previous;
    else
        http->last = request->previous;
    request->previous = request->next = NULL;
}

static void count_queued(const struct http_request *request, int by)
{
    request->http->n_queued += (size_t)by;
    if (request->is_stream)
        request->http->n_queued_streams += (size_t)by;
}

/* Takes the request off the queue or out of libcurl. */
static void withdraw(struct http_request *request)
{
    struct http *http = request->http;
    if (request->state == HTTP_QUEUED) {
        count_queued(request, -1);
    } else if (request->state == HTTP_ACTIVE) {
        curl_multi_remove_handle(http->multi, request->easy);
        if (!request->is_stream)
            http->n_short--;
    }
    request->state = HTTP_FINISHED;
}

static void drop(struct http_request *request)
{
    withdraw(request);
    list_remove(request->http, request);
    http_request_free(request);
}

static void destroy(struct http *http)
{
    while (http->first)
        drop(http->first);
    VEC_EACH(&http->spare, easy)
        curl_easy_cleanup(*easy);
    VEC_RELEASE(&http->spare);
    if (http->multi)
        curl_multi_cleanup(http->multi);
    while (http->sockets)
        socket_free(http->sockets);
    loop_remove(http->timer);
    loop_remove(http->soon);
    VEC_EACH(&http->headers, header)
        mem_free(*header);
    VEC_RELEASE(&http->headers);
    mem_free(http->unix_socket);
    mem_free(http->base_url);
    mem_free(http->ca_file);
    mem_free(http->cert_file);
    mem_free(http->key_file);
    mem_free(http);
}

void http_enter(struct http *http)
{
    http->depth++;
}

void http_leave(struct http *http)
{
    if (--http->depth > 0)
        return;
    if (http->is_dead) {
        destroy(http);
        return;
    }
    if (!http->has_cancelled)
        return;
    http->has_cancelled = false;
    for (struct http_request *request = http->first, *next; request; request = next) {
        next = request->next;
        if (request->is_cancelled)
            drop(request);
    }
    if (http->n_queued > 0)
        http_schedule(http);
}

/* ------------------------------------------------------------ running */

/* Is this how an upgraded connection ends well? Nothing came on it; or the peer closed it and left unread
   some of what we had sent. */
static bool is_hijack_end(const struct http_request *request, int curl_code)
{
    return curl_code == CURLE_GOT_NOTHING || (curl_code == CURLE_RECV_ERROR && request->has_sent);
}

/* Ends a request: its `done`, then its memory. err is moved from fail when that is set. */
static void finish(struct http_request *request, int curl_code)
{
    struct http *http = request->http;
    withdraw(request);
    list_remove(http, request);
    if (!request->is_cancelled) {
        ERR_AUTO(err);
        if (request->is_hijack && request->has_head && is_hijack_end(request, curl_code))
            curl_code = CURLE_OK;
        if (err_is_set(&request->fail))
            err_move(&err, &request->fail);
        else if (curl_code != CURLE_OK ||
                 !request->has_head) /* libcurl takes half a head for an end */
            http_error_set(request, curl_code == CURLE_OK ? CURLE_PARTIAL_FILE : curl_code, &err);
        /* Without the query: build arguments may be secret. */
        log_debug("http: %s %.*s: %d, %llu bytes, %.3f ms%s%s", request->method,
                  (int)strcspn(request->path, "?"), request->path, request->status,
                  (unsigned long long)request->n_received,
                  (double)(clock_now_ns() - request->started_ns) / 1e6,
                  err_is_set(&err) ? ": " : "", err_is_set(&err) ? err.text : "");
        struct http_answer answer;
        http_request_answer(request, &answer);
        request->done(request->arg, &answer, err_is_set(&err) ? &err : NULL);
    }
    http_request_free(request);
}

/* Delivers what libcurl has finished. */
static void reap(struct http *http)
{
    int n_left;
    CURLMsg *message;
    while (!http->is_dead && (message = curl_multi_info_read(http->multi, &n_left))) {
        struct http_request *request = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        int code = (int)message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
        finish(request, code);
    }
}

/* Gives queued requests to libcurl as far as the limit allows. True when there was one. */
static bool feed(struct http *http)
{
    bool has_fed = false;
    if (http->n_short >= http->limit && http->n_queued_streams == 0)
        return false;
    for (struct http_request *request = http->first, *next; request && !http->is_dead;
         request = next) {
        if (http->n_queued == 0)
            break;
        next = request->next;
        if (request->state != HTTP_QUEUED || request->is_cancelled ||
            (!request->is_stream && http->n_short >= http->limit))
            continue;
        if (open_multi(http, &request->fail) != 0 ||
            http_request_prepare(request, &request->fail) != 0) {
            finish(request, CURLE_OK);
            next = http->first; /* `done` may have changed the list */
            continue;
        }
        count_queued(request, -1);
        request->state = HTTP_ACTIVE;
        request->started_ns = clock_now_ns();
        if (!request->is_stream)
            http->n_short++;
        http->n_started++;
        curl_multi_add_handle(http->multi, request->easy);
        has_fed = true;
    }
    return has_fed;
}

static void run(struct http *http, curl_socket_t fd, int action)
{
    int n_running;
    http_enter(http);
    if (http->multi) {
        curl_multi_socket_action(http->multi, fd, action, &n_running);
        reap(http);
    }
    while (!http->is_dead && feed(http)) {
        curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &n_running);
        reap(http);
    }
    http_leave(http);
}

/* Lets paused transfers go on, as http_pause() and http_resume_upload() asked. */
static void resume(struct http *http)
{
    for (struct http_request *request = http->first, *next; request && !http->is_dead;
         request = next) {
        next = request->next;
        if (!request->wants_resume || request->state != HTTP_ACTIVE || request->is_cancelled)
            continue;
        request->wants_resume = false;
        int mask = request->is_paused && request->is_held ? CURLPAUSE_RECV : 0;
        mask |= request->is_upload_waiting ? CURLPAUSE_SEND : 0;
        if (!(mask & CURLPAUSE_RECV))
            request->is_held = false;
        CURLcode code = curl_easy_pause(request->easy, mask);
        if (code != CURLE_OK) {
            finish(request, (int)code);
            next = http->first;
        }
    }
}

static void pump(void *arg)
{
    struct http *http = arg;
    http->soon = NULL;
    http_enter(http);
    resume(http);
    if (!http->is_dead)
        run(http, CURL_SOCKET_TIMEOUT, 0);
    http_leave(http);
}

void http_schedule(struct http *http)
{
    if (http->soon == NULL && !http->is_dead)
        http->soon = loop_add_soon(http->loop, pump, http);
}

/* ------------------------------------------------------------ the client */

static char *dup_or_null(const char *text)
{
    return text ? mem_dup(text) : NULL;
}

int http_new(struct loop *loop, const struct http_endpoint *endpoint, struct http **ret_http,
             struct err *err)
{
    struct sockaddr_un address;
    if (endpoint->unix_socket && strlen(endpoint->unix_socket) >= sizeof(address.sun_path))
        return err_set(err, ERR_CONNECT,
                       "the path of the socket \"%s\" is too long: %zu bytes, %zu are "
                       "possible",
                       endpoint->unix_socket, strlen(endpoint->unix_socket),
                       sizeof(address.sun_path) - 1);
    struct http *http = MEM_NEW(struct http);
    http->loop = loop;
    http->limit = HTTP_LIMIT;
    http->unix_socket = dup_or_null(endpoint->unix_socket);
    http->base_url = mem_dup(endpoint->base_url ? endpoint->base_url : "http://localhost");
    while (text_ends(http->base_url, "/"))
        http->base_url[strlen(http->base_url) - 1] = '\0';
    http->ca_file = dup_or_null(endpoint->ca_file);
    http->cert_file = dup_or_null(endpoint->cert_file);
    http->key_file = dup_or_null(endpoint->key_file);
    http->verify_peer = endpoint->verify_peer;
    http->has_proxy = endpoint->has_proxy;
    for (const char *const *header = endpoint->headers; header && *header; header++)
        VEC_ADD(&http->headers, mem_dup(*header));
    *ret_http = http;
    return 0;
}

void http_free(struct http *http)
{
    if (http == NULL)
        return;
    if (http->depth == 0) {
        destroy(http);
        return;
    }
    http->is_dead = true;
    for (struct http_request *request = http->first; request; request = request->next)
        request->is_cancelled = true;
}

void http_set_limit(struct http *http, size_t n)
{
    http->limit = MAX(n, 1u);
    if (http->n_queued > 0)
        http_schedule(http);
}

unsigned http_count(const struct http *http)
{
    return http->n_started;
}

/* ------------------------------------------------------------ requests */

struct http_request *http_start(struct http *http, const struct http_request_spec *spec)
{
    struct http_request *request = http_request_new(http, spec);
    list_add(http, request);
    count_queued(request, 1);
    http_schedule(http);
    return request;
}

void http_cancel(struct http_request *request)
{
    if (request == NULL || request->is_cancelled || request->state == HTTP_FINISHED)
        return;
    struct http *http = request->http;
    if (http->depth == 0) {
        drop(request);
        if (http->n_queued > 0)
            http_schedule(http);
        return;
    }
    request->is_cancelled = true;
    http->has_cancelled = true;
}

void http_pause(struct http_request *request, bool is_paused)
{
    request->is_paused = is_paused;
    if (!is_paused && request->is_held) {
        request->wants_resume = true;
        http_schedule(request->http);
    }
}

void http_resume_upload(struct http_request *request)
{
    if (request->is_upload_waiting) {
        request->is_upload_waiting = false;
        request->wants_resume = true;
        http_schedule(request->http);
    }
}
