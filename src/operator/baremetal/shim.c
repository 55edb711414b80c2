/*
 * shim.c - the shim's main: becomes a daemon, takes the instance's lock, listens on its socket, and
 * hands what happens to shim-run.c (the process) and shim-health.c (its health).
 */
#include "base/base.h"

#include "operator/baremetal/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "data/jread.h"
#include "operator/baremetal/baremetal.h"

#define LOCK_WAIT_MS 5000
#define MAX_REQUEST 4096

bool baremetal_is_shim(int argc, char **argv)
{
    return argc == 4 && strcmp(argv[1], "__shim") == 0;
}

/* --- requests ----------------------------------------------------------------------------------
 */

static void peer_free(struct shim_peer *peer)
{
    loop_remove(peer->source);
    close(peer->fd);
    str_release(&peer->input);
    mem_free(peer);
}

static void drop_peer(struct shim_peer *peer)
{
    struct shim *shim = peer->shim;

    for (size_t i = 0; i < shim->peers.n; i++) {
        if (shim->peers.items[i] == peer) {
            shim->peers.items[i] = shim->peers.items[--shim->peers.n];
            break;
        }
    }
    peer_free(peer);
}

static void answer(struct shim_peer *peer, const char *text)
{
    (void)!send(peer->fd, text, strlen(text), MSG_NOSIGNAL);
    drop_peer(peer);
}

void baremetal_shim_answer_all(struct shim *shim)
{
    while (shim->peers.n > 0)
        answer(shim->peers.items[0], "{\"version\":1,\"ok\":true}\n");
}

static void pause_it(struct shim *shim, bool is_paused)
{
    baremetal_shim_signal(shim, is_paused ? SIGSTOP : SIGCONT);
    shim->is_paused = is_paused;
    baremetal_shim_status(shim, is_paused ? "paused" : "running");
}

static void serve(struct shim_peer *peer, const struct node *request)
{
    struct shim *shim = peer->shim;
    const char *verb = baremetal_text(request, "verb");
    int signo = (int)baremetal_int(request, "signal");

    if (baremetal_int(request, "version") != BAREMETAL_VERSION) {
        answer(peer, "{\"version\":1,\"ok\":false,\"error\":\"the watching process is of another "
                     "version\"}\n");
    } else if (text_is(verb, "stop") || (text_is(verb, "kill") && signo == SIGKILL)) {
        peer->waits_for_end = true;
        baremetal_shim_stop(shim, signo, baremetal_int(request, "grace_ns") / 1000000);
    } else if (text_is(verb, "kill")) {
        if (signo == SIGTERM)
            shim->is_stopping = true;
        baremetal_shim_signal(shim, signo);
        answer(peer, "{\"version\":1,\"ok\":true}\n");
    } else if (text_is(verb, "pause") || text_is(verb, "unpause")) {
        pause_it(shim, text_is(verb, "pause"));
        answer(peer, "{\"version\":1,\"ok\":true}\n");
    } else {
        answer(peer, "{\"version\":1,\"ok\":false,\"error\":\"unknown request\"}\n");
    }
}

static void on_peer(void *arg, int fd, unsigned events)
{
    struct shim_peer *peer = arg;
    struct arena *arena;
    struct node *request;
    char buffer[1024];
    ssize_t n = read(fd, buffer, sizeof(buffer));

    (void)events;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || peer->input.len + (size_t)n > MAX_REQUEST) {
        drop_peer(peer);
        return;
    }
    str_add_len(&peer->input, buffer, (size_t)n);
    if (!memchr(peer->input.buf, '\n', peer->input.len) || peer->waits_for_end)
        return;
    arena = arena_new();
    if (jread_parse(arena, 0, peer->input.buf, peer->input.len, &request, NULL) != 0)
        drop_peer(peer);
    else
        serve(peer, request);
    arena_free(arena);
}

static void on_connect(void *arg, int fd, unsigned events)
{
    struct shim *shim = arg;
    struct ucred who = { 0 };
    socklen_t len = sizeof(who);
    struct shim_peer *peer;
    int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)events;
    if (connection < 0)
        return;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 ||
        (who.uid != geteuid() && who.uid != 0)) {
        close(connection);
        return;
    }
    peer = MEM_NEW(struct shim_peer);
    peer->shim = shim;
    peer->fd = connection;
    str_init(&peer->input, 0);
    VEC_ADD(&shim->peers, peer);
    peer->source = loop_add_fd(shim->loop, connection, LOOP_READ, on_peer, peer);
}

/* The lock is ours: what stands there is a dead shim's. The path is relative, so never too long. */
static int listen_here(struct shim *shim, struct err *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "sock" };

    unlink(address.sun_path);
    shim->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (shim->listener < 0 ||
        bind(shim->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        chmod(address.sun_path, 0600) != 0 || listen(shim->listener, 16) != 0)
        return err_set_sys(err, errno, "control socket cannot be made");
    loop_add_fd(shim->loop, shim->listener, LOOP_READ, on_connect, shim);
    return 0;
}

/* --- signals and outputs ------------------------------------------------------------------------
 */

static void on_child(void *arg, int signo)
{
    struct shim *shim = arg;
    int status;
    pid_t pid;

    (void)signo;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == shim->pid && !shim->is_adopted)
            baremetal_shim_ended(shim, true, status);
        else if (pid == shim->check)
            baremetal_shim_checked(shim, status);
    }
    baremetal_shim_advance(shim);
}

static void on_terminate(void *arg, int signo)
{
    struct shim *shim = arg;

    (void)signo;
    baremetal_shim_stop(shim, 0, 0);
}

static void on_output(void *arg, int fd, unsigned events)
{
    struct shim *shim = arg;

    (void)events;
    baremetal_log_move(&shim->log, fd == shim->log.fifo[1]);
}

/* --- the beginning ------------------------------------------------------------------------------
 */

/* 0: it is ours; 1: another shim watches already; -1: error. */
static int take_lock(struct shim *shim, bool is_start, struct err *err)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int64_t deadline = clock_now_ms() + LOCK_WAIT_MS;

    shim->lock = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (shim->lock < 0)
        return err_set_sys(err, errno, "lock cannot be opened");
    while (fcntl(shim->lock, F_OFD_SETLK, &lock) != 0) {
        struct baremetal_look look;
        struct arena *arena = arena_new();
        bool is_busy = baremetal_look(arena, ".", &look, NULL) == 0 && look.state != STATE_EXITED &&
                       look.state != STATE_CREATED;

        arena_free(arena);
        if (!is_start || is_busy)
            return 1;
        if (clock_now_ms() > deadline)
            return err_set(err, ERR_TIMEOUT, "another process still watches the instance");
        nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
    }
    return 0;
}

static int prepare(struct shim *shim, struct err *err)
{
    struct node *record;
    const char *name;

    if (baremetal_read_state(shim->arena, "record.json", &record, err) != 0)
        return -1;
    shim->record = record;
    shim->run = node_get(record, "run");
    shim->id = baremetal_text(record, "id");
    shim->grace_ms = baremetal_int(shim->run, "grace_ns") / 1000000;
    name = baremetal_text(shim->run, "stop_signal");
    shim->stop_signal = name ? baremetal_signal(name) : SIGTERM;
    if (shim->stop_signal == 0)
        shim->stop_signal = SIGTERM;
    if (loop_new(&shim->loop, err) != 0 || baremetal_log_open(&shim->log, err) != 0 ||
        listen_here(shim, err) != 0)
        return -1;
    for (int i = 0; i < 2; i++)
        loop_add_fd(shim->loop, shim->log.fifo[i], LOOP_READ, on_output, shim);
    loop_add_signal(shim->loop, SIGCHLD, on_child, shim);
    loop_add_signal(shim->loop, SIGTERM, on_terminate, shim);
    loop_add_signal(shim->loop, SIGINT, on_terminate, shim);
    loop_add_signal(shim->loop, SIGHUP, on_terminate, shim);
    return 0;
}

static int begin(struct shim *shim, bool is_start, struct err *err)
{
    int locked = take_lock(shim, is_start, err);

    if (locked != 0) {
        shim->phase = SHIM_DONE;
        return locked > 0 ? 0 : -1;
    }
    if (prepare(shim, err) != 0)
        return -1;
    return is_start ? baremetal_shim_run(shim, err) : baremetal_shim_adopt(shim, err);
}

static void tell_ready(const char *text)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    (void)!write(STDOUT_FILENO, text, strlen(text));
    dup2(null, STDOUT_FILENO);
    close(null);
}

int baremetal_shim_main(char **argv)
{
    struct shim shim = { .lock = -1, .listener = -1, .pidfd = -1 };
    ERR_AUTO(err);
    pid_t pid;

    umask(077);
    if (chdir(argv[2]) != 0)
        return 1;
    pid = fork();
    if (pid != 0)
        return pid < 0;
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NAME, "octo-shim");
    shim.arena = arena_new();
    if (begin(&shim, strcmp(argv[3], "start") == 0, &err) != 0) {
        tell_ready(err.text);
        return 1;
    }
    tell_ready("ok");
    while (shim.phase != SHIM_DONE) {
        if (loop_step(shim.loop, -1, &err) != 0)
            return 1;
    }
    return 0;
}
