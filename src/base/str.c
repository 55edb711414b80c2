/*
 * str.c - the growable string and the slice. Functions on plain C strings are in text.c.
 */
#include "base/str.h"

#include <stdio.h>

#include "base/mem.h"

char str_empty_[1] = "";

void str_init(struct str *s, size_t max)
{
    *s = (struct str)STR_INIT_MAX(max);
}

void str_release(struct str *s)
{
    if (s->cap)
        mem_free(s->buf);
    str_init(s, s->max);
}

void str_clear(struct str *s)
{
    s->len = 0;
    s->is_cut = false;
    if (s->cap)
        s->buf[0] = '\0';
}

/* Makes room for n more bytes and the NUL; returns how many of the n may be added (the ceiling). */
static size_t make_room(struct str *s, size_t n)
{
    if (s->max && n > s->max - MIN(s->len, s->max)) {
        n = s->max - MIN(s->len, s->max);
        s->is_cut = true;
    }
    assert(n < SIZE_MAX / 4);
    size_t need = s->len + n + 1;
    if (need > s->cap && n) {
        size_t cap = MAX(need, MAX(s->cap * 2, (size_t)32));
        s->buf = mem_resize(s->cap ? s->buf : NULL, cap, 1);
        s->cap = cap;
        s->buf[s->len] = '\0';
    }
    return n;
}

void str_add(struct str *s, const char *text)
{
    str_add_len(s, text, strlen(text));
}

void str_add_len(struct str *s, const char *text, size_t len)
{
    len = make_room(s, len);
    if (!len)
        return;
    memcpy(s->buf + s->len, text, len);
    s->len += len;
    s->buf[s->len] = '\0';
}

void str_add_char(struct str *s, char c)
{
    str_add_len(s, &c, 1);
}

void str_add_n(struct str *s, size_t n, char c)
{
    n = make_room(s, n);
    if (!n)
        return;
    memset(s->buf + s->len, c, n);
    s->len += n;
    s->buf[s->len] = '\0';
}

void str_printf(struct str *s, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    str_vprintf(s, fmt, args);
    va_end(args);
}

void str_vprintf(struct str *s, const char *fmt, va_list args)
{
    char small[256];
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(small, sizeof(small), fmt, args);
    assert(len >= 0);
    if ((size_t)len < sizeof(small)) {
        str_add_len(s, small, (size_t)len);
    } else {
        char *large = mem_new((size_t)len + 1, 1);
        vsnprintf(large, (size_t)len + 1, fmt, again);
        str_add_len(s, large, (size_t)len);
        mem_free(large);
    }
    va_end(again);
}

void str_cut(struct str *s, size_t len)
{
    if (len >= s->len)
        return;
    s->len = len;
    s->buf[len] = '\0';
}

void str_remove(struct str *s, size_t at, size_t n)
{
    assert(at <= s->len);
    n = MIN(n, s->len - at);
    if (!n)
        return;
    memmove(s->buf + at, s->buf + at + n, s->len - at - n + 1);
    s->len -= n;
}

char *str_steal(struct str *s)
{
    char *bytes = s->cap ? s->buf : mem_dup("");
    str_init(s, s->max);
    return bytes;
}

struct slice slice_from(const char *text)
{
    return (struct slice){ text, strlen(text) };
}

bool slice_is(struct slice s, const char *text)
{
    size_t len = strlen(text);
    return s.len == len && (!len || !memcmp(s.at, text, len));
}

bool slice_starts(struct slice s, const char *prefix)
{
    size_t len = strlen(prefix);
    return s.len >= len && (!len || !memcmp(s.at, prefix, len));
}

bool slice_ends(struct slice s, const char *suffix)
{
    size_t len = strlen(suffix);
    return s.len >= len && (!len || !memcmp(s.at + s.len - len, suffix, len));
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice slice_trim(struct slice s)
{
    while (s.len && is_blank(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len && is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

bool slice_split(struct slice *s, char sep, struct slice *ret_head)
{
    const char *at = s->len ? memchr(s->at, sep, s->len) : NULL;
    if (!at) {
        *ret_head = *s;
        s->at += s->len;
        s->len = 0;
        return false;
    }
    size_t len = (size_t)(at - s->at);
    *ret_head = (struct slice){ s->at, len };
    s->at += len + 1;
    s->len -= len + 1;
    return true;
}

ptrdiff_t slice_find(struct slice s, char c, size_t from)
{
    if (from >= s.len)
        return -1;
    const char *at = memchr(s.at + from, c, s.len - from);
    return at ? at - s.at : -1;
}
