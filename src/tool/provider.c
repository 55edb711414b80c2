/*
 * provider.c - one call of a provider, from its metadata to its end, on the loop. What it gives is
 * the operator's to put into the dependents.
 */
#include "base/base.h"

#include "tool/provider.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/vec.h"
#include "data/jread.h"

#define METADATA_MAX (1u << 20)
#define COMPLAINT_MAX 2048  /* the end of its standard error, for messages */
#define GRACE_MS 200        /* for pipes that stay open after its end */
#define KILL_MS 10000       /* from SIGTERM to SIGKILL, when it is asked to end */
#define FAILED_KILL_MS 2000 /* the same, after it said something that ends the call */

struct provider_call {
    struct loop *loop;
    struct arena *arena;
    const char *program, *project, *verb;
    const char *const *env;
    const struct service *service;
    enum provider_command command;
    provider_told_fn told;
    provider_done_fn done;
    void *arg;

    bool is_command; /* the metadata are known (or there are none), the command itself runs */
    bool is_unknown;
    pid_t pid; /* 0: nothing runs */
    int wait_status;
    int out_fd, err_fd; /* -1: closed */
    struct loop_source *child, *out, *err, *timer, *grace;
    struct str metadata, complaint;
    struct jread_stream *messages;
    struct node *variables;
    size_t variables_len;
    unsigned n_ends; /* how often it was asked to end */
    struct err failure;
};

static const char *const verbs[] = {
    [PROVIDER_UP] = "up",
    [PROVIDER_DOWN] = "down",
    [PROVIDER_STOP] = "stop",
};

/* --- where it is ----------------------------------------------------------------------------- */

static bool is_program(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

bool provider_find(const char *type, const char *const *folders, const char *search_path,
                   struct str *ret_path)
{
    struct slice left = slice_from(search_path ? search_path : ""), dir;
    bool has_more = left.len > 0;

    str_clear(ret_path);
    if (strchr(type, '/')) {
        str_add(ret_path, type);
        return is_program(ret_path->buf);
    }
    for (; folders && *folders; folders++) {
        str_clear(ret_path);
        str_printf(ret_path, "%s/docker-%s", *folders, type);
        if (file_exists(ret_path->buf))
            return true;
    }
    while (has_more) {
        has_more = slice_split(&left, ':', &dir);
        str_clear(ret_path);
        str_printf(ret_path, "%.*s/%s", dir.len ? (int)dir.len : 1, dir.len ? dir.at : ".", type);
        if (is_program(ret_path->buf))
            return true;
    }
    str_clear(ret_path);
    return false;
}

/* --- the process ----------------------------------------------------------------------------- */

static void on_child(void *arg, int wait_status);
static void go_on(struct provider_call *call);

/* In the child: it must not outlive who called it and would be called again. */
static int die_with_parent(void *arg, const char **ret_what)
{
    pid_t parent = *(const pid_t *)arg;

    *ret_what = "ending with its parent";
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
        return errno;
    return getppid() == parent ? 0 : ESRCH;
}

/* Reads what there is. True at the end. */
static bool read_some(int fd, char *bytes, size_t size, ssize_t *ret_n)
{
    *ret_n = read(fd, bytes, size);
    return *ret_n == 0 || (*ret_n < 0 && errno != EAGAIN && errno != EINTR);
}

static void signal_it(struct provider_call *call, int signo)
{
    /* It is not reaped yet, so the group is still its own. */
    if (call->pid)
        kill(-call->pid, signo);
}

static void on_kill(void *arg)
{
    struct provider_call *call = arg;

    call->timer = NULL;
    signal_it(call, SIGKILL);
}

static void end_within(struct provider_call *call, int64_t delay_ms)
{
    if (!call->pid || call->timer)
        return;
    signal_it(call, SIGTERM);
    call->timer = loop_add_timer(call->loop, delay_ms, on_kill, call);
}

/* It said something after which nothing more is heard. */
static void give_up(struct provider_call *call)
{
    loop_close(&call->out, &call->out_fd);
    end_within(call, FAILED_KILL_MS);
}

static void on_out(void *arg, int fd, unsigned events ATTR_UNUSED)
{
    struct provider_call *call = arg;
    char bytes[16384];
    ssize_t n;
    bool is_end = read_some(fd, bytes, sizeof(bytes), &n);

    if (n > 0 && !call->is_command) {
        str_add_len(&call->metadata, bytes, (size_t)n);
    } else if (n > 0 && jread_stream_feed(call->messages, bytes, (size_t)n, &call->failure) != 0) {
        give_up(call);
        go_on(call);
        return;
    }
    if (!is_end)
        return;
    loop_close(&call->out, &call->out_fd);
    go_on(call);
}

static void on_err(void *arg, int fd, unsigned events ATTR_UNUSED)
{
    struct provider_call *call = arg;
    char bytes[4096];
    ssize_t n;
    bool is_end = read_some(fd, bytes, sizeof(bytes), &n);

    if (n > 0 && call->is_command) {
        str_add_len(&call->complaint, bytes, (size_t)n);
        if (call->complaint.len > COMPLAINT_MAX)
            str_remove(&call->complaint, 0, call->complaint.len - COMPLAINT_MAX);
    }
    if (!is_end)
        return;
    loop_close(&call->err, &call->err_fd);
    go_on(call);
}

static int run(struct provider_call *call, const char *const *argv, struct err *err)
{
    pid_t self = getpid();
    struct process_spec spec = { .argv = argv,
                                 .env = call->env,
                                 .fd_in = -1,
                                 .fd_out = -1,
                                 .fd_err = -1,
                                 .is_group = true,
                                 .enter = die_with_parent,
                                 .enter_arg = &self };
    int result = process_pipe(false, &call->out_fd, &spec.fd_out, err);

    if (result == 0)
        result = process_pipe(false, &call->err_fd, &spec.fd_err, err);
    if (result == 0)
        result = process_start(&spec, &call->pid, err);
    if (spec.fd_out >= 0)
        close(spec.fd_out);
    if (spec.fd_err >= 0)
        close(spec.fd_err);
    if (result != 0) {
        call->pid = 0;
        loop_close(&call->out, &call->out_fd);
        loop_close(&call->err, &call->err_fd);
        return -1;
    }
    call->out = loop_add_fd(call->loop, call->out_fd, LOOP_READ, on_out, call);
    call->err = loop_add_fd(call->loop, call->err_fd, LOOP_READ, on_err, call);
    call->child = loop_add_child(call->loop, call->pid, on_child, call);
    return 0;
}

/* --- metadata -------------------------------------------------------------------------------- */

/* What its metadata say of this command; *ret_is_known: there are any. */
static const struct node *command_metadata(struct provider_call *call, bool *ret_is_known)
{
    struct node *all = NULL;
    const char *description;
    ERR_AUTO(err);

    *ret_is_known = false;
    if (!WIFEXITED(call->wait_status) || WEXITSTATUS(call->wait_status) != 0 ||
        call->metadata.is_cut ||
        jread_parse(call->arena, 0, call->metadata.buf, call->metadata.len, &all, &err) != 0)
        return NULL;
    description = node_as_text(node_get(all, "description"));
    *ret_is_known = (description && *description) ||
                    node_is(node_get_path(all, "up", "parameters", NULL), NODE_LIST) ||
                    node_is(node_get_path(all, "down", "parameters", NULL), NODE_LIST);
    return node_get(all, call->verb);
}

static bool knows_option(const struct node *parameters, const char *name)
{
    if (!node_is(parameters, NODE_LIST))
        return false;
    NODE_EACH_ITEM (parameters, item) {
        if (text_is(node_as_text(node_get(*item, "name")), name))
            return true;
    }
    return false;
}

static int check_required(struct provider_call *call, const struct node *parameters,
                          struct err *err)
{
    const struct provider *provider = call->service->provider;

    if (!node_is(parameters, NODE_LIST))
        return 0;
    NODE_EACH_ITEM (parameters, item) {
        const struct node *required = node_get(*item, "required");
        const char *name = node_as_text(node_get(*item, "name"));

        if (name && node_is(required, NODE_BOOL) && required->u.truth &&
            !node_get(provider->options, name))
            return err_set_at(err, service_origin(call->service, "provider"), ERR_INPUT,
                              "the provider \"%s\" needs the option \"%s\" for \"%s\": add "
                              "services.%s.provider.options.%s",
                              provider->type, name, call->verb, call->service->name, name);
    }
    return 0;
}

typedef MODEL_LIST(const char *) word_list;

static void add_option(struct provider_call *call, word_list *words, const char *name,
                       const struct node *value)
{
    STR_AUTO(text);

    node_scalar_text(value, &text);
    ARENA_ADD(call->arena, words, arena_printf(call->arena, "--%s=%s", name, text.buf));
}

static int start_command(struct provider_call *call, struct err *err)
{
    bool is_known;
    const struct node *metadata = command_metadata(call, &is_known);
    const struct node *parameters = node_get(metadata, "parameters");
    const struct node *options = call->service->provider->options;
    word_list words = { NULL, 0, 0 };

    if (call->command == PROVIDER_STOP && !node_is(metadata, NODE_MAP)) {
        call->is_unknown = true;
        return 0;
    }
    if (is_known && check_required(call, parameters, err) != 0)
        return -1;
    ARENA_ADD(call->arena, &words, call->program);
    ARENA_ADD(call->arena, &words, "compose");
    ARENA_ADD(call->arena, &words, arena_printf(call->arena, "--project-name=%s", call->project));
    ARENA_ADD(call->arena, &words, call->verb);
    for (size_t i = 0; node_is(options, NODE_MAP) && i < options->u.map.n; i++) {
        const struct node_pair *pair = &options->u.map.items[i];

        if (is_known && !knows_option(parameters, pair->key))
            continue;
        if (!node_is(pair->value, NODE_LIST)) {
            add_option(call, &words, pair->key, pair->value);
            continue;
        }
        NODE_EACH_ITEM (pair->value, item)
            add_option(call, &words, pair->key, *item);
    }
    ARENA_ADD(call->arena, &words, call->service->name);
    ARENA_ADD(call->arena, &words, NULL);
    return run(call, words.items, err);
}

/* --- what it says ---------------------------------------------------------------------------- */

static const char *first_line(struct provider_call *call, const char *text)
{
    return arena_dup_len(call->arena, text, strcspn(text, "\n"));
}

static int say_info(struct provider_call *call, const char *text, struct err *err ATTR_UNUSED)
{
    call->told(call->arg, first_line(call, text));
    return 0;
}

static int say_error(struct provider_call *call ATTR_UNUSED, const char *text, struct err *err)
{
    return err_set(err, ERR_FAILED, "%s", text);
}

static int say_debug(struct provider_call *call, const char *text, struct err *err ATTR_UNUSED)
{
    log_debug("provider of \"%s\": %s", call->service->name, text);
    return 0;
}

static int set_variable(struct provider_call *call, const char *prefix, const char *text,
                        struct err *err)
{
    const char *value = strchr(text, '=');
    struct origin nowhere = ORIGIN_NONE;
    STR_AUTO(name);

    /* The text may hold a secret: it is not repeated. */
    if (!value || (value == text && !*prefix))
        return err_set(err, ERR_PROTOCOL, "it sets a variable that is not written as NAME=VALUE");
    str_add(&name, prefix);
    str_add_len(&name, text, (size_t)(value - text));
    call->variables_len += name.len + strlen(value);
    if (call->variables_len > PROVIDER_VARIABLES_MAX)
        return err_set(err, ERR_LIMIT, "its variables are larger than %u KiB",
                       PROVIDER_VARIABLES_MAX >> 10);
    node_set(call->arena, call->variables, name.buf, nowhere,
             node_text(call->arena, nowhere, value + 1));
    return 0;
}

void provider_prefix(const char *service, struct str *out)
{
    for (; *service; service++)
        str_add_char(out, (char)toupper((unsigned char)*service));
    str_add_char(out, '_');
}

static int say_variable(struct provider_call *call, const char *text, struct err *err)
{
    STR_AUTO(prefix);

    provider_prefix(call->service->name, &prefix);
    return set_variable(call, prefix.buf, text, err);
}

static int say_raw_variable(struct provider_call *call, const char *text, struct err *err)
{
    return set_variable(call, "", text, err);
}

static const struct {
    const char *type;
    int (*fn)(struct provider_call *call, const char *text, struct err *err);
} messages[] = {
    { "info", say_info },       { "error", say_error },
    { "setenv", say_variable }, { "rawsetenv", say_raw_variable },
    { "debug", say_debug },
};

static int on_message(void *arg, struct node *value, struct err *err)
{
    struct provider_call *call = arg;
    const char *type = node_as_text(node_get(value, "type"));
    const struct node *message = node_get(value, "message");
    const char *text = message ? node_as_text(message) : "";

    if (!type)
        return err_set(err, ERR_PROTOCOL, "a message of it has no \"type\"");
    if (!text || strlen(text) != (message ? message->u.text.len : 0))
        return err_set(err, ERR_PROTOCOL, "the \"message\" of type \"%s\" is no text", type);
    for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
        if (text_is(type, messages[i].type))
            return messages[i].fn(call, text, err);
    }
    return err_set(
        err, ERR_PROTOCOL,
        "it sends a message of type \"%s\" (info, error, setenv, rawsetenv and debug are "
        "known)",
        type);
}

/* --- the end --------------------------------------------------------------------------------- */

static void judge_end(struct provider_call *call)
{
    struct slice tail = slice_trim((struct slice){ call->complaint.buf, call->complaint.len });
    const char *before = tail.len ? "; its last words: " : "";
    int status = call->wait_status;

    if (err_is_set(&call->failure))
        return;
    if (WIFSIGNALED(status))
        err_set(&call->failure, ERR_FAILED, "it was ended by signal %d%s%.*s", WTERMSIG(status),
                before, (int)tail.len, tail.at);
    else if (WEXITSTATUS(status) != 0)
        err_set(&call->failure, ERR_FAILED, "it exited with status %d%s%.*s", WEXITSTATUS(status),
                before, (int)tail.len, tail.at);
    else if (jread_stream_end(call->messages, &call->failure) == 0)
        node_sort_keys(call->variables);
}

static void finish(struct provider_call *call)
{
    struct origin at = service_origin(call->service, "provider");

    if (call->n_ends > 0) {
        err_release(&call->failure);
        err_set(&call->failure, ERR_INTERRUPTED, "it was interrupted");
    } else if (call->is_command) {
        judge_end(call);
    }
    if (err_is_set(&call->failure)) {
        if (!origin_is_set(call->failure.at))
            call->failure.at = at;
        err_wrap(&call->failure, "%s compose %s", call->program, call->verb);
    }
    call->done(call->arg, err_is_set(&call->failure) ? NULL : call->variables, call->is_unknown,
               &call->failure);
}

/* When the process and its outputs have ended: the command after the metadata, or the end. */
static void go_on(struct provider_call *call)
{
    if (call->pid || call->out_fd >= 0 || call->err_fd >= 0)
        return;
    loop_remove(call->timer);
    loop_remove(call->grace);
    call->timer = call->grace = NULL;
    if (!call->is_command && call->n_ends == 0) {
        int result = start_command(call, &call->failure);

        if (result == 0 && !call->is_unknown) {
            call->is_command = true;
            return;
        }
    }
    finish(call);
}

/* What its children still hold open is not waited for. */
static void on_grace(void *arg)
{
    struct provider_call *call = arg;

    call->grace = NULL;
    loop_close(&call->out, &call->out_fd);
    loop_close(&call->err, &call->err_fd);
    go_on(call);
}

static void on_child(void *arg, int wait_status)
{
    struct provider_call *call = arg;

    call->child = NULL;
    call->pid = 0;
    call->wait_status = wait_status;
    if (call->out_fd >= 0 || call->err_fd >= 0)
        call->grace = loop_add_timer(call->loop, GRACE_MS, on_grace, call);
    go_on(call);
}

int provider_call_start(const struct provider_request *request, provider_told_fn told,
                        provider_done_fn done, void *arg, struct provider_call **ret_call,
                        struct err *err)
{
    struct provider_call *call = MEM_NEW(struct provider_call);
    const char *const argv[] = { request->program, "compose", "metadata", NULL };

    *call = (struct provider_call){ .loop = request->loop,
                                    .arena = arena_new(),
                                    .env = request->env,
                                    .service = request->service,
                                    .command = request->command,
                                    .verb = verbs[request->command],
                                    .told = told,
                                    .done = done,
                                    .arg = arg,
                                    .out_fd = -1,
                                    .err_fd = -1,
                                    .failure = ERR_INIT };
    call->program = arena_dup(call->arena, request->program);
    call->project = arena_dup(call->arena, request->project);
    call->variables = node_map(call->arena, (struct origin)ORIGIN_NONE);
    call->messages = jread_stream_new(on_message, call);
    str_init(&call->metadata, METADATA_MAX);
    str_init(&call->complaint, 0);
    if (run(call, argv, err) != 0) {
        if (!origin_is_set(err->at))
            err->at = service_origin(call->service, "provider");
        provider_call_free(call);
        return -1;
    }
    *ret_call = call;
    return 0;
}

void provider_call_end(struct provider_call *call)
{
    if (++call->n_ends > 1)
        signal_it(call, SIGKILL);
    else
        end_within(call, KILL_MS);
}

void provider_call_free(struct provider_call *call)
{
    if (!call)
        return;
    loop_remove(call->child);
    loop_remove(call->timer);
    loop_remove(call->grace);
    loop_close(&call->out, &call->out_fd);
    loop_close(&call->err, &call->err_fd);
    if (call->pid) {
        kill(-call->pid, SIGKILL);
        while (waitpid(call->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    jread_stream_free(call->messages);
    str_release(&call->metadata);
    str_release(&call->complaint);
    err_release(&call->failure);
    arena_free(call->arena);
    mem_free(call);
}
