/*
 * interpolate.h - $NAME and ${NAME...} in one text (compose-file.md 5.1). It knows no tree and no file;
 * document.c walks trees with it, dotenv.c expands values with it.
 */
#ifndef OCTO_COMPOSE_FILE_INTERPOLATE_H
#define OCTO_COMPOSE_FILE_INTERPOLATE_H

#include "base/err.h"
#include "base/str.h"

#define INTERPOLATE_MAX_BYTES (16u << 20) /* of one result */
#define INTERPOLATE_MAX_DEPTH 64          /* of defaults in defaults */

struct interpolate {
    /* The value of a variable, or NULL when it is not set. */
    const char *(*lookup)(void *arg, struct slice name);
    /* Told of each variable without value and default; may be NULL. */
    void (*unset)(void *arg, struct slice name);
    void *arg;
    /* Told of each variable after those of its word: its value as looked up, its form (0, '-', '+' or
       '?') and what the word gave in its place (at is NULL: the word was not used). May be NULL. */
    void (*used)(void *arg, struct slice name, const char *value, char form, struct slice instead);
};

/* Appends text with its variables replaced. 0, or -1 with ERR_INPUT (the form is wrong), ERR_NOT_FOUND
   (a required variable is missing) or ERR_LIMIT. */
int interpolate_text(const struct interpolate *how, struct slice text, struct str *out,
                     struct err *err) ATTR_MUST_CHECK;
/* Calls fn for each variable that the text names, those in the words of '-' and '+' after the one that
   they belong to: form is 0, '-', '+' or '?', the word as written. For `config --variables`. */
typedef void (*interpolate_variable_fn)(void *arg, struct slice name, char form, bool is_colon,
                                        struct slice word);
void interpolate_variables(struct slice text, interpolate_variable_fn fn, void *arg);

#endif
