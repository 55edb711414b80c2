/*
 * fake_server.c - see fake_server.h. Requests are cut at their content-length or last chunk; a hijacked
 * connection leaves HTTP for good.
 */
#include "base/base.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/vec.h"

#include "tests/unit/fake_server.h"

struct connection {
    struct fake_server *server;
    struct connection *next;
    int fd;
    struct loop_source *source, *later;
    struct str in;
    struct str out;
    size_t out_at;
    struct fake_answer answer;
    bool is_answering, is_echo, is_at_end;
};

struct fake_server {
    struct loop *loop;
    char *path;
    int fd;
    struct loop_source *source;
    struct connection *connections;
    size_t n_connections;
    VEC(struct fake_answer) answers; /* with copies of their bytes */
    size_t n_given;
    VEC(char *) requests;
    VEC(char *) owned;
};

static void drop(struct connection *connection)
{
    struct connection **link = &connection->server->connections;
    while (*link != connection)
        link = &(*link)->next;
    *link = connection->next;
    loop_remove(connection->source);
    loop_remove(connection->later);
    close(connection->fd);
    str_release(&connection->in);
    str_release(&connection->out);
    mem_free(connection);
}

static void serve(struct connection *connection);

/* Sends the next step; 0 when it may go on, -1 when the connection is gone. */
static int send_step(struct connection *connection)
{
    size_t left = connection->out.len - connection->out_at;
    size_t step = connection->answer.step && !connection->is_echo ? connection->answer.step : left;
    ssize_t n = send(connection->fd, connection->out.buf + connection->out_at, MIN(step, left),
                     MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN) {
        drop(connection);
        return -1;
    }
    connection->out_at += n > 0 ? (size_t)n : 0;
    if (connection->answer.is_endless && connection->out_at == connection->out.len)
        connection->out_at -= connection->answer.step;
    return 0;
}

static void on_later(void *arg)
{
    struct connection *connection = arg;
    connection->later = NULL;
    if (connection->out_at < connection->out.len && send_step(connection) != 0)
        return;
    if (connection->out_at < connection->out.len) {
        connection->later = connection->answer.step
            ? loop_add_soon(connection->server->loop, on_later, connection)
            : loop_add_timer(connection->server->loop, 1, on_later, connection);
        return;
    }
    str_clear(&connection->out);
    connection->out_at = 0;
    if (connection->is_echo && !connection->is_at_end)
        return;
    if (connection->answer.closes || connection->is_at_end) {
        drop(connection);
        return;
    }
    connection->is_answering = false;
    serve(connection);
}

static void send_later(struct connection *connection, int64_t delay_ms)
{
    if (connection->later)
        return;
    if (delay_ms > 0)
        connection->later =
            loop_add_timer(connection->server->loop, delay_ms, on_later, connection);
    else
        connection->later = loop_add_soon(connection->server->loop, on_later, connection);
}

/* The length of a whole request in `in`, or 0. */
static size_t request_len(const struct connection *connection, bool *ret_has_head)
{
    const char *end = strstr(connection->in.buf, "\r\n\r\n");
    *ret_has_head = end != NULL;
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end + 4 - connection->in.buf);
    const char *length = strcasestr(connection->in.buf, "\r\ncontent-length:");
    if (length && length < end) {
        size_t whole = head + (size_t)strtoul(length + 17, NULL, 10);
        return connection->in.len >= whole ? whole : 0;
    }
    const char *chunked = strcasestr(connection->in.buf, "\r\ntransfer-encoding: chunked");
    if (chunked && chunked < end + 2) {
        const char *last = memmem(end, connection->in.len - (head - 4), "\r\n0\r\n\r\n", 7);
        return last ? (size_t)(last + 7 - connection->in.buf) : 0;
    }
    return head;
}

static void begin_answer(struct connection *connection)
{
    struct fake_server *server = connection->server;
    static const char usual[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    struct fake_answer answer = { .bytes = usual };
    if (server->n_given < server->answers.n)
        answer = server->answers.items[server->n_given++];
    connection->answer = answer;
    connection->is_answering = true;
    connection->is_echo = answer.is_echo;
    str_clear(&connection->out);
    connection->out_at = 0;
    if (answer.bytes)
        str_add_len(&connection->out, answer.bytes, answer.len ? answer.len : strlen(answer.bytes));
    send_later(connection, answer.delay_ms);
}

static void serve(struct connection *connection)
{
    struct fake_server *server = connection->server;
    bool has_head;
    if (connection->is_echo) {
        str_add_len(&connection->out, connection->in.buf, connection->in.len);
        str_clear(&connection->in);
        send_later(connection, 0);
        return;
    }
    if (connection->is_answering)
        return;
    size_t len = request_len(connection, &has_head);
    bool is_early = has_head && server->n_given < server->answers.n &&
                    server->answers.items[server->n_given].is_early;
    if (len == 0 && !is_early) {
        if (connection->is_at_end)
            drop(connection);
        return;
    }
    if (len == 0)
        len = connection->in.len;
    VEC_ADD(&server->requests, mem_dup_len(connection->in.buf, len));
    str_remove(&connection->in, 0, len);
    begin_answer(connection);
}

static void on_readable(void *arg, int fd, unsigned events)
{
    struct connection *connection = arg;
    char buf[65536];
    (void)events;
    ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n > 0) {
        str_add_len(&connection->in, buf, (size_t)n);
    } else {
        connection->is_at_end = true;
        loop_remove(connection->source);
        connection->source = NULL;
        if (connection->is_answering && !connection->is_echo && !connection->answer.is_endless)
            return;
    }
    serve(connection);
}

static void on_connection(void *arg, int fd, unsigned events)
{
    struct fake_server *server = arg;
    (void)events;
    int new_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (new_fd < 0)
        return;
    struct connection *connection = MEM_NEW(struct connection);
    connection->server = server;
    connection->fd = new_fd;
    str_init(&connection->in, 0);
    str_init(&connection->out, 0);
    connection->next = server->connections;
    server->connections = connection;
    server->n_connections++;
    connection->source = loop_add_fd(server->loop, new_fd, LOOP_READ, on_readable, connection);
    loop_set_background(connection->source);
}

struct fake_server *fake_server_new(struct loop *loop, const char *path)
{
    struct fake_server *server = MEM_NEW(struct fake_server);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    assert(strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path) + 1);
    unlink(path);
    server->loop = loop;
    server->path = mem_dup(path);
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(server->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(server->fd, 128) != 0)
        assert(!"the fake server cannot listen");
    server->source = loop_add_fd(loop, server->fd, LOOP_READ, on_connection, server);
    loop_set_background(server->source);
    return server;
}

void fake_server_free(struct fake_server *server)
{
    while (server->connections)
        drop(server->connections);
    loop_remove(server->source);
    close(server->fd);
    unlink(server->path);
    mem_free(server->path);
    VEC_EACH(&server->requests, request)
        mem_free(*request);
    VEC_EACH(&server->owned, bytes)
        mem_free(*bytes);
    VEC_RELEASE(&server->requests);
    VEC_RELEASE(&server->owned);
    VEC_RELEASE(&server->answers);
    mem_free(server);
}

void fake_server_add(struct fake_server *server, const struct fake_answer *answer)
{
    struct fake_answer copy = *answer;
    if (copy.bytes) {
        copy.len = copy.len ? copy.len : strlen(copy.bytes);
        char *bytes = mem_dup_len(copy.bytes, copy.len);
        VEC_ADD(&server->owned, bytes);
        copy.bytes = bytes;
    }
    VEC_ADD(&server->answers, copy);
}

void fake_server_say(struct fake_server *server, const char *bytes)
{
    struct fake_answer answer = { .bytes = bytes };
    fake_server_add(server, &answer);
}

void fake_server_json(struct fake_server *server, int status, const char *json)
{
    STR_AUTO(text);
    str_printf(&text, "HTTP/1.1 %d Some Reason\r\nContent-Type: application/json\r\n"
               "Content-Length: %zu\r\n\r\n%s", status, strlen(json), json);
    fake_server_say(server, text.buf);
}

size_t fake_server_n_requests(const struct fake_server *server)
{
    return server->requests.n;
}

const char *fake_server_request(const struct fake_server *server, size_t n)
{
    return n < server->requests.n ? server->requests.items[n] : NULL;
}

size_t fake_server_n_connections(const struct fake_server *server)
{
    return server->n_connections;
}

void fake_server_close_idle(struct fake_server *server)
{
    for (struct connection *connection = server->connections, *next; connection;
         connection = next) {
        next = connection->next;
        if (!connection->is_answering && !connection->is_echo)
            drop(connection);
    }
}
