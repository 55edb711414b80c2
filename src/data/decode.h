/*
 * decode.h - fills structs from map nodes by static tables: key, converter, offset, flags. Used for
 * the model (from canonical project trees), for endpoints' answers and for state files.
 */
#ifndef OCTO_DATA_DECODE_H
#define OCTO_DATA_DECODE_H

#include "base/findings.h"
#include "data/node.h"

struct decode {
    struct arena *arena;
    struct findings *findings; /* NULL: unusable values are left unset in silence (endpoints) */
    struct str *path;          /* the path of the map that is decoded, for findings; may be NULL */
};

struct decode_row;
/* Converts value into the member at `member`. Returns 0, or -1 after adding a finding. */
typedef int decode_converter(struct decode *decode, const struct node *value,
                             const struct decode_row *row, void *member);
typedef decode_converter *decode_fn;

struct decode_row {
    const char *key;
    decode_fn fn;
    size_t offset;
    const void *more; /* what the converter needs: rows of a nested struct, an enum's names, ... */
    size_t size;      /* of a nested struct or list item */
};

#define DECODE_END { NULL, NULL, 0, NULL, 0 }
#define DECODE_ROW(key, fn, type, member) { key, fn, offsetof(type, member), NULL, 0 }
#define DECODE_MORE(key, fn, type, member, more, size)                                             \
    { key, fn, offsetof(type, member), more, size }

/* Decodes the map's known keys into object; unknown ones are left alone. */
int decode_map(struct decode *decode, const struct node *map, const struct decode_row *rows,
               void *object);

/* Converters; optional scalars go into the opt_ types below. Text forms of numbers and booleans are
   accepted, as interpolation leaves them. */
decode_converter decode_text;         /* const char * */
decode_converter decode_bool;         /* bool */
decode_converter decode_int;          /* int64_t */
decode_converter decode_float;        /* double */
decode_converter decode_bytes;        /* int64_t; text as sizes are written: "64m" */
decode_converter decode_opt_bool;     /* struct opt_bool */
decode_converter decode_opt_int;      /* struct opt_int */
decode_converter decode_opt_duration; /* struct opt_int in ns; text as durations are: "1m30s" */
decode_converter decode_texts;        /* struct text_list */
decode_converter decode_pairs;        /* struct pair_list, from a map or "KEY=VALUE" items */
decode_converter decode_struct;       /* nested, in place; more = rows */
decode_converter decode_struct_ptr;   /* nested, a pointer, NULL when absent */
decode_converter decode_structs;      /* any_list of structs */
decode_converter decode_node;         /* const struct node *; a null too */

struct opt_bool {
    bool has, value;
};
struct opt_int {
    bool has;
    int64_t value;
};
struct text_list {
    const char **items;
    size_t n, cap;
};
struct pair {
    const char *key;
    const char *value; /* NULL: the key alone */
    struct origin at;
    bool is_sensitive;
};
struct pair_list {
    struct pair *items;
    size_t n, cap;
};
/* What decode_structs() fills: any struct {T *items; size_t n, cap;} has this shape. */
struct any_list {
    void *items;
    size_t n, cap;
};

/* The value of key, or NULL. */
const struct pair *pair_list_find(const struct pair_list *list, const char *key);
bool text_list_has(const struct text_list *list, const char *text);

#endif
