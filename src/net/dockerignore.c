/*
 * dockerignore.c - see dockerignore.h. A pattern becomes a list of steps that is run over the path with the
 * set of all positions reached so far, so that no pattern takes more than its length times the path's.
 */
#include "base/base.h"

#include "base/file.h"
#include "base/vec.h"
#include "net/dockerignore.h"

enum step_kind {
    STEP_TEXT,    /* one byte */
    STEP_ONE,     /* '?': one character but '/' */
    STEP_STAR,    /* '*': any number of them */
    STEP_FOLDERS, /* a double star with more behind it: nothing, or anything that ends in '/' */
    STEP_REST,    /* a double star at the end: anything */
    STEP_CLASS,   /* [a-z] */
};

struct step {
    enum step_kind kind;
    char byte;
    struct slice set; /* of a class: what stands between the brackets, without '^' */
    bool is_negated;
};

struct pattern {
    char *text; /* cleaned, without '!' */
    bool is_return, is_literal;
    VEC(struct step) steps;
};

struct dockerignore {
    VEC(struct pattern) patterns;
    bool has_return;
};

/* ------------------------------------------------------------ characters */

static size_t character_len(const char *text)
{
    unsigned char c = (unsigned char)*text;
    size_t want = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    size_t n = 1;
    while (n < want && ((unsigned char)text[n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* The next character of a class as a number; a backslash quotes. */
static uint32_t class_character(struct slice *set)
{
    uint32_t value = 0;
    if (set->at[0] == '\\' && set->len > 1)
        *set = (struct slice){ set->at + 1, set->len - 1 };
    size_t n = MIN(character_len(set->at), set->len);
    for (size_t i = 0; i < n; i++)
        value = value << 8 | (unsigned char)set->at[i];
    *set = (struct slice){ set->at + n, set->len - n };
    return value;
}

static bool class_has(const struct step *step, const char *text, size_t len)
{
    uint32_t value = 0;
    struct slice set = step->set;
    for (size_t i = 0; i < len; i++)
        value = value << 8 | (unsigned char)text[i];
    while (set.len > 0) {
        uint32_t low = class_character(&set), high = low;
        if (set.len > 1 && set.at[0] == '-') {
            set = (struct slice){ set.at + 1, set.len - 1 };
            high = class_character(&set);
        }
        if (value >= low && value <= high)
            return true;
    }
    return false;
}

/* ------------------------------------------------------------ patterns */

static void add_step(struct pattern *pattern, enum step_kind kind, char byte)
{
    struct step step = { kind, byte, { NULL, 0 }, false };
    VEC_ADD(&pattern->steps, step);
    if (kind != STEP_TEXT)
        pattern->is_literal = false;
}

/* Reads "[...]" at *at; -1 when it has no end. */
static int add_class(struct pattern *pattern, const char **at)
{
    struct step step = { STEP_CLASS, 0, { *at + 1, 0 }, false };
    if (*step.set.at == '^') {
        step.is_negated = true;
        step.set.at++;
    }
    const char *end = step.set.at;
    while (*end && (*end != ']' || end == step.set.at))
        end += *end == '\\' && end[1] ? 2 : 1;
    if (*end == '\0')
        return -1;
    step.set.len = (size_t)(end - step.set.at);
    VEC_ADD(&pattern->steps, step);
    pattern->is_literal = false;
    *at = end + 1;
    return 0;
}

static int compile(struct pattern *pattern)
{
    const char *at = pattern->text;
    pattern->is_literal = true;
    while (*at) {
        if (at[0] == '*' && at[1] == '*') {
            at += at[2] == '/' ? 3 : 2;
            add_step(pattern, *at ? STEP_FOLDERS : STEP_REST, 0);
        } else if (*at == '[') {
            if (add_class(pattern, &at) != 0)
                return -1;
        } else if (*at == '\\') {
            if (at[1] == '\0')
                return -1;
            add_step(pattern, STEP_TEXT, at[1]);
            pattern->is_literal = false; /* its text is not the path */
            at += 2;
        } else {
            add_step(pattern, *at == '*' ? STEP_STAR : *at == '?' ? STEP_ONE : STEP_TEXT, *at);
            at++;
        }
    }
    return 0;
}

/* ------------------------------------------------------------ matching */

/* One step from every position in `from` (len + 1 of them) to those in `to`. True when any is left. */
static bool advance(const struct step *step, const char *text, size_t len, const bool *from,
                    bool *to)
{
    bool is_open = false; /* a position before this one was reached: what spans may arrive here */
    bool has_any = false;
    memset(to, 0, len + 1);
    for (size_t i = 0; i <= len; i++) {
        char before = i > 0 ? text[i - 1] : '\0';
        size_t n = i < len ? character_len(text + i) : 0;
        switch (step->kind) {
        case STEP_TEXT:
            if (from[i] && i < len && text[i] == step->byte)
                to[i + 1] = has_any = true;
            break;
        case STEP_ONE:
            if (from[i] && i < len && text[i] != '/')
                to[MIN(i + n, len)] = has_any = true;
            break;
        case STEP_CLASS:
            if (from[i] && i < len && class_has(step, text + i, n) != step->is_negated)
                to[MIN(i + n, len)] = has_any = true;
            break;
        case STEP_STAR:
            is_open = from[i] || (is_open && before != '/');
            to[i] = is_open;
            has_any |= is_open;
            break;
        case STEP_FOLDERS:
            to[i] = from[i] || (is_open && before == '/');
            is_open |= from[i];
            has_any |= to[i];
            break;
        case STEP_REST:
            is_open |= from[i];
            to[i] = is_open;
            has_any |= is_open;
            break;
        }
    }
    return has_any;
}

/* Does the pattern match the first len bytes of path? work has room for twice len + 1. */
static bool matches(const struct pattern *pattern, const char *path, size_t len, bool *work)
{
    if (pattern->is_literal)
        return strlen(pattern->text) == len && memcmp(pattern->text, path, len) == 0;
    bool *from = work, *to = work + len + 1;
    memset(from, 0, len + 1);
    from[0] = true;
    VEC_EACH(&pattern->steps, step) {
        if (!advance(step, path, len, from, to))
            return false;
        bool *swap = from;
        from = to;
        to = swap;
    }
    return from[len];
}

static bool matches_or_parent(const struct pattern *pattern, const char *path, bool *work)
{
    size_t len = strlen(path);
    if (matches(pattern, path, len, work))
        return true;
    for (size_t i = 1; i < len; i++) {
        if (path[i] == '/' && matches(pattern, path, i, work))
            return true;
    }
    return false;
}

bool dockerignore_match(const struct dockerignore *ignore, const char *path)
{
    bool is_ignored = false;
    if (ignore->patterns.n == 0)
        return false;
    bool *work = mem_new(2 * (strlen(path) + 1), sizeof(bool));
    VEC_EACH(&ignore->patterns, pattern) {
        /* Only what would change the result is looked at. */
        if (pattern->is_return == is_ignored && matches_or_parent(pattern, path, work))
            is_ignored = !is_ignored;
    }
    mem_free(work);
    return is_ignored;
}

bool dockerignore_may_return(const struct dockerignore *ignore, const char *dir)
{
    size_t dir_len = strlen(dir);
    for (size_t i = 0; ignore->has_return && i < ignore->patterns.n; i++) {
        const struct pattern *pattern = &ignore->patterns.items[i];
        if (!pattern->is_return)
            continue;
        /* What stands before the first wildcard decides. */
        size_t fixed = strcspn(pattern->text, "*?[\\");
        if (fixed < strlen(pattern->text) && fixed <= dir_len) {
            if (strncmp(pattern->text, dir, fixed) == 0)
                return true;
        } else if (strncmp(pattern->text, dir, dir_len) == 0 && pattern->text[dir_len] == '/') {
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------ reading */

struct dockerignore *dockerignore_new(void)
{
    return MEM_NEW(struct dockerignore);
}

static void pattern_release(struct pattern *pattern)
{
    mem_free(pattern->text);
    VEC_RELEASE(&pattern->steps);
}

void dockerignore_free(struct dockerignore *ignore)
{
    if (ignore == NULL)
        return;
    VEC_EACH(&ignore->patterns, pattern)
        pattern_release(pattern);
    VEC_RELEASE(&ignore->patterns);
    mem_free(ignore);
}

static int add(struct dockerignore *ignore, struct slice line, struct err *err)
{
    struct pattern pattern = { NULL, false, false, { NULL, 0, 0 } };
    struct slice text = slice_trim(line);
    if (text.len == 0)
        return 0;
    if (ignore->patterns.n >= DOCKERIGNORE_MAX_PATTERNS)
        return err_set(err, ERR_LIMIT, "more than %d patterns", DOCKERIGNORE_MAX_PATTERNS);
    if (text.at[0] == '!') {
        pattern.is_return = true;
        text = slice_trim((struct slice){ text.at + 1, text.len - 1 });
        if (text.len == 0)
            return err_set(err, ERR_INPUT, "illegal exclusion pattern: \"!\"");
    }
    CLEANUP(mem_cleanup) char *raw = mem_dup_len(text.at, text.len);
    STR_AUTO(clean);
    path_clean(raw, &clean);
    pattern.text = mem_dup(clean.len > 1 && clean.buf[0] == '/' ? clean.buf + 1 : clean.buf);
    if (compile(&pattern) != 0) {
        err_set(err, ERR_INPUT, "syntax error in pattern \"%s\"", pattern.text);
        pattern_release(&pattern);
        return -1;
    }
    ignore->has_return |= pattern.is_return;
    VEC_ADD(&ignore->patterns, pattern);
    return 0;
}

int dockerignore_add(struct dockerignore *ignore, const char *pattern, struct err *err)
{
    return add(ignore, slice_from(pattern), err);
}

int dockerignore_parse(struct dockerignore *ignore, const char *name, const char *text, size_t len,
                       struct err *err)
{
    struct slice left = { text, len }, line;
    if (slice_starts(left, "\xef\xbb\xbf"))
        left = (struct slice){ left.at + 3, left.len - 3 };
    for (unsigned number = 1; left.len > 0; number++) {
        slice_split(&left, '\n', &line);
        if (memchr(line.at, '\0', line.len))
            return err_set(err, ERR_INPUT, "%s:%u: a NUL byte is in the pattern", name, number);
        if (line.len > 0 && line.at[0] == '#')
            continue;
        if (add(ignore, line, err) != 0)
            return err_wrap(err, "%s:%u", name, number);
    }
    return 0;
}
