/*
 * lower-check.c - what a service asks for and the docker operator cannot do: refused, or (where
 * docker compose ignores it in silence) warned about, at the place where it was written. What
 * depends on the engine's version is checked in observe.c. Called by lower.c.
 */
#include "base/base.h"

#include "operator/docker/docker.h"
#include "operator/docker/files.h"

struct check {
    const struct service *service;
    struct findings *findings;
};

static struct finding *add(struct check *check, enum finding_level level, struct origin at,
                           const char *path, const char *text)
{
    STR_AUTO(full);
    str_printf(&full, "services.%s%s%s", check->service->name, path ? "." : "", path ? path : "");
    return finding_add(check->findings, level, at, full.buf, "%s", text);
}

/* --- keys without effect ---------------------------------------------------------------------- */

static const char *const without_effect[][3] = {
    { "credential_spec", NULL, NULL },
    { "deploy", "endpoint_mode", NULL },
    { "deploy", "update_config", NULL },
    { "deploy", "rollback_config", NULL },
    { "deploy", "labels", NULL },
    { "deploy", "placement", "constraints" },
    { "deploy", "placement", "preferences" },
    { "deploy", "placement", "max_replicas_per_node" },
    { "deploy", "restart_policy", "delay" },
    { "deploy", "restart_policy", "window" },
};

static void check_ignored(struct check *check)
{
    for (size_t i = 0; i < ARRAY_LEN(without_effect); i++) {
        const char *const *keys = without_effect[i];
        const struct node *node =
            node_get_path(check->service->source, keys[0], keys[1], keys[2], NULL);
        if (!node || node->kind == NODE_NULL || (node->kind == NODE_MAP && !node->u.map.n) ||
            (node->kind == NODE_LIST && !node->u.list.n))
            continue;
        STR_AUTO(path);
        for (size_t k = 0; k < 3 && keys[k]; k++)
            str_printf(&path, "%s%s", k ? "." : "", keys[k]);
        add(check, FINDING_WARNING, service_origin(check->service, path.buf), path.buf,
            "has no effect on a single engine");
    }
    const struct deploy *deploy = check->service->deploy;
    if (deploy && text_is_set(deploy->mode) && !text_is(deploy->mode, "replicated"))
        add(check, FINDING_WARNING, service_origin(check->service, "deploy.mode"), "deploy.mode",
            "has no effect on a single engine");
}

/* --- refusals --------------------------------------------------------------------------------- */

/* A number, or not given. */
static bool is_owner(const char *text)
{
    int64_t number;
    return !text_is_set(text) || text_to_int(text, &number) == 0;
}

static void check_file(struct check *check, const struct project *project,
                       const struct file_reference *reference, bool is_secret)
{
    const struct project_file *file = files_find(project, reference->source, is_secret);
    const char *word = is_secret ? "secrets" : "configs";
    const struct service *service = check->service;
    if (!file)
        return;
    if (file->external)
        add(check, FINDING_ERROR, reference->at, word,
            is_secret ? "external secrets do not exist on a single engine"
                      : "external configs do not exist on a single engine");
    if (text_is_set(file->driver))
        add(check, FINDING_ERROR, file->at, word, "secret drivers do not exist on a single engine");
    if (text_is_set(file->template_driver))
        add(check, FINDING_ERROR, file->at, word,
            "template drivers do not exist on a single engine");
    bool is_upload = !file->file && !file->external;
    if (is_upload && service->read_only)
        add(check, FINDING_ERROR, reference->at, word,
            "cannot be put into a read-only container: only a file can be mounted there");
    if (is_upload && !(is_owner(reference->uid) && is_owner(reference->gid)))
        add(check, FINDING_ERROR, reference->at, word, "uid and gid must be numbers");
    if (file->file && (reference->uid || reference->gid || reference->mode.has))
        add(check, FINDING_WARNING, reference->at, word,
            "uid, gid and mode have no effect on a file that is mounted");
}

static void check_files(struct check *check, const struct project *project)
{
    VEC_EACH (&check->service->secrets, reference)
        check_file(check, project, reference, true);
    VEC_EACH (&check->service->configs, reference)
        check_file(check, project, reference, false);
}

static void check_hooks(struct check *check)
{
    VEC_EACH (&check->service->pre_start, hook)
        if (hook->per_replica)
            add(check, FINDING_ERROR, hook->at, "pre_start",
                "per_replica is not supported by the docker operator");
}

/* A provider is called before anything is made or started (docker compose has no container started
   by then, either). */
static void check_provider(struct check *check, const struct project *project)
{
    const struct service *service = check->service;
    if (!service->provider)
        return;
    if (!text_is_set(service->provider->type) || text_is(service->provider->type, "compose"))
        add(check, FINDING_ERROR, service_origin(service, "provider.type"), "provider.type",
            "names a plugin of docker or an executable, which this is not");
    VEC_EACH (&service->depends_on, dependency) {
        const struct service *on = project_find_service(project, dependency->service);
        if (on && !on->provider && dependency->condition != DEPEND_STARTED)
            add(check, FINDING_WARNING, dependency->at, "depends_on",
                "a provider is called before any container is started, and does not wait for it");
    }
}

void docker_lower_check(const struct project *project, const struct service *service,
                        struct findings *findings)
{
    struct check check = { service, findings };

    check_provider(&check, project);
    if (service->models.n)
        add(&check, FINDING_ERROR, service_origin(service, "models"), "models",
            "models are not supported by the docker operator");
    VEC_EACH (&service->volumes, mount)
        if (mount->type == MOUNT_NPIPE || mount->type == MOUNT_CLUSTER)
            add(&check, FINDING_ERROR, mount->at, "volumes",
                mount->type == MOUNT_NPIPE ? "named pipes exist on Windows only"
                                           : "cluster volumes need a swarm");
    const struct healthcheck *health = service->healthcheck;
    if (health && health->start_interval.has && !health->start_period.has)
        add(&check, FINDING_WARNING, service_origin(service, "healthcheck.start_interval"),
            "healthcheck.start_interval", "has no effect without start_period");
    check_files(&check, project);
    check_hooks(&check);
    check_ignored(&check);
}
