/*
 * observe-sets.c - what the engine's answers mean: containers with state, health, exit code and
 * what they are bound to; networks, volumes and images, ours and foreign ones. No calls are made
 * here. Called by observe.c.
 */
#include "base/base.h"

#include "base/clock.h"
#include "operator/docker/fields.h"
#include "operator/docker/observe.h"

#define API_ENABLE_IPV4 48

/* --- containers ------------------------------------------------------------------------------- */

static const struct wanted *wanted_container(const struct observation *observation,
                                             const char *service)
{
    const struct wanted_set *wanted = observation->query.wanted;
    return wanted && service ? wanted_find(wanted, docker_container_kind.name, service) : NULL;
}

/* "1f2e3d4c5b6a_p-web-1": made to replace p-web-1. */
static const char *replaced_name(const char *name)
{
    size_t len = strspn(name, "0123456789abcdef");
    return len == 12 && name[12] == '_' && name[13] ? name + 13 : NULL;
}

static enum instance_health item_health(const struct node *item)
{
    enum instance_health health = instance_health_of(get_text(node_get(item, "Health"), "Status"));
    return health != HEALTH_NONE ? health : docker_status_health(get_text(item, "Status"));
}

static void read_item(struct observation *observation, const struct node *item)
{
    struct existing *existing = existing_add(&observation->set, &docker_container_kind);
    struct arena *arena = observation->set.arena;
    const char *number = docker_item_label(item, LABEL_NUMBER);

    existing->details = item;
    existing->id = get_text(item, "Id");
    existing->name = docker_item_name(item);
    existing->service = docker_item_label(item, LABEL_SERVICE);
    existing->key = existing->service ? existing->service : existing->name;
    existing->state = docker_state(get_text(item, "State"));
    existing->health = item_health(item);
    existing->is_exit_known = docker_status_exit(get_text(item, "Status"), &existing->exit_code);
    existing->digest = docker_item_label(item, LABEL_HASH);
    existing->is_one_off = text_is(docker_item_label(item, LABEL_ONE_OFF), "True");
    existing->is_helper = text_is_set(docker_item_label(item, LABEL_HOOK));
    existing->replaces = replaced_name(existing->name);
    existing->is_listening =
        existing->state == STATE_RUNNING &&
        (existing->health == HEALTH_NONE || existing->health == HEALTH_HEALTHY);
    existing->created_ns = get_int(item, "Created") * 1000000000;
    if (!number || text_to_int(number, &existing->number) < 0)
        existing->number = 0;
    docker_parse_depends_on(arena, docker_item_label(item, LABEL_DEPENDS_ON), existing);
    if (existing->service && existing->number > 0 && !existing->replaces && !existing->is_one_off)
        docker_remember_instance(observation->docker, existing->service, existing->number,
                                 existing->id);
}

/* A definition that refers to other instances was hashed with their ids in it: when the recorded
   hash is the one of now's ids, nothing has changed. */
static void settle_digest(const struct observation *observation, struct existing *existing,
                          const struct wanted *wanted)
{
    const struct docker_wanted *payload = wanted ? wanted->payload : NULL;
    if (!payload || !payload->has_references || !existing->digest)
        return;
    const char *const definitions[] = { payload->definition, payload->definition_old };
    for (size_t i = 0; i < ARRAY_LEN(definitions); i++) {
        char hex[65];
        if (!definitions[i])
            continue;
        docker_definition_digest(observation->docker, definitions[i], hex);
        if (text_is(hex, existing->digest))
            existing->digest = wanted->digest;
    }
}

static bool is_current(const struct existing *existing, const struct wanted *wanted)
{
    return text_is(existing->digest, wanted->digest) ||
           text_is(existing->digest, wanted->digest_old);
}

/* --- what containers are bound to ------------------------------------------------------------- */

static void bind(struct observation *observation, struct existing *existing,
                 const struct resource_kind *kind, const char *name, const char *id)
{
    struct binding binding = { kind, name, id ? id : "" };
    VEC_EACH (&existing->bindings, other)
        if (other->kind == kind && text_is(other->name, name))
            return;
    ARENA_ADD(observation->set.arena, &existing->bindings, binding);
}

static const struct existing *find_existing(const struct observation *observation,
                                            const struct resource_kind *kind, const char *name)
{
    VEC_EACH (&observation->set.items, item)
        if ((*item)->kind == kind && text_is((*item)->name, name))
            return *item;
    return NULL;
}

static void bind_networks(struct observation *observation, struct existing *existing)
{
    const struct node *map = node_get_path(existing->details, "NetworkSettings", "Networks", NULL);
    if (!node_is(map, NODE_MAP))
        return;
    NODE_EACH_PAIR (map, pair) {
        const char *id = get_text(pair->value, "NetworkID");
        /* Before the first start an engine knows only the name. */
        const struct existing *network =
            find_existing(observation, &docker_network_kind, pair->key);
        bind(observation, existing, &docker_network_kind, pair->key,
             text_is_set(id) ? id
             : network       ? network->id
                             : NULL);
    }
}

static void bind_volumes(struct observation *observation, struct existing *existing)
{
    const struct node *mounts = node_get(existing->details, "Mounts");
    if (!node_is(mounts, NODE_LIST))
        return;
    NODE_EACH_ITEM (mounts, mount)
        if (text_is(get_text(*mount, "Type"), "volume") && text_is_set(get_text(*mount, "Name")))
            bind(observation, existing, &docker_volume_kind, get_text(*mount, "Name"),
                 get_text(*mount, "Name"));
}

/* The digest of the image mounted at target, from "target=digest,...". */
static const char *image_volume_digest(struct arena *arena, const char *label, const char *target)
{
    struct slice left = slice_from(label ? label : ""), entry;
    bool has_more = left.len > 0;
    while (has_more) {
        struct slice name;
        has_more = slice_split(&left, ',', &entry);
        if (slice_split(&entry, '=', &name) && slice_is(name, target))
            return arena_dup_len(arena, entry.at, entry.len);
    }
    return NULL;
}

static void bind_images(struct observation *observation, struct existing *existing,
                        const struct wanted *wanted)
{
    const struct node *item = existing->details;
    const char *digest = docker_item_label(item, LABEL_IMAGE);
    const char *name = get_text(item, "Image");
    const struct docker_wanted *payload = wanted ? wanted->payload : NULL;
    if (payload)
        name = service_image(payload->project, payload->service);
    const struct docker_image *image = name ? docker_find_image(observation->docker, name) : NULL;
    if (!text_is_set(digest))
        digest = image && text_is(image->id, get_text(item, "ImageID")) ? image->digest
                                                                        : get_text(item, "ImageID");
    bind(observation, existing, &docker_image_kind, name, digest);
    if (!payload)
        return;
    VEC_EACH (&payload->service->volumes, mount)
        if (mount->type == MOUNT_IMAGE && text_is_set(mount->source))
            bind(observation, existing, &docker_image_kind, mount->source,
                 image_volume_digest(observation->set.arena,
                                     docker_item_label(item, LABEL_IMAGE_VOLUMES), mount->target));
}

static const struct existing *find_by_id(const struct observation *observation, const char *id)
{
    VEC_EACH (&observation->set.items, item)
        if ((*item)->kind == &docker_container_kind && text_is((*item)->id, id))
            return *item;
    return NULL;
}

static void bind_container(struct observation *observation, struct existing *existing,
                           const char *id)
{
    const struct existing *other = id ? find_by_id(observation, id) : NULL;
    if (other)
        bind(observation, existing, &docker_container_kind, other->name, other->id);
}

/* Services that this one's definition refers to: bound to their instances of now while the
   digest says that nothing has changed; else to what the container itself names. */
static void bind_references(struct observation *observation, struct existing *existing,
                            const struct wanted *wanted)
{
    const char *mode = get_text(node_get(existing->details, "HostConfig"), "NetworkMode");
    if (mode && text_starts(mode, "container:"))
        bind_container(observation, existing, mode + 10);
    const struct docker_wanted *payload = wanted ? wanted->payload : NULL;
    if (!payload || !payload->has_references || !is_current(existing, wanted))
        return;
    VEC_EACH (&wanted->depends_on, dependency)
        if (dependency->kind == DEPENDS_BOUND && dependency->on->kind == &docker_container_kind)
            bind_container(observation, existing,
                           docker_find_instance(observation->docker, dependency->on->service));
}

static void bind_inspected(struct observation *observation, struct existing *existing,
                           const struct node *inspect)
{
    static const char *const modes[] = { "NetworkMode", "IpcMode", "PidMode" };
    const struct node *host = node_get(inspect, "HostConfig"),
                      *from = node_get(host, "VolumesFrom");
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        const char *mode = get_text(host, modes[i]);
        if (mode && text_starts(mode, "container:"))
            bind_container(observation, existing, mode + 10);
    }
    if (node_is(from, NODE_LIST))
        NODE_EACH_ITEM (from, item)
            if (node_as_text(*item)) {
                const char *text = node_as_text(*item);
                bind_container(observation, existing,
                               arena_dup_len(observation->set.arena, text, strcspn(text, ":")));
            }
}

/* --- networks and volumes --------------------------------------------------------------------- */

struct object_names {
    const struct resource_kind *kind;
    const char *key_label;
    const char *id; /* the field with the identity */
};
static const struct object_names network_names = { &docker_network_kind, LABEL_NETWORK, "Id" };
static const struct object_names volume_names = { &docker_volume_kind, LABEL_VOLUME, "Name" };

static struct existing *add_object(struct observation *observation,
                                   const struct object_names *names, const struct node *item)
{
    struct existing *existing = existing_add(&observation->set, names->kind);
    existing->details = item;
    existing->id = get_text(item, names->id);
    existing->name = get_text(item, "Name");
    const char *created = get_text(item, "Created");
    if (!created || clock_parse_rfc3339(created, &existing->created_ns) < 0)
        existing->created_ns = 0;
    return existing;
}

static void read_own_object(struct observation *observation, const struct object_names *names,
                            const struct node *item)
{
    const char *key = docker_item_label(item, names->key_label);
    const struct wanted_set *set = observation->query.wanted;
    if (!key || !text_is(docker_item_label(item, LABEL_PROJECT), observation->query.project))
        return;
    const struct wanted *wanted = set ? wanted_find(set, names->kind->name, key) : NULL;
    if (wanted && wanted->is_external)
        return; /* it counts by its name */
    struct existing *existing = add_object(observation, names, item);
    struct arena *arena = observation->set.arena;
    existing->key = arena_dup(arena, key);
    existing->digest = docker_item_label(existing->details, LABEL_HASH);
    if (!wanted || !wanted->digest || text_is(existing->digest, wanted->digest))
        return;
    existing->spec = names->kind == &docker_network_kind
                         ? fields_read_network(arena, wanted, existing->details)
                         : fields_read_volume(arena, wanted, existing->details);
}

static bool is_own(const struct observation *observation, const struct object_names *names,
                   const struct node *item, const char *key)
{
    return text_is(docker_item_label(item, LABEL_PROJECT), observation->query.project) &&
           text_is(docker_item_label(item, names->key_label), key);
}

/* Things of a wanted name that are not ours; external ones also by their id. */
static void read_foreign(struct observation *observation, const struct object_names *names,
                         const struct node *list, const struct wanted *wanted)
{
    for (int by_id = 0; by_id < 2; by_id++) {
        size_t n = 0;
        NODE_EACH_ITEM (list, item) {
            const char *text = get_text(*item, by_id ? names->id : "Name");
            bool is_found = text_is(text, wanted->name);
            if (!is_found ||
                (!wanted->is_external && is_own(observation, names, *item, wanted->key)))
                continue;
            struct existing *existing = add_object(observation, names, *item);
            existing->key = wanted->key;
            existing->name = wanted->name;
            existing->is_foreign = true;
            n++;
        }
        if (n || !wanted->is_external)
            return;
    }
}

static void read_objects(struct observation *observation, const struct object_names *names,
                         const struct node *list)
{
    const struct wanted_set *wanted = observation->query.wanted;
    if (!node_is(list, NODE_LIST))
        return;
    NODE_EACH_ITEM (list, item)
        read_own_object(observation, names, *item);
    if (wanted)
        VEC_EACH (&wanted->items, item)
            if ((*item)->kind == names->kind)
                read_foreign(observation, names, list, *item);
}

/* --- images ----------------------------------------------------------------------------------- */

static bool is_built_here(const struct observation *observation, const struct wanted *wanted,
                          const struct node *inspect)
{
    const struct node *labels = node_get_path(inspect, "Config", "Labels", NULL);
    const struct docker_wanted *payload = wanted->payload;
    if (text_is(get_text(labels, LABEL_PROJECT), observation->query.project))
        return true;
    return payload && payload->service && !payload->service->image;
}

/* With the tag that it has without saying so. */
static const char *tagged_name(struct arena *arena, const char *name)
{
    struct image_reference reference;
    ERR_AUTO(err);
    STR_AUTO(text);

    if (image_reference_parse(name, &reference, &err) < 0)
        return NULL;
    str_printf(&text, ":%s", reference.tag ? reference.tag : "");
    bool is_tagged = reference.digest || text_ends(reference.familiar, text.buf);
    const char *full = arena_printf(arena, "%s%s", reference.familiar, is_tagged ? "" : text.buf);
    image_reference_release(&reference);
    return full;
}

static void read_image_look(struct observation *observation, const struct image_look *image)
{
    const struct wanted *wanted = image->wanted;
    unsigned api = engine_api(observation->docker->engine);
    const struct docker_wanted *payload = wanted->payload;
    const char *digest =
        image->inspect ? docker_image_digest(image->inspect, payload->platform, api) : NULL;
    if (!digest) {
        docker_forget_image(observation->docker, wanted->key);
        return;
    }
    docker_remember_image(observation->docker, wanted->key, get_text(image->inspect, "Id"), digest,
                          node_get(image->inspect, "Config"));
    struct existing *existing = existing_add(&observation->set, &docker_image_kind);
    const char *tagged = get_text(node_get(image->inspect, "Metadata"), "LastTagTime");
    existing->key = wanted->key;
    existing->name = wanted->name;
    existing->full_name = tagged_name(observation->set.arena, wanted->name);
    existing->service = wanted->service;
    existing->id = arena_dup(observation->set.arena, digest);
    existing->is_foreign = !is_built_here(observation, wanted, image->inspect);
    if (!tagged || clock_parse_rfc3339(tagged, &existing->created_ns) < 0)
        existing->created_ns = 0;
}

/* Without a description: the images that were built for the project. */
static void read_image_list(struct observation *observation)
{
    if (!node_is(observation->image_list, NODE_LIST))
        return;
    NODE_EACH_ITEM (observation->image_list, item) {
        const struct node *tags = node_get(*item, "RepoTags");
        const char *tag =
            node_is(tags, NODE_LIST) && tags->u.list.n ? node_as_text(tags->u.list.items[0]) : NULL;
        struct existing *existing = existing_add(&observation->set, &docker_image_kind);
        existing->details = *item;
        existing->id = get_text(existing->details, "Id");
        bool has_tag = text_is_set(tag) && !text_is(tag, "<none>:<none>");
        existing->name = has_tag ? arena_dup(observation->set.arena, tag) : existing->id;
        existing->key = existing->name;
        existing->service = docker_item_label(existing->details, LABEL_SERVICE);
    }
}

/* --- all of it -------------------------------------------------------------------------------- */

static void add_look(struct observation *observation, struct existing *existing, bool is_state_only)
{
    struct container_look *look = ARENA_NEW(observation->arena, struct container_look);
    look->existing = existing;
    look->is_state_only = is_state_only;
    ARENA_ADD(observation->arena, &observation->inspects, look);
}

/* An engine tells of a death before its lists show it. */
static bool is_behind(const struct observation *observation, const struct existing *existing)
{
    return existing->state == STATE_RUNNING && docker_has_died(observation->docker, existing->id);
}

static void read_state(struct existing *existing, const struct node *inspect)
{
    const struct node *state = node_get(inspect, "State");
    existing->state = docker_state(get_text(state, "Status"));
    existing->exit_code = get_int(state, "ExitCode");
    existing->is_exit_known = existing->state == STATE_EXITED;
    existing->is_listening = existing->is_listening && existing->state == STATE_RUNNING;
}

void observe_read(struct observation *observation)
{
    struct existing_set *set = &observation->set;

    observation->docker->instances.n = 0;
    read_objects(observation, &network_names, observation->networks);
    read_objects(observation, &volume_names, node_get(observation->volumes, "Volumes"));
    VEC_EACH (&observation->images, image)
        read_image_look(observation, *image);
    read_image_list(observation);
    if (node_is(observation->containers, NODE_LIST))
        NODE_EACH_ITEM (observation->containers, item)
            read_item(observation, *item);
    VEC_EACH (&set->items, item) {
        struct existing *existing = *item;
        if (existing->kind != &docker_container_kind)
            continue;
        const struct wanted *wanted = wanted_container(observation, existing->service);
        if (observation->query.only_running_kinds) {
            if (is_behind(observation, existing))
                add_look(observation, existing, true);
            continue;
        }
        settle_digest(observation, existing, wanted);
        bind_networks(observation, existing);
        bind_volumes(observation, existing);
        bind_images(observation, existing, wanted);
        given_bind(observation, existing);
        bind_references(observation, existing, wanted);
        if (!wanted || !wanted->digest || wanted->is_disabled || existing->is_one_off ||
            existing->is_helper || is_current(existing, wanted))
            continue;
        add_look(observation, existing, false);
    }
}

static const struct node *image_config(const struct observation *observation, const char *id)
{
    VEC_EACH (&observation->images, image)
        if (text_is(get_text((*image)->inspect, "Id"), id) || text_is((*image)->id, id))
            return node_get((*image)->inspect, "Config");
    return NULL;
}

void observe_read_specs(struct observation *observation)
{
    unsigned api = engine_api(observation->docker->engine);
    VEC_EACH (&observation->inspects, item) {
        struct existing *existing = (*item)->existing;
        if (!(*item)->inspect)
            continue; /* it went away meanwhile */
        if ((*item)->is_state_only) {
            read_state(existing, (*item)->inspect);
            continue;
        }
        const struct wanted *wanted = wanted_container(observation, existing->service);
        const struct node *inspect = node_copy(observation->set.arena, (*item)->inspect);
        existing->spec = fields_read_container(
            observation->set.arena, observation->docker, wanted, inspect,
            image_config(observation, get_text(existing->details, "ImageID")), api);
        fields_list_unseen(observation->set.arena, wanted, &existing->unseen);
        bind_inspected(observation, existing, inspect);
    }
}

/* --- versions --------------------------------------------------------------------------------- */

static bool has_interface_name(const struct service *service)
{
    VEC_EACH (&service->networks, endpoint)
        if (text_is_set(endpoint->interface_name))
            return true;
    return false;
}

static bool has_gateway_priority(const struct service *service)
{
    VEC_EACH (&service->networks, endpoint)
        if (endpoint->gw_priority)
            return true;
    return false;
}

static bool has_image_volume(const struct service *service)
{
    VEC_EACH (&service->volumes, mount)
        if (mount->type == MOUNT_IMAGE)
            return true;
    return false;
}

static bool has_subpath(const struct service *service)
{
    VEC_EACH (&service->volumes, mount)
        if (mount->volume && text_is_set(mount->volume->subpath))
            return true;
    return false;
}

static bool has_read_only_depth(const struct service *service)
{
    VEC_EACH (&service->volumes, mount)
        if (mount->bind && (text_is(mount->bind->recursive, "readonly") ||
                            text_is(mount->bind->recursive, "writable")))
            return true;
    return false;
}

static bool has_start_interval(const struct service *service)
{
    return service->healthcheck && service->healthcheck->start_interval.has;
}

static bool has_annotations(const struct service *service)
{
    return service->annotations.n > 0;
}

static const struct {
    unsigned api;
    bool (*has)(const struct service *service);
    enum finding_level level;
    const char *key, *text;
} version_rules[] = {
    { 43, has_annotations, FINDING_WARNING, "annotations",
      "has no effect before Docker Engine 24" },
    { 44, has_start_interval, FINDING_WARNING, "healthcheck.start_interval",
      "has no effect before Docker Engine 25" },
    { 44, has_read_only_depth, FINDING_WARNING, "volumes",
      "recursive: readonly and writable have no effect before Docker Engine 25" },
    { 45, has_subpath, FINDING_ERROR, "volumes", "subpath needs Docker Engine 26 or later" },
    { 48, has_image_volume, FINDING_ERROR, "volumes",
      "volumes of type image need Docker Engine 28 or later" },
    { 48, has_gateway_priority, FINDING_WARNING, "networks",
      "gw_priority has no effect before Docker Engine 28" },
    { 49, has_interface_name, FINDING_ERROR, "networks",
      "interface_name needs Docker Engine 28.1 or later" },
};

static void check_network_version(const struct observation *observation,
                                  const struct network *network)
{
    const struct node_pair *pair = node_get_pair(network->source, "enable_ipv4", 11);
    STR_AUTO(path);

    if (!network->enable_ipv4.has || network->enable_ipv4.value || !pair ||
        engine_api(observation->docker->engine) >= API_ENABLE_IPV4)
        return;
    str_printf(&path, "networks.%s.enable_ipv4", network->key);
    finding_add(observation->findings, FINDING_WARNING, pair->value->at, path.buf,
                "has no effect before Docker Engine 28");
}

void observe_check_version(const struct observation *observation)
{
    const struct wanted_set *set = observation->query.wanted;
    unsigned api = engine_api(observation->docker->engine);
    if (!set || !observation->findings)
        return;
    VEC_EACH (&set->items, item) {
        const struct docker_wanted *payload = (*item)->payload;
        if ((*item)->kind == &docker_network_kind)
            check_network_version(observation, payload->network);
        if ((*item)->kind != &docker_container_kind || (*item)->is_disabled)
            continue;
        for (size_t i = 0; i < ARRAY_LEN(version_rules); i++) {
            if (api >= version_rules[i].api || !version_rules[i].has(payload->service))
                continue;
            STR_AUTO(path);
            str_printf(&path, "services.%s.%s", payload->service->name, version_rules[i].key);
            finding_add(observation->findings, version_rules[i].level,
                        service_origin(payload->service, version_rules[i].key), path.buf, "%s",
                        version_rules[i].text);
        }
    }
}
