/*
 * arena.c - chunks of memory that are freed together. Small objects are cut from the current chunk;
 * one that would waste a chunk gets its own. Not for anything that needs more than freeing.
 */
#include "base/arena.h"

#include <stdio.h>

#include "base/mem.h"

#define ALIGN ((size_t)16)
#define FIRST_CHUNK ((size_t)4 * 1024)
#define LAST_CHUNK ((size_t)256 * 1024)

/* The bytes follow the head, which is itself a multiple of ALIGN. */
struct chunk {
    struct chunk *next;
    size_t size;
};
static_assert(sizeof(struct chunk) % 16 == 0, "the bytes after a chunk's head are aligned");

struct arena {
    struct chunk *chunks; /* the first is the one that is cut from; others are only kept */
    char *free_at;
    size_t n_free;
    size_t next_size;
    size_t n_used;
};

struct arena *arena_new(void)
{
    struct arena *arena = MEM_NEW(struct arena);
    arena->next_size = FIRST_CHUNK;
    return arena;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    struct chunk *chunk = arena->chunks;
    while (chunk) {
        struct chunk *next = chunk->next;
        mem_free(chunk);
        chunk = next;
    }
    mem_free(arena);
}

void arena_cleanup(struct arena **arena)
{
    arena_free(*arena);
}

static void add_behind(struct arena *arena, struct chunk *first, struct chunk *last)
{
    if (arena->chunks) {
        last->next = arena->chunks->next;
        arena->chunks->next = first;
    } else {
        arena->chunks = first;
    }
}

void arena_adopt(struct arena *arena, struct arena *from)
{
    struct chunk *last = from ? from->chunks : NULL;

    if (last) {
        while (last->next)
            last = last->next;
        add_behind(arena, from->chunks, last);
        arena->n_used += from->n_used;
    }
    mem_free(from);
}

static struct chunk *chunk_new(size_t size)
{
    struct chunk *chunk = mem_new(1, sizeof(struct chunk) + size);
    chunk->size = size;
    return chunk;
}

/* A chunk for one large object, put behind the current one. */
static void *alloc_alone(struct arena *arena, size_t size)
{
    struct chunk *chunk = chunk_new(size);
    add_behind(arena, chunk, chunk);
    return chunk + 1;
}

static void start_chunk(struct arena *arena)
{
    struct chunk *chunk = chunk_new(arena->next_size);
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->free_at = (char *)(chunk + 1);
    arena->n_free = chunk->size;
    arena->next_size = MIN(arena->next_size * 2, LAST_CHUNK);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    assert(size < SIZE_MAX / 2);
    size = size ? (size + ALIGN - 1) & ~(ALIGN - 1) : ALIGN;
    arena->n_used += size;
    if (size > arena->n_free) {
        if (size > arena->next_size / 4)
            return alloc_alone(arena, size);
        start_chunk(arena);
    }
    void *p = arena->free_at;
    arena->free_at += size;
    arena->n_free -= size;
    return p;
}

char *arena_dup(struct arena *arena, const char *text)
{
    return arena_dup_len(arena, text, strlen(text));
}

char *arena_dup_len(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_alloc(arena, len + 1);
    if (len)
        memcpy(copy, text, len);
    return copy;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
    char small[256];
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(small, sizeof(small), fmt, args);
    va_end(args);
    assert(len >= 0);
    char *text = arena_alloc(arena, (size_t)len + 1);
    if ((size_t)len < sizeof(small))
        memcpy(text, small, (size_t)len);
    else
        vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    return text;
}

void *arena_grow(struct arena *arena, void *items, size_t have, size_t *cap, size_t item_size)
{
    size_t new_cap = *cap ? *cap * 2 : 4;
    assert(new_cap <= SIZE_MAX / 2 / item_size);
    void *grown = arena_alloc(arena, new_cap * item_size);
    if (have)
        memcpy(grown, items, have * item_size);
    *cap = new_cap;
    return grown;
}

size_t arena_used(const struct arena *arena)
{
    return arena->n_used;
}
