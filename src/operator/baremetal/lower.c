/*
 * lower.c - project to wanted processes and volumes. Specs are the canonical trees, so that every
 * field has its reason. Pure: what cannot be done on a bare host is a finding with its place (keys.c).
 */
#include "base/base.h"

#include "operator/baremetal/parts.h"

#include "base/arena.h"
#include "data/jwrite.h"
#include "operator/baremetal/keys.h"

static const struct field_rule process_rules[] = {
    { "develop", CHANGE_IGNORE },
    { "image", CHANGE_IGNORE },
    { "networks", CHANGE_IGNORE },
    { NULL, CHANGE_REPLACE },
};

const struct resource_kind baremetal_process = { "process", "Process", KIND_RUNS, process_rules,
                                                 "services" };
const struct resource_kind baremetal_volume = { "volume", "Volume", KIND_DATA, NULL, "volumes" };

/* What says how an instance comes into being, or has no meaning here, but not what it is. */
static bool keep_spec(void *arg, const struct node_pair *pair)
{
    static const char *const keys[] = { "build",    "pull_policy", "scale",    "depends_on",
                                        "profiles", "image",       "networks", "develop" };

    (void)arg;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (text_is(pair->key, keys[i]))
            return false;
    }
    return true;
}

static const char *digest_of(struct arena *arena, const struct node *spec)
{
    STR_AUTO(text);

    jwrite_node_text(spec, JWRITE_SORT, &text);
    return arena_printf(arena, "%016llx", (unsigned long long)text_hash(text.buf, text.len));
}

static void set_spec(struct wanted_set *set, struct wanted *wanted, const struct node *source)
{
    struct node *spec, *deploy;

    spec = node_is(source, NODE_MAP) ? node_copy_shallow(set->arena, source)
                                     : node_map(set->arena, wanted->at);
    node_keep(spec, keep_spec, NULL);
    node_remove(spec, "name");
    deploy = node_get(spec, "deploy");
    if (node_is(deploy, NODE_MAP) && node_get(deploy, "replicas")) {
        deploy = node_copy_shallow(set->arena, deploy);
        node_remove(deploy, "replicas");
        if (deploy->u.map.n == 0)
            node_remove(spec, "deploy");
        else
            node_get_pair(spec, "deploy", strlen("deploy"))->value = deploy;
    }
    wanted->spec = spec;
    wanted->digest = digest_of(set->arena, spec);
}

static void add_service(const struct project *project, struct wanted_set *set,
                        const struct service *service, struct findings *findings)
{
    struct wanted *wanted = wanted_add(set, &baremetal_process, service->name);
    struct baremetal_payload *payload = ARENA_NEW(set->arena, struct baremetal_payload);

    payload->project = project;
    payload->service = service;
    wanted->payload = payload;
    wanted->service = wanted->key;
    wanted->at = service->at;
    wanted->separator = '-';
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
    wanted->stop_timeout_ns =
        service->stop_grace_period.has ? service->stop_grace_period.value : -1;
    set_spec(set, wanted, service->source);
    if (service->is_disabled)
        return;
    baremetal_check_keys(project, service, findings);
}

static void connect_service(struct wanted_set *set, const struct service *service)
{
    struct wanted *wanted = wanted_find(set, baremetal_process.name, service->name);

    VEC_EACH (&service->volumes, mount) {
        struct wanted *volume = NULL;

        if (mount->type == MOUNT_VOLUME && mount->source)
            volume = wanted_find(set, baremetal_volume.name, mount->source);
        if (volume)
            wanted_depend(set, wanted, volume, DEPENDS_BOUND)->at = mount->at;
    }
    wanted_depend_on_services(set, wanted, service,
                              (const struct resource_kind *const[]){ &baremetal_process, NULL });
}

int baremetal_lower(const struct project *project, struct wanted_set *out,
                    struct findings *findings)
{
    size_t n_before = findings->n_errors;

    VEC_EACH (&project->volumes, item) {
        const struct volume *volume = *item;
        struct wanted *wanted = wanted_add(out, &baremetal_volume, volume->key);

        wanted->at = volume->at;
        wanted->name = arena_dup(out->arena, volume->name);
        wanted->is_external = volume->external;
        set_spec(out, wanted, volume->source);
        if (volume->external)
            finding_add(findings, FINDING_ERROR, volume->at, NULL,
                        "volume \"%s\" is external, which bare metal does not have: mount the "
                        "folder itself",
                        volume->key);
    }
    VEC_EACH (&project->services, service)
        add_service(project, out, *service, findings);
    VEC_EACH (&project->services, service) {
        if (!(*service)->is_disabled)
            connect_service(out, *service);
    }
    return findings->n_errors > n_before ? -1 : 0;
}
