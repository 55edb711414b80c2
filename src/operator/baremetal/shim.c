/*
 * shim.c - the shim's main: listens on the instance's socket, and hands what happens to shim-run.c
 * (the process), shim-adopt.c (one that another shim had started) and shim-health.c (its health).
 * It is forked by the supervisor without a new program, so that all shims share its memory.
 */
#include "base/base.h"

#include "operator/baremetal/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "data/jread.h"
#include "operator/baremetal/supervisor.h"

#define REVIVE_MS 10 /* doubled at each try */
#define REVIVALS 7

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
    if (shim->supervisor == peer)
        shim->supervisor = NULL;
    peer_free(peer);
}

static void answer(struct shim_peer *peer, const char *text)
{
    (void)!send(peer->fd, text, strlen(text), MSG_NOSIGNAL);
    drop_peer(peer);
}

void baremetal_shim_answer_all(struct shim *shim)
{
    for (size_t i = shim->peers.n; i > 0; i--) {
        if (shim->peers.items[i - 1]->waits_for_end)
            answer(shim->peers.items[i - 1], "{\"version\":1,\"ok\":true}\n");
    }
}

/* One line for the supervisor: "ok" (it runs), "ending", "error" and why. */
static void tell_supervisor(struct shim *shim, const char *word, const char *text)
{
    STR_AUTO(line);

    if (!shim->supervisor)
        return;
    str_printf(&line, "%s%s%s\n", word, text ? " " : "", text ? text : "");
    (void)!send(shim->supervisor->fd, line.buf, line.len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void baremetal_shim_tell(struct shim *shim)
{
    bool is_up = !shim->is_stopping && !shim->is_gone &&
                 (shim->phase == SHIM_RUNNING || shim->phase == SHIM_BACKOFF);

    tell_supervisor(shim, is_up ? "ok" : "ending", NULL);
}

static void become_supervised(struct shim *shim, struct shim_peer *peer)
{
    str_clear(&peer->input);
    shim->supervisor = peer;
    baremetal_shim_tell(shim);
}

static void pause_it(struct shim *shim, bool is_paused)
{
    baremetal_shim_signal(shim, is_paused ? SIGSTOP : SIGCONT);
    shim->is_paused = is_paused;
    baremetal_shim_note(shim);
}

/* What a killed command had ordered must not happen behind the back of the next one, who looks at
   what is written down: written first, then done, and only when who ordered it was there all the
   time. */
static bool is_still_wanted(struct shim *shim, struct shim_peer *peer)
{
    if (shim->is_stopping)
        return true;
    shim->is_stopping = true;
    baremetal_shim_note(shim);
    if (baremetal_is_there(peer->fd))
        return true;
    shim->is_stopping = false;
    baremetal_shim_note(shim);
    baremetal_shim_tell(shim);
    drop_peer(peer);
    return false;
}

static void serve(struct shim_peer *peer, const struct node *request)
{
    struct shim *shim = peer->shim;
    const char *verb = baremetal_text(request, "verb");
    int signo = (int)baremetal_int(request, "signal");

    if (baremetal_int(request, "version") != BAREMETAL_VERSION) {
        answer(peer, "{\"version\":1,\"ok\":false,\"error\":\"the watching process is of another "
                     "version\"}\n");
    } else if (text_is(verb, "supervise")) {
        become_supervised(shim, peer);
    } else if (!baremetal_is_there(peer->fd)) {
        drop_peer(peer);
    } else if (text_is(verb, "stop") || (text_is(verb, "kill") && signo == SIGKILL)) {
        if (!is_still_wanted(shim, peer))
            return;
        peer->waits_for_end = true;
        baremetal_shim_stop(shim, signo, baremetal_int(request, "grace_ns") / 1000000);
    } else if (text_is(verb, "kill")) {
        if (signo == SIGTERM && !is_still_wanted(shim, peer))
            return;
        baremetal_shim_signal(shim, signo);
        answer(peer, "{\"version\":1,\"ok\":true}\n");
    } else if (text_is(verb, "pause") || text_is(verb, "unpause")) {
        pause_it(shim, text_is(verb, "pause"));
        answer(peer, "{\"version\":1,\"ok\":true}\n");
    } else {
        answer(peer, "{\"version\":1,\"ok\":false,\"error\":\"unknown request\"}\n");
    }
}

static void on_revive(void *arg)
{
    struct shim *shim = arg;

    shim->revive_timer = NULL;
    if (shim->supervisor || shim->phase == SHIM_DONE)
        return;
    baremetal_supervisor_revive("../..");
    if (shim->n_revivals++ < REVIVALS)
        shim->revive_timer =
            loop_add_timer(shim->loop, REVIVE_MS << shim->n_revivals, on_revive, shim);
}

/* A dying supervisor's lock may be free a moment after its end of our channel is. */
static void begin_revival(struct shim *shim)
{
    loop_remove(shim->revive_timer);
    shim->n_revivals = 0;
    shim->revive_timer = loop_add_soon(shim->loop, on_revive, shim);
}

static void on_peer(void *arg, int fd, unsigned events)
{
    struct shim_peer *peer = arg;
    enum baremetal_receipt receipt = baremetal_receive(fd, &peer->input);
    struct arena *arena;
    struct node *request;

    (void)events;
    if (receipt == RECEIVED_END) {
        bool was_supervisor = peer->shim->supervisor == peer;
        struct shim *shim = peer->shim;

        drop_peer(peer);
        if (was_supervisor && shim->phase != SHIM_DONE)
            begin_revival(shim);
        return;
    }
    if (receipt != RECEIVED_LINE || peer->waits_for_end)
        return;
    arena = arena_new();
    if (jread_parse(arena, 0, peer->input.buf, peer->input.len, &request, NULL) != 0)
        drop_peer(peer);
    else
        serve(peer, request);
    arena_free(arena);
}

static struct shim_peer *add_peer(struct shim *shim, int fd)
{
    struct shim_peer *peer = MEM_NEW(struct shim_peer);

    peer->shim = shim;
    peer->fd = fd;
    str_init(&peer->input, 0);
    VEC_ADD(&shim->peers, peer);
    peer->source = loop_add_fd(shim->loop, fd, LOOP_READ, on_peer, peer);
    return peer;
}

static void on_connect(void *arg, int fd, unsigned events)
{
    struct shim *shim = arg;
    int connection = baremetal_accept(fd);

    (void)events;
    if (connection >= 0)
        add_peer(shim, connection);
}

/* --- signals and outputs ------------------------------------------------------------------------
 */

/* Each is looked at, written down, and only then reaped. */
static void on_child(void *arg, int signo)
{
    struct shim *shim = arg;
    siginfo_t info = { 0 };

    (void)signo;
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0) {
        pid_t pid = info.si_pid;
        int status = info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8 : info.si_status;

        if (pid == shim->pid && !shim->is_adopted)
            baremetal_shim_ended(shim, true, status);
        (void)!waitpid(pid, NULL, 0);
        if (pid == shim->check)
            baremetal_shim_checked(shim, status);
        info.si_pid = 0;
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

/* Who finds the lock taken finds us by this. */
static void sign_lock(int lock)
{
    STR_AUTO(text);

    str_printf(&text, "%d %lld\n", (int)getpid(), (long long)baremetal_start_time(getpid()));
    if (ftruncate(lock, 0) != 0 || pwrite(lock, text.buf, text.len, 0) < 0)
        return; /* a full disk: we are found when the supervisor, our parent, goes on living */
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
    if (baremetal_log_open(&shim->log, err) != 0 ||
        (shim->listener = baremetal_listen("sock", err)) < 0)
        return -1;
    loop_add_fd(shim->loop, shim->listener, LOOP_READ, on_connect, shim);
    for (int i = 0; i < 2; i++)
        loop_add_fd(shim->loop, shim->log.fifo[i], LOOP_READ, on_output, shim);
    loop_add_signal(shim->loop, SIGCHLD, on_child, shim);
    loop_add_signal(shim->loop, SIGTERM, on_terminate, shim);
    loop_add_signal(shim->loop, SIGINT, on_terminate, shim);
    loop_add_signal(shim->loop, SIGHUP, on_terminate, shim);
    return 0;
}

int baremetal_shim_main(const char *dir, int lock, int channel, bool is_start)
{
    struct shim shim = { .lock = lock, .listener = -1, .pidfd = -1 };
    ERR_AUTO(err);
    int result;

    umask(077);
    if (chdir(dir) != 0)
        return 1;
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NAME, "octo-shim");
    sign_lock(lock);
    shim.arena = arena_new();
    result = loop_new(&shim.loop, &err);
    if (result == 0) {
        shim.supervisor = add_peer(&shim, channel);
        result = prepare(&shim, &err);
    }
    if (result == 0)
        result = is_start ? baremetal_shim_run(&shim, &err) : baremetal_shim_adopt(&shim, &err);
    if (result != 0) {
        tell_supervisor(&shim, "error", err.text);
        return 1;
    }
    baremetal_shim_tell(&shim);
    while (shim.phase != SHIM_DONE) {
        if (loop_step(shim.loop, -1, &err) != 0)
            return 1;
    }
    return 0;
}
