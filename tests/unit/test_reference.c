/*
 * test_reference.c - image references: what docker accepts, what it refuses, and the parts.
 */
#include "base/base.h"

#include "engine/engine.h"

#include "tests/unit/tap.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
    const char *text, *domain, *path, *tag, *digest, *familiar;
} good[] = {
    { "redis", "docker.io", "library/redis", "latest", NULL, "redis" },
    { "redis:7", "docker.io", "library/redis", "7", NULL, "redis:7" },
    { "library/redis:7", "docker.io", "library/redis", "7", NULL, "redis:7" },
    { "docker.io/redis", "docker.io", "library/redis", "latest", NULL, "redis" },
    { "index.docker.io/a/b", "docker.io", "a/b", "latest", NULL, "a/b" },
    { "docker.io/library/redis:7", "docker.io", "library/redis", "7", NULL, "redis:7" },
    { "a/b/c", "docker.io", "a/b/c", "latest", NULL, "a/b/c" },
    { "ghcr.io/a/b:1.2-x_Y", "ghcr.io", "a/b", "1.2-x_Y", NULL, "ghcr.io/a/b:1.2-x_Y" },
    { "localhost/a", "localhost", "a", "latest", NULL, "localhost/a" },
    { "localhost:5000/a:b", "localhost:5000", "a", "b", NULL, "localhost:5000/a:b" },
    { "[::1]:5000/a", "[::1]:5000", "a", "latest", NULL, "[::1]:5000/a" },
    { "HOST/a", "HOST", "a", "latest", NULL, "HOST/a" },
    { "a@sha256:" HEX64, "docker.io", "library/a", NULL, "sha256:" HEX64, "a@sha256:" HEX64 },
    { "a:1@sha256:" HEX64, "docker.io", "library/a", "1", "sha256:" HEX64, "a:1@sha256:" HEX64 },
    { "a.b_c__d-e--f", "docker.io", "library/a.b_c__d-e--f", "latest", NULL, "a.b_c__d-e--f" },
    { "xn--n3h.com/a", "xn--n3h.com", "a", "latest", NULL, "xn--n3h.com/a" },
    { "library/a/b", "docker.io", "library/a/b", "latest", NULL, "library/a/b" },
};

static const char *const wrong[] = {
    "", ":1", "a:", "a@", "Redis", "a/Redis", "a b", "a..b", "a___b", "-a", "a-", "a//b", "/a", "a/", "a:-x",
    "a:b:c", "a@sha256:123", "a@" HEX64, "a@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
    "a@md7:" HEX64, HEX64, "-x.com/a", "x-.com/a", "x.com:/a", "x.com:8a/a", "a\n", "a$b", "http://a/b", "${X}",
};

int main(void)
{
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct image_reference parts = { NULL, NULL, NULL, NULL, NULL };
        ERR_AUTO(err);
        if (!is_int(image_reference_parse(good[i].text, &parts, &err), 0)) {
            tap_note("%s: %s", good[i].text, err.text);
            continue;
        }
        is_text(parts.domain, good[i].domain);
        is_text(parts.path, good[i].path);
        is_text(parts.tag, good[i].tag);
        is_text(parts.digest, good[i].digest);
        is_text(parts.familiar, good[i].familiar);
        image_reference_release(&parts);
    }
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct image_reference parts = { NULL, NULL, NULL, NULL, NULL };
        ERR_AUTO(err);
        if (!is_int(image_reference_parse(wrong[i], &parts, &err), -1))
            tap_note("accepted: %s", wrong[i]);
        image_reference_release(&parts);
    }
    struct image_reference parts = { NULL, NULL, NULL, NULL, NULL };
    ERR_AUTO(err);
    is_int(image_reference_parse("ghcr.io/Foo/bar:1", &parts, &err), -1);
    is_text(err.text, "invalid reference format: repository name (Foo/bar) must be lowercase");
    STR_AUTO(long_name);
    ERR_AUTO(long_err);
    str_add_n(&long_name, 248, 'a');
    is_int(image_reference_parse(long_name.buf, &parts, &long_err), -1);
    return done_testing();
}
