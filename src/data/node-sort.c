/*
 * node-sort.c - the order in which docker compose prints the keys of free maps (services, labels,
 * x-...) in YAML: numbers inside keys by value ("a2" before "a10"), letters after everything else.
 * JSON has plain byte order (node_sort_keys in node.c). Called before YAML is written.
 */
#include "base/base.h"

#include "data/node.h"

#include <stdlib.h>

/* One key, and how far the comparison is in it. */
struct cursor {
    const unsigned char *at, *end;
};

static uint32_t code_at(const struct cursor *cursor, size_t *ret_size)
{
    const unsigned char *p = cursor->at;
    size_t left = (size_t)(cursor->end - p);
    size_t size = *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : *p >= 0xc0 ? 2 : 1;
    static const unsigned char masks[] = { 0, 0xff, 0x1f, 0x0f, 0x07 };

    size = MIN(size, left);
    uint32_t code = *p & masks[size];
    for (size_t i = 1; i < size; i++)
        code = code << 6 | (p[i] & 0x3f);
    *ret_size = size;
    return code;
}

static bool is_digit(uint32_t code)
{
    return code >= '0' && code <= '9';
}

/* Letters: exact for ASCII and Latin, near enough beyond. */
static bool is_letter(uint32_t code)
{
    static const uint32_t ranges[][2] = {
        { 'A', 'Z' },       { 'a', 'z' },       { 0xaa, 0xaa },     { 0xb5, 0xb5 },
        { 0xba, 0xba },     { 0xc0, 0xd6 },     { 0xd8, 0xf6 },     { 0xf8, 0x2c1 },
        { 0x370, 0x1fff },  { 0x2c00, 0x2dff }, { 0x3041, 0x3096 }, { 0x30a1, 0x30fa },
        { 0x3105, 0x318e }, { 0x3400, 0x4dbf }, { 0x4e00, 0xd7a3 }, { 0xf900, 0xfdfb },
        { 0xfe70, 0xfefc }, { 0xff21, 0xff3a }, { 0xff41, 0xff5a }, { 0x20000, 0x323af },
    };

    for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
        if (code >= ranges[i][0] && code <= ranges[i][1])
            return true;
    return false;
}

/* The number at the cursor, after `start`; wraps as Go's does. Its digits are counted. */
static uint64_t number_at(struct cursor cursor, uint64_t start, size_t *ret_digits)
{
    size_t n = 0;

    for (; cursor.at < cursor.end && is_digit(*cursor.at); cursor.at++, n++)
        start = start * 10 + (*cursor.at - '0');
    *ret_digits = n;
    return start;
}

/* The keys differ at the cursors; begin is where the first key starts. */
static int compare_here(struct cursor a, struct cursor b, const unsigned char *begin,
                        bool in_digits)
{
    size_t size, n_a, n_b;
    uint32_t x = code_at(&a, &size), y = code_at(&b, &size);
    uint64_t start = 0;

    if (is_letter(x) && is_letter(y))
        return x < y ? -1 : 1;
    if (is_letter(x) || is_letter(y))
        return is_letter(x) == in_digits ? -1 : 1;
    if (x == '0' || y == '0') {
        for (const unsigned char *p = a.at; p > begin && is_digit(p[-1]) && !start; p--)
            start = p[-1] != '0';
    }
    uint64_t left = number_at(a, start, &n_a), right = number_at(b, start, &n_b);
    if (left != right)
        return (int64_t)left < (int64_t)right ? -1 : 1;
    if (n_a != n_b)
        return n_a < n_b ? -1 : 1;
    return x < y ? -1 : 1;
}

static int pair_compare(const void *left, const void *right)
{
    const struct node_pair *x = left, *y = right;
    const unsigned char *begin = (const unsigned char *)x->key;
    struct cursor a = { begin, begin + x->key_len };
    struct cursor b = { (const unsigned char *)y->key, (const unsigned char *)y->key + y->key_len };
    bool in_digits = false;

    while (a.at < a.end && b.at < b.end) {
        size_t size_a, size_b;
        uint32_t code = code_at(&a, &size_a);

        if (code != code_at(&b, &size_b))
            return compare_here(a, b, begin, in_digits);
        in_digits = is_digit(code);
        a.at += size_a;
        b.at += size_b;
    }
    return (a.at < a.end) - (b.at < b.end);
}

void node_sort_keys_natural(struct node *map)
{
    assert(map->kind == NODE_MAP);
    if (map->u.map.n < 2)
        return;
    qsort(map->u.map.items, map->u.map.n, sizeof(map->u.map.items[0]), pair_compare);
    node_reindex(map);
}
