/*
 * profiles.c - which services are wanted: profiles first, then the services that a command names
 * with what they depend on; and which top-level objects are left to be made for them
 * (compose-file.md 7.6). Nothing is taken away from the project's list of services: the others are
 * marked as disabled.
 */
#include "base/base.h"

#include "compose-compat/file/stages.h"

#include "compose-compat/file/bind.h"
#include "base/vec.h"

#include <fnmatch.h>

/* --- profiles --------------------------------------------------------------------------------- */

typedef VEC(struct slice) profile_list;

static bool has_profile(const struct service *service, const profile_list *profiles)
{
    if (service->profiles.n == 0)
        return true;
    for (size_t i = 0; i < profiles->n; i++) {
        if (slice_is(profiles->items[i], "*"))
            return true;
        for (size_t k = 0; k < service->profiles.n; k++)
            if (slice_is(profiles->items[i], service->profiles.items[k]))
                return true;
    }
    return false;
}

/* The flags, else the comma list of COMPOSE_PROFILES, which names the profile "" when it is not set. */
static void collect_profiles(const struct stage *stage, profile_list *profiles)
{
    const char *const *flags = stage->options->profiles;
    for (size_t i = 0; flags && flags[i]; i++)
        VEC_ADD(profiles, slice_from(flags[i]));
    const char *variable = map_find(stage->environment, "COMPOSE_PROFILES");
    if (profiles->n > 0)
        return;
    struct slice rest = slice_from(variable ? variable : ""), profile;
    bool has_more;
    do {
        has_more = slice_split(&rest, ',', &profile);
        VEC_ADD(profiles, slice_trim(profile));
    } while (has_more);
}

void stage_profiles(const struct stage *stage, struct project *project)
{
    profile_list profiles = { NULL, 0, 0 };
    collect_profiles(stage, &profiles);
    VEC_EACH(&project->services, service)
        (*service)->is_disabled = !has_profile(*service, &profiles);
    VEC_RELEASE(&profiles);
}

/* --- named services --------------------------------------------------------------------------- */

static bool is_pattern(const char *name)
{
    return strpbrk(name, "*?[\\") != NULL;
}

/* Enables what shares a profile with a named service that is disabled. */
static void enable_named(struct project *project, const char *const *names)
{
    profile_list profiles = { NULL, 0, 0 };
    for (size_t i = 0; names[i]; i++) {
        struct service *service = project_find_service(project, names[i]);
        for (size_t k = 0; service && service->is_disabled && k < service->profiles.n; k++)
            VEC_ADD(&profiles, slice_from(service->profiles.items[k]));
    }
    if (profiles.n > 0)
        VEC_EACH(&project->services, service)
            if ((*service)->is_disabled && has_profile(*service, &profiles))
                (*service)->is_disabled = false;
    VEC_RELEASE(&profiles);
}

struct selection {
    struct map wanted;            /* name -> struct service * */
    VEC(struct service *) queue;  /* whose dependencies are still to be looked at */
};

static bool want(struct selection *selection, struct service *service)
{
    if (!service || service->is_disabled)
        return false;
    if (!map_has(&selection->wanted, service->name)) {
        map_set(&selection->wanted, service->name, service);
        VEC_ADD(&selection->queue, service);
    }
    return true;
}

static bool want_name(struct selection *selection, struct project *project, const char *name)
{
    bool is_found = false;
    if (!is_pattern(name))
        return want(selection, project_find_service(project, name));
    VEC_EACH(&project->services, service)
        if (fnmatch(name, (*service)->name, FNM_PATHNAME) == 0)
            is_found = want(selection, *service) || is_found;
    return is_found;
}

static void refuse_unknown(const struct stage *stage, const struct project *project,
                           struct origin at, const char *name)
{
    VEC(const char *) names = { NULL, 0, 0 };
    VEC_EACH(&project->services, service)
        VEC_ADD(&names, (*service)->name);
    struct finding *finding =
        finding_add(stage->findings, FINDING_ERROR, at, NULL, "no such service: \"%s\"", name);
    const char *nearest = text_nearest(name, names.items, names.n);
    if (nearest)
        finding_hint(finding, "did you mean \"%s\"?", nearest);
    VEC_RELEASE(&names);
}

static void want_dependencies(const struct stage *stage, struct project *project,
                              struct selection *selection)
{
    for (size_t i = 0; i < selection->queue.n; i++) {
        struct service *service = selection->queue.items[i];
        VEC_EACH(&service->depends_on, dependency)
            if (!want(selection, project_find_service(project, dependency->service)) &&
                dependency->required)
                refuse_unknown(stage, project, dependency->at, dependency->service);
    }
}

/* Dependencies on services that are not wanted go, in the model and in its source. */
static void cut_dependencies(const struct stage *stage, struct service *service,
                             const struct selection *selection)
{
    struct node *source = (struct node *)service->source, *map = node_get(source, "depends_on");
    size_t n = 0;
    VEC_EACH(&service->depends_on, dependency) {
        if (map_has(&selection->wanted, dependency->service))
            service->depends_on.items[n++] = *dependency;
        else if (node_is(map, NODE_MAP))
            node_remove(map, dependency->service);
    }
    service->depends_on.n = n;
    if (n == 0)
        bind_set(stage->arena, source, schema_section("services")->type, "depends_on", NULL);
}

static void select_services(const struct stage *stage, struct project *project)
{
    struct selection selection = { .wanted = MAP_INIT };
    const char *const *names = stage->options->services;
    struct origin none = ORIGIN_NONE;
    for (size_t i = 0; names[i]; i++)
        if (!want_name(&selection, project, names[i]))
            refuse_unknown(stage, project, none, names[i]);
    if (!stage->options->no_dependencies)
        want_dependencies(stage, project, &selection);
    VEC_EACH(&project->services, service) {
        if (!map_has(&selection.wanted, (*service)->name))
            (*service)->is_disabled = true;
        else
            cut_dependencies(stage, *service, &selection);
    }
    VEC_RELEASE(&selection.queue);
    map_release(&selection.wanted);
}

/* --- unused top-level objects ----------------------------------------------------------------- */

struct used {
    struct map networks, volumes, secrets, configs, models;
};

static void use(struct map *used, const char *key)
{
    if (key)
        map_set(used, key, used);
}

static void collect_used(const struct service *service, struct used *used)
{
    VEC_EACH(&service->networks, endpoint)
        use(&used->networks, endpoint->network);
    VEC_EACH(&service->volumes, mount)
        if (mount->type == MOUNT_VOLUME)
            use(&used->volumes, mount->source);
    VEC_EACH(&service->secrets, secret)
        use(&used->secrets, secret->source);
    if (service->build)
        VEC_EACH(&service->build->secrets, secret)
            use(&used->secrets, secret->source);
    VEC_EACH(&service->configs, config)
        use(&used->configs, config->source);
    VEC_EACH(&service->models, model)
        use(&used->models, model->model);
}

#define DROP_UNUSED(list, used, section)                                                           \
    do {                                                                                           \
        size_t n = 0;                                                                              \
        VEC_EACH(list, object)                                                                     \
            if (map_has(used, (*object)->key))                                                     \
                (list)->items[n++] = *object;                                                      \
        if (n < (list)->n)                                                                         \
            drop_unused_nodes(project, section, used);                                             \
        (list)->n = n;                                                                             \
    } while (0)

static void drop_unused_nodes(struct project *project, const char *section, const struct map *used)
{
    struct node *tree = (struct node *)project->source, *old = node_get(tree, section);
    if (!node_is(old, NODE_MAP))
        return;
    struct node *kept = node_map(project->arena, old->at);
    NODE_EACH_PAIR(old, pair)
        if (map_has(used, pair->key))
            node_set_len(project->arena, kept, pair->key, pair->key_len, pair->at, pair->value);
    bind_set(project->arena, tree, schema_root()->type, section, kept->u.map.n > 0 ? kept : NULL);
}

static void drop_unused(struct project *project)
{
    struct used used = { MAP_INIT, MAP_INIT, MAP_INIT, MAP_INIT, MAP_INIT };
    VEC_EACH(&project->services, service)
        if (!(*service)->is_disabled)
            collect_used(*service, &used);
    DROP_UNUSED(&project->networks, &used.networks, "networks");
    DROP_UNUSED(&project->volumes, &used.volumes, "volumes");
    DROP_UNUSED(&project->secrets, &used.secrets, "secrets");
    DROP_UNUSED(&project->configs, &used.configs, "configs");
    DROP_UNUSED(&project->models, &used.models, "models");
    map_release(&used.networks);
    map_release(&used.volumes);
    map_release(&used.secrets);
    map_release(&used.configs);
    map_release(&used.models);
}

void stage_select(const struct stage *stage, struct project *project)
{
    const char *const *names = stage->options->services;
    if (names && names[0]) {
        enable_named(project, names);
        if (stage->options->select_only)
            select_services(stage, project);
    }
    if (!stage->options->keep_unused)
        drop_unused(project);
}
