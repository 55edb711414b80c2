/*
 * include.c - other projects' files brought into a document (compose-file.md 8.2). See loader.h.
 */
#include "base/base.h"

#include "compose-compat/file/loader.h"

#include "base/file.h"
#include "base/vec.h"
#include "compose-compat/file/dotenv.h"
#include "compose-compat/file/merge.h"
#include "compose-compat/file/validate.h"

/* One entry of `include`. */
struct entry {
    struct origin at;
    struct trail trail;
    struct text_list paths; /* absolute, the main file first */
    const char *dir;        /* where the files' paths start from */
    struct text_list env_files;
};

static struct finding *add(const struct load_set *set, const struct entry *entry, const char *text)
{
    return trail_finding(&entry->trail, set->loader->findings, FINDING_ERROR, entry->at, "%s", text);
}

static void add_texts(struct arena *arena, const struct node *node, struct text_list *list)
{
    if (node_as_text(node)) {
        ARENA_ADD(arena, list, node_as_text(node));
    } else if (node_is(node, NODE_LIST)) {
        NODE_EACH_ITEM(node, item)
            ARENA_ADD(arena, list, node_as_text(*item));
    }
}

static bool is_remote(const char *path)
{
    static const char *const starts[] = { "oci://", "git://", "ssh://", "http://", "https://",
                                          "git@",   "github.com/" };
    for (size_t i = 0; i < ARRAY_LEN(starts); i++)
        if (text_starts(path, starts[i]))
            return true;
    return false;
}

/* The env files that are named, or the .env beside the included file. */
static bool find_env_files(const struct load_set *set, const struct node *node, struct entry *entry)
{
    struct loader *loader = set->loader;
    struct text_list named = { 0 };
    add_texts(loader->arena, node_get(node, "env_file"), &named);
    if (named.n == 0) {
        const char *path = loader_path(loader, entry->dir, ".env");
        if (file_exists(path) && !file_is_dir(path))
            ARENA_ADD(loader->arena, &entry->env_files, path);
        return true;
    }
    VEC_EACH(&named, name) {
        if (strcmp(*name, "/dev/null") == 0)
            continue;
        const char *path = loader_path(loader, set->working_dir, *name);
        if (!file_exists(path) || file_is_dir(path)) {
            STR_AUTO(text);
            str_printf(&text, "the env file \"%s\" is %s", path,
                       file_is_dir(path) ? "a directory" : "not there");
            add(set, entry, text.buf);
            return false;
        }
        ARENA_ADD(loader->arena, &entry->env_files, path);
    }
    return true;
}

static const struct schema_row *include_row(void)
{
    return schema_find(schema_root()->type, "include");
}

/* A relative project_directory that does not exist: paths start above it, as docker compose has it. */
static void use_parent(const struct load_set *set, struct entry *entry)
{
    STR_AUTO(parent);
    path_dir(entry->dir, &parent);
    trail_finding(&entry->trail, set->loader->findings, FINDING_WARNING, entry->at,
                  "the project directory \"%s\" does not exist, paths start at \"%s\"", entry->dir,
                  parent.buf);
    entry->dir = arena_dup_len(set->loader->arena, parent.buf, parent.len);
}

/* Fills in the entry. False after adding what is wrong. */
static bool parse_entry(const struct load_set *set, const struct node *node, struct entry *entry)
{
    struct loader *loader = set->loader;
    const struct node *path_node = node->kind == NODE_MAP ? node_get(node, "path") : node;
    const char *dir = node_as_text(node_get(node, "project_directory"));
    add_texts(loader->arena, path_node, &entry->paths);
    validate_warn_unknown(loader->findings, node, include_row()->type->item, &entry->trail);
    if (entry->paths.n == 0)
        return find_env_files(set, node, entry);
    VEC_EACH(&entry->paths, path) {
        if (is_remote(*path)) {
            add(set, entry, "only files of this machine can be included");
            return false;
        }
        *path = loader_path(loader, set->working_dir, *path);
    }
    STR_AUTO(main_dir);
    path_dir(entry->paths.items[0], &main_dir);
    entry->dir = dir ? loader_path(loader, set->working_dir, dir)
                     : arena_dup_len(loader->arena, main_dir.buf, main_dir.len);
    if (!find_env_files(set, node, entry))
        return false;
    if (dir && !path_is_absolute(dir) && !file_is_dir(entry->dir))
        use_parent(set, entry);
    return true;
}

static bool is_cycle(const struct load_set *set, const struct entry *entry,
                     const struct include_chain *chain)
{
    VEC_EACH(&entry->paths, path) {
        const struct include_chain *first = chain;
        while (first && strcmp(first->path, *path) != 0)
            first = first->up;
        if (!first)
            continue;
        STR_AUTO(steps);
        str_add(&steps, *path);
        for (const struct include_chain *step = chain;; step = step->up) {
            str_printf(&steps, " <- %s", step->path);
            if (step == first)
                break;
        }
        finding_hint(add(set, entry, "a file includes itself"), "the circle: %s", steps.buf);
        return true;
    }
    if (chain->depth < LOADER_MAX_INCLUDE_DEPTH)
        return false;
    add(set, entry, "includes are nested too deep");
    return true;
}

static const char *lookup_environment(void *arg, struct slice name)
{
    return map_find_len(arg, name.at, name.len);
}

/* The set's environment, then what the env files add. False after adding findings. */
static bool read_environment(const struct load_set *set, const struct entry *entry,
                             struct map *environment)
{
    struct loader *loader = set->loader;
    struct dotenv dotenv;
    ERR_AUTO(err);
    int failed = 0;
    dotenv_init(&dotenv, loader->arena, loader->findings);
    dotenv.lookup = lookup_environment;
    dotenv.arg = (void *)(uintptr_t)set->environment;
    dotenv.dir = loader->options->current_dir;
    dotenv.history = loader->history;
    for (size_t i = 0; i < entry->env_files.n && !failed; i++)
        failed = dotenv_read(&dotenv, entry->env_files.items[i], NULL, &err);
    if (failed && err.code != ERR_INPUT)
        add(set, entry, err.text);
    MAP_EACH(set->environment, variable)
        map_set_len(environment, variable->key, variable->key_len, variable->value);
    MAP_EACH(&dotenv.values, variable) {
        const struct dotenv_value *value = variable->value;
        const char *earlier = map_find(environment, variable->key);
        const char *text = earlier ? history_outweigh(loader->history, earlier, value->text)
                                   : value->text;
        if (text != earlier)
            map_set_len(environment, variable->key, variable->key_len, (void *)(uintptr_t)text);
    }
    dotenv_release(&dotenv);
    return !failed;
}

/* The included tree's objects into the document's; where both have one, the document's own wins. */
static void import_section(const struct load_set *set, struct node *tree, struct node *included,
                           const char *section, const struct reset_paths *resets)
{
    struct loader *loader = set->loader;
    struct node *from = node_get(included, section), *to = node_get(tree, section);
    struct merge merge = { loader->arena, loader->findings };
    if (node_is_wrong(from))
        tree->flags |= NODE_WRONG;
    if (!node_is(from, NODE_MAP) || (to && to->kind != NODE_MAP))
        return;
    if (!to) {
        node_set(loader->arena, tree, section, from->at, from);
        return;
    }
    struct trail trail = TRAIL_KEY(NULL, section);
    NODE_EACH_PAIR(from, pair) {
        struct node_pair *own = node_get_pair(to, pair->key, pair->key_len);
        if (!own) {
            node_append_pair(loader->arena, to, pair->key, pair->key_len, pair->at, pair->value);
            continue;
        }
        const char *const prefix[] = { section, pair->key };
        struct trail here = TRAIL_KEY(&trail, pair->key);
        document_apply_resets(resets, pair->value, prefix, 2, own->value);
        own->value = merge_nodes(&merge, pair->value, own->value, schema_section(section), &here);
    }
}

static void include_entry(const struct load_set *set, const char *path, const struct node *node,
                          const struct trail *trail, struct node *tree,
                          const struct reset_paths *resets)
{
    static const char *const sections[] = { "services", "volumes", "networks",
                                            "secrets",  "configs", "models" };
    struct loader *loader = set->loader;
    struct include_chain chain = { set->chain, path, set->chain ? set->chain->depth + 1 : 1 };
    struct entry entry = { .at = node->at, .trail = *trail };
    MAP_AUTO(environment);
    ERR_AUTO(err);
    entry.dir = set->working_dir;
    if (!parse_entry(set, node, &entry) || is_cycle(set, &entry, &chain)) {
        tree->flags |= NODE_WRONG;
        return;
    }
    if (entry.paths.n == 0) {
        trail_finding(trail, loader->findings, FINDING_WARNING, node->at,
                      "nothing is included: the key \"path\" is missing");
        return;
    }
    struct load_set included = *set;
    included.working_dir = entry.dir;
    included.enclosing_dir = set->working_dir;
    included.files = &entry.paths;
    included.chain = &chain;
    if (entry.env_files.n > 0) {
        if (!read_environment(set, &entry, &environment))
            included.is_environment_partial = true;
        included.environment = &environment;
        included.environment_number = ++loader->n_environments;
    }
    struct node *result;
    if (loader_tree(&included, &result, &err)) {
        add(set, &entry, err.text);
        tree->flags |= NODE_WRONG;
        return;
    }
    tree->flags |= result->flags & NODE_WRONG;
    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        import_section(set, tree, result, sections[i], resets);
}

void include_apply(const struct load_set *set, const char *path, struct node *tree,
                   const struct reset_paths *resets)
{
    struct node *include = node_get(tree, "include");
    struct trail trail = TRAIL_KEY(NULL, "include");
    struct validate validate = { set->loader->arena, set->loader->findings };
    if (!include)
        return;
    if (include->kind != NODE_NULL)
        include = validate_node(&validate, include, include_row(), &trail);
    if (include->kind == NODE_LIST) {
        for (size_t i = 0; i < include->u.list.n; i++) {
            struct trail here = TRAIL_INDEX(&trail, i);
            if (!node_has_wrong(include->u.list.items[i]))
                include_entry(set, path, include->u.list.items[i], &here, tree, resets);
        }
    }
    if (node_has_wrong(include))
        tree->flags |= NODE_WRONG;
    node_remove(tree, "include");
}
