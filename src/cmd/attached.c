/*
 * attached.c - runs a plan in the foreground: follows the log of every instance from its start,
 * reports exits, and stops the project on a signal (first: gracefully, second: kill). Called by up.
 */
#include "base/base.h"

#include "cmd/attached.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

/* One instance whose end matters. */
struct watched {
    struct attached *attached;
    struct existing existing; /* what the log query names */
    char *name, *short_name;
    bool is_shown;   /* its output is */
    bool is_running; /* as far as the events say */
    bool is_ended;   /* died and did not come back */
    bool has_exit;   /* died; the line about it waits for the end of its log, and for a look */
    bool is_looking; /* whether the backend brings it back is being asked */
    bool is_dead;    /* as last looked at */
    int64_t exit_code;
    int64_t since_ns, died_ns;
    struct operator_stream *log;
};

struct early_death {
    int64_t exit_code, time_ns;
};

struct attached {
    struct cmd_context *context;
    const struct attached_options *options;
    struct operation operation;
    struct log_print print;
    struct map watched; /* id -> struct watched * */
    /* id -> struct early_death *, of those that came before their start was known */
    struct map early;
    struct operator_stream *events;
    int64_t start_ns; /* wall clock */
    int n_signals;
    bool is_told;    /* "Attaching to" is printed */
    bool is_planned; /* the plan has run */
    bool is_over;
    bool is_stopping;
    int exit_status;
    bool has_exit_status;
};

static void check_end(struct attached *attached);
static void follow(struct watched *watched);
static void on_died(struct watched *watched, int64_t exit_code, int64_t time_ns);

static void watched_free(struct watched *watched)
{
    const struct operator_ops *ops = watched->attached->context->ops;

    if (watched->log != NULL)
        ops->stream_cancel(watched->log);
    mem_free(watched->name);
    mem_free(watched->short_name);
    mem_free((char *)watched->existing.id);
    mem_free((char *)watched->existing.service);
    mem_free(watched);
}

static bool shows_service(const struct attached *attached, const char *name);
static void print_attaching(struct attached *attached);

/* --- output of one instance ---------------------------------------------------------------------
 */

static void on_line(void *arg, const struct log_line *line)
{
    struct watched *watched = arg;

    print_attaching(watched->attached);
    log_print_line(&watched->attached->print, watched->short_name, line);
    watched->since_ns = line->time_ns + 1;
}

/* Says that it exited, once its output is complete and it is known whether it comes back. */
static void report_exit(struct watched *watched)
{
    struct attached *attached = watched->attached;
    STR_AUTO(text);

    if (!watched->has_exit || watched->is_looking || watched->log != NULL)
        return;
    watched->has_exit = false;
    str_printf(&text, "exited with code %lld%s", (long long)watched->exit_code,
               watched->is_dead ? "" : " (restarting)");
    print_attaching(attached);
    if (watched->is_shown)
        log_print_status(&attached->print, watched->short_name, text.buf);
    watched->is_running = !watched->is_dead;
    watched->is_ended = watched->is_dead;
    if (watched->is_running)
        follow(watched);
    check_end(attached);
}

static void on_log_done(void *arg, const struct existing *instance, struct err *err)
{
    struct watched *watched = arg;

    if (instance != NULL) {
        if (err_is_set(err))
            context_warn(watched->attached->context, "%s", err->text);
        return;
    }
    watched->log = NULL;
    report_exit(watched);
}

static void follow(struct watched *watched)
{
    struct attached *attached = watched->attached;
    const struct existing *instances[] = { &watched->existing };
    const struct log_query query = {
        .project = attached->context->project_name,
        .instances = instances,
        .n_instances = 1,
        .follow = true,
        .one_run = true,
        .tail = -1,
        .since_ns = MAX(watched->since_ns, watched->died_ns),
    };

    if (watched->is_shown && watched->log == NULL && attached->context->ops->logs != NULL)
        watched->log = attached->context->ops->logs(attached->context->operator_handle, &query,
                                                    on_line, on_log_done, watched);
}

/* --- which instances ----------------------------------------------------------------------------
 */

static bool shows_service(const struct attached *attached, const char *name)
{
    const struct attached_options *options = attached->options;
    const struct service *service = project_find_service(attached->context->project, name);

    if (options->attach->n > 0)
        return text_list_has(options->attach, name);
    if (text_list_has(options->no_attach, name))
        return false;
    if (options->services->n > 0 && text_list_has(options->services, name))
        return true;
    if (options->services->n > 0 && !options->attach_dependencies)
        return false;
    return service != NULL && (!service->attach.has || service->attach.value);
}

static int compare_texts(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* "Attaching to db-1, web-1": the instances that this plan leaves, before the first of them is
   started or heard. */
static void print_attaching(struct attached *attached)
{
    struct str *out = &attached->context->out;
    VEC(const char *) names = { NULL, 0, 0 };
    const char *last = NULL;

    attached->print.progress = attached->operation.progress;
    if (attached->is_told)
        return;
    attached->is_told = true;
    VEC_EACH (&attached->operation.plan->instances, item) {
        const struct instance *instance = *item;

        if (instance->wanted == NULL || (instance->kind->flags & KIND_RUNS) == 0 ||
            (instance->kind->flags & KIND_CALLED) != 0 ||
            (instance->existing != NULL && !instance->is_place) ||
            !shows_service(attached, instance->service))
            continue;
        VEC_ADD(&names, log_print_short_name(attached->context, instance->name));
    }
    if (names.n > 1)
        qsort(names.items, names.n, sizeof(names.items[0]), compare_texts);
    VEC_EACH (&names, name) {
        if (last != NULL && text_is(*name, last)) /* an instance and what replaces it */
            continue;
        str_printf(out, "%s%s", last == NULL ? "Attaching to " : ", ", *name);
        log_print_add(&attached->print, *name);
        last = *name;
    }
    if (last != NULL)
        str_add_char(out, '\n');
    VEC_RELEASE(&names);
    log_print_flush(&attached->print);
}

static struct watched *watch(struct attached *attached, const char *id, const char *name,
                             const char *service, int64_t number)
{
    struct watched *watched = map_find(&attached->watched, id);

    if (watched != NULL)
        return watched;
    watched = MEM_NEW(struct watched);
    watched->attached = attached;
    watched->name = mem_dup(name);
    watched->short_name = mem_dup(log_print_short_name(attached->context, name));
    watched->existing.id = mem_dup(id);
    watched->existing.name = watched->name;
    watched->existing.service = mem_dup(service);
    watched->existing.number = number;
    watched->is_shown = shows_service(attached, service);
    map_set(&attached->watched, id, watched);
    return watched;
}

static void on_step_begun(void *arg, struct step *step)
{
    if (step->action == STEP_START)
        print_attaching(arg);
}

static void on_step_done(void *arg, struct step *step)
{
    struct attached *attached = arg;
    const struct instance *instance = step->instance;
    struct watched *watched;
    struct early_death *early;

    if (step->action != STEP_START || instance->id == NULL || instance->service == NULL)
        return;
    watched = watch(attached, instance->id, instance->name, instance->service, instance->number);
    if (watched->since_ns == 0 && instance->existing != NULL)
        watched->since_ns = attached->start_ns;
    watched->is_running = !watched->has_exit;
    watched->is_ended = false;
    follow(watched);
    early = map_remove(&attached->early, instance->id);
    if (early != NULL)
        on_died(watched, early->exit_code, early->time_ns);
    mem_free(early);
}

/* What ran already before this command is shown from now on. */
static void watch_existing(struct attached *attached)
{
    const struct plan *plan = attached->operation.plan;

    VEC_EACH (&plan->instances, item) {
        const struct instance *instance = *item;
        struct watched *watched;

        if (instance->existing == NULL || instance->wanted == NULL || instance->service == NULL ||
            (instance->kind->flags & KIND_RUNS) == 0 || instance->existing->state != STATE_RUNNING)
            continue;
        watched = watch(attached, instance->existing->id, instance->name, instance->service,
                        instance->number);
        watched->is_running = true;
        watched->since_ns = attached->start_ns;
        follow(watched);
    }
}

/* --- the end ------------------------------------------------------------------------------------
 */

static void begin_stop(struct attached *attached)
{
    if (attached->is_stopping)
        return;
    attached->is_stopping = true;
    attached->is_over = true;
}

/* Whose ends the command is about: of the services that were named, or (none were) of those that
   are shown. */
static bool is_asked_for(const struct attached *attached, const char *service)
{
    const struct text_list *named = attached->options->services;

    if (service == NULL)
        return false;
    return named->n > 0 ? text_list_has(named, service) : shows_service(attached, service);
}

static void note_exit(struct attached *attached, const struct watched *watched)
{
    const struct attached_options *options = attached->options;
    bool counts = options->exit_code_from == NULL ||
                  !is_asked_for(attached, options->exit_code_from) ||
                  text_is(watched->existing.service, options->exit_code_from);

    if (!is_asked_for(attached, watched->existing.service))
        return;
    if (counts && !attached->has_exit_status &&
        (options->exit_code_from != NULL || options->abort_on_exit ||
         (options->abort_on_failure && watched->exit_code != 0))) {
        attached->has_exit_status = true;
        attached->exit_status = (int)watched->exit_code;
    }
    if (options->abort_on_exit || (options->abort_on_failure && watched->exit_code != 0))
        begin_stop(attached);
}

static void check_end(struct attached *attached)
{
    bool is_any_left = false;

    if (!attached->is_planned)
        return;
    MAP_EACH (&attached->watched, entry) {
        const struct watched *watched = entry->value;

        if (watched->is_ended)
            note_exit(attached, watched);
        is_any_left =
            is_any_left || (watched->is_shown && (!watched->is_ended || watched->log != NULL));
    }
    if (!is_any_left)
        attached->is_over = true;
}

struct comes_back {
    struct attached *attached;
    char *id;
};

static const struct existing *find_instance(const struct existing_set *set, const char *id)
{
    VEC_EACH (&set->items, item) {
        if (text_is((*item)->id, id))
            return *item;
    }
    return NULL;
}

/* After a death: does the backend bring it back? */
static void on_looked(void *arg, struct existing_set *set, struct err *err)
{
    struct comes_back *looked = arg;
    struct watched *watched = map_find(&looked->attached->watched, looked->id);
    const struct existing *now = err_is_set(err) ? NULL : find_instance(set, looked->id);
    bool is_running = now != NULL && now->state == STATE_RUNNING;

    if (watched != NULL) {
        watched->is_looking = false;
        watched->is_dead = !is_running && (now == NULL || now->state != STATE_RESTARTING);
        report_exit(watched);
    }
    if (!err_is_set(err))
        existing_set_release(set);
    mem_free(looked->id);
    mem_free(looked);
}

static void look(struct watched *watched)
{
    struct attached *attached = watched->attached;
    const struct observe_query query = { .project = attached->context->project_name,
                                         .with_all = true,
                                         .only_running_kinds = true };
    struct comes_back *looked = MEM_NEW(struct comes_back);

    looked->attached = attached;
    looked->id = mem_dup(watched->existing.id);
    attached->context->ops->observe(attached->context->operator_handle, &query,
                                    &attached->context->findings, on_looked, looked);
}

/* What is followed next is what comes after it. */
static void on_died(struct watched *watched, int64_t exit_code, int64_t time_ns)
{
    watched->died_ns = time_ns;
    watched->has_exit = true;
    watched->is_running = false;
    watched->exit_code = exit_code;
    if (watched->is_looking)
        return;
    watched->is_looking = true;
    look(watched);
}

/* Restarted, by its policy or another command. (A start that is reported after the death of what it
   started is nothing new: the death asks how things are.) */
static void on_started(struct watched *watched)
{
    if (watched->has_exit || watched->is_running || !watched->attached->is_planned)
        return;
    watched->is_running = true;
    watched->is_ended = false;
    follow(watched);
}

static void note_early(struct attached *attached, const struct operator_event *event)
{
    struct early_death *early = map_find(&attached->early, event->id);

    if (early == NULL)
        early = MEM_NEW(struct early_death);
    early->exit_code = event->exit_code;
    early->time_ns = event->time_ns;
    map_set(&attached->early, event->id, early);
}

static void on_event(void *arg, const struct operator_event *event)
{
    struct attached *attached = arg;
    struct watched *watched = event->id == NULL ? NULL : map_find(&attached->watched, event->id);

    if (event->action == EVENT_DIED && watched == NULL && event->id != NULL)
        note_early(attached, event);
    if (watched == NULL)
        return;
    if (event->action == EVENT_DIED)
        on_died(watched, event->exit_code, event->time_ns);
    else if (event->action == EVENT_STARTED)
        on_started(watched);
    else if (event->action == EVENT_REMOVED) {
        watched->is_ended = true;
        check_end(attached);
    }
}

static void on_events_done(void *arg, int exit_code, struct err *err)
{
    struct attached *attached = arg;

    (void)exit_code;
    attached->events = NULL;
    if (err_is_set(err))
        context_warn(attached->context, "%s", err->text);
}

static void on_signal(void *arg, int signo)
{
    struct attached *attached = arg;

    (void)signo;
    attached->n_signals++;
    attached->is_over = true;
}

/* Stops what runs; a signal meanwhile kills it. */
static int stop_project(struct attached *attached, struct err *err)
{
    struct cmd_context *context = attached->context;
    struct plan_options plan = { .goal = GOAL_STOP,
                                 .services = attached->operation.options.services };
    ERR_AUTO(stop_err);
    int result;

    context->is_cancelled = false;
    context->is_stop_hard = true;
    result = operate_apply(context, &plan, "stop", false, &stop_err);
    if (context->is_cancelled) {
        err_release(&stop_err);
        context->is_cancelled = false;
        plan.goal = GOAL_KILL;
        plan.signal = "SIGKILL";
        result = operate_apply(context, &plan, "kill", false, &stop_err);
    }
    return result < 0 ? err_move(err, &stop_err) : 0;
}

static int wait_for_end(struct attached *attached, struct err *err)
{
    struct operate_signals signals;
    int result;

    operate_catch(attached->context, on_signal, attached, &signals);
    attached->is_planned = true;
    check_end(attached);
    result = operate_until(attached->context, &attached->is_over, err);
    operate_let_go(&signals);
    log_print_flush(&attached->print);
    return result;
}

/* Runs the plan and what follows; the lock is held only while the plan runs. */
static int run_phases(struct attached *attached, struct err *err)
{
    struct cmd_context *context = attached->context;
    struct operation *operation = &attached->operation;

    if (operation_prepare(operation, err) < 0)
        return -1;
    if (context->globals.dry_run) {
        if (operation_run(operation, err) < 0)
            return -1;
        str_add(&context->out,
                "end of 'compose up' output, interactive run is not supported in dry-run mode\n");
        return 0;
    }
    if (context->ops->events != NULL)
        attached->events =
            context->ops->events(context->operator_handle, context->project_name,
                                 attached->start_ns, 0, on_event, on_events_done, attached);
    watch_existing(attached);
    int result = operation_run(operation, err);
    attached->print.progress = NULL;
    if (result == 0) {
        print_attaching(attached);
        lock_release(operation->lock);
        operation->lock = NULL;
        if (wait_for_end(attached, err) < 0)
            return -1;
    } else if (!context->is_cancelled) {
        return -1;
    }
    err_release(err);
    if (err_is_set(&attached->print.err) && !context->is_cancelled)
        return err_move(err, &attached->print.err); /* nobody reads: the services go on */
    if (attached->n_signals > 0 || context->is_cancelled) {
        fputs(" Compose Stopping Gracefully Stopping... press Ctrl+C again to force\n", stderr);
        lock_release(operation->lock);
        operation->lock = NULL;
        if (stop_project(attached, err) < 0)
            return -1;
        log_print_flush(&attached->print);
        return err_set(err, ERR_INTERRUPTED, "interrupted");
    }
    if (attached->is_stopping) {
        fputs(" Compose Stopping Aborting on container exit...\n", stderr);
        if (stop_project(attached, err) < 0)
            return -1;
    }
    return attached->has_exit_status ? attached->exit_status : 0;
}

int attached_run(struct cmd_context *context, const struct plan_options *plan,
                 const struct attached_options *options, struct err *err)
{
    struct attached attached = {
        .context = context,
        .options = options,
        .operation = { .context = context,
                       .options = *plan,
                       .title = "up",
                       .assume_yes = options->assume_yes,
                       .step_begun = on_step_begun,
                       .step_done = on_step_done,
                       .arg = &attached },
        .start_ns = clock_wall_ns(),
    };
    int result;

    map_init(&attached.watched);
    map_init(&attached.early);
    log_print_init(&attached.print, context, &attached.is_over);
    attached.print.no_color = options->no_color;
    attached.print.no_prefix = options->no_prefix;
    attached.print.timestamps = options->timestamps;
    attached.print.split_streams = true;
    result = run_phases(&attached, err);
    if (attached.events != NULL)
        context->ops->stream_cancel(attached.events);
    MAP_EACH (&attached.watched, entry)
        watched_free(entry->value);
    map_release(&attached.watched);
    MAP_EACH (&attached.early, entry)
        mem_free(entry->value);
    map_release(&attached.early);
    log_print_release(&attached.print);
    operation_release(&attached.operation);
    return result;
}
