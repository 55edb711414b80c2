/*
 * load.c - goes through the front door that pipeline.c chose. The Compose format's own pipeline is
 * compose-compat/file's.
 */
#include "base/base.h"

#include "config/load.h"

#include "config/pipeline.h"

static int load_sources(const struct config_options *options, struct arena *arena,
                        const char *const *paths, struct config *ret_config,
                        struct findings *findings, struct err *err)
{
    struct pipeline pipeline = { .settings = { .arena = arena, .findings = findings } };
    const struct settings *settings = &pipeline.settings;

    if (sources_read(arena, options->compose.current_dir, paths, &pipeline.sources, findings, err) <
            0 ||
        pipeline_prepare(&pipeline, options, paths, err) < 0 ||
        compose_load(&pipeline.compose, &ret_config->project, findings, err) < 0)
        return -1;
    ret_config->operator_name = settings->chosen->name;
    if (settings->operator_settings != NULL)
        ret_config->settings = node_copy(ret_config->project->arena, settings->operator_settings);
    ret_config->configs = node_copy(ret_config->project->arena, settings->configs);
    return 0;
}

static int load_compose(const struct config_options *options, struct config *ret_config,
                        struct findings *findings, struct err *err)
{
    const struct config_operator *chosen = pipeline_operator(options, NULL, findings);
    struct load_options compose = options->compose;

    compose.image_is_optional = !chosen->needs_image;
    ret_config->operator_name = chosen->name;
    return compose_load(&compose, &ret_config->project, findings, err);
}

int config_load(const struct config_options *options, struct config *ret_config,
                struct findings *findings, struct err *err)
{
    struct arena *arena = arena_new();
    const char *const *paths = pipeline_configs(options, arena);
    int result;

    memset(ret_config, 0, sizeof(*ret_config));
    if (paths != NULL)
        result = load_sources(options, arena, paths, ret_config, findings, err);
    else
        result = load_compose(options, ret_config, findings, err);
    arena_free(arena);
    return result;
}

bool config_is_compose(const struct config_options *options)
{
    struct arena *arena = arena_new();
    bool is_compose = pipeline_configs(options, arena) == NULL;

    arena_free(arena);
    return is_compose;
}

void config_release(struct config *config)
{
    project_free(config->project);
    memset(config, 0, sizeof(*config));
}
