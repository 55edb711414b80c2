/*
 * terminal.c - asks the kernel about the terminal and switches its modes. Prints nothing.
 */
#include "base/base.h"

#include "cmd/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/str.h"

static struct termios saved_mode;
static bool is_raw;

void terminal_update_size(struct terminal *terminal)
{
    static const int fds[] = { STDERR_FILENO, STDOUT_FILENO, STDIN_FILENO };
    struct winsize size;

    terminal->rows = 24;
    terminal->columns = 80;
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        if (ioctl(fds[i], TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
            terminal->rows = size.ws_row;
            terminal->columns = size.ws_col;
            return;
        }
    }
}

void terminal_init(struct terminal *terminal, const char *ansi, bool no_color)
{
    bool is_never = text_is(ansi, "never") || no_color;
    bool is_always = text_is(ansi, "always");

    terminal->is_in = isatty(STDIN_FILENO) == 1;
    terminal->is_out = isatty(STDOUT_FILENO) == 1;
    terminal->is_err = isatty(STDERR_FILENO) == 1;
    terminal->has_colors = !is_never && (is_always || terminal->is_out);
    terminal->has_err_colors = !is_never && (is_always || terminal->is_err);
    terminal_update_size(terminal);
}

int terminal_make_raw(struct err *err)
{
    struct termios mode;

    if (is_raw)
        return 0;
    if (tcgetattr(STDIN_FILENO, &saved_mode) < 0)
        return err_set_sys(err, errno, "cannot read the terminal's mode");
    mode = saved_mode;
    cfmakeraw(&mode);
    if (tcsetattr(STDIN_FILENO, TCSANOW, &mode) < 0)
        return err_set_sys(err, errno, "cannot set the terminal's mode");
    if (!is_raw)
        atexit(terminal_restore);
    is_raw = true;
    return 0;
}

void terminal_restore(void)
{
    if (is_raw)
        tcsetattr(STDIN_FILENO, TCSANOW, &saved_mode);
    is_raw = false;
}
