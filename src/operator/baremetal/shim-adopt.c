/*
 * shim-adopt.c - a shim that goes on with what a killed one had written down: the same process, the
 * same stop, the same pause. How an adopted process ended is known from the supervisor, who
 * inherits and reaps it, or from the kernel; where neither tells it stays unknown.
 */
#include "base/base.h"

#include "operator/baremetal/shim.h"

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"

#define WAIT_FOR_EXIT_MS 1000
#define ASK_AGAIN_MS 10

/* Linux 6.15 and later tell how a process ended to who held its pidfd. */
struct pidfd_info_0 {
    uint64_t mask, cgroup_id;
    uint32_t pid, tgid, ppid, ids[8];
    int32_t exit_code; /* as from waitpid() */
};
#define GET_INFO _IOWR(0xFF, 11, struct pidfd_info_0)
#define INFO_EXIT 8u

static bool ask_kernel(const struct shim *shim, int *ret_status)
{
    struct pidfd_info_0 info = { .mask = INFO_EXIT };

    if (shim->pidfd < 0 || ioctl(shim->pidfd, GET_INFO, &info) != 0 || !(info.mask & INFO_EXIT))
        return false;
    *ret_status = info.exit_code;
    return true;
}

/* What the supervisor wrote before it reaped the process. */
static bool ask_file(const struct shim *shim, int *ret_status)
{
    struct arena *arena = arena_new();
    struct node *node;
    STR_AUTO(boot);
    bool is_it;

    baremetal_boot_id(&boot);
    is_it = baremetal_read_state(arena, "exit.json", &node, NULL) == 0 &&
            baremetal_int(node, "pid") == shim->pid &&
            baremetal_int(node, "start_time") == shim->start_time &&
            text_is(baremetal_text(node, "boot_id"), boot.buf);
    if (is_it)
        *ret_status = (int)baremetal_int(node, "status");
    arena_free(arena);
    return is_it;
}

/* Until it is reaped nobody can have told. */
static bool may_be_told(struct shim *shim)
{
    struct baremetal_stat stat;

    if (!baremetal_read_stat(shim->pid, &stat) || stat.start_time != shim->start_time)
        return false;
    if (shim->wait_until_ms == 0)
        shim->wait_until_ms = clock_now_ms() + WAIT_FOR_EXIT_MS;
    return clock_now_ms() < shim->wait_until_ms;
}

static void find_exit(struct shim *shim);

static void on_ask_again(void *arg)
{
    struct shim *shim = arg;

    shim->timer = NULL;
    find_exit(shim);
}

/* The adopted process has gone: how it ended is known when it was reaped. */
static void find_exit(struct shim *shim)
{
    bool may_wait = may_be_told(shim),
         is_known; /* the look first: what is told after it is found */
    int status = 0;

    is_known = ask_file(shim, &status) || ask_kernel(shim, &status);
    if (!is_known && may_wait) {
        if (!shim->is_gone) { /* it does not run, whatever comes next */
            shim->is_gone = true;
            baremetal_shim_note(shim);
        }
        shim->timer = loop_add_timer(shim->loop, ASK_AGAIN_MS, on_ask_again, shim);
        return;
    }
    baremetal_shim_ended(shim, is_known, status);
    baremetal_shim_advance(shim);
}

static void on_pidfd(void *arg, int fd, unsigned events)
{
    struct shim *shim = arg;

    (void)fd;
    (void)events;
    loop_remove(shim->pid_source);
    shim->pid_source = NULL;
    find_exit(shim);
}

/* --- what was written down ----------------------------------------------------------------------
 */

static void take_status(struct shim *shim, const struct baremetal_status *status)
{
    shim->is_adopted = true;
    shim->pid = shim->group = status->pid;
    shim->start_time = status->start_time;
    shim->started_ns = status->started_ns;
    shim->started_ms = clock_now_ms() - (clock_wall_ns() - status->started_ns) / 1000000;
    shim->finished_ns = status->finished_ns;
    shim->restarts = status->restarts;
    shim->backoff_ms = status->backoff_ms;
    shim->exit_code = status->exit_code;
    shim->is_exit_known = status->is_exit_known;
    shim->is_stopping = status->is_ordered;
    shim->deadline_ms = status->deadline_ms;
    shim->is_paused = text_is(status->state, "paused");
}

/* It runs. The session is ours for as long as it lives; an ordered stop is gone on with. */
static void go_on(struct shim *shim, const struct baremetal_status *status)
{
    shim->session = status->session;
    shim->pid_source = loop_add_fd(shim->loop, shim->pidfd, LOOP_READ, on_pidfd, shim);
    baremetal_shim_health_begin(shim);
    if (shim->health != HEALTH_NONE)
        shim->health = status->health;
    if (shim->is_stopping)
        baremetal_shim_stop(shim, 0, MAX(shim->deadline_ms - clock_now_ms(), 1));
    else
        baremetal_shim_note(shim);
}

int baremetal_shim_adopt(struct shim *shim, struct err *err)
{
    struct baremetal_look look;
    struct baremetal_status status;

    if (baremetal_look(shim->arena, ".", &look, err) != 0)
        return -1;
    if (!look.is_live) {
        shim->phase = SHIM_DONE;
        return 0;
    }
    baremetal_status_read(look.status, &status);
    take_status(shim, &status);
    if (shim->pid == 0) { /* had gone, and what is left of it was being ended */
        shim->phase = SHIM_CLEARING;
        baremetal_shim_advance(shim);
        return 0;
    }
    shim->phase = SHIM_RUNNING;
    /* The descriptor first, then the look: what it names cannot change any more. */
    shim->pidfd = (int)syscall(SYS_pidfd_open, shim->pid, 0);
    if (shim->pidfd >= 0 && baremetal_start_time(shim->pid) == shim->start_time)
        go_on(shim, &status);
    else
        find_exit(shim);
    return 0;
}
