/*
 * bind.h - gives every value of a canonical tree its final type and place: what docker compose
 * does when it fills its structs, and prints from them. bind.c walks, bind-scalar.c and
 * bind-form.c convert. Called by decode.c alone.
 */
#ifndef OCTO_COMPOSE_FILE_BIND_H
#define OCTO_COMPOSE_FILE_BIND_H

#include "compose-compat/file/schema.h"
#include "compose-compat/file/stages.h"

struct binder {
    struct arena *arena;
    struct findings *findings;
    struct str path; /* of the value that is bound */
};

/* The bound form of a value of the row, in new nodes where anything differs; NULL when it says
   nothing (null, or a zero that `config` leaves out). Findings for what has no such form. */
struct node *bind_value(struct binder *binder, struct node *node, const struct schema_row *row);
/* Sets a key of a bound map (a service, deploy, ...) at the key's place in the table's order;
   value NULL removes it. In place. */
void bind_set(struct arena *arena, struct node *map, const struct schema_type *type, const char *key,
              struct node *value);
/* A value that nothing is known of (x-*): maps sorted. */
struct node *bind_unknown(struct binder *binder, struct node *node);

/* bind-scalar.c: one scalar by its row's bind column. NULL: unset, or refused. */
struct node *bind_scalar(struct binder *binder, struct node *node, const struct schema_row *row);
/* The text that a value has in an environment or a label; NULL for null. */
struct node *bind_as_text(struct binder *binder, struct node *node);
/* The same of a text or an integer; everything else is refused. */
struct node *bind_strict_text(struct binder *binder, struct node *node);

/* bind-form.c: the forms that are more than a scalar. */
struct node *bind_words(struct binder *binder, struct node *node, bool is_test);
struct node *bind_texts(struct binder *binder, struct node *node, const struct schema_row *row);
/* KEY=VALUE lists and maps as a sorted map; bind: one of BIND_PAIRS, BIND_TEXT_PAIRS, BIND_ENV. */
struct node *bind_pairs(struct binder *binder, struct node *node, enum schema_bind bind);
struct node *bind_hosts(struct binder *binder, struct node *node);
struct node *bind_ulimit(struct binder *binder, struct node *node);
struct node *bind_ssh(struct binder *binder, struct node *node);

struct finding *bind_refuse(struct binder *binder, const struct node *node, const char *fmt, ...)
    ATTR_PRINTF(3, 4);

#endif
