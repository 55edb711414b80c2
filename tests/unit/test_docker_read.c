/*
 * test_docker_read.c - what the docker operator makes of an engine's answers (states, health, exit
 * codes, image identities) and of a project: names, policies, dependencies, digests.
 */
#include "base/base.h"

#include "base/file.h"
#include "compose-compat/file/load.h"
#include "net/digest.h"
#include "operator/docker/fields.h"
#include "tests/unit/tap.h"

/* --- container items ---------------------------------------------------------------------------
 */

static void test_status(void)
{
    int64_t code = -1;
    is_int(docker_status_health("Up 5 minutes (healthy)"), HEALTH_HEALTHY);
    is_int(docker_status_health("Up 5 minutes (unhealthy)"), HEALTH_UNHEALTHY);
    is_int(docker_status_health("Up Less than a second (health: starting)"), HEALTH_STARTING);
    is_int(docker_status_health("Up 5 minutes (Paused)"), HEALTH_NONE);
    is_int(docker_status_health(NULL), HEALTH_NONE);
    ok(docker_status_exit("Exited (137) 2 hours ago", &code));
    is_int(code, 137);
    ok(docker_status_exit("Restarting (1) 3 seconds ago", &code));
    is_int(code, 1);
    ok(!docker_status_exit("Up 5 minutes (healthy)", &code));
    ok(!docker_status_exit("Created", &code));
    ok(!docker_status_exit("Exited (x", &code));
    is_int(docker_state("running"), STATE_RUNNING);
    is_int(docker_state("dead"), STATE_DEAD);
    is_int(docker_state(NULL), STATE_CREATED);
}

static struct node *json(struct arena *arena, const char *text)
{
    struct node *node = NULL;
    ERR_AUTO(err);
    if (jread_parse(arena, 0, text, strlen(text), &node, &err) < 0)
        tap_note("%s", err.text);
    return node;
}

static void test_items(void)
{
    struct arena *arena = arena_new();
    struct existing existing = { .id = NULL };

    is_text(docker_item_name(json(arena, "{\"Names\":[\"/other/alias\",\"/p-web-1\"]}")),
            "p-web-1");
    is_text(docker_item_name(json(arena, "{\"Names\":null}")), "");
    docker_parse_depends_on(
        arena, "db:service_healthy:true,init:service_completed_successfully:false", &existing);
    is_int((int64_t)existing.depends_on.n, 2);
    is_text(existing.depends_on.items[0].service, "db");
    is_int(existing.depends_on.items[0].condition, DEPEND_HEALTHY);
    ok(existing.depends_on.items[0].restart);
    is_int(existing.depends_on.items[1].condition, DEPEND_COMPLETED);
    struct existing none = { .id = NULL };
    docker_parse_depends_on(arena, "", &none);
    is_int((int64_t)none.depends_on.n, 0);
    arena_free(arena);
}

/* --- images ------------------------------------------------------------------------------------
 */

#define MANIFEST(id, kind, available, architecture)                     \
    "{\"ID\":\"" id "\",\"Kind\":\"" kind "\",\"Available\":" available \
    ",\"ImageData\":{\"Platform\":{\"os\":\"linux\",\"architecture\":\"" architecture "\"}}}"
#define IMAGE(manifests) \
    "{\"Id\":\"top\",\"Os\":\"linux\",\"Architecture\":\"amd64\",\"Manifests\":" manifests "}"

static const struct {
    const char *inspect, *platform;
    unsigned api;
    const char *digest;
} image_cases[] = {
    { IMAGE("null"), NULL, 41, "top" },
    { IMAGE("null"), NULL, 48, "top" },
    { IMAGE("null"), "linux/amd64", 41, "top" },
    { IMAGE("null"), "linux/arm64", 41, NULL },
    { IMAGE("[" MANIFEST("a", "image", "true", "amd64") "]"), NULL, 47, "top" },
    { IMAGE("[" MANIFEST("a", "image", "true", "amd64") "]"), NULL, 48, "a" },
    { IMAGE("[" MANIFEST("x", "attestation", "true", "amd64") "," MANIFEST("a", "image", "true",
                                                                           "amd64") "]"),
      NULL, 51, "a" },
    { IMAGE("[" MANIFEST("a", "image", "false", "amd64") "," MANIFEST("b", "image", "true",
                                                                      "arm64") "]"),
      NULL, 51, "b" },
    { IMAGE("[" MANIFEST("a", "image", "true", "amd64") "," MANIFEST("b", "image", "true",
                                                                     "arm64") "]"),
      "linux/arm64", 51, "b" },
    { IMAGE("[" MANIFEST("a", "image", "true", "amd64") "]"), "linux/arm64", 51, NULL },
};

static void test_images(void)
{
    struct arena *arena = arena_new();
    for (size_t i = 0; i < ARRAY_LEN(image_cases); i++)
        is_text(docker_image_digest(json(arena, image_cases[i].inspect), image_cases[i].platform,
                                    image_cases[i].api),
                image_cases[i].digest);
    arena_free(arena);
}

/* --- references in definitions -------------------------------------------------------------------
 */

static void test_references(void)
{
    static const char text[] = "{\"ipc\":\"service:b\",\"network_mode\":\"service:a\","
                               "\"volumes_from\":[\"a\",\"service:b:ro\",\"container:c\"]}";
    static const char resolved[] = "{\"ipc\":\"container:ID2\",\"network_mode\":\"container:ID1\","
                                   "\"volumes_from\":[\"ID1\",\"ID2\",\"c\"]}";
    struct docker docker = { .arena = arena_new() };
    char got[65], want[65];

    docker_remember_instance(&docker, "a", 2, "later");
    docker_remember_instance(&docker, "a", 1, "ID1");
    docker_remember_instance(&docker, "b", 1, "ID2");
    docker_definition_digest(&docker, text, got);
    digest_sha256_hex(resolved, strlen(resolved), want);
    is_text(got, want);
    docker_forget_instance(&docker, "ID1");
    is_text(docker_find_instance(&docker, "a"), "later");
    VEC_RELEASE(&docker.instances);
    arena_free(docker.arena);
}

/* --- lowering ----------------------------------------------------------------------------------
 */

static const char description[] =
    "name: p1\n"
    "services:\n"
    "  web: {image: nginx, pull_policy: daily, depends_on: {db: {condition: service_healthy}},\n"
    "        volumes: ['data:/d'], scale: 3}\n"
    "  db: {build: ., container_name: fixed, healthcheck: {test: a}, stop_grace_period: 3s}\n"
    "  side: {image: nginx, network_mode: 'service:web'}\n"
    "  off: {image: busybox, profiles: [x]}\n"
    "volumes: {data: {}, out: {external: true}}\n";

static struct project *load(struct findings *findings)
{
    STR_AUTO(path);
    ERR_AUTO(err);
    struct project *project = NULL;
    str_printf(&path, "%s/compose.yaml", tap_folder());
    ok(file_write_atomic(path.buf, description, strlen(description), 0600, &err) == 0);
    const char *const files[] = { path.buf, NULL }, *const environment[] = { NULL };
    const struct load_options options = {
        .current_dir = tap_folder(), .files = files, .environment = environment, .keep_unused = true
    };
    ok(compose_load(&options, &project, findings, &err) == 0);
    return project;
}

static const struct wanted_dependency *find_dependency(const struct wanted *wanted,
                                                       const char *kind, const char *key)
{
    VEC_EACH (&wanted->depends_on, dependency)
        if (text_is(dependency->on->kind->name, kind) && text_is(dependency->on->key, key))
            return dependency;
    return NULL;
}

static void test_lower(void)
{
    struct findings findings = FINDINGS_INIT;
    struct project *project = load(&findings);
    struct wanted_set set;

    wanted_set_init(&set, "p1");
    ok(docker_lower(project, &set, &findings) == 0);
    const struct wanted *web = wanted_find(&set, "container", "web");
    const struct wanted *db = wanted_find(&set, "container", "db");
    const struct wanted *side = wanted_find(&set, "container", "side");
    is_text(web->name, "p1-web");
    is_int(web->separator, '-');
    is_int(web->replicas, 3);
    ok(!web->is_name_fixed && db->is_name_fixed);
    is_text(db->name, "fixed");
    ok(db->has_healthcheck && !web->has_healthcheck);
    is_int(db->stop_timeout_ns, 3000000000);
    is_int(web->stop_timeout_ns, -1);
    ok(wanted_find(&set, "container", "off")->is_disabled);
    ok(!node_get(web->spec, "scale") && !node_get(web->spec, "depends_on"));
    is_int(find_dependency(web, "container", "db")->condition, DEPEND_HEALTHY);
    is_int(find_dependency(web, "volume", "data")->kind, DEPENDS_BOUND);
    is_int(find_dependency(web, "network", "default")->kind, DEPENDS_ATTACHED);
    is_int(find_dependency(side, "container", "web")->kind, DEPENDS_BOUND);
    ok(!find_dependency(side, "network", "default"));
    const struct wanted *image = find_dependency(web, "image", "nginx")->on;
    ok(image->can_pull && !image->can_build);
    is_int(image->policy, ARTIFACT_MAX_AGE);
    image = find_dependency(db, "image", "p1-db")->on;
    ok(image->can_build && !image->can_pull);
    /* docker compose's own digests. */
    is_text(wanted_find(&set, "volume", "out")->digest, NULL);
    ok(wanted_find(&set, "volume", "out")->is_external);
    char hex[65];
    static const char network[] = "{\"name\":\"p1_default\",\"ipam\":{}}";
    digest_sha256_hex(network, strlen(network), hex);
    is_text(wanted_find(&set, "network", "default")->digest, hex);
    wanted_set_release(&set);
    project_free(project);
    findings_release(&findings);
}

/* --- labels ------------------------------------------------------------------------------------
 */

static void test_labels(void)
{
    struct findings findings = FINDINGS_INIT;
    struct project *project = load(&findings);
    struct arena *arena = arena_new();
    struct encode e;
    const struct encode_labels labels = {
        .hash = "h", .image = "i", .replace = "web-1", .number = 2
    };

    encode_init(&e, arena, project, project_find_service(project, "web"), 51);
    encode_labels(&e, &labels);
    const struct node *map = node_get(e.config, "Labels");
    is_text(get_text(map, LABEL_PROJECT), "p1");
    is_text(get_text(map, LABEL_SERVICE), "web");
    is_text(get_text(map, LABEL_NUMBER), "2");
    is_text(get_text(map, LABEL_ONE_OFF), "False");
    is_text(get_text(map, LABEL_HASH), "h");
    is_text(get_text(map, LABEL_IMAGE), "i");
    is_text(get_text(map, LABEL_DEPENDS_ON), "db:service_healthy:false");
    is_text(get_text(map, LABEL_REPLACE), "web-1");
    is_text(get_text(map, LABEL_WORKING_DIR), tap_folder());
    ok(!get_text(map, LABEL_ENVIRONMENT_FILE));
    arena_free(arena);
    project_free(project);
    findings_release(&findings);
}

int main(void)
{
    test_status();
    test_items();
    test_images();
    test_references();
    test_lower();
    test_labels();
    return done_testing();
}
