/*
 * run_project.c - see run_project.h.
 */
#include "base/base.h"

#include "run_project.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "compose-compat/file/load.h"
#include "data/yread.h"
#include "tap.h"

static void must(int result, const char *what, const struct err *err)
{
    if (result == 0)
        return;
    printf("Bail out! %s: %s\n", what, err->text ? err->text : "?");
    exit(99);
}

void run_project_open(struct run_project *run, const struct operator_ops *ops,
                      const char *const *environment)
{
    ERR_AUTO(err);
    struct operator_config config = { .environment = environment };

    memset(run, 0, sizeof(*run));
    run->ops = ops;
    run->environment = environment;
    str_init(&run->log, 0);
    must(loop_new(&run->loop, &err), "loop", &err);
    config.loop = run->loop;
    must(ops->open(&config, &run->handle, &err), "open", &err);
}

static void drop_project(struct run_project *run)
{
    if (!run->project)
        return;
    wanted_set_release(&run->wanted);
    project_free(run->project);
    run->project = NULL;
}

static void drop_plan(struct run_project *run)
{
    plan_free(run->plan);
    run->plan = NULL;
    if (run->has_existing)
        existing_set_release(&run->existing);
    run->has_existing = false;
}

void run_project_close(struct run_project *run)
{
    drop_plan(run);
    drop_project(run);
    run->ops->close(run->handle);
    loop_free(run->loop);
    arena_free(run->arena);
    str_release(&run->log);
}

static void print_findings(const struct findings *findings)
{
    for (size_t i = 0; i < findings->n; i++) {
        STR_AUTO(text);

        finding_print(&findings->items[i], &text);
        tap_note("%s", text.buf);
    }
}

int run_project_load(struct run_project *run, const char *folder, const char *name,
                     const char *yaml)
{
    struct findings findings = FINDINGS_INIT;
    struct yread_documents parsed = { NULL, 0, 0 };
    ERR_AUTO(err);
    STR_AUTO(path);
    const char *files[2] = { NULL, NULL };
    struct load_document document = { .dir = folder };
    struct load_options options = {
        .current_dir = folder,
        .files = files,
        .project_name = name,
        .environment = run->environment,
        .documents = &document,
        .n_documents = 1,
    };
    struct project *project = NULL;
    int result = -1;

    drop_plan(run);
    drop_project(run);
    arena_free(run->arena);
    run->arena = arena_new();
    path_join(folder, "compose.yaml", &path);
    files[0] = document.path = path.buf;
    if (yread_parse(run->arena, origin_add_file("compose.yaml", yaml, strlen(yaml)), yaml,
                    strlen(yaml), &parsed, &findings) == 0) {
        document.tree = parsed.items[0];
        result = compose_load(&options, &project, &findings, &err);
    }
    if (result == 0) {
        run->project = project;
        wanted_set_init(&run->wanted, project->name);
        result = run->ops->lower(project, &run->wanted, &findings);
    }
    if (result != 0 || findings.n_errors > 0) {
        print_findings(&findings);
        tap_note("%s", err.text ? err.text : "cannot be lowered");
        result = -1;
    }
    findings_release(&findings);
    return result;
}

/* --- waiting --------------------------------------------------------------------------------- */

struct waiting {
    struct run_project *run;
    bool is_done;
    struct err err;
};

static int wait_for(struct waiting *waiting, struct err *err)
{
    ERR_AUTO(loop_err);

    while (!waiting->is_done)
        must(loop_step(waiting->run->loop, -1, &loop_err), "loop", &loop_err);
    if (err_is_set(&waiting->err))
        return err_move(err, &waiting->err);
    return 0;
}

static void keep_err(struct waiting *waiting, struct err *err)
{
    waiting->is_done = true;
    if (err && err_is_set(err))
        err_move(&waiting->err, err);
}

static void on_observed(void *arg, struct existing_set *set, struct err *err)
{
    struct waiting *waiting = arg;

    if (set && !(err && err_is_set(err))) {
        waiting->run->existing = *set;
        waiting->run->has_existing = true;
    }
    keep_err(waiting, err);
}

int run_project_observe(struct run_project *run, struct err *err)
{
    struct waiting waiting = { .run = run };
    struct observe_query query = {
        .project = run->project->name,
        .wanted = &run->wanted,
        .with_all = true,
        .with_artifacts = true,
    };
    struct findings findings = FINDINGS_INIT;
    int result;

    drop_plan(run);
    run->ops->observe(run->handle, &query, &findings, on_observed, &waiting);
    result = wait_for(&waiting, err);
    findings_release(&findings);
    return result;
}

int run_project_plan(struct run_project *run, const struct plan_options *options, struct err *err)
{
    struct findings findings = FINDINGS_INIT;
    int result;

    plan_free(run->plan);
    run->plan = NULL;
    result = plan_make(&run->wanted, &run->existing, options, &run->plan, &findings, err);
    print_findings(&findings);
    findings_release(&findings);
    return result;
}

static void on_step(void *arg, struct step *step, const struct err *err)
{
    static const char *const names[] = { "waiting", "running", "done",    "unchanged",
                                         "failed",  "skipped", "unneeded" };
    struct run_project *run = arg;

    if (!run->is_logging)
        return;
    str_printf(&run->log, "%s %s %s", names[step->status], step_action_name(step->action),
               step->instance->name);
    if (err)
        str_printf(&run->log, ": %s", err->text);
    str_add_char(&run->log, '\n');
}

static void on_executed(void *arg, struct err *err)
{
    keep_err(arg, err);
}

int run_project_execute(struct run_project *run, struct err *err)
{
    struct waiting waiting = { .run = run };
    struct execute_options options = { .max_in_flight = run->max_in_flight };
    struct execute_observer observer = { .arg = run, .step = on_step };
    struct execution *execution = execute_start(run->loop, run->ops, run->handle, run->plan,
                                                &options, &observer, on_executed, &waiting);
    int result = wait_for(&waiting, err);

    execute_free(execution);
    return result;
}

int run_project_do(struct run_project *run, const struct plan_options *options, struct err *err)
{
    if (run_project_observe(run, err) != 0 || run_project_plan(run, options, err) != 0)
        return -1;
    return run_project_execute(run, err);
}
