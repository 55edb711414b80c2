/*
 * log.c - lines for developers on stderr. Users' messages never go through here.
 */
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/str.h"

static const char *const level_names[] = { "off", "error", "warn", "info", "debug" };
static enum log_level level_ = LOG_OFF;

void log_set_level(enum log_level level)
{
    level_ = level;
}

enum log_level log_get_level(void)
{
    return level_;
}

int log_level_parse(const char *text, enum log_level *ret_level)
{
    for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
        if (text_is(text, level_names[i])) {
            *ret_level = (enum log_level)i;
            return 0;
        }
    }
    return -1;
}

void log_write(enum log_level level, const char *fmt, ...)
{
    static int64_t start_ns;
    if (level > level_ || level == LOG_OFF)
        return;
    int64_t now_ns = clock_now_ns();
    if (!start_ns)
        start_ns = now_ns;
    int64_t us = (now_ns - start_ns) / 1000;

    STR_AUTO(line);
    str_printf(&line, "%" PRId64 ".%06" PRId64 " %s ", us / 1000000, us % 1000000,
               level_names[level]);
    va_list args;
    va_start(args, fmt);
    str_vprintf(&line, fmt, args);
    va_end(args);
    str_add_char(&line, '\n');
    fwrite(line.buf, 1, line.len, stderr); /* one write, so that lines do not mix */
}
