/*
 * trail.c - the path of a recursive walk as text. See trail.h.
 */
#include "base/base.h"

#include "compose-compat/file/trail.h"

static bool is_plain_key(const char *key)
{
    for (const char *c = key; *c; c++)
        if (strchr(".[]\" \t\n", *c))
            return false;
    return *key != 0;
}

void trail_print(const struct trail *trail, struct str *out)
{
    if (!trail)
        return;
    trail_print(trail->up, out);
    if (!trail->key) {
        str_printf(out, "[%zu]", trail->index);
    } else if (is_plain_key(trail->key)) {
        if (trail->up)
            str_add_char(out, '.');
        str_add(out, trail->key);
    } else {
        str_printf(out, "[\"%s\"]", trail->key);
    }
}

bool trail_has_index(const struct trail *trail)
{
    for (; trail; trail = trail->up)
        if (!trail->key)
            return true;
    return false;
}

size_t trail_len(const struct trail *trail)
{
    size_t n = 0;
    for (; trail; trail = trail->up)
        n++;
    return n;
}

struct finding *trail_finding(const struct trail *trail, struct findings *findings,
                              enum finding_level level, struct origin at, const char *fmt, ...)
{
    STR_AUTO(path);
    STR_AUTO(text);
    va_list args;
    va_start(args, fmt);
    str_vprintf(&text, fmt, args);
    va_end(args);
    trail_print(trail, &path);
    return finding_add(findings, level, at, path.buf, "%s", text.buf);
}
