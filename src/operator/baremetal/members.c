/*
 * members.c - which processes belong to an instance: what descends from the shim (a subreaper:
 * nothing can leave it), what is in its control groups and, when an earlier shim was killed or a
 * command was run in the service, what carries the instance's mark in its environment or is in the
 * session that the earlier shim made; and what descends from these. A signal goes to a process that
 * still is who it was, never to a number alone.
 */
#include "base/base.h"

#include "operator/baremetal/cgroup.h"

#include <stdio.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/file.h"

#define MAX_DEPTH 512

struct candidate {
    struct baremetal_stat stat;
    bool is_asked, has_mark;
};

struct search {
    const struct baremetal_instance *of;
    VEC(struct candidate) all;
    pid_t self;
    bool with_strangers; /* what does not descend from us */
    baremetal_pids in_groups;
};

static bool has_mark(pid_t pid, const char *id)
{
    char path[64];
    STR_AUTO(text);
    STR_AUTO(mark);
    ERR_AUTO(err);

    snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
    if (file_read(path, 4u << 20, &text, &err) != 0)
        return false;
    str_printf(&mark, "OCTO_INSTANCE=%s", id);
    for (const char *at = text.buf; at < text.buf + text.len; at += strlen(at) + 1) {
        if (strcmp(at, mark.buf) == 0)
            return true;
    }
    return false;
}

static struct candidate *find_candidate(const struct search *search, pid_t pid)
{
    VEC_EACH (&search->all, candidate) {
        if (candidate->stat.pid == pid)
            return candidate;
    }
    return NULL;
}

/* What is older than the main process cannot come from it. */
static bool is_root(const struct search *search, struct candidate *candidate)
{
    const struct baremetal_instance *of = search->of;

    if (candidate->stat.parent == search->self)
        return true;
    VEC_EACH (&search->in_groups, pid) {
        if (*pid == candidate->stat.pid)
            return true;
    }
    if (!search->with_strangers || candidate->stat.start_time < of->start_time)
        return false;
    if (of->session > 0 && candidate->stat.session == of->session)
        return true;
    if (!candidate->is_asked)
        candidate->has_mark = has_mark(candidate->stat.pid, of->id);
    candidate->is_asked = true;
    return candidate->has_mark;
}

static bool is_member(const struct search *search, struct candidate *candidate)
{
    pid_t except = search->of->except;

    if (except && candidate->stat.group == except)
        return false;
    for (int depth = 0; candidate && depth < MAX_DEPTH; depth++) {
        if (candidate->stat.pid == search->self || (except && candidate->stat.pid == except))
            return false;
        if (is_root(search, candidate))
            return true;
        candidate = find_candidate(search, candidate->stat.parent);
    }
    return false;
}

static void read_all(struct search *search)
{
    DIR *folder = opendir("/proc");
    struct dirent *name;

    while (folder && (name = readdir(folder))) {
        struct candidate candidate = { .is_asked = false };

        if (isdigit((unsigned char)name->d_name[0]) &&
            baremetal_read_stat((pid_t)strtol(name->d_name, NULL, 10), &candidate.stat) &&
            candidate.stat.state != 'Z' && candidate.stat.state != 'X')
            VEC_ADD(&search->all, candidate);
    }
    if (folder)
        closedir(folder);
}

/* A subreaper without a child has no descendant at all. */
static bool has_children(void)
{
    siginfo_t info;

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

void baremetal_members_find(const struct baremetal_instance *of, baremetal_members *out)
{
    struct search search = { of, { NULL, 0, 0 }, getpid(), of->is_adopted, { NULL, 0, 0 } };

    search.with_strangers = of->is_adopted || file_exists("exec"); /* stream-exec.c */
    baremetal_cgroup_pids(of->group, &search.in_groups);
    out->n = 0;
    if (search.in_groups.n == 0 && !search.with_strangers && !has_children())
        return;
    read_all(&search);
    VEC_EACH (&search.all, candidate) {
        if (is_member(&search, candidate))
            VEC_ADD(out, candidate->stat);
    }
    VEC_RELEASE(&search.all);
    VEC_RELEASE(&search.in_groups);
}

static void signal_one(const struct baremetal_stat *member, int signo)
{
    FD_AUTO(fd);

    fd = (int)syscall(SYS_pidfd_open, member->pid, 0);
    if (fd < 0) {
        if (errno == ENOSYS && baremetal_start_time(member->pid) == member->start_time)
            kill(member->pid, signo);
        return;
    }
    /* The descriptor first, then the look: what it names cannot change any more. */
    if (baremetal_start_time(member->pid) == member->start_time)
        (void)!syscall(SYS_pidfd_send_signal, fd, signo, NULL, 0);
}

void baremetal_members_signal(const baremetal_members *members, pid_t group, int signo)
{
    VEC_EACH (members, member) {
        if (group == 0 || member->group == group)
            signal_one(member, signo);
    }
}
