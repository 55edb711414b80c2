/*
 * http-error.c - why no complete answer came, from libcurl's result, as an error of ours that says what
 * arrived. What to do about it is known one layer up. Internal to the HTTP client.
 */
#include "base/base.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/file.h"
#include "net/http-internal.h"

/* CURLE_TOO_LARGE, which libcurl has since 8.6. */
#define TOO_LARGE 100

static const char *peer(const struct http_request *request)
{
    return request->http->unix_socket ? request->http->unix_socket : request->http->base_url;
}

/* The errno of a connection that libcurl could not make: it forgets some. */
static int connect_errno(struct http_request *request)
{
    long number = 0;
    curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &number);
    if (number != 0 || request->http->unix_socket == NULL)
        return (int)number;
    FD_AUTO(fd);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, request->http->unix_socket, strlen(request->http->unix_socket) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        return errno;
    return 0;
}

static void set_connect(struct http_request *request, struct err *err)
{
    int number = connect_errno(request);
    const char *text = number != 0 ? strerror(number) : request->curl_text;
    err_set(err, ERR_CONNECT, "cannot connect to \"%s\": %s", peer(request), text);
    err->sys = number;
}

static void set_cut(struct http_request *request, struct err *err)
{
    if (request->has_head)
        err_set(err, ERR_PROTOCOL, "the answer was cut off after %llu bytes of its body",
                (unsigned long long)request->n_received);
    else if (request->head_len > 0)
        err_set(err, ERR_PROTOCOL, "the answer was cut off within its head, after %zu bytes",
                request->head_len);
    else
        err_set(err, ERR_CONNECT, "the connection was closed before an answer came");
}

static void set_timeout(struct http_request *request, struct err *err)
{
    if (request->has_head)
        err_set(err, ERR_TIMEOUT,
                "the answer was not complete after %lld ms: %llu bytes of its body came",
                (long long)request->timeout_ms, (unsigned long long)request->n_received);
    else if (request->n_sends > 0)
        err_set(err, ERR_TIMEOUT, "no answer came within %lld ms", (long long)request->timeout_ms);
    else
        err_set(err, ERR_TIMEOUT, "no connection to \"%s\" came about in time", peer(request));
}

void http_error_set(struct http_request *request, int curl_code, struct err *err)
{
    const char *text =
        request->curl_text[0] ? request->curl_text : curl_easy_strerror((CURLcode)curl_code);
    switch ((CURLcode)curl_code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        set_connect(request, err);
        break;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
        err_set(err, ERR_CONNECT, "no safe connection to \"%s\": %s", peer(request), text);
        break;
    case CURLE_RECV_ERROR:
        if (strstr(text, "chunk")) {
            err_set(err, ERR_PROTOCOL, "the answer makes no sense: %s", text);
            break;
        }
        set_cut(request, err);
        break;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
        set_cut(request, err);
        break;
    case CURLE_OPERATION_TIMEDOUT:
        set_timeout(request, err);
        break;
    case CURLE_OUT_OF_MEMORY: /* what libcurl 7.88 says of a header line without an end */
        err_set(err, ERR_PROTOCOL, "the answer's head has a line without an end");
        break;
    case CURLE_URL_MALFORMAT:
        err_set(err, ERR_FAILED, "the address \"%s%.*s\" makes no sense", request->http->base_url,
                (int)strcspn(request->path, "?"), request->path);
        break;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
    default:
        if (curl_code == TOO_LARGE)
            err_set(err, ERR_PROTOCOL, "the answer's head is too large");
        else
            err_set(err, ERR_PROTOCOL, "the answer makes no sense: %s", text);
        break;
    }
}
