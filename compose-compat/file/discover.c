/*
 * discover.c - files, folder and environment of a load. See discover.h.
 *
 * The order matters: the process environment wins; then explicit env files or .env, which may say where
 * the Compose files are; then, the folder being known, the .env beside them.
 */
#include "base/base.h"

#include "compose-compat/file/discover.h"

#include "base/file.h"
#include "base/vec.h"
#include "compose-compat/file/dotenv.h"

static const char *const file_names[] = { "compose.yaml", "compose.yml", "docker-compose.yml",
                                          "docker-compose.yaml", NULL };
static const char *const override_names[] = { "compose.override.yml", "compose.override.yaml",
                                              "docker-compose.override.yml",
                                              "docker-compose.override.yaml", NULL };

struct search {
    const struct load_options *options;
    struct arena *arena;
    struct findings *findings;
    struct history *history; /* or NULL */
    struct discovery *found;
    struct text_list dotenv_files; /* what is read now: the explicit ones or .env */
    bool no_dotenv;                /* COMPOSE_DISABLE_ENV_FILE */
};

static const char *absolute(struct search *search, const char *path)
{
    STR_AUTO(text);
    path_absolute(search->options->current_dir, path, &text);
    return arena_dup_len(search->arena, text.buf, text.len);
}

static const char *joined(struct search *search, const char *dir, const char *name)
{
    STR_AUTO(text);
    path_join(dir, name, &text);
    return arena_dup_len(search->arena, text.buf, text.len);
}

static const char *folder_of(struct search *search, const char *path)
{
    STR_AUTO(text);
    path_dir(path, &text);
    return arena_dup_len(search->arena, text.buf, text.len);
}

static const char *variable(const struct search *search, const char *name)
{
    return map_find(&search->found->environment, name);
}

static void take_environment(struct search *search)
{
    struct map *environment = &search->found->environment;
    for (const char *const *entry = search->options->environment; entry && *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        if (!equals)
            continue;
        char *value = arena_dup(search->arena, equals + 1);
        map_set_len(environment, *entry, (size_t)(equals - *entry), value);
        history_know_source(search->history, value, "environment");
    }
    if (!map_has(environment, "PWD")) {
        char *dir = arena_dup(search->arena, search->options->current_dir);
        map_set(environment, "PWD", dir);
        history_know_source(search->history, dir, "current folder");
    }
}

/* Splits text at sep into the list, absolute paths. */
static void split_paths(struct search *search, const char *text, const char *sep,
                        struct text_list *list)
{
    size_t sep_len = strlen(sep);
    for (const char *end;; text = end + sep_len) {
        end = strstr(text, sep);
        const char *part = arena_dup_len(search->arena, text, end ? (size_t)(end - text) : strlen(text));
        ARENA_ADD(search->arena, list,
                  strcmp(part, "-") == 0 ? part : absolute(search, part));
        if (!end)
            return;
    }
}

/* --- env files --------------------------------------------------------------------------------- */

static int take_env_options(struct search *search, struct err *err)
{
    struct text_list *files = &search->found->env_files;
    const char *const *given = search->options->env_files;
    for (; given && *given; given++)
        ARENA_ADD(search->arena, files, absolute(search, *given));
    const char *from_variable = variable(search, "COMPOSE_ENV_FILES");
    if (files->n == 0 && from_variable && *from_variable)
        split_paths(search, from_variable, ",", files);
    search->dotenv_files = *files;
    const char *disable = variable(search, "COMPOSE_DISABLE_ENV_FILE");
    if (files->n == 0 && disable && text_to_bool(disable, &search->no_dotenv))
        return err_set(err, ERR_USAGE, "COMPOSE_DISABLE_ENV_FILE is \"%s\", which is no boolean",
                       disable);
    return 0;
}

static const char *lookup_environment(void *arg, struct slice name)
{
    const struct search *search = arg;
    return map_find_len(&search->found->environment, name.at, name.len);
}

/* Adds what the env files set and the environment does not have. */
static int read_env_files(struct search *search, struct err *err)
{
    struct dotenv dotenv;
    ERR_AUTO(problem);
    int failed = 0;
    dotenv_init(&dotenv, search->arena, search->findings);
    dotenv.lookup = lookup_environment;
    dotenv.arg = search;
    dotenv.history = search->history;
    dotenv.dir = search->options->current_dir;
    VEC_EACH(&search->dotenv_files, path) {
        failed = dotenv_read(&dotenv, *path, NULL, &problem);
        if (failed)
            break;
    }
    /* What the rest of the file sets is not known, but there is more to be found wrong. */
    bool is_wrong = failed && problem.code == ERR_INPUT && search->findings->n_errors > 0;
    if (is_wrong)
        failed = 0;
    search->found->is_environment_partial |= is_wrong;
    MAP_EACH(&dotenv.values, entry) {
        const struct dotenv_value *value = entry->value;
        const char *earlier = map_find(&search->found->environment, entry->key);
        const char *text = earlier ? history_outweigh(search->history, earlier, value->text)
                                   : value->text;
        if (!failed && text != earlier)
            map_set_len(&search->found->environment, entry->key, entry->key_len,
                        (void *)(uintptr_t)text);
    }
    dotenv_release(&dotenv);
    if (failed)
        err_move(err, &problem);
    if (failed && err && err->code == ERR_NOT_FOUND)
        err_wrap(err, "env file");
    return failed;
}

/* The project's folder as far as it is known now. */
static const char *working_dir(struct search *search)
{
    if (search->options->project_dir)
        return absolute(search, search->options->project_dir);
    VEC_EACH(&search->found->files, path) {
        if (strcmp(*path, "-") != 0)
            return folder_of(search, *path);
    }
    return search->options->current_dir;
}

/* The explicit env files, else .env in the project's folder when it is there. */
static int read_dotenv(struct search *search, struct err *err)
{
    if (search->found->is_environment_partial)
        return 0;
    if (search->found->env_files.n == 0) {
        const char *path = joined(search, working_dir(search), ".env");
        if (search->no_dotenv || !file_exists(path) || file_is_dir(path))
            return 0;
        search->dotenv_files = (struct text_list){ 0 };
        ARENA_ADD(search->arena, &search->dotenv_files, path);
    }
    return read_env_files(search, err);
}

/* --- Compose files ----------------------------------------------------------------------------- */

static void take_file_options(struct search *search)
{
    struct text_list *files = &search->found->files;
    for (const char *const *file = search->options->files; file && *file; file++)
        ARENA_ADD(search->arena, files,
                  strcmp(*file, "-") == 0 ? *file : absolute(search, *file));
}

static int take_file_variable(struct search *search, struct err *err)
{
    struct text_list *files = &search->found->files;
    const char *names = variable(search, "COMPOSE_FILE");
    if (files->n > 0 || !names)
        return 0;
    const char *sep = variable(search, "COMPOSE_PATH_SEPARATOR");
    split_paths(search, names, sep && *sep ? sep : ":", files);
    VEC_EACH(files, path) {
        if (strcmp(*path, "-") != 0 && !file_exists(*path)) {
            err_set(err, ERR_NOT_FOUND, "the file \"%s\" that COMPOSE_FILE names does not exist",
                    *path);
            return -1;
        }
    }
    return 0;
}

/* Adds the first of names that is in dir. False when there is none. */
static bool add_first(struct search *search, const char *dir, const char *const *names)
{
    const char *first = NULL;
    for (; *names; names++) {
        const char *path = joined(search, dir, *names);
        if (!file_exists(path))
            continue;
        if (first) {
            struct origin none = ORIGIN_NONE;
            finding_add(search->findings, FINDING_WARNING, none, NULL,
                        "\"%s\" and \"%s\" are both there, the first is used", first, path);
            return true;
        }
        first = path;
        ARENA_ADD(search->arena, &search->found->files, path);
    }
    return first != NULL;
}

/* From the project's folder upwards. */
static int search_files(struct search *search, struct err *err)
{
    if (search->found->files.n > 0)
        return 0;
    const char *dir = working_dir(search);
    while (!add_first(search, dir, file_names)) {
        const char *parent = folder_of(search, dir);
        if (strcmp(parent, dir) == 0)
            return err_set(err, ERR_NOT_FOUND,
                           "no configuration file provided: none of compose.yaml, "
                           "compose.yml, docker-compose.yml and docker-compose.yaml is in \"%s\" "
                           "or above it",
                           working_dir(search));
        dir = parent;
    }
    add_first(search, dir, override_names);
    return 0;
}

int discover(const struct load_options *options, struct arena *arena, struct findings *findings,
             struct history *history, struct discovery *ret_found, struct err *err)
{
    *ret_found = (struct discovery){ 0 };
    struct search search = { options, arena, findings, history, ret_found, { 0 }, false };
    map_init(&ret_found->environment);
    take_environment(&search);
    take_file_options(&search);
    if (take_env_options(&search, err) || read_dotenv(&search, err) ||
        take_file_variable(&search, err))
        return -1;
    int failed = search_files(&search, err);
    ret_found->working_dir = working_dir(&search);
    if (failed)
        return -1;
    return read_dotenv(&search, err);
}

void discovery_release(struct discovery *found)
{
    map_release(&found->environment);
}
