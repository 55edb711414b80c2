/*
 * decode.h - fills structs from map nodes by static tables: key, converter, offset, flags. Used for the
 * model (from canonical project trees), for endpoints' answers and for state files.
 */
#ifndef OCTO_DATA_DECODE_H
#define OCTO_DATA_DECODE_H

#include "base/findings.h"
#include "data/node.h"

struct decode {
    struct arena *arena;
    struct findings *findings; /* NULL: unusable values are left unset in silence (endpoints' answers) */
    struct str *path;          /* the path of the map that is decoded, for findings; may be NULL */
};

struct decode_row;
/* Converts value into the member at `member`. Returns 0, or -1 after adding a finding. */
typedef int (*decode_fn)(struct decode *decode, const struct node *value, const struct decode_row *row,
                         void *member);

struct decode_row {
    const char *key;
    decode_fn fn;
    size_t offset;
    const void *more; /* what the converter needs: rows of a nested struct, an enum's names, ... */
    size_t size;      /* of a nested struct or list item */
};

#define DECODE_END { NULL, NULL, 0, NULL, 0 }
#define DECODE_ROW(key, fn, type, member) { key, fn, offsetof(type, member), NULL, 0 }
#define DECODE_MORE(key, fn, type, member, more, size) { key, fn, offsetof(type, member), more, size }

/* Decodes the map's known keys into object; unknown ones are left alone. */
int decode_map(struct decode *decode, const struct node *map, const struct decode_row *rows,
               void *object);

/* Converters; optional scalars go into the opt_ types below. Text forms of numbers and booleans are
   accepted, as interpolation leaves them. */
int decode_text(struct decode *, const struct node *, const struct decode_row *, void *);      /* const char * */
int decode_bool(struct decode *, const struct node *, const struct decode_row *, void *);      /* bool */
int decode_int(struct decode *, const struct node *, const struct decode_row *, void *);       /* int64_t */
int decode_opt_bool(struct decode *, const struct node *, const struct decode_row *, void *);  /* struct opt_bool */
int decode_opt_int(struct decode *, const struct node *, const struct decode_row *, void *);   /* struct opt_int */
int decode_float(struct decode *, const struct node *, const struct decode_row *, void *);     /* double */
int decode_bytes(struct decode *, const struct node *, const struct decode_row *, void *);     /* int64_t, text in bytes */
int decode_opt_duration(struct decode *, const struct node *, const struct decode_row *, void *); /* struct opt_int, ns */
int decode_texts(struct decode *, const struct node *, const struct decode_row *, void *);     /* struct text_list */
int decode_pairs(struct decode *, const struct node *, const struct decode_row *, void *);     /* struct pair_list from a map */
int decode_struct(struct decode *, const struct node *, const struct decode_row *, void *);    /* nested, in place; more = rows */
int decode_struct_ptr(struct decode *, const struct node *, const struct decode_row *, void *);/* nested, pointer, NULL when absent */
int decode_structs(struct decode *, const struct node *, const struct decode_row *, void *);   /* any_list of structs */
int decode_node(struct decode *, const struct node *, const struct decode_row *, void *);      /* const struct node * */

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
