/*
 * place.h - the path of the value that a stage works on, for messages: "services.web.ports[0]". A
 * walker appends a step before it goes down and cuts it off again afterwards.
 */
#ifndef OCTO_COMPOSE_FILE_PLACE_H
#define OCTO_COMPOSE_FILE_PLACE_H

#include "base/str.h"

/* Both return the length to cut back to. */
static inline size_t place_key(struct str *path, const char *key)
{
    size_t len = path->len;
    if (len > 0)
        str_add_char(path, '.');
    str_add(path, key);
    return len;
}

static inline size_t place_index(struct str *path, size_t index)
{
    char digits[24];
    size_t len = path->len, n = sizeof(digits);
    do
        digits[--n] = (char)('0' + index % 10);
    while ((index /= 10) > 0);
    str_add_char(path, '[');
    str_add_len(path, digits + n, sizeof(digits) - n);
    str_add_char(path, ']');
    return len;
}

#endif
