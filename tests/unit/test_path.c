/* test_path.c - base/path: the rows of Go's own tests for Clean, Join, Dir and Base. */
#include "tests/unit/tap.h"

#include <stdlib.h>

#include "base/file.h"

struct row {
    const char *path, *want;
};

static void test_clean(void)
{
    static const struct row rows[] = {
        { "abc", "abc" }, { "abc/def", "abc/def" }, { "a/b/c", "a/b/c" }, { ".", "." },
        { "..", ".." }, { "../..", "../.." }, { "../../abc", "../../abc" }, { "/abc", "/abc" },
        { "/", "/" }, { "", "." }, { "abc/", "abc" }, { "abc/def/", "abc/def" },
        { "a/b/c/", "a/b/c" }, { "./", "." }, { "../", ".." }, { "../../", "../.." },
        { "/abc/", "/abc" }, { "abc//def//ghi", "abc/def/ghi" }, { "abc//", "abc" },
        { "abc/./def", "abc/def" }, { "/./abc/def", "/abc/def" }, { "abc/.", "abc" },
        { "abc/def/ghi/../jkl", "abc/def/jkl" }, { "abc/def/../ghi/../jkl", "abc/jkl" },
        { "abc/def/..", "abc" }, { "abc/def/../..", "." }, { "/abc/def/../..", "/" },
        { "abc/def/../../..", ".." }, { "/abc/def/../../..", "/" },
        { "abc/def/../../../ghi/jkl/../../../mno", "../../mno" }, { "/../abc", "/abc" },
        { "a/../b:/../../c", "../c" }, { "abc/./../def", "def" }, { "abc//./../def", "def" },
        { "abc/../../././../def", "../../def" }, { "//abc", "/abc" }, { "///abc", "/abc" },
        { "//abc//", "/abc" }, { "..a/..", "." }, { "a/..b", "a/..b" }, { ".../x", ".../x" },
    };
    STR_AUTO(out);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        path_clean(rows[i].path, &out);
        is_text(out.buf, rows[i].want);
    }
}

static void test_join(void)
{
    STR_AUTO(out);
    static const char *const rows[][3] = {
        { "a", "b", "a/b" }, { "a", "", "a" }, { "", "b", "b" }, { "/", "a", "/a" },
        { "/", "a/b", "/a/b" }, { "/", "", "/" }, { "/a", "b", "/a/b" }, { "a/", "b", "a/b" },
        { "a/", "", "a" }, { "", "", "" }, { "a", "../../b", "../b" }, { "a", "/b", "a/b" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        path_join(rows[i][0], rows[i][1], &out);
        is_text(out.buf, rows[i][2]);
    }
    path_absolute("/work/x", "../y", &out);
    is_text(out.buf, "/work/y");
    path_absolute("/work/x", "/z/", &out);
    is_text(out.buf, "/z");
}

static void test_parts(void)
{
    static const struct row rows[] = {
        { "", "." }, { ".", "." }, { "/.", "/" }, { "/", "/" }, { "/foo", "/" },
        { "x/", "x" }, { "abc", "." }, { "abc/def", "abc" }, { "a/b/.x", "a/b" },
        { "a/b/c.", "a/b" }, { "a/b/c.x", "a/b" }, { "////foo", "/" },
    };
    STR_AUTO(out);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        path_dir(rows[i].path, &out);
        is_text(out.buf, rows[i].want);
    }
    is_text(path_base("a/b/c.yaml"), "c.yaml");
    is_text(path_base("c"), "c");
    ok(path_is_absolute("/a") && !path_is_absolute("a") && !path_is_absolute(""));
}

static void test_relative(void)
{
    static const struct {
        const char *from, *path, *relative;
    } rows[] = {
        { "/a/b", "/a/b/c/d", "c/d" }, { "/a/b", "/a/b", "." },      { "/a/b", "/a", ".." },
        { "/a/b", "/a/bc", "../bc" },  { "/a/b", "/", "../.." },     { "/", "/x", "x" },
        { "/a/b", "/c/d", "../../c/d" }, { "/a/./b/", "/a//c", "../c" }, { "/", "/", "." },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        STR_AUTO(out);
        path_relative(rows[i].from, rows[i].path, &out);
        is_text(out.buf, rows[i].relative);
    }
}

static void test_own_folders(void)
{
    STR_AUTO(out);
    setenv("HOME", "/home/u", 1);
    is_text(path_home(), "/home/u");
    setenv("XDG_STATE_HOME", "/s/", 1);
    setenv("XDG_RUNTIME_DIR", "/r", 1);
    path_state_dir(&out);
    is_text(out.buf, "/s/octocompose");
    path_runtime_dir(&out);
    is_text(out.buf, "/r/octocompose");
    setenv("XDG_STATE_HOME", "relative", 1);
    unsetenv("XDG_RUNTIME_DIR");
    bool is_root = geteuid() == 0;
    path_state_dir(&out);
    is_text(out.buf, is_root ? "/var/lib/octocompose" : "/home/u/.local/state/octocompose");
    path_runtime_dir(&out);
    is_text(out.buf, is_root ? "/run/octocompose" : "/home/u/.local/state/octocompose");
    unsetenv("HOME");
    ok(path_is_absolute(path_home()));
}

int main(void)
{
    test_clean();
    test_join();
    test_parts();
    test_relative();
    test_own_folders();
    return done_testing();
}
