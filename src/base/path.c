/*
 * path.c - paths as text, as Go's path/filepath treats them, and the folders where octocompose
 * keeps its own files (declared in file.h). Nothing here looks at the file system.
 */
#include "base/file.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>


/* Appends one element of a path to out, which began at start with or without a '/'. */
static void add_element(struct str *out, size_t root_len, size_t *dotdot_len, struct slice element)
{
    if (!element.len || slice_is(element, "."))
        return;
    bool is_up = slice_is(element, "..");
    if (is_up && out->len > *dotdot_len) {
        size_t len = out->len;
        do
            len--;
        while (len > *dotdot_len && out->buf[len] != '/');
        str_cut(out, len);
        return;
    }
    if (is_up && root_len)
        return; /* "/.." is "/" */
    if (out->len > root_len)
        str_add_char(out, '/');
    str_add_len(out, element.at, element.len);
    if (is_up)
        *dotdot_len = out->len;
}

static void clean(struct slice path, struct str *out)
{
    str_clear(out);
    size_t root_len = path.len && path.at[0] == '/' ? 1 : 0;
    size_t dotdot_len = root_len; /* out is not shortened below this */
    str_add_n(out, root_len, '/');
    struct slice element;
    bool is_more = true;
    while (is_more) {
        is_more = slice_split(&path, '/', &element);
        add_element(out, root_len, &dotdot_len, element);
    }
    if (!out->len)
        str_add_char(out, '.');
}

void path_clean(const char *path, struct str *out)
{
    clean(slice_from(path), out);
}

void path_join(const char *dir, const char *path, struct str *out)
{
    STR_AUTO(both);
    str_add(&both, dir);
    if (*dir && *path)
        str_add_char(&both, '/');
    str_add(&both, path);
    str_clear(out);
    if (both.len)
        path_clean(both.buf, out);
}

void path_absolute(const char *dir, const char *path, struct str *out)
{
    if (path_is_absolute(path))
        path_clean(path, out);
    else
        path_join(dir, path, out);
}

void path_dir(const char *path, struct str *out)
{
    const char *slash = strrchr(path, '/');
    clean((struct slice){ path, slash ? (size_t)(slash - path) + 1 : 0 }, out);
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool path_is_absolute(const char *path)
{
    return path[0] == '/';
}

/* The user's folder of /etc/passwd. Not by getpwuid(): that loads modules of the system's C library,
   which a static program may not have. */
static const char *home_of_passwd(void)
{
    static char home[512];
    FILE *file = home[0] ? NULL : fopen("/etc/passwd", "re");
    if (!file)
        return home;
    struct passwd *user;
    while (!home[0] && (user = fgetpwent(file))) {
        size_t len = strlen(user->pw_dir);
        if (user->pw_uid == getuid() && path_is_absolute(user->pw_dir) && len < sizeof(home))
            memcpy(home, user->pw_dir, len + 1);
    }
    fclose(file);
    return home;
}

const char *path_home(void)
{
    const char *home = getenv("HOME");
    if (!home || !*home)
        home = home_of_passwd();
    return *home ? home : "/";
}

/* The folder that the environment names; it must be absolute to count (XDG's rule). */
static const char *folder_of_env(const char *name)
{
    const char *folder = getenv(name);
    return folder && path_is_absolute(folder) ? folder : NULL;
}

void path_state_dir(struct str *out)
{
    const char *state = folder_of_env("XDG_STATE_HOME");
    if (state) {
        path_join(state, "octocompose", out);
    } else if (geteuid() == 0) {
        path_clean("/var/lib/octocompose", out);
    } else {
        path_join(path_home(), ".local/state/octocompose", out);
    }
}

void path_runtime_dir(struct str *out)
{
    const char *runtime = folder_of_env("XDG_RUNTIME_DIR");
    if (runtime)
        path_join(runtime, "octocompose", out);
    else if (geteuid() == 0)
        path_clean("/run/octocompose", out);
    else
        path_state_dir(out);
}

void path_relative(const char *from, const char *path, struct str *out)
{
    STR_AUTO(dir);
    STR_AUTO(to);
    size_t same = 1; /* of both: whole elements */

    path_clean(from, &dir);
    path_clean(path, &to);
    if (dir.len > 1)
        str_add_char(&dir, '/');
    if (to.len > 1)
        str_add_char(&to, '/');
    for (size_t i = 1; i < dir.len && i < to.len && dir.buf[i] == to.buf[i]; i++) {
        if (dir.buf[i] == '/')
            same = i + 1;
    }
    str_clear(out);
    for (size_t i = same; i < dir.len; i++) {
        if (dir.buf[i] == '/')
            str_add(out, "../");
    }
    str_add_len(out, to.buf + same, to.len - same);
    if (out->len == 0)
        str_add_char(out, '.');
    else
        str_cut(out, out->len - 1);
}

const char *path_below(const char *dir, const char *path)
{
    size_t len = dir == NULL ? 0 : strlen(dir);

    return len > 1 && strncmp(path, dir, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}
