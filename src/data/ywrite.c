/*
 * ywrite.c - writes nodes as YAML, byte for byte as docker compose does: the structure. Which style
 * a scalar gets is ywrite-style.c, its characters are ywrite-scalar.c. Called for config output and
 * for files that people read.
 */
#include "base/base.h"

#include "data/ywrite.h"

#include "data/node-text.h"
#include "data/yread.h"
#include "data/ywrite-parts.h"

#define SIMPLE_KEY_MAX 128 /* bytes of a key that needs no '?' */
#define DEPTH_MAX (YREAD_MAX_DEPTH + 64)

struct writing {
    struct ywrite_page page;
    unsigned flags;
    unsigned depth;
    int step; /* of the indentation */
};

static void write_value(struct writing *w, const struct node *node);

static void write_scalar(struct writing *w, const struct ywrite_scalar *scalar, bool can_fold)
{
    int indent = w->page.indent;

    w->page.indent = MAX(indent, 0) + w->step;
    ywrite_put_scalar(&w->page, scalar, can_fold && !(w->flags & YWRITE_UNFOLDED));
    w->page.indent = indent;
}

/* Text that is no UTF-8 is written as base64. */
static void write_binary(struct writing *w, const char *text, size_t len)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct ywrite_scalar scalar;
    STR_AUTO(code);

    for (size_t i = 0; i < len; i += 3) {
        unsigned bits = 0;
        size_t n = MIN(len - i, 3);
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < n ? (unsigned char)text[i + k] : 0);
        for (size_t k = 0; k < 4; k++) {
            str_add_char(&code, k <= n ? alphabet[bits >> (18 - 6 * k) & 63] : '=');
            if (code.len % 71 == 70 && len > 51)
                str_add_char(&code, '\n');
        }
    }
    ywrite_put_indicator(&w->page, "!!binary", true, false, false);
    ywrite_style_choose(&scalar, code.buf, code.len, true, false);
    if (scalar.style == YWRITE_DOUBLE)
        scalar.style = YWRITE_PLAIN;
    write_scalar(w, &scalar, true);
}

static void write_text(struct writing *w, const char *text, size_t len, bool is_string)
{
    struct ywrite_scalar scalar;

    if (is_string && text_utf8_valid(text, len) != len) {
        write_binary(w, text, len);
        return;
    }
    ywrite_style_choose(&scalar, text, len, is_string, false);
    if (w->flags & YWRITE_EXACT && is_string && scalar.is_multiline && memchr(text, '\t', len))
        scalar.style = YWRITE_DOUBLE;
    write_scalar(w, &scalar, true);
}

static void write_time(struct writing *w, const struct node *node)
{
    struct node_time time;
    STR_AUTO(text);

    if (w->flags & YWRITE_EXACT) {
        write_text(w, node->u.text.bytes, node->u.text.len, false);
        return;
    }
    if (!node_time_parse(node->u.text.bytes, node->u.text.len, &time)) {
        write_text(w, node->u.text.bytes, node->u.text.len, true);
        return;
    }
    node_time_print_rfc3339(&time, &text);
    write_text(w, text.buf, text.len, false);
}

static void write_float(struct writing *w, double value)
{
    STR_AUTO(text);

    if (value != value) {
        str_add(&text, ".nan");
    } else if (value - value != 0) {
        str_add(&text, value < 0 ? "-.inf" : ".inf");
    } else {
        struct node node = { .kind = NODE_FLOAT, .u.number = value };
        node_scalar_text(&node, &text);
        if (w->flags & YWRITE_EXACT && !strpbrk(text.buf, ".e"))
            str_add(&text, ".0");
    }
    write_text(w, text.buf, text.len, false);
}

static void write_other_scalar(struct writing *w, const struct node *node)
{
    STR_AUTO(text);

    if (node->kind == NODE_NULL)
        str_add(&text, "null");
    else
        node_scalar_text(node, &text);
    write_text(w, text.buf, text.len, false);
}

static void write_key(struct writing *w, const struct node_pair *pair)
{
    struct ywrite_scalar scalar;
    const char *key = pair->key;
    size_t len = pair->key_len;

    ywrite_style_choose(&scalar, key, len, true, true);
    if (!scalar.is_multiline && len <= SIMPLE_KEY_MAX && text_utf8_valid(key, len) == len) {
        write_scalar(w, &scalar, false);
        ywrite_put_indicator(&w->page, ":", false, false, false);
        return;
    }
    ywrite_put_indicator(&w->page, "?", true, false, true);
    write_text(w, key, len, true);
    ywrite_put_indent(&w->page);
    ywrite_put_indicator(&w->page, ":", true, false, true);
}

static void write_list(struct writing *w, const struct node *node)
{
    if (!node->u.list.n) {
        ywrite_put_indicator(&w->page, "[]", true, false, false);
        return;
    }
    NODE_EACH_ITEM(node, item) {
        ywrite_put_indent(&w->page);
        ywrite_put_indicator(&w->page, "-", true, false, true);
        write_value(w, *item);
    }
}

static void write_map(struct writing *w, const struct node *node)
{
    if (!node->u.map.n) {
        ywrite_put_indicator(&w->page, "{}", true, false, false);
        return;
    }
    NODE_EACH_PAIR(node, pair) {
        ywrite_put_indent(&w->page);
        write_key(w, pair);
        write_value(w, pair->value);
    }
}

static void write_collection(struct writing *w, const struct node *node)
{
    int indent = w->page.indent;

    assert(w->depth < DEPTH_MAX);
    w->depth++;
    w->page.indent = indent < 0 ? 0 : indent + w->step;
    if (node->kind == NODE_LIST)
        write_list(w, node);
    else
        write_map(w, node);
    w->page.indent = indent;
    w->depth--;
}

static void write_value(struct writing *w, const struct node *node)
{
    if (w->flags & YWRITE_MASK && node->flags & NODE_SENSITIVE) {
        write_text(w, "********", 8, true);
        return;
    }
    switch ((enum node_kind)node->kind) {
    case NODE_TEXT:
        write_text(w, node->u.text.bytes, node->u.text.len, true);
        break;
    case NODE_TIME:
        write_time(w, node);
        break;
    case NODE_FLOAT:
        write_float(w, node->u.number);
        break;
    case NODE_LIST:
    case NODE_MAP:
        write_collection(w, node);
        break;
    default:
        write_other_scalar(w, node);
    }
}

void ywrite_node(const struct node *node, unsigned flags, struct str *out)
{
    struct writing w = { .flags = flags, .step = flags & YWRITE_INDENT4 ? 4 : 2 };

    w.page.out = out;
    w.page.indent = -1;
    w.page.is_spaced = true;
    w.page.is_indention = true;
    write_value(&w, node);
    ywrite_put_indent(&w.page);
}
