/*
 * load.c - the entry to this folder: from options to a project, the stages one after the other. See load.h
 * and stages.h; loader.c makes the merged tree.
 */
#include "base/base.h"

#include "compose-compat/file/load.h"

#include "base/file.h"
#include "base/vec.h"
#include "compose-compat/file/discover.h"
#include "compose-compat/file/interpolate.h"
#include "compose-compat/file/loader.h"
#include "compose-compat/file/name.h"
#include "compose-compat/file/unique.h"
#include "compose-compat/file/validate.h"

#define PROJECT_NAME_VARIABLE "COMPOSE_PROJECT_NAME"

static void loader_init(struct loader *loader, const struct load_options *options,
                        struct arena *arena, struct findings *findings)
{
    *loader = (struct loader){ .options = options, .arena = arena, .findings = findings };
    map_init(&loader->files);
    map_init(&loader->extended);
}

static void keep_history(struct loader *loader, struct history *history, struct project *project)
{
    if (!loader->options->keep_history)
        return;
    history_init(history, loader->arena);
    project->uses = history->uses;
    project->taken = history->taken;
    loader->history = history;
}

static void loader_release(struct loader *loader)
{
    extends_release(loader);
    history_release(loader->history);
    map_release(&loader->files);
    map_release(&loader->extended);
}

static int refuse_input(const struct findings *findings, struct err *err)
{
    return err_set(err, ERR_INPUT, "%zu problem%s in the project's files", findings->n_errors,
                   findings->n_errors == 1 ? "" : "s");
}

/* --- the project's name ------------------------------------------------------------------------ */

/* The last name that a document of the files has, not empty; NULL when there is none. */
static int find_name(struct loader *loader, const struct discovery *found,
                     const struct node **ret_name, struct err *err)
{
    *ret_name = NULL;
    VEC_EACH(&found->files, path) {
        struct loader_file *file = loader_read(loader, *path, err);
        if (!file)
            return -1;
        for (size_t i = 0; i < file->documents.n; i++) {
            const struct node *name = node_get(file->documents.items[i], "name");
            if (name && name->kind == NODE_TEXT && name->u.text.len > 0)
                *ret_name = name;
        }
    }
    return 0;
}

static const char *lookup_variable(void *arg, struct slice name)
{
    return map_find_len(arg, name.at, name.len);
}

/* The name that a file gives, interpolated unless variables are to be left alone. Nothing is added
   to out when it is wrong. */
static void expand_name(struct loader *loader, const struct node *name, struct map *environment,
                        bool is_environment_partial, struct str *out)
{
    struct findings *findings = loader->findings;
    struct interpolate how = { .lookup = lookup_variable, .arg = environment };
    ERR_AUTO(problem);
    struct slice text = { name->u.text.bytes, name->u.text.len };
    STR_AUTO(expanded);
    if (loader->options->no_interpolate) {
        str_add_len(&expanded, text.at, text.len);
    } else if (interpolate_text(&how, text, &expanded, &problem)) {
        if (problem.code != ERR_NOT_FOUND || !is_environment_partial)
            finding_add(findings, FINDING_ERROR, name->at, "name", "%s", problem.text);
        return;
    }
    name_normalise(expanded.buf, out);
    if (out->len == 0 && !is_environment_partial)
        finding_add(findings, FINDING_ERROR, name->at, "name",
                    "nothing is left of the project's name \"%s\": it needs a letter or digit",
                    expanded.buf);
}

/* -p, the environment, the files, the folder. */
static int choose_name(struct loader *loader, struct discovery *found, struct str *out,
                       struct err *err)
{
    const char *given = loader->options->project_name;
    const char *variable = map_find(&found->environment, PROJECT_NAME_VARIABLE);
    const struct node *name;
    loader->is_name_given = (given && *given) || (variable && *variable);
    if (given && *given) {
        str_add(out, given);
        return name_check(given, "-p", err);
    }
    if (variable && *variable) {
        str_add(out, variable);
        return name_check(variable, PROJECT_NAME_VARIABLE, err);
    }
    if (find_name(loader, found, &name, err))
        return -1;
    if (name)
        expand_name(loader, name, &found->environment, found->is_environment_partial, out);
    if (out->len == 0)
        name_normalise(path_base(found->working_dir), out);
    if (out->len == 0 && loader->findings->n_errors > 0)
        return refuse_input(loader->findings, err);
    if (out->len == 0)
        return err_set(err, ERR_USAGE, "the folder \"%s\" makes no project name: give one with -p",
                       found->working_dir);
    return 0;
}

/* --- after the merge --------------------------------------------------------------------------- */

/* The final name; written is what the files say, or NULL. */
static void set_name(const struct stage *stage, struct node *tree, const struct node *written)
{
    struct origin none = ORIGIN_NONE;
    const struct node *given = stage->is_name_given
                                   ? history_value(stage->history, stage->project_name)
                                   : NULL;
    struct origin at = given ? given->at : written ? written->at : none;
    struct node *name = node_text(stage->arena, at, stage->project_name);
    if (given)
        name->overrode = written;
    else if (written)
        name->overrode = written->overrode;
    node_set(stage->arena, tree, "name", at, name);
}

static void finish_tree(const struct stage *stage, struct node *tree)
{
    const struct node_pair *name = node_get_pair(tree, "name", strlen("name"));
    bool is_raw = stage->options->no_normalize &&
                  (stage->options->no_interpolate || (name && !stage->is_name_given));
    if (!is_raw)
        set_name(stage, tree, name ? name->value : NULL);
    if (!stage->options->no_normalize)
        stage_normalise(stage, tree);
}

typedef void (*project_stage_fn)(const struct stage *stage, struct project *project);

/* The stages over the model. Those that judge it see also one with wrong values in it, so that all
   findings are said at once; the others run only while nothing is wrong. */
static int run_stages(const struct stage *stage, struct node *tree, struct project *project,
                      struct err *err)
{
    const struct load_options *options = stage->options;
    const struct {
        project_stage_fn fn;
        bool is_judge, is_skipped;
    } stages[] = {
        { stage_profiles, true, false },
        { stage_consistency, true, options->no_consistency },
        { stage_env_files, true, false },
        { stage_select, false, false },
        { stage_container_names, !options->select_only,
          options->no_consistency || options->shared_names },
        { stage_definitions, false, options->skip_definitions },
    };
    finish_tree(stage, tree);
    stage_decode(stage, tree, project);
    for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
        bool is_due = stages[i].is_judge || stage->findings->n_errors == 0;
        if (is_due && !stages[i].is_skipped && !options->tree_only)
            stages[i].fn(stage, project);
    }
    return stage->findings->n_errors > 0 ? refuse_input(stage->findings, err) : 0;
}

static void fill_project(struct project *project, const struct discovery *found, const char *name)
{
    project->name = name;
    project->working_dir = found->working_dir;
    project->files = found->files;
    project->env_files = found->env_files;
    MAP_EACH(&found->environment, variable)
        map_set_len(&project->environment, variable->key, variable->key_len, variable->value);
}

/* The documents take the place of what is in the files; the list is what to load. */
static struct text_list use_documents(struct loader *loader, const struct discovery *found)
{
    const struct load_options *options = loader->options;
    struct text_list files = { 0 };
    if (options->n_documents == 0)
        return found->files;
    for (size_t i = 0; i < options->n_documents; i++) {
        const struct load_document *document = &options->documents[i];
        struct loader_file *file = ARENA_NEW(loader->arena, struct loader_file);
        /* The project keeps nodes of it. */
        struct node *tree = node_copy(loader->arena, document->tree);
        file->path = arena_dup(loader->arena, document->path);
        file->dir = arena_dup(loader->arena, document->dir);
        file->id = tree->at.file;
        ARENA_ADD(loader->arena, &file->documents, tree);
        map_set(&loader->files, file->path, file);
        ARENA_ADD(loader->arena, &files, file->path);
    }
    return files;
}

/* The name as a variable comes from where it did before, unless something else decided. */
static void know_name(struct loader *loader, const struct map *environment)
{
    const char *earlier = map_find(environment, PROJECT_NAME_VARIABLE);
    struct node *value = earlier ? history_value(loader->history, earlier) : NULL;
    if (value && text_is(loader->project_name, earlier))
        history_know_node(loader->history, loader->project_name, value);
    else
        history_know_source(loader->history, loader->project_name,
                            loader->is_name_given ? "-p" : "project's name");
}

static int load_files(struct loader *loader, struct discovery *found, struct project *project,
                      struct err *err)
{
    const struct text_list files = use_documents(loader, found);
    STR_AUTO(name);
    if (choose_name(loader, found, &name, err))
        return -1;
    loader->project_name = arena_dup_len(loader->arena, name.buf, name.len);
    know_name(loader, &found->environment);
    map_set(&found->environment, PROJECT_NAME_VARIABLE, (void *)(uintptr_t)loader->project_name);
    fill_project(project, found, loader->project_name);
    /* Who wants the variables as they are wants no values in their place elsewhere. */
    MAP_AUTO(nothing);
    struct map *environment = loader->options->no_interpolate ? &nothing : &project->environment;
    struct load_set set = { loader, found->working_dir, NULL, &files, environment, 0, NULL,
                            found->is_environment_partial };
    struct node *tree;
    if (loader_tree(&set, &tree, err))
        return -1;
    struct stage stage = loader_stage(&set, NULL);
    return run_stages(&stage, tree, project, err);
}

int compose_load(const struct load_options *options, struct project **ret_project,
                 struct findings *findings, struct err *err)
{
    struct project *project = project_new();
    struct loader loader;
    struct discovery found;
    struct history history;
    loader_init(&loader, options, project->arena, findings);
    keep_history(&loader, &history, project);
    int failed = discover(options, project->arena, findings, loader.history, &found, err);
    if (!failed)
        failed = load_files(&loader, &found, project, err);
    discovery_release(&found);
    loader_release(&loader);
    if (failed) {
        project_free(project);
        return -1;
    }
    *ret_project = project;
    return 0;
}

static int load_written(struct loader *loader, struct discovery *found, struct written *written,
                        struct err *err)
{
    const struct text_list files = use_documents(loader, found);
    STR_AUTO(name);
    if (choose_name(loader, found, &name, err))
        return -1;
    loader->project_name = arena_dup_len(loader->arena, name.buf, name.len);
    map_set(&found->environment, PROJECT_NAME_VARIABLE, (void *)(uintptr_t)loader->project_name);
    written->working_dir = found->working_dir;
    written->project_name = loader->project_name;
    MAP_EACH(&found->environment, variable)
        map_set_len(&written->environment, variable->key, variable->key_len, variable->value);
    struct load_set set = { loader, found->working_dir, NULL, &files, &written->environment,
                            0, NULL, found->is_environment_partial };
    if (loader_tree(&set, &written->tree, err))
        return -1;
    return loader->findings->n_errors > 0 ? refuse_input(loader->findings, err) : 0;
}

int compose_load_written(const struct load_options *options, struct arena *arena,
                         struct written *ret_written, struct findings *findings, struct err *err)
{
    struct load_options as_written = *options;
    struct loader loader;
    struct discovery found;
    *ret_written = (struct written){ 0 };
    as_written.no_path_resolution = false; /* of included and extended files */
    loader_init(&loader, &as_written, arena, findings);
    loader.written = ret_written;
    int failed = discover(&as_written, arena, findings, NULL, &found, err);
    if (!failed)
        failed = load_written(&loader, &found, ret_written, err);
    discovery_release(&found);
    loader_release(&loader);
    return failed;
}

void written_release(struct written *written)
{
    map_release(&written->environment);
}

int compose_load_name(const struct load_options *options, char **ret_name, struct findings *findings,
                      struct err *err)
{
    struct arena *arena = arena_new();
    struct loader loader;
    struct discovery found;
    ERR_AUTO(problem);
    STR_AUTO(name);
    loader_init(&loader, options, arena, findings);
    int failed = discover(options, arena, findings, NULL, &found, &problem);
    /* Without a file there is still a name from -p, the environment or nothing. */
    bool has_name = (options->project_name && *options->project_name) ||
                    map_has(&found.environment, PROJECT_NAME_VARIABLE);
    if (failed && problem.code == ERR_NOT_FOUND && found.files.n == 0 && has_name)
        failed = 0;
    if (failed)
        err_move(err, &problem);
    else
        failed = choose_name(&loader, &found, &name, err);
    discovery_release(&found);
    loader_release(&loader);
    arena_free(arena);
    if (failed)
        return -1;
    *ret_name = str_steal(&name);
    return 0;
}
