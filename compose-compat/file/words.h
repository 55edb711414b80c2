/*
 * words.h - a command line as one text, split into words the way docker compose does it: a small
 * part of a shell's quoting, and none of its expansions (compose-file.md 9.7). Called where
 * canonical trees are bound (command, entrypoint, hooks).
 */
#ifndef OCTO_COMPOSE_FILE_WORDS_H
#define OCTO_COMPOSE_FILE_WORDS_H

#include "data/decode.h"

enum words_result {
    WORDS_OK,
    WORDS_CUT,     /* an unquoted operator (; & | < >) ended it: the rest was dropped */
    WORDS_INVALID, /* an open quote, or a bracket that stands alone */
};

/* Splits text; the words are added to ret_words and live in arena. With WORDS_CUT *ret_at is the
   operator's index in text. */
enum words_result words_split(struct arena *arena, const char *text, size_t len,
                              struct text_list *ret_words, size_t *ret_at);

#endif
