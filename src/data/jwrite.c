/*
 * jwrite.c - writes JSON into a str, byte for byte as Go's encoding/json does. Not a general
 * printer: the caller keeps the order of keys and values right (asserted). Called for config
 * output, hashes, requests to endpoints, state files and external operators.
 */
#include "base/base.h"

#include "data/jwrite.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "data/node-text.h"
#include "data/number.h"

void jwrite_init(struct jwrite *w, struct str *out, unsigned flags)
{
    memset(w, 0, sizeof(*w));
    w->out = out;
    w->flags = flags;
    w->is_first[0] = true;
}

static unsigned indent_width(const struct jwrite *w)
{
    return w->flags & JWRITE_INDENT2 ? 2 : w->flags & JWRITE_INDENT4 ? 4 : 0;
}

static void new_line(struct jwrite *w)
{
    unsigned width = indent_width(w);

    if (!width)
        return;
    str_add_char(w->out, '\n');
    str_add_n(w->out, (size_t)width * w->depth, ' ');
}

/* What stands before an item or a key: a comma and the line's beginning. */
static void separate(struct jwrite *w)
{
    if (!w->is_first[w->depth])
        str_add_char(w->out, ',');
    w->is_first[w->depth] = false;
    new_line(w);
}

static void begin_value(struct jwrite *w)
{
    if (!w->depth) {
        assert(w->is_first[0]);
        w->is_first[0] = false;
    } else if (w->is_list[w->depth]) {
        separate(w);
    } else {
        assert(w->has_key);
        w->has_key = false;
    }
}

static void begin_collection(struct jwrite *w, bool is_list)
{
    begin_value(w);
    assert(w->depth + 1 < JWRITE_MAX_DEPTH);
    w->depth++;
    w->is_first[w->depth] = true;
    w->is_list[w->depth] = is_list;
    str_add_char(w->out, is_list ? '[' : '{');
}

static void end_collection(struct jwrite *w, bool is_list)
{
    assert(w->depth && w->is_list[w->depth] == is_list && !w->has_key);
    bool is_empty = w->is_first[w->depth];
    w->depth--;
    if (!is_empty)
        new_line(w);
    str_add_char(w->out, is_list ? ']' : '}');
}

void jwrite_map(struct jwrite *w)
{
    begin_collection(w, false);
}

void jwrite_map_end(struct jwrite *w)
{
    end_collection(w, false);
}

void jwrite_list(struct jwrite *w)
{
    begin_collection(w, true);
}

void jwrite_list_end(struct jwrite *w)
{
    end_collection(w, true);
}

/* Strings. */

static bool is_plain(unsigned char c, bool is_html)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' &&
           !(is_html && (c == '<' || c == '>' || c == '&'));
}

static void add_escape(struct str *out, unsigned char c)
{
    static const char shorts[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *at = c ? strchr(shorts, c) : NULL;

    if (at) {
        str_add_char(out, '\\');
        str_add_char(out, letters[at - shorts]);
    } else {
        str_printf(out, "\\u%04x", c);
    }
}

/* One character beyond ASCII; returns how many bytes it took. */
static size_t add_wide(struct str *out, const char *text, size_t len)
{
    unsigned char lead = (unsigned char)*text;
    size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

    if (size > len || text_utf8_valid(text, size) != size) {
        str_add(out, "\\ufffd");
        return 1;
    }
    if (size == 3 && memcmp(text, "\xe2\x80", 2) == 0 && ((unsigned char)text[2] & 0xfe) == 0xa8)
        str_add(out, text[2] & 1 ? "\\u2029" : "\\u2028");
    else
        str_add_len(out, text, size);
    return size;
}

static void add_string(struct str *out, const char *text, size_t len, bool is_html)
{
    str_add_char(out, '"');
    for (size_t i = 0; i < len;) {
        size_t start = i;
        while (i < len && is_plain((unsigned char)text[i], is_html))
            i++;
        if (i > start)
            str_add_len(out, text + start, i - start);
        if (i == len)
            break;
        if ((unsigned char)text[i] < 0x80)
            add_escape(out, (unsigned char)text[i++]);
        else
            i += add_wide(out, text + i, len - i);
    }
    str_add_char(out, '"');
}

void jwrite_key(struct jwrite *w, const char *key)
{
    jwrite_key_len(w, key, strlen(key));
}

void jwrite_key_len(struct jwrite *w, const char *key, size_t len)
{
    assert(w->depth && !w->is_list[w->depth] && !w->has_key);
    separate(w);
    add_string(w->out, key, len, w->flags & JWRITE_HTML);
    str_add(w->out, indent_width(w) ? ": " : ":");
    w->has_key = true;
}

/* Scalars. */

void jwrite_text(struct jwrite *w, const char *text)
{
    if (text)
        jwrite_text_len(w, text, strlen(text));
    else
        jwrite_null(w);
}

void jwrite_text_len(struct jwrite *w, const char *text, size_t len)
{
    begin_value(w);
    add_string(w->out, text, len, w->flags & JWRITE_HTML);
}

void jwrite_int(struct jwrite *w, int64_t value)
{
    begin_value(w);
    str_printf(w->out, "%" PRId64, value);
}

void jwrite_uint(struct jwrite *w, uint64_t value)
{
    begin_value(w);
    str_printf(w->out, "%" PRIu64, value);
}

void jwrite_float(struct jwrite *w, double value)
{
    begin_value(w);
    if (isfinite(value))
        number_print_json(value, w->out);
    else
        str_add(w->out, "null");
}

void jwrite_bool(struct jwrite *w, bool value)
{
    begin_value(w);
    str_add(w->out, value ? "true" : "false");
}

void jwrite_null(struct jwrite *w)
{
    begin_value(w);
    str_add(w->out, "null");
}

void jwrite_raw(struct jwrite *w, const char *json, size_t len)
{
    begin_value(w);
    str_add_len(w->out, json, len);
}

/* Nodes. */

static void write_time(struct jwrite *w, const struct node *node)
{
    struct node_time time;

    if (!node_time_parse(node->u.text.bytes, node->u.text.len, &time)) {
        jwrite_text_len(w, node->u.text.bytes, node->u.text.len);
        return;
    }
    begin_value(w);
    str_add_char(w->out, '"');
    node_time_print_rfc3339(&time, w->out);
    str_add_char(w->out, '"');
}

static int pair_compare(const void *a, const void *b)
{
    const struct node_pair *x = *(const struct node_pair *const *)a;
    const struct node_pair *y = *(const struct node_pair *const *)b;
    int order = memcmp(x->key, y->key, MIN(x->key_len, y->key_len));

    if (order)
        return order;
    return x->key_len < y->key_len ? -1 : x->key_len > y->key_len;
}

static void write_pair(struct jwrite *w, const struct node_pair *pair)
{
    jwrite_key_len(w, pair->key, pair->key_len);
    jwrite_node(w, pair->value);
}

static void write_sorted(struct jwrite *w, const struct node_map *map)
{
    CLEANUP(mem_cleanup)
    const struct node_pair **pairs = MEM_NEW_N(const struct node_pair *, map->n);

    for (size_t i = 0; i < map->n; i++)
        pairs[i] = &map->items[i];
    qsort(pairs, map->n, sizeof(pairs[0]), pair_compare);
    for (size_t i = 0; i < map->n; i++)
        write_pair(w, pairs[i]);
}

static void write_map(struct jwrite *w, const struct node *node)
{
    jwrite_map(w);
    if (w->flags & JWRITE_SORT && node->u.map.n > 1) {
        write_sorted(w, &node->u.map);
    } else {
        NODE_EACH_PAIR(node, pair)
            write_pair(w, pair);
    }
    jwrite_map_end(w);
}

static void write_list(struct jwrite *w, const struct node *node)
{
    jwrite_list(w);
    NODE_EACH_ITEM(node, item)
        jwrite_node(w, *item);
    jwrite_list_end(w);
}

void jwrite_node(struct jwrite *w, const struct node *node)
{
    if (!node) {
        jwrite_null(w);
        return;
    }
    if (w->flags & JWRITE_MASK && node->flags & NODE_SENSITIVE) {
        jwrite_text(w, "********");
        return;
    }
    switch ((enum node_kind)node->kind) {
    case NODE_NULL:
        jwrite_null(w);
        break;
    case NODE_BOOL:
        jwrite_bool(w, node->u.truth);
        break;
    case NODE_INT:
        jwrite_int(w, node->u.integer);
        break;
    case NODE_UINT:
        jwrite_uint(w, node->u.unsigned_integer);
        break;
    case NODE_FLOAT:
        jwrite_float(w, node->u.number);
        break;
    case NODE_TEXT:
        jwrite_text_len(w, node->u.text.bytes, node->u.text.len);
        break;
    case NODE_TIME:
        write_time(w, node);
        break;
    case NODE_LIST:
        write_list(w, node);
        break;
    case NODE_MAP:
        write_map(w, node);
        break;
    }
}

void jwrite_key_text(struct jwrite *w, const char *key, const char *text)
{
    jwrite_key(w, key);
    jwrite_text(w, text);
}

void jwrite_key_int(struct jwrite *w, const char *key, int64_t value)
{
    jwrite_key(w, key);
    jwrite_int(w, value);
}

void jwrite_key_bool(struct jwrite *w, const char *key, bool value)
{
    jwrite_key(w, key);
    jwrite_bool(w, value);
}

void jwrite_key_node(struct jwrite *w, const char *key, const struct node *node)
{
    jwrite_key(w, key);
    jwrite_node(w, node);
}

void jwrite_node_text(const struct node *node, unsigned flags, struct str *out)
{
    struct jwrite w;

    jwrite_init(&w, out, flags);
    jwrite_node(&w, node);
}
