/*
 * memory-lower.c - project to wanted resources of the in-memory operator: specs are the canonical
 * trees whole, so that every field has its reason. Pure.
 */
#include "base/base.h"

#include "operator/memory/memory-parts.h"

#include "data/jwrite.h"

static const struct field_rule container_rules[] = {
    { "develop", CHANGE_IGNORE },
    { NULL, CHANGE_REPLACE },
};

const struct resource_kind memory_container = { "container", "Container", KIND_RUNS,
                                                container_rules, "services" };
const struct resource_kind memory_network = { "network", "Network", KIND_ATTACHABLE, NULL,
                                              "networks" };
const struct resource_kind memory_volume = { "volume", "Volume", KIND_DATA, NULL, "volumes" };
const struct resource_kind memory_image = { "image", "Image", KIND_ARTIFACT, NULL, "services" };

/* What says how an instance comes into being, but not what it is. */
static bool is_no_spec(const char *key)
{
    static const char *const keys[] = { "build", "pull_policy", "scale", "depends_on", "profiles" };

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (text_is(key, keys[i]))
            return true;
    }
    return false;
}

static bool keep_spec(void *arg, const struct node_pair *pair)
{
    (void)arg;
    return !is_no_spec(pair->key);
}

static const char *digest_of(struct arena *arena, const char *definition, const struct node *spec)
{
    STR_AUTO(text);

    if (definition)
        str_add(&text, definition);
    else if (spec)
        jwrite_node_text(spec, JWRITE_SORT, &text);
    return arena_printf(arena, "%016llx", (unsigned long long)text_hash(text.buf, text.len));
}

static void set_service_spec(struct wanted_set *set, struct wanted *wanted,
                             const struct service *service)
{
    struct node *spec, *deploy;

    if (service->source)
        spec = node_copy_shallow(set->arena, service->source);
    else
        spec = node_map(set->arena, service->at);
    node_keep(spec, keep_spec, NULL);
    deploy = node_get(spec, "deploy");
    if (node_is(deploy, NODE_MAP) && node_get(deploy, "replicas")) {
        deploy = node_copy_shallow(set->arena, deploy);
        node_remove(deploy, "replicas");
        node_get_pair(spec, "deploy", 6)->value = deploy;
    }
    wanted->spec = spec;
    wanted->digest = digest_of(set->arena, service->definition, spec);
    if (service->definition_old)
        wanted->digest_old = digest_of(set->arena, service->definition_old, NULL);
}

/* --- images ---------------------------------------------------------------------------------- */

static void set_policy(struct wanted *image, const char *policy)
{
    static const struct {
        const char *name;
        enum artifact_policy policy;
        int64_t days;
    } policies[] = {
        { "always", ARTIFACT_ALWAYS, 0 }, { "never", ARTIFACT_NEVER, 0 },
        { "build", ARTIFACT_BUILD, 0 },   { "missing", ARTIFACT_MISSING, 0 },
        { "daily", ARTIFACT_MAX_AGE, 1 }, { "weekly", ARTIFACT_MAX_AGE, 7 },
    };

    for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
        if (text_is(policy, policies[i].name)) {
            image->policy = policies[i].policy;
            image->max_age_ns = policies[i].days * 86400 * 1000000000;
        }
    }
}

static struct wanted *image_for(struct wanted_set *set, const char *name, struct origin at)
{
    struct wanted *image = wanted_find(set, memory_image.name, name);

    if (!image) {
        image = wanted_add(set, &memory_image, name);
        image->at = at;
        image->can_pull = true;
    }
    return image;
}

static void depend_on_image(const struct project *project, struct wanted_set *set,
                            struct wanted *wanted, const struct service *service)
{
    struct origin at = service_origin(service, "image");
    struct wanted *image = image_for(set, service_image(project, service), at);

    if (service->build) {
        image->can_build = true;
        image->can_pull = service->image != NULL;
    }
    set_policy(image, service->pull_policy);
    image->is_policy_open = image->is_policy_open || !service->pull_policy;
    wanted_depend(set, wanted, image, DEPENDS_BOUND)->at = at;
}

/* --- services -------------------------------------------------------------------------------- */

static void depend_on_parent(struct wanted_set *set, struct wanted *wanted, const char *reference,
                             struct origin at)
{
    struct wanted *parent;
    struct slice name;

    if (!reference || !text_starts(reference, "service:"))
        return;
    name = slice_from(reference + strlen("service:"));
    parent = wanted_find(set, memory_container.name, name.at);
    if (parent)
        wanted_depend(set, wanted, parent, DEPENDS_BOUND)->at = at;
}

static void depend_on_volumes_from(struct wanted_set *set, struct wanted *wanted,
                                   const struct service *service)
{
    VEC_EACH (&service->volumes_from, item) {
        struct slice rest = slice_from(*item), name;
        struct wanted *parent;

        if (text_starts(*item, "container:"))
            continue;
        slice_split(&rest, ':', &name);
        parent =
            wanted_find(set, memory_container.name, arena_dup_len(set->arena, name.at, name.len));
        if (parent)
            wanted_depend(set, wanted, parent, DEPENDS_BOUND)->at =
                service_origin(service, "volumes_from");
    }
}

static void depend_on_objects(struct wanted_set *set, struct wanted *wanted,
                              const struct service *service)
{
    VEC_EACH (&service->networks, endpoint) {
        struct wanted *network = wanted_find(set, memory_network.name, endpoint->network);

        if (network)
            wanted_depend(set, wanted, network, DEPENDS_ATTACHED)->at = endpoint->at;
    }
    VEC_EACH (&service->volumes, mount) {
        struct wanted *volume = NULL;

        if (mount->type == MOUNT_VOLUME && mount->source)
            volume = wanted_find(set, memory_volume.name, mount->source);
        else if (mount->type == MOUNT_IMAGE && mount->source)
            volume = image_for(set, mount->source, mount->at);
        if (volume)
            wanted_depend(set, wanted, volume, DEPENDS_BOUND)->at = mount->at;
    }
}

static void connect_service(const struct project *project, struct wanted_set *set,
                            const struct service *service)
{
    struct wanted *wanted = wanted_find(set, memory_container.name, service->name);

    depend_on_image(project, set, wanted, service);
    depend_on_objects(set, wanted, service);
    depend_on_parent(set, wanted, service->network_mode, service_origin(service, "network_mode"));
    depend_on_parent(set, wanted, service->ipc, service_origin(service, "ipc"));
    depend_on_parent(set, wanted, service->pid, service_origin(service, "pid"));
    depend_on_volumes_from(set, wanted, service);
    wanted_depend_on_services(set, wanted, service,
                              (const struct resource_kind *const[]){ &memory_container, NULL });
}

static void add_service(const struct project *project, struct wanted_set *set,
                        const struct service *service, struct findings *findings)
{
    struct wanted *wanted = wanted_add(set, &memory_container, service->name);

    wanted->service = wanted->key;
    wanted->at = service->at;
    wanted->is_disabled = service->is_disabled;
    wanted->is_name_fixed = service->container_name != NULL;
    wanted->name = service->container_name
                       ? arena_dup(set->arena, service->container_name)
                       : arena_printf(set->arena, "%s-%s", project->name, service->name);
    wanted->replicas = service_replicas(service);
    wanted->has_healthcheck = service->healthcheck && !service->healthcheck->disable;
    wanted->hooks[HOOK_PRE_START] = (unsigned)service->pre_start.n;
    wanted->hooks[HOOK_POST_START] = (unsigned)service->post_start.n;
    wanted->hooks[HOOK_PRE_STOP] = (unsigned)service->pre_stop.n;
    if (service->stop_grace_period.has)
        wanted->stop_timeout_ns = service->stop_grace_period.value;
    set_service_spec(set, wanted, service);
    if (service->provider && !service->is_disabled)
        finding_add(findings, FINDING_WARNING, service_origin(service, "provider"), NULL,
                    "service \"%s\" has a provider, which the memory operator does not run",
                    service->name);
}

/* --- the rest -------------------------------------------------------------------------------- */

static struct wanted *add_object(struct wanted_set *set, const struct resource_kind *kind,
                                 const char *key, const char *name, const struct node *source)
{
    struct wanted *wanted = wanted_add(set, kind, key);
    struct node *spec = NULL;

    wanted->name = arena_dup(set->arena, name);
    if (node_is(source, NODE_MAP)) {
        spec = node_copy_shallow(set->arena, source);
        node_remove(spec, "name");
    }
    wanted->spec = spec ? spec : node_map(set->arena, (struct origin)ORIGIN_NONE);
    return wanted;
}

int memory_lower(const struct project *project, struct wanted_set *out, struct findings *findings)
{
    VEC_EACH (&project->networks, item) {
        const struct network *network = *item;
        struct wanted *wanted =
            add_object(out, &memory_network, network->key, network->name, network->source);

        wanted->at = network->at;
        wanted->is_external = network->external;
        wanted->digest = digest_of(out->arena, network->definition, wanted->spec);
    }
    VEC_EACH (&project->volumes, item) {
        const struct volume *volume = *item;
        struct wanted *wanted =
            add_object(out, &memory_volume, volume->key, volume->name, volume->source);

        wanted->at = volume->at;
        wanted->is_external = volume->external;
        wanted->digest = digest_of(out->arena, volume->definition, wanted->spec);
    }
    VEC_EACH (&project->services, service)
        add_service(project, out, *service, findings);
    VEC_EACH (&project->services, service) {
        if (!(*service)->is_disabled && !(*service)->provider)
            connect_service(project, out, *service);
    }
    /* All that a step needs to know beside the wanted resource. */
    VEC_EACH (&out->items, wanted)
        (*wanted)->payload = out->project;
    return 0;
}
