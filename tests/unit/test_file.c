/* test_file.c - base/file: reading with limits, writing whole or not at all, folders. */
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"

static const char *in_folder(const char *name)
{
    static char paths[4][200];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", tap_folder(), name);
    return path;
}

static void test_read_write(void)
{
    ERR_AUTO(err);
    STR_AUTO(text);
    const char *path = in_folder("file");
    is_int(file_read(path, 100, &text, &err), -1);
    is_int(err.code, ERR_NOT_FOUND);
    err_release(&err);
    is_int(file_write_atomic(path, "hello", 5, 0640, &err), 0);
    is_int(file_read(path, 5, &text, &err), 0);
    is_text(text.buf, "hello");
    struct stat st;
    ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640);
    is_int(file_read(path, 4, &text, &err), -1);
    is_int(err.code, ERR_LIMIT);
    is_text(text.buf, "");
    err_release(&err);
    is_int(file_write_atomic(path, "", 0, 0600, &err), 0);
    is_int(file_read(path, 0, &text, &err), 0);
    is_text(text.buf, "");
    is_int(file_read(tap_folder(), 100, &text, &err), -1);
    is_int(err.code, ERR_SYSTEM);
    err_release(&err);
    is_int(file_write_atomic(in_folder("no/such/folder"), "x", 1, 0600, &err), -1);
    is_int(err.code, ERR_SYSTEM);
}

/* A failed write leaves the old file and no temporary one. */
static void test_atomic_failure(void)
{
    ERR_AUTO(err);
    const char *folder = in_folder("busy");
    is_int(file_make_dirs(folder, 0755, &err), 0);
    is_int(file_write_atomic(in_folder("busy/x"), "x", 1, 0600, &err), 0);
    is_int(file_write_atomic(folder, "y", 1, 0600, &err), -1); /* rename over a full folder */
    is_int(err.code, ERR_SYSTEM);
    ok(file_exists(in_folder("busy/x")));
    char command[300];
    snprintf(command, sizeof(command), "! ls -A '%s' | grep '^busy[.]'", tap_folder());
    is_int(system(command), 0);
}

static void test_large_pipe(void)
{
    ERR_AUTO(err);
    STR_AUTO(text);
    STR_AUTO(large);
    str_add_n(&large, (size_t)3 * 1024 * 1024 + 7, 'z');
    const char *path = in_folder("large");
    is_int(file_write_atomic(path, large.buf, large.len, 0600, &err), 0);
    is_int(file_read(path, (size_t)4 * 1024 * 1024, &text, &err), 0);
    is_int((int64_t)text.len, (int64_t)large.len);
    ok(!memcmp(text.buf, large.buf, large.len));
    int fds[2];
    ok(pipe(fds) == 0);
    is_int(file_write_all(fds[1], "through", 7, &err), 0);
    close(fds[1]);
    is_int(file_read_fd(fds[0], "pipe", 100, &text, &err), 0);
    is_text(text.buf, "through");
    close(fds[0]);
    is_int(file_write_all(-1, "x", 1, &err), -1);
}

static void test_folders(void)
{
    ERR_AUTO(err);
    ok(!file_is_dir(in_folder("a")));
    is_int(file_make_dirs(in_folder("a//b/./c/"), 0700, &err), 0);
    is_int(file_make_dirs(in_folder("a/b/c"), 0755, &err), 0);
    ok(file_is_dir(in_folder("a/b/c")));
    is_int(file_write_atomic(in_folder("a/b/file"), "x", 1, 0600, &err), 0);
    ok(file_exists(in_folder("a/b/file")) && !file_is_dir(in_folder("a/b/file")));
    is_int(file_make_dirs(in_folder("a/b/file/d"), 0755, &err), -1);
    is_int(err.code, ERR_SYSTEM);
    err_release(&err);
    /* A link inside is removed, not followed; so is a link at the top. */
    is_int(file_make_dirs(in_folder("kept"), 0755, &err), 0);
    is_int(file_write_atomic(in_folder("kept/file"), "x", 1, 0600, &err), 0);
    ok(symlink("../../kept", in_folder("a/b/link")) == 0);
    ok(symlink("kept", in_folder("toplink")) == 0);
    is_int(file_remove_tree(in_folder("a"), &err), 0);
    is_int(file_remove_tree(in_folder("toplink"), &err), 0);
    ok(!file_exists(in_folder("a")) && !file_exists(in_folder("toplink")));
    ok(file_exists(in_folder("kept/file")));
    is_int(file_remove_tree(in_folder("a"), &err), 0);
}

static void test_real_path(void)
{
    STR_AUTO(folder);
    STR_AUTO(path);
    STR_AUTO(expected);
    ERR_AUTO(err);

    is_int(file_make_dirs(in_folder("real/inner"), 0700, &err), 0);
    ok(symlink("real/inner", in_folder("link")) == 0);
    file_real_path(in_folder("real"), &folder);
    str_printf(&expected, "%s/inner", folder.buf);
    file_real_path(in_folder("link"), &path);
    is_text(path.buf, expected.buf);
    file_real_path(in_folder("real/../link/."), &path);
    is_text(path.buf, expected.buf);
    str_add(&expected, "/later");
    file_real_path(in_folder("link/later"), &path);
    is_text(path.buf, expected.buf);
    file_real_path("/none", &path);
    is_text(path.buf, "/none");
    file_real_path("/nonexistent/../x/y", &path);
    is_text(path.buf, "/nonexistent/../x/y");
}

int main(void)
{
    test_read_write();
    test_atomic_failure();
    test_large_pipe();
    test_folders();
    test_real_path();
    return done_testing();
}
