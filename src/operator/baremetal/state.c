/*
 * state.c - the bare metal operator's state on disk: paths, reading, writing, and the look at one
 * instance. Decides nothing and signals nothing.
 */
#include "base/base.h"

#include "operator/baremetal/parts.h"

#include <stdio.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "data/jread.h"
#include "data/jwrite.h"

#define MAX_STATE_BYTES (8u << 20)

const char *baremetal_text(const struct node *map, const char *key)
{
    return node_as_text(node_get(map, key));
}

int64_t baremetal_int(const struct node *map, const char *key)
{
    const struct node *value = node_get(map, key);

    return node_is(value, NODE_INT) ? value->u.integer : 0;
}

bool baremetal_bool(const struct node *map, const char *key)
{
    const struct node *value = node_get(map, key);

    return node_is(value, NODE_BOOL) && value->u.truth;
}

const char *baremetal_env(const char *const *environment, const char *name)
{
    size_t len = strlen(name);

    for (const char *const *entry = environment; entry && *entry; entry++) {
        if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=')
            return *entry + len + 1;
    }
    return NULL;
}

/* What a loss of power leaves of a file that was not written through to the disk. */
static bool is_empty(const struct str *text)
{
    for (size_t i = 0; i < text->len; i++) {
        if (text->buf[i] != '\0')
            return false;
    }
    return true;
}

int baremetal_read_state(struct arena *arena, const char *path, struct node **ret_node,
                         struct err *err)
{
    struct err inner = ERR_INIT;
    STR_AUTO(text);
    int64_t version;

    if (file_read(path, MAX_STATE_BYTES, &text, err) != 0)
        return -1;
    if (is_empty(&text))
        return err_set(err, ERR_NOT_FOUND, "state file is empty: \"%s\"", path);
    if (jread_parse(arena, 0, text.buf, text.len, ret_node, &inner) != 0 ||
        !node_is(*ret_node, NODE_MAP) || (version = baremetal_int(*ret_node, "version")) < 1) {
        err_release(&inner);
        return err_set(
            err, ERR_PROTOCOL,
            "state file is damaged: \"%s\": end what it tells of, then remove its folder", path);
    }
    if (version > BAREMETAL_VERSION)
        return err_set(
            err, ERR_UNSUPPORTED,
            "state file is of version %lld, this program knows up to %d: \"%s\": use the "
            "newer octocompose that wrote it",
            (long long)version, BAREMETAL_VERSION, path);
    return 0;
}

int baremetal_write_state(const char *path, const struct node *node, struct err *err)
{
    STR_AUTO(text);

    jwrite_node_text(node, 0, &text);
    str_add_char(&text, '\n');
    return file_write_atomic(path, text.buf, text.len, 0600, err);
}

void baremetal_boot_id(struct str *out)
{
    ERR_AUTO(err);

    if (file_read("/proc/sys/kernel/random/boot_id", 128, out, &err) == 0 && out->len > 0)
        str_cut(out, out->len - 1);
}

int baremetal_signal(const char *name)
{
    int64_t number;

    if (text_to_int(name, &number) == 0)
        return number > 0 && number < NSIG ? (int)number : 0;
    if (text_starts(name, "SIG"))
        name += 3;
    for (int signo = 1; signo < 32; signo++) {
        if (text_is(sigabbrev_np(signo), name))
            return signo;
    }
    return 0;
}

void baremetal_project_dir(const struct baremetal *baremetal, struct str *out)
{
    str_printf(out, "%s/%s", baremetal->root, baremetal->project ? baremetal->project : "");
}

void baremetal_process_dir(const struct baremetal *baremetal, const char *id, struct str *out)
{
    baremetal_project_dir(baremetal, out);
    str_printf(out, "/process/%s", id);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void baremetal_list(struct arena *arena, const char *dir, const char *end, struct text_list *out)
{
    DIR *folder = opendir(dir);
    struct dirent *entry;

    while (folder && (entry = readdir(folder))) {
        if (entry->d_name[0] != '.' && text_ends(entry->d_name, end))
            ARENA_ADD(arena, out, arena_dup(arena, entry->d_name));
    }
    if (folder)
        closedir(folder);
    if (out->n > 1)
        qsort(out->items, out->n, sizeof(out->items[0]), compare_names);
}

/* --- the look at one instance ------------------------------------------------------------------
 */

static struct flock whole_file(void)
{
    return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
}

static bool is_locked(const char *path)
{
    struct flock lock = whole_file();
    FD_AUTO(fd);

    fd = open(path, O_RDWR | O_CLOEXEC);
    return fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

int baremetal_lock(const char *dir)
{
    struct flock lock = whole_file();
    STR_AUTO(path);
    int fd;

    str_printf(&path, "%s/lock", dir);
    fd = open(path.buf, O_RDWR | O_CLOEXEC);
    if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        close(fd);
        errno = EAGAIN;
        return -1;
    }
    return fd;
}

bool baremetal_supervisor_is_there(const char *dir)
{
    STR_AUTO(path);

    str_printf(&path, "%s/supervisor.lock", dir);
    return is_locked(path.buf);
}

static void remove_from(const char *dir, const char *name)
{
    STR_AUTO(path);

    str_printf(&path, "%s/%s", dir, name);
    (void)!remove(path.buf);
}

void baremetal_tidy(const char *project_dir)
{
    struct flock lock = whole_file();
    STR_AUTO(path);
    FD_AUTO(fd);

    str_printf(&path, "%s/process", project_dir);
    if (!file_is_dir(project_dir) || (rmdir(path.buf) != 0 && errno != ENOENT))
        return;
    remove_from(project_dir, "events.1");
    remove_from(project_dir, "events");
    str_clear(&path);
    str_printf(&path, "%s/supervisor.lock", project_dir);
    fd = open(path.buf, O_RDWR | O_CLOEXEC);
    /* A living supervisor does this when it ends. */
    if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) == 0) {
        remove_from(project_dir, "supervisor.sock");
        remove_from(project_dir, "supervisor.lock");
    }
    rmdir(project_dir);
}

static enum instance_state live_state(const struct baremetal_look *look,
                                      const struct baremetal_status *status)
{
    if (text_is(status->state, "paused"))
        return STATE_PAUSED;
    if (text_is(status->state, "restarting"))
        return STATE_RESTARTING;
    if (look->has_shim ||
        (status->pid > 0 && baremetal_start_time(status->pid) == status->start_time))
        return STATE_RUNNING;
    return STATE_EXITED;
}

static void judge(const char *dir, struct baremetal_look *out)
{
    struct baremetal_status status;
    STR_AUTO(boot);
    STR_AUTO(path);

    str_printf(&path, "%s/lock", dir);
    out->has_shim = is_locked(path.buf);
    baremetal_status_read(out->status, &status);
    out->exit_code = status.exit_code;
    out->is_exit_known = status.is_exit_known;
    out->pid = status.pid;
    out->health = status.health;
    baremetal_boot_id(&boot);
    out->is_live =
        out->status && !text_is(status.state, "exited") && text_is(boot.buf, status.boot_id);
    out->is_lost = out->is_live && !out->has_shim;
    out->is_settling = out->has_shim && !out->is_live;
    out->is_stopping = out->is_live && text_is(status.state, "stopping");
    out->state = !out->status    ? STATE_CREATED
                 : !out->is_live ? STATE_EXITED
                                 : live_state(out, &status);
    if (out->state == STATE_EXITED && !out->is_exit_known)
        out->exit_code = -1; /* it ended with the machine, or nobody could tell */
}

int baremetal_look(struct arena *arena, const char *dir, struct baremetal_look *out,
                   struct err *err)
{
    struct err inner = ERR_INIT;
    struct node *record, *status;
    STR_AUTO(path);

    memset(out, 0, sizeof(*out));
    str_printf(&path, "%s/record.json", dir);
    if (baremetal_read_state(arena, path.buf, &record, err) != 0)
        return -1;
    out->record = record;
    str_clear(&path);
    str_printf(&path, "%s/status.json", dir);
    if (baremetal_read_state(arena, path.buf, &status, &inner) != 0) {
        if (inner.code != ERR_NOT_FOUND)
            return err_move(err, &inner);
        err_release(&inner);
        status = NULL;
    }
    out->status = status;
    judge(dir, out);
    return 0;
}
