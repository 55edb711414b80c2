/*
 * dispatch.c - from argv to a command: global options, the command's own, what it needs, its run,
 * and the check that its output was written. The only place that turns errors into messages and
 * exit statuses.
 */
#include "base/base.h"

#include "cmd/cmd.h"
#include "cmd/commands.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "data/jwrite.h"

#define OPTIONS_OF cmd_globals
const struct option_row cmd_global_options[] = {
    OPTION(0, "all-resources", OPTION_BOOL, all_resources,
           "Keep resources that no enabled service uses"),
    OPTION_VALUE(0, "ansi", OPTION_TEXT, ansi, "string",
                 "When to print colours and control characters (\"never\"|\"always\"|\"auto\")"),
    OPTION(0, "compatibility", OPTION_BOOL, compatibility,
           "Name containers as the first generation of docker compose did"),
    OPTION('c', "config", OPTION_TEXTS, configs,
           "OctoCompose configuration; the first of several weighs most"),
    OPTION_VALUE(0, "context", OPTION_TEXT, context, "string", "Docker context to use"),
    OPTION(0, "dry-run", OPTION_BOOL, dry_run, "Show what would be done, change nothing"),
    OPTION(0, "env-file", OPTION_TEXTS, env_files, "Read variables from this file instead of .env"),
    OPTION_VALUE(
        0, "findings", OPTION_TEXT, findings, "string",
        "What is wrong with the input, on stderr: \"text\", or one \"json\" document at the end "
        "(default: OCTOCOMPOSE_FINDINGS, else text)"),
    OPTION('f', "file", OPTION_TEXTS, files, "Compose file; several are merged in order"),
    OPTION_VALUE('H', "host", OPTION_TEXT, host, "string", "Endpoint of the operator's backend"),
    OPTION_VALUE(0, "lock-timeout", OPTION_INT, lock_timeout, "seconds",
                 "How long to wait for another command on this project (default: without end)"),
    OPTION_VALUE(0, "log-level", OPTION_TEXT, log_level, "string",
                 "Diagnostics on stderr (\"debug\"|\"info\"|\"warn\"|\"error\"|\"off\")"),
    OPTION_VALUE(0, "operator", OPTION_TEXT, operator_name, "string",
                 "What runs the project (default \"docker\")"),
    OPTION(0, "parallel", OPTION_INT, parallel,
           "Calls in flight at the most, -1 for the best number"),
    OPTION(0, "profile", OPTION_TEXTS, profiles, "Enable a profile"),
    OPTION(0, "progress", OPTION_TEXT, progress,
           "Kind of progress output (auto, tty, plain, json, quiet)"),
    OPTION(0, "project-directory", OPTION_TEXT, project_dir,
           "Folder that relative paths start from (default: the first file's)"),
    OPTION('p', "project-name", OPTION_TEXT, project_name, "Project name"),
    OPTION_QUIET('h', "help", OPTION_BOOL, help),
    OPTION_QUIET('v', "version", OPTION_BOOL, version),
    OPTION_QUIET(0, "no-ansi", OPTION_BOOL, no_ansi),
    OPTION_QUIET(0, "verbose", OPTION_BOOL, verbose),
    OPTION_QUIET(0, "workdir", OPTION_TEXT, old_project_dir),
    OPTIONS_END,
};
#undef OPTIONS_OF

/* What every command accepts after its name. */
#define OPTIONS_OF cmd_globals
static const struct option_row common_options[] = {
    OPTION(0, "dry-run", OPTION_BOOL, dry_run, "Show what would be done, change nothing"),
    OPTION_QUIET('h', "help", OPTION_BOOL, help),
    OPTIONS_END,
};
#undef OPTIONS_OF

const struct cmd *cmd_find(const char *name)
{
    for (size_t i = 0; cmd_table[i] != NULL; i++) {
        if (strcmp(cmd_table[i]->name, name) == 0)
            return cmd_table[i];
    }
    return NULL;
}

static int set_up_progress(struct cmd_context *context, struct err *err)
{
    const char *progress = context->globals.progress;
    const char *ansi = context->globals.ansi;

    if (progress == NULL)
        progress = context_env(context, "COMPOSE_PROGRESS");
    if (progress == NULL || progress[0] == '\0' || strcmp(progress, "auto") == 0) {
        bool is_plain = text_is(ansi, "never") || !context->terminal.is_err;
        context->progress_mode = is_plain ? PROGRESS_PLAIN : PROGRESS_TTY;
    } else if (strcmp(progress, "tty") == 0) {
        if (text_is(ansi, "never"))
            return err_set(err, ERR_USAGE,
                           "can't use --progress tty while ANSI support is disabled");
        context->progress_mode = PROGRESS_TTY;
    } else if (strcmp(progress, "plain") == 0) {
        if (text_is(ansi, "always"))
            return err_set(err, ERR_USAGE,
                           "can't use --progress plain while ANSI support is forced");
        context->progress_mode = PROGRESS_PLAIN;
    } else if (strcmp(progress, "json") == 0) {
        context->progress_mode = PROGRESS_JSON;
    } else if (strcmp(progress, "quiet") == 0 || strcmp(progress, "none") == 0) {
        context->progress_mode = PROGRESS_QUIET;
    } else {
        return err_set(err, ERR_USAGE, "unsupported --progress value \"%s\"", progress);
    }
    return 0;
}

static int set_up_findings(struct cmd_context *context, struct err *err)
{
    const char *form = context->globals.findings;

    if (form == NULL)
        form = context_env(context, "OCTOCOMPOSE_FINDINGS");
    if (form == NULL || form[0] == '\0' || strcmp(form, "text") == 0)
        return 0;
    if (strcmp(form, "json") != 0)
        return err_set(err, ERR_USAGE, "unknown form of findings \"%s\" (text, json)", form);
    context->is_findings_json = true;
    return 0;
}

static int set_up_globals(struct cmd_context *context, struct err *err)
{
    struct cmd_globals *globals = &context->globals;
    const char *level_text = globals->log_level;
    const char *no_color = context_env(context, "NO_COLOR");
    enum log_level level = LOG_OFF;

    if (level_text == NULL)
        level_text = context_env(context, "OCTOCOMPOSE_LOG");
    if (globals->verbose)
        level_text = "debug";
    if (level_text != NULL && log_level_parse(level_text, &level) < 0)
        return err_set(err, ERR_USAGE, "unknown log level \"%s\" (debug, info, warn, error, off)",
                       level_text);
    log_set_level(level);
    if (set_up_findings(context, err) < 0)
        return -1;
    if (globals->ansi == NULL)
        globals->ansi = context_env(context, "COMPOSE_ANSI");
    if (globals->no_ansi) {
        if (globals->ansi != NULL && strcmp(globals->ansi, "auto") != 0)
            return err_set(err, ERR_USAGE,
                           "cannot specify DEPRECATED \"--no-ansi\" and \"--ansi\"");
        globals->ansi = "never";
    }
    if (globals->ansi != NULL && !text_is(globals->ansi, "never") &&
        !text_is(globals->ansi, "always") && !text_is(globals->ansi, "auto"))
        return err_set(err, ERR_USAGE, "unknown --ansi value \"%s\" (never, always, auto)",
                       globals->ansi);
    if (globals->old_project_dir != NULL) {
        if (globals->project_dir != NULL)
            return err_set(err, ERR_USAGE,
                           "cannot specify DEPRECATED '--workdir' and '--project-directory'");
        globals->project_dir = globals->old_project_dir;
    }
    terminal_init(&context->terminal, globals->ansi, no_color != NULL && no_color[0] != '\0');
    return set_up_progress(context, err);
}

static int check_words(const struct cmd *cmd, const struct text_list *words, struct err *err)
{
    if ((int)words->n < cmd->min_words)
        return err_set(err, ERR_USAGE, "requires at least %d arg(s), only received %zu",
                       cmd->min_words, words->n);
    if (cmd->max_words == 0 && words->n > 0)
        return err_set(err, ERR_USAGE, "unknown command \"%s\" for \"octocompose %s\"",
                       words->items[0], cmd->name);
    if (cmd->max_words >= 0 && (int)words->n > cmd->max_words)
        return err_set(err, ERR_USAGE, "accepts at most %d arg(s), received %zu", cmd->max_words,
                       words->n);
    return 0;
}

/* Loads and opens what the command asks for. */
static int provide(struct cmd_context *context, const struct cmd *cmd,
                   const struct text_list *words, struct err *err)
{
    if ((cmd->needs & (NEEDS_PROJECT | NEEDS_PROJECT_OR_NAME)) != 0) {
        int result = context_load(context, cmd->needs, cmd->words_are_services ? words : NULL, err);

        context_print_findings(context);
        if (result < 0)
            return -1;
    }
    if ((cmd->needs & NEEDS_OPERATOR) != 0 && context_open_operator(context, err) < 0)
        return -1;
    return 0;
}

static int run_command(struct cmd_context *context, const struct cmd *cmd, int argc,
                       const char *const *argv, struct err *err)
{
    void *options = arena_alloc(context->arena, cmd->options_size);
    struct text_list words = { 0 };
    const struct option_set sets[] = {
        { cmd->options, options },
        { common_options, &context->globals },
    };
    int status;

    if (options_parse(context->arena, sets, ARRAY_LEN(sets), argc, argv,
                      (cmd->flags & CMD_STOP_AT_WORD) != 0, &words, err) < 0)
        return -1;
    if (context->globals.help) {
        help_print(cmd, &context->out);
        return 0;
    }
    if (check_words(cmd, &words, err) < 0 || provide(context, cmd, &words, err) < 0)
        return -1;
    status = cmd->run(context, options, &words, err);
    context_print_findings(context);
    return status;
}

/* A word that is no command; those of docker compose that are missing here are called by name. */
static int refuse_command(const char *word, struct err *err)
{
    static const char *const missing[] = {
        "bridge", "commit", "cp",    "events", "export",  "images", "port",  "publish",
        "push",   "run",    "stats", "top",    "volumes", "wait",   "watch",
    };

    for (size_t i = 0; i < ARRAY_LEN(missing); i++) {
        if (text_is(word, missing[i]))
            return err_set(err, ERR_USAGE,
                           "\"%s\" of docker compose is not there yet: "
                           "octocompose --help lists the commands",
                           word);
    }
    return err_set(err, ERR_USAGE, "unknown command \"%s\": octocompose --help lists the commands",
                   word);
}

static int run_line(struct cmd_context *context, int argc, const char *const *argv, struct err *err)
{
    const struct option_set sets[] = { { cmd_global_options, &context->globals } };
    struct text_list words = { 0 };
    const struct cmd *cmd;

    if (options_parse(context->arena, sets, 1, argc - 1, argv + 1, true, &words, err) < 0 ||
        set_up_globals(context, err) < 0)
        return -1;
    if (context->globals.version) {
        ARENA_ADD(context->arena, &words, "version");
        words.items[0] = "version";
        words.n = 1;
    }
    if (words.n == 0 || (words.n == 1 && strcmp(words.items[0], "help") == 0)) {
        help_print(NULL, &context->out);
        return 0;
    }
    if (strcmp(words.items[0], "help") == 0) {
        context->globals.help = true;
        words.items++;
        words.n = 1;
    }
    cmd = cmd_find(words.items[0]);
    if (cmd == NULL) {
        return refuse_command(words.items[0], err);
    }
    return run_command(context, cmd, (int)words.n - 1, words.items + 1, err);
}

static void print_error(const struct cmd_context *context, const struct err *err)
{
    STR_AUTO(text);

    if (context->progress_mode == PROGRESS_JSON) {
        struct jwrite w;
        jwrite_init(&w, &text, 0);
        jwrite_map(&w);
        jwrite_key_bool(&w, "error", true);
        jwrite_key_text(&w, "message", err->text);
        jwrite_map_end(&w);
    } else {
        origin_print(err->at, &text);
        if (text.len > 0)
            str_add(&text, ": ");
        str_add(&text, err->text);
    }
    fprintf(stderr, "%s\n", text.buf);
}

int cmd_main(int argc, char **argv)
{
    struct cmd_context context;
    ERR_AUTO(err);
    int status;

    file_keep_standard();
    signal(SIGPIPE, SIG_IGN);
    if (context_init(&context, environ, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    status = run_line(&context, argc, (const char *const *)argv, &err);
    if (context_flush(&context, &err) < 0 && status == 0)
        status = -1;
    terminal_restore();
    if (status < 0) {
        status = err_exit_status(err.code);
        /* The findings were printed, a signal needs no words. */
        if (!context.is_findings_json && err.code != ERR_INPUT && err.code != ERR_INTERRUPTED)
            print_error(&context, &err);
    }
    if (context.is_findings_json)
        context_end_findings(&context, &err);
    context_release(&context);
    origin_reset();
    return status;
}
