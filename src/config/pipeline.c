/*
 * pipeline.c - the front doors: which form the description has, and an OctoCompose configuration as
 * documents for the Compose format's own pipeline. See pipeline.h.
 */
#include "base/base.h"

#include "config/pipeline.h"

#include "base/file.h"

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

const struct config_operator *pipeline_operator(const struct config_options *options,
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

const char *const *pipeline_configs(const struct config_options *options, struct arena *arena)
{
    const char *const *paths = find_configs(arena, options);

    if (paths != NULL && options->configs == NULL &&
        compose_file_is_nearer(options->compose.current_dir, paths[0]))
        return NULL;
    return paths;
}

int pipeline_prepare(struct pipeline *pipeline, const struct config_options *options,
                     const char *const *paths, struct err *err)
{
    struct settings *settings = &pipeline->settings;
    const struct source_list *sources = &pipeline->sources;
    struct findings *findings = settings->findings;
    struct load_document *documents;
    size_t n;

    if (findings->n_errors > 0)
        return refuse_input(findings, err);
    if (sources->n == 0)
        return err_set(err, ERR_USAGE, "the configuration \"%s\" is empty", paths[0]);
    settings_read(settings, sources);
    settings->chosen = pipeline_operator(options, settings->octoctl_operator, findings);
    if (settings->chosen == NULL)
        return refuse_input(findings, err);
    settings_check_services(settings);
    n = make_documents(settings, sources, settings->chosen->section, &documents);
    if (findings->n_errors > 0)
        return refuse_input(findings, err);
    pipeline->compose = options->compose;
    pipeline->compose.image_is_optional = !settings->chosen->needs_image;
    pipeline->compose.files = paths;
    pipeline->compose.documents = documents;
    pipeline->compose.n_documents = n;
    return 0;
}
