/*
 * ward.c - what the supervisor does for one instance: holds its outputs open, starts its shim and,
 * for one that was killed, another; inherits the killed one's process, and writes down how it
 * ended.
 */
#include "base/base.h"

#include <sys/resource.h>

#include "operator/baremetal/supervisor.h"

#include <stdio.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "data/jwrite.h"
#include "operator/baremetal/shim.h"

#define SHORT_LIFE_MS 1000
#define QUICK_RESPAWNS 20 /* in a row, before a shim that cannot live gets pauses */
#define RESPAWN_FIRST_MS 50
#define RESPAWN_LAST_MS 10000
#define FIND_FIRST_MS 2
#define FIND_LAST_MS 200

/* --- one ward -----------------------------------------------------------------------------------
 */

static struct ward *find_ward(struct supervisor *supervisor, const char *id)
{
    VEC_EACH (&supervisor->wards, ward) {
        if (text_is((*ward)->id, id))
            return *ward;
    }
    return NULL;
}

struct ward *baremetal_ward_get(struct supervisor *supervisor, const char *id)
{
    struct ward *ward = find_ward(supervisor, id);
    STR_AUTO(dir);

    if (ward)
        return ward;
    str_printf(&dir, "process/%s", id);
    ward = MEM_NEW(struct ward);
    ward->supervisor = supervisor;
    ward->id = mem_dup(id);
    ward->dir = str_steal(&dir);
    ward->pidfd = ward->channel = ward->outputs[0] = ward->outputs[1] = -1;
    str_init(&ward->input, 0);
    VEC_ADD(&supervisor->wards, ward);
    return ward;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void forget_shim(struct ward *ward)
{
    loop_remove(ward->pid_source);
    loop_remove(ward->channel_source);
    ward->pid_source = ward->channel_source = NULL;
    close_fd(&ward->pidfd);
    close_fd(&ward->channel);
    str_clear(&ward->input);
    ward->shim = 0;
    ward->is_child = ward->is_ready = false;
}

static void let_go(struct ward *ward)
{
    struct supervisor *supervisor = ward->supervisor;

    for (size_t i = 0; i < supervisor->wards.n; i++) {
        if (supervisor->wards.items[i] == ward) {
            supervisor->wards.items[i] = supervisor->wards.items[--supervisor->wards.n];
            break;
        }
    }
    forget_shim(ward);
    loop_remove(ward->timer);
    close_fd(&ward->outputs[0]);
    close_fd(&ward->outputs[1]);
    str_release(&ward->input);
    mem_free(ward->id);
    mem_free(ward->dir);
    mem_free(ward);
    baremetal_clients_mended(supervisor);
}

static void on_again(void *arg)
{
    struct ward *ward = arg;

    ward->timer = NULL;
    baremetal_ward_tend(ward);
}

static void tend_later(struct ward *ward, int64_t first_ms, int64_t last_ms)
{
    ward->pause_ms = ward->pause_ms == 0 ? first_ms : MIN(ward->pause_ms * 2, last_ms);
    loop_remove(ward->timer);
    ward->timer = loop_add_timer(ward->supervisor->loop, ward->pause_ms, on_again, ward);
}

/* --- what a shim says ---------------------------------------------------------------------------
 */

static void take_line(struct ward *ward, const char *line)
{
    ward->is_ready = true;
    ward->pause_ms = 0;
    if (text_is(line, "ok"))
        baremetal_clients_started(ward->supervisor, ward->id, NULL);
    else if (text_starts(line, "error "))
        baremetal_clients_started(ward->supervisor, ward->id, line + strlen("error "));
    baremetal_clients_mended(ward->supervisor);
}

static void on_channel(void *arg, int fd, unsigned events)
{
    struct ward *ward = arg;
    char buffer[1024], *end;
    ssize_t n = read(fd, buffer, sizeof(buffer));

    (void)events;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) { /* its end is told by its pid */
        loop_remove(ward->channel_source);
        ward->channel_source = NULL;
        close_fd(&ward->channel);
        return;
    }
    str_add_len(&ward->input, buffer, (size_t)n);
    while ((end = memchr(ward->input.buf, '\n', ward->input.len)) != NULL) {
        *end = '\0';
        take_line(ward, ward->input.buf);
        str_remove(&ward->input, 0, (size_t)(end - ward->input.buf) + 1);
    }
}

static void open_channel(struct ward *ward, int fd)
{
    ward->channel = fd;
    ward->channel_source = loop_add_fd(ward->supervisor->loop, fd, LOOP_READ, on_channel, ward);
}

/* --- a shim that is there -----------------------------------------------------------------------
 */

static void shim_ended(struct ward *ward);

static void on_pidfd(void *arg, int fd, unsigned events)
{
    (void)fd;
    (void)events;
    shim_ended(arg);
}

static int connect_to(const char *dir)
{
    static const char request[] = "{\"version\":1,\"verb\":\"supervise\"}\n";
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock", dir) >=
            (int)sizeof(address.sun_path) ||
        connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0)
        close_fd(&fd);
    return fd;
}

/* Who has the lock signed it, unless it makes or removes the instance, or is about to sign. */
static bool find_shim(struct ward *ward)
{
    long long start_time;
    STR_AUTO(path);
    STR_AUTO(text);
    int pid, fd;

    str_printf(&path, "%s/lock", ward->dir);
    if (file_read(path.buf, 256, &text, NULL) != 0 ||
        sscanf(text.buf, "%d %lld", &pid, &start_time) != 2)
        return false;
    ward->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (ward->pidfd < 0 || baremetal_start_time(pid) != start_time ||
        (fd = connect_to(ward->dir)) < 0) {
        close_fd(&ward->pidfd);
        return false;
    }
    ward->shim = pid;
    ward->is_child = false;
    ward->pid_source = loop_add_fd(ward->supervisor->loop, ward->pidfd, LOOP_READ, on_pidfd, ward);
    open_channel(ward, fd);
    return true;
}

/* --- a new shim ---------------------------------------------------------------------------------
 */

/* With these nothing is lost that the service writes while there is no shim, even if it ends. */
static void hold_outputs(struct ward *ward)
{
    static const char *const names[] = { "out", "err" };
    STR_AUTO(path);

    for (int i = 0; i < 2; i++) {
        if (ward->outputs[i] >= 0)
            continue;
        str_clear(&path);
        str_printf(&path, "%s/%s", ward->dir, names[i]);
        if (mkfifo(path.buf, 0600) == 0 || errno == EEXIST)
            ward->outputs[i] = open(path.buf, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    }
}

/* The program's name and arguments, as ps shows them. */
static void set_title(char **argv, const char *title)
{
    size_t room, n = 0;

    while (argv[n])
        n++;
    room = (size_t)(argv[n - 1] + strlen(argv[n - 1]) - argv[0]);
    memset(argv[0], 0, room);
    memcpy(argv[0], title, MIN(strlen(title), room));
}

static ATTR_NORETURN void be_shim(struct ward *ward, int lock, int channel, bool is_start)
{
    struct supervisor *supervisor = ward->supervisor;
    int fds[2];
    STR_AUTO(title);
    sigset_t none;

    fds[0] = fcntl(lock, F_DUPFD, 64);
    fds[1] = fcntl(channel, F_DUPFD, 64);
    dup2(fds[0], 3);
    dup2(fds[1], 4);
    syscall(SYS_close_range, 5U, ~0U, 0U);
    fcntl(3, F_SETFD, FD_CLOEXEC);
    fcntl(4, F_SETFD, FD_CLOEXEC);
    setrlimit(RLIMIT_NOFILE, supervisor->limit);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    str_printf(&title, "octo-shim %s %s", path_base(supervisor->argv[2]), ward->id);
    set_title(supervisor->argv, title.buf);
    _exit(baremetal_shim_main(ward->dir, 3, 4, is_start));
}

static void start_shim(struct ward *ward, int lock, bool is_start)
{
    int channel[2];
    pid_t pid;

    hold_outputs(ward);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, channel) != 0) {
        tend_later(ward, RESPAWN_FIRST_MS, RESPAWN_LAST_MS);
        return;
    }
    pid = fork();
    if (pid == 0)
        be_shim(ward, lock, channel[1], is_start);
    close(channel[1]);
    if (pid < 0) {
        close(channel[0]);
        tend_later(ward, RESPAWN_FIRST_MS, RESPAWN_LAST_MS);
        return;
    }
    ward->shim = pid;
    ward->is_child = true;
    ward->is_ready = false;
    ward->pause_ms = 0;
    ward->born_ms = clock_now_ms();
    open_channel(ward, channel[0]);
}

/* --- tending ------------------------------------------------------------------------------------
 */

static void give_up(struct ward *ward, const char *error)
{
    baremetal_clients_started(ward->supervisor, ward->id, error);
    let_go(ward);
}

/* With the lock held, so that nobody starts, stops or removes it meanwhile. */
static void tend_locked(struct ward *ward, int lock)
{
    struct arena *arena = arena_new();
    struct baremetal_look look;
    ERR_AUTO(err);
    int looked = baremetal_look(arena, ward->dir, &look, &err);

    if (looked != 0)
        give_up(ward, err.text);
    else if (look.is_live)
        start_shim(ward, lock, false);
    else if (baremetal_clients_want(ward->supervisor, ward->id))
        start_shim(ward, lock, true);
    else
        let_go(ward);
    arena_free(arena);
}

/* Already up: who asks for a start is answered. One on its way down has to end first. */
static void answer_starts(struct ward *ward)
{
    struct arena *arena = arena_new();
    struct baremetal_look look;

    if (baremetal_look(arena, ward->dir, &look, NULL) == 0 && look.is_live && !look.is_stopping)
        baremetal_clients_started(ward->supervisor, ward->id, NULL);
    arena_free(arena);
}

void baremetal_ward_tend(struct ward *ward)
{
    int lock;

    if (ward->shim > 0) {
        if (ward->is_ready)
            answer_starts(ward);
        return;
    }
    lock = baremetal_lock(ward->dir);
    if (lock >= 0) {
        tend_locked(ward, lock);
        close(lock);
        return;
    }
    if (errno == ENOENT)
        give_up(ward, "the instance is gone");
    else if (find_shim(ward))
        hold_outputs(ward);
    else
        tend_later(ward, FIND_FIRST_MS, FIND_LAST_MS);
}

void baremetal_wards_scan(struct supervisor *supervisor)
{
    struct arena *arena = arena_new();
    struct text_list ids = { NULL, 0, 0 };

    baremetal_list(arena, "process", "", &ids);
    for (size_t i = 0; i < ids.n; i++) {
        struct baremetal_look look;
        STR_AUTO(dir);

        str_printf(&dir, "process/%s", ids.items[i]);
        if (!find_ward(supervisor, ids.items[i]) &&
            baremetal_look(arena, dir.buf, &look, NULL) == 0 && look.is_live)
            baremetal_ward_tend(baremetal_ward_get(supervisor, ids.items[i]));
    }
    arena_free(arena);
}

/* --- ends ---------------------------------------------------------------------------------------
 */

/* The killed shim's process is our child now, and we are the one who learns how it ends. Returns
   whether there is something left to watch. */
static bool inherit(struct ward *ward, bool was_child)
{
    struct arena *arena = arena_new();
    struct baremetal_look look;
    struct baremetal_stat stat;
    bool is_live = baremetal_look(arena, ward->dir, &look, NULL) == 0 && look.is_live;

    ward->orphan = 0;
    if (was_child && is_live && look.pid > 0 && baremetal_read_stat(look.pid, &stat) &&
        stat.parent == getpid() && stat.start_time == baremetal_int(look.status, "start_time")) {
        ward->orphan = look.pid;
        ward->orphan_start_time = stat.start_time;
    }
    arena_free(arena);
    return is_live;
}

static void shim_ended(struct ward *ward)
{
    bool was_short = clock_now_ms() - ward->born_ms < SHORT_LIFE_MS;
    bool was_child = ward->is_child, is_live;

    forget_shim(ward);
    is_live = inherit(ward, was_child);
    ward->n_short = is_live && was_short ? ward->n_short + 1 : 0;
    if (ward->n_short <= QUICK_RESPAWNS) {
        baremetal_ward_tend(ward);
        return;
    }
    ward->pause_ms = ward->last_pause_ms;
    tend_later(ward, RESPAWN_FIRST_MS, RESPAWN_LAST_MS);
    ward->last_pause_ms = ward->pause_ms;
}

static void note_exit(struct ward *ward, int status)
{
    STR_AUTO(boot);
    STR_AUTO(path);
    STR_AUTO(text);
    struct jwrite w;

    baremetal_boot_id(&boot);
    str_printf(&path, "%s/exit.json", ward->dir);
    jwrite_init(&w, &text, 0);
    jwrite_map(&w);
    jwrite_key_int(&w, "version", BAREMETAL_VERSION);
    jwrite_key_int(&w, "pid", ward->orphan);
    jwrite_key_int(&w, "start_time", ward->orphan_start_time);
    jwrite_key_text(&w, "boot_id", boot.buf);
    jwrite_key_int(&w, "status", status);
    jwrite_map_end(&w);
    str_add_char(&text, '\n');
    (void)!file_write_unsynced(path.buf, text.buf, text.len, 0600, NULL);
    ward->orphan = 0;
}

static bool reap_shims(struct supervisor *supervisor)
{
    for (size_t i = supervisor->wards.n; i > 0; i--) {
        struct ward *ward = supervisor->wards.items[i - 1];

        if (ward->is_child && waitpid(ward->shim, NULL, WNOHANG) == ward->shim) {
            shim_ended(ward);
            return true; /* which may have changed the list */
        }
    }
    return false;
}

/* Written down before it is reaped: until then the new shim waits. */
static void reap_orphan(struct supervisor *supervisor, pid_t pid, const siginfo_t *info)
{
    VEC_EACH (&supervisor->wards, ward) {
        if ((*ward)->orphan == pid)
            note_exit(*ward, info->si_code == CLD_EXITED ? (info->si_status & 0xff) << 8
                                                         : info->si_status);
    }
    (void)!waitpid(pid, NULL, 0);
}

/* Shims first: what else ends may be the process of one of them. */
void baremetal_wards_reap(struct supervisor *supervisor)
{
    for (;;) {
        siginfo_t info = { 0 };

        while (reap_shims(supervisor))
            continue;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
            return;
        if (!reap_shims(supervisor))
            reap_orphan(supervisor, info.si_pid, &info);
    }
}
