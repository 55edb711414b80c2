/*
 * progress-tty.c - the list of tasks on a terminal, drawn over itself: a header with the count, one
 * row a task with its symbol, text and time. Called by progress.c only.
 */
#include "base/base.h"

#include "base/clock.h"
#include "base/file.h"
#include "cmd/progress-state.h"

#include <stdio.h>
#include <unistd.h>

static const char *const spinner[] = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" };

static void add_symbol(const struct progress *progress, const struct task *task, struct str *out)
{
    static const struct {
        const char *color, *symbol;
    } symbols[] = {
        [TASK_WORKING] = { "33", "" },
        [TASK_DONE] = { "32", "✔" },
        [TASK_WARNING] = { "1;33", "!" },
        [TASK_ERROR] = { "1;31", "✘" },
    };
    const char *symbol = symbols[task->status].symbol;

    if (task->status == TASK_WORKING)
        symbol = spinner[progress->frame % ARRAY_LEN(spinner)];
    if (progress->context->terminal.has_err_colors)
        str_printf(out, "\033[%sm%s\033[0m", symbols[task->status].color, symbol);
    else
        str_add(out, symbol);
}

static void add_bytes(const struct task *task, struct str *out)
{
    if (task->status != TASK_WORKING || task->total <= 0)
        return;
    str_printf(out, " %.1fMB / %.1fMB", (double)task->current / 1e6, (double)task->total / 1e6);
}

static void add_row(const struct progress *progress, const struct task *task, size_t id_width,
                    struct str *out)
{
    const size_t columns = progress->context->terminal.columns;
    int64_t end = task->ended_ms == 0 ? clock_now_ms() : task->ended_ms;
    STR_AUTO(text);
    STR_AUTO(time);
    size_t used;

    str_printf(&time, "%.1fs", (double)(end - task->started_ms) / 1000.0);
    str_add(&text, task->id);
    str_add_n(&text, id_width > text_width(task->id) ? id_width - text_width(task->id) : 0, ' ');
    str_printf(&text, " %s", task->text);
    add_bytes(task, &text);
    if (task->details != NULL)
        str_printf(&text, " %s", task->details);
    if (text_width(text.buf) + time.len + 5 > columns && columns > time.len + 5) {
        size_t room = columns - time.len - 5;

        str_cut(&text, text_utf8_valid(text.buf, MIN(room, text.len)));
    }
    used = text_width(text.buf) + 3;
    str_add_char(out, ' ');
    add_symbol(progress, task, out);
    str_printf(out, " %s", text.buf);
    str_add_n(out, used + time.len + 1 < columns ? columns - used - time.len - 1 : 1, ' ');
    if (progress->context->terminal.has_err_colors)
        str_printf(out, "\033[34m%s\033[0m\033[K\n", time.buf);
    else
        str_printf(out, "%s\033[K\n", time.buf);
}

static void write_out(const struct str *text)
{
    ERR_AUTO(err);

    /* A screen that went away is no reason to stop. */
    if (file_write_all(STDERR_FILENO, text->buf, text->len, &err) < 0)
        return;
}

void progress_tty_erase(struct progress *progress)
{
    STR_AUTO(out);

    if (progress->n_lines == 0)
        return;
    str_printf(&out, "\033[%uA\033[0G\033[J\033[?25h", progress->n_lines);
    progress->n_lines = 0;
    write_out(&out);
}

void progress_tty_draw(struct progress *progress)
{
    const unsigned room = MAX(progress->context->terminal.rows, 6) - 3;
    size_t id_width = 0, n_done = 0, n_rows = 0;
    STR_AUTO(out);

    if (progress->tasks.n == 0)
        return;
    MAP_EACH (&progress->tasks, entry) {
        const struct task *task = entry->value;

        id_width = MAX(id_width, text_width(task->id));
        n_done += task->status != TASK_WORKING;
    }
    str_add(&out, "\033[?25l");
    if (progress->n_lines > 0)
        str_printf(&out, "\033[%uA\033[0G", progress->n_lines);
    str_printf(&out, "[+] %s %zu/%zu\033[K\n", progress->title, n_done, progress->tasks.n);
    MAP_EACH (&progress->tasks, entry) {
        if (n_rows == room)
            break;
        add_row(progress, entry->value, id_width, &out);
        n_rows++;
    }
    if (progress->tasks.n > n_rows)
        str_printf(&out, " ... %zu more\033[K\n", progress->tasks.n - n_rows);
    str_add(&out, "\033[J\033[?25h");
    progress->n_lines = (unsigned)(n_rows + 1 + (progress->tasks.n > n_rows));
    write_out(&out);
}
