/*
 * str.h - strings: `struct str` grows and owns its bytes, `struct slice` is a view of somebody
 * else's bytes for parsing.
 */
#ifndef OCTO_BASE_STR_H
#define OCTO_BASE_STR_H

#include "base/base.h"

/* A growable string. `buf` is never NULL and always NUL-terminated; bytes may include NUL. A str
   that has a ceiling (max > 0) stops growing there and says so in `is_cut`. */
struct str {
    char *buf;
    size_t len;
    size_t cap; /* 0: buf is the shared empty string */
    size_t max;
    bool is_cut;
};

extern char str_empty_[];
#define STR_INIT { str_empty_, 0, 0, 0, false }
#define STR_INIT_MAX(limit) { str_empty_, 0, 0, (limit), false }

void str_init(struct str *s, size_t max);
/* Frees the bytes; the str is then empty and may be used again. */
void str_release(struct str *s);
/* Empties, keeps the memory. */
void str_clear(struct str *s);
void str_add(struct str *s, const char *text);
void str_add_len(struct str *s, const char *text, size_t len);
void str_add_char(struct str *s, char c);
void str_add_n(struct str *s, size_t n, char c);
void str_printf(struct str *s, const char *fmt, ...) ATTR_PRINTF(2, 3);
void str_vprintf(struct str *s, const char *fmt, va_list args) ATTR_PRINTF(2, 0);
/* Shortens to len bytes. */
void str_cut(struct str *s, size_t len);
/* Removes n bytes at position at. */
void str_remove(struct str *s, size_t at, size_t n);
/* Gives the heap bytes to the caller (mem_free), never NULL; the str is empty afterwards. */
char *str_steal(struct str *s);

#define STR_AUTO(name) CLEANUP(str_release) struct str name = STR_INIT

struct slice {
    const char *at; /* not NUL-terminated */
    size_t len;
};

#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })
struct slice slice_from(const char *text);
bool slice_is(struct slice s, const char *text);
bool slice_starts(struct slice s, const char *prefix);
bool slice_ends(struct slice s, const char *suffix);
struct slice slice_trim(struct slice s);
/* Splits at the first sep: *ret_head is what stands before it, s becomes what follows. False when
   sep does not occur; *ret_head is then all of it and s empty. */
bool slice_split(struct slice *s, char sep, struct slice *ret_head);
/* Index of the first c at or after from, or -1. */
ptrdiff_t slice_find(struct slice s, char c, size_t from);

/* Plain C strings. */
bool text_is(const char *a, const char *b);           /* both non-NULL and equal */
bool text_same(const char *a, const char *b);         /* equal, two NULLs are equal */
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);
/* Whole decimal number, optional sign, no blanks. Returns 0 or -1 (not a number, out of range). */
int text_to_int(const char *text, int64_t *ret_value) ATTR_MUST_CHECK;
/* Go's strconv.ParseBool: 1 t T TRUE true True 0 f F FALSE false False. 0 or -1. */
int text_to_bool(const char *text, bool *ret_value) ATTR_MUST_CHECK;
/* The entry of names (n of them) nearest to text by edit distance, or NULL when none is near. */
const char *text_nearest(const char *text, const char *const *names, size_t n);
/* Length of the valid UTF-8 prefix of the n bytes at text. */
size_t text_utf8_valid(const char *text, size_t n);
/* Columns that the UTF-8 text takes on a terminal. */
size_t text_width(const char *text);
/* 64-bit FNV-1a over n bytes. */
uint64_t text_hash(const char *text, size_t n);

#endif
