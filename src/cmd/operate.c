/*
 * operate.c - the way from a command to the operator and back, on the event loop. Used by all verbs
 * that look at or change what exists.
 */
#include "base/base.h"

#include "cmd/operate.h"
#include "cmd/commands.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

int operate_until(struct cmd_context *context, const bool *done, struct err *err)
{
    while (!*done) {
        if (loop_step(context->loop, -1, err) < 0)
            return -1;
    }
    return 0;
}

void operate_catch(struct cmd_context *context, loop_signal_fn fn, void *arg,
                   struct operate_signals *ret_signals)
{
    static const int numbers[] = { SIGINT, SIGTERM };

    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        ret_signals->sources[i] = loop_add_signal(context->loop, numbers[i], fn, arg);
        loop_set_background(ret_signals->sources[i]);
    }
}

void operate_let_go(struct operate_signals *signals)
{
    for (size_t i = 0; i < ARRAY_LEN(signals->sources); i++)
        loop_remove(signals->sources[i]);
}

struct observation {
    bool is_done;
    struct existing_set *set;
    struct err err;
};

static void on_observed(void *arg, struct existing_set *set, struct err *err)
{
    struct observation *observation = arg;

    observation->is_done = true;
    if (err_is_set(err))
        err_move(&observation->err, err);
    else
        *observation->set = *set;
}

int operate_observe(struct cmd_context *context, const struct observe_query *query,
                    struct existing_set *ret_set, struct err *err)
{
    struct observation observation = { .set = ret_set, .err = ERR_INIT };

    memset(ret_set, 0, sizeof(*ret_set));
    context->ops->observe(context->operator_handle, query, &context->findings, on_observed,
                          &observation);
    if (operate_until(context, &observation.is_done, err) < 0)
        return -1;
    if (err_is_set(&observation.err))
        return err_move(err, &observation.err);
    return 0;
}

const char *const *operate_services(struct cmd_context *context, const struct text_list *words)
{
    const char **services;

    if (words == NULL || words->n == 0)
        return NULL;
    services = ARENA_NEW_N(context->arena, const char *, words->n + 1);
    for (size_t i = 0; i < words->n; i++)
        services[i] = words->items[i];
    return services;
}

void operate_timeout(struct plan_options *options, struct opt_int seconds)
{
    options->has_timeout = seconds.has;
    options->timeout_ns = seconds.value * 1000000000;
}

void operate_wait_timeout(struct plan_options *options, struct opt_int seconds)
{
    options->has_wait_timeout = seconds.has && seconds.value > 0;
    options->wait_timeout_ns = seconds.value * 1000000000;
}

int operate_remove_orphans(struct cmd_context *context, struct plan_options *options, bool is_given,
                           struct err *err)
{
    const char *text = context_env(context, "COMPOSE_REMOVE_ORPHANS");

    if (text != NULL && text_to_bool(text, &options->remove_orphans) < 0)
        return err_set(err, ERR_USAGE, "COMPOSE_REMOVE_ORPHANS: \"%s\" is no boolean", text);
    options->remove_orphans = options->remove_orphans || is_given;
    return 0;
}

int operate_pull_policy(struct plan_options *options, const char *text, struct err *err)
{
    static const struct {
        const char *text;
        enum artifact_policy policy;
    } policies[] = {
        { "always", ARTIFACT_ALWAYS },
        { "missing", ARTIFACT_MISSING },
        { "if_not_present", ARTIFACT_MISSING },
        { "never", ARTIFACT_NEVER },
        { "build", ARTIFACT_BUILD },
    };

    if (text == NULL || text_is(text, "policy"))
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
        if (text_is(text, policies[i].text)) {
            options->has_pull_policy = true;
            options->pull_policy = policies[i].policy;
            return 0;
        }
    }
    return err_set(err, ERR_USAGE, "invalid --pull option \"%s\" (always, missing, never, build)",
                   text);
}

int operate_scale(struct cmd_context *context, struct plan_options *options,
                  const struct text_list *scale, struct err *err)
{
    struct plan_scale *rows = ARENA_NEW_N(context->arena, struct plan_scale, scale->n + 1);

    for (size_t i = 0; i < scale->n; i++) {
        struct slice number = slice_from(scale->items[i]);
        struct slice name;

        if (!slice_split(&number, '=', &name))
            return err_set(err, ERR_USAGE, "invalid --scale option \"%s\": SERVICE=NUM is expected",
                           scale->items[i]);
        rows[i].service = arena_dup_len(context->arena, name.at, name.len);
        if (text_to_int(number.at, &rows[i].replicas) < 0 || rows[i].replicas < 0)
            return err_set(err, ERR_USAGE,
                           "invalid --scale option \"%s\": \"%s\" is no number of "
                           "instances",
                           scale->items[i], number.at);
        if (context->project != NULL &&
            project_find_service(context->project, rows[i].service) == NULL)
            return err_set(err, ERR_NOT_FOUND, "no such service: %s", rows[i].service);
    }
    options->scale = rows;
    options->n_scale = scale->n;
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    const struct existing *const *x = a;
    const struct existing *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

int operate_instances(struct cmd_context *context, const struct text_list *services, bool with_all,
                      bool with_one_offs, struct existing_set *ret_set, struct err *err)
{
    const struct observe_query query = { .project = context->project_name,
                                         .with_all = with_all,
                                         .only_running_kinds = true };
    size_t kept = 0;

    /* Without a description there is nothing to check a name against. */
    for (size_t i = 0; context->project != NULL && services != NULL && i < services->n; i++) {
        if (project_find_service(context->project, services->items[i]) == NULL)
            return err_set(err, ERR_NOT_FOUND, "no such service: %s", services->items[i]);
    }
    if (operate_observe(context, &query, ret_set, err) < 0)
        return -1;
    for (size_t i = 0; i < ret_set->items.n; i++) {
        struct existing *existing = ret_set->items.items[i];
        bool is_named = services == NULL || services->n == 0 ||
                        (existing->service != NULL && text_list_has(services, existing->service));

        if (is_named && (with_one_offs || !existing->is_one_off) && !existing->is_helper)
            ret_set->items.items[kept++] = existing;
    }
    ret_set->items.n = kept;
    if (kept > 0)
        qsort(ret_set->items.items, kept, sizeof(ret_set->items.items[0]), compare_names);
    return 0;
}

int operate_pick(struct cmd_context *context, const char *service, int64_t index,
                 struct existing_set *ret_set, const struct existing **ret_instance,
                 struct err *err)
{
    const struct existing *best = NULL;

    if (operate_instances(context, NULL, false, true, ret_set, err) < 0)
        return -1;
    VEC_EACH (&ret_set->items, item) {
        const struct existing *existing = *item;

        if (!text_is(existing->service, service) ||
            (index > 0 && (existing->number != index || existing->is_one_off)))
            continue;
        if (best == NULL || (best->is_one_off && !existing->is_one_off) ||
            (best->is_one_off == existing->is_one_off && existing->number < best->number))
            best = existing;
    }
    if (best == NULL) {
        existing_set_release(ret_set);
        if (index > 0)
            return err_set(err, ERR_NOT_FOUND, "service \"%s\" is not running container #%lld",
                           service, (long long)index);
        return err_set(err, ERR_NOT_FOUND, "service \"%s\" is not running", service);
    }
    *ret_instance = best;
    return 0;
}

/* --- operation ----------------------------------------------------------------------------------
 */

struct lock_wait {
    struct cmd_context *context;
    bool is_done;
    struct lock *lock;
    struct err err;
};

static void on_lock_waiting(void *arg, const char *holder)
{
    struct lock_wait *wait = arg;

    context_warn(wait->context, "waiting for another command on project \"%s\" (%s)",
                 wait->context->project_name, holder);
}

static void on_locked(void *arg, struct lock *lock, struct err *err)
{
    struct lock_wait *wait = arg;

    wait->is_done = true;
    wait->lock = lock;
    if (err_is_set(err))
        err_move(&wait->err, err);
}

static int take_lock(struct operation *operation, struct err *err)
{
    struct cmd_context *context = operation->context;
    const struct opt_int timeout = context->globals.lock_timeout;
    struct lock_wait wait = { .context = context, .err = ERR_INIT };
    STR_AUTO(place);

    context->ops->identity(context->operator_handle, &place);
    lock_take(context->loop, context->ops->name, place.buf,
              context->project_name, timeout.has ? timeout.value * 1000 : -1, on_lock_waiting,
              on_locked, &wait);
    if (operate_until(context, &wait.is_done, err) < 0)
        return -1;
    operation->lock = wait.lock;
    return err_is_set(&wait.err) ? err_move(err, &wait.err) : 0;
}

bool operate_confirm(const struct cmd_context *context, const char *question)
{
    char answer[16] = "";

    printf("%s%s", question, context->terminal.is_in ? " [y/N]: " : "");
    fflush(stdout);
    if (fgets(answer, sizeof(answer), stdin) == NULL)
        return false;
    answer[strcspn(answer, "\r\n")] = '\0';
    return strcmp(answer, "y") == 0 || strcmp(answer, "Y") == 0 || strcmp(answer, "yes") == 0 ||
           strcmp(answer, "1") == 0 || strcmp(answer, "t") == 0 || strcmp(answer, "true") == 0;
}

static int make_plan(struct operation *operation, struct err *err)
{
    plan_free(operation->plan);
    operation->plan = NULL;
    /* Without a description everything that exists is meant. */
    return plan_make(operation->context->project == NULL ? NULL : &operation->wanted,
                     &operation->existing, &operation->options, &operation->plan,
                     &operation->context->findings, err);
}

/* Data that differs is replaced only when the user says so, here and now. */
static int settle_data(struct operation *operation, struct err *err)
{
    struct plan *plan = operation->plan;
    bool replace = plan->data_conflicts.n > 0;
    STR_AUTO(question);

    for (size_t i = 0; i < plan->data_conflicts.n && replace; i++) {
        const struct existing *existing = plan->data_conflicts.items[i];

        str_clear(&question);
        str_printf(&question,
                   "%s \"%s\" exists but doesn't match configuration in compose file. Recreate "
                   "(data will be lost)?",
                   existing->kind->title, existing->name);
        if (operation->assume_yes)
            continue;
        replace =
            operation->context->terminal.is_in && operate_confirm(operation->context, question.buf);
    }
    if (replace) {
        operation->options.replace_data = true;
        return make_plan(operation, err);
    }
    for (size_t i = 0; i < plan->data_conflicts.n; i++)
        context_warn(
            operation->context, "%s \"%s\" does not match its definition and was left as it is",
            plan->data_conflicts.items[i]->kind->title, plan->data_conflicts.items[i]->name);
    return 0;
}

static void warn_of_rest(struct operation *operation)
{
    const struct plan *plan = operation->plan;
    const struct cmd_context *context = operation->context;
    const char *ignore = context_env(context, "COMPOSE_IGNORE_ORPHANS");
    bool is_ignored = false;
    STR_AUTO(names);

    if (ignore != NULL && text_to_bool(ignore, &is_ignored) < 0)
        is_ignored = false;
    for (size_t i = 0; i < plan->orphans.n; i++)
        str_printf(&names, "%s%s", i > 0 ? ", " : "", plan->orphans.items[i]->name);
    if (plan->orphans.n > 0 && !is_ignored &&
        (operation->options.goal == GOAL_UP || operation->options.goal == GOAL_CREATE))
        context_warn(
            operation->context,
            "Found orphan containers (%s) for this project. If you removed or renamed this "
            "service in your compose file, you can run this command with the "
            "--remove-orphans flag to clean it up.",
            names.buf);
    for (size_t i = 0; i < plan->foreign.n; i++) {
        const struct existing *existing = plan->foreign.items[i];

        context_warn(operation->context,
                     "a %s with name %s exists but was not created for project \"%s\". Set "
                     "`external: true` to use an existing %s",
                     existing->kind->name, existing->name, context->project_name,
                     existing->kind->name);
    }
}

static bool makes_something(enum plan_goal goal)
{
    return goal == GOAL_UP || goal == GOAL_CREATE || goal == GOAL_BUILD || goal == GOAL_PULL;
}

static int refuse(const struct cmd_context *context, struct err *err)
{
    return err_set(err, ERR_INPUT, "the project cannot be run by operator \"%s\"",
                   context->ops->name);
}

/* What an operator cannot do matters to what makes something; anything else works with what exists,
   whatever was written since. */
static int lower_project(struct operation *operation, struct err *err)
{
    struct cmd_context *context = operation->context;
    struct findings unused = FINDINGS_INIT;
    bool is_told = makes_something(operation->options.goal);

    if (context->ops->lower(context->project, &operation->wanted,
                            is_told ? &context->findings : &unused) < 0 &&
        is_told)
        return refuse(context, err);
    findings_release(&unused);
    return 0;
}

static int check_plan(struct operation *operation, struct err *err)
{
    struct cmd_context *context = operation->context;

    if (context->ops->check == NULL || !makes_something(operation->options.goal))
        return 0;
    context->ops->check(context->operator_handle, operation->plan, &context->findings);
    if (context->findings.n_errors > 0)
        return err_set(err, ERR_INPUT, "the project cannot be run on this machine");
    context_print_findings(context);
    return 0;
}

int operation_prepare(struct operation *operation, struct err *err)
{
    struct cmd_context *context = operation->context;
    const enum plan_goal goal = operation->options.goal;
    const struct observe_query query = {
        .project = context->project_name,
        .wanted = context->project == NULL ? NULL : &operation->wanted,
        .with_all = true,
        .only_running_kinds = !makes_something(goal) && goal != GOAL_DOWN,
        .with_artifacts = makes_something(goal) || operation->options.remove_images != NULL,
        .is_for_making = goal == GOAL_UP || goal == GOAL_CREATE,
    };

    wanted_set_init(&operation->wanted, context->project_name);
    if (!context->globals.dry_run && take_lock(operation, err) < 0)
        return -1;
    if (context->project != NULL && lower_project(operation, err) < 0)
        return -1;
    if (operate_observe(context, &query, &operation->existing, err) < 0)
        return -1;
    bool is_refused = context->findings.n_errors > 0 && query.is_for_making;
    context_print_findings(context);
    if (is_refused)
        return refuse(context, err);
    if (make_plan(operation, err) < 0 || check_plan(operation, err) < 0 ||
        settle_data(operation, err) < 0)
        return -1;
    warn_of_rest(operation);
    return 0;
}

static void on_step(void *arg, struct step *step, const struct err *err)
{
    struct operation *operation = arg;

    if (operation->step_begun != NULL && step->status == STEP_RUNNING)
        operation->step_begun(operation->arg, step);
    progress_step(operation->progress, step, err);
    if (operation->step_done != NULL &&
        (step->status == STEP_DONE || step->status == STEP_UNCHANGED))
        operation->step_done(operation->arg, step);
}

static void on_progress(void *arg, struct step *step, const struct step_progress *progress)
{
    struct operation *operation = arg;

    progress_part(operation->progress, step, progress);
}

static void on_before_start(void *arg, struct step *step, void (*resume)(void *token), void *token)
{
    struct operation *operation = arg;

    operation->before_start(operation->arg, step, resume, token);
}

static void on_executed(void *arg, struct err *err)
{
    struct operation *operation = arg;

    operation->is_done = true;
    if (err_is_set(err))
        err_move(operation->result, err);
}

static void on_signal(void *arg, int signo)
{
    struct operation *operation = arg;

    (void)signo;
    operation->n_signals++;
    operation->context->is_cancelled = true;
    execute_cancel(operation->execution,
                   operation->n_signals > 1 || operation->context->is_stop_hard);
}

static int execute(struct operation *operation, struct err *err)
{
    struct cmd_context *context = operation->context;
    const struct opt_int parallel = context->globals.parallel;
    const struct execute_options options = {
        .max_in_flight = parallel.has && parallel.value > 0 ? (unsigned)parallel.value : 0,
        .retries = 2,
    };
    const struct execute_observer observer = {
        .arg = operation,
        .step = on_step,
        .progress = on_progress,
        .before_start = operation->before_start == NULL ? NULL : on_before_start,
    };
    struct operate_signals signals;
    int result;

    operate_catch(context, on_signal, operation, &signals);
    operation->result = err;
    operation->is_done = false;
    operation->execution =
        execute_start(context->loop, context->ops, context->operator_handle, operation->plan,
                      &options, &observer, on_executed, operation);
    result = operate_until(context, &operation->is_done, err);
    execute_free(operation->execution);
    operation->execution = NULL;
    operate_let_go(&signals);
    return result < 0 || err_is_set(err) ? -1 : 0;
}

static bool changes(const struct step *step, bool is_after)
{
    return step->action != STEP_AWAIT && (!is_after || step->status != STEP_UNNEEDED);
}

/* What runs already and stays as it is is shown as well: before the run what has no steps, and
   after it what had some, none of which was needed. */
static void show_running(struct operation *operation, bool is_after)
{
    const struct plan *plan = operation->plan;
    MAP_AUTO(touched);
    MAP_AUTO(planned);

    VEC_EACH (&plan->steps, step) {
        if (changes(*step, false))
            map_set(&planned, (*step)->instance->name, *step);
        if (changes(*step, is_after))
            map_set(&touched, (*step)->instance->name, *step);
    }
    VEC_EACH (&plan->instances, item) {
        const struct instance *instance = *item;
        STR_AUTO(id);

        if (!instance->is_place || instance->existing->state != STATE_RUNNING ||
            map_has(&touched, instance->name) || map_has(&planned, instance->name) != is_after)
            continue;
        str_printf(&id, "%s %s", instance->kind->title, instance->name);
        progress_event(operation->progress, id.buf, "Running", NULL, true);
    }
}

/* Freezing what is frozen, and the like, is an error once the rest is done, as with docker compose;
   anything else that is so already is shown as done. */
static bool refuses_settled(const struct operation *operation)
{
    return operation->options.goal == GOAL_PAUSE || operation->options.goal == GOAL_UNPAUSE;
}

static int check_settled(const struct operation *operation, struct err *err)
{
    const struct instance *instance;

    if (!refuses_settled(operation) || operation->plan->settled.n == 0)
        return 0;
    instance = operation->plan->settled.items[0].instance;
    return err_set(err, ERR_CONFLICT, "%s \"%s\" is %s", instance->kind->name, instance->name,
                   instance->existing->state == STATE_PAUSED ? "already paused"
                   : operation->options.goal == GOAL_UNPAUSE ? "not paused"
                                                             : "restarting");
}

static void show_settled(struct operation *operation)
{
    if (refuses_settled(operation))
        return;
    VEC_EACH (&operation->plan->settled, settled)
        progress_settled(operation->progress, settled);
}

int operation_run(struct operation *operation, struct err *err)
{
    struct cmd_context *context = operation->context;
    const enum plan_goal goal = operation->options.goal;
    bool makes_places = goal == GOAL_UP || goal == GOAL_CREATE;
    int result = 0;

    operation->progress = progress_new(context, operation->title, operation->plan);
    if (makes_places)
        show_running(operation, false);
    show_settled(operation);
    if (operation->before_run != NULL)
        operation->before_run(operation->arg);
    if (context->globals.dry_run)
        progress_pretend(operation->progress, operation->plan);
    else
        result = execute(operation, err);
    if (makes_places && result == 0 && !context->globals.dry_run)
        show_running(operation, true);
    progress_free(operation->progress);
    operation->progress = NULL;
    if (context->is_cancelled && !context->globals.dry_run) {
        err_release(err);
        return err_set(err, ERR_INTERRUPTED, "interrupted");
    }
    return result < 0 ? -1 : check_settled(operation, err);
}

void operation_release(struct operation *operation)
{
    plan_free(operation->plan);
    operation->plan = NULL;
    if (operation->existing.arena != NULL)
        existing_set_release(&operation->existing);
    if (operation->wanted.arena != NULL)
        wanted_set_release(&operation->wanted);
    if (operation->lock != NULL)
        lock_release(operation->lock);
    operation->lock = NULL;
}

int operate_apply(struct cmd_context *context, const struct plan_options *options,
                  const char *title, bool assume_yes, struct err *err)
{
    struct operation operation = {
        .context = context, .options = *options, .title = title, .assume_yes = assume_yes
    };
    int result = operation_prepare(&operation, err);

    if (result == 0)
        result = operation_run(&operation, err);
    operation_release(&operation);
    return result;
}
