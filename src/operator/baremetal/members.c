/*
 * members.c - which processes belong to an instance: its process group, what descends from the shim
 * (a subreaper: nothing can leave it), and, when an earlier shim was killed or a command was run in
 * the service, what carries the instance's mark in its environment. Signals nobody.
 */
#include "base/base.h"

#include "operator/baremetal/parts.h"

#include <stdio.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/file.h"

struct entry {
    pid_t pid, parent, group;
    bool is_in;
};
typedef VEC(struct entry) entry_list;

static bool read_entry(pid_t pid, struct entry *out)
{
    char path[64], text[1024], state, *at;
    int parent, group;
    FD_AUTO(fd);
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (n <= 0)
        return false;
    text[n] = '\0';
    at = strrchr(text, ')');
    if (!at || sscanf(at + 1, " %c %d %d", &state, &parent, &group) != 3)
        return false;
    out->pid = pid;
    out->parent = (pid_t)parent;
    out->group = (pid_t)group;
    out->is_in = false;
    return state != 'Z' && state != 'X';
}

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

static struct entry *find_entry(entry_list *list, pid_t pid)
{
    VEC_EACH (list, entry) {
        if (entry->pid == pid)
            return entry;
    }
    return NULL;
}

static bool descends(entry_list *list, struct entry *entry, pid_t shim, pid_t except)
{
    for (int depth = 0; entry && depth < 512; depth++) {
        if (entry->pid == except)
            return false;
        if (entry->parent == shim)
            return true;
        entry = find_entry(list, entry->parent);
    }
    return false;
}

void baremetal_members(pid_t group, const char *id, bool is_adopted, pid_t except,
                       baremetal_pids *out)
{
    DIR *folder = opendir("/proc");
    entry_list list = { NULL, 0, 0 };
    struct dirent *name;
    pid_t self = getpid();

    out->n = 0;
    is_adopted = is_adopted || file_exists("exec"); /* stream-exec.c */
    while (folder && (name = readdir(folder))) {
        struct entry entry;

        if (isdigit((unsigned char)name->d_name[0]) &&
            read_entry((pid_t)strtol(name->d_name, NULL, 10), &entry) && entry.pid != self)
            VEC_ADD(&list, entry);
    }
    if (folder)
        closedir(folder);
    VEC_EACH (&list, entry) {
        if (entry->pid == except || (except && entry->group == except))
            continue;
        if ((group > 0 && entry->group == group) || descends(&list, entry, self, except) ||
            (is_adopted && has_mark(entry->pid, id)))
            VEC_ADD(out, entry->pid);
    }
    VEC_RELEASE(&list);
}
