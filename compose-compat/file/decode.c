/*
 * decode.c - the canonical tree of the whole project into the model: first bound (bind.c), then
 * decoded by tables. Errors of values (sizes, durations, command lines) come from here, for
 * disabled services too.
 */
#include "base/base.h"

#include "compose-compat/file/stages.h"

#include "compose-compat/file/bind.h"
#include "base/vec.h"
#include "compose-compat/file/decode-parts.h"

/* --- top-level objects ------------------------------------------------------------------------ */

static const struct decode_row pool_rows[] = {
    DECODE_ROW("subnet", decode_text, struct ipam_pool, subnet),
    DECODE_ROW("ip_range", decode_text, struct ipam_pool, ip_range),
    DECODE_ROW("gateway", decode_text, struct ipam_pool, gateway),
    DECODE_ROW("aux_addresses", decode_pairs, struct ipam_pool, aux_addresses),
    DECODE_END,
};
static const struct decode_row ipam_rows[] = {
    DECODE_ROW("driver", decode_text, struct network, ipam_driver),
    DECODE_ROW("options", decode_pairs, struct network, ipam_options),
    DECODE_MORE("config", decode_structs, struct network, ipam_config, pool_rows,
                sizeof(struct ipam_pool)),
    DECODE_END,
};
static const struct decode_row network_rows[] = {
    DECODE_ROW("name", decode_text, struct network, name),
    DECODE_ROW("driver", decode_text, struct network, driver),
    DECODE_ROW("driver_opts", decode_pairs, struct network, driver_opts),
    DECODE_ROW("labels", decode_pairs, struct network, labels),
    DECODE_ROW("external", decode_bool, struct network, external),
    DECODE_ROW("internal", decode_bool, struct network, internal),
    DECODE_ROW("attachable", decode_bool, struct network, attachable),
    DECODE_ROW("enable_ipv4", decode_opt_bool, struct network, enable_ipv4),
    DECODE_ROW("enable_ipv6", decode_opt_bool, struct network, enable_ipv6),
    DECODE_END,
};
static const struct decode_row volume_rows[] = {
    DECODE_ROW("name", decode_text, struct volume, name),
    DECODE_ROW("driver", decode_text, struct volume, driver),
    DECODE_ROW("driver_opts", decode_pairs, struct volume, driver_opts),
    DECODE_ROW("labels", decode_pairs, struct volume, labels),
    DECODE_ROW("external", decode_bool, struct volume, external),
    DECODE_END,
};
static const struct decode_row file_rows[] = {
    DECODE_ROW("name", decode_text, struct project_file, name),
    DECODE_ROW("file", decode_text, struct project_file, file),
    DECODE_ROW("environment", decode_text, struct project_file, environment),
    DECODE_ROW("content", decode_text, struct project_file, content),
    DECODE_ROW("external", decode_bool, struct project_file, external),
    DECODE_ROW("driver", decode_text, struct project_file, driver),
    DECODE_ROW("template_driver", decode_text, struct project_file, template_driver),
    DECODE_ROW("driver_opts", decode_pairs, struct project_file, driver_opts),
    DECODE_ROW("labels", decode_pairs, struct project_file, labels),
    DECODE_END,
};
static const struct decode_row model_rows[] = {
    DECODE_ROW("name", decode_text, struct model, name),
    DECODE_ROW("model", decode_text, struct model, model),
    DECODE_ROW("context_size", decode_int, struct model, context_size),
    DECODE_ROW("runtime_flags", decode_texts, struct model, runtime_flags),
    DECODE_END,
};

struct decoder {
    const struct stage *stage;
    struct project *project;
    struct decode decode;
};

static void decode_network(struct decoder *d, const struct node_pair *pair)
{
    struct network *network = ARENA_NEW(d->decode.arena, struct network);
    network->key = pair->key;
    network->at = pair->at;
    network->source = pair->value;
    decode_map(&d->decode, pair->value, network_rows, network);
    const struct node *ipam = node_get(pair->value, "ipam");
    if (node_is(ipam, NODE_MAP))
        decode_map(&d->decode, ipam, ipam_rows, network);
    ARENA_ADD(d->decode.arena, &d->project->networks, network);
}

static void decode_volume(struct decoder *d, const struct node_pair *pair)
{
    struct volume *volume = ARENA_NEW(d->decode.arena, struct volume);
    volume->key = pair->key;
    volume->at = pair->at;
    volume->source = pair->value;
    decode_map(&d->decode, pair->value, volume_rows, volume);
    ARENA_ADD(d->decode.arena, &d->project->volumes, volume);
}

static struct project_file *decode_file(struct decoder *d, const struct node_pair *pair)
{
    struct project_file *file = ARENA_NEW(d->decode.arena, struct project_file);
    file->key = pair->key;
    file->at = pair->at;
    file->source = pair->value;
    decode_map(&d->decode, pair->value, file_rows, file);
    file->has_content = file->content != NULL;
    return file;
}

/* A config's content that came from a variable is not shown, only the variable's name is. */
static void decode_config(struct decoder *d, const struct node_pair *pair)
{
    struct project_file *config = decode_file(d, pair);
    if (config->environment && *config->environment)
        node_remove(pair->value, "content");
    ARENA_ADD(d->decode.arena, &d->project->configs, config);
}

/* A secret's content is in the tree before it is bound, under a key that no file can have. */
static void decode_secret(struct decoder *d, const struct node_pair *pair)
{
    struct project_file *secret = decode_file(d, pair);
    secret->is_secret = true;
    ARENA_ADD(d->decode.arena, &d->project->secrets, secret);
}

static void decode_model(struct decoder *d, const struct node_pair *pair)
{
    struct model *model = ARENA_NEW(d->decode.arena, struct model);
    model->key = pair->key;
    model->at = pair->at;
    model->source = pair->value;
    decode_map(&d->decode, pair->value, model_rows, model);
    ARENA_ADD(d->decode.arena, &d->project->models, model);
}

static void decode_one_service(struct decoder *d, const struct node_pair *pair)
{
    struct service *service = ARENA_NEW(d->decode.arena, struct service);
    service->name = pair->key;
    service->at = pair->at;
    service->source = pair->value;
    decode_service(&d->decode, pair->value, service);
    ARENA_ADD(d->decode.arena, &d->project->services, service);
    map_set(&d->project->service_index, service->name, service);
}

/* --- the project ------------------------------------------------------------------------------ */

static struct node *empty_like(struct arena *arena, const struct node *node)
{
    struct node *map = node_map(arena, node->at);
    map->flags |= node->flags & NODE_WRONG;
    return map;
}

typedef void (*decode_object_fn)(struct decoder *d, const struct node_pair *pair);

/* Objects that are null are empty ones. */
static void decode_section(struct decoder *d, struct node *tree, const char *key,
                           decode_object_fn fn)
{
    struct node *section = node_get(tree, key);
    if (!node_is(section, NODE_MAP))
        return;
    NODE_EACH_PAIR(section, pair) {
        if (!node_is(pair->value, NODE_MAP))
            pair->value = empty_like(d->decode.arena, pair->value);
        fn(d, pair);
    }
}

static void take_secret_contents(struct project *project, const struct node *tree)
{
    const struct node *section = node_get(tree, "secrets");
    VEC_EACH(&project->secrets, secret) {
        const struct node *content = node_get(node_get(section, (*secret)->key), "x-#value");
        (*secret)->content = node_as_text(content);
        (*secret)->has_content = (*secret)->content != NULL;
    }
}

static void take_extensions(struct decoder *d, const struct node *bound)
{
    struct node *extensions = NULL;
    NODE_EACH_PAIR(bound, pair) {
        if (!text_starts(pair->key, "x-"))
            continue;
        if (!extensions)
            extensions = node_map(d->decode.arena, bound->at);
        node_set(d->decode.arena, extensions, pair->key, pair->at, pair->value);
    }
    d->project->extensions = extensions;
}

static void add_section(struct arena *arena, struct node *tree, const char *key)
{
    struct node *section = node_get(tree, key);
    if (!section || node_is(section, NODE_NULL))
        node_set(arena, tree, key, tree->at, empty_like(arena, section ? section : tree));
}

/* Values have no types yet: the project is its tree, and knows its services' names. */
static void decode_as_written(struct decoder *d, struct node *tree)
{
    struct node *sorted = bind_unknown(&(struct binder){ d->decode.arena, d->stage->findings, STR_INIT },
                                       tree);
    struct node *services = node_get(sorted, "services");
    d->project->source = sorted;
    if (!node_is(services, NODE_MAP))
        return;
    NODE_EACH_PAIR(services, pair) {
        struct service *service = ARENA_NEW(d->decode.arena, struct service);
        service->name = pair->key;
        service->at = pair->at;
        service->source = pair->value;
        ARENA_ADD(d->decode.arena, &d->project->services, service);
        map_set(&d->project->service_index, service->name, service);
    }
}

void stage_decode(const struct stage *stage, const struct node *tree, struct project *project)
{
    struct binder binder = { stage->arena, stage->findings, STR_INIT };
    struct node *whole = node_copy_shallow(stage->arena, tree);
    add_section(stage->arena, whole, "services");
    STR_AUTO(path);
    struct decoder d = { stage, project, { project->arena, stage->findings, &path } };
    project->name = stage->project_name;
    if (stage->options->tree_only) {
        decode_as_written(&d, whole);
        return;
    }
    struct node *bound = bind_value(&binder, whole, schema_root());
    str_release(&binder.path);
    project->source = bound;
    decode_section(&d, bound, "services", decode_one_service);
    decode_section(&d, bound, "networks", decode_network);
    decode_section(&d, bound, "volumes", decode_volume);
    decode_section(&d, bound, "secrets", decode_secret);
    decode_section(&d, bound, "configs", decode_config);
    decode_section(&d, bound, "models", decode_model);
    take_secret_contents(project, tree);
    take_extensions(&d, bound);
}
