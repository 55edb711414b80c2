/*
 * yread-edit.c - a YAML text with a few small changes, made so that libyaml reads it as docker
 * compose does; places in the changed text are led back to the original's. What to change is
 * decided in yread-prepass.c; called by yread.c.
 */
#include "base/base.h"

#include <stdlib.h>

#include "data/yread-parts.h"

void yread_edit_add(struct arena *arena, struct yread_edits *edits, size_t at, size_t removed,
                    const char *added, bool is_first)
{
    struct yread_edit edit = { at, removed, added, is_first ? 0 : (uint32_t)edits->n + 1 };

    if (edits->n < YREAD_MAX_EDITS)
        ARENA_ADD(arena, edits, edit);
}

static int edit_compare(const void *a, const void *b)
{
    const struct yread_edit *x = a, *y = b;

    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static size_t break_size(const char *text, size_t len)
{
    if (*text == '\n')
        return 1;
    if (*text == '\r')
        return len > 1 && text[1] == '\n' ? 2 : 1;
    if (len > 1 && memcmp(text, "\xc2\x85", 2) == 0)
        return 2;
    if (len > 2 && (memcmp(text, "\xe2\x80\xa8", 3) == 0 || memcmp(text, "\xe2\x80\xa9", 3) == 0))
        return 3;
    return 0;
}

size_t yread_char_size(const char *text, size_t len, bool *ret_is_break)
{
    unsigned char lead = (unsigned char)*text;
    size_t size = break_size(text, len);

    *ret_is_break = size > 0;
    if (!size)
        size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    return MIN(size, len);
}

struct place {
    uint32_t line, column;
};

static void walk(struct place *place, const char *text, size_t len)
{
    while (len) {
        bool is_break;
        size_t size = yread_char_size(text, len, &is_break);

        place->line += is_break;
        place->column = is_break ? 1 : place->column + 1;
        text += size;
        len -= size;
    }
}

static void add_shift(struct arena *arena, struct yread_edits *edits, struct place changed,
                      struct place original)
{
    struct yread_shift shift = { changed.line, changed.column, original.line, original.column };

    if (edits->n_shifts == edits->shifts_cap)
        edits->shifts = arena_grow(arena, edits->shifts, edits->n_shifts, &edits->shifts_cap,
                                   sizeof(edits->shifts[0]));
    edits->shifts[edits->n_shifts++] = shift;
}

void yread_edit_apply(struct arena *arena, struct yread_edits *edits, const char *text, size_t len,
                      struct str *out)
{
    struct place changed = { 1, 1 }, original = { 1, 1 };
    size_t done = 0;

    if (edits->n)
        qsort(edits->items, edits->n, sizeof(edits->items[0]), edit_compare);
    for (size_t i = 0; i < edits->n; i++) {
        const struct yread_edit *edit = &edits->items[i];

        assert(edit->at >= done);
        str_add_len(out, text + done, edit->at - done);
        walk(&changed, text + done, edit->at - done);
        walk(&original, text + done, edit->at - done);
        str_add(out, edit->added);
        /* The added text itself stands for the place of the change. */
        add_shift(arena, edits, changed, original);
        walk(&changed, edit->added, strlen(edit->added));
        walk(&original, text + edit->at, edit->removed);
        add_shift(arena, edits, changed, original);
        done = edit->at + edit->removed;
    }
    str_add_len(out, text + done, len - done);
}

static bool is_after(const struct yread_shift *shift, const struct origin *at)
{
    return shift->line > at->line || (shift->line == at->line && shift->column > at->column);
}

void yread_edit_origin(const struct yread_edits *edits, struct origin *at)
{
    size_t low = 0, high = edits->n_shifts;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_after(&edits->shifts[middle], at))
            high = middle;
        else
            low = middle + 1;
    }
    if (!low)
        return;
    const struct yread_shift *shift = &edits->shifts[low - 1];
    if (at->line == shift->line)
        at->column = at->column - shift->column + shift->original_column;
    at->line = at->line - shift->line + shift->original_line;
}

size_t yread_stand_in_restore(char *text, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len;) {
        if (len - i < 4 || memcmp(text + i, YREAD_STAND_IN, 3) != 0) {
            text[n++] = text[i++];
            continue;
        }
        unsigned char c = (unsigned char)(text[i + 3] - 1); /* 0x7f to 0x9f */
        if (c >= 0x80)
            text[n++] = '\xc2';
        text[n++] = (char)c;
        i += 4;
    }
    text[n] = '\0';
    return n;
}
