/*
 * name.c - the project's name. See name.h.
 */
#include "base/base.h"

#include "compose-compat/file/name.h"

#include <ctype.h>

void name_normalise(const char *text, struct str *out)
{
    size_t start = out->len;
    for (; *text; text++) {
        char c = (char)tolower((unsigned char)*text);
        bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (is_word || (out->len > start && (c == '_' || c == '-')))
            str_add_char(out, c);
    }
}

int name_check(const char *name, const char *where_from, struct err *err)
{
    STR_AUTO(normal);
    name_normalise(name, &normal);
    if (normal.len > 0 && strcmp(normal.buf, name) == 0)
        return 0;
    return err_set(err, ERR_USAGE,
                   "invalid project name \"%s\" (%s): lower case letters, digits, '-' and '_' only, "
                   "beginning with a letter or digit%s%s%s",
                   name, where_from, normal.len ? "; \"" : "", normal.buf,
                   normal.len ? "\" would do" : "");
}
