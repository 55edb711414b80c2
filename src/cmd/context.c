/*
 * context.c - makes and releases what commands work with. Called by the dispatcher; the only place
 * where the loader and the operator table meet.
 */
#include "base/base.h"

#include "cmd/context.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "data/jwrite.h"

int context_init(struct cmd_context *context, char **environment, struct err *err)
{
    memset(context, 0, sizeof(*context));
    context->arena = arena_new();
    context->environment = (const char *const *)environment;
    findings_init(&context->findings);
    str_init(&context->out, 0);
    return loop_new(&context->loop, err);
}

void context_release(struct cmd_context *context)
{
    if (context->operator_handle != NULL)
        context->ops->close(context->operator_handle);
    config_release(&context->config);
    mem_free(context->project_name);
    findings_release(&context->findings);
    str_release(&context->out);
    loop_free(context->loop);
    arena_free(context->arena);
    memset(context, 0, sizeof(*context));
}

const char *context_env(const struct cmd_context *context, const char *name)
{
    size_t len = strlen(name);

    for (const char *const *entry = context->environment; *entry != NULL; entry++) {
        if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=')
            return *entry + len + 1;
    }
    return NULL;
}

static const char *const *texts_or_null(struct arena *arena, const struct text_list *list)
{
    const char **texts;

    if (list == NULL || list->n == 0)
        return NULL;
    texts = ARENA_NEW_N(arena, const char *, list->n + 1);
    for (size_t i = 0; i < list->n; i++)
        texts[i] = list->items[i];
    return texts;
}

static int fill_load_options(struct cmd_context *context, struct load_options *options,
                             struct err *err)
{
    const struct cmd_globals *globals = &context->globals;
    char *dir = getcwd(NULL, 0);

    if (dir == NULL)
        return err_set_sys(err, errno, "cannot tell the working directory");
    options->current_dir = arena_dup(context->arena, dir);
    mem_free(dir);
    options->files = texts_or_null(context->arena, &globals->files);
    options->env_files = texts_or_null(context->arena, &globals->env_files);
    options->profiles = texts_or_null(context->arena, &globals->profiles);
    options->project_dir = globals->project_dir;
    options->project_name = globals->project_name;
    options->environment = context->environment;
    options->is_compatibility = globals->compatibility;
    options->keep_unused = globals->all_resources;
    options->no_interpolate = context->load.no_interpolate;
    options->tree_only = context->load.tree_only;
    options->no_normalize = context->load.no_normalize;
    options->no_path_resolution = context->load.no_path_resolution;
    options->no_consistency = context->load.no_consistency;
    options->no_env_resolution = context->load.no_env_resolution;
    options->select_only = context->load.select_only;
    options->shared_names = context->load.shared_names;
    return 0;
}

static const char *operator_choice(const struct cmd_context *context)
{
    const char *name = context->globals.operator_name;

    if (name == NULL)
        name = context_env(context, "OCTOCOMPOSE_OPERATOR");
    return name == NULL || name[0] == '\0' ? NULL : name;
}

/* What loading must know of the operators, in the table's order: the first is the default. */
static void fill_operators(struct cmd_context *context, struct config_options *options)
{
    struct config_operator *items;
    size_t n = 0;

    while (operator_table[n] != NULL)
        n++;
    items = ARENA_NEW_N(context->arena, struct config_operator, n);
    for (size_t i = 0; i < n; i++) {
        const struct operator_ops *ops = operator_table[i];

        items[i] =
            (struct config_operator){ ops->name, ops->other_name, ops->section, ops->needs_image };
    }
    options->operators = items;
    options->n_operators = n;
}

static int refuse_operator(const char *name, struct err *err)
{
    STR_AUTO(known);

    for (size_t i = 0; operator_table[i] != NULL; i++)
        str_printf(&known, "%s%s", i > 0 ? ", " : "", operator_table[i]->name);
    return err_set(err, ERR_USAGE, "unknown operator \"%s\" (known: %s)", name, known.buf);
}

int context_load_options(struct cmd_context *context, struct config_options *ret_options,
                         struct err *err)
{
    struct config_options options = { 0 };

    if (fill_load_options(context, &options.compose, err) < 0)
        return -1;
    options.configs = texts_or_null(context->arena, &context->globals.configs);
    options.operator_name = operator_choice(context);
    if (options.operator_name != NULL && operator_find(options.operator_name) == NULL)
        return refuse_operator(options.operator_name, err);
    fill_operators(context, &options);
    *ret_options = options;
    return 0;
}

/* A verb that works on what exists needs no description when a name is given and no file: as with
   docker compose, the files of the folder that one happens to be in do not count then. An
   OctoCompose configuration does, for it says what runs the project. */
static bool is_name_enough(const struct config_options *options, unsigned needs)
{
    const char *name = options->compose.project_name;

    return (needs & NEEDS_PROJECT_OR_NAME) != 0 && name != NULL && name[0] != '\0' &&
           options->compose.files == NULL && config_is_compose(options);
}

static const char *in_lower_case(struct arena *arena, const char *text)
{
    char *lower = arena_dup(arena, text);

    for (char *c = lower; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return lower;
}

int context_load(struct cmd_context *context, unsigned needs, const struct text_list *services,
                 struct err *err)
{
    struct config_options options;
    ERR_AUTO(load_err);

    if (context_load_options(context, &options, err) < 0)
        return -1;
    options.compose.services = texts_or_null(context->arena, services);
    options.compose.skip_definitions = (needs & NEEDS_DEFINITIONS) == 0;
    options.compose.keep_history = (needs & NEEDS_HISTORY) != 0;
    /* What no service uses can be explained, too. */
    if ((needs & NEEDS_HISTORY) != 0)
        options.compose.keep_unused = true;
    if (is_name_enough(&options, needs)) {
        options.compose.project_name = in_lower_case(context->arena, options.compose.project_name);
        return compose_load_name(&options.compose, &context->project_name, &context->findings, err);
    }
    if (config_load(&options, &context->config, &context->findings, &load_err) == 0) {
        context->project = context->config.project;
        context->project_name = mem_dup(context->project->name);
        return 0;
    }
    /* Without any file, a verb that works on what exists needs no more than a name; what is wrong
       with one is told. */
    if ((needs & NEEDS_PROJECT_OR_NAME) != 0 && options.compose.files == NULL &&
        options.configs == NULL &&
        (load_err.code == ERR_NOT_FOUND ||
         (load_err.code == ERR_INPUT && context_env(context, "COMPOSE_PROJECT_NAME") != NULL &&
          config_is_compose(&options)))) {
        ERR_AUTO(name_err);
        if (compose_load_name(&options.compose, &context->project_name, &context->findings,
                              &name_err) == 0)
            return 0;
    }
    return err_move(err, &load_err);
}

int context_open_operator(struct cmd_context *context, struct err *err)
{
    const char *choice = operator_choice(context);
    const char *name = context->config.operator_name != NULL ? context->config.operator_name
                       : choice != NULL                      ? choice
                                                             : operator_table[0]->name;
    const struct operator_config config = {
        .loop = context->loop,
        .environment = context->environment,
        .endpoint = context->globals.host,
        .context = context->globals.context,
        .settings = context->config.settings,
        .findings = &context->findings,
    };

    context->ops = operator_find(name);
    if (context->ops == NULL)
        return refuse_operator(name, err);
    if (context->ops->open(&config, &context->operator_handle, err) < 0)
        return -1;
    context_print_findings(context);
    return 0;
}

int context_flush(struct cmd_context *context, struct err *err)
{
    int result = 0;

    if (context->out.len > 0) {
        ERR_AUTO(write_err);
        result = file_write_standard(STDOUT_FILENO, context->out.buf, context->out.len, &write_err);
        if (result < 0 && err != NULL && !err_is_set(err))
            err_move(err, &write_err);
    }
    str_clear(&context->out);
    return result;
}

void context_tell(struct cmd_context *context, const char *line)
{
    const char *text = context_env(context, "COMPOSE_STATUS_STDOUT");
    bool is_out = false;

    if (text != NULL && text_to_bool(text, &is_out) < 0)
        is_out = false;
    if (is_out)
        str_printf(&context->out, "%s\n", line);
    else
        fprintf(stderr, "%s\n", line);
}

void context_warn(struct cmd_context *context, const char *fmt, ...)
{
    STR_AUTO(text);
    STR_AUTO(line);
    va_list args;

    va_start(args, fmt);
    str_vprintf(&text, fmt, args);
    va_end(args);
    if (context->is_findings_json) {
        finding_add(&context->findings, FINDING_WARNING, (struct origin)ORIGIN_NONE, NULL, "%s",
                    text.buf);
        return;
    }
    if (context->progress_mode == PROGRESS_JSON) {
        struct jwrite w;
        jwrite_init(&w, &line, 0);
        jwrite_map(&w);
        jwrite_key_text(&w, "level", "warning");
        jwrite_key_text(&w, "msg", text.buf);
        jwrite_map_end(&w);
    } else {
        str_add(&line, "time=\"");
        clock_print_rfc3339(clock_wall_ns() / 1000000000 * 1000000000, false, &line);
        str_add(&line, "\" level=warning msg=");
        jwrite_node_text(node_text(context->arena, (struct origin)ORIGIN_NONE, text.buf), 0, &line);
    }
    fprintf(stderr, "%s\n", line.buf);
}

void context_print_findings(struct cmd_context *context)
{
    STR_AUTO(text);

    if (context->is_findings_json)
        return;
    findings_sort(&context->findings);
    for (size_t i = 0; i < context->findings.n; i++) {
        const struct finding *finding = &context->findings.items[i];

        if (finding->level == FINDING_WARNING && !origin_is_set(finding->at)) {
            context_warn(context, "%s", finding->text);
            continue;
        }
        str_clear(&text);
        finding_print(finding, &text);
        fputs(text.buf, stderr);
    }
    findings_release(&context->findings);
    findings_init(&context->findings);
}

static void write_number(struct jwrite *w, const char *key, uint32_t number)
{
    jwrite_key(w, key);
    if (number > 0)
        jwrite_uint(w, number);
    else
        jwrite_null(w);
}

static void write_finding(struct jwrite *w, const struct finding *finding)
{
    const char *path = finding->path != NULL && finding->path[0] != '\0' ? finding->path : NULL;
    const char *file = origin_is_set(finding->at) ? origin_file_name(finding->at.file) : NULL;

    jwrite_map(w);
    jwrite_key_text(w, "severity", finding->level == FINDING_ERROR ? "error" : "warning");
    jwrite_key_text(w, "file", file);
    write_number(w, "line", finding->at.line);
    write_number(w, "column", finding->at.column);
    jwrite_key_text(w, "path", path);
    jwrite_key_text(w, "message", finding->text);
    jwrite_key_text(w, "hint", finding->hint);
    jwrite_map_end(w);
}

void context_end_findings(struct cmd_context *context, const struct err *err)
{
    struct findings *findings = &context->findings;
    struct jwrite w;
    STR_AUTO(text);

    findings_sort(findings);
    /* ERR_INPUT says no more than that there are findings. */
    if (err_is_set(err) && err->code != ERR_INPUT && err->code != ERR_INTERRUPTED)
        finding_add(findings, FINDING_ERROR, err->at, NULL, "%s", err->text);
    if (findings->n == 0)
        return;
    jwrite_init(&w, &text, JWRITE_INDENT2);
    jwrite_map(&w);
    jwrite_key(&w, "findings");
    jwrite_list(&w);
    VEC_EACH (findings, finding)
        write_finding(&w, finding);
    jwrite_list_end(&w);
    jwrite_map_end(&w);
    fprintf(stderr, "%s\n", text.buf);
}
