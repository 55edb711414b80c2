/*
 * state.c - the bare metal operator's state on disk: paths, reading, writing, and the look at one
 * instance. Decides nothing and signals nothing.
 */
#include "base/base.h"

#include "operator/baremetal/parts.h"

#include <stdio.h>
#include <dirent.h>
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

int baremetal_read_state(struct arena *arena, const char *path, struct node **ret_node,
                         struct err *err)
{
    struct err inner = ERR_INIT;
    STR_AUTO(text);
    int64_t version;

    if (file_read(path, MAX_STATE_BYTES, &text, err) != 0)
        return -1;
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

int64_t baremetal_start_time(pid_t pid)
{
    char path[64], text[1024], *at;
    FD_AUTO(fd);
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (n <= 0)
        return -1;
    text[n] = '\0';
    at = strrchr(text, ')');
    if (!at || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X')
        return -1;
    for (int field = 2; field < 22 && at; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoll(at + 1, NULL, 10) : -1;
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

static bool has_shim(const char *dir)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    STR_AUTO(path);
    FD_AUTO(fd);

    str_printf(&path, "%s/lock", dir);
    fd = open(path.buf, O_RDWR | O_CLOEXEC);
    return fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static void judge(const char *dir, struct baremetal_look *out)
{
    const char *state = baremetal_text(out->status, "state");
    const char *health = baremetal_text(out->status, "health");
    STR_AUTO(boot);

    out->exit_code = baremetal_int(out->status, "exit_code");
    out->is_exit_known = baremetal_bool(out->status, "is_exit_known");
    out->pid = (pid_t)baremetal_int(out->status, "pid");
    for (int i = HEALTH_STARTING; i <= HEALTH_UNHEALTHY; i++) {
        if (text_is(health, instance_health_names[i]))
            out->health = (enum instance_health)i;
    }
    out->state = STATE_EXITED;
    if (text_is(state, "exited"))
        return;
    baremetal_boot_id(&boot);
    if (!text_is(boot.buf, baremetal_text(out->status, "boot_id")))
        return;
    out->has_shim = has_shim(dir);
    out->is_lost = !out->has_shim;
    if (text_is(state, "paused"))
        out->state = STATE_PAUSED;
    else if (text_is(state, "restarting"))
        out->state = STATE_RESTARTING;
    else if (out->has_shim || (out->pid > 0 && baremetal_start_time(out->pid) ==
                                                   baremetal_int(out->status, "start_time")))
        out->state = STATE_RUNNING;
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
        out->state = STATE_CREATED;
        return 0;
    }
    out->status = status;
    judge(dir, out);
    return 0;
}
