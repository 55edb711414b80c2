/*
 * words.c - splits one command line text into words. Not a shell: no variables, no globbing, no
 * "~", no comments; back-quotes and $( ) group and are kept as they are.
 */
#include "base/base.h"

#include "compose-compat/file/words.h"

struct splitter {
    struct arena *arena;
    struct str word;
    struct text_list *words;
    bool has_word; /* a word has begun: "" is one too */
    bool is_escaped, in_double, in_single, in_back, in_dollar;
};

static void finish_word(struct splitter *s)
{
    if (!s->has_word)
        return;
    ARENA_ADD(s->arena, s->words, arena_dup_len(s->arena, s->word.buf, s->word.len));
    str_clear(&s->word);
    s->has_word = false;
}

static void add_char(struct splitter *s, char c)
{
    str_add_char(&s->word, c);
    s->has_word = true;
}

static bool is_quoted(const struct splitter *s)
{
    return s->in_single || s->in_double || s->in_back || s->in_dollar;
}

/* A blank: ends the word unless it is quoted. */
static void take_blank(struct splitter *s, char c)
{
    if (is_quoted(s))
        str_add_char(&s->word, c);
    else
        finish_word(s);
}

static void take_escaped(struct splitter *s, char c)
{
    s->is_escaped = false;
    add_char(s, c == 't' ? '\t' : c == 'n' ? '\n' : c);
}

/* Quotes and brackets. True when c was one and is done with; *ret_invalid for a bracket alone. */
static bool take_quote(struct splitter *s, char c, bool *ret_invalid)
{
    switch (c) {
    case '`':
        if (!s->in_single && !s->in_double && !s->in_dollar)
            s->in_back = !s->in_back;
        return false;
    case ')':
        if (s->in_single || s->in_double || s->in_back)
            return false;
        *ret_invalid = !s->in_dollar;
        s->in_dollar = false;
        return *ret_invalid;
    case '(':
        if (s->in_single || s->in_double || s->in_back)
            return false;
        if (s->in_dollar || s->word.len == 0 || s->word.buf[s->word.len - 1] != '$') {
            *ret_invalid = true;
            return true;
        }
        s->in_dollar = true;
        str_add_char(&s->word, c);
        return true;
    case '"':
        if (s->in_single || s->in_dollar)
            return false;
        s->has_word = s->has_word || s->in_double;
        s->in_double = !s->in_double;
        return true;
    case '\'':
        if (s->in_double || s->in_dollar)
            return false;
        s->has_word = s->has_word || s->in_single;
        s->in_single = !s->in_single;
        return true;
    default:
        return false;
    }
}

/* An operator that ends the command line, with what the reference does to the word before ">". */
static bool take_operator(struct splitter *s, char c)
{
    if (!strchr(";&|<>", c) || is_quoted(s))
        return false;
    if (c == '>' && s->word.len > 0 && s->word.buf[0] >= '0' && s->word.buf[0] <= '9')
        s->has_word = false;
    return true;
}

static enum words_result split(struct splitter *s, const char *text, size_t len, size_t *ret_at)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool is_invalid = false;
        if (s->is_escaped) {
            take_escaped(s, c);
        } else if (c == '\\' && !s->in_single) {
            s->is_escaped = true;
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            take_blank(s, c);
        } else if (take_quote(s, c, &is_invalid)) {
            if (is_invalid)
                return WORDS_INVALID;
        } else if (c != '\0' && take_operator(s, c)) {
            finish_word(s);
            *ret_at = i;
            return WORDS_CUT;
        } else {
            add_char(s, c);
        }
    }
    finish_word(s);
    return s->is_escaped || is_quoted(s) ? WORDS_INVALID : WORDS_OK;
}

enum words_result words_split(struct arena *arena, const char *text, size_t len,
                              struct text_list *ret_words, size_t *ret_at)
{
    struct splitter s = { .arena = arena, .words = ret_words };
    str_init(&s.word, 0);
    enum words_result result = split(&s, text, len, ret_at);
    str_release(&s.word);
    return result;
}
