/*
 * project.c - the life of a project, and the questions that are asked of it. It knows nothing of
 * how a project was described (compose-compat/file fills it in) nor of how it is run. order.c has
 * the order of services.
 */
#include "base/base.h"

#include "model/project.h"

#include "base/mem.h"

const char *const dependency_condition_names[] = {
    "service_started",
    "service_healthy",
    "service_completed_successfully",
    NULL,
};

const char *const mount_type_names[] = {
    "bind", "volume", "tmpfs", "cluster", "npipe", "image", NULL,
};

struct project *project_new(void)
{
    struct arena *arena = arena_new();
    struct project *project = ARENA_NEW(arena, struct project);
    project->arena = arena;
    map_init(&project->environment);
    map_init(&project->service_index);
    return project;
}

void project_free(struct project *project)
{
    if (!project)
        return;
    map_release(&project->environment);
    map_release(&project->service_index);
    arena_free(project->arena);
}

struct service *project_find_service(const struct project *project, const char *name)
{
    return map_find(&project->service_index, name);
}

/* The lists of top-level objects are in order of key, so that they can be searched by halves. */
#define FIND_BY_KEY(list, wanted)                                                                  \
    do {                                                                                           \
        size_t low = 0, high = (list)->n;                                                          \
        while (low < high) {                                                                       \
            size_t middle = low + (high - low) / 2;                                                \
            int order = strcmp((list)->items[middle]->key, (wanted));                              \
            if (order == 0)                                                                        \
                return (list)->items[middle];                                                      \
            if (order < 0)                                                                         \
                low = middle + 1;                                                                  \
            else                                                                                   \
                high = middle;                                                                     \
        }                                                                                          \
        return NULL;                                                                               \
    } while (0)

struct network *project_find_network(const struct project *project, const char *key)
{
    FIND_BY_KEY(&project->networks, key);
}

struct volume *project_find_volume(const struct project *project, const char *key)
{
    FIND_BY_KEY(&project->volumes, key);
}

struct project_file *project_find_secret(const struct project *project, const char *key)
{
    FIND_BY_KEY(&project->secrets, key);
}

struct project_file *project_find_config(const struct project *project, const char *key)
{
    FIND_BY_KEY(&project->configs, key);
}

int64_t service_replicas(const struct service *service)
{
    if (service->provider)
        return 0;
    if (service->scale.has)
        return service->scale.value;
    if (service->deploy && service->deploy->replicas.has)
        return service->deploy->replicas.value;
    return 1;
}

const char *service_image(const struct project *project, const struct service *service)
{
    if (service->image && *service->image)
        return service->image;
    return arena_printf(project->arena, "%s-%s", project->name, service->name);
}

/* --- the place of a value --------------------------------------------------------------------- */

/* Cuts the next step off a dotted path: a key, or "[N]". False at its end. */
static bool next_step(struct slice *path, struct slice *ret_step)
{
    if (path->len > 0 && path->at[0] == '.') {
        path->at++;
        path->len--;
    }
    if (path->len == 0)
        return false;
    size_t n = 1;
    while (n < path->len && path->at[n] != '[' && path->at[n] != '.')
        n++;
    *ret_step = (struct slice){ path->at, n };
    path->at += n;
    path->len -= n;
    return true;
}

/* The longest key of the map that the path starts with: keys may have dots and brackets themselves
   (labels). Advances the path over it. */
static const struct node *follow_key(const struct node *map, struct slice *path)
{
    if (path->len > 0 && path->at[0] == '.') {
        path->at++;
        path->len--;
    }
    for (size_t n = path->len; n > 0; n--) {
        if (n < path->len && path->at[n] != '.' && path->at[n] != '[')
            continue;
        struct node_pair *pair = node_get_pair(map, path->at, n);
        if (pair) {
            path->at += n;
            path->len -= n;
            return pair->value;
        }
    }
    return NULL;
}

static const struct node *follow_index(const struct node *list, struct slice *path)
{
    struct slice step;
    if (!next_step(path, &step) || step.len < 3 || step.at[0] != '[')
        return NULL;
    size_t index = 0;
    for (size_t i = 1; i + 1 < step.len; i++) {
        if (step.at[i] < '0' || step.at[i] > '9' || index > list->u.list.n)
            return NULL;
        index = index * 10 + (size_t)(step.at[i] - '0');
    }
    return index < list->u.list.n ? list->u.list.items[index] : NULL;
}

struct origin service_origin(const struct service *service, const char *path)
{
    struct origin at = service->at;
    const struct node *node = service->source;
    struct slice rest = slice_from(path);
    while (node && rest.len > 0) {
        if (node_is(node, NODE_MAP))
            node = follow_key(node, &rest);
        else if (node_is(node, NODE_LIST))
            node = follow_index(node, &rest);
        else
            node = NULL;
        if (node && origin_is_set(node->at))
            at = node->at;
    }
    return at;
}
