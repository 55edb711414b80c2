/*
 * context.h - what a running command has at hand: global options, the project, the operator, the
 * terminal. Filled in by the dispatcher as far as the command needs it.
 */
#ifndef OCTO_CMD_CONTEXT_H
#define OCTO_CMD_CONTEXT_H

#include "base/findings.h"
#include "base/loop.h"
#include "base/vec.h"
#include "cmd/terminal.h"
#include "config/load.h"
#include "plan/operator.h"

struct cmd_globals {
    struct text_list configs, files, profiles, env_files;
    const char *project_name, *project_dir, *old_project_dir;
    const char *operator_name, *host, *context;
    const char *ansi, *progress, *log_level, *findings;
    struct opt_int parallel;
    bool compatibility, all_resources, dry_run, help, version, no_ansi, verbose;
    bool ignore_lock;
    struct opt_int lock_timeout;
};

enum progress_mode { PROGRESS_PLAIN, PROGRESS_TTY, PROGRESS_JSON, PROGRESS_QUIET };

/* How `config` wants the project loaded; everything else loads it whole. */
struct load_tweaks {
    bool no_interpolate, no_normalize, no_path_resolution, no_consistency, no_env_resolution,
        tree_only, select_only, shared_names;
};

struct cmd_context {
    struct arena *arena;
    struct loop *loop;
    const char *const *environment;
    struct cmd_globals globals;
    struct load_tweaks load;
    struct findings findings;
    struct terminal terminal;
    enum progress_mode progress_mode;
    /* Of an image that is fetched or built nothing is shown but its begin and end. */
    bool no_pull_parts, no_build_parts;
    bool is_findings_json; /* findings are kept and end up in one document */
    char *project_name;    /* heap */
    struct config config;
    struct project *project; /* config.project; NULL: there is only a name */
    const struct operator_ops *ops;
    void *operator_handle;
    struct str out;    /* standard output, written at the end or by context_flush() */
    bool is_cancelled; /* a signal asked the command to end */
    bool is_stop_hard; /* the first signal from now on ends what runs at once */
};

int context_init(struct cmd_context *context, char **environment, struct err *err) ATTR_MUST_CHECK;
void context_release(struct cmd_context *context);
/* The value of a variable of the process environment, or NULL. */
const char *context_env(const struct cmd_context *context, const char *name);
/* What the command line and the environment say about loading, for who does not load by
   context_load(). In the context's arena. */
int context_load_options(struct cmd_context *context, struct config_options *ret_options,
                         struct err *err) ATTR_MUST_CHECK;
/* Loads the project (findings are printed by the dispatcher). services: the named ones, or NULL. */
int context_load(struct cmd_context *context, unsigned needs, const struct text_list *services,
                 struct err *err) ATTR_MUST_CHECK;
int context_open_operator(struct cmd_context *context, struct err *err) ATTR_MUST_CHECK;
/* Writes what is in context->out to standard output. */
int context_flush(struct cmd_context *context, struct err *err) ATTR_MUST_CHECK;
/* A line that says what came of the command: on stderr, or stdout with COMPOSE_STATUS_STDOUT. */
void context_tell(struct cmd_context *context, const char *line);
/* A line on stderr in docker compose's form of a warning. */
void context_warn(struct cmd_context *context, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* Prints findings (sorted) on stderr and forgets them; as JSON they wait for the end. */
void context_print_findings(struct cmd_context *context);
/* The end, with findings as JSON: one document on stderr with all of them and the error that ended
   the command (not set: none did); nothing when there is nothing to say. */
void context_end_findings(struct cmd_context *context, const struct err *err);

#endif
