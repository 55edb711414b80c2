/*
 * yread-prepass.c - finds the constructs that libyaml refuses or reads differently from docker
 * compose's parser, and adds edits that make both agree: {a:} and [a:] (a space after the colon),
 * [::1], [:80] and [?a] (quotes), keys of more than 1024 characters ("? "), \' in double quotes,
 * anchors like &a.b, a lone "...", control characters U+007F to U+009F. Not a parser: it only
 * follows tokens as far as it must to know where it is, never fails, and leaves everything else to
 * libyaml. Called by yread.c when libyaml has refused a text, or before it when
 * yread_prepass_is_due().
 */
#include "base/base.h"

#include "data/yread-parts.h"

#define DEPTH_MAX 1000     /* of flow collections and of block indentation: beyond it, give up */
#define KEY_MAX_CHARS 1024 /* libyaml's limit for a key without '?' */

enum token { TOKEN_OTHER, TOKEN_ENTRY, TOKEN_LIST, TOKEN_DOCUMENT };

/* Where a key without '?' may have begun, on one level of flow collections. */
struct key {
    bool is_possible;
    size_t at, index;
    uint32_t line;
    int column;
};

struct pass {
    struct arena *arena;
    struct yread_edits *edits;
    const char *text;
    size_t len;
    size_t at;    /* byte */
    size_t index; /* character */
    uint32_t line;
    int column; /* from 0 */
    enum token last;
    bool has_content; /* a document has begun */
    bool can_be_key;  /* libyaml's simple_key_allowed */
    int indent;       /* of the innermost block collection, -1 outside */
    int indents[DEPTH_MAX];
    unsigned n_indents;
    struct key keys[DEPTH_MAX]; /* [flow]: of the current level */
    unsigned flow;
    bool is_lost; /* nested too deep: stop */
};

static char peek(const struct pass *pass, size_t ahead)
{
    return pass->at + ahead < pass->len ? pass->text[pass->at + ahead] : '\0';
}

static bool is_end(const struct pass *pass)
{
    return pass->at >= pass->len;
}

/* Steps over one character or line break. */
static bool step(struct pass *pass)
{
    bool is_break;

    if (is_end(pass))
        return false;
    pass->at += yread_char_size(pass->text + pass->at, pass->len - pass->at, &is_break);
    pass->index++;
    pass->column = is_break ? 0 : pass->column + 1;
    pass->line += is_break;
    return is_break;
}

static void skip(struct pass *pass, size_t n)
{
    while (n--)
        step(pass);
}

static bool is_break(const struct pass *pass)
{
    bool result;

    if (is_end(pass))
        return false;
    yread_char_size(pass->text + pass->at, pass->len - pass->at, &result);
    return result;
}

static bool is_blank_char(char c)
{
    return c == ' ' || c == '\t';
}

/* Blank, line break or end at so many bytes ahead. */
static bool is_blank(const struct pass *pass, size_t ahead)
{
    struct pass there = { .text = pass->text, .len = pass->len, .at = pass->at + ahead };

    return is_end(&there) || is_blank_char(peek(&there, 0)) || is_break(&there);
}

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

static void edit(struct pass *pass, size_t at, size_t removed, const char *added)
{
    yread_edit_add(pass->arena, pass->edits, at, removed, added, false);
}

/* Indentation. */

static void roll_indent(struct pass *pass, int column)
{
    if (pass->flow || pass->indent >= column)
        return;
    if (pass->n_indents == DEPTH_MAX) {
        pass->is_lost = true;
        return;
    }
    pass->indents[pass->n_indents++] = pass->indent;
    pass->indent = column;
}

static void unroll_indent(struct pass *pass, int column)
{
    while (!pass->flow && pass->indent > column && pass->n_indents)
        pass->indent = pass->indents[--pass->n_indents];
}

/* Keys. */

static struct key *current_key(struct pass *pass)
{
    return &pass->keys[pass->flow];
}

static void save_key(struct pass *pass)
{
    struct key key = { true, pass->at, pass->index, pass->line, pass->column };

    if (pass->can_be_key)
        *current_key(pass) = key;
}

static void drop_key(struct pass *pass)
{
    current_key(pass)->is_possible = false;
}

/* "? " before a key that is too long for libyaml; in a block its ':' then has to begin a line. */
static void mark_long_key(struct pass *pass, const struct key *key)
{
    yread_edit_add(pass->arena, pass->edits, key->at, 0, "? ", true);
    if (!pass->flow)
        edit(pass, pass->at, 0, arena_printf(pass->arena, "\n%*s", key->column, ""));
}

/* Tokens. Each function stands at its token's first character and steps over it. */

static void scan_value(struct pass *pass)
{
    struct key *key = current_key(pass);

    if (key->is_possible && key->line == pass->line) {
        if (pass->index - key->index > KEY_MAX_CHARS)
            mark_long_key(pass, key);
        roll_indent(pass, key->column);
        pass->can_be_key = false;
    } else {
        roll_indent(pass, pass->column);
        pass->can_be_key = !pass->flow;
    }
    key->is_possible = false;
    step(pass);
    pass->last = TOKEN_OTHER;
}

static void scan_flow_begin(struct pass *pass, enum token token)
{
    save_key(pass);
    if (pass->flow + 1 == DEPTH_MAX) {
        pass->is_lost = true;
        return;
    }
    pass->flow++;
    drop_key(pass);
    pass->can_be_key = true;
    step(pass);
    pass->last = token;
}

static void scan_flow_end(struct pass *pass)
{
    drop_key(pass);
    if (pass->flow)
        pass->flow--;
    pass->can_be_key = false;
    step(pass);
    pass->last = TOKEN_OTHER;
}

/* '-', '?' before a blank, and ','. */
static void scan_indicator(struct pass *pass, bool can_be_key, enum token token)
{
    if (pass->can_be_key && token != TOKEN_ENTRY)
        roll_indent(pass, pass->column);
    drop_key(pass);
    pass->can_be_key = can_be_key;
    step(pass);
    pass->last = token;
}

/* A document's "---" or "...". A "..." before anything else becomes a comment. */
static void scan_document_mark(struct pass *pass)
{
    bool is_stray = peek(pass, 0) == '.' && !pass->has_content;
    size_t at = pass->at;

    pass->has_content = pass->has_content || peek(pass, 0) == '-';
    pass->n_indents = 0;
    pass->indent = -1;
    pass->flow = 0;
    drop_key(pass);
    pass->can_be_key = false;
    skip(pass, 3);
    pass->last = TOKEN_DOCUMENT;
    while (is_stray && is_blank_char(peek(pass, 0)))
        step(pass);
    if (is_stray && (is_break(pass) || is_end(pass) || peek(pass, 0) == '#'))
        edit(pass, at, 1, "#");
}

/* An anchor's or alias's name: what libyaml does not take in a name is spelled out. */
static void scan_anchor(struct pass *pass)
{
    save_key(pass);
    pass->can_be_key = false;
    step(pass);
    for (; !is_blank(pass, 0); step(pass)) {
        unsigned char c = (unsigned char)peek(pass, 0);
        bool is_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '_' || c == '-';
        if (c >= 0x7f || is_one_of((char)c, ":,[]{}"))
            break;
        if (!is_word)
            edit(pass, pass->at, 1, arena_printf(pass->arena, "-x%02x-", c));
    }
    pass->last = TOKEN_OTHER;
}

static void scan_tag(struct pass *pass)
{
    save_key(pass);
    pass->can_be_key = false;
    while (!is_blank(pass, 0) && !(pass->flow && is_one_of(peek(pass, 0), ",[]{}")))
        step(pass);
    pass->last = TOKEN_OTHER;
}

static void scan_quoted(struct pass *pass, char quote)
{
    save_key(pass);
    pass->can_be_key = false;
    step(pass);
    while (!is_end(pass)) {
        char c = peek(pass, 0);
        if (c == quote && !(quote == '\'' && peek(pass, 1) == quote))
            break;
        if (quote == '"' && c == '\\' && peek(pass, 1) == '\'')
            edit(pass, pass->at, 1, "");
        if (c == quote || (quote == '"' && c == '\\'))
            step(pass);
        step(pass);
    }
    step(pass);
    pass->last = TOKEN_OTHER;
}

/* Steps over the blank lines and the indentation before a block scalar's line; finds the
   indentation when *indent is 0. */
static void scan_block_breaks(struct pass *pass, int *indent)
{
    int deepest = 0;

    for (;;) {
        while ((!*indent || pass->column < *indent) && peek(pass, 0) == ' ')
            step(pass);
        deepest = MAX(deepest, pass->column);
        if (!is_break(pass))
            break;
        step(pass);
    }
    if (!*indent)
        *indent = MAX(MAX(deepest, pass->indent + 1), 1);
}

static void scan_block_scalar(struct pass *pass)
{
    int indent = 0;

    drop_key(pass);
    for (step(pass); !is_end(pass) && !is_break(pass) && peek(pass, 0) != '#'; step(pass)) {
        char c = peek(pass, 0);
        if (c >= '1' && c <= '9')
            indent = MAX(pass->indent, 0) + c - '0';
    }
    while (!is_end(pass) && !step(pass))
        continue;
    scan_block_breaks(pass, &indent);
    while (pass->column == indent && !is_end(pass)) {
        while (!is_end(pass) && !step(pass))
            continue;
        scan_block_breaks(pass, &indent);
    }
    pass->can_be_key = true;
    pass->last = TOKEN_OTHER;
}

/* Plain scalars. */

static bool is_document_mark(const struct pass *pass)
{
    return pass->column == 0 && pass->len - pass->at >= 3 &&
           (memcmp(pass->text + pass->at, "---", 3) == 0 ||
            memcmp(pass->text + pass->at, "...", 3) == 0) &&
           is_blank(pass, 3);
}

/* The end of a plain scalar for docker compose's parser. */
static bool is_plain_end(const struct pass *pass)
{
    char c = peek(pass, 0);

    if (c == ':' && (is_blank(pass, 1) || (pass->flow && is_one_of(peek(pass, 1), ",]}"))))
        return true;
    return pass->flow && (is_one_of(c, ",[]{}") || (c == '?' && is_blank(pass, 1)));
}

/* Puts what stands from start to end into single quotes. */
static void quote(struct pass *pass, size_t start, size_t end)
{
    edit(pass, start, 0, "'");
    for (size_t i = start; i < end; i++)
        if (pass->text[i] == '\'')
            edit(pass, i, 0, "'");
    edit(pass, end, 0, "'");
}

static void scan_plain(struct pass *pass)
{
    size_t start = pass->at, end = pass->at;
    bool is_odd = pass->flow && is_one_of(peek(pass, 0), ":?");
    int indent = pass->indent + 1;
    bool has_break = false;

    save_key(pass);
    pass->can_be_key = false;
    while (!is_document_mark(pass) && peek(pass, 0) != '#') {
        while (!is_blank(pass, 0) && !is_plain_end(pass)) {
            is_odd = is_odd || (pass->flow && peek(pass, 0) == ':' && peek(pass, 1) == '?');
            step(pass);
            end = pass->at;
            has_break = false;
        }
        if (is_end(pass) || !is_blank(pass, 0))
            break;
        while (!is_end(pass) && is_blank(pass, 0))
            has_break |= step(pass);
        if (!pass->flow && pass->column < indent)
            break;
    }
    pass->can_be_key = has_break;
    if (is_odd && end > start)
        quote(pass, start, end);
    if (pass->flow && end > start && peek(pass, 0) == ':' && is_one_of(peek(pass, 1), ",]}"))
        edit(pass, pass->at + 1, 0, " ");
    else if (end == start)
        step(pass);
    pass->last = TOKEN_OTHER;
}

/* Blanks, comments and line breaks before a token. */
static void scan_space(struct pass *pass)
{
    for (;;) {
        while (is_blank_char(peek(pass, 0)))
            step(pass);
        if (peek(pass, 0) == '#')
            while (!is_end(pass) && !is_break(pass))
                step(pass);
        if (!is_break(pass))
            return;
        step(pass);
        if (!pass->flow)
            pass->can_be_key = true;
    }
}

static bool is_value(const struct pass *pass)
{
    return (pass->flow && pass->last != TOKEN_ENTRY && pass->last != TOKEN_LIST) ||
           is_blank(pass, 1);
}

static void scan_token(struct pass *pass)
{
    char c = peek(pass, 0);

    if (c == '[' || c == '{')
        scan_flow_begin(pass, c == '[' ? TOKEN_LIST : TOKEN_OTHER);
    else if (c == ']' || c == '}')
        scan_flow_end(pass);
    else if (c == ',')
        scan_indicator(pass, true, TOKEN_ENTRY);
    else if (c == '-' && is_blank(pass, 1))
        scan_indicator(pass, true, TOKEN_OTHER);
    else if (c == '?' && is_blank(pass, 1))
        scan_indicator(pass, !pass->flow, TOKEN_OTHER);
    else if (c == ':' && is_value(pass))
        scan_value(pass);
    else if (c == '*' || c == '&')
        scan_anchor(pass);
    else if (c == '!')
        scan_tag(pass);
    else if ((c == '|' || c == '>') && !pass->flow)
        scan_block_scalar(pass);
    else if (c == '"' || c == '\'')
        scan_quoted(pass, c);
    else
        scan_plain(pass);
}

/* Stand-ins for the control characters that libyaml refuses anywhere. */
static void replace_controls(struct pass *pass)
{
    size_t start = pass->edits->n;

    for (size_t i = 0; i < pass->len; i++) {
        unsigned char c = (unsigned char)pass->text[i];
        size_t size = c == 0x7f ? 1 : 2;

        if (c == 0xc2 && i + 1 < pass->len)
            c = (unsigned char)pass->text[i + 1]; /* from 0x80 on: the text is UTF-8 */
        else if (c != 0x7f)
            continue;
        if (c > 0x9f || c == 0x85)
            continue;
        if (pass->edits->n == start && memmem(pass->text, pass->len, YREAD_STAND_IN, 3))
            return;
        edit(pass, i, size, arena_printf(pass->arena, "%s%c", YREAD_STAND_IN, (char)(c + 1)));
        pass->edits->has_stand_ins = true;
    }
}

void yread_prepass(struct arena *arena, const char *text, size_t len, struct yread_edits *edits)
{
    struct pass *pass = ARENA_NEW(arena, struct pass);

    pass->arena = arena;
    pass->edits = edits;
    pass->text = text;
    pass->len = len;
    pass->line = 1;
    pass->indent = -1;
    pass->can_be_key = true;
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        pass->at = 3;
    for (;;) {
        scan_space(pass);
        if (is_end(pass) || pass->is_lost)
            break;
        unroll_indent(pass, pass->column);
        if (pass->column == 0 && peek(pass, 0) == '%') {
            pass->has_content = true;
            while (!is_end(pass) && !is_break(pass))
                step(pass);
        } else if (is_document_mark(pass)) {
            scan_document_mark(pass);
        } else {
            pass->has_content = true;
            scan_token(pass);
        }
    }
    replace_controls(pass);
}

bool yread_prepass_is_due(const char *text, size_t len)
{
    const char *end = text + len;

    for (const char *at = text; (at = memchr(at, '?', (size_t)(end - at))); at++) {
        bool is_token = at > text && is_one_of(at[-1], "[{, \t\n\r");
        bool is_key = at + 1 == end || is_one_of(at[1], " \t\r\n");
        if (is_token && !is_key)
            return true;
    }
    return false;
}
