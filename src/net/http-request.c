/*
 * http-request.c - one exchange: the libcurl handle of a request, and what libcurl calls while it runs
 * (head, body, upload). Not the queue (http.c). Internal to the HTTP client.
 */
#include "base/base.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "net/http-internal.h"

#define CONNECT_TIMEOUT_MS 30000L
#define UPLOAD_BUFFER (128L << 10)

/* ------------------------------------------------------------ memory */

static char *dup_or_null(const char *text)
{
    return text ? mem_dup(text) : NULL;
}

struct http_request *http_request_new(struct http *http, const struct http_request_spec *spec)
{
    struct http_request *request = MEM_NEW(struct http_request);
    request->http = http;
    request->method = mem_dup(spec->method);
    request->path = mem_dup(spec->path);
    if (spec->body) {
        request->body_len = spec->body_len ? spec->body_len : strlen(spec->body);
        request->body = mem_dup_len(spec->body, request->body_len);
    }
    request->content_type = dup_or_null(spec->content_type);
    for (const char *const *header = spec->headers; header && *header; header++)
        VEC_ADD(&request->headers, mem_dup(*header));
    request->read = spec->read;
    request->head = spec->head;
    request->data = spec->data;
    request->done = spec->done;
    request->arg = spec->arg;
    request->is_hijack = spec->is_hijack;
    request->is_background = spec->is_background;
    request->is_stream = spec->is_stream || spec->is_hijack || spec->is_background;
    request->timeout_ms = spec->timeout_ms;
    str_init(&request->collected, 0);
    str_init(&request->out, 0);
    request->fd = -1;
    return request;
}

static void forget_headers(struct http_request *request)
{
    VEC_EACH(&request->answer_headers, header) {
        mem_free(header->name);
        mem_free(header->value);
    }
    request->answer_headers.n = 0;
}

/* Keeps the handle for another request. It is not in libcurl's hands any more. */
static void free_handle(struct http_request *request)
{
    struct http *http = request->http;

    if (request->easy == NULL)
        return;
    if (request->is_stream || request->is_cancelled || request->is_paused ||
        http->spare.n >= HTTP_LIMIT) {
        curl_easy_cleanup(request->easy);
        return;
    }
    curl_easy_reset(request->easy);
    VEC_ADD(&http->spare, request->easy);
}

void http_request_free(struct http_request *request)
{
    free_handle(request);
    curl_slist_free_all(request->header_list);
    http_hijack_release(request);
    forget_headers(request);
    VEC_RELEASE(&request->answer_headers);
    VEC_EACH(&request->headers, header)
        mem_free(*header);
    VEC_RELEASE(&request->headers);
    str_release(&request->collected);
    err_release(&request->fail);
    mem_free(request->method);
    mem_free(request->path);
    mem_free(request->body);
    mem_free(request->content_type);
    mem_free(request);
}

/* ------------------------------------------------------------ the answer, as callbacks see it */

static const char *find_header(const struct http_answer *answer, const char *name)
{
    const struct http_request *request = answer->private_data;
    VEC_EACH(&request->answer_headers, header) {
        if (strcmp(header->name, name) == 0)
            return header->value;
    }
    return NULL;
}

void http_request_answer(struct http_request *request, struct http_answer *ret_answer)
{
    ret_answer->private_data = request;
    ret_answer->status = request->has_head ? request->status : 0;
    ret_answer->body = &request->collected;
    ret_answer->header = find_header;
    ret_answer->content_type = find_header(ret_answer, "content-type");
}

/* ------------------------------------------------------------ called by libcurl */

/* Sockets are not inherited by child processes; a hijacked connection's is kept. */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_request *request = arg;
    (void)purpose;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    if (request->is_hijack)
        http_hijack_connect(request, fd);
    return fd;
}

static bool is_repeatable(const struct http_request *request)
{
    static const char *const methods[] = { "GET", "HEAD", "PUT", "DELETE" };
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (strcmp(request->method, methods[i]) == 0)
            return !request->read;
    }
    return false;
}

/* libcurl repeats any request whose kept connection was closed without an answer. What may have
   happened already is not repeated. */
static int on_send(void *arg, char *peer, char *local, int peer_port, int local_port)
{
    struct http_request *request = arg;
    (void)peer, (void)local, (void)peer_port, (void)local_port;
    if (request->n_sends++ > 0 && !is_repeatable(request)) {
        err_set(&request->fail, ERR_CONNECT, "the connection was closed before an answer came");
        return CURL_PREREQFUNC_ABORT;
    }
    return CURL_PREREQFUNC_OK;
}

static void add_header(struct http_request *request, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    if (colon == NULL)
        return;
    struct slice value = slice_trim((struct slice){ colon + 1, (size_t)(line + len - colon - 1) });
    struct http_header header = { mem_dup_len(line, (size_t)(colon - line)),
                                  mem_dup_len(value.at, value.len) };
    for (char *c = header.name; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    VEC_ADD(&request->answer_headers, header);
}

/* What an answer's head must fulfil; -1 with request->fail set ends the transfer. */
static int check_head(struct http_request *request)
{
    struct http_answer answer;
    if (request->status < 101 || request->status > 599 ||
        (request->status == 101 && !request->is_hijack))
        return err_set(&request->fail, ERR_PROTOCOL, "the answer's status %d makes no sense",
                       request->status);
    http_request_answer(request, &answer);
    const char *length = answer.header(&answer, "content-length");
    int64_t n = 0;
    if (length && strcmp(request->method, "HEAD") != 0) {
        if (text_to_int(length, &n) != 0 || n < 0)
            return err_set(&request->fail, ERR_PROTOCOL,
                           "the answer's length makes no sense: content-length \"%.40s\"", length);
        if (n > HTTP_MAX_BODY && (request->data == NULL || request->status >= 400))
            return err_set(&request->fail, ERR_PROTOCOL,
                           "the answer is too large: %lld bytes, at most %u are taken", (long long)n,
                           HTTP_MAX_BODY);
    }
    return 0;
}

/* The empty line after a head. */
static int end_head(struct http_request *request)
{
    long status = 0;
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 100 || (status > 101 && status < 200)) {
        forget_headers(request);
        return 0;
    }
    request->status = (int)status;
    request->has_head = true;
    if (check_head(request) != 0)
        return -1;
    if (request->is_hijack && status < 300)
        http_hijack_open(request);
    if (request->head) {
        struct http_answer answer;
        http_request_answer(request, &answer);
        request->head(request->arg, &answer);
    }
    return request->is_cancelled ? -1 : 0;
}

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
    struct http_request *request = arg;
    size_t len = size * n;
    request->head_len += len;
    if (request->is_cancelled)
        return 0;
    if (request->head_len > HTTP_MAX_HEAD) {
        err_set(&request->fail, ERR_PROTOCOL, "the answer's head is longer than %u bytes",
                HTTP_MAX_HEAD);
        return 0;
    }
    if (request->has_head) /* trailers */
        return len;
    if (len > 0 && (line[0] == '\r' || line[0] == '\n'))
        return end_head(request) == 0 ? len : 0;
    if (len < 5 || strncasecmp(line, "http/", 5) != 0) {
        add_header(request, line, len);
        return len;
    }
    forget_headers(request);
    if (len < 7 || strncasecmp(line, "http/1.", 7) != 0) {
        STR_AUTO(quoted);
        http_quote(line, len, &quoted);
        err_set(&request->fail, ERR_PROTOCOL, "the answer is not HTTP 1: %s", quoted.buf);
        return 0;
    }
    return len;
}

static void keep_first(struct http_request *request, const char *bytes, size_t len)
{
    size_t n = MIN(len, sizeof(request->first_bytes) - request->n_first);
    memcpy(request->first_bytes + request->n_first, bytes, n);
    request->n_first += n;
}

/* A piece for the caller's `data`, or for `collected`. -1 ends the transfer. */
static int take_data(struct http_request *request, const char *bytes, size_t len)
{
    if (request->data && request->status < 400) {
        int result = request->data(request->arg, bytes, len);
        if (request->is_cancelled)
            return -1;
        return result >= 0 ? 0
                           : err_set(&request->fail, ERR_FAILED, "its reader ended the transfer");
    }
    if (request->collected.len + len > HTTP_MAX_BODY)
        return err_set(&request->fail, ERR_PROTOCOL,
                       "the answer is too large: at most %u bytes are taken", HTTP_MAX_BODY);
    str_add_len(&request->collected, bytes, len);
    return 0;
}

static size_t on_data(char *bytes, size_t size, size_t n, void *arg)
{
    struct http_request *request = arg;
    size_t len = size * n;
    if (request->is_cancelled)
        return 0;
    if (request->is_paused) {
        request->is_held = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    keep_first(request, bytes, len);
    request->n_received += len;
    if (!request->has_head) {
        STR_AUTO(quoted);
        http_quote(bytes, len, &quoted);
        err_set(&request->fail, ERR_PROTOCOL, "the answer is not HTTP: %s", quoted.buf);
        return 0;
    }
    return take_data(request, bytes, len) == 0 ? len : 0;
}

static size_t on_read(char *buf, size_t size, size_t n, void *arg)
{
    struct http_request *request = arg;
    if (request->is_cancelled)
        return CURL_READFUNC_ABORT;
    ptrdiff_t got = request->read(request->arg, buf, size * n);
    if (request->is_cancelled)
        return CURL_READFUNC_ABORT;
    if (got == HTTP_WAIT) {
        request->is_upload_waiting = true;
        return CURL_READFUNC_PAUSE;
    }
    if (got < 0) {
        err_set(&request->fail, ERR_FAILED, "the body of the request could not be made");
        return CURL_READFUNC_ABORT;
    }
    return (size_t)got;
}

/* ------------------------------------------------------------ the handle */

static void add_line(struct http_request *request, const char *line)
{
    request->header_list = curl_slist_append(request->header_list, line);
}

static void set_headers(struct http_request *request)
{
    VEC_EACH(&request->http->headers, header)
        add_line(request, *header);
    VEC_EACH(&request->headers, header)
        add_line(request, *header);
    STR_AUTO(type);
    str_printf(&type, "Content-Type: %s",
               request->content_type ? request->content_type : "application/json");
    /* Without a body libcurl's own form type would go out. */
    add_line(request, request->body || request->read ? type.buf : "Content-Type:");
    add_line(request, "Expect:");
    if (request->read)
        add_line(request, "Transfer-Encoding: chunked");
    if (request->is_hijack) {
        add_line(request, "Connection: Upgrade");
        add_line(request, "Upgrade: tcp");
    }
    curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->header_list);
}

static void set_method(struct http_request *request)
{
    CURL *easy = request->easy;
    if (request->read) {
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(easy, CURLOPT_READDATA, request);
        curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER);
    } else if (strcmp(request->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    } else if (request->body || strcmp(request->method, "POST") == 0 ||
               strcmp(request->method, "PUT") == 0) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_peer(struct http_request *request)
{
    struct http *http = request->http;
    CURL *easy = request->easy;
    if (http->unix_socket) {
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, http->unix_socket);
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        return;
    }
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    if (!http->has_proxy)
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    if (!text_starts(http->base_url, "https:"))
        return;
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, http->verify_peer ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, http->verify_peer ? 2L : 0L);
    if (http->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
    if (http->cert_file)
        curl_easy_setopt(easy, CURLOPT_SSLCERT, http->cert_file);
    if (http->key_file)
        curl_easy_setopt(easy, CURLOPT_SSLKEY, http->key_file);
}

static void set_callbacks(struct http_request *request)
{
    CURL *easy = request->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->curl_text);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, request);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_send);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, request);
}

int http_request_prepare(struct http_request *request, struct err *err)
{
    struct http *http = request->http;
    if (request->is_hijack && text_starts(http->base_url, "https:"))
        return err_set(err, ERR_UNSUPPORTED,
                       "connections that carry standard input are not supported over TLS yet");
    STR_AUTO(url);
    str_printf(&url, "%s%s", http->base_url, request->path);
    request->easy = http->spare.n > 0 ? http->spare.items[--http->spare.n] : curl_easy_init();
    if (request->easy == NULL)
        return err_set(err, ERR_FAILED, "cannot initialise libcurl");
    CURL *easy = request->easy;
    if (curl_easy_setopt(easy, CURLOPT_URL, url.buf) != CURLE_OK)
        return err_set(err, ERR_LIMIT, "the address is too long: %zu bytes", url.len);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, PACKAGE "/" PACKAGE_VERSION);
    /* What is no HTTP arrives in on_data(), which can quote it. */
    curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 1L);
    set_peer(request);
    set_callbacks(request);
    set_method(request);
    set_headers(request);
    if (request->timeout_ms > 0)
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    if (request->is_hijack || request->is_background || request->read)
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    if (request->is_hijack || request->is_background)
        curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    return 0;
}

/* ------------------------------------------------------------ texts */

void http_quote(const char *bytes, size_t len, struct str *out)
{
    size_t n = MIN(len, 60u);
    str_add_char(out, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c == '\n' || c == '\r' || c == '\t')
            str_printf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
        else if (c < ' ' || c > '~')
            str_printf(out, "\\x%02x", c);
        else
            str_add_char(out, (char)c);
    }
    str_add(out, n < len ? "...\"" : "\"");
}

void http_escape(const char *text, struct str *out)
{
    static const char safe[] = "-._~";
    for (const char *c = text; *c; c++) {
        if (isalnum((unsigned char)*c) || strchr(safe, *c))
            str_add_char(out, *c);
        else
            str_printf(out, "%%%02X", (unsigned char)*c);
    }
}
