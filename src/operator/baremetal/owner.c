/*
 * owner.c - the user that a service runs as: who it is, and what has to be that user's for the
 * service to work: its secrets and configs, its empty volumes, and the way to them. Called at an
 * instance's making and in its child.
 */
#include "base/base.h"

#include "operator/baremetal/parts.h"

#include <stdio.h>
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/file.h"

/* --- who it is ----------------------------------------------------------------------------------
 */

static int find_group(const char *text, gid_t *ret_gid)
{
    const struct group *entry;
    int64_t number;

    if (text_to_int(text, &number) == 0) {
        *ret_gid = (gid_t)number;
        return 0;
    }
    entry = getgrnam(text);
    if (!entry)
        return ENOENT;
    *ret_gid = entry->gr_gid;
    return 0;
}

int baremetal_user(const char *text, struct baremetal_user *ret_user)
{
    const struct passwd *entry;
    const char *colon = strchr(text, ':');
    int64_t number = -1;
    STR_AUTO(name);

    memset(ret_user, 0, sizeof(*ret_user));
    str_add_len(&name, text, colon ? (size_t)(colon - text) : strlen(text));
    entry = text_to_int(name.buf, &number) == 0 ? getpwuid((uid_t)number) : getpwnam(name.buf);
    if (!entry && number < 0)
        return ENOENT;
    ret_user->uid = entry ? entry->pw_uid : (uid_t)number;
    ret_user->gid = entry ? entry->pw_gid : 0;
    if (entry) {
        snprintf(ret_user->name, sizeof(ret_user->name), "%s", entry->pw_name);
        snprintf(ret_user->home, sizeof(ret_user->home), "%s", entry->pw_dir);
    }
    return colon ? find_group(colon + 1, &ret_user->gid) : 0;
}

/* --- what is that user's ------------------------------------------------------------------------
 */

static void give(const char *path, const struct baremetal_user *user)
{
    (void)!lchown(path, user->uid, user->gid);
}

static void give_files(const char *dir, const char *name, const struct baremetal_user *user)
{
    struct arena *arena = arena_new();
    struct text_list names = { NULL, 0, 0 };
    STR_AUTO(path);

    str_printf(&path, "%s/%s", dir, name);
    baremetal_list(arena, path.buf, "", &names);
    if (file_is_dir(path.buf))
        give(path.buf, user);
    for (size_t i = 0; i < names.n; i++) {
        STR_AUTO(file);

        str_printf(&file, "%s/%s", path.buf, names.items[i]);
        give(file.buf, user);
    }
    arena_free(arena);
}

static bool is_empty(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    int n = 0;

    while (folder && n < 3 && (entry = readdir(folder)))
        n++;
    if (folder)
        closedir(folder);
    return folder && n == 2; /* "." and ".." */
}

/* What holds data already is left as it is. */
static void give_volume(const char *path, const struct baremetal_user *user)
{
    struct stat status;

    if (stat(path, &status) == 0 && status.st_uid == 0 && is_empty(path))
        give(path, user);
}

/* Our own folders above may be gone through, but not looked into. */
static void open_way(const char *path)
{
    struct stat status;
    STR_AUTO(ours);
    STR_AUTO(at);

    path_state_dir(&ours);
    path_dir(path, &at);
    while (at.len >= ours.len && text_starts(at.buf, ours.buf)) {
        char *slash = strrchr(at.buf, '/');

        if (stat(at.buf, &status) == 0 && !(status.st_mode & S_IXOTH))
            (void)!chmod(at.buf, (status.st_mode & 07777) | S_IXOTH | S_IXGRP);
        if (!slash)
            break;
        str_cut(&at, (size_t)(slash - at.buf));
    }
}

void baremetal_give(const char *dir, const struct node *run)
{
    const char *name = baremetal_text(run, "user");
    const struct node *mounts = node_get(run, "mounts");
    struct baremetal_user user;
    STR_AUTO(inside);

    if (geteuid() != 0 || !name || !*name || baremetal_user(name, &user) != 0 || user.uid == 0)
        return;
    give_files(dir, "secrets", &user);
    give_files(dir, "configs", &user);
    str_printf(&inside, "%s/secrets", dir);
    open_way(inside.buf);
    if (!node_is(mounts, NODE_LIST))
        return;
    NODE_EACH_ITEM (mounts, item) {
        const char *source = baremetal_text(*item, "source");

        if (!source || text_is(baremetal_text(*item, "type"), mount_type_names[MOUNT_BIND]))
            continue;
        give_volume(source, &user);
        open_way(source);
    }
}
