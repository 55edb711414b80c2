/*
 * ywrite-parts.h - what the files of the YAML writer share. Included by ywrite*.c only; everyone
 * else includes ywrite.h.
 */
#ifndef OCTO_DATA_YWRITE_PARTS_H
#define OCTO_DATA_YWRITE_PARTS_H

#include "base/str.h"

/* The page that is written. `indent` is where a new line of the current value begins. */
struct ywrite_page {
    struct str *out;
    int column;        /* characters on the line so far */
    int indent;
    bool is_spaced;    /* the last thing written separates already: no blank needed */
    bool is_indention; /* nothing but indentation and indicators stands on the line */
};

enum ywrite_style { YWRITE_PLAIN, YWRITE_SINGLE, YWRITE_DOUBLE, YWRITE_LITERAL };

/* What a text allows, and what was chosen for it. */
struct ywrite_scalar {
    const char *text;
    size_t len;
    bool is_multiline;
    enum ywrite_style style;
};

/* ywrite-page.c */
void ywrite_put(struct ywrite_page *page, char c);
void ywrite_put_char(struct ywrite_page *page, const char *text, size_t size); /* one character */
void ywrite_put_break(struct ywrite_page *page);
/* To the current indentation, on a new line unless this one has room. */
void ywrite_put_indent(struct ywrite_page *page);
void ywrite_put_indicator(struct ywrite_page *page, const char *text, bool needs_blank,
                          bool is_spaced, bool is_indention);

/* ywrite-style.c: text is a string value, or the text of some other scalar (then plain). */
void ywrite_style_choose(struct ywrite_scalar *scalar, const char *text, size_t len, bool is_string,
                         bool is_key);
size_t ywrite_break_size(const char *text, size_t len);
size_t ywrite_char_size(const char *text, size_t len);
bool ywrite_is_printable(const char *text, size_t len);

/* ywrite-scalar.c */
void ywrite_put_scalar(struct ywrite_page *page, const struct ywrite_scalar *scalar,
                       bool can_fold);

#endif
