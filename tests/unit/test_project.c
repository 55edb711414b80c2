/*
 * test_project.c - src/model: lookups, order, places, numbers of instances; and the definitions that
 * config hashes are taken over, against hashes that docker compose printed for the same project.
 */
#include "tests/unit/tap.h"

#include "base/vec.h"
#include "compose-compat/file/load.h"
#include "model/project.h"
#include "net/digest.h"

#include <stdio.h>

static const char text[] = "name: hh\n"
                           "services:\n"
                           "  pg: {image: pg, command: [a]}\n"
                           "  web:\n"
                           "    build: .\n"
                           "    depends_on: [cache, pg]\n"
                           "    scale: 3\n"
                           "    labels: {a.b: c}\n"
                           "    ports: [\"80:80\", \"81:81\"]\n"
                           "  cache: {image: c, depends_on: [pg], deploy: {replicas: 2}}\n"
                           "  off: {image: o, profiles: [p]}\n"
                           "volumes: {data: {driver: local}, unused: }\n";

static struct project *load(const char *bytes, struct findings *findings)
{
    static const char *const environment[] = { NULL };
    STR_AUTO(path);
    str_printf(&path, "%s/compose.yaml", tap_folder());
    FILE *file = fopen(path.buf, "w");
    fputs(bytes, file);
    fclose(file);
    const char *files[] = { path.buf, NULL };
    struct load_options options = { .current_dir = tap_folder(),
                                    .files = files,
                                    .environment = environment,
                                    .keep_unused = true };
    struct project *project = NULL;
    ERR_AUTO(err);
    return compose_load(&options, &project, findings, &err) == 0 ? project : NULL;
}

static void test_lookups(const struct project *project)
{
    is_int((int64_t)project->services.n, 4);
    ok(project_find_service(project, "pg") != NULL);
    ok(project_find_service(project, "pq") == NULL);
    is_text(project_find_volume(project, "data")->name, "hh_data");
    is_text(project_find_network(project, "default")->name, "hh_default");
    ok(project_find_network(project, "none") == NULL);
    ok(project_find_secret(project, "s") == NULL);
    ok(project_find_service(project, "off")->is_disabled);
    const struct service *web = project_find_service(project, "web");
    is_int(service_replicas(web), 3);
    is_int(service_replicas(project_find_service(project, "cache")), 2);
    is_int(service_replicas(project_find_service(project, "pg")), 1);
    is_text(service_image(project, web), "hh-web");
}

static void test_order(const struct project *project)
{
    struct service **services;
    size_t n;
    STR_AUTO(names);
    project_order(project, &services, &n);
    for (size_t i = 0; i < n; i++)
        str_printf(&names, "%s ", services[i]->name);
    is_text(names.buf, "pg cache web ");
}

static void test_places(const struct project *project)
{
    const struct service *web = project_find_service(project, "web");
    is_int(service_origin(web, "").line, 4);
    is_int(service_origin(web, "scale").line, 7);
    is_int(service_origin(web, "labels.a.b").line, 8);
    is_int(service_origin(web, "labels.a.b").column, 19);
    is_int(service_origin(web, "ports[1]").column, 22);
    is_int(service_origin(web, "ports[7]").line, 9);
    is_int(service_origin(web, "nothing").line, 4);
}

static void is_hash(const char *definition, const char *wanted, const char *what)
{
    char hex[DIGEST_SHA256_HEX];
    digest_sha256_hex(definition, strlen(definition), hex);
    tap_text(hex, wanted, what, __FILE__, __LINE__);
}

static void test_definitions(const struct project *project)
{
    is_hash(project_find_service(project, "pg")->definition,
            "c347f272417a30c28d94dabe4fcde93f18331f719540933a03b4bf3b40b1b8b4", "service pg");
    is_hash(project_find_network(project, "default")->definition,
            "ffe70b1dc81e00a007e7d8116a8b7946e869319c3fee66dddf39c38ceea74904", "network");
    is_hash(project_find_volume(project, "data")->definition,
            "411e335e8c4e749abfa2131f93c7ff97bed169b6b72f8915e48d4514d0493b0b", "volume");
    ok(project_find_service(project, "pg")->definition_old == NULL);
}

/* The label of a container that docker compose 2.40.3 made, and that of 5.5.0: the old definition has
   create_host_path in it; env files, and whether they are required, are in neither. (What 2.40.3 prints
   with `config --hash` has the env files in it; its label has not.) */
static void test_old_definition(struct findings *findings)
{
    struct project *project = load("name: hh\n"
                                   "services:\n"
                                   "  a:\n"
                                   "    image: x\n"
                                   "    volumes: [\"/a:/b\"]\n"
                                   "    env_file:\n"
                                   "      - {path: /dev/null, required: true}\n"
                                   "      - {path: /nonexistent, required: false}\n",
                                   findings);
    ok(project != NULL);
    if (project == NULL)
        return;
    is_hash(project->services.items[0]->definition,
            "7da7c1a8580dbffa3d6e35e8ac70ccdf9350f61a4f5e97ced79e91f68deb2416", "of 5.5.0");
    is_hash(project->services.items[0]->definition_old,
            "cab884121953218c3ee6d374b1f2e765cb4d8ff9f41258b33a4e94b3122b8c44", "of 2.40.3");
    project_free(project);
}

int main(void)
{
    struct findings findings = FINDINGS_INIT;
    struct project *project = load(text, &findings);
    ok(project != NULL);
    if (project) {
        test_lookups(project);
        test_order(project);
        test_places(project);
        test_definitions(project);
    }
    project_free(project);
    struct project *other = load("services: {a: {image: x, volumes: [\"./a:/b\"]}}\n", &findings);
    ok(other && strstr(other->services.items[0]->definition_old, "\"create_host_path\":true"));
    ok(other && !strstr(other->services.items[0]->definition, "create_host_path"));
    project_free(other);
    test_old_definition(&findings);
    findings_release(&findings);
    return done_testing();
}
