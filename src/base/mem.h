/*
 * mem.h - heap memory. Running out of it ends the program in one place (exit status 1, message on
 * stderr), so nothing else has an out-of-memory path; inputs have limits, so that nothing outside
 * can drive memory up. Raw malloc and friends are used in mem.c only.
 */
#ifndef OCTO_BASE_MEM_H
#define OCTO_BASE_MEM_H

#include "base/base.h"

/* Zeroed memory for n objects of size bytes; never NULL. The caller frees it with mem_free(). */
void *mem_new(size_t n, size_t size);
/* Resizes p (may be NULL) to n objects of size bytes; new bytes are not zeroed. */
void *mem_resize(void *p, size_t n, size_t size);
/* A heap copy of text, of at most len bytes, NUL-terminated. */
char *mem_dup(const char *text);
char *mem_dup_len(const char *text, size_t len);
/* Frees p; NULL is allowed. */
void mem_free(void *p);
/* Overwrites n bytes in a way that the compiler keeps: for secrets. */
void mem_wipe(void *p, size_t n);

#define MEM_NEW(type) ((type *)mem_new(1, sizeof(type)))
#define MEM_NEW_N(type, n) ((type *)mem_new((n), sizeof(type)))

/* CLEANUP(mem_cleanup) char *x = ...; frees x at the end of the scope. */
static inline void mem_cleanup(void *p)
{
    mem_free(*(void **)p);
}

#endif
