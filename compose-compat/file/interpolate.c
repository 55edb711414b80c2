/*
 * interpolate.c - $NAME and ${NAME...} in one text. See interpolate.h.
 *
 * The end of ${NAME-word} is found as docker compose finds it: the last '}' of the line at first, then
 * counted back by braces; the character after a '{' is not looked at.
 */
#include "base/base.h"

#include "compose-compat/file/interpolate.h"

/* One ${...} or $NAME. */
struct variable {
    struct slice name;
    struct slice word; /* the default, replacement or message */
    char form;         /* 0 (plain), '-', '+' or '?' */
    bool is_colon;     /* empty counts as unset */
    size_t end;        /* position behind it */
};

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static size_t name_end(struct slice text, size_t at)
{
    if (at >= text.len || !is_name_start(text.at[at]))
        return at;
    while (at < text.len && (is_name_start(text.at[at]) || (text.at[at] >= '0' && text.at[at] <= '9')))
        at++;
    return at;
}

/* Position of the '}' that closes the '{' at start+1, within text up to last; last when none does. */
static size_t closing_brace(struct slice text, size_t start, size_t last)
{
    size_t n_open = 0;
    for (size_t i = start; i <= last; i++) {
        if (text.at[i] == '}' && --n_open == 0)
            return i;
        if (text.at[i] == '{') {
            n_open++;
            i++;
        }
    }
    return last;
}

/* Parses "${..." at start. False when its form is wrong. */
static bool parse_braced(struct slice text, size_t start, struct variable *variable)
{
    size_t at = name_end(text, start + 2);
    variable->name = (struct slice){ text.at + start + 2, at - start - 2 };
    if (variable->name.len == 0 || at >= text.len)
        return false;
    if (text.at[at] == '}') {
        variable->end = at + 1;
        return true;
    }
    variable->is_colon = text.at[at] == ':';
    at += variable->is_colon;
    if (at >= text.len || !text.at[at] || !strchr("-+?", text.at[at]))
        return false;
    variable->form = text.at[at++];
    const char *newline = memchr(text.at + at, '\n', text.len - at);
    size_t line_len = newline ? (size_t)(newline - text.at) - at : text.len - at;
    const char *brace = memrchr(text.at + at, '}', line_len);
    if (!brace)
        return false;
    size_t end = closing_brace(text, start, (size_t)(brace - text.at));
    variable->word = (struct slice){ text.at + at, end - at };
    variable->end = end + 1;
    return true;
}

/* Parses the variable at the '$' at start. 1: there is one; 0: a literal '$'; -1: a wrong form. */
static int parse_variable(struct slice text, size_t start, struct variable *variable)
{
    *variable = (struct variable){ 0 };
    if (start + 1 < text.len && text.at[start + 1] == '{')
        return parse_braced(text, start, variable) ? 1 : -1;
    size_t end = name_end(text, start + 1);
    if (end == start + 1)
        return 0;
    variable->name = (struct slice){ text.at + start + 1, end - start - 1 };
    variable->end = end;
    return 1;
}

static int expand(const struct interpolate *how, struct slice text, unsigned depth, struct str *out,
                  struct err *err);

static int set_required_error(const struct interpolate *how, const struct variable *variable,
                              unsigned depth, struct err *err)
{
    STR_AUTO(message);
    if (expand(how, variable->word, depth + 1, &message, err))
        return -1;
    return err_set(err, ERR_NOT_FOUND, "required variable \"%.*s\" is %s%s%s",
                   (int)variable->name.len, variable->name.at,
                   variable->is_colon ? "not set or empty" : "not set", message.len ? ": " : "",
                   message.buf);
}

static void tell(const struct interpolate *how, const struct variable *variable, const char *value,
                 struct slice instead)
{
    if (how->used)
        how->used(how->arg, variable->name, value, variable->form, instead);
}

static int expand_word(const struct interpolate *how, const struct variable *variable,
                       const char *value, unsigned depth, struct str *out, struct err *err)
{
    size_t before = out->len;
    if (expand(how, variable->word, depth + 1, out, err))
        return -1;
    tell(how, variable, value, (struct slice){ out->buf + before, out->len - before });
    return 0;
}

static int expand_variable(const struct interpolate *how, const struct variable *variable,
                           unsigned depth, struct str *out, struct err *err)
{
    static const struct slice no_word = { NULL, 0 };
    const char *value = how->lookup(how->arg, variable->name);
    bool is_there = value && !(variable->is_colon && !*value);
    switch (variable->form) {
    case '-':
        if (!is_there)
            return expand_word(how, variable, value, depth, out, err);
        break;
    case '+':
        if (is_there)
            return expand_word(how, variable, value, depth, out, err);
        tell(how, variable, value, no_word);
        return 0;
    case '?':
        if (!is_there)
            return set_required_error(how, variable, depth, err);
        break;
    default:
        if (!value && how->unset)
            how->unset(how->arg, variable->name);
    }
    tell(how, variable, value, no_word);
    if (value)
        str_add(out, value);
    return 0;
}

static int set_form_error(struct slice text, size_t at, struct err *err)
{
    size_t len = text.len - at;
    const char *brace = memchr(text.at + at, '}', len);
    if (brace)
        len = (size_t)(brace - text.at) - at + 1;
    const char *newline = memchr(text.at + at, '\n', len);
    if (newline)
        len = (size_t)(newline - text.at) - at;
    len = text_utf8_valid(text.at + at, MIN(len, (size_t)60));
    return err_set(err, ERR_INPUT, "invalid interpolation format \"%.*s\"", (int)len, text.at + at);
}

static int expand(const struct interpolate *how, struct slice text, unsigned depth, struct str *out,
                  struct err *err)
{
    if (depth > INTERPOLATE_MAX_DEPTH)
        return err_set(err, ERR_LIMIT, "defaults are nested more than %d deep",
                       INTERPOLATE_MAX_DEPTH);
    for (size_t at = 0; at < text.len;) {
        const char *dollar = memchr(text.at + at, '$', text.len - at);
        size_t start = dollar ? (size_t)(dollar - text.at) : text.len;
        str_add_len(out, text.at + at, start - at);
        at = start;
        if (at == text.len)
            break;
        struct variable variable;
        int found = parse_variable(text, at, &variable);
        if (found < 0)
            return set_form_error(text, at, err);
        if (found == 0) {
            str_add_char(out, '$');
            at += at + 1 < text.len && text.at[at + 1] == '$' ? 2 : 1;
            continue;
        }
        if (expand_variable(how, &variable, depth, out, err))
            return -1;
        at = variable.end;
        if (out->len > INTERPOLATE_MAX_BYTES)
            return err_set(err, ERR_LIMIT, "the result is longer than %u MiB",
                           INTERPOLATE_MAX_BYTES >> 20);
    }
    return 0;
}

int interpolate_text(const struct interpolate *how, struct slice text, struct str *out,
                     struct err *err)
{
    return expand(how, text, 0, out, err);
}

static void list_variables(struct slice text, unsigned depth, interpolate_variable_fn fn, void *arg)
{
    for (size_t at = 0; at < text.len && depth <= INTERPOLATE_MAX_DEPTH;) {
        const char *dollar = memchr(text.at + at, '$', text.len - at);
        if (!dollar)
            return;
        at = (size_t)(dollar - text.at);
        struct variable variable;
        if (parse_variable(text, at, &variable) <= 0) {
            at += at + 1 < text.len && text.at[at + 1] == '$' ? 2 : 1;
            continue;
        }
        fn(arg, variable.name, variable.form, variable.is_colon, variable.word);
        if (variable.form != '?')
            list_variables(variable.word, depth + 1, fn, arg);
        at = variable.end;
    }
}

void interpolate_variables(struct slice text, interpolate_variable_fn fn, void *arg)
{
    list_variables(text, 0, fn, arg);
}
