/*
 * load.c - chooses the front door and goes through it. The Compose format's own pipeline is
 * compose-compat/file's; this file turns an OctoCompose configuration into documents for it.
 */
#include "base/base.h"

#include "config/load.h"

#include "base/file.h"
#include "base/mem.h"
#include "config/settings.h"

/* The configuration to read (absolute paths, NULL-terminated), or NULL: compose files. */
static const char *const *find_configs(struct arena *arena, const struct config_options *options)
{
    const struct load_options *compose = &options->compose;
    const char *const *given = options->configs;
    const char **paths;
    const char *found;
    bool is_own_name = false;
    size_t n = 0;

    if (given != NULL) {
        while (given[n] != NULL)
            n++;
        paths = ARENA_NEW_N(arena, const char *, n + 1);
        for (size_t i = 0; i < n; i++) {
            STR_AUTO(path);

            path_absolute(compose->current_dir, given[i], &path);
            paths[i] = arena_dup(arena, path.buf);
        }
        return paths;
    }
    if (compose->files != NULL)
        return NULL;
    for (const char *const *entry = compose->environment; *entry != NULL; entry++) {
        if (text_starts(*entry, "COMPOSE_FILE=") && (*entry)[strlen("COMPOSE_FILE=")] != '\0')
            return NULL;
    }
    found = sources_find(arena, compose->current_dir, &is_own_name);
    if (found == NULL)
        return NULL;
    paths = ARENA_NEW_N(arena, const char *, 2);
    paths[0] = found;
    return paths;
}

/* Is there a compose file in the folder of the configuration or nearer? Then that is meant, unless
   the configuration has a name of its own. */
static bool compose_file_is_nearer(const char *current_dir, const char *config)
{
    static const char *const names[] = { "compose.yaml", "compose.yml", "docker-compose.yml",
                                         "docker-compose.yaml" };
    bool is_own_name = text_starts(path_base(config), "octocompose.");
    STR_AUTO(config_dir);
    STR_AUTO(dir);

    path_dir(config, &config_dir);
    str_add(&dir, current_dir);
    for (;;) {
        bool is_last = strcmp(dir.buf, config_dir.buf) == 0;
        STR_AUTO(up);

        for (size_t i = 0; i < ARRAY_LEN(names) && !(is_last && is_own_name); i++) {
            STR_AUTO(path);

            path_join(dir.buf, names[i], &path);
            if (file_exists(path.buf))
                return true;
        }
        path_dir(dir.buf, &up);
        if (is_last || strcmp(up.buf, dir.buf) == 0)
            return false;
        str_clear(&dir);
        str_add(&dir, up.buf);
    }
}

static int refuse_input(const struct findings *findings, struct err *err)
{
    return err_set(err, ERR_INPUT, "%zu problem%s in the configuration", findings->n_errors,
                   findings->n_errors == 1 ? "" : "s");
}

/* The documents for the Compose loader, lightest first: what repositories say, then the files.
   Returns how many; they are in the settings' arena. */
static size_t make_documents(const struct settings *settings, const struct source_list *sources,
                             const char *section, struct load_document **ret_documents)
{
    struct node **repos = ARENA_NEW_N(settings->arena, struct node *, sources->n);
    struct load_document *documents =
        ARENA_NEW_N(settings->arena, struct load_document, 2 * sources->n);
    size_t n = 0;

    compose_parts_of_repos(settings, sources, section, repos);
    for (size_t i = sources->n; i > 0; i--) {
        const struct source *source = &sources->items[i - 1];

        if (repos[i - 1]->u.map.n > 0)
            documents[n++] = (struct load_document){
                .path = arena_printf(settings->arena, "%s (repos)", source->path),
                .dir = source->dir,
                .tree = repos[i - 1],
            };
    }
    for (size_t i = sources->n; i > 0; i--) {
        const struct source *source = &sources->items[i - 1];

        struct node *tree = compose_part(settings, sources, i - 1);

        /* Whatever file gave the project its name: where the Compose loader looks for it. */
        if (i == 1 && settings->project_name != NULL)
            node_set(settings->arena, tree, "name", settings->project_name->at,
                     (struct node *)(uintptr_t)settings->project_name);
        documents[n++] =
            (struct load_document){ .path = source->path, .dir = source->dir, .tree = tree };
    }
    *ret_documents = documents;
    return n;
}

static const struct config_operator *find_operator(const struct config_options *options,
                                                   const char *name)
{
    for (size_t i = 0; i < options->n_operators; i++) {
        const struct config_operator *item = &options->operators[i];

        if (text_is(item->name, name) || text_is(item->other_name, name))
            return item;
    }
    return NULL;
}

/* What runs the project: the caller's choice, else the configuration's, else the first. NULL, with
   a finding, when the configuration names one that does not exist. */
static const struct config_operator *choose_operator(const struct config_options *options,
                                                     const struct node *octoctl_operator,
                                                     struct findings *findings)
{
    const char *name = options->operator_name;
    const struct config_operator *choice;
    STR_AUTO(known);

    if (name == NULL)
        name = node_as_text(octoctl_operator);
    if (name == NULL)
        return &options->operators[0];
    choice = find_operator(options, name);
    if (choice != NULL || octoctl_operator == NULL)
        return choice;
    for (size_t i = 0; i < options->n_operators; i++)
        str_printf(&known, "%s%s", i > 0 ? ", " : "", options->operators[i].name);
    finding_hint(finding_add(findings, FINDING_ERROR, octoctl_operator->at, "octoctl.operator",
                             "unknown operator \"%s\"", name),
                 "known: %s", known.buf);
    return NULL;
}

static int load_sources(const struct config_options *options, struct arena *arena,
                        const char *const *paths, struct config *ret_config,
                        struct findings *findings, struct err *err)
{
    struct load_options compose = options->compose;
    struct source_list sources = { 0 };
    struct settings settings = { .arena = arena, .findings = findings };
    struct load_document *documents;
    const struct config_operator *chosen;

    if (sources_read(arena, options->compose.current_dir, paths, &sources, findings, err) < 0)
        return -1;
    if (findings->n_errors > 0)
        return refuse_input(findings, err);
    if (sources.n == 0)
        return err_set(err, ERR_USAGE, "the configuration \"%s\" is empty", paths[0]);
    settings_read(&settings, &sources);
    chosen = choose_operator(options, settings.octoctl_operator, findings);
    if (findings->n_errors > 0)
        return refuse_input(findings, err);
    settings.chosen = chosen;
    settings_check_services(&settings);
    compose.n_documents = make_documents(&settings, &sources, chosen->section, &documents);
    if (findings->n_errors > 0)
        return refuse_input(findings, err);
    compose.image_is_optional = !chosen->needs_image;
    compose.files = paths;
    compose.documents = documents;
    if (compose_load(&compose, &ret_config->project, findings, err) < 0)
        return -1;
    ret_config->operator_name = chosen->name;
    if (settings.operator_settings != NULL)
        ret_config->settings = node_copy(ret_config->project->arena, settings.operator_settings);
    ret_config->configs = node_copy(ret_config->project->arena, settings.configs);
    return 0;
}

static int load_compose(const struct config_options *options, struct config *ret_config,
                        struct findings *findings, struct err *err)
{
    const struct config_operator *chosen = choose_operator(options, NULL, findings);
    struct load_options compose = options->compose;

    compose.image_is_optional = !chosen->needs_image;
    ret_config->operator_name = chosen->name;
    return compose_load(&compose, &ret_config->project, findings, err);
}

int config_load(const struct config_options *options, struct config *ret_config,
                struct findings *findings, struct err *err)
{
    struct arena *arena = arena_new();
    const char *const *paths = find_configs(arena, options);
    int result;

    memset(ret_config, 0, sizeof(*ret_config));
    if (paths != NULL && options->configs == NULL &&
        compose_file_is_nearer(options->compose.current_dir, paths[0]))
        paths = NULL;
    if (paths != NULL)
        result = load_sources(options, arena, paths, ret_config, findings, err);
    else
        result = load_compose(options, ret_config, findings, err);
    arena_free(arena);
    return result;
}

void config_release(struct config *config)
{
    project_free(config->project);
    memset(config, 0, sizeof(*config));
}
