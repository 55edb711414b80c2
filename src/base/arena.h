/*
 * arena.h - memory that lives and dies together: documents, projects, plans, responses. An arena
 * never owns a file descriptor or anything else that needs more than freeing.
 */
#ifndef OCTO_BASE_ARENA_H
#define OCTO_BASE_ARENA_H

#include "base/base.h"

struct arena;

/* A new, empty arena. Its owner frees it, with all that is in it, by arena_free() (NULL too). */
struct arena *arena_new(void);
void arena_free(struct arena *arena);
void arena_cleanup(struct arena **arena);

/* Moves what is in from (NULL: nothing) into arena, where it stays; from itself is gone. */
void arena_adopt(struct arena *arena, struct arena *from);

/* Zeroed memory of the arena, aligned for any type; size 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);
/* NUL-terminated copies in the arena. */
char *arena_dup(struct arena *arena, const char *text);
char *arena_dup_len(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* Grows an arena array: returns room for want items, the first have items copied over. Capacity
   doubles, *cap is updated; the old array is left to the arena. */
void *arena_grow(struct arena *arena, void *items, size_t have, size_t *cap, size_t item_size);
/* Bytes handed out so far. */
size_t arena_used(const struct arena *arena);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_NEW_N(arena, type, n) ((type *)arena_alloc((arena), sizeof(type) * (n)))
/* Appends VALUE to the arena array LIST {items, n, cap}. */
#define ARENA_ADD(arena, list, value)                                                              \
    do {                                                                                           \
        if ((list)->n == (list)->cap)                                                              \
            (list)->items = arena_grow((arena), (list)->items, (list)->n, &(list)->cap,            \
                                       sizeof((list)->items[0]));                                  \
        (list)->items[(list)->n++] = (value);                                                      \
    } while (0)

#endif
