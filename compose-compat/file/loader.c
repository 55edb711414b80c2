/*
 * loader.c - from a list of files to one merged tree (compose-file.md section 1, steps 2 and 3). See loader.h.
 *
 * Each document touches only what it names: what is merged, checked and made canonical again is the part of
 * the accumulated tree that the document has keys for, so that many files cost no more than one.
 */
#include "base/base.h"

#include "compose-compat/file/loader.h"

#include "base/file.h"
#include "base/vec.h"
#include "compose-compat/file/merge.h"
#include "compose-compat/file/unique.h"
#include "compose-compat/file/validate.h"

/* --- files ------------------------------------------------------------------------------------- */

const char *loader_path(struct loader *loader, const char *dir, const char *path)
{
    STR_AUTO(text);
    if (*path == '~') {
        str_add(&text, path_home());
        str_add(&text, path + 1);
    } else {
        path_absolute(dir, path, &text);
    }
    return arena_dup_len(loader->arena, text.buf, text.len);
}

static int read_text(struct loader *loader, const char *path, struct str *text, struct err *err)
{
    const struct str *standard_input = loader->options->standard_input;
    if (strcmp(path, "-") != 0)
        return file_read(path, YREAD_MAX_BYTES, text, err);
    if (!standard_input)
        return file_read_fd(STDIN_FILENO, "standard input", YREAD_MAX_BYTES, text, err);
    str_add_len(text, standard_input->buf, standard_input->len);
    return 0;
}

struct loader_file *loader_read(struct loader *loader, const char *path, struct err *err)
{
    struct loader_file *file = map_find(&loader->files, path);
    if (file)
        return file;
    STR_AUTO(text);
    if (loader->files.n >= LOADER_MAX_FILES) {
        err_set(err, ERR_LIMIT, "more than %d files are read for one project", LOADER_MAX_FILES);
        return NULL;
    }
    if (read_text(loader, path, &text, err))
        return NULL;
    file = ARENA_NEW(loader->arena, struct loader_file);
    file->path = arena_dup(loader->arena, path);
    const char *name =
        strcmp(path, "-") == 0 ? "stdin" : path_below(loader->options->current_dir, path);
    file->id = origin_add_file(name, text.buf, text.len);
    file->is_bad = yread_parse(loader->arena, file->id, text.buf, text.len, &file->documents,
                               loader->findings) != 0;
    if (file->is_bad)
        file->documents.n = 0;
    map_set(&loader->files, path, file);
    return file;
}

struct stage loader_stage(const struct load_set *set, const char *file_name)
{
    struct loader *loader = set->loader;
    return (struct stage){
        .arena = loader->arena,
        .findings = loader->findings,
        .options = loader->options,
        .working_dir = set->working_dir,
        .enclosing_dir = set->enclosing_dir,
        .project_name = loader->project_name,
        .is_name_given = loader->is_name_given,
        .environment = set->environment,
        .is_environment_partial = set->is_environment_partial,
        .history = loader->history,
        .n_ports = &loader->n_ports,
        .file_name = file_name,
    };
}

struct node *loader_prepare(const struct load_set *set, const struct node *raw, const char *dir,
                            struct reset_paths *ret_resets)
{
    struct loader *loader = set->loader;
    if (loader->written) {
        struct written_document written = { raw, dir, set->environment_number > 0 };
        ARENA_ADD(loader->arena, &loader->written->documents, written);
    }
    struct document document = {
        .arena = loader->arena,
        .findings = loader->findings,
        .environment = loader->options->no_interpolate ? NULL : set->environment,
        .is_environment_partial = set->is_environment_partial,
        .interpolated = &loader->interpolated,
        .history = loader->history,
    };
    struct node *tree = document_prepare(&document, raw);
    *ret_resets = document.resets;
    return tree;
}

/* --- one document ------------------------------------------------------------------------------ */

static bool is_section(const struct schema_row *row)
{
    return row && row->type->value && schema_is_user_map(row->type);
}

/* Joins a section into the accumulated one; what was touched goes to part. */
static void merge_section(const struct merge *merge, struct node *whole, const struct node_pair *pair,
                          const struct schema_row *row, struct node *part)
{
    struct node *section = node_get(whole, pair->key);
    struct node *touched = node_map(merge->arena, pair->value->at);
    struct trail trail = TRAIL_KEY(NULL, pair->key);
    NODE_EACH_PAIR(pair->value, entry) {
        struct node_pair *found = node_get_pair(section, entry->key, entry->key_len);
        struct node *value = entry->value;
        struct trail here = TRAIL_KEY(&trail, entry->key);
        if (found)
            found->value = value = merge_nodes(merge, found->value, value, row->type->value, &here);
        else
            node_append_pair(merge->arena, section, entry->key, entry->key_len, entry->at, value);
        node_append_pair(merge->arena, touched, entry->key, entry->key_len, entry->at, value);
    }
    node_append_pair(merge->arena, part, pair->key, pair->key_len, pair->at, touched);
}

/* Merges the document over whole; the result is the part of it that the document touched. */
static struct node *merge_document(const struct merge *merge, struct node *whole, struct node *tree)
{
    struct node *part = node_map(merge->arena, tree->at);
    NODE_EACH_PAIR(tree, pair) {
        const struct schema_row *row = schema_row_of(schema_root(), pair->key);
        struct node_pair *found = node_get_pair(whole, pair->key, pair->key_len);
        struct trail here = TRAIL_KEY(NULL, pair->key);
        struct node *value = pair->value;
        if (found && is_section(row) && found->value->kind == NODE_MAP && value->kind == NODE_MAP) {
            merge_section(merge, whole, pair, row, part);
            continue;
        }
        if (found)
            found->value = value = merge_nodes(merge, found->value, value, row, &here);
        else
            node_append_pair(merge->arena, whole, pair->key, pair->key_len, pair->at, value);
        node_append_pair(merge->arena, part, pair->key, pair->key_len, pair->at, value);
    }
    return part;
}

/* Brings back what the stages replaced in part. */
static void write_back(struct arena *arena, struct node *whole, const struct node *part)
{
    NODE_EACH_PAIR(part, pair) {
        const struct schema_row *row = schema_row_of(schema_root(), pair->key);
        struct node *section = node_get(whole, pair->key);
        bool is_part = is_section(row) && node_is(section, NODE_MAP) && pair->value->kind == NODE_MAP;
        if (!is_part) {
            node_set_len(arena, whole, pair->key, pair->key_len, pair->at, pair->value);
            continue;
        }
        if (section == pair->value)
            continue;
        NODE_EACH_PAIR(pair->value, entry) {
            struct node_pair *found = node_get_pair(section, entry->key, entry->key_len);
            if (found)
                found->value = entry->value;
        }
    }
}

static void warn_version(const struct load_set *set, struct node *part)
{
    const struct node_pair *pair = node_get_pair(part, "version", strlen("version"));
    if (!pair)
        return;
    struct finding *finding = finding_add(set->loader->findings, FINDING_WARNING, pair->at, "version",
                                          "the attribute \"version\" is obsolete and ignored");
    finding_hint(finding, "remove it");
    node_remove(part, "version");
}

/* A document whose relative paths start elsewhere has them made absolute before it is merged. */
static void resolve_own_paths(const struct load_set *set, const struct loader_file *file,
                              struct node *tree)
{
    struct loader *loader = set->loader;
    struct stage stage = loader_stage(set, file->path);
    struct validate validate = { loader->arena, loader->findings };
    stage.working_dir = file->dir;
    stage.enclosing_dir = set->working_dir;
    validate_node(&validate, tree, schema_root(), NULL);
    stage_canonicalise(&stage, tree);
    stage_resolve_paths(&stage, tree);
}

static void apply_document(const struct load_set *set, const struct loader_file *file,
                           const struct node *raw, struct node *whole)
{
    struct loader *loader = set->loader;
    if (raw->kind != NODE_MAP) {
        finding_add(loader->findings, FINDING_ERROR, raw->at, NULL,
                    "the top level must be a mapping, not %s",
                    node_kind_name((enum node_kind)raw->kind));
        whole->flags |= NODE_WRONG;
        return;
    }
    struct merge merge = { loader->arena, loader->findings };
    struct validate validate = { loader->arena, loader->findings };
    struct reset_paths resets;
    struct load_set own = *set;
    if (file->dir)
        own.working_dir = file->dir;
    struct node *tree = loader_prepare(&own, raw, own.working_dir, &resets);
    /* A later null is no override here. */
    const struct node *services = node_get(tree, "services");
    if (node_is(services, NODE_NULL) && !node_is_wrong(services))
        finding_add(loader->findings, FINDING_ERROR, services->at, "services",
                    "must be a mapping, not null");
    include_apply(&own, file->path, tree, &resets);
    extends_apply(&own, file->path, tree, &resets);
    /* After what is nearer: values that are weightier remember in this order what they replaced. */
    document_apply_resets(&resets, whole, NULL, 0, tree);
    if (file->dir)
        resolve_own_paths(set, file, tree);
    struct node *part = merge_document(&merge, whole, tree);
    unique_enforce(loader->arena, loader->findings, part, schema_root(), false, NULL);
    validate_node(&validate, part, schema_root(), NULL);
    warn_version(set, part);
    node_remove(whole, "version");
    whole->flags |= tree->flags & NODE_WRONG;
    struct stage stage = loader_stage(set, file->path);
    stage_canonicalise(&stage, part);
    unique_enforce(loader->arena, loader->findings, part, schema_root(), true, NULL);
    write_back(loader->arena, whole, part);
}

int loader_tree(const struct load_set *set, struct node **ret_tree, struct err *err)
{
    struct loader *loader = set->loader;
    struct origin none = ORIGIN_NONE;
    struct node *whole = node_map(loader->arena, none);
    VEC_EACH(set->files, path) {
        struct loader_file *file = loader_read(loader, *path, err);
        if (!file)
            return -1;
        if (file->is_bad)
            whole->flags |= NODE_WRONG;
        if (!whole->at.file)
            whole->at = (struct origin){ file->id, 0, 0 };
        for (size_t i = 0; i < file->documents.n; i++)
            apply_document(set, file, file->documents.items[i], whole);
    }
    *ret_tree = whole;
    if (whole->u.map.n == 0 && !set->chain && !node_is_wrong(whole)) {
        finding_add(loader->findings, FINDING_ERROR, whole->at, NULL, "empty compose file");
        return 0;
    }
    struct stage stage = loader_stage(set, NULL);
    /* The default of a build's context is the included file's folder. */
    if (!loader->written || set->chain)
        stage_defaults(&stage, whole);
    stage_check(&stage, whole);
    /* What an included file names is relative to its own folder, whatever the options say. */
    bool keep_paths = loader->options->no_path_resolution || loader->written;
    if (set->chain || !keep_paths)
        stage_resolve_paths(&stage, whole);
    /* What an included file's own environment says would be lost. */
    if (!loader->written || set->environment_number > 0)
        stage_resolve_environment(&stage, whole);
    return 0;
}
