/*
 * history.h - for who wants to explain a project (load_options.keep_history): which variables each value
 * was made with and where these came from, and what !reset and !override took away. Nothing of it is
 * kept otherwise: every function takes NULL for a history and then does nothing.
 *
 * All is in nodes: a variable's value has its place, and what it was weightier than as `overrode`. What
 * comes from no file has the name of its source for a place ("environment").
 */
#ifndef OCTO_COMPOSE_FILE_HISTORY_H
#define OCTO_COMPOSE_FILE_HISTORY_H

#include "base/map.h"
#include "data/node.h"

struct history {
    struct arena *arena;
    struct node *uses;   /* see project.h */
    struct node *taken;  /* "SCOPE PATH" -> see project.h */
    struct map values;   /* address of a variable's text -> struct node * */
    unsigned scope, n_scopes; /* see history_enter() */
};

/* What is kept lives in the arena, but for the map. */
void history_init(struct history *history, struct arena *arena);
void history_release(struct history *history);

/* Notes where the text that variables are looked up to comes from; it is known by its address. source
   names what is no file. */
void history_know(struct history *history, const char *text, struct origin at,
                  const struct node *replaced);
void history_know_source(struct history *history, const char *text, const char *source);
void history_know_node(struct history *history, const char *text, struct node *value);
/* The value of a known text, or NULL. */
struct node *history_value(const struct history *history, const char *text);
/* winner stands where loser could have: the text to go on with, which is winner without a history. */
const char *history_outweigh(struct history *history, const char *winner, const char *loser);

/* interpolate.h's `used`: adds a variable to *uses (NULL at first). */
void history_use(struct history *history, struct node **uses, struct slice name, const char *value,
                 char form, struct slice instead);
/* The place for a value that was made with uses (NULL: none): one of its own that prints as at. */
struct origin history_place(struct history *history, struct origin at, struct node *uses);
/* The same for a value that is a variable's. */
struct origin history_named(struct history *history, struct origin at, const char *name,
                            const char *value);

/* The variable holds a secret. */
void history_hide(struct history *history, const char *name);

/* Notes that value was deleted from the n keys' place by a tag at `at`. */
void history_take(struct history *history, const char *const *keys, size_t n, struct origin at,
                  unsigned flag, const struct node *value);
/* A number for a set of services that is not the project's, whose own is 0. */
unsigned history_scope(struct history *history);
/* What is deleted from now on is of this set. Returns the number of the one before. */
unsigned history_enter(struct history *history, unsigned scope);
/* What was taken from a service of one set was so from one of another; NULL: from all. */
void history_hand_on(struct history *history, unsigned from, const char *from_service, unsigned to,
                     const char *to_service);

#endif
