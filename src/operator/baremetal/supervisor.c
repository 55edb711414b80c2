/*
 * supervisor.c - the supervisor's main: becomes a daemon, takes the project's lock, listens on its
 * socket and answers commands. What is done for an instance is in ward.c.
 */
#include "base/base.h"

#include <sys/resource.h>

#include "operator/baremetal/supervisor.h"

#include <stdio.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "data/jread.h"
#include "data/jwrite.h"
#include "operator/baremetal/baremetal.h"

#define MODE "__supervisor"
#define LOCK "supervisor.lock"
#define SOCKET "supervisor.sock"

bool baremetal_is_supervisor(int argc, char **argv)
{
    return (argc == 3 || argc == 4) && strcmp(argv[1], MODE) == 0;
}

/* --- clients ------------------------------------------------------------------------------------
 */

static void drop_client(struct supervisor_client *client)
{
    struct supervisor *supervisor = client->supervisor;

    for (size_t i = 0; i < supervisor->clients.n; i++) {
        if (supervisor->clients.items[i] == client) {
            supervisor->clients.items[i] = supervisor->clients.items[--supervisor->clients.n];
            break;
        }
    }
    loop_remove(client->source);
    close(client->fd);
    str_release(&client->input);
    mem_free(client->id);
    mem_free(client);
}

static void answer(struct supervisor_client *client, const char *error)
{
    STR_AUTO(text);
    struct jwrite w;

    jwrite_init(&w, &text, 0);
    jwrite_map(&w);
    jwrite_key_int(&w, "version", BAREMETAL_VERSION);
    jwrite_key_bool(&w, "ok", !error);
    if (error)
        jwrite_key_text(&w, "error", error);
    jwrite_map_end(&w);
    str_add_char(&text, '\n');
    (void)!send(client->fd, text.buf, text.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    drop_client(client);
}

bool baremetal_clients_want(struct supervisor *supervisor, const char *id)
{
    VEC_EACH (&supervisor->clients, client) {
        if ((*client)->wish == WISH_START && text_is((*client)->id, id) &&
            baremetal_is_there((*client)->fd))
            return true;
    }
    return false;
}

void baremetal_clients_started(struct supervisor *supervisor, const char *id, const char *error)
{
    for (size_t i = supervisor->clients.n; i > 0; i--) {
        struct supervisor_client *client = supervisor->clients.items[i - 1];

        if (client->wish == WISH_START && text_is(client->id, id))
            answer(client, error);
    }
}

void baremetal_clients_mended(struct supervisor *supervisor)
{
    VEC_EACH (&supervisor->wards, ward) {
        if (!(*ward)->is_ready && (*ward)->pause_ms == 0)
            return;
    }
    for (size_t i = supervisor->clients.n; i > 0; i--) {
        if (supervisor->clients.items[i - 1]->wish == WISH_MEND)
            answer(supervisor->clients.items[i - 1], NULL);
    }
}

static bool is_id(const char *id)
{
    return id && *id && strspn(id, "0123456789abcdef") == strlen(id);
}

static void serve(struct supervisor_client *client, const struct node *request)
{
    struct supervisor *supervisor = client->supervisor;
    const char *verb = baremetal_text(request, "verb"), *id = baremetal_text(request, "id");

    if (baremetal_int(request, "version") != BAREMETAL_VERSION) {
        answer(client,
               "the supervisor is of another version: stop the project with the octocompose "
               "that started it");
    } else if (text_is(verb, "start") && is_id(id)) {
        client->wish = WISH_START;
        client->id = mem_dup(id);
        baremetal_ward_tend(baremetal_ward_get(supervisor, id));
    } else if (text_is(verb, "mend")) {
        client->wish = WISH_MEND;
        baremetal_wards_scan(supervisor);
        baremetal_clients_mended(supervisor);
    } else {
        answer(client, "unknown request");
    }
}

static void on_client(void *arg, int fd, unsigned events)
{
    struct supervisor_client *client = arg;
    enum baremetal_receipt receipt = baremetal_receive(fd, &client->input);
    struct arena *arena;
    struct node *request;

    (void)events;
    if (receipt == RECEIVED_END)
        drop_client(client);
    if (receipt != RECEIVED_LINE || client->wish != WISH_NOTHING)
        return;
    arena = arena_new();
    if (jread_parse(arena, 0, client->input.buf, client->input.len, &request, NULL) != 0)
        drop_client(client);
    else
        serve(client, request);
    arena_free(arena);
}

static void add_client(struct supervisor *supervisor, int fd)
{
    struct supervisor_client *client = MEM_NEW(struct supervisor_client);

    client->supervisor = supervisor;
    client->fd = fd;
    str_init(&client->input, 0);
    VEC_ADD(&supervisor->clients, client);
    client->source = loop_add_fd(supervisor->loop, fd, LOOP_READ, on_client, client);
}

static void on_connect(void *arg, int fd, unsigned events)
{
    struct supervisor *supervisor = arg;
    int connection = baremetal_accept(fd);

    (void)events;
    if (connection >= 0)
        add_client(supervisor, connection);
}

/* --- the beginning and the end ------------------------------------------------------------------
 */

static void on_child(void *arg, int signo)
{
    (void)signo;
    baremetal_wards_reap(arg);
}

/* Whoever ends everything on this host signals the shims as well, and they know what to do. */
static void on_terminate(void *arg, int signo)
{
    (void)arg;
    (void)signo;
}

static int take_lock(const char *dir)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    struct stat held, named;
    STR_AUTO(path);
    int fd;

    str_printf(&path, "%s/" LOCK, dir);
    fd = open(path.buf, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    if (fcntl(fd, F_OFD_SETLK, &lock) == 0 && fstat(fd, &held) == 0 &&
        stat(path.buf, &named) == 0 && held.st_ino == named.st_ino)
        return fd;
    close(fd); /* another has it, or has just removed it */
    return -1;
}

/* Two pipes, a channel and a descriptor for each instance. */
static void raise_limit(struct rlimit *ret_limit)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, ret_limit) != 0)
        return;
    limit = *ret_limit;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void tell_ready(const char *text)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    (void)!write(STDOUT_FILENO, text, strlen(text));
    dup2(null, STDOUT_FILENO);
    close(null);
}

static int begin(struct supervisor *supervisor, struct err *err)
{
    umask(077);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NAME, "octo-supervisor");
    raise_limit(supervisor->limit);
    if (loop_new(&supervisor->loop, err) != 0 ||
        (supervisor->listener = baremetal_listen(SOCKET, err)) < 0)
        return -1;
    loop_add_fd(supervisor->loop, supervisor->listener, LOOP_READ, on_connect, supervisor);
    loop_add_signal(supervisor->loop, SIGCHLD, on_child, supervisor);
    loop_add_signal(supervisor->loop, SIGTERM, on_terminate, supervisor);
    loop_add_signal(supervisor->loop, SIGINT, on_terminate, supervisor);
    loop_add_signal(supervisor->loop, SIGHUP, on_terminate, supervisor);
    baremetal_wards_scan(supervisor);
    return 0;
}

static void end(const char *dir)
{
    unlink(SOCKET);
    unlink(LOCK);
    if (chdir("/") == 0)
        baremetal_tidy(dir);
}

int baremetal_supervisor_main(int argc, char **argv)
{
    struct rlimit limit = { 0 };
    struct supervisor supervisor = { .listener = -1, .argv = argv, .limit = &limit };
    ERR_AUTO(err);
    STR_AUTO(dir);

    if (argc == 3 && fork() != 0) /* with a lock we are nobody's child already */
        return 0;
    setsid();
    str_add(&dir, argv[2]);
    if (chdir(dir.buf) != 0) {
        err_set_sys(&err, errno, "folder of the project cannot be entered: \"%s\"", dir.buf);
        tell_ready(err.text);
        return 1;
    }
    supervisor.lock = argc == 4 ? atoi(argv[3]) : take_lock(".");
    if (supervisor.lock < 0) {
        tell_ready("busy");
        return 0;
    }
    fcntl(supervisor.lock, F_SETFD, FD_CLOEXEC);
    if (begin(&supervisor, &err) != 0) {
        tell_ready(err.text);
        return 1;
    }
    if (argc == 3) /* the command that started us is the first client */
        add_client(&supervisor, fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    tell_ready("ok");
    while (supervisor.wards.n + supervisor.clients.n > 0) {
        if (loop_step(supervisor.loop, -1, &err) != 0)
            return 1;
    }
    end(dir.buf);
    loop_free(supervisor.loop);
    VEC_RELEASE(&supervisor.wards);
    VEC_RELEASE(&supervisor.clients);
    return 0;
}

/* --- another one --------------------------------------------------------------------------------
 */

void baremetal_supervisor_revive(const char *dir)
{
    char number[16], path[PATH_MAX];
    const char *argv[] = { "/proc/self/exe", MODE, path, number, NULL };
    int lock = take_lock(dir);

    if (lock < 0)
        return;
    snprintf(number, sizeof(number), "%d", lock);
    /* A sibling, not a child: it is no member of our instance. */
    if (realpath(dir, path) && syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0) {
        fcntl(lock, F_SETFD, 0);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(lock);
}
