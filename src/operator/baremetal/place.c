/*
 * place.c - where a service's programs run besides its main one: a command of `exec`, a health
 * check, a hook. They get the service's limits, user, folder and environment, and its mounts while
 * it runs. Starts nothing itself.
 */
#include "base/base.h"

#include "operator/baremetal/cgroup.h"

#include <stdio.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"

/* Ours is not given: to enter it again would need rights for nothing. */
static int open_namespace(pid_t pid)
{
    struct stat ours, theirs;
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (stat("/proc/self/ns/mnt", &ours) == 0 && fstat(fd, &theirs) == 0 &&
        (ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev))
        return fd;
    close(fd);
    return -1;
}

void baremetal_place_open(struct baremetal_place *place, const struct node *run, pid_t pid,
                          int64_t start_time)
{
    memset(place, 0, sizeof(*place));
    place->run = run;
    place->is_running = pid > 0;
    place->mounts = pid > 0 ? open_namespace(pid) : -1;
    place->env = baremetal_words(node_get(run, "env"));
    /* A number that was given to a stranger has another start time. */
    if (place->mounts >= 0 && baremetal_start_time(pid) != start_time) {
        close(place->mounts);
        place->mounts = -1;
    }
}

void baremetal_place_close(struct baremetal_place *place)
{
    if (place->mounts >= 0)
        close(place->mounts);
    place->mounts = -1;
    mem_free(place->env);
    place->env = NULL;
}

/* "K=V" sets K, "K" alone removes it. */
void baremetal_place_set(struct baremetal_place *place, const char *pair)
{
    size_t len = strcspn(pair, "="), n = 0, kept = 0;

    while (place->env[n])
        n++;
    place->env = mem_resize(place->env, n + 2, sizeof(*place->env));
    for (size_t i = 0; i < n; i++) {
        const char *entry = place->env[i];

        if (strncmp(entry, pair, len) != 0 || entry[len] != '=')
            place->env[kept++] = entry;
    }
    if (pair[len] == '=')
        place->env[kept++] = pair;
    place->env[kept] = NULL;
}

int baremetal_place_enter(void *arg, const char **ret_what)
{
    const struct baremetal_place *place = arg;
    int error;

    *ret_what = "the service's control groups cannot be entered";
    error = place->is_running ? baremetal_enter_limits(place->run, false) : 0;
    if (error)
        return error;
    *ret_what = "the service's mounts cannot be entered";
    if (place->mounts >= 0 && setns(place->mounts, CLONE_NEWNS) != 0)
        return errno;
    environ = (char **)place->env;
    return baremetal_enter(place->run, place->user, place->dir, ret_what);
}
