/*
 * log-print.h - log lines of several instances on the screen: a coloured, aligned prefix each,
 * every line whole. Used by `logs` and the attached `up`.
 */
#ifndef OCTO_CMD_LOG_PRINT_H
#define OCTO_CMD_LOG_PRINT_H

#include "base/map.h"
#include "cmd/operate.h"

struct log_print {
    struct cmd_context *context;
    struct progress *progress; /* hidden while lines are written; may be NULL */
    size_t width;              /* of the longest name */
    bool no_prefix, no_color, timestamps;
    bool split_streams; /* standard error of services goes to ours */
    struct map names;   /* instance id or name -> struct log_name * */
    struct str err_out;
    struct log_part *cut[3]; /* by stream: whose line stands there without its end, or NULL */
    bool is_flush_due;
    bool *stop;     /* set when what is printed cannot be written any more */
    struct err err; /* why */
};

/* stop: what ends the wait for lines; it is set when nobody can read them any more. */
void log_print_init(struct log_print *print, struct cmd_context *context, bool *stop);
void log_print_release(struct log_print *print);
/* Makes room for an instance's name before the first line. */
void log_print_add(struct log_print *print, const char *name);
void log_print_line(struct log_print *print, const char *name, const struct log_line *line);
/* A line about an instance: "web-1 exited with code 0". */
void log_print_status(struct log_print *print, const char *name, const char *text);
void log_print_flush(struct log_print *print);
/* "web-1" for PROJECT-web-1, else the name as it is. */
const char *log_print_short_name(const struct cmd_context *context, const char *name);

#endif
