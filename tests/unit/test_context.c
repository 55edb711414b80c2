/*
 * test_context.c - build contexts packed as streams, and read back by tar: names, order, what is left
 * out, Dockerfiles from elsewhere, files that cannot be read.
 */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "net/context.h"
#include "net/tarball.h"

#include "tests/unit/tap.h"

static char root[200];

static void put(const char *name, const char *text)
{
    ERR_AUTO(err);
    STR_AUTO(path);
    STR_AUTO(dir);
    path_join(root, name, &path);
    path_dir(path.buf, &dir);
    if (file_make_dirs(dir.buf, 0755, &err) != 0 ||
        file_write_atomic(path.buf, text, strlen(text), 0644, &err) != 0)
        tap_note("%s", err.text);
}

/* What tar lists of the archive. */
static void list(const struct str *archive, struct str *ret_names)
{
    ERR_AUTO(err);
    char buf[4096];
    STR_AUTO(file);
    STR_AUTO(command);
    str_printf(&file, "%s.tar", root);
    if (file_write_atomic(file.buf, archive->buf, archive->len, 0600, &err) != 0)
        return;
    str_printf(&command, "LC_ALL=C.UTF-8 tar --quoting-style=literal -tf %s 2>/dev/null", file.buf);
    FILE *pipe = popen(command.buf, "r");
    while (pipe && fgets(buf, sizeof(buf), pipe)) {
        buf[strcspn(buf, "\n")] = '\0';
        str_printf(ret_names, "%s%s", ret_names->len ? " " : "", buf);
    }
    if (pipe)
        pclose(pipe);
}

/* Packs with pieces of cap bytes; the names, or the error's text. */
static void pack(const struct context_spec *spec, size_t cap, struct str *ret_names,
                 struct str *ret_archive, struct str *ret_dockerfile)
{
    ERR_AUTO(err);
    struct context *context = NULL;
    char buf[65536];
    ptrdiff_t n;
    if (context_new(spec, &context, &err) != 0) {
        str_add(ret_names, err.text);
        return;
    }
    while ((n = context_read(context, buf, MIN(cap, sizeof(buf)))) > 0)
        str_add_len(ret_archive, buf, (size_t)n);
    str_add(ret_dockerfile, context_dockerfile(context));
    if (n < 0)
        str_add(ret_names, context_error(context)->text);
    else
        list(ret_archive, ret_names);
    is_int((int64_t)context_n_bytes(context), (int64_t)ret_archive->len);
    context_free(context);
}

static void is_packed(const struct context_spec *spec, const char *names, const char *dockerfile)
{
    STR_AUTO(got);
    STR_AUTO(archive);
    STR_AUTO(name);
    pack(spec, 100, &got, &archive, &name);
    is_text(got.buf, names);
    is_text(name.buf, dockerfile);
}

static void test_walk(void)
{
    struct context_spec spec = { .dir = root };
    STR_AUTO(first);
    STR_AUTO(second);
    STR_AUTO(names);
    STR_AUTO(name);
    put("Dockerfile", "FROM busybox\n");
    put("b/2", "two");
    put("b/1", "one");
    put("a.txt", "a");
    put("b.d/x", "x");
    is_packed(&spec, "Dockerfile a.txt b/ b/1 b/2 b.d/ b.d/x", "Dockerfile");
    pack(&spec, 65536, &names, &first, &name);
    pack(&spec, 1, &names, &second, &name);
    ok(first.len == second.len && memcmp(first.buf, second.buf, first.len) == 0);
}

static void test_ignore(void)
{
    struct context_spec spec = { .dir = root };
    put(".dockerignore", "*\n!b\nb/2\n");
    is_packed(&spec, ".dockerignore Dockerfile b/ b/1", "Dockerfile");
    put(".dockerignore", "b\n!b/2\n");
    is_packed(&spec, ".dockerignore Dockerfile a.txt b/2 b.d/ b.d/x", "Dockerfile");
    put("Dockerfile.dockerignore", "**\n");
    is_packed(&spec, ".dockerignore Dockerfile", "Dockerfile");
    put("Dockerfile.dockerignore", "[");
    STR_AUTO(text);
    str_printf(&text,
               "build context \"%s\": Dockerfile.dockerignore:1: syntax error in pattern \"[\"",
               root);
    is_packed(&spec, text.buf, "");
    put("Dockerfile.dockerignore", "*\n");
}

static void test_dockerfiles(void)
{
    STR_AUTO(outside);
    STR_AUTO(text);
    ERR_AUTO(err);
    struct context_spec spec = { .dir = root, .dockerfile = "sub/My.Dockerfile" };
    put("sub/My.Dockerfile", "FROM x\n");
    put(".dockerignore", "*\n");
    is_packed(&spec, ".dockerignore sub/My.Dockerfile", "sub/My.Dockerfile");
    str_printf(&outside, "%s.outside", root);
    ok(file_write_atomic(outside.buf, "FROM y\n", 7, 0644, &err) == 0);
    spec.dockerfile = outside.buf;
    is_packed(&spec, ".dockerignore .dockerfile.octocompose", ".dockerfile.octocompose");
    spec = (struct context_spec){ .dir = root, .inline_text = "FROM z\n" };
    put("Dockerfile.dockerignore", "a*\n");
    is_packed(&spec, ".dockerignore Dockerfile Dockerfile.dockerignore b/ b/1 b/2 b.d/ b.d/x sub/ "
              "sub/My.Dockerfile .dockerfile.octocompose", ".dockerfile.octocompose");
    spec = (struct context_spec){ .dir = root, .dockerfile = "nosuch" };
    str_printf(&text, "build context \"%s\": no Dockerfile at \"%s/nosuch\"", root, root);
    is_packed(&spec, text.buf, "");
}

static void test_kinds(void)
{
    struct context_spec spec = { .dir = root, .inline_text = "FROM z\n" };
    STR_AUTO(path);
    STR_AUTO(link_path);
    put(".dockerignore", "*\n!k\n");
    put("Dockerfile.dockerignore", "*\n!k\n");
    put("k/\xc3\xbc", "umlaut");
    put("k/empty", "");
    str_printf(&link_path, "%s/k/link", root);
    is_int(symlink("/etc/passwd", link_path.buf), 0);
    str_add(&path, "k/");
    str_add_n(&path, 200, 'n');
    put(path.buf, "a long name");
    STR_AUTO(got);
    STR_AUTO(archive);
    STR_AUTO(name);
    pack(&spec, 1000, &got, &archive, &name);
    ok(strstr(got.buf, path.buf) != NULL);
    ok(strstr(got.buf, "k/\xc3\xbc") != NULL);
    ok(memmem(archive.buf, archive.len, "/etc/passwd", 11) != NULL);
    ok(memmem(archive.buf, archive.len, "umlaut", 6) != NULL);
}

static void test_bytes(void)
{
    STR_AUTO(out);
    STR_AUTO(names);
    ERR_AUTO(err);
    struct tarball *tarball = tarball_new(&out);
    is_int(tarball_add_bytes(tarball, "run/secret", 0400, 1000, 1001, "abc", 3, &err), 0);
    is_int(tarball_add_bytes(tarball, "run/empty", 0644, 0, 0, "", 0, &err), 0);
    is_int(tarball_end(tarball, &err), 0);
    tarball_free(tarball);
    list(&out, &names);
    is_text(names.buf, "run/secret run/empty");
    tarball = tarball_new(&out);
    is_int(tarball_begin_path(tarball, "/nosuch", "x", &err), -1);
    is_text(err.text, "cannot read \"/nosuch\": No such file or directory");
    tarball_free(tarball);
}

int main(void)
{
    snprintf(root, sizeof(root), "%s/context", tap_folder());
    test_walk();
    test_ignore();
    test_dockerfiles();
    test_kinds();
    test_bytes();
    return done_testing();
}
