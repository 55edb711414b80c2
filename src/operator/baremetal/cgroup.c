/*
 * cgroup.c - control groups: where this machine lets us have some, making, entering, ending and
 * removing the ones of an instance. Version 2, version 1, or both at once (the limits in version 1,
 * an empty tree of version 2 beside it, which still ends all members of a group at once). What is
 * limited to how much: limits.c.
 */
#include "base/base.h"

#include "operator/baremetal/cgroup.h"

#include <stdio.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/file.h"

#define MAX_FILE_BYTES (1u << 20)
#define OUR_FOLDER "octocompose"

/* --- files --------------------------------------------------------------------------------------
 */

static bool read_text(const char *dir, const char *name, struct str *out)
{
    ERR_AUTO(err);
    STR_AUTO(path);

    str_printf(&path, "%s/%s", dir, name);
    return file_read(path.buf, MAX_FILE_BYTES, out, &err) == 0;
}

/* 0 or the errno. */
static int write_text(const char *dir, const char *name, const char *text)
{
    size_t len = strlen(text);
    STR_AUTO(path);
    FD_AUTO(fd);

    str_printf(&path, "%s/%s", dir, name);
    fd = open(path.buf, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    return write(fd, text, len) == (ssize_t)len ? 0 : errno;
}

static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
        bool is_start = at == text || strchr(" ,\n", at[-1]);

        if (is_start && (!at[len] || strchr(" ,\n", at[len])))
            return true;
    }
    return false;
}

static bool is_writable(const char *dir)
{
    struct statvfs status;
    STR_AUTO(procs);

    str_printf(&procs, "%s/cgroup.procs", dir);
    return access(dir, W_OK) == 0 && access(procs.buf, W_OK) == 0 && statvfs(dir, &status) == 0 &&
           (status.f_flag & ST_RDONLY) == 0;
}

/* --- where groups can be made -------------------------------------------------------------------
 */

/* The folder of our own group in a tree whose line in /proc/self/cgroup begins like this: "0::". */
static void own_folder(const char *mount, const char *line_start, struct str *out)
{
    struct slice rest, line;
    STR_AUTO(text);

    str_add(out, mount);
    if (!read_text("/proc/self", "cgroup", &text))
        return;
    for (rest = slice_from(text.buf); rest.len > 0;) {
        slice_split(&rest, '\n', &line);
        if (!slice_starts(line, line_start))
            continue;
        line.at += strlen(line_start);
        line.len -= strlen(line_start);
        if (line.len > 1)
            str_add_len(out, line.at, line.len);
        return;
    }
}

/* The highest folder that is ours to make groups in, from our own up; empty: none is. Root makes
   them at the top, where they do not end with a session. */
static void find_top(const char *mount, struct str *out)
{
    size_t base = strlen(mount);
    STR_AUTO(at);

    str_clear(out);
    if (is_writable(mount)) {
        str_add(out, mount);
        return;
    }
    own_folder(mount, "0::", &at);
    while (at.len > base && is_writable(at.buf)) {
        str_clear(out);
        str_add(out, at.buf);
        str_cut(&at, (size_t)(strrchr(at.buf, '/') - at.buf));
    }
}

/* The root of all has no type; elsewhere a group with members gives no controllers to others. */
static bool can_enable(const char *top, const char *controller)
{
    STR_AUTO(text);
    STR_AUTO(type);

    if (!read_text(top, "cgroup.controllers", &text) || !has_word(text.buf, controller))
        return false;
    str_clear(&text);
    if (read_text(top, "cgroup.subtree_control", &text) && has_word(text.buf, controller))
        return true;
    str_clear(&text);
    return !read_text(top, "cgroup.type", &type) ||
           (read_text(top, "cgroup.procs", &text) && text.len == 0);
}

/* A tree of control groups that is mounted here. */
struct tree {
    bool is_two;
    char *folder, *options; /* in them version 1 has its controllers */
};

typedef VEC(struct tree) tree_list;

static void add_tree(tree_list *trees, struct slice line)
{
    struct slice words[4]; /* source, folder, type, options */
    struct tree tree;

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        slice_split(&line, ' ', &words[i]);
    tree.is_two = slice_is(words[2], "cgroup2");
    if (!tree.is_two && !slice_is(words[2], "cgroup"))
        return;
    tree.folder = mem_dup_len(words[1].at, words[1].len);
    tree.options = mem_dup_len(words[3].at, words[3].len);
    VEC_ADD(trees, tree);
}

/* Read once a process: every look at what belongs to an instance asks, and a machine mounts its
   trees when it starts. */
static const tree_list *all_trees(void)
{
    static tree_list trees;
    static bool is_read;
    struct slice rest, line;
    STR_AUTO(text);

    if (is_read)
        return &trees;
    is_read = read_text("/proc/self", "mounts", &text);
    for (rest = slice_from(text.buf); is_read && rest.len > 0;) {
        slice_split(&rest, '\n', &line);
        add_tree(&trees, line);
    }
    return &trees;
}

enum baremetal_cgroup_version baremetal_cgroup_find(const char *controller, struct str *ret_top)
{
    const tree_list *trees = all_trees();
    STR_AUTO(top);

    str_clear(ret_top);
    VEC_EACH (trees, tree) {
        if (tree->is_two) {
            find_top(tree->folder, &top);
            if (top.len == 0 || (*controller && !can_enable(top.buf, controller)))
                continue;
            str_add(ret_top, top.buf);
            return CGROUP_2;
        }
        if (*controller && has_word(tree->options, controller) && is_writable(tree->folder)) {
            str_add(ret_top, tree->folder);
            return CGROUP_1;
        }
    }
    return CGROUP_NONE;
}

/* --- making and entering ------------------------------------------------------------------------
 */

/* A group of version 1's cpuset takes nobody before it has processors and memory. */
static void inherit_cpuset(const char *above, const char *dir)
{
    static const char *const names[] = { "cpuset.cpus", "cpuset.mems" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        STR_AUTO(ours);
        STR_AUTO(theirs);

        if (read_text(dir, names[i], &ours) && ours.len <= 1 && read_text(above, names[i], &theirs))
            (void)write_text(dir, names[i], theirs.buf);
    }
}

/* TOP/octocompose/PROJECT/ID, each level with what its parent may give. */
static int make_folder(const char *top, const char *name, const char *controller,
                       enum baremetal_cgroup_version version, struct str *ret_dir)
{
    struct slice rest, part;
    STR_AUTO(enable);
    STR_AUTO(above);
    STR_AUTO(path);

    str_printf(&enable, "+%s", controller);
    str_printf(&path, OUR_FOLDER "/%s", name);
    str_clear(ret_dir);
    str_add(ret_dir, top);
    for (rest = slice_from(path.buf); rest.len > 0;) {
        str_clear(&above);
        str_add(&above, ret_dir->buf);
        slice_split(&rest, '/', &part);
        str_add_char(ret_dir, '/');
        str_add_len(ret_dir, part.at, part.len);
        if (version == CGROUP_2 && *controller) {
            int error = write_text(above.buf, "cgroup.subtree_control", enable.buf);

            if (error)
                return error;
        }
        if (mkdir(ret_dir->buf, 0755) != 0 && errno != EEXIST)
            return errno;
        if (version == CGROUP_1 && text_is(controller, "cpuset"))
            inherit_cpuset(above.buf, ret_dir->buf);
    }
    return 0;
}

int baremetal_cgroup_enter(const char *name, const char *controller, bool is_new,
                           enum baremetal_cgroup_version *ret_version, struct str *ret_dir)
{
    STR_AUTO(top);
    int error;

    *ret_version = baremetal_cgroup_find(controller, &top);
    if (*ret_version == CGROUP_NONE)
        return 0;
    if (is_new) { /* counts from an earlier run go */
        str_printf(ret_dir, "%s/" OUR_FOLDER "/%s", top.buf, name);
        rmdir(ret_dir->buf);
    }
    error = make_folder(top.buf, name, controller, *ret_version, ret_dir);
    return error ? error : write_text(ret_dir->buf, "cgroup.procs", "0");
}

int baremetal_cgroup_set(const char *dir, const char *file, const char *value)
{
    return write_text(dir, file, value);
}

/* --- what is in the groups of an instance -------------------------------------------------------
 */

typedef void (*group_fn)(void *arg, const char *dir);

/* Each tree that may have it: version 2, and each controller of version 1. */
static void each_group(const char *name, group_fn fn, void *arg)
{
    const tree_list *trees = all_trees();
    STR_AUTO(top);

    if (!name)
        return;
    VEC_EACH (trees, tree) {
        str_clear(&top);
        if (tree->is_two)
            find_top(tree->folder, &top);
        else
            str_add(&top, tree->folder);
        if (top.len == 0)
            continue;
        str_printf(&top, "/" OUR_FOLDER "/%s", name);
        if (file_is_dir(top.buf))
            fn(arg, top.buf);
    }
}

static void add_pids(void *arg, const char *dir)
{
    baremetal_pids *pids = arg;
    struct slice rest, line;
    STR_AUTO(text);

    if (!read_text(dir, "cgroup.procs", &text))
        return;
    for (rest = slice_from(text.buf); rest.len > 0;) {
        pid_t pid = (pid_t)strtol(rest.at, NULL, 10);
        bool is_known = pid <= 0;

        slice_split(&rest, '\n', &line);
        VEC_EACH (pids, known)
            is_known = is_known || *known == pid;
        if (!is_known)
            VEC_ADD(pids, pid);
    }
}

void baremetal_cgroup_pids(const char *name, baremetal_pids *out)
{
    each_group(name, add_pids, out);
}

static void kill_group(void *arg, const char *dir)
{
    (void)arg;
    (void)write_text(dir, "cgroup.kill", "1");
}

void baremetal_cgroup_kill(const char *name)
{
    each_group(name, kill_group, NULL);
}

static void count_oom(void *arg, const char *dir)
{
    static const char *const files[] = { "memory.events", "memory.oom_control" };
    int64_t *n = arg;

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        STR_AUTO(text);
        const char *at;

        if (!read_text(dir, files[i], &text))
            continue;
        at = strstr(text.buf, "oom_kill ");
        if (at)
            *n += strtoll(at + strlen("oom_kill "), NULL, 10);
    }
}

int64_t baremetal_cgroup_oom(const char *name)
{
    int64_t n = 0;

    each_group(name, count_oom, &n);
    return n;
}

/* The folders of the project and of ours stay while something else is in them. */
static void remove_group(void *arg, const char *dir)
{
    STR_AUTO(path);

    (void)arg;
    str_add(&path, dir);
    for (int i = 0; i < 3 && rmdir(path.buf) == 0; i++)
        str_cut(&path, (size_t)(strrchr(path.buf, '/') - path.buf));
}

void baremetal_cgroup_remove(const char *name)
{
    each_group(name, remove_group, NULL);
}
