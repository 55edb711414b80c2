/*
 * log-print.c - prefixes and prints log lines; output is collected during one round of the event
 * loop and written at its end. Knows nothing of where lines come from.
 */
#include "base/base.h"

#include "cmd/log-print.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#define FLUSH_BYTES 65536
/* A line is printed when it is whole, so that none of another instance gets into it; of a longer
   one what there is. */
#define LINE_MAX_BYTES (1u << 20)

struct log_part {
    bool is_open;    /* its line has not ended */
    struct str text; /* what is not printed of it, with its prefix */
};

struct log_name {
    const char *color;
    struct log_part parts[3]; /* by stream */
};

static const char *const colors[] = { "36",   "33",   "32",   "35",   "34",
                                      "36;1", "33;1", "32;1", "35;1", "34;1" };

void log_print_init(struct log_print *print, struct cmd_context *context, bool *stop)
{
    memset(print, 0, sizeof(*print));
    print->context = context;
    print->stop = stop;
    map_init(&print->names);
    str_init(&print->err_out, 0);
}

static void write_all(struct log_print *print, struct str *text, int fd)
{
    ERR_AUTO(err);

    if (text->len > 0 && file_write_standard(fd, text->buf, text->len, &err) < 0) {
        if (!err_is_set(&print->err))
            err_move(&print->err, &err);
        *print->stop = true;
    }
    str_clear(text);
}

void log_print_flush(struct log_print *print)
{
    if (print->context->out.len == 0 && print->err_out.len == 0)
        return;
    progress_hide(print->progress);
    write_all(print, &print->context->out, STDOUT_FILENO);
    write_all(print, &print->err_out, STDERR_FILENO);
    progress_show(print->progress);
}

static void on_flush(void *arg)
{
    struct log_print *print = arg;

    print->is_flush_due = false;
    log_print_flush(print);
}

static void ask_flush(struct log_print *print)
{
    if (print->context->out.len + print->err_out.len > FLUSH_BYTES) {
        log_print_flush(print);
        return;
    }
    if (!print->is_flush_due) {
        print->is_flush_due = true;
        loop_add_soon(print->context->loop, on_flush, print);
    }
}

/* --- lines ----------------------------------------------------------------------------------- */

/* Where the part (NULL: none) may be printed now: a line of another one that stands there without
   its end is ended. */
static struct str *begin_output(struct log_print *print, const struct log_part *part, int stream)
{
    struct str *out = stream == 2 ? &print->err_out : &print->context->out;
    struct log_part **cut = &print->cut[stream];

    if (*cut && *cut != part) {
        str_add_char(out, '\n');
        (*cut)->is_open = false;
        *cut = NULL;
    }
    return out;
}

/* What there is of a line that goes on. */
static void put_part(struct log_print *print, struct log_part *part, int stream)
{
    struct str *out = begin_output(print, part, stream);

    str_add_len(out, part->text.buf, part->text.len);
    str_clear(&part->text);
    print->cut[stream] = part;
    ask_flush(print);
}

static void finish_part(struct log_print *print, struct log_part *part, int stream)
{
    if (!part->is_open)
        return;
    put_part(print, part, stream);
    part->is_open = false;
    begin_output(print, NULL, stream);
}

void log_print_release(struct log_print *print)
{
    print->is_flush_due = true; /* here and now */
    MAP_EACH (&print->names, entry) {
        struct log_name *log_name = entry->value;

        for (int stream = 1; stream <= 2; stream++)
            finish_part(print, &log_name->parts[stream], stream);
        str_release(&log_name->parts[1].text);
        str_release(&log_name->parts[2].text);
        mem_free(log_name);
    }
    log_print_flush(print);
    map_release(&print->names);
    str_release(&print->err_out);
    err_release(&print->err);
}

const char *log_print_short_name(const struct cmd_context *context, const char *name)
{
    size_t len = strlen(context->project_name);

    if (strncmp(name, context->project_name, len) == 0 && name[len] == '-')
        return name + len + 1;
    return name;
}

static struct log_name *get_name(struct log_print *print, const char *name)
{
    struct log_name *log_name = map_find(&print->names, name);

    if (log_name == NULL) {
        log_name = MEM_NEW(struct log_name);
        str_init(&log_name->parts[1].text, 0);
        str_init(&log_name->parts[2].text, 0);
        log_name->color = colors[print->names.n % ARRAY_LEN(colors)];
        map_set(&print->names, name, log_name);
        print->width = MAX(print->width, text_width(name));
    }
    return log_name;
}

void log_print_add(struct log_print *print, const char *name)
{
    get_name(print, name);
}

static void add_prefix(struct log_print *print, const char *name, const struct log_name *log_name,
                       struct str *out)
{
    bool has_color = print->context->terminal.has_colors && !print->no_color;

    if (print->no_prefix)
        return;
    if (has_color)
        str_printf(out, "\033[%sm", log_name->color);
    str_add(out, name);
    str_add_n(out, print->width + 2 - MIN(text_width(name), print->width), ' ');
    str_add(out, "| ");
    if (has_color)
        str_add(out, "\033[0m");
}

void log_print_line(struct log_print *print, const char *name, const struct log_line *line)
{
    struct log_name *log_name = get_name(print, name);
    int stream = print->split_streams && line->stream == 2 ? 2 : 1;
    struct log_part *part = &log_name->parts[stream];
    bool is_whole = !part->is_open && !line->is_partial;
    struct str *out = is_whole ? begin_output(print, part, stream) : &part->text;

    if (!part->is_open) {
        add_prefix(print, name, log_name, out);
        if (print->timestamps) {
            clock_print_rfc3339(line->time_ns, true, out);
            str_add_char(out, ' ');
        }
    }
    str_add_len(out, line->text, line->len);
    if (is_whole) {
        str_add_char(out, '\n');
        ask_flush(print);
        return;
    }
    part->is_open = true;
    if (!line->is_partial)
        finish_part(print, part, stream);
    else if (part->text.len > LINE_MAX_BYTES || print->cut[stream] == part)
        put_part(print, part, stream);
}

void log_print_status(struct log_print *print, const char *name, const char *text)
{
    struct str *out = begin_output(print, NULL, 1);

    if (print->context->terminal.is_out)
        str_add(out, "\r\033[K");
    str_printf(out, "%s %s\n", name, text);
    ask_flush(print);
}
