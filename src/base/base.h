/*
 * base.h - what every C file includes first: system feature macros (through config.h), compiler
 * attributes and the few macros that all layers share. Holds no functions of its own.
 */
#ifndef OCTO_BASE_BASE_H
#define OCTO_BASE_BASE_H

#include "config.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ATTR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define ATTR_MUST_CHECK __attribute__((warn_unused_result))
#define ATTR_NORETURN __attribute__((noreturn))
#define ATTR_UNUSED __attribute__((unused))
#define CLEANUP(fn) __attribute__((cleanup(fn)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* The object of type TYPE whose member MEMBER is at PTR. */
#define container_of(ptr, type, member)                                                            \
    ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

static inline void *steal_ptr_(void *variable)
{
    void *value = *(void **)variable;
    *(void **)variable = NULL;
    return value;
}
/* Gives away the pointer: its value is returned and the variable becomes NULL. */
#define STEAL_PTR(p) ((typeof(p))steal_ptr_(&(p)))

#endif
