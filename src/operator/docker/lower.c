/*
 * lower.c - from a project to the images, networks, volumes and containers that the Engine is to
 * have. Pure: no input or output, no version of an engine (observe.c knows that one). What docker
 * cannot do is found in lower-check.c. Called by the core through docker_ops.
 */
#include "base/base.h"

#include "base/clock.h"
#include "net/digest.h"
#include "operator/docker/docker.h"

#define DAY_NS (24LL * 3600 * 1000000000)

struct lower {
    const struct project *project;
    struct wanted_set *out;
    struct findings *findings;
};

/* --- digests ---------------------------------------------------------------------------------- */

static const char *digest_text(struct arena *arena, const char *definition)
{
    char hex[DIGEST_SHA256_HEX];
    if (!definition)
        return NULL;
    digest_sha256_hex(definition, strlen(definition), hex);
    return arena_dup(arena, hex);
}

bool docker_has_references(const struct service *service)
{
    const char *const modes[] = { service->network_mode, service->ipc, service->pid };
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        if (modes[i] && text_starts(modes[i], "service:"))
            return true;
    return service->volumes_from.n > 0;
}

/* The text of one quoted string that begins at `at` (behind its quote). */
static size_t quoted_len(const char *at)
{
    size_t len = 0;
    while (at[len] && at[len] != '"')
        len += at[len] == '\\' && at[len + 1] ? 2 : 1;
    return len;
}

/* An entry of volumes_from: "service:NAME", "NAME", "NAME:ro", "container:NAME". */
static void add_source(const struct docker *docker, struct slice entry, struct str *out)
{
    struct slice name, left = entry;
    slice_split(&left, ':', &name);
    bool is_container = slice_is(name, "container"), is_service = slice_is(name, "service");
    if (is_container || is_service)
        slice_split(&left, ':', &name);
    STR_AUTO(service);
    str_add_len(&service, name.at, name.len);
    const char *id = is_container ? NULL : docker_find_instance(docker, service.buf);
    str_add(out, id ? id : service.buf);
    /* The mode stays out of the hash, as docker compose has it. */
}

/* Copies the list behind "volumes_from":[ with each entry resolved; returns where it ends. */
static const char *add_sources(const struct docker *docker, const char *at, struct str *out)
{
    while (*at && *at != ']') {
        str_add_char(out, *at);
        if (*at++ != '"')
            continue;
        size_t len = quoted_len(at);
        add_source(docker, (struct slice){ at, len }, out);
        at += len;
        if (*at)
            str_add_char(out, *at++);
    }
    return at;
}

static const char *add_mode(const struct docker *docker, const char *at, struct str *out)
{
    size_t len = quoted_len(at);
    STR_AUTO(service);
    str_add_len(&service, at + strlen("service:"), len - strlen("service:"));
    const char *id = docker_find_instance(docker, service.buf);
    if (id)
        str_printf(out, "container:%s", id);
    else
        str_add_len(out, at, len);
    return at + len;
}

void docker_definition_digest(const struct docker *docker, const char *definition, char ret_hex[65])
{
    static const char *const modes[] = { "\"network_mode\":\"", "\"ipc\":\"", "\"pid\":\"" };
    static const char sources[] = "\"volumes_from\":[";
    STR_AUTO(out);
    const char *at = definition;
    while (*at) {
        bool is_done = false;
        if (text_starts(at, sources)) {
            str_add(&out, sources);
            at = add_sources(docker, at + sizeof(sources) - 1, &out);
            continue;
        }
        for (size_t i = 0; i < ARRAY_LEN(modes) && !is_done; i++) {
            size_t len = strlen(modes[i]);
            if (strncmp(at, modes[i], len) != 0 || !text_starts(at + len, "service:"))
                continue;
            str_add(&out, modes[i]);
            at = add_mode(docker, at + len, &out);
            is_done = true;
        }
        if (!is_done)
            str_add_char(&out, *at++);
    }
    digest_sha256_hex(out.buf, out.len, ret_hex);
}

/* --- images ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum artifact_policy policy;
    int64_t max_age_ns;
} policies[] = {
    { "always", ARTIFACT_ALWAYS, 0 },
    { "never", ARTIFACT_NEVER, 0 },
    { "build", ARTIFACT_BUILD, 0 },
    { "missing", ARTIFACT_MISSING, 0 },
    { "if_not_present", ARTIFACT_MISSING, 0 },
    { "daily", ARTIFACT_MAX_AGE, DAY_NS },
    { "weekly", ARTIFACT_MAX_AGE, 7 * DAY_NS },
};

static enum artifact_policy parse_policy(const char *text, int64_t *ret_max_age_ns)
{
    *ret_max_age_ns = 0;
    for (size_t i = 0; text && i < ARRAY_LEN(policies); i++) {
        if (text_is(text, policies[i].name)) {
            *ret_max_age_ns = policies[i].max_age_ns;
            return policies[i].policy;
        }
    }
    if (text && text_starts(text, "every_") && duration_parse(text + 6, ret_max_age_ns) == 0)
        return ARTIFACT_MAX_AGE;
    return ARTIFACT_MISSING;
}

/* Of two users' policies the one that asks for more. */
static bool asks_more(enum artifact_policy a, enum artifact_policy b)
{
    static const int rank[] = { [ARTIFACT_NEVER] = 0,
                                [ARTIFACT_MISSING] = 1,
                                [ARTIFACT_MAX_AGE] = 2,
                                [ARTIFACT_ALWAYS] = 3,
                                [ARTIFACT_BUILD] = 4 };
    return rank[a] > rank[b];
}

static const char *image_key(struct arena *arena, const char *image, const char *platform)
{
    return platform ? arena_printf(arena, "%s (%s)", image, platform) : image;
}

static bool is_latest(const char *image)
{
    struct image_reference reference;
    ERR_AUTO(err);

    if (image_reference_parse(image, &reference, &err) < 0)
        return false;
    bool is_latest = text_is(reference.tag, "latest") && !reference.digest;
    image_reference_release(&reference);
    return is_latest;
}

static struct wanted *lower_image(struct lower *lower, const struct service *service,
                                  const char *image, bool is_own)
{
    struct arena *arena = lower->out->arena;
    const char *platform = is_own ? docker_service_platform(lower->project, service) : NULL;
    const char *key = image_key(arena, image, platform);
    struct wanted *wanted = wanted_find(lower->out, docker_image_kind.name, key);
    int64_t max_age_ns;
    enum artifact_policy policy = parse_policy(service->pull_policy, &max_age_ns);
    bool can_build = is_own && service->build;
    bool can_pull = !is_own || service->image;

    if (!wanted) {
        wanted = wanted_add(lower->out, &docker_image_kind, key);
        struct docker_wanted *payload = ARENA_NEW(arena, struct docker_wanted);
        *payload = (struct docker_wanted){ .project = lower->project,
                                           .service = service,
                                           .platform = platform };
        wanted->name = arena_dup(arena, image);
        wanted->is_moving = is_latest(image);
        wanted->service = service->name;
        wanted->at = service_origin(service, service->image ? "image" : "build");
        wanted->policy = policy;
        wanted->max_age_ns = max_age_ns;
        wanted->payload = payload;
    } else if (asks_more(policy, wanted->policy)) {
        wanted->policy = policy;
        wanted->max_age_ns = max_age_ns;
    }
    if (can_build && !wanted->can_build) {
        struct docker_wanted *payload = (struct docker_wanted *)(uintptr_t)wanted->payload;
        payload->service = service;
        wanted->service = service->name;
        wanted->can_build = true;
    }
    wanted->can_pull = wanted->can_pull || can_pull;
    wanted->is_policy_open = wanted->is_policy_open || !service->pull_policy;
    return wanted;
}

/* --- networks and volumes --------------------------------------------------------------------- */

static void lower_network(struct lower *lower, const struct network *network)
{
    struct arena *arena = lower->out->arena;
    struct wanted *wanted = wanted_add(lower->out, &docker_network_kind, network->key);
    struct docker_wanted *payload = ARENA_NEW(arena, struct docker_wanted);

    *payload = (struct docker_wanted){ .project = lower->project, .network = network };
    wanted->name = network->name;
    wanted->at = network->at;
    wanted->is_external = network->external;
    wanted->spec = network->source;
    wanted->digest = network->external ? NULL : digest_text(arena, network->definition);
    wanted->payload = payload;
}

static void lower_volume(struct lower *lower, const struct volume *volume)
{
    struct arena *arena = lower->out->arena;
    struct wanted *wanted = wanted_add(lower->out, &docker_volume_kind, volume->key);
    struct docker_wanted *payload = ARENA_NEW(arena, struct docker_wanted);

    *payload = (struct docker_wanted){ .project = lower->project, .volume = volume };
    wanted->name = volume->name;
    wanted->at = volume->at;
    wanted->is_external = volume->external;
    wanted->spec = volume->source;
    wanted->digest = volume->external ? NULL : digest_text(arena, volume->definition);
    wanted->payload = payload;
}

/* --- containers ------------------------------------------------------------------------------- */

/* What the digest leaves out stays out of the spec, too. */
static const struct node *container_spec(struct arena *arena, const struct service *service)
{
    static const char *const left_out[] = { "build", "scale", "depends_on", "profiles",
                                            "pull_policy" };
    if (!node_is(service->source, NODE_MAP))
        return NULL;
    struct node *spec = node_copy_shallow(arena, service->source);
    for (size_t i = 0; i < ARRAY_LEN(left_out); i++)
        node_remove(spec, left_out[i]);
    if (node_get_path(spec, "deploy", "replicas", NULL)) {
        struct node_pair *pair = node_get_pair(spec, "deploy", 6);
        pair->value = node_copy_shallow(arena, pair->value);
        node_remove(pair->value, "replicas");
    }
    return spec;
}

static bool has_check(const struct service *service)
{
    const struct healthcheck *check = service->healthcheck;
    return check && !check->disable && check->test.is_set && check->test.list.n &&
           !text_is(check->test.list.items[0], "NONE");
}

static struct wanted *lower_container(struct lower *lower, const struct service *service)
{
    struct arena *arena = lower->out->arena;
    struct wanted *wanted = wanted_add(lower->out, &docker_container_kind, service->name);
    struct docker_wanted *payload = ARENA_NEW(arena, struct docker_wanted);

    *payload = (struct docker_wanted){
        .project = lower->project,
        .service = service,
        .definition = api_socket_definition(arena, service, service->definition),
        .definition_old = api_socket_definition(arena, service, service->definition_old),
        .has_references = docker_has_references(service),
    };
    wanted->service = service->name;
    wanted->is_name_fixed = text_is_set(service->container_name);
    wanted->name = wanted->is_name_fixed
                       ? service->container_name
                       : arena_printf(arena, "%s-%s", lower->project->name, service->name);
    wanted->separator = '-';
    wanted->replicas = service_replicas(service);
    wanted->at = service->at;
    wanted->is_disabled = service->is_disabled;
    wanted->has_healthcheck = has_check(service);
    wanted->spec = container_spec(arena, service);
    wanted->digest = digest_text(arena, payload->definition);
    wanted->digest_old = digest_text(arena, payload->definition_old);
    wanted->hooks[HOOK_PRE_START] = (unsigned)service->pre_start.n;
    wanted->hooks[HOOK_POST_START] = (unsigned)service->post_start.n;
    wanted->hooks[HOOK_PRE_STOP] = (unsigned)service->pre_stop.n;
    wanted->stop_timeout_ns =
        service->stop_grace_period.has ? service->stop_grace_period.value : -1;
    wanted->payload = payload;
    return wanted;
}

/* --- providers -------------------------------------------------------------------------------- */

static void lower_provider(struct lower *lower, const struct service *service)
{
    struct wanted *wanted = wanted_add(lower->out, &docker_provider_kind, service->name);
    struct docker_wanted *payload = ARENA_NEW(lower->out->arena, struct docker_wanted);

    *payload = (struct docker_wanted){ .project = lower->project, .service = service };
    wanted->name = service->name;
    wanted->service = service->name;
    wanted->at = service_origin(service, "provider");
    wanted->is_disabled = service->is_disabled;
    wanted->payload = payload;
}

/* --- who depends on what ---------------------------------------------------------------------- */

static void depend_on(struct lower *lower, struct wanted *wanted, const struct resource_kind *kind,
                      const char *key, enum dependency_kind how, struct origin at)
{
    struct wanted *on = key ? wanted_find(lower->out, kind->name, key) : NULL;
    if (!on || on == wanted)
        return;
    VEC_EACH (&wanted->depends_on, other)
        if (other->on == on && other->kind == how)
            return;
    struct wanted_dependency *dependency = wanted_depend(lower->out, wanted, on, how);
    dependency->required = true;
    dependency->at = at;
}

static void depend_on_images(struct lower *lower, struct wanted *wanted,
                             const struct service *service)
{
    struct origin at = service_origin(service, "image");
    struct wanted *image =
        lower_image(lower, service, service_image(lower->project, service), true);
    depend_on(lower, wanted, &docker_image_kind, image->key, DEPENDS_BOUND, at);
    VEC_EACH (&service->pre_start, hook)
        if (text_is_set(hook->image)) {
            image = lower_image(lower, service, hook->image,
                                text_is(hook->image, service_image(lower->project, service)));
            depend_on(lower, wanted, &docker_image_kind, image->key, DEPENDS_EXISTS, hook->at);
        }
    VEC_EACH (&service->volumes, mount)
        if (mount->type == MOUNT_IMAGE && text_is_set(mount->source)) {
            image = lower_image(lower, service, mount->source, false);
            depend_on(lower, wanted, &docker_image_kind, image->key, DEPENDS_BOUND, mount->at);
        }
}

static void depend_on_objects(struct lower *lower, struct wanted *wanted,
                              const struct service *service)
{
    for (size_t i = 0; i < service->networks.n && !text_is_set(service->network_mode); i++)
        depend_on(lower, wanted, &docker_network_kind, service->networks.items[i].network,
                  DEPENDS_ATTACHED, service->networks.items[i].at);
    VEC_EACH (&service->volumes, mount)
        if (mount->type == MOUNT_VOLUME && text_is_set(mount->source))
            depend_on(lower, wanted, &docker_volume_kind, mount->source, DEPENDS_BOUND, mount->at);
}

/* Whether containers are referred to by name, which may be those that this service depends on. */
static bool names_instances(const struct service *service)
{
    const char *const modes[] = { service->network_mode, service->ipc, service->pid };
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        if (modes[i] && text_starts(modes[i], "container:"))
            return true;
    for (size_t i = 0; i < service->volumes_from.n; i++)
        if (text_starts(service->volumes_from.items[i], "container:"))
            return true;
    return text_is(service->network_mode, "bridge") &&
           (service->links.n || service->external_links.n);
}

static void depend_on_services(struct lower *lower, struct wanted *wanted,
                               const struct service *service)
{
    static const struct resource_kind *const kinds[] = { &docker_container_kind,
                                                         &docker_provider_kind, NULL };
    wanted_depend_on_services(lower->out, wanted, service, kinds);
}

static void depend_on_instances(struct lower *lower, struct wanted *wanted,
                                const struct service *service)
{
    const struct {
        const char *key, *mode;
    } modes[] = { { "network_mode", service->network_mode },
                  { "ipc", service->ipc },
                  { "pid", service->pid } };
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        if (modes[i].mode && text_starts(modes[i].mode, "service:"))
            depend_on(lower, wanted, &docker_container_kind, modes[i].mode + 8, DEPENDS_BOUND,
                      service_origin(service, modes[i].key));
    for (size_t i = 0; i < service->volumes_from.n; i++) {
        const char *entry = service->volumes_from.items[i];
        if (text_starts(entry, "container:"))
            continue;
        depend_on(lower, wanted, &docker_container_kind,
                  arena_dup_len(lower->out->arena, entry, strcspn(entry, ":")), DEPENDS_BOUND,
                  service_origin(service, "volumes_from"));
    }
    depend_on_services(lower, wanted, service);
    if (names_instances(service))
        VEC_EACH (&service->depends_on, dependency)
            depend_on(lower, wanted, &docker_container_kind, dependency->service, DEPENDS_EXISTS,
                      dependency->at);
}

int docker_lower(const struct project *project, struct wanted_set *out, struct findings *findings)
{
    struct lower lower = { project, out, findings };
    size_t n_before = findings->n_errors;

    VEC_EACH (&project->networks, network)
        lower_network(&lower, *network);
    VEC_EACH (&project->volumes, volume)
        lower_volume(&lower, *volume);
    VEC_EACH (&project->services, service) {
        if (!(*service)->is_disabled)
            docker_lower_check(project, *service, findings);
        if ((*service)->provider)
            lower_provider(&lower, *service);
        else
            lower_container(&lower, *service);
    }
    VEC_EACH (&project->services, service) {
        const struct resource_kind *kind =
            (*service)->provider ? &docker_provider_kind : &docker_container_kind;
        struct wanted *wanted = wanted_find(out, kind->name, (*service)->name);
        if ((*service)->is_disabled)
            continue;
        if ((*service)->provider) {
            depend_on_services(&lower, wanted, *service);
            continue;
        }
        depend_on_images(&lower, wanted, *service);
        depend_on_objects(&lower, wanted, *service);
        depend_on_instances(&lower, wanted, *service);
    }
    return findings->n_errors > n_before ? -1 : 0;
}
