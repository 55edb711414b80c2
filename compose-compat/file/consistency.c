/*
 * consistency.c - rules between the parts of one enabled service, and between it and the rest of
 * the project (compose-file.md 10.3). cycle.c looks for cycles of dependencies.
 */
#include "base/base.h"

#include "compose-compat/file/consistency.h"

#include "compose-compat/file/bind.h"
#include "base/vec.h"
#include "base/map.h"

struct check {
    const struct stage *stage;
    struct project *project;
    struct service *service;
};

/* A finding at a part of the service; part may be "". */
static struct finding *refuse_text(struct check *check, struct origin at, const char *part,
                                   const char *fmt, va_list args) ATTR_PRINTF(4, 0);
static struct finding *refuse_text(struct check *check, struct origin at, const char *part,
                                   const char *fmt, va_list args)
{
    STR_AUTO(path);
    STR_AUTO(text);
    str_vprintf(&text, fmt, args);
    str_printf(&path, "services.%s%s%s", check->service->name, *part ? "." : "", part);
    return finding_add(check->stage->findings, FINDING_ERROR, at, path.buf, "%s", text.buf);
}

static struct finding *refuse(struct check *check, const char *part, const char *fmt, ...)
    ATTR_PRINTF(3, 4);
static struct finding *refuse(struct check *check, const char *part, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct finding *finding =
        refuse_text(check, service_origin(check->service, part), part, fmt, args);
    va_end(args);
    return finding;
}

/* At a place within the part: one of its items. */
static struct finding *refuse_at(struct check *check, struct origin at, const char *part,
                                 const char *fmt, ...) ATTR_PRINTF(4, 5);
static struct finding *refuse_at(struct check *check, struct origin at, const char *part,
                                 const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct finding *finding = refuse_text(check, at, part, fmt, args);
    va_end(args);
    return finding;
}

static bool is_filled(const char *text)
{
    return text && *text;
}

/* --- what cannot be judged because something was found wrong before ---------------------------- */

/* Was the section, or the project as a whole, not read completely? */
static bool is_section_partial(const struct check *check, const char *section)
{
    const struct node *source = check->project->source;
    return node_is_wrong(source) || node_is_wrong(node_get(source, section));
}

/* Is what the service has at the path ("deploy.replicas"), or that it has nothing there, not known? */
static bool is_unknown(const struct service *service, const char *path)
{
    const struct node *node = service->source;
    struct slice rest = slice_from(path), key;
    bool has_more = true;
    while (has_more && node && !node_is_wrong(node)) {
        has_more = slice_split(&rest, '.', &key);
        const struct node_pair *pair = node_get_pair(node, key.at, key.len);
        node = pair ? pair->value : NULL;
    }
    return node_has_wrong(node);
}

/* The same of an item of the list, or value of the map, that stands at that place. As long as nothing
   is wrong it is not looked for: lists can be long, and each of their items asks. */
static bool is_item_unknown(const struct check *check, const char *path, struct origin at)
{
    const struct node *node = node_get(check->service->source, path);
    if (check->stage->findings->n_errors == 0)
        return false;
    if (node_is(node, NODE_LIST)) {
        NODE_EACH_ITEM(node, item)
            if (origin_is_same((*item)->at, at) && node_has_wrong(*item))
                return true;
    } else if (node_is(node, NODE_MAP)) {
        NODE_EACH_PAIR(node, pair)
            if (origin_is_same(pair->at, at) && node_has_wrong(pair->value))
                return true;
    }
    return false;
}

/* --- names -------------------------------------------------------------------------------------- */

/* The enabled service of that name, or NULL. */
static struct service *enabled(struct check *check, const char *name)
{
    struct service *service = project_find_service(check->project, name);
    return service && !service->is_disabled ? service : NULL;
}

static bool is_missing(struct check *check, const char *name)
{
    return !enabled(check, name) && !is_section_partial(check, "services");
}

/* The nearest name of the section, else the hint, which may be NULL. */
static void hint_name(const struct check *check, struct finding *finding, const char *section,
                      const char *name, const char *otherwise)
{
    const struct node *map = node_get(check->project->source, section);
    VEC(const char *) names = { NULL, 0, 0 };
    if (node_is(map, NODE_MAP))
        NODE_EACH_PAIR(map, pair)
            VEC_ADD(&names, pair->key);
    const char *nearest = text_nearest(name, names.items, names.n);
    if (nearest)
        finding_hint(finding, "did you mean \"%s\"?", nearest);
    else if (otherwise)
        finding_hint(finding, "%s", otherwise);
    VEC_RELEASE(&names);
}

static const char *service_reference(const char *text)
{
    static const char prefix[] = "service:";
    return text && text_starts(text, prefix) ? text + sizeof(prefix) - 1 : NULL;
}

/* --- image and build -------------------------------------------------------------------------- */

static void check_contexts(struct check *check)
{
    VEC_EACH(&check->service->build->additional_contexts, context) {
        const char *name = service_reference(context->value);
        struct service *other = name ? enabled(check, name) : NULL;
        if (name && is_missing(check, name))
            refuse(check, "build.additional_contexts",
                   "the context \"%s\" is the service \"%s\", which does not exist", context->key, name);
        else if (other && !other->build && !is_unknown(other, "build"))
            refuse(check, "build.additional_contexts",
                   "the context \"%s\" is the service \"%s\", which is not built", context->key, name);
    }
}

static void check_build(struct check *check)
{
    const struct service *service = check->service;
    const struct build *build = service->build;
    if (!build && !is_filled(service->image) && !service->provider &&
        !check->stage->options->image_is_optional && !is_unknown(service, "image") &&
        !is_unknown(service, "build") && !is_unknown(service, "provider"))
        finding_hint(refuse(check, "", "there is neither an image nor a build"),
                     "set \"image\" or \"build\"");
    if (!build)
        return;
    if (is_filled(build->dockerfile_inline) && is_filled(build->dockerfile))
        refuse(check, "build.dockerfile_inline",
               "\"dockerfile\" and \"dockerfile_inline\" exclude each other");
    check_contexts(check);
    if (build->platforms.n > 0 && is_filled(service->platform) &&
        !text_list_has(&build->platforms, service->platform) &&
        !is_unknown(service, "build.platforms"))
        finding_hint(refuse(check, "platform", "it is not built for the platform \"%s\"",
                            service->platform),
                     "add it to \"build.platforms\"");
}

/* --- references ------------------------------------------------------------------------------- */

static void check_networks(struct check *check)
{
    const struct service *service = check->service;
    const char *shared = service_reference(service->network_mode);
    if (is_filled(service->network_mode) && service->networks.n > 0)
        refuse(check, "network_mode", "\"network_mode\" and \"networks\" exclude each other");
    VEC_EACH(&service->networks, endpoint)
        if (!project_find_network(check->project, endpoint->network) &&
            !is_section_partial(check, "networks"))
            hint_name(check,
                      refuse_at(check, endpoint->at, "networks", "the network \"%s\" is not declared",
                                endpoint->network),
                      "networks", endpoint->network, "declare it under the top-level \"networks\"");
    if (shared && is_missing(check, shared))
        hint_name(check, refuse(check, "network_mode", "the service \"%s\" does not exist", shared),
                  "services", shared, NULL);
}

static void check_dependencies(struct check *check)
{
    VEC_EACH(&check->service->depends_on, dependency) {
        struct service *other = project_find_service(check->project, dependency->service);
        if (other && (!other->is_disabled || !dependency->required))
            continue;
        if (is_section_partial(check, "services") ||
            is_item_unknown(check, "depends_on", dependency->at) ||
            (other && check->stage->is_environment_partial))
            continue;
        struct finding *finding = finding_add(
            check->stage->findings, FINDING_ERROR, dependency->at, NULL,
            "service \"%s\" depends on \"%s\", which %s", check->service->name, dependency->service,
            other ? "is disabled by its profiles" : "does not exist");
        if (!other)
            hint_name(check, finding, "services", dependency->service, NULL);
        else
            finding_hint(finding, "enable one of its profiles, or set \"required: false\"");
    }
}

static void check_mounts(struct check *check)
{
    VEC_EACH(&check->service->volumes, mount)
        if (mount->type == MOUNT_VOLUME && is_filled(mount->source) &&
            !project_find_volume(check->project, mount->source) &&
            !is_section_partial(check, "volumes") &&
            !is_item_unknown(check, "volumes", mount->at))
            hint_name(check,
                      finding_add(check->stage->findings, FINDING_ERROR, mount->at, NULL,
                                  "service \"%s\" uses the volume \"%s\", which is not declared",
                                  check->service->name, mount->source),
                      "volumes", mount->source,
                      "declare it under the top-level \"volumes\"; a path of this host begins "
                      "with \"./\" or \"/\"");
}

typedef struct project_file *(*find_fn)(const struct project *project, const char *key);

/* Those of a service; section: where it looks for them. */
static void check_reference(struct check *check, const struct file_reference *reference,
                            const char *what, const char *section, find_fn find)
{
    if (is_section_partial(check, section) ||
        is_item_unknown(check, section, reference->at))
        return;
    if (!reference->source || !find(check->project, reference->source))
        hint_name(check,
                  finding_add(check->stage->findings, FINDING_ERROR, reference->at, NULL,
                              "service \"%s\" uses the %s \"%s\", which is not declared",
                              check->service->name, what, reference->source ? reference->source : ""),
                  section, reference->source ? reference->source : "", NULL);
}

static bool has_model(const struct project *project, const char *key)
{
    VEC_EACH(&project->models, model)
        if (text_is((*model)->key, key))
            return true;
    return false;
}

static void check_files(struct check *check)
{
    const struct service *service = check->service;
    if (service->build && !is_unknown(service, "build.secrets"))
        VEC_EACH(&service->build->secrets, secret)
            check_reference(check, secret, "build secret", "secrets", project_find_secret);
    VEC_EACH(&service->configs, config)
        check_reference(check, config, "config", "configs", project_find_config);
    VEC_EACH(&service->secrets, secret)
        check_reference(check, secret, "secret", "secrets", project_find_secret);
    VEC_EACH(&service->models, use)
        if (!has_model(check->project, use->model) && !is_section_partial(check, "models"))
            hint_name(check, refuse(check, "models", "the model \"%s\" is not declared", use->model),
                      "models", use->model, NULL);
}

/* --- values that are said twice --------------------------------------------------------------- */

static void refuse_distinct(struct check *check, const char *one, const char *other)
{
    if (is_unknown(check->service, other))
        return;
    refuse(check, one, "\"%s\" and \"%s\" differ", one, other);
}

/* scale is also deploy.replicas: in what is printed and hashed, too. */
static void unite_scale(struct check *check)
{
    struct service *service = check->service;
    struct arena *arena = check->project->arena;
    struct node *deploy = node_get((struct node *)service->source, "deploy");
    const struct schema_row *row = schema_row_of(schema_section("services"), "deploy");
    struct origin at = service_origin(service, "scale");
    service->deploy->replicas = service->scale;
    if (node_is(deploy, NODE_MAP))
        bind_set(arena, deploy, row->type, "replicas", node_int(arena, at, service->scale.value));
}

static void check_scale(struct check *check)
{
    struct service *service = check->service;
    const struct opt_int *replicas = service->deploy ? &service->deploy->replicas : NULL;
    if (service->scale.has && replicas) {
        if (replicas->has && replicas->value != service->scale.value)
            refuse_distinct(check, "scale", "deploy.replicas");
        unite_scale(check);
    }
    if (service->scale.has && service->scale.value < 0)
        refuse(check, "scale", "%lld is negative", (long long)service->scale.value);
    else if (replicas && replicas->has && replicas->value < 0)
        refuse(check, "deploy.replicas", "%lld is negative", (long long)replicas->value);
    int64_t wanted = service->scale.has ? service->scale.value
                     : replicas && replicas->has ? replicas->value
                                                 : 1;
    if (wanted > 1 && is_filled(service->container_name))
        finding_hint(refuse(check, "container_name",
                            "%lld instances cannot share one container name", (long long)wanted),
                     "remove \"container_name\" or \"%s\"",
                     service->scale.has ? "scale" : "deploy.replicas");
}

static void check_resources(struct check *check)
{
    const struct service *service = check->service;
    const struct resources *limits = service->deploy ? service->deploy->limits : NULL;
    const struct resources *reservations = service->deploy ? service->deploy->reservations : NULL;
    if (limits && service->cpus != 0 && (float)limits->cpus != (float)service->cpus)
        refuse_distinct(check, "cpus", "deploy.resources.limits.cpus");
    if (limits && service->mem_limit != 0 && limits->memory != service->mem_limit)
        refuse_distinct(check, "mem_limit", "deploy.resources.limits.memory");
    if (reservations && service->mem_reservation != 0 &&
        reservations->memory != service->mem_reservation)
        refuse_distinct(check, "mem_reservation", "deploy.resources.reservations.memory");
    if (limits && service->pids_limit != 0 &&
        (limits->pids.has ? limits->pids.value : 0) != service->pids_limit)
        refuse_distinct(check, "pids_limit", "deploy.resources.limits.pids");
}

/* --- the rest --------------------------------------------------------------------------------- */

static void check_healthcheck(struct check *check)
{
    const struct healthcheck *healthcheck = check->service->healthcheck;
    if (!healthcheck || healthcheck->test.list.n == 0 ||
        is_unknown(check->service, "healthcheck.test"))
        return;
    const char *first = healthcheck->test.list.items[0];
    if (!text_is(first, "CMD") && !text_is(first, "CMD-SHELL") && !text_is(first, "NONE"))
        finding_hint(refuse(check, "healthcheck.test", "the test starts with \"%s\"", first),
                     "its first item is CMD, CMD-SHELL or NONE");
}

static void check_watch(struct check *check)
{
    if (is_unknown(check->service, "develop"))
        return;
    VEC_EACH(&check->service->watch, rule)
        if (!is_filled(rule->target) && !text_is(rule->action, "rebuild") &&
            !text_is(rule->action, "restart"))
            refuse(check, "develop.watch", "the action \"%s\" needs a target",
                   rule->action ? rule->action : "");
}

static void mount_once(struct check *check, struct map *targets, const char *target, size_t len,
                       struct origin at)
{
    if (map_find_len(targets, target, len))
        finding_add(check->stage->findings, FINDING_ERROR, at, NULL,
                    "service \"%s\" mounts two things at \"%.*s\"", check->service->name, (int)len,
                    target);
    map_set_len(targets, target, len, check);
}

static void check_targets(struct check *check)
{
    const struct service *service = check->service;
    MAP_AUTO(targets);
    if (service->tmpfs.n + service->volumes.n < 2)
        return;
    for (size_t i = 0; i < service->tmpfs.n; i++)
        mount_once(check, &targets, service->tmpfs.items[i], strcspn(service->tmpfs.items[i], ":"),
                   service_origin(service, "tmpfs"));
    VEC_EACH(&service->volumes, mount) {
        const char *target = mount->target ? mount->target : "";
        if (is_item_unknown(check, "volumes", mount->at))
            continue;
        mount_once(check, &targets, target, strlen(target), mount->at);
    }
}

void consistency_check_service(const struct stage *stage, struct project *project,
                               struct service *service)
{
    struct check check = { stage, project, service };
    if (node_has_wrong(node_get(service->source, "profiles")))
        return; /* it may be disabled */
    check_build(&check);
    check_networks(&check);
    check_healthcheck(&check);
    check_dependencies(&check);
    check_mounts(&check);
    check_files(&check);
    check_scale(&check);
    check_resources(&check);
    check_watch(&check);
    check_targets(&check);
}

/* --- the project ------------------------------------------------------------------------------ */

static void check_secrets(const struct stage *stage, const struct project *project)
{
    VEC_EACH(&project->secrets, item) {
        const struct project_file *secret = *item;
        if (secret->external || is_filled(secret->file) || is_filled(secret->environment) ||
            node_has_wrong(secret->source))
            continue;
        STR_AUTO(path);
        str_printf(&path, "secrets.%s", secret->key);
        finding_hint(finding_add(stage->findings, FINDING_ERROR, secret->at, path.buf,
                                 "nothing says where the content comes from"),
                     "set \"file\" or \"environment\"");
    }
}

void stage_consistency(const struct stage *stage, struct project *project)
{
    VEC_EACH(&project->services, service)
        if (!(*service)->is_disabled)
            consistency_check_service(stage, project, *service);
    check_secrets(stage, project);
    consistency_check_cycles(stage, project);
}

void stage_container_names(const struct stage *stage, struct project *project)
{
    MAP_AUTO(names);
    VEC_EACH(&project->services, item) {
        struct service *service = *item;
        if (service->is_disabled || !is_filled(service->container_name))
            continue;
        struct service *other = map_set(&names, service->container_name, service);
        if (other)
            finding_add(stage->findings, FINDING_ERROR, service_origin(service, "container_name"),
                        NULL, "the services \"%s\" and \"%s\" have the same container name \"%s\"",
                        other->name, service->name, service->container_name);
    }
}
