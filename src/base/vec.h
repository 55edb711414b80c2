/*
 * vec.h - a growable array on the heap: any struct with the members {items, n, cap}. The items are
 * the caller's to release; VEC_RELEASE frees the array itself.
 */
#ifndef OCTO_BASE_VEC_H
#define OCTO_BASE_VEC_H

#include "base/mem.h"

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t n;                                                                                  \
        size_t cap;                                                                                \
    }

#define VEC_ADD(vec, value)                                                                        \
    do {                                                                                           \
        if ((vec)->n == (vec)->cap) {                                                              \
            (vec)->cap = (vec)->cap ? (vec)->cap * 2 : 8;                                          \
            (vec)->items = mem_resize((vec)->items, (vec)->cap, sizeof((vec)->items[0]));          \
        }                                                                                          \
        (vec)->items[(vec)->n++] = (value);                                                        \
    } while (0)

#define VEC_RELEASE(vec)                                                                           \
    do {                                                                                           \
        mem_free((vec)->items);                                                                    \
        (vec)->items = NULL;                                                                       \
        (vec)->n = (vec)->cap = 0;                                                                 \
    } while (0)

/* for (type *item ...) over a vec or an arena list. */
#define VEC_EACH(vec, item)                                                                        \
    for (typeof((vec)->items + 0) item = (vec)->items;                                             \
         (vec)->n && item < (vec)->items + (vec)->n; item++)

#endif
