/*
 * dotenv.c - .env, env_file and label_file. See dotenv.h.
 */
#include "base/base.h"

#include "compose-compat/file/dotenv.h"

#include "base/file.h"
#include "compose-compat/file/interpolate.h"

struct parser {
    struct dotenv *dotenv;
    uint32_t file;
    struct slice text;
    size_t at;
    uint32_t line;
    size_t line_start;
    size_t n_bytes; /* of values so far */
    /* For messages about the value that is being expanded. */
    struct origin value_at;
    const char *key;
    struct node *uses; /* for the history */
};

void dotenv_init(struct dotenv *dotenv, struct arena *arena, struct findings *findings)
{
    *dotenv = (struct dotenv){ .arena = arena, .findings = findings };
    map_init(&dotenv->values);
}

void dotenv_release(struct dotenv *dotenv)
{
    map_release(&dotenv->values);
}

static struct origin origin_at(const struct parser *parser, size_t at)
{
    size_t column = 1;
    for (size_t i = parser->line_start; i < at; i++)
        column += (parser->text.at[i] & 0xc0) != 0x80;
    return (struct origin){ parser->file, parser->line, (uint32_t)column };
}

static bool is_end(const struct parser *parser)
{
    return parser->at >= parser->text.len;
}

/* Moves over one byte and counts lines. */
static void step(struct parser *parser)
{
    if (parser->text.at[parser->at++] == '\n') {
        parser->line++;
        parser->line_start = parser->at;
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static size_t blank_len(const struct parser *parser)
{
    const char *at = parser->text.at + parser->at;
    size_t left = parser->text.len - parser->at;
    if (left > 0 && is_blank(*at))
        return 1;
    /* NEL and no-break space */
    if (left > 1 && (unsigned char)at[0] == 0xc2 &&
        ((unsigned char)at[1] == 0x85 || (unsigned char)at[1] == 0xa0))
        return 2;
    return 0;
}

static void skip_blanks(struct parser *parser)
{
    for (size_t n; (n = blank_len(parser)) > 0;)
        parser->at += n;
}

/* To the start of the next statement. */
static void skip_empty(struct parser *parser)
{
    while (!is_end(parser)) {
        skip_blanks(parser);
        if (is_end(parser))
            return;
        char c = parser->text.at[parser->at];
        if (c == '#') {
            while (!is_end(parser) && parser->text.at[parser->at] != '\n')
                parser->at++;
        } else if (c == '\n') {
            step(parser);
        } else {
            return;
        }
    }
}

static const char *lookup_outside(const struct dotenv *dotenv, struct slice name)
{
    return dotenv->lookup ? dotenv->lookup(dotenv->arg, name) : NULL;
}

static const char *lookup_variable(void *arg, struct slice name)
{
    const struct parser *parser = arg;
    const char *outside = lookup_outside(parser->dotenv, name);
    if (outside)
        return outside;
    const struct dotenv_value *value = map_find_len(&parser->dotenv->values, name.at, name.len);
    return value ? value->text : NULL;
}

static void warn_unset(void *arg, struct slice name)
{
    const struct parser *parser = arg;
    struct finding *finding = finding_add(
        parser->dotenv->findings, FINDING_WARNING, parser->value_at, parser->key,
        "the variable \"%.*s\" is not set, it is replaced by nothing", (int)name.len, name.at);
    finding_hint(finding, "set it in the environment or earlier in the file");
}

static int set_value(struct parser *parser, const char *key, const char *text, size_t len,
                     struct node *uses)
{
    struct dotenv *dotenv = parser->dotenv;
    struct dotenv_value *value = ARENA_NEW(dotenv->arena, struct dotenv_value);
    parser->n_bytes += len;
    if (parser->n_bytes > DOTENV_MAX_VALUE_BYTES) {
        finding_add(dotenv->findings, FINDING_ERROR, parser->value_at, key,
                    "the values are longer than %u MiB in all", DOTENV_MAX_VALUE_BYTES >> 20);
        return -1;
    }
    value->text = arena_dup_len(dotenv->arena, text, len);
    value->at = history_place(dotenv->history, parser->value_at, uses);
    value->replaced = map_find(&dotenv->values, key);
    history_know(dotenv->history, value->text, value->at,
                 value->replaced ? history_value(dotenv->history, value->replaced->text) : NULL);
    map_set(&dotenv->values, key, value);
    return 0;
}

static void note_use(void *arg, struct slice name, const char *value, char form, struct slice instead)
{
    struct parser *parser = arg;
    history_use(parser->dotenv->history, &parser->uses, name, value, form, instead);
}

static int set_expanded(struct parser *parser, const char *key, struct slice text)
{
    struct interpolate how = { .lookup = lookup_variable,
                               .unset = warn_unset,
                               .arg = parser,
                               .used = parser->dotenv->history ? note_use : NULL };
    STR_AUTO(out);
    ERR_AUTO(err);
    parser->key = key;
    parser->uses = NULL;
    if (interpolate_text(&how, text, &out, &err)) {
        struct finding *finding = finding_add(parser->dotenv->findings, FINDING_ERROR,
                                              parser->value_at, key, "%s", err.text);
        if (err.code == ERR_INPUT)
            finding_hint(finding, "a \"$\" that is meant as such is written \"$$\", or in '...'");
        return -1;
    }
    return set_value(parser, key, out.buf, out.len, parser->uses);
}

static size_t octal_len(struct slice text, size_t at)
{
    size_t n = 0;
    while (n < 3 && at + n < text.len && text.at[at + n] >= '0' && text.at[at + n] <= '9')
        n++;
    return n;
}

/* \0ddd: the code point of three octal digits; with fewer, or 8 and 9 in them, only the 0 goes. */
static size_t add_octal(struct slice text, size_t at, struct str *out)
{
    size_t n = octal_len(text, at);
    unsigned value = 0;
    bool is_octal = n == 3;
    for (size_t i = 0; i < n; i++) {
        is_octal = is_octal && text.at[at + i] <= '7';
        value = value * 8 + (unsigned)(text.at[at + i] - '0');
    }
    if (!is_octal || value > 255) {
        str_add_char(out, '\\');
        str_add_len(out, text.at + at, n);
    } else if (value < 0x80) {
        str_add_char(out, (char)value);
    } else {
        str_add_char(out, (char)(0xc0 | (value >> 6)));
        str_add_char(out, (char)(0x80 | (value & 0x3f)));
    }
    return n;
}

/* Escapes of a double-quoted value; "\$" becomes "$$" for the expansion that follows. */
static void add_unescaped(struct slice text, struct str *out)
{
    static const char from[] = "abfnrtv\\\"", to[] = "\a\b\f\n\r\t\v\\\"";
    for (size_t i = 0; i < text.len; i++) {
        char next = text.at[i] == '\\' && i + 1 < text.len ? text.at[i + 1] : 0;
        const char *found = next ? strchr(from, next) : NULL;
        if (found) {
            str_add_char(out, to[found - from]);
            i++;
        } else if (next == '$') {
            str_add(out, "$$");
            i++;
        } else if (next == '0') {
            i += 1 + add_octal(text, i + 2, out);
        } else if (next == 'c') {
            str_add(out, "\\c");
            i++;
        } else {
            str_add_char(out, text.at[i]);
        }
    }
}

static int parse_quoted(struct parser *parser, const char *key)
{
    STR_AUTO(raw);
    char quote = parser->text.at[parser->at];
    struct origin start = origin_at(parser, parser->at);
    bool is_escaped = false;
    parser->value_at = start;
    for (parser->at++; !is_end(parser); step(parser)) {
        char c = parser->text.at[parser->at];
        if (c != quote && !is_escaped && c == '\\') {
            is_escaped = true;
            continue;
        }
        if (c == quote && !is_escaped) {
            parser->at++;
            if (quote == '\'')
                return set_value(parser, key, raw.buf, raw.len, NULL);
            STR_AUTO(unescaped);
            add_unescaped((struct slice){ raw.buf, raw.len }, &unescaped);
            return set_expanded(parser, key, (struct slice){ unescaped.buf, unescaped.len });
        }
        if (is_escaped && c != quote)
            str_add_char(&raw, '\\');
        is_escaped = false;
        str_add_char(&raw, c);
    }
    struct finding *finding = finding_add(parser->dotenv->findings, FINDING_ERROR, start, key,
                                          "unterminated quoted value");
    finding_hint(finding, "close it with %c, or write \\%c for one that belongs to the value", quote,
                 quote);
    return -1;
}

static int parse_unquoted(struct parser *parser, const char *key)
{
    const char *start = parser->text.at + parser->at;
    size_t left = parser->text.len - parser->at;
    const char *newline = memchr(start, '\n', left);
    struct slice value = { start, newline ? (size_t)(newline - start) : left };
    parser->value_at = origin_at(parser, parser->at);
    parser->at += value.len;
    for (size_t i = 0; i + 1 < value.len; i++) {
        if (value.at[i] == ' ' && value.at[i + 1] == '#')
            value.len = i;
    }
    while (value.len > 0 && is_blank(value.at[value.len - 1]))
        value.len--;
    int result = set_expanded(parser, key, value);
    if (!is_end(parser))
        step(parser);
    return result;
}

/* Length of the letter or digit of any script at `at`, 0 when it is none. */
static size_t word_char_len(struct slice text, size_t at)
{
    unsigned char c = (unsigned char)text.at[at];
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return 1;
    if (c && strchr("_.-[]", c))
        return 1;
    if (c < 0xc2)
        return 0;
    size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    return at + n <= text.len && text_utf8_valid(text.at + at, n) == n ? n : 0;
}

static int refuse_character(struct parser *parser, size_t start, size_t at)
{
    const char *newline = memchr(parser->text.at + start, '\n', parser->text.len - start);
    size_t line_len = newline ? (size_t)(newline - parser->text.at) - start
                              : parser->text.len - start;
    size_t width = 1;
    while (at + width < parser->text.len && (parser->text.at[at + width] & 0xc0) == 0x80)
        width++;
    finding_add(parser->dotenv->findings, FINDING_ERROR, origin_at(parser, at), NULL,
                "unexpected character \"%.*s\" in the variable name \"%.*s\"", (int)width,
                parser->text.at + at, (int)MIN(line_len, (size_t)80), parser->text.at + start);
    return -1;
}

/* KEY alone: the value from outside. */
static void inherit(struct parser *parser, const char *key)
{
    static const struct slice no_word = { NULL, 0 };
    const char *value = lookup_outside(parser->dotenv, slice_from(key));
    struct node *uses = NULL;
    history_use(parser->dotenv->history, &uses, slice_from(key), value, 0, no_word);
    if (value && set_value(parser, key, value, strlen(value), uses))
        return;
}

/* Parses the key; *ret_has_value is false for a KEY alone. */
static int parse_key(struct parser *parser, char **ret_key, bool *ret_has_value)
{
    size_t start = parser->at;
    *ret_has_value = false;
    parser->value_at = origin_at(parser, start);
    while (!is_end(parser) && parser->text.at[parser->at] != '\n') {
        char c = parser->text.at[parser->at];
        if (c == '=' || c == ':') {
            *ret_has_value = true;
            break;
        }
        size_t n = blank_len(parser);
        if (n == 0)
            n = word_char_len(parser->text, parser->at);
        if (n == 0)
            return refuse_character(parser, start, parser->at);
        parser->at += n;
    }
    struct slice key = { parser->text.at + start, parser->at - start };
    while (key.len > 0 && is_blank(key.at[key.len - 1]))
        key.len--;
    if (memchr(key.at, ' ', key.len)) {
        finding_add(parser->dotenv->findings, FINDING_ERROR, parser->value_at, NULL,
                    "the variable name \"%.*s\" contains a space", (int)key.len, key.at);
        return -1;
    }
    if (*ret_has_value)
        parser->at++;
    else if (!is_end(parser))
        step(parser);
    *ret_key = arena_dup_len(parser->dotenv->arena, key.at, key.len);
    return 0;
}

static int parse_statement(struct parser *parser)
{
    struct slice rest = { parser->text.at + parser->at, parser->text.len - parser->at };
    if (slice_starts(rest, "export") && rest.len > 6 && is_blank(rest.at[6])) {
        parser->at += 6;
        skip_blanks(parser);
    }
    char *key;
    bool has_value;
    if (parse_key(parser, &key, &has_value))
        return -1;
    if (!has_value) {
        inherit(parser, key);
        return 0;
    }
    skip_blanks(parser);
    char c = is_end(parser) ? 0 : parser->text.at[parser->at];
    return c == '"' || c == '\'' ? parse_quoted(parser, key) : parse_unquoted(parser, key);
}

static struct slice skip_byte_order_mark(struct slice text)
{
    if (slice_starts(text, "\xef\xbb\xbf"))
        return (struct slice){ text.at + 3, text.len - 3 };
    return text;
}

/* No environment can hold a NUL. */
static int refuse_nul(struct dotenv *dotenv, uint32_t file, struct slice text)
{
    if (!text.len || !memchr(text.at, '\0', text.len))
        return 0;
    finding_add(dotenv->findings, FINDING_ERROR, (struct origin){ file, 0, 0 }, NULL,
                "there is a NUL byte in the file");
    return -1;
}

int dotenv_parse(struct dotenv *dotenv, uint32_t file, struct slice text)
{
    struct parser parser = { .dotenv = dotenv, .file = file, .line = 1 };
    if (refuse_nul(dotenv, file, text))
        return -1;
    parser.text = skip_byte_order_mark(text);
    for (skip_empty(&parser); !is_end(&parser); skip_empty(&parser)) {
        if (parse_statement(&parser))
            return -1;
    }
    return 0;
}

static int parse_raw_line(struct parser *parser, struct slice line)
{
    struct findings *findings = parser->dotenv->findings;
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    while (line.len > 0 && is_blank(*line.at))
        line.at++, line.len--;
    if (line.len == 0 || *line.at == '#')
        return 0;
    struct slice value = line, name;
    bool has_value = slice_split(&value, '=', &name);
    if (name.len == 0) {
        finding_add(findings, FINDING_ERROR, parser->value_at, NULL, "no variable name before \"=\"");
        return -1;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (is_blank(name.at[i])) {
            finding_add(findings, FINDING_ERROR, parser->value_at, NULL,
                        "the variable name \"%.*s\" contains a blank", (int)name.len, name.at);
            return -1;
        }
    }
    const char *key = arena_dup_len(parser->dotenv->arena, name.at, name.len);
    if (has_value)
        return set_value(parser, key, value.at, value.len, NULL);
    inherit(parser, key);
    return 0;
}

int dotenv_parse_raw(struct dotenv *dotenv, uint32_t file, struct slice text)
{
    struct parser parser = { .dotenv = dotenv, .file = file };
    struct slice rest = skip_byte_order_mark(text), line;
    if (text_utf8_valid(rest.at, rest.len) != rest.len) {
        finding_add(dotenv->findings, FINDING_ERROR, (struct origin){ file, 0, 0 }, NULL,
                    "the file is not valid UTF-8");
        return -1;
    }
    if (refuse_nul(dotenv, file, rest))
        return -1;
    for (bool more = rest.len > 0; more;) {
        more = slice_split(&rest, '\n', &line);
        parser.value_at = (struct origin){ file, ++parser.line, 1 };
        if (parse_raw_line(&parser, line))
            return -1;
    }
    return 0;
}

int dotenv_read(struct dotenv *dotenv, const char *path, const char *format, struct err *err)
{
    STR_AUTO(text);
    bool is_raw = format && strcmp(format, "raw") == 0;
    if (format && *format && !is_raw)
        return err_set(err, ERR_INPUT, "unsupported env_file format \"%s\"", format);
    if (file_is_dir(path))
        return err_set(err, ERR_FAILED, "\"%s\" is a directory", path);
    if (file_read(path, DOTENV_MAX_BYTES, &text, err))
        return -1;
    const char *name = dotenv->dir ? path_below(dotenv->dir, path) : path;
    uint32_t file = origin_add_file(name, text.buf, text.len);
    struct slice bytes = { text.buf, text.len };
    int failed = is_raw ? dotenv_parse_raw(dotenv, file, bytes) : dotenv_parse(dotenv, file, bytes);
    return failed ? err_set(err, ERR_INPUT, "\"%s\" cannot be read", path) : 0;
}
