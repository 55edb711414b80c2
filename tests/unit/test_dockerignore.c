/*
 * test_dockerignore.c - patterns as docker reads and matches them (the cases of its own documentation and
 * of what its matcher does at the edges).
 */
#include "base/base.h"

#include "net/dockerignore.h"

#include "tests/unit/tap.h"

static const struct {
    const char *patterns; /* a file's text */
    const char *path;
    bool is_ignored;
} rows[] = {
    { "", "a", false },
    { "a", "a", true },
    { "a", "a/b/c", true },
    { "a", "ab", false },
    { "a", "b/a", false },
    { "/a", "a", true },
    { "./a/", "a/b", true },
    { "a/../b", "b", true },
    { "#a", "#a", false },
    { " #a", "#a", true },
    { "  a  \r", "a", true },
    { "\xef\xbb\xbf" "a", "a", true },
    { ".", "a", false },
    { "*", "a", true },
    { "*", ".git/config", true },
    { "*.md", "README.md", true },
    { "*.md", "docs/README.md", false },
    { "*/*.md", "docs/README.md", true },
    { "*/temp*", "somedir/temporary.txt", true },
    { "*/*/temp*", "somedir/sub/temporary.txt", true },
    { "*/*/temp*", "somedir/temporary.txt", false },
    { "temp?", "tempa", true },
    { "temp?", "temp/", false },
    { "temp?", "temp\xc3\xbc", true },
    { "temp?", "tempab", false },
    { "**", "a/b", true },
    { "**/*.go", "a/b/c.go", true },
    { "**/*.go", "c.go", true },
    { "**/foo", "foo", true },
    { "**/foo", "a/foo/b", true },
    { "**/foo", "a/xfoo", false },
    { "a/**", "a/b/c", true },
    { "a/**", "a", false },
    { "a/**/b", "a/b", true },
    { "a/**/b", "a/x/y/b", true },
    { "a/**/b", "a/xb", false },
    { "a**b", "ab", true },
    { "a**b", "ax/b", true },
    { "a**/b", "ax/y/b", true },
    { "**/**/x", "a/x", true },
    { "**.txt", "a/b.txt", false }, /* a double star ends at a '/' unless it is the end */
    { "**.txt", "a/.txt", true },
    { "[a-c]x", "bx", true },
    { "[a-c]x", "dx", false },
    { "[^a-c]x", "dx", true },
    { "[^a-c]x", "ax", false },
    { "[]a]x", "]x", true },
    { "[\\]]x", "]x", true },
    { "a\\*b", "a*b", true },
    { "a\\*b", "axb", false },
    { "a+b(c)$", "a+b(c)$", true },
    { "*\n!a", "a", false },
    { "*\n!a", "b", true },
    { "*.md\n!README.md", "README.md", false },
    { "*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true },
    { "*.md\nREADME-secret.md\n!README*.md", "README-secret.md", false },
    { "a\n!a/b", "a/b/c", false },
    { "a\n!a/b", "a/c", true },
    { "!a\na", "a", true },
    { "*\n! a ", "a", false },
    { "docs\n!docs\ndocs/x", "docs/x", true },
    { "*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
    { "**/**/**/**/**/**/**/**/b", "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/c", false },
};

static struct dockerignore *parse(const char *text)
{
    ERR_AUTO(err);
    struct dockerignore *ignore = dockerignore_new();
    if (!ok(dockerignore_parse(ignore, ".dockerignore", text, strlen(text), &err) == 0))
        tap_note("%s", err.text);
    return ignore;
}

static void test_wrong(void)
{
    static const struct {
        const char *patterns, *text;
    } wrong[] = {
        { "a\n!", ".dockerignore:2: illegal exclusion pattern: \"!\"" },
        { "[a", ".dockerignore:1: syntax error in pattern \"[a\"" },
        { "a\\", ".dockerignore:1: syntax error in pattern \"a\\\"" },
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        ERR_AUTO(err);
        struct dockerignore *ignore = dockerignore_new();
        is_int(dockerignore_parse(ignore, ".dockerignore", wrong[i].patterns,
                                  strlen(wrong[i].patterns), &err),
               -1);
        is_text(err.text, wrong[i].text);
        dockerignore_free(ignore);
    }
}

static void test_may_return(void)
{
    static const struct {
        const char *patterns, *dir;
        bool may;
    } below[] = {
        { "a", "a", false },          { "a\n!b/c", "a", false },   { "a\n!a/b", "a", true },
        { "a\n!a/b/c", "a/b", true }, { "a\n!ab", "a", false },    { "*\n!**/x", "a", true },
        { "*\n!a*/x", "ab", true },   { "*\n!b*/x", "ab", false }, { "*\n!a/b*", "a", true },
    };
    for (size_t i = 0; i < ARRAY_LEN(below); i++) {
        struct dockerignore *ignore = parse(below[i].patterns);
        if (!is_int(dockerignore_may_return(ignore, below[i].dir), below[i].may))
            tap_note("%s in %s", below[i].patterns, below[i].dir);
        dockerignore_free(ignore);
    }
}

int main(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct dockerignore *ignore = parse(rows[i].patterns);
        if (!is_int(dockerignore_match(ignore, rows[i].path), rows[i].is_ignored))
            tap_note("\"%s\" on \"%s\"", rows[i].patterns, rows[i].path);
        dockerignore_free(ignore);
    }
    test_wrong();
    test_may_return();
    return done_testing();
}
