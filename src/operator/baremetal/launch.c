/*
 * launch.c - what happens in a forked child before it becomes the service's program: limits,
 * mounts, user, folder. Runs between fork and exec, in a process that has one thread.
 */
#include "base/base.h"

#include "operator/baremetal/cgroup.h"

#include <stdio.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/file.h"

const char **baremetal_words(const struct node *list)
{
    size_t n = node_is(list, NODE_LIST) ? list->u.list.n : 0;
    const char **words = mem_new(n + 1, sizeof(*words));

    for (size_t i = 0; i < n; i++) {
        const char *word = node_as_text(list->u.list.items[i]);

        words[i] = word ? word : "";
    }
    return words;
}

int baremetal_limit(const char *name)
{
    static const struct {
        const char *name;
        int resource;
    } names[] = {
        { "as", RLIMIT_AS },           { "core", RLIMIT_CORE },
        { "cpu", RLIMIT_CPU },         { "data", RLIMIT_DATA },
        { "fsize", RLIMIT_FSIZE },     { "locks", RLIMIT_LOCKS },
        { "memlock", RLIMIT_MEMLOCK }, { "msgqueue", RLIMIT_MSGQUEUE },
        { "nice", RLIMIT_NICE },       { "nofile", RLIMIT_NOFILE },
        { "nproc", RLIMIT_NPROC },     { "rss", RLIMIT_RSS },
        { "rtprio", RLIMIT_RTPRIO },   { "rttime", RLIMIT_RTTIME },
        { "stack", RLIMIT_STACK },     { "sigpending", RLIMIT_SIGPENDING },
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (text_is(names[i].name, name))
            return names[i].resource;
    }
    return -1;
}

static int set_limits(const struct node *limits)
{
    if (!node_is(limits, NODE_LIST))
        return 0;
    NODE_EACH_ITEM (limits, item) {
        int resource = baremetal_limit(baremetal_text(*item, "name"));
        struct rlimit limit = { (rlim_t)baremetal_int(*item, "soft"),
                                (rlim_t)baremetal_int(*item, "hard") };

        if (resource >= 0 && setrlimit(resource, &limit) != 0)
            return errno;
    }
    return 0;
}

static int set_oom_score(const struct node *run)
{
    char text[32];
    FD_AUTO(fd);
    int len = snprintf(text, sizeof(text), "%lld", (long long)baremetal_int(run, "oom_score_adj"));

    if (!node_get(run, "oom_score_adj"))
        return 0;
    fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    return fd < 0 || write(fd, text, (size_t)len) != len ? errno : 0;
}

/* A target that does not exist on this host is not made: the service has the variable instead. */
static void set_mounts(const struct node *mounts)
{
    bool is_private = false;

    if (geteuid() != 0 || !node_is(mounts, NODE_LIST))
        return;
    NODE_EACH_ITEM (mounts, item) {
        const char *source = baremetal_text(*item, "source");
        const char *target = baremetal_text(*item, "target");

        if (!source || !target || text_is(target, "/") || !file_exists(target) ||
            file_is_dir(source) != file_is_dir(target))
            continue;
        if (!is_private &&
            (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0))
            return;
        is_private = true;
        if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) == 0 &&
            baremetal_bool(*item, "read_only"))
            (void)!mount(NULL, target, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL);
    }
}

/* What the program may open again by name ("/dev/stdout"): its pipes and its terminal. */
static void give_streams(uid_t uid)
{
    struct stat status;

    for (int fd = 0; fd < 3; fd++) {
        if (fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || isatty(fd)))
            (void)!fchown(fd, uid, (gid_t)-1);
    }
}

static int set_user(const char *text)
{
    struct baremetal_user user;
    int error;

    if (!text || !*text)
        return 0;
    error = baremetal_user(text, &user);
    if (error)
        return error;
    if (user.uid == geteuid() && !strchr(text, ':'))
        return 0;
    give_streams(user.uid);
    if ((*user.name ? initgroups(user.name, user.gid) : setgroups(1, &user.gid)) != 0 ||
        setgid(user.gid) != 0 || setuid(user.uid) != 0)
        return errno;
    return 0;
}

int baremetal_enter(const struct node *run, const char *user, const char *dir,
                    const char **ret_what)
{
    int error;

    *ret_what = "limits cannot be set";
    error = set_limits(node_get(run, "ulimits"));
    if (error)
        return error;
    *ret_what = "oom_score_adj cannot be set";
    error = set_oom_score(run);
    if (error)
        return error;
    umask(022);
    *ret_what = "working folder cannot be entered";
    if (chdir(dir ? dir : baremetal_text(run, "dir")) != 0)
        return errno;
    *ret_what = "user cannot be set";
    return set_user(user ? user : baremetal_text(run, "user"));
}

int baremetal_become(const struct node *run, const char *const *argv, const char *const *env,
                     const char *dir, bool with_mounts, const char **ret_what)
{
    int error;

    *ret_what = "control groups cannot be set";
    error = baremetal_enter_limits(run, true);
    if (error)
        return error;
    if (with_mounts)
        set_mounts(node_get(run, "mounts"));
    error = baremetal_enter(run, NULL, dir, ret_what);
    if (error)
        return error;
    environ = (char **)env;
    *ret_what = "program cannot be run";
    execvp(argv[0], (char *const *)argv);
    return errno;
}
