/*
 * log.h - diagnostics for developers, on stderr and off by default (--log-level, OCTOCOMPOSE_LOG).
 * Never what a user needs to see: that goes through results, errors and findings.
 */
#ifndef OCTO_BASE_LOG_H
#define OCTO_BASE_LOG_H

#include "base/base.h"

enum log_level { LOG_OFF, LOG_ERROR_, LOG_WARN_, LOG_INFO_, LOG_DEBUG_ };

void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/* "debug", "info", "warn", "error", "off". 0 or -1. */
int log_level_parse(const char *text, enum log_level *ret_level) ATTR_MUST_CHECK;
void log_write(enum log_level level, const char *fmt, ...) ATTR_PRINTF(2, 3);

#define log_debug(...)                                                                             \
    do {                                                                                           \
        if (log_get_level() >= LOG_DEBUG_)                                                         \
            log_write(LOG_DEBUG_, __VA_ARGS__);                                                    \
    } while (0)

#endif
