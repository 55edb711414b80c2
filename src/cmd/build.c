/*
 * build.c - `build`: builds the images of services. The command line's build arguments and switches
 * are written over what the project says before the operator sees it.
 */
#include "base/base.h"

#include "cmd/operate.h"
#include "cmd/commands.h"

struct build_options {
    struct text_list build_arg;
    const char *builder, *memory, *progress, *provenance, *sbom, *ssh;
    bool check, no_cache, print, pull, push, quiet, with_dependencies, ignored;
};

#define OPTIONS_OF build_options
static const struct option_row build_rows[] = {
    OPTION(0, "build-arg", OPTION_TEXTS, build_arg, "Set a build-time variable"),
    OPTION(0, "no-cache", OPTION_BOOL, no_cache, "Build every step anew"),
    OPTION(0, "provenance", OPTION_TEXT, provenance, "Add a provenance attestation"),
    OPTION(0, "pull", OPTION_BOOL, pull, "Always try to pull a newer version of base images"),
    OPTION('q', "quiet", OPTION_BOOL, quiet, "Build without printing output"),
    OPTION(0, "sbom", OPTION_TEXT, sbom, "Add a bill of materials"),
    OPTION(0, "with-dependencies", OPTION_BOOL, with_dependencies,
           "Also build what these depend on"),
    OPTION_QUIET(0, "builder", OPTION_TEXT, builder),
    OPTION_QUIET(0, "check", OPTION_BOOL, check),
    OPTION_QUIET(0, "print", OPTION_BOOL, print),
    OPTION_QUIET(0, "push", OPTION_BOOL, push),
    OPTION_QUIET(0, "ssh", OPTION_TEXT, ssh),
    OPTION_QUIET('m', "memory", OPTION_TEXT, memory),
    OPTION_QUIET(0, "progress", OPTION_TEXT, progress),
    OPTION_QUIET(0, "compress", OPTION_BOOL, ignored),
    OPTION_QUIET(0, "force-rm", OPTION_BOOL, ignored),
    OPTION_QUIET(0, "no-rm", OPTION_BOOL, ignored),
    OPTION_QUIET(0, "parallel", OPTION_BOOL, ignored),
    OPTIONS_END,
};
#undef OPTIONS_OF

static void set_argument(struct arena *arena, struct pair_list *args, const char *key,
                         const char *value)
{
    const struct pair pair = { .key = key, .value = value };

    VEC_EACH (args, item) {
        if (text_is(item->key, key)) {
            *item = pair;
            return;
        }
    }
    ARENA_ADD(arena, args, pair);
}

static void override_build(struct cmd_context *context, const struct build_options *options,
                           struct build *build)
{
    struct arena *arena = context->project->arena;

    build->no_cache = build->no_cache || options->no_cache;
    build->pull = build->pull || options->pull;
    if (options->provenance != NULL)
        build->provenance = options->provenance;
    if (options->sbom != NULL)
        build->sbom = options->sbom;
    VEC_EACH (&options->build_arg, item) {
        struct slice value = slice_from(*item);
        struct slice key;

        if (slice_split(&value, '=', &key))
            set_argument(arena, &build->args, arena_dup_len(arena, key.at, key.len), value.at);
        else if (map_find(&context->project->environment, *item) != NULL)
            set_argument(arena, &build->args, *item,
                         map_find(&context->project->environment, *item));
    }
}

static int check_options(const struct build_options *options, struct err *err)
{
    const struct {
        bool is_given;
        const char *name;
    } rows[] = {
        { options->check, "check" },
        { options->print, "print" },
        { options->push, "push" },
        { options->ssh != NULL, "ssh" },
        { options->builder != NULL, "builder" },
        { options->memory != NULL, "memory" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].is_given)
            return err_set(err, ERR_UNSUPPORTED, "build --%s is not there yet", rows[i].name);
    }
    return 0;
}

/* What the words name has a build, or (no words) anything has. */
static bool has_builds(const struct cmd_context *context, const struct text_list *words,
                       bool with_dependencies)
{
    VEC_EACH (&context->project->services, item) {
        const struct service *service = *item;

        if (service->build != NULL && !service->is_disabled &&
            (words->n == 0 || with_dependencies || text_list_has(words, service->name)))
            return true;
    }
    return false;
}

static int run_build(struct cmd_context *context, const void *values, const struct text_list *words,
                     struct err *err)
{
    const struct build_options *options = values;
    const struct plan_options plan = {
        .goal = GOAL_BUILD,
        .services = operate_services(context, words),
        .no_dependencies = !options->with_dependencies,
        .build_all = true,
    };

    if (check_options(options, err) < 0)
        return -1;
    VEC_EACH (words, word) {
        if (project_find_service(context->project, *word) == NULL)
            return err_set(err, ERR_NOT_FOUND, "no such service: %s", *word);
    }
    if (!has_builds(context, words, options->with_dependencies)) {
        context_warn(context, "No services to build");
        return 0;
    }
    VEC_EACH (&context->project->services, item) {
        if ((*item)->build != NULL)
            override_build(context, options, (*item)->build);
    }
    context->no_build_parts = options->quiet;
    return operate_apply(context, &plan, "build", false, err);
}

const struct cmd cmd_build = {
    .name = "build",
    .synopsis = "[OPTIONS] [SERVICE...]",
    .summary = "Build or rebuild services",
    .options = build_rows,
    .options_size = sizeof(struct build_options),
    .needs = NEEDS_PROJECT | NEEDS_OPERATOR | NEEDS_DEFINITIONS | NEEDS_LOCK,
    .max_words = -1,
    .run = run_build,
    .words_are_services = true,
};
