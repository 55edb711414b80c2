/*
 * version.c - `version`: the program's version, in docker compose's forms so that tools that ask
 * for it go on working.
 */
#include "base/base.h"

#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "data/jwrite.h"

struct version_options {
    bool is_short;
    const char *format;
};

#define OPTIONS_OF version_options
static const struct option_row version_rows[] = {
    OPTION('f', "format", OPTION_TEXT, format, "\"pretty\" (default) or \"json\""),
    OPTION(0, "short", OPTION_BOOL, is_short, "Only the number"),
    OPTIONS_END,
};
#undef OPTIONS_OF

static int run_version(struct cmd_context *context, const void *values,
                       const struct text_list *words, struct err *err)
{
    const struct version_options *options = values;

    (void)words;
    if (options->is_short) {
        str_printf(&context->out, "%s\n", PACKAGE_VERSION);
    } else if (options->format == NULL || text_is(options->format, "pretty")) {
        str_printf(&context->out, "octocompose version %s\n", PACKAGE_VERSION);
    } else if (text_is(options->format, "json")) {
        struct jwrite w;

        jwrite_init(&w, &context->out, 0);
        jwrite_map(&w);
        jwrite_key_text(&w, "version", PACKAGE_VERSION);
        jwrite_map_end(&w);
        str_add_char(&context->out, '\n');
    } else {
        return err_set(err, ERR_USAGE, "unsupported --format \"%s\" (pretty, json)",
                       options->format);
    }
    return 0;
}

const struct cmd cmd_version = {
    .name = "version",
    .synopsis = "[OPTIONS]",
    .summary = "Show the version",
    .options = version_rows,
    .options_size = sizeof(struct version_options),
    .max_words = 0,
    .run = run_version,
};
