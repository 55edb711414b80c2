/*
 * options.h - one table of options gives parser, usage, help, completion and the manual's list.
 * Parses as docker compose's command line does (long and short forms, "--x=v", grouped letters,
 * "--"), with the same error texts.
 */
#ifndef OCTO_CMD_OPTIONS_H
#define OCTO_CMD_OPTIONS_H

#include "base/arena.h"
#include "base/err.h"
#include "data/decode.h"

enum option_type {
    OPTION_BOOL,     /* bool */
    OPTION_OPT_BOOL, /* struct opt_bool: was it given at all */
    OPTION_TEXT,     /* const char *, the last one wins */
    OPTION_TEXTS,    /* struct text_list, repeatable */
    OPTION_INT,      /* struct opt_int */
};

enum option_flags {
    OPTION_HIDDEN = 1,    /* accepted, not shown */
    OPTION_NO_EFFECT = 2, /* accepted for compatibility, does nothing */
};

struct option_row {
    char letter; /* 0: none */
    const char *name;
    enum option_type type;
    size_t offset;          /* in the command's options struct */
    const char *value_name; /* NULL: by the type */
    const char *help;
    unsigned flags;
};

#define OPTIONS_END                            \
    {                                          \
        0, NULL, OPTION_BOOL, 0, NULL, NULL, 0 \
    }
#define OPTION(letter, name, type, member, help)                               \
    {                                                                          \
        letter, name, type, offsetof(struct OPTIONS_OF, member), NULL, help, 0 \
    }
#define OPTION_VALUE(letter, name, type, member, value_name, help)                   \
    {                                                                                \
        letter, name, type, offsetof(struct OPTIONS_OF, member), value_name, help, 0 \
    }
#define OPTION_QUIET(letter, name, type, member)                                           \
    {                                                                                      \
        letter, name, type, offsetof(struct OPTIONS_OF, member), NULL, NULL, OPTION_HIDDEN \
    }

struct option_set {
    const struct option_row *rows;
    void *values;
};

/* Parses argv (argc words) by the sets in order; positional words are collected in ret_words. With
   stop_at_word everything from the first positional word on is positional. */
int options_parse(struct arena *arena, const struct option_set *sets, size_t n_sets, int argc,
                  const char *const *argv, bool stop_at_word, struct text_list *ret_words,
                  struct err *err) ATTR_MUST_CHECK;

/* The option list of --help: two columns, wrapped at 80 columns. */
void options_print(const struct option_row *rows, struct str *out);
/* "string", "int", ... or "" for flags. */
const char *option_value_name(const struct option_row *row);

#endif
