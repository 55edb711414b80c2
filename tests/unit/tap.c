/*
 * tap.c - counts and prints the checks of one unit test program. Not a framework: a test program is
 * a main() that calls its test functions.
 */
#include "tests/unit/tap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

static int n_run_, n_failed_;
static char folder_[64];

bool tap_ok(bool is_true, const char *what, const char *file, int line)
{
    n_run_++;
    printf("%sok %d - %s\n", is_true ? "" : "not ", n_run_, what);
    if (!is_true) {
        n_failed_++;
        printf("# %s:%d: failed\n", file, line);
    }
    fflush(stdout);
    return is_true;
}

bool tap_int(int64_t got, int64_t want, const char *what, const char *file, int line)
{
    bool is_same = tap_ok(got == want, what, file, line);
    if (!is_same)
        printf("#   got  %" PRId64 "\n#   want %" PRId64 "\n", got, want);
    return is_same;
}

/* A value on lines that all begin with '#', so that it cannot be taken for TAP. */
static void print_value(const char *label, const char *text)
{
    printf("#   %s ", label);
    if (!text) {
        printf("(null)\n");
        return;
    }
    putchar('"');
    for (; *text; text++) {
        if (*text == '\n')
            printf("\\n\n#        ");
        else
            putchar(*text);
    }
    printf("\"\n");
}

bool tap_text(const char *got, const char *want, const char *what, const char *file, int line)
{
    bool is_same = got && want ? !strcmp(got, want) : got == want;
    tap_ok(is_same, what, file, line);
    if (!is_same) {
        print_value("got ", got);
        print_value("want", want);
    }
    return is_same;
}

void tap_skip(int n, const char *why)
{
    while (n-- > 0)
        printf("ok %d # SKIP %s\n", ++n_run_, why);
}

void tap_note(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    printf("# ");
    vprintf(fmt, args);
    putchar('\n');
    va_end(args);
}

const char *tap_folder(void)
{
    if (!folder_[0]) {
        strcpy(folder_, "/tmp/octo-test-XXXXXX");
        if (!mkdtemp(folder_)) {
            perror("mkdtemp");
            exit(99);
        }
    }
    return folder_;
}

int64_t tap_cpu_ms(void)
{
#ifdef IS_SANITIZED
    static const int64_t slower = 10;
#else
    static const int64_t slower = 1;
#endif
    return (int64_t)clock() * 1000 / CLOCKS_PER_SEC / slower;
}

int tap_done(void)
{
    if (folder_[0]) {
        ERR_AUTO(err);
        if (file_remove_tree(folder_, &err) < 0)
            printf("# %s\n", err.text);
    }
    printf("1..%d\n", n_run_);
    return n_failed_ ? 1 : 0;
}
