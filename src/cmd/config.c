/*
 * config.c - `config`: the project as it was understood, whole (YAML or JSON) or in lists; and the
 * hashes that tell whether a service changed.
 */
#include "base/base.h"

#include <stdlib.h>

#include "base/file.h"
#include "cmd/commands.h"
#include "cmd/config.h"
#include "compose-compat/file/output.h"
#include "net/digest.h"

#define OPTIONS_OF config_verb_options
static const struct option_row config_rows[] = {
    CONFIG_ROWS(),
    OPTIONS_END,
};
#undef OPTIONS_OF

static void list_services(const struct project *project, struct str *out)
{
    struct service **services;
    size_t n;

    project_order(project, &services, &n);
    for (size_t i = 0; i < n; i++)
        str_printf(out, "%s\n", services[i]->name);
}

static void list_images(const struct project *project, struct str *out)
{
    VEC_EACH (&project->services, item) {
        if (!(*item)->is_disabled && (*item)->provider == NULL)
            str_printf(out, "%s\n", service_image(project, *item));
    }
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void list_profiles(const struct project *project, struct str *out)
{
    struct text_list names = { 0 };
    struct arena *arena = arena_new();

    VEC_EACH (&project->services, item) {
        VEC_EACH (&(*item)->profiles, name) {
            if (!text_list_has(&names, *name))
                ARENA_ADD(arena, &names, *name);
        }
    }
    if (names.n > 0)
        qsort(names.items, names.n, sizeof(names.items[0]), compare_texts);
    for (size_t i = 0; i < names.n; i++)
        str_printf(out, "%s\n", names.items[i]);
    arena_free(arena);
}

static void list_environment(const struct project *project, struct str *out)
{
    struct text_list lines = { 0 };
    struct arena *arena = arena_new();

    for (size_t i = 0; i < project->environment.n; i++) {
        const struct map_entry *entry = &project->environment.entries[i];

        ARENA_ADD(arena, &lines,
                  arena_printf(arena, "%s=%s", entry->key, (const char *)entry->value));
    }
    if (lines.n > 0)
        qsort(lines.items, lines.n, sizeof(lines.items[0]), compare_texts);
    for (size_t i = 0; i < lines.n; i++)
        str_printf(out, "%s\n", lines.items[i]);
    arena_free(arena);
}

static bool is_in_list(const char *list, const char *name)
{
    struct slice rest = slice_from(list);
    struct slice part;

    while (rest.len > 0) {
        slice_split(&rest, ',', &part);
        if (slice_is(part, name))
            return true;
    }
    return false;
}

static int list_hashes(const struct project *project, const char *wanted, struct str *out,
                       struct err *err)
{
    bool is_all = strcmp(wanted, "*") == 0;
    struct slice rest = slice_from(wanted);
    struct slice part;

    while (!is_all && rest.len > 0) {
        STR_AUTO(name);

        slice_split(&rest, ',', &part);
        str_add_len(&name, part.at, part.len);
        if (project_find_service(project, name.buf) == NULL)
            return err_set(err, ERR_NOT_FOUND, "no such service: %s", name.buf);
    }
    VEC_EACH (&project->services, item) {
        char hex[DIGEST_SHA256_HEX];

        if ((*item)->is_disabled || (!is_all && !is_in_list(wanted, (*item)->name)))
            continue;
        digest_sha256_hex((*item)->definition, strlen((*item)->definition), hex);
        str_printf(out, "%s %s\n", (*item)->name, hex);
    }
    return 0;
}

/* The lists, in the order that docker compose looks at the flags. True when one was asked for. */
static bool print_list(const struct project *project, const struct config_verb_options *options,
                       struct str *out)
{
    if (options->services) {
        list_services(project, out);
    } else if (options->volumes) {
        VEC_EACH (&project->volumes, item)
            str_printf(out, "%s\n", (*item)->key);
    } else if (options->networks) {
        VEC_EACH (&project->networks, item)
            str_printf(out, "%s\n", (*item)->key);
    } else if (options->models) {
        VEC_EACH (&project->models, item)
            str_printf(out, "%s\n", (*item)->key);
    } else if (options->profiles) {
        list_profiles(project, out);
    } else if (options->images) {
        list_images(project, out);
    } else if (options->environment) {
        list_environment(project, out);
    } else {
        return false;
    }
    return true;
}

static int load(struct cmd_context *context, const struct config_verb_options *options,
                const struct text_list *words, struct err *err)
{
    int result;

    context->load.no_interpolate = options->no_interpolate;
    context->load.no_normalize = options->no_normalize || context->globals.compatibility;
    context->load.no_path_resolution = options->no_path_resolution;
    context->load.no_consistency = options->no_consistency;
    context->load.no_env_resolution = options->no_env_resolution;
    context->load.select_only = words->n > 0;
    result = context_load(context, NEEDS_PROJECT | (options->hash != NULL ? NEEDS_DEFINITIONS : 0),
                          words, err);
    context_print_findings(context);
    return result;
}

int config_run(struct cmd_context *context, const void *values, const struct text_list *words,
               struct err *err)
{
    const struct config_verb_options *options = values;
    enum output_format format = OUTPUT_YAML;

    if (text_is(options->format, "json"))
        format = OUTPUT_JSON;
    else if (options->format != NULL && !text_is(options->format, "yaml"))
        return err_set(err, ERR_USAGE, "unsupported format \"%s\" (yaml, json)", options->format);
    if (options->variables || options->lock_image_digests || options->resolve_image_digests)
        return err_set(
            err, ERR_UNSUPPORTED,
            "config --variables, --lock-image-digests and --resolve-image-digests are not "
            "there yet");
    if (load(context, options, words, err) < 0)
        return -1;
    if (options->hash != NULL)
        return list_hashes(context->project, options->hash, &context->out, err);
    if (print_list(context->project, options, &context->out) || options->quiet)
        return 0;
    compose_output(context->project, format, !options->no_interpolate, &context->out);
    if (options->output == NULL)
        return 0;
    if (file_write_atomic(options->output, context->out.buf, context->out.len, 0644, err) < 0)
        return -1;
    str_clear(&context->out);
    return 0;
}

const struct cmd cmd_config = {
    .name = "config",
    .synopsis = "[OPTIONS] [SERVICE...]",
    .summary = "Parse, resolve and render compose file in canonical format",
    .options = config_rows,
    .options_size = sizeof(struct config_verb_options),
    .max_words = -1,
    .run = config_run,
};

const struct cmd cmd_convert = {
    .name = "convert",
    .synopsis = "[OPTIONS] [SERVICE...]",
    .summary = "The old name of config",
    .options = config_rows,
    .options_size = sizeof(struct config_verb_options),
    .max_words = -1,
    .run = config_run,
};
