/*
 * progress.c - turns steps into docker compose's progress events ("Container p-web-1 Starting") and
 * prints them as lines or JSON; the terminal's list is progress-tty.c. Makes no decisions.
 */
#include "base/base.h"

#include "cmd/progress.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cmd/progress-state.h"
#include "data/jwrite.h"

#define REDRAW_MS 100

static const struct {
    const char *working, *done;
} step_words[STEP_ACTION_N_] = {
    [STEP_PULL] = { "Pulling", "Pulled" },     [STEP_BUILD] = { "Building", "Built" },
    [STEP_CREATE] = { "Creating", "Created" }, [STEP_UPDATE] = { "Updating", "Updated" },
    [STEP_START] = { "Starting", "Started" },  [STEP_STOP] = { "Stopping", "Stopped" },
    [STEP_KILL] = { "Killing", "Killed" },     [STEP_RESTART] = { "Restarting", "Started" },
    [STEP_PAUSE] = { NULL, "Paused" },         [STEP_UNPAUSE] = { NULL, "Unpaused" },
    [STEP_REMOVE] = { "Removing", "Removed" }, [STEP_AWAIT] = { "Waiting", "Healthy" },
};

static void on_redraw(void *arg)
{
    struct progress *progress = arg;

    progress->frame++;
    progress->timer = loop_add_timer(progress->context->loop, REDRAW_MS, on_redraw, progress);
    loop_set_background(progress->timer);
    if (!progress->is_hidden)
        progress_tty_draw(progress);
}

struct progress *progress_new(struct cmd_context *context, const char *title,
                              const struct plan *plan)
{
    struct progress *progress = MEM_NEW(struct progress);

    (void)plan;
    progress->context = context;
    progress->title = title;
    map_init(&progress->tasks);
    if (context->progress_mode == PROGRESS_TTY) {
        progress->timer = loop_add_timer(context->loop, REDRAW_MS, on_redraw, progress);
        loop_set_background(progress->timer);
    }
    return progress;
}

void progress_free(struct progress *progress)
{
    if (progress == NULL)
        return;
    if (progress->context->progress_mode == PROGRESS_TTY && !progress->is_hidden)
        progress_tty_draw(progress);
    loop_remove(progress->timer);
    MAP_EACH (&progress->tasks, entry) {
        struct task *task = entry->value;

        MAP_EACH (&task->parts, part)
            mem_free(part->value);
        map_release(&task->parts);
        mem_free(task->id);
        mem_free(task->text);
        mem_free(task->details);
        mem_free(task);
    }
    map_release(&progress->tasks);
    mem_free(progress);
}

static const char *const status_names[] = { "Working", "Done", "Warning", "Error" };

static void print_json(const struct progress *progress, const struct task *task, const char *parent,
                       const struct step_progress *part)
{
    STR_AUTO(line);
    struct jwrite w;

    jwrite_init(&w, &line, 0);
    jwrite_map(&w);
    if (progress->context->globals.dry_run)
        jwrite_key_bool(&w, "dry-run", true);
    jwrite_key_text(&w, "id", part != NULL && part->part != NULL ? part->part : task->id);
    if (parent != NULL)
        jwrite_key_text(&w, "parent_id", parent);
    jwrite_key_text(&w, "status", status_names[task->status]);
    jwrite_key_text(&w, "text", part != NULL ? part->text : task->text);
    if (part == NULL && task->details != NULL)
        jwrite_key_text(&w, "details", task->details);
    if (part != NULL && part->current > 0)
        jwrite_key_int(&w, "current", part->current);
    if (part != NULL && part->total > 0) {
        jwrite_key_int(&w, "total", part->total);
        if (part->current > 0)
            jwrite_key_int(&w, "percent", MIN(part->current * 100 / part->total, 100));
    }
    jwrite_map_end(&w);
    fprintf(stderr, "%s\n", line.buf);
}

static void print_task(const struct progress *progress, const struct task *task)
{
    switch (progress->context->progress_mode) {
    case PROGRESS_PLAIN:
        fprintf(stderr, " %s %s %s\n", task->id, task->text, task->details ? task->details : "");
        break;
    case PROGRESS_JSON:
        print_json(progress, task, NULL, NULL);
        break;
    case PROGRESS_TTY:
    case PROGRESS_QUIET:
        break;
    }
}

static struct task *get_task(struct progress *progress, const char *id)
{
    struct task *task = map_find(&progress->tasks, id);

    if (task == NULL) {
        task = MEM_NEW(struct task);
        task->id = mem_dup(id);
        task->text = mem_dup("");
        task->started_ms = clock_now_ms();
        map_init(&task->parts);
        map_set(&progress->tasks, id, task);
    }
    return task;
}

static void set_task(struct progress *progress, const char *id, const char *text,
                     const char *details, enum task_status status)
{
    struct task *task = get_task(progress, id);

    mem_free(task->text);
    mem_free(task->details);
    task->text = mem_dup(text);
    task->details = details == NULL ? NULL : mem_dup(details);
    task->status = status;
    task->ended_ms = status == TASK_WORKING ? 0 : clock_now_ms();
    print_task(progress, task);
}

void progress_event(struct progress *progress, const char *id, const char *text,
                    const char *details, bool is_end)
{
    set_task(progress, id, text, details, is_end ? TASK_DONE : TASK_WORKING);
}

static bool is_called(const struct step *step)
{
    return (step->instance->kind->flags & KIND_CALLED) != 0;
}

static void task_id(const struct step *step, struct str *out)
{
    /* What others run is called by its service's name alone. */
    if (!is_called(step))
        str_printf(out, "%s ", step->instance->kind->title);
    str_add(out, step->instance->name);
}

/* The word for a step that begins (NULL: nothing is shown) or ends. A replacement is one task:
   "Recreate" when its new object is made, "Recreated" when that has its name. */
static const char *step_word(const struct step *step, bool is_end)
{
    if (step->role == ROLE_REPLACED)
        return NULL;
    /* Whether it can be stopped is known only when it was asked. */
    if (step->action == STEP_STOP && is_called(step))
        return is_end && step->status == STEP_DONE ? "Stopped" : NULL;
    if (step->role == ROLE_REPLACEMENT && step->action == STEP_CREATE)
        return is_end ? NULL : "Recreate";
    if (step->action == STEP_RENAME)
        return is_end ? "Recreated" : NULL;
    if (step->action == STEP_AWAIT && is_end && step->condition == AWAIT_COMPLETED)
        return "Exited";
    return is_end ? step_words[step->action].done : step_words[step->action].working;
}

/* What others can do without was awaited in vain. */
static void skip_optional(struct progress *progress, const struct step *step, const char *id,
                          const struct err *err)
{
    static const char skipped[] = "Skipped: ", completed[] = "service ",
                      healthy[] = "dependency failed to start: ";
    STR_AUTO(text);

    if (text_starts(err->text, completed))
        str_printf(&text, "%soptional dependency %s", skipped, err->text + strlen(completed));
    else
        str_printf(&text, "%soptional dependency \"%s\" failed to start", skipped,
                   step->instance->service);
    set_task(progress, id, text.buf, NULL, TASK_WARNING);
    if (text_starts(err->text, healthy))
        str_printf(&text, ": %s", err->text + strlen(healthy));
    context_warn(progress->context, "%s", text.buf + strlen(skipped));
}

void progress_step(struct progress *progress, const struct step *step, const struct err *err)
{
    const char *word = NULL;
    STR_AUTO(id);

    task_id(step, &id);
    switch (step->status) {
    case STEP_RUNNING:
        word = step_word(step, false);
        if (word != NULL)
            set_task(progress, id.buf, word, NULL, TASK_WORKING);
        break;
    case STEP_DONE:
    case STEP_UNCHANGED:
        if (err != NULL && err_is_set(err)) {
            set_task(progress, id.buf, "Skipped", err->text, TASK_WARNING);
            break;
        }
        word = step_word(step, true);
        if (word != NULL)
            set_task(progress, id.buf, word, NULL, TASK_DONE);
        break;
    case STEP_FAILED:
        if (step->action == STEP_AWAIT && step->is_optional && err != NULL) {
            skip_optional(progress, step, id.buf, err);
            break;
        }
        set_task(progress, id.buf, "Error", err == NULL ? NULL : err->text, TASK_ERROR);
        break;
    case STEP_SKIPPED:
    case STEP_UNNEEDED:
    case STEP_WAITING:
        break;
    }
}

void progress_settled(struct progress *progress, const struct settled *settled)
{
    struct step step = { .action = settled->action,
                         .condition = settled->condition,
                         .instance = settled->instance,
                         .status = STEP_RUNNING };

    progress_step(progress, &step, NULL);
    step.status = STEP_DONE;
    progress_step(progress, &step, NULL);
}

/* What a pull says of a layer; docker compose shows nothing else of one. */
static bool is_layer(const struct step_progress *part)
{
    return part->part != NULL && part->text != NULL && !text_starts(part->text, "Pulling from ");
}

/* "32.77kB", as docker prints sizes. */
static void print_size(int64_t bytes, struct str *out)
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
    double size = (double)bytes;
    size_t unit = 0;

    while (size >= 1000 && unit + 1 < ARRAY_LEN(units)) {
        size /= 1000;
        unit++;
    }
    str_printf(out, "%.4g%s", size, units[unit]);
}

static bool ends_layer(const char *text)
{
    return text_is(text, "Download complete") || text_is(text, "Already exists") ||
           text_is(text, "Pull complete");
}

static void print_layer(const struct progress *progress, const char *image,
                        const struct step_progress *part)
{
    bool is_done = ends_layer(part->text);
    int64_t percent = part->total > 0 ? MIN(part->current * 100 / part->total, 100) : 0;
    struct jwrite w;
    STR_AUTO(size);
    STR_AUTO(line);

    print_size(part->current, &size);
    if (progress->context->progress_mode == PROGRESS_PLAIN)
        fprintf(stderr, " %s %s %s\n", part->part, part->text, size.buf);
    if (progress->context->progress_mode != PROGRESS_JSON)
        return;
    jwrite_init(&w, &line, 0);
    jwrite_map(&w);
    jwrite_key_text(&w, "id", part->part);
    jwrite_key_text(&w, "parent_id", image);
    jwrite_key_text(&w, "status", status_names[is_done ? TASK_DONE : TASK_WORKING]);
    jwrite_key_text(&w, "text", part->text);
    jwrite_key_text(&w, "details", size.buf);
    if (part->current > 0)
        jwrite_key_int(&w, "current", part->current);
    if (part->total > 0)
        jwrite_key_int(&w, "total", part->total);
    if (is_done || percent > 0)
        jwrite_key_int(&w, "percent", is_done ? 100 : percent);
    jwrite_map_end(&w);
    fprintf(stderr, "%s\n", line.buf);
}

void progress_part(struct progress *progress, const struct step *step,
                   const struct step_progress *part)
{
    struct task *task;
    STR_AUTO(id);

    if ((step->action == STEP_PULL && progress->context->no_pull_parts) ||
        (step->action == STEP_BUILD && progress->context->no_build_parts))
        return;
    task_id(step, &id);
    task = get_task(progress, id.buf);
    if (part->part != NULL) {
        struct part *sum = map_find(&task->parts, part->part);

        if (sum == NULL) {
            sum = MEM_NEW(struct part);
            map_set(&task->parts, part->part, sum);
        }
        task->current += part->current - sum->current;
        task->total += part->total - sum->total;
        *sum = (struct part){ part->current, part->total };
    }
    if (step->action == STEP_PULL) {
        if (is_layer(part))
            print_layer(progress, task->id, part);
    } else if (progress->context->progress_mode == PROGRESS_JSON)
        print_json(progress, task, task->id, part);
    else if (is_called(step) && part->text != NULL)
        set_task(progress, id.buf, part->text, NULL, TASK_WORKING);
    else if (progress->context->progress_mode == PROGRESS_PLAIN && step->action == STEP_BUILD &&
             part->text != NULL && part->text[0] != '\0')
        fprintf(stderr, "%s\n", part->text);
}

/* Whether it happens at all is for somebody else to say, who is not asked now. */
static bool depends_on_call(const struct step *step)
{
    for (size_t i = 0; i < step->only_if.n; i++) {
        if (!is_called(step->only_if.items[i].step))
            return false;
    }
    return step->only_if.n > 0;
}

void progress_pretend(struct progress *progress, const struct plan *plan)
{
    VEC_EACH (&plan->steps, item) {
        struct step *step = *item;

        if (depends_on_call(step))
            continue;
        step->status = STEP_RUNNING;
        progress_step(progress, step, NULL);
        step->status = STEP_DONE;
        progress_step(progress, step, NULL);
        step->status = STEP_WAITING;
    }
}

void progress_hide(struct progress *progress)
{
    if (progress == NULL || progress->is_hidden)
        return;
    progress->is_hidden = true;
    progress_tty_erase(progress);
}

void progress_show(struct progress *progress)
{
    if (progress == NULL || !progress->is_hidden)
        return;
    progress->is_hidden = false;
    if (progress->context->progress_mode == PROGRESS_TTY)
        progress_tty_draw(progress);
}
