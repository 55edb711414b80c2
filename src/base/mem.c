/*
 * mem.c - the only file that calls malloc() and its family, and the one place where running out of
 * memory ends the program. Not an allocator of its own: see arena.h for memory that dies together.
 */
#include "base/mem.h"

#include <stdlib.h>
#include <unistd.h>

/* No stdio here: there is no memory for it. */
static ATTR_NORETURN void die_out_of_memory(void)
{
    static const char text[] = "octocompose: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
    (void)ignored;
    _exit(1);
}

void *mem_new(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p)
        die_out_of_memory();
    return p;
}

void *mem_resize(void *p, size_t n, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total))
        die_out_of_memory();
    p = realloc(p, total ? total : 1);
    if (!p)
        die_out_of_memory();
    return p;
}

char *mem_dup(const char *text)
{
    return mem_dup_len(text, strlen(text));
}

char *mem_dup_len(const char *text, size_t len)
{
    char *copy = malloc(len + 1);
    if (!copy || len == SIZE_MAX)
        die_out_of_memory();
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void mem_free(void *p)
{
    free(p);
}

void mem_wipe(void *p, size_t n)
{
    if (!n)
        return;
    memset(p, 0, n);
    __asm__ __volatile__("" : : "r"(p) : "memory"); /* the bytes count as read: memset stays */
}
