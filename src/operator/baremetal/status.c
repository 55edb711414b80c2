/*
 * status.c - status.json, what a shim writes down of its process: reading, writing, and what can be
 * told from it alone (the identity of a process, the pause before the next start). Starts, signals
 * and watches nothing.
 */
#include "base/base.h"

#include "operator/baremetal/parts.h"

#include <stdio.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/file.h"
#include "data/jwrite.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_LAST_MS 60000
#define UP_LONG_MS 10000

void baremetal_status_read(const struct node *node, struct baremetal_status *out)
{
    memset(out, 0, sizeof(*out));
    out->state = baremetal_text(node, "state");
    out->boot_id = baremetal_text(node, "boot_id");
    out->health = instance_health_of(baremetal_text(node, "health"));
    out->pid = (pid_t)baremetal_int(node, "pid");
    out->session = (pid_t)baremetal_int(node, "session");
    out->start_time = baremetal_int(node, "start_time");
    out->started_ns = baremetal_int(node, "started");
    out->finished_ns = baremetal_int(node, "finished");
    out->exit_code = baremetal_int(node, "exit_code");
    out->is_exit_known = baremetal_bool(node, "is_exit_known");
    out->restarts = baremetal_int(node, "restarts");
    out->backoff_ms = baremetal_int(node, "backoff_ms");
    out->deadline_ms = baremetal_int(node, "deadline_ms");
    out->is_ordered = baremetal_bool(node, "is_ordered");
}

void baremetal_status_print(const struct baremetal_status *status, struct str *out)
{
    struct jwrite w;

    jwrite_init(&w, out, 0);
    jwrite_map(&w);
    jwrite_key_int(&w, "version", BAREMETAL_VERSION);
    jwrite_key_text(&w, "state", status->state);
    jwrite_key_text(&w, "boot_id", status->boot_id);
    jwrite_key_text(&w, "health", instance_health_names[status->health]);
    jwrite_key_int(&w, "pid", status->pid);
    jwrite_key_int(&w, "session", status->session);
    jwrite_key_int(&w, "start_time", status->start_time);
    jwrite_key_int(&w, "started", status->started_ns);
    jwrite_key_int(&w, "finished", status->finished_ns);
    jwrite_key_int(&w, "exit_code", status->exit_code);
    jwrite_key_bool(&w, "is_exit_known", status->is_exit_known);
    jwrite_key_int(&w, "restarts", status->restarts);
    jwrite_key_int(&w, "backoff_ms", status->backoff_ms);
    jwrite_key_int(&w, "deadline_ms", status->deadline_ms);
    jwrite_key_bool(&w, "is_ordered", status->is_ordered);
    jwrite_map_end(&w);
    str_add_char(out, '\n');
}

int64_t baremetal_backoff_ms(int64_t last_ms, int64_t up_ms)
{
    return last_ms == 0 || up_ms >= UP_LONG_MS ? BACKOFF_FIRST_MS
                                               : MIN(last_ms * 2, BACKOFF_LAST_MS);
}

bool baremetal_read_stat(pid_t pid, struct baremetal_stat *out)
{
    char path[64], text[1024], *at;
    int parent, group, session;
    unsigned long long start_time;
    FD_AUTO(fd);
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (n <= 0)
        return false;
    text[n] = '\0';
    at = strrchr(text, ')'); /* the name may hold anything */
    if (!at || sscanf(at + 1,
                      " %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
                      "%llu",
                      &out->state, &parent, &group, &session, &start_time) != 5)
        return false;
    out->pid = pid;
    out->parent = (pid_t)parent;
    out->group = (pid_t)group;
    out->session = (pid_t)session;
    out->start_time = (int64_t)start_time;
    return true;
}

int64_t baremetal_start_time(pid_t pid)
{
    struct baremetal_stat stat;

    return baremetal_read_stat(pid, &stat) && stat.state != 'Z' && stat.state != 'X'
               ? stat.start_time
               : -1;
}
