/*
 * convert.c - `convert --to FORM`: the project as a description of the other form (config/convert.c
 * does it). Without --to, `convert` is what docker compose once called `config`.
 */
#include "base/base.h"

#include "base/file.h"
#include "cmd/commands.h"
#include "cmd/config.h"
#include "config/convert.h"

struct convert_verb_options {
    struct config_verb_options config;
    const char *to;
};

#define OPTIONS_OF convert_verb_options
static const struct option_row convert_rows[] = {
    CONFIG_ROWS(config.),
    OPTION(0, "to", OPTION_TEXT, to,
           "\"compose\" or \"octocompose\": write the project in this form"),
    OPTIONS_END,
};
#undef OPTIONS_OF

static int read_form(const char *name, enum convert_form *ret_form, struct err *err)
{
    static const struct {
        const char *name;
        enum convert_form form;
    } forms[] = { { "compose", CONVERT_COMPOSE }, { "octocompose", CONVERT_OCTOCOMPOSE } };

    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (strcmp(forms[i].name, name) == 0) {
            *ret_form = forms[i].form;
            return 0;
        }
    }
    return err_set(err, ERR_USAGE, "unsupported form --to \"%s\" (compose, octocompose)", name);
}

/* Only --format and --output go together with --to: the rest asks for less than the whole project,
   or for another reading of it. */
static bool is_whole(const struct config_verb_options *o)
{
    return !o->environment && !o->images && !o->lock_image_digests && !o->models && !o->networks &&
           !o->no_consistency && !o->no_env_resolution && !o->no_interpolate && !o->no_normalize &&
           !o->no_path_resolution && !o->profiles && !o->quiet && !o->resolve_image_digests &&
           !o->services && !o->variables && !o->volumes && o->hash == NULL;
}

static int write_output(struct cmd_context *context, const char *path, bool has_values,
                        struct err *err)
{
    /* A value of the environment may be a secret. */
    unsigned mode = has_values ? 0600 : 0644;

    if (path == NULL)
        return 0;
    if (file_write_atomic(path, context->out.buf, context->out.len, mode, err) < 0)
        return -1;
    str_clear(&context->out);
    return 0;
}

static int run_convert(struct cmd_context *context, const void *values,
                       const struct text_list *words, struct err *err)
{
    const struct convert_verb_options *options = values;
    struct convert_options how = { .output = options->config.output };
    struct config_options load;
    bool has_values = false;
    int result;

    if (options->to == NULL)
        return config_run(context, &options->config, words, err);
    if (read_form(options->to, &how.to, err) < 0)
        return -1;
    how.is_json = text_is(options->config.format, "json");
    if (options->config.format != NULL && !how.is_json && !text_is(options->config.format, "yaml"))
        return err_set(err, ERR_USAGE, "unsupported format \"%s\" (yaml, json)",
                       options->config.format);
    if (words->n > 0 || !is_whole(&options->config))
        return err_set(
            err, ERR_USAGE,
            "convert --to takes the whole project: only --format and --output go with it");
    if (context_load_options(context, &load, err) < 0)
        return -1;
    result = config_convert(&load, &how, &context->out, &has_values, &context->findings, err);
    context_print_findings(context);
    return result < 0 ? -1 : write_output(context, how.output, has_values, err);
}

const struct cmd cmd_convert = {
    .name = "convert",
    .synopsis = "[OPTIONS] [SERVICE...]",
    .summary = "Write the project in another form; without --to: the old name of config",
    .text =
        "--to octocompose makes one OctoCompose configuration of compose files, --to compose one "
        "compose file of an OctoCompose configuration or of several compose files. Variables and "
        "short forms stay, comments do not. The result is loaded and compared before it is "
        "written.",
    .options = convert_rows,
    .options_size = sizeof(struct convert_verb_options),
    .max_words = -1,
    .run = run_convert,
};
