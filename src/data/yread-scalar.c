/*
 * yread-scalar.c - what an untagged or tagged YAML scalar is: docker compose's parser follows the
 * core schema of YAML 1.2 with remnants of 1.1 (leading 0 is octal, '_' in numbers, dates). No
 * libyaml here. Called by yread.c for every scalar, and by whoever types text as YAML would
 * (yread_plain).
 */
#include "base/base.h"

#include "data/yread-parts.h"

#include <math.h>

#include "data/node-text.h"
#include "data/number.h"
#include "data/yread.h"

/* What a plain scalar is: the kind and its value (texts and dates are the bytes themselves). */
struct plain {
    enum node_kind kind;
    bool truth;
    int64_t integer;
    uint64_t large;
    double number;
};

static const struct {
    const char *text;
    enum node_kind kind;
    bool truth;
    double number;
} words[] = {
    { "~", NODE_NULL, false, 0 },
    { "null", NODE_NULL, false, 0 },
    { "Null", NODE_NULL, false, 0 },
    { "NULL", NODE_NULL, false, 0 },
    { "true", NODE_BOOL, true, 0 },
    { "True", NODE_BOOL, true, 0 },
    { "TRUE", NODE_BOOL, true, 0 },
    { "false", NODE_BOOL, false, 0 },
    { "False", NODE_BOOL, false, 0 },
    { "FALSE", NODE_BOOL, false, 0 },
    { ".nan", NODE_FLOAT, false, NAN },
    { ".NaN", NODE_FLOAT, false, NAN },
    { ".NAN", NODE_FLOAT, false, NAN },
    { ".inf", NODE_FLOAT, false, INFINITY },
    { ".Inf", NODE_FLOAT, false, INFINITY },
    { ".INF", NODE_FLOAT, false, INFINITY },
    { "+.inf", NODE_FLOAT, false, INFINITY },
    { "+.Inf", NODE_FLOAT, false, INFINITY },
    { "+.INF", NODE_FLOAT, false, INFINITY },
    { "-.inf", NODE_FLOAT, false, -INFINITY },
    { "-.Inf", NODE_FLOAT, false, -INFINITY },
    { "-.INF", NODE_FLOAT, false, -INFINITY },
    { "-0", NODE_FLOAT, false, -0.0 },
    { "-0.0", NODE_FLOAT, false, -0.0 },
};

#define WORD_MAX 5 /* bytes of the longest word */

static bool type_word(const char *text, size_t len, struct plain *plain)
{
    if (len > WORD_MAX)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (words[i].text[0] != text[0] || strlen(words[i].text) != len ||
            memcmp(words[i].text, text, len) != 0)
            continue;
        plain->kind = words[i].kind;
        plain->truth = words[i].truth;
        plain->number = words[i].number;
        return true;
    }
    return false;
}

/* Copies text without its underscores. */
static void strip_underscores(const char *text, size_t len, struct str *out)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] != '_')
            str_add_char(out, text[i]);
}

static bool is_digit(const char *text, size_t len, size_t i)
{
    return i < len && text[i] >= '0' && text[i] <= '9';
}

/* Go accepts underscores in a float that starts with '.' only between digits. */
static bool has_odd_underscore(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] == '_' && (!is_digit(text, len, i - 1) || !is_digit(text, len, i + 1)))
            return true;
    return false;
}

static void type_number(const char *text, size_t len, struct plain *plain)
{
    if (text[0] != '.') {
        enum number_kind kind = number_parse_int(text, len, &plain->integer, &plain->large);
        if (kind != NUMBER_NONE) {
            plain->kind = kind == NUMBER_INT ? NODE_INT : NODE_UINT;
            return;
        }
    }
    if (number_parse_float(text, len, &plain->number))
        plain->kind = NODE_FLOAT;
}

static void type_numeric(const char *text, size_t len, struct plain *plain)
{
    struct node_time time;

    if (len > 5 && text[4] == '-' && node_time_parse(text, len, &time)) {
        plain->kind = NODE_TIME;
        return;
    }
    if (!memchr(text, '_', len)) {
        type_number(text, len, plain);
        return;
    }
    if (text[0] == '.' && has_odd_underscore(text, len))
        return;
    STR_AUTO(stripped);
    strip_underscores(text, len, &stripped);
    type_number(stripped.buf, stripped.len, plain);
}

static void type_plain(const char *text, size_t len, struct plain *plain)
{
    plain->kind = len ? NODE_TEXT : NODE_NULL;
    switch (len ? text[0] : '\0') {
    case 'n':
    case 'N':
    case 't':
    case 'T':
    case 'f':
    case 'F':
    case '~':
        type_word(text, len, plain);
        break;
    case '+':
    case '-':
    case '.':
        if (!type_word(text, len, plain))
            type_numeric(text, len, plain);
        break;
    default:
        if (is_digit(text, len, 0))
            type_numeric(text, len, plain);
    }
}

enum node_kind yread_plain_kind(const char *text, size_t len)
{
    struct plain plain;

    type_plain(text, len, &plain);
    return plain.kind;
}

struct node *yread_plain(struct arena *arena, struct origin at, const char *text, size_t len)
{
    struct plain plain;

    type_plain(text, len, &plain);
    switch (plain.kind) {
    case NODE_NULL:
        return node_null(arena, at);
    case NODE_BOOL:
        return node_bool(arena, at, plain.truth);
    case NODE_INT:
        return node_int(arena, at, plain.integer);
    case NODE_UINT:
        return node_uint(arena, at, plain.large);
    case NODE_FLOAT:
        return node_float(arena, at, plain.number);
    case NODE_TIME:
        return node_time_text(arena, at, text, len);
    default:
        return node_text_len(arena, at, text, len);
    }
}

/* Tags. */

enum tag {
    TAG_NONE,
    TAG_STR,
    TAG_INT,
    TAG_FLOAT,
    TAG_BOOL,
    TAG_NULL,
    TAG_TIMESTAMP,
    TAG_BINARY,
    TAG_RESET,
    TAG_OVERRIDE,
    TAG_OTHER,
};

static const struct {
    const char *name;
    enum tag tag;
} tags[] = {
    { "tag:yaml.org,2002:str", TAG_STR },
    { "tag:yaml.org,2002:int", TAG_INT },
    { "tag:yaml.org,2002:float", TAG_FLOAT },
    { "tag:yaml.org,2002:bool", TAG_BOOL },
    { "tag:yaml.org,2002:null", TAG_NULL },
    { "tag:yaml.org,2002:timestamp", TAG_TIMESTAMP },
    { "tag:yaml.org,2002:binary", TAG_BINARY },
    { "!reset", TAG_RESET },
    { "!override", TAG_OVERRIDE },
};

static enum tag tag_find(const char *name)
{
    if (!name)
        return TAG_NONE;
    for (size_t i = 0; i < ARRAY_LEN(tags); i++)
        if (text_is(tags[i].name, name))
            return tags[i].tag;
    return TAG_OTHER;
}

unsigned yread_tag_flags(const char *tag)
{
    switch (tag_find(tag)) {
    case TAG_NONE:
        return 0;
    case TAG_RESET:
        return NODE_TAGGED | NODE_RESET;
    case TAG_OVERRIDE:
        return NODE_TAGGED | NODE_OVERRIDE;
    default:
        return NODE_TAGGED;
    }
}

static int base64_value(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(alphabet, c) : NULL;

    return at ? (int)(at - alphabet) : -1;
}

/* Strict base64 with padding; line ends are skipped. */
static bool decode_base64(const char *text, size_t len, struct str *out)
{
    unsigned bits = 0, n = 0, padding = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n' || text[i] == '\r')
            continue;
        int value = text[i] == '=' ? 0 : base64_value(text[i]);
        if (value < 0 || (padding && text[i] != '='))
            return false;
        padding += text[i] == '=';
        bits = bits << 6 | (unsigned)value;
        if (++n % 4)
            continue;
        if (padding > 2)
            return false;
        for (unsigned k = 0; k < 3 - padding; k++)
            str_add_char(out, (char)(bits >> (16 - 8 * k)));
        bits = 0;
    }
    return n % 4 == 0;
}

/* Whether an explicit tag allows what the text is by itself; adjusts *node (an integer may be a
   float). */
static bool apply_tag(struct arena *arena, enum tag tag, struct node **node)
{
    struct node *value = *node;

    switch (tag) {
    case TAG_INT:
        return value->kind == NODE_INT || value->kind == NODE_UINT;
    case TAG_FLOAT:
        if (value->kind == NODE_INT)
            *node = node_float(arena, value->at, (double)value->u.integer);
        return value->kind == NODE_FLOAT || value->kind == NODE_INT;
    case TAG_BOOL:
        return value->kind == NODE_BOOL;
    case TAG_NULL:
        return value->kind == NODE_NULL;
    case TAG_TIMESTAMP:
        return value->kind == NODE_TIME;
    default:
        return true;
    }
}

static struct node *type_tagged(struct arena *arena, enum tag tag,
                                const struct yread_scalar *scalar, struct str *ret_problem)
{
    struct node *node;

    if (tag == TAG_BINARY) {
        STR_AUTO(bytes);
        if (!decode_base64(scalar->text, scalar->len, &bytes)) {
            str_add(ret_problem, "invalid base64 data under !!binary");
            return NULL;
        }
        return node_text_len(arena, scalar->at, bytes.buf, bytes.len);
    }
    if (tag == TAG_STR || tag == TAG_OTHER || tag == TAG_RESET || tag == TAG_OVERRIDE)
        return node_text_len(arena, scalar->at, scalar->text, scalar->len);
    node = yread_plain(arena, scalar->at, scalar->text, scalar->len);
    if (apply_tag(arena, tag, &node))
        return node;
    str_printf(ret_problem, "cannot read \"%.*s\" as %s", (int)MIN(scalar->len, 200), scalar->text,
               strrchr(scalar->tag, ':') + 1);
    return NULL;
}

struct node *yread_scalar_node(struct arena *arena, const struct yread_scalar *scalar,
                               struct str *ret_problem)
{
    enum tag tag = tag_find(scalar->tag);
    struct node *node;

    if (tag != TAG_NONE)
        node = type_tagged(arena, tag, scalar, ret_problem);
    else if (scalar->is_quoted)
        node = node_text_len(arena, scalar->at, scalar->text, scalar->len);
    else
        node = yread_plain(arena, scalar->at, scalar->text, scalar->len);
    if (!node)
        return NULL;
    node->flags |= (uint8_t)yread_tag_flags(scalar->tag);
    if (scalar->is_quoted)
        node->flags |= NODE_QUOTED;
    return node;
}
