/*
 * terminal.h - what the standard streams are connected to, colours, size, and raw mode for
 * interactive streams. The mode found at the start is restored on every way out.
 */
#ifndef OCTO_CMD_TERMINAL_H
#define OCTO_CMD_TERMINAL_H

#include "base/err.h"

struct terminal {
    bool is_in, is_out, is_err; /* terminals */
    bool has_colors;            /* on standard output */
    bool has_err_colors;
    unsigned rows, columns; /* of the terminal on stderr or stdout; 24 x 80 when unknown */
};

/* ansi: "auto", "never", "always". */
void terminal_init(struct terminal *terminal, const char *ansi, bool no_color);
void terminal_update_size(struct terminal *terminal);
/* Raw mode of standard input until terminal_restore() (also called at exit). */
int terminal_make_raw(struct err *err) ATTR_MUST_CHECK;
void terminal_restore(void);

#endif
