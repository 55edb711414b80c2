/*
 * err.c - making, wrapping and moving errors. It prints nothing.
 */
#include "base/err.h"

#include "base/mem.h"
#include "base/str.h"

struct code_row {
    const char *name;
    int exit_status;
};

static const struct code_row codes[] = {
#define ERR_CODE(name, exit_status, text) { #name, exit_status },
#include "base/err-codes.h"
#undef ERR_CODE
};

void err_release(struct err *err)
{
    mem_free(err->text);
    *err = (struct err)ERR_INIT;
}

bool err_is_set(const struct err *err)
{
    return err->code != ERR_NONE;
}

static ATTR_PRINTF(3, 0) void set(struct err *err, enum err_code code, const char *fmt,
                                  va_list args)
{
    assert(code != ERR_NONE && !err_is_set(err));
    struct str text = STR_INIT;
    str_vprintf(&text, fmt, args);
    err->code = code;
    err->text = str_steal(&text);
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    if (!err)
        return -1;
    va_list args;
    va_start(args, fmt);
    set(err, code, fmt, args);
    va_end(args);
    return -1;
}

int err_set_at(struct err *err, struct origin at, enum err_code code, const char *fmt, ...)
{
    if (!err)
        return -1;
    va_list args;
    va_start(args, fmt);
    set(err, code, fmt, args);
    va_end(args);
    err->at = at;
    return -1;
}

int err_set_sys(struct err *err, int error_number, const char *fmt, ...)
{
    if (!err)
        return -1;
    va_list args;
    va_start(args, fmt);
    set(err, ERR_SYSTEM, fmt, args);
    va_end(args);
    err->sys = error_number;
    struct str text = STR_INIT;
    str_printf(&text, "%s: %s", err->text, strerror(error_number));
    mem_free(err->text);
    err->text = str_steal(&text);
    return -1;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
    if (!err)
        return -1;
    assert(err_is_set(err));
    struct str text = STR_INIT;
    va_list args;
    va_start(args, fmt);
    str_vprintf(&text, fmt, args);
    va_end(args);
    str_printf(&text, ": %s", err->text);
    mem_free(err->text);
    err->text = str_steal(&text);
    return -1;
}

int err_move(struct err *to, struct err *from)
{
    assert(err_is_set(from));
    if (!to) {
        err_release(from);
        return -1;
    }
    assert(!err_is_set(to));
    *to = *from;
    *from = (struct err)ERR_INIT;
    return -1;
}

int err_exit_status(enum err_code code)
{
    assert((size_t)code < ARRAY_LEN(codes));
    return codes[code].exit_status;
}

const char *err_code_name(enum err_code code)
{
    static char names[ARRAY_LEN(codes)][16];
    assert((size_t)code < ARRAY_LEN(codes));
    if (!names[code][0]) {
        for (size_t i = 0; codes[code].name[i] && i < sizeof(names[0]) - 1; i++) {
            char c = codes[code].name[i];
            names[code][i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        }
    }
    return names[code];
}
