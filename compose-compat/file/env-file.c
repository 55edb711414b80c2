/*
 * env-file.c - env_file into environment, label_file into labels, for the services that are
 * enabled (compose-file.md 7.5). What the service says itself wins over a file. The values keep
 * the places of their lines in the files.
 */
#include "base/base.h"

#include "compose-compat/file/stages.h"

#include "compose-compat/file/bind.h"
#include "base/vec.h"
#include "compose-compat/file/dotenv.h"

struct reader {
    const struct stage *stage;
    struct project *project;
    struct service *service;
    struct dotenv dotenv;
    bool is_labels;
};

/* The variables that a line of a file sees besides the earlier lines. */
static const char *lookup(void *arg, struct slice name)
{
    const struct reader *reader = arg;
    const char *value = NULL;
    if (!reader->is_labels) {
        value = map_find_len(reader->stage->environment, name.at, name.len);
        if (!value) {
            const struct node *own = node_get(reader->service->source, "environment");
            const struct node_pair *pair =
                node_is(own, NODE_MAP) ? node_get_pair(own, name.at, name.len) : NULL;
            value = pair ? node_as_text(pair->value) : NULL;
        }
    }
    return value;
}

static void refuse(struct reader *reader, struct origin at, const char *attribute, const char *text)
{
    STR_AUTO(path);
    str_printf(&path, "services.%s.%s", reader->service->name, attribute);
    finding_add(reader->stage->findings, FINDING_ERROR, at, path.buf, "%s", text);
}

/* Reads one file. A missing one is fine unless it is required. */
static void read_file(struct reader *reader, struct origin at, const char *path, const char *format,
                      bool is_required)
{
    ERR_AUTO(err);
    STR_AUTO(text);
    const char *attribute = reader->is_labels ? "label_file" : "env_file";
    size_t n_before = reader->stage->findings->n_errors;
    if (dotenv_read(&reader->dotenv, path, format, &err) == 0 ||
        (err.code == ERR_INPUT && reader->stage->findings->n_errors > n_before))
        return;
    if (err.code != ERR_NOT_FOUND)
        str_add(&text, err.text);
    else if (is_required)
        str_printf(&text, "%s file \"%s\" not found", reader->is_labels ? "label" : "env", path);
    else
        return;
    refuse(reader, at, attribute, text.buf);
}

/* A file's value, with those of earlier lines and files that it replaced. */
static struct node *file_value(struct arena *arena, const struct dotenv_value *value)
{
    struct node *first = NULL;
    const struct node **link = NULL;
    for (; value; value = value->replaced) {
        struct node *node = node_text(arena, value->at, value->text);
        if (link)
            *link = node;
        else
            first = node;
        link = &node->overrode;
    }
    return first;
}

/* The service's own value: what it replaced in other files of the project, then what env files say. */
static struct node *own_value(struct arena *arena, const struct node *own, const struct node *file)
{
    struct node *winner = node_copy_shallow(arena, own);
    struct node *last = winner;
    while (last->overrode) {
        struct node *loser = node_copy_shallow(arena, last->overrode);
        last->overrode = loser;
        last = loser;
    }
    last->overrode = file;
    return winner;
}

/* The values of the files, with those of the service over them, into the service. */
static void merge_values(struct reader *reader, const char *key, struct pair_list *pairs)
{
    struct arena *arena = reader->project->arena;
    struct node *source = (struct node *)reader->service->source;
    const struct node *own = node_get(source, key);
    struct node *merged = node_map(arena, own ? own->at : source->at);
    merged->overrode = own ? own->overrode : NULL;
    MAP_EACH(&reader->dotenv.values, entry) {
        const struct dotenv_value *value = entry->value;
        node_set_len(arena, merged, entry->key, entry->key_len, value->at,
                     file_value(arena, value));
    }
    if (node_is(own, NODE_MAP)) {
        NODE_EACH_PAIR(own, pair) {
            struct node_pair *file = node_get_pair(merged, pair->key, pair->key_len);
            if (file) {
                file->at = pair->at;
                file->value = own_value(arena, pair->value, file->value);
            } else {
                node_set_len(arena, merged, pair->key, pair->key_len, pair->at, pair->value);
            }
        }
    }
    if (merged->u.map.n == 0)
        return;
    node_sort_keys(merged);
    bind_set(arena, source, schema_section("services")->type, key, merged);
    STR_AUTO(path);
    struct decode decode = { arena, reader->stage->findings, &path };
    *pairs = (struct pair_list){ NULL, 0, 0 };
    (void)decode_pairs(&decode, merged, NULL, pairs);
}

/* Lines of the files may name the service's own variables. */
static void know_own_values(const struct reader *reader)
{
    const struct node *own = node_get(reader->service->source, "environment");
    if (!reader->stage->history || !node_is(own, NODE_MAP))
        return;
    NODE_EACH_PAIR(own, pair)
        if (node_as_text(pair->value))
            history_know_node(reader->stage->history, node_as_text(pair->value), pair->value);
}

static void read_env_files(struct reader *reader)
{
    struct service *service = reader->service;
    struct node *source = (struct node *)service->source, *files = node_get(source, "env_file");
    if (!node_is(files, NODE_LIST))
        return;
    dotenv_init(&reader->dotenv, reader->project->arena, reader->stage->findings);
    reader->dotenv.lookup = lookup;
    reader->dotenv.arg = reader;
    reader->dotenv.dir = reader->stage->options->current_dir;
    reader->dotenv.history = reader->stage->history;
    know_own_values(reader);
    NODE_EACH_ITEM(files, item) {
        if (node_has_wrong(*item))
            continue;
        const char *path = node_as_text(node_get(*item, "path"));
        const struct node *required = node_get(*item, "required");
        read_file(reader, (*item)->at, path ? path : "", node_as_text(node_get(*item, "format")),
                  !(node_is(required, NODE_BOOL) && !required->u.truth));
    }
    merge_values(reader, "environment", &service->environment);
    bind_set(reader->project->arena, source, schema_section("services")->type, "env_file", NULL);
    dotenv_release(&reader->dotenv);
}

static void read_label_files(struct reader *reader)
{
    struct service *service = reader->service;
    const struct node *files = node_get(service->source, "label_file");
    if (!node_is(files, NODE_LIST))
        return;
    reader->is_labels = true;
    dotenv_init(&reader->dotenv, reader->project->arena, reader->stage->findings);
    reader->dotenv.lookup = lookup;
    reader->dotenv.arg = reader;
    reader->dotenv.dir = reader->stage->options->current_dir;
    reader->dotenv.history = reader->stage->history;
    NODE_EACH_ITEM(files, item)
        if (!node_is_wrong(*item))
            read_file(reader, (*item)->at, node_as_text(*item), NULL, true);
    merge_values(reader, "labels", &service->labels);
    dotenv_release(&reader->dotenv);
}

/* Variables that were only named, when nothing before looked them up (--no-normalize). */
static void resolve_named(struct reader *reader)
{
    struct node *own = node_get(reader->service->source, "environment");
    bool is_changed = false;
    if (!node_is(own, NODE_MAP))
        return;
    NODE_EACH_PAIR(own, pair) {
        const char *value = node_is(pair->value, NODE_NULL)
                                ? map_find(reader->stage->environment, pair->key)
                                : NULL;
        if (!value)
            continue;
        pair->value = node_text(
            reader->project->arena,
            history_named(reader->stage->history, pair->at, pair->key, value), value);
        is_changed = true;
    }
    if (!is_changed)
        return;
    STR_AUTO(path);
    struct decode decode = { reader->project->arena, reader->stage->findings, &path };
    reader->service->environment = (struct pair_list){ NULL, 0, 0 };
    (void)decode_pairs(&decode, own, NULL, &reader->service->environment);
}

void stage_env_files(const struct stage *stage, struct project *project)
{
    VEC_EACH(&project->services, service) {
        struct reader reader = { .stage = stage, .project = project, .service = *service };
        if ((*service)->is_disabled)
            continue;
        if (!stage->options->no_env_resolution) {
            resolve_named(&reader);
            read_env_files(&reader);
        }
        read_label_files(&reader);
    }
}
