/*
 * answer.c - what the engine's answers mean: JSON or not, a refusal with its reason, and for well-known
 * reasons what to do about them. It knows texts, not calls.
 */
#include "base/base.h"

#include <errno.h>

#include "base/mem.h"
#include "engine/engine-internal.h"

/* ------------------------------------------------------------ advice */

static const struct hint {
    const char *part; /* of the engine's message */
    const char *text;
} hints[] = {
    { "port is already allocated", "another container publishes this port: stop it, or publish another" },
    { "address already in use", "another program uses this port or address: stop it, or choose another" },
    { "no space left on device", "the engine's disk is full: remove what is not needed (docker system df)" },
    { "is already in use by container", "remove or rename that container" },
    { "client version", "set DOCKER_API_VERSION to a version that the engine speaks" },
    { "toomanyrequests", "the registry limits pulls: log in with docker login, or wait" },
    { "pull access denied", "check the image's name, or log in with docker login" },
    { "unauthorized", "log in with docker login" },
    { "authentication required", "log in with docker login" },
    { "no basic auth credentials", "log in with docker login" },
    { "Pool overlaps", "choose another subnet, or remove the network that has it" },
    { "address pools have been fully subnetted", "remove unused networks (docker network prune)" },
    { "no active sessions", "install docker-buildx, or pull the images that the build starts from first" },
    { "does not match the specified platform", "pull or build the image for this platform" },
    { "could not select device driver", "the engine has no driver for these devices" },
    { "volume is in use", "remove the containers that use it first" },
    { "has active endpoints", "remove or disconnect the containers on it first" },
};

const char *answer_hint(const char *message)
{
    for (size_t i = 0; i < ARRAY_LEN(hints); i++) {
        if (strstr(message, hints[i].part))
            return hints[i].text;
    }
    return NULL;
}

static const struct {
    int number;
    const char *text;
} connect_hints[] = {
    { ENOENT, "is the Docker Engine installed and running (systemctl start docker), and "
              "DOCKER_HOST right" },
    { ECONNREFUSED, "is the Docker Engine running (systemctl start docker)" },
    { EACCES, "are you in the docker group (sudo usermod -aG docker $USER, then log in again)" },
    { EPERM, "are you in the docker group (sudo usermod -aG docker $USER, then log in again)" },
};

void answer_wrap(const struct engine *engine, const struct engine_call *call, struct err *err)
{
    const char *said = engine->ssh && err->code == ERR_CONNECT ? ssh_said(engine->ssh) : "";
    const char *hint = NULL;
    for (size_t i = 0; err->code == ERR_CONNECT && i < ARRAY_LEN(connect_hints); i++) {
        if (connect_hints[i].number == err->sys)
            hint = connect_hints[i].text;
    }
    if (hint || *said) {
        STR_AUTO(text);
        if (*said)
            str_printf(&text, "%s; ssh to \"%s\" said: %s", err->text, engine->endpoint.ssh_host,
                       said);
        else
            str_printf(&text, "%s; %s?", err->text, hint);
        mem_free(err->text);
        err->text = str_steal(&text);
    }
    if (call)
        err_wrap(err, "%s %s", call->method, call->what);
}

/* ------------------------------------------------------------ refusals */

static enum err_code code_of(int status)
{
    switch (status) {
    case 404:
        return ERR_NOT_FOUND;
    case 409:
        return ERR_CONFLICT;
    case 501:
        return ERR_UNSUPPORTED;
    default:
        return ERR_FAILED;
    }
}

/* The engine's own words: "message" of a JSON object (Podman: or "cause"), else the text, one line. */
static void message_of(const struct http_answer *answer, struct str *ret_text)
{
    struct arena *arena = arena_new();
    ERR_AUTO(ignored);
    struct node *node = NULL;
    const char *text = NULL;
    if (answer->body->len > 0 &&
        jread_parse(arena, 0, answer->body->buf, answer->body->len, &node, &ignored) == 0) {
        text = node_as_text(node_get(node, "message"));
        if (text == NULL)
            text = node_as_text(node_get(node, "cause"));
    }
    if (text) {
        struct slice trimmed = slice_trim(slice_from(text));
        str_add_len(ret_text, trimmed.at, MIN(trimmed.len, 4000u));
    } else if (answer->content_type && text_starts(answer->content_type, "text/plain") &&
               text_utf8_valid(answer->body->buf, answer->body->len) == answer->body->len) {
        struct slice trimmed = slice_trim((struct slice){ answer->body->buf, answer->body->len });
        str_add_len(ret_text, trimmed.at, MIN(trimmed.len, 1000u));
    } else if (answer->body->len > 0) {
        http_quote(answer->body->buf, answer->body->len, ret_text);
    }
    arena_free(arena);
}

void answer_set_refused(const struct engine_call *call, const struct http_answer *answer,
                        struct err *err)
{
    STR_AUTO(message);
    message_of(answer, &message);
    const char *hint = answer_hint(message.buf);
    if (message.len == 0)
        err_set(err, code_of(answer->status),
                "%s %s: the engine answered status %d without a reason", call->method, call->what,
                answer->status);
    else
        err_set(err, code_of(answer->status), "%s %s: engine said: %s (%d)%s%s", call->method,
                call->what, message.buf, answer->status, hint ? ": " : "", hint ? hint : "");
    err->status = answer->status;
}

/* ------------------------------------------------------------ good answers */

int answer_parse(const struct engine_call *call, const struct http_answer *answer,
                 struct engine_answer *ret_answer, struct err *err)
{
    const struct str *body = answer->body;
    ret_answer->status = answer->status;
    struct slice text = slice_trim((struct slice){ body->buf, body->len });
    if (text.len == 0 || answer->status == 304)
        return 0;
    ERR_AUTO(why);
    ret_answer->arena = arena_new();
    if (jread_parse(ret_answer->arena, 0, body->buf, body->len, &ret_answer->node, &why) == 0)
        return 0;
    STR_AUTO(quoted);
    http_quote(body->buf, body->len, &quoted);
    err_set(err, ERR_PROTOCOL,
            "%s %s: the engine's answer is no JSON: %s (status %d, %zu bytes): %s", call->method,
            call->what, quoted.buf, answer->status, body->len, why.text);
    err->status = answer->status;
    arena_free(ret_answer->arena);
    ret_answer->arena = NULL;
    ret_answer->node = NULL;
    return -1;
}

int engine_answer_check(const struct engine_answer *answer, enum node_kind kind, const char *what,
                        struct err *err)
{
    static const char *const wanted[] = {
        [NODE_TEXT] = "a string", [NODE_LIST] = "a list", [NODE_MAP] = "a mapping",
    };
    if (node_is(answer->node, kind))
        return 0;
    STR_AUTO(text);
    STR_AUTO(quoted);
    if (answer->node)
        jwrite_node_text(answer->node, 0, &text);
    http_quote(text.buf, text.len, &quoted);
    err_set(err, ERR_PROTOCOL, "%s: the engine's answer makes no sense: it is %s, not %s: %s", what,
            answer->node ? node_kind_name(answer->node->kind) : "empty",
            kind < ARRAY_LEN(wanted) && wanted[kind] ? wanted[kind] : "what was asked for",
            quoted.buf);
    err->status = answer->status;
    return -1;
}
