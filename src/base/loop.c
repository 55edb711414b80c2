/*
 * loop.c - the event loop: sources, the heap of timers, one round. Signals and children are
 * descriptors like others to it (signalfd, pidfd). It starts no processes and reads nobody's
 * descriptors.
 *
 * A removed source is only marked and unlinked while a round runs; its memory goes when the
 * outermost round ends, so that pointers in the round's list of events stay valid. A dead source
 * keeps its `next`, so that a walk over the list survives any removal.
 */
#include "base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/vec.h"

#define EVENTS_PER_ROUND 64
#define POLL_CHILDREN_MS 20 /* on kernels without pidfd_open() */
#define NOT_IN_HEAP SIZE_MAX

enum source_kind { SOURCE_FD, SOURCE_TIMER, SOURCE_SIGNAL, SOURCE_CHILD };

struct loop_source {
    struct loop *loop;
    struct loop_source *next, *prev; /* all live sources */
    struct loop_source *next_dead;
    enum source_kind kind;
    bool is_dead;
    bool is_background;
    bool is_polled; /* epoll cannot wait for it: a regular file, a child without pidfd */
    bool is_in_epoll;
    union {
        loop_fd_fn fd;
        loop_fn timer;
        loop_signal_fn signal;
        loop_child_fn child;
    } fn;
    void *arg;
    int fd;       /* what the caller gave */
    int epoll_fd; /* what epoll waits for: fd, a copy of it (is_own_fd) or the pidfd */
    bool is_own_fd;
    unsigned events;
    int64_t due_ns;
    uint64_t order; /* of two timers that are due the older one runs first */
    size_t heap_at;
    int signo;
    bool was_blocked;
    pid_t pid;
};

struct loop {
    int epoll_fd;
    int signal_fd; /* -1 until the first signal source */
    sigset_t signals;
    struct loop_source *sources;
    struct loop_source *dead;
    VEC(struct loop_source *) heap; /* timers, the next one first */
    uint64_t next_order;
    size_t n_foreground;
    size_t n_polled_fds, n_polled_children;
    int depth; /* of rounds that run */
    bool is_stopped;
};

int loop_new(struct loop **ret_loop, struct err *err)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0)
        return err_set_sys(err, errno, "cannot create the event loop");
    struct loop *loop = MEM_NEW(struct loop);
    loop->epoll_fd = fd;
    loop->signal_fd = -1;
    sigemptyset(&loop->signals);
    signal(SIGPIPE, SIG_IGN); /* a peer that went away is EPIPE, not our end */
    *ret_loop = loop;
    return 0;
}

static void free_dead(struct loop *loop)
{
    while (loop->dead) {
        struct loop_source *source = loop->dead;
        loop->dead = source->next_dead;
        mem_free(source);
    }
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    assert(!loop->depth);
    while (loop->sources)
        loop_remove(loop->sources);
    if (loop->signal_fd >= 0)
        close(loop->signal_fd);
    close(loop->epoll_fd);
    VEC_RELEASE(&loop->heap);
    mem_free(loop);
}

static struct loop_source *source_new(struct loop *loop, enum source_kind kind, void *arg)
{
    struct loop_source *source = MEM_NEW(struct loop_source);
    source->loop = loop;
    source->kind = kind;
    source->arg = arg;
    source->fd = source->epoll_fd = -1;
    source->heap_at = NOT_IN_HEAP;
    source->next = loop->sources;
    if (source->next)
        source->next->prev = source;
    loop->sources = source;
    loop->n_foreground++;
    return source;
}

/* The heap. */

static bool is_before(const struct loop_source *a, const struct loop_source *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void heap_put(struct loop *loop, size_t at, struct loop_source *source)
{
    loop->heap.items[at] = source;
    source->heap_at = at;
}

/* Moves source from the free place `at` to where it belongs. */
static void heap_settle(struct loop *loop, size_t at, struct loop_source *source)
{
    struct loop_source **items = loop->heap.items;
    while (at && is_before(source, items[(at - 1) / 2])) {
        heap_put(loop, at, items[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < loop->heap.n && is_before(items[child + 1], items[child]))
            child++;
        if (child >= loop->heap.n || !is_before(items[child], source))
            break;
        heap_put(loop, at, items[child]);
        at = child;
    }
    heap_put(loop, at, source);
}

static void heap_add(struct loop *loop, struct loop_source *source)
{
    VEC_ADD(&loop->heap, source);
    heap_settle(loop, loop->heap.n - 1, source);
}

static void heap_remove(struct loop *loop, struct loop_source *source)
{
    size_t at = source->heap_at;
    struct loop_source *last = loop->heap.items[--loop->heap.n];
    source->heap_at = NOT_IN_HEAP;
    if (last != source)
        heap_settle(loop, at, last);
}

/* Descriptors. */

static void set_polled(struct loop_source *source, bool is_polled)
{
    if (source->is_polled == is_polled)
        return;
    size_t *count = source->kind == SOURCE_CHILD ? &source->loop->n_polled_children
                                                 : &source->loop->n_polled_fds;
    *count += is_polled ? 1 : (size_t)-1;
    source->is_polled = is_polled;
}

static int control(struct loop_source *source, int operation)
{
    struct epoll_event event = { .data.ptr = source };
    event.events = (source->events & LOOP_READ ? EPOLLIN : 0u) |
                   (source->events & LOOP_WRITE ? EPOLLOUT : 0u);
    return epoll_ctl(source->loop->epoll_fd, operation, source->epoll_fd, &event);
}

/* Makes epoll wait for what source->events says; nothing at all leaves epoll, because a hang-up is
   reported even to those who asked for nothing. */
static void update_epoll(struct loop_source *source)
{
    if (!source->events) {
        if (source->is_in_epoll)
            control(source, EPOLL_CTL_DEL);
        source->is_in_epoll = false;
        set_polled(source, false);
        return;
    }
    if (source->is_polled)
        return;
    int result = control(source, source->is_in_epoll ? EPOLL_CTL_MOD : EPOLL_CTL_ADD);
    if (result < 0 && errno == EEXIST && !source->is_own_fd) {
        /* Another source waits for the same descriptor: epoll wants a copy. */
        source->epoll_fd = fcntl(source->fd, F_DUPFD_CLOEXEC, 3);
        source->is_own_fd = true;
        result = control(source, EPOLL_CTL_ADD);
    }
    source->is_in_epoll = result == 0;
    if (result < 0) /* regular files are always ready; of a bad one, read() will tell */
        set_polled(source, true);
}

struct loop_source *loop_add_fd(struct loop *loop, int fd, unsigned events, loop_fd_fn fn,
                                void *arg)
{
    struct loop_source *source = source_new(loop, SOURCE_FD, arg);
    source->fn.fd = fn;
    source->fd = source->epoll_fd = fd;
    source->events = events & (LOOP_READ | LOOP_WRITE);
    update_epoll(source);
    return source;
}

void loop_set_events(struct loop_source *source, unsigned events)
{
    assert(source->kind == SOURCE_FD);
    events &= LOOP_READ | LOOP_WRITE;
    if (source->is_dead || source->events == events)
        return;
    source->events = events;
    update_epoll(source);
}

/* Timers. */

static struct loop_source *add_timer(struct loop *loop, int64_t due_ns, loop_fn fn, void *arg)
{
    struct loop_source *source = source_new(loop, SOURCE_TIMER, arg);
    source->fn.timer = fn;
    source->due_ns = due_ns;
    source->order = loop->next_order++;
    heap_add(loop, source);
    return source;
}

struct loop_source *loop_add_timer(struct loop *loop, int64_t delay_ms, loop_fn fn, void *arg)
{
    delay_ms = MAX(delay_ms, 0);
    delay_ms = MIN(delay_ms, INT64_MAX / 4000000);
    return add_timer(loop, clock_now_ns() + delay_ms * 1000000, fn, arg);
}

struct loop_source *loop_add_soon(struct loop *loop, loop_fn fn, void *arg)
{
    return add_timer(loop, INT64_MIN, fn, arg);
}

/* Signals. */

static void update_signal_fd(struct loop *loop)
{
    bool is_new = loop->signal_fd < 0;
    int fd = signalfd(loop->signal_fd, &loop->signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (!is_new || fd < 0)
        return;
    loop->signal_fd = fd;
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = loop };
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

struct loop_source *loop_add_signal(struct loop *loop, int signo, loop_signal_fn fn, void *arg)
{
    struct loop_source *source = source_new(loop, SOURCE_SIGNAL, arg);
    source->fn.signal = fn;
    source->signo = signo;
    sigset_t one, before;
    sigemptyset(&one);
    sigaddset(&one, signo);
    sigprocmask(SIG_BLOCK, &one, &before);
    source->was_blocked = sigismember(&before, signo) == 1;
    sigaddset(&loop->signals, signo);
    update_signal_fd(loop);
    return source;
}

/* The last source of a signal is gone: the signal does again what it did before. */
static void release_signal(struct loop_source *gone)
{
    struct loop *loop = gone->loop;
    for (struct loop_source *other = loop->sources; other; other = other->next) {
        if (other->kind == SOURCE_SIGNAL && other->signo == gone->signo) {
            other->was_blocked = other->was_blocked && gone->was_blocked;
            return;
        }
    }
    sigdelset(&loop->signals, gone->signo);
    update_signal_fd(loop);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, gone->signo);
    if (!gone->was_blocked)
        sigprocmask(SIG_UNBLOCK, &one, NULL);
}

static void read_signals(struct loop *loop)
{
    struct signalfd_siginfo info;
    while (read(loop->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        for (struct loop_source *source = loop->sources; source; source = source->next)
            if (!source->is_dead && source->kind == SOURCE_SIGNAL &&
                source->signo == (int)info.ssi_signo)
                source->fn.signal(source->arg, source->signo);
    }
}

/* Children. */

static int open_pidfd(pid_t pid)
{
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0u);
#else
    (void)pid;
    errno = ENOSYS;
    return -1;
#endif
}

struct loop_source *loop_add_child(struct loop *loop, pid_t pid, loop_child_fn fn, void *arg)
{
    struct loop_source *source = source_new(loop, SOURCE_CHILD, arg);
    source->fn.child = fn;
    source->pid = pid;
    source->events = LOOP_READ;
    source->epoll_fd = open_pidfd(pid); /* sets close-on-exec by itself */
    source->is_own_fd = source->epoll_fd >= 0;
    if (source->is_own_fd)
        update_epoll(source);
    else
        set_polled(source, true);
    return source;
}

static void check_child(struct loop_source *source)
{
    int status = 0;
    pid_t pid = waitpid(source->pid, &status, WNOHANG);
    if (!pid || (pid < 0 && errno == EINTR))
        return;
    if (pid < 0)
        status = 255 << 8; /* somebody else reaped it */
    loop_remove(source);
    source->fn.child(source->arg, status);
}

void loop_set_background(struct loop_source *source)
{
    if (source->is_dead || source->is_background)
        return;
    source->is_background = true;
    source->loop->n_foreground--;
}

static void unlink_source(struct loop_source *source)
{
    if (source->prev)
        source->prev->next = source->next;
    else
        source->loop->sources = source->next;
    if (source->next)
        source->next->prev = source->prev;
}

void loop_remove(struct loop_source *source)
{
    if (!source || source->is_dead)
        return;
    struct loop *loop = source->loop;
    source->is_dead = true;
    unlink_source(source);
    if (!source->is_background)
        loop->n_foreground--;
    if (source->heap_at != NOT_IN_HEAP)
        heap_remove(loop, source);
    if (source->kind == SOURCE_SIGNAL)
        release_signal(source);
    source->events = 0;
    if (source->kind == SOURCE_FD || source->kind == SOURCE_CHILD)
        update_epoll(source);
    if (source->is_own_fd && source->epoll_fd >= 0)
        close(source->epoll_fd);
    source->next_dead = loop->dead;
    loop->dead = source;
    if (!loop->depth)
        free_dead(loop);
}

void loop_close(struct loop_source **source, int *fd)
{
    loop_remove(*source);
    *source = NULL;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* One round. */

/* Runs the timers that are due and were there before this call. */
static bool run_timers(struct loop *loop)
{
    uint64_t end = loop->next_order;
    int64_t now_ns = loop->heap.n ? clock_now_ns() : 0;
    bool has_run = false;
    while (loop->heap.n && !loop->is_stopped) {
        struct loop_source *source = loop->heap.items[0];
        if (source->due_ns > now_ns || source->order >= end)
            break;
        loop_remove(source);
        source->fn.timer(source->arg);
        has_run = true;
    }
    return has_run;
}

static void dispatch(struct loop_source *source, uint32_t epoll_events)
{
    if (source->is_dead)
        return;
    if (source->kind == SOURCE_CHILD) {
        check_child(source);
        return;
    }
    unsigned events = (epoll_events & EPOLLIN ? LOOP_READ : 0u) |
                      (epoll_events & EPOLLOUT ? LOOP_WRITE : 0u);
    if (epoll_events & (EPOLLERR | EPOLLHUP))
        events |= source->events; /* read() or write() will tell what it is */
    events &= source->events;
    /* Another source's callback of the same turn may have wanted no more of this one. */
    if (!events && !(epoll_events & (EPOLLERR | EPOLLHUP)))
        return;
    if (epoll_events & EPOLLERR || !events)
        events |= LOOP_ERROR;
    source->fn.fd(source->arg, source->fd, events);
}

static void run_polled(struct loop *loop)
{
    if (!loop->n_polled_fds && !loop->n_polled_children)
        return;
    for (struct loop_source *source = loop->sources; source; source = source->next) {
        if (source->is_dead || !source->is_polled)
            continue;
        if (source->kind == SOURCE_CHILD)
            check_child(source);
        else
            source->fn.fd(source->arg, source->fd, source->events);
    }
}

static int wait_ms(const struct loop *loop, int timeout_ms)
{
    int64_t wait = timeout_ms < 0 ? INT32_MAX : timeout_ms;
    if (loop->n_polled_fds || loop->is_stopped)
        return 0;
    if (loop->n_polled_children)
        wait = MIN(wait, POLL_CHILDREN_MS);
    if (loop->heap.n) {
        int64_t due_ns = loop->heap.items[0]->due_ns;
        int64_t now_ns = clock_now_ns();
        int64_t left_ns = due_ns <= now_ns ? 0 : due_ns - now_ns;
        wait = MIN(wait, (left_ns + 999999) / 1000000);
    } else if (timeout_ms < 0 && wait == INT32_MAX) {
        return -1;
    }
    return (int)wait;
}

static int wait_and_dispatch(struct loop *loop, int timeout_ms, struct err *err)
{
    struct epoll_event events[EVENTS_PER_ROUND];
    int n = epoll_wait(loop->epoll_fd, events, EVENTS_PER_ROUND, wait_ms(loop, timeout_ms));
    if (n < 0 && errno != EINTR)
        return err_set_sys(err, errno, "cannot wait for events");
    for (int i = 0; i < n && !loop->is_stopped; i++) {
        if (events[i].data.ptr == loop)
            read_signals(loop);
        else
            dispatch(events[i].data.ptr, events[i].events);
    }
    run_polled(loop);
    return 0;
}

int loop_step(struct loop *loop, int timeout_ms, struct err *err)
{
    if (!loop->sources)
        return 0;
    loop->depth++;
    if (run_timers(loop))
        timeout_ms = 0;
    int result = loop->sources ? wait_and_dispatch(loop, timeout_ms, err) : 0;
    if (!result)
        run_timers(loop);
    if (!--loop->depth)
        free_dead(loop);
    return result;
}

int loop_run(struct loop *loop, struct err *err)
{
    int result = 0;
    while (!result && !loop->is_stopped && loop->n_foreground)
        result = loop_step(loop, -1, err);
    loop->is_stopped = false;
    return result;
}

void loop_stop(struct loop *loop)
{
    loop->is_stopped = true;
}
