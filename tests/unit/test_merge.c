/*
 * test_merge.c - compose-compat/file: documents, merging, uniqueness and validation by the table, each
 * on small services written as YAML.
 */
#include "tests/unit/tap.h"

#include <stdio.h>

#include "base/map.h"
#include "compose-compat/file/document.h"
#include "compose-compat/file/merge.h"
#include "compose-compat/file/unique.h"
#include "compose-compat/file/validate.h"
#include "data/jwrite.h"
#include "data/yread.h"

struct bench {
    struct arena *arena;
    struct findings findings;
    struct map environment;
    size_t interpolated;
};

static void bench_init(struct bench *bench)
{
    *bench = (struct bench){ .arena = arena_new() };
    findings_init(&bench->findings);
    map_init(&bench->environment);
    map_set(&bench->environment, "A", (void *)(uintptr_t) "va");
}

static void bench_release(struct bench *bench)
{
    map_release(&bench->environment);
    findings_release(&bench->findings);
    arena_free(bench->arena);
    origin_reset();
}

/* The documents of text, ready; merged in order, twins joined. NULL when the YAML is wrong. */
static struct node *merge_text(struct bench *bench, const char *text)
{
    struct yread_documents documents = { 0 };
    struct merge merge = { bench->arena, &bench->findings };
    struct node *whole = NULL;
    uint32_t file = origin_add_file("t.yaml", text, strlen(text));
    if (yread_parse(bench->arena, file, text, strlen(text), &documents, &bench->findings))
        return NULL;
    for (size_t i = 0; i < documents.n; i++) {
        struct document document = { .arena = bench->arena,
                                     .findings = &bench->findings,
                                     .environment = &bench->environment,
                                     .interpolated = &bench->interpolated };
        struct node *tree = document_prepare(&document, documents.items[i]);
        if (whole)
            document_apply_resets(&document.resets, whole, NULL, 0, tree);
        whole = whole ? merge_nodes(&merge, whole, tree, schema_root(), NULL) : tree;
    }
    unique_enforce(bench->arena, &bench->findings, whole, schema_root(), false, NULL);
    return whole;
}

static void print_findings(const struct findings *findings, struct str *out)
{
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *finding = &findings->items[i];
        str_printf(out, "%s%u:%u %s: %s", i ? "; " : "", finding->at.line, finding->at.column,
                   finding->path, finding->text);
    }
}

/* --- merging ----------------------------------------------------------------------------------- */

static const struct merge_case {
    const char *earlier, *later; /* attributes of one service, flow style */
    const char *want;            /* JSON of the service, or "!" and the findings */
} merge_cases[] = {
    /* scalars, null */
    { "image: a", "image: b", "{\"image\":\"b\"}" },
    { "image: a", "image: ", "{\"image\":\"a\"}" },
    { "image: a", "image: ''", "{\"image\":\"\"}" },
    { "image: ", "image: a", "{\"image\":\"a\"}" },
    { "image: a", "tty: true", "{\"image\":\"a\",\"tty\":true}" },
    /* general rule */
    { "cap_add: [a]", "cap_add: [b]", "{\"cap_add\":[\"a\",\"b\"]}" },
    { "cap_add: [a, b]", "cap_add: [c, a]", "{\"cap_add\":[\"a\",\"b\",\"c\"]}" },
    { "deploy: {replicas: 1, mode: m}", "deploy: {replicas: 2}",
      "{\"deploy\":{\"replicas\":2,\"mode\":\"m\"}}" },
    { "x-a: {b: [1], c: 1}", "x-a: {b: [2], d: 3}",
      "{\"x-a\":{\"b\":[1,2],\"c\":1,\"d\":3}}" },
    { "security_opt: [a]", "security_opt: [a]", "{\"security_opt\":[\"a\",\"a\"]}" },
    /* replaced as a whole */
    { "command: [a, b]", "command: [c]", "{\"command\":[\"c\"]}" },
    { "command: [a, b]", "command: ", "{\"command\":null}" },
    { "command: a b", "command: []", "{\"command\":[]}" },
    { "entrypoint: a", "entrypoint: [b]", "{\"entrypoint\":[\"b\"]}" },
    { "healthcheck: {test: [CMD, a], retries: 1}", "healthcheck: {test: b}",
      "{\"healthcheck\":{\"test\":\"b\",\"retries\":1}}" },
    { "ulimits: {nofile: {soft: 1, hard: 2}, nproc: 1}", "ulimits: {nofile: 3}",
      "{\"ulimits\":{\"nofile\":3,\"nproc\":1}}" },
    /* KEY=VALUE */
    { "environment: {B: 2, A: 1}", "environment: {C: , A: 3}",
      "{\"environment\":[\"A=3\",\"B=2\",\"C\"]}" },
    { "environment: [A=1, B=2]", "environment: [B=3, C]",
      "{\"environment\":[\"A=1\",\"B=3\",\"C\"]}" },
    { "environment: {A: 1}", "environment: ", "{\"environment\":{\"A\":1}}" },
    { "labels: {a: 1.50, b: true}", "labels: [c=d]",
      "{\"labels\":[\"a=1.5\",\"b=true\",\"c=d\"]}" },
    { "labels: {a.b: 1, a: 2}", "labels: []", "{\"labels\":[\"a.b=1\",\"a=2\"]}" },
    { "sysctls: {a: 1}", "sysctls: {a: 2}", "{\"sysctls\":[\"a=2\"]}" },
    { "dns: 1.1.1.1", "dns: [2.2.2.2, 1.1.1.1]", "{\"dns\":[\"1.1.1.1\",\"2.2.2.2\"]}" },
    { "tmpfs: ['/a:size=1', /b]", "tmpfs: /b", "{\"tmpfs\":[\"/a:size=1\",\"/b\"]}" },
    { "env_file: a", "env_file: [b]", "{\"env_file\":[\"a\",\"b\"]}" },
    { "extra_hosts: [a=1]", "extra_hosts: {a: 2, b: [3, 4]}",
      "{\"extra_hosts\":[\"a=1\",\"a=2\",\"b=3\",\"b=4\"]}" },
    { "extra_hosts: [a=1]", "extra_hosts: [a=1]", "{\"extra_hosts\":[\"a=1\"]}" },
    /* lists that are maps */
    { "depends_on: [a]", "depends_on: {b: {condition: service_healthy}}",
      "{\"depends_on\":{\"a\":{\"condition\":\"service_started\",\"required\":true},"
      "\"b\":{\"condition\":\"service_healthy\"}}}" },
    { "depends_on: {a: {condition: service_healthy}}", "depends_on: [a]",
      "{\"depends_on\":{\"a\":{\"condition\":\"service_started\",\"required\":true}}}" },
    { "networks: [a, b]", "networks: {b: {aliases: [x]}}",
      "{\"networks\":{\"a\":null,\"b\":{\"aliases\":[\"x\"]}}}" },
    { "networks: {a: {aliases: [x, y]}}", "networks: {a: {aliases: [y, z]}}",
      "{\"networks\":{\"a\":{\"aliases\":[\"x\",\"y\",\"z\"]}}}" },
    { "models: [m]", "models: {m: {endpoint_var: E}}",
      "{\"models\":{\"m\":{\"endpoint_var\":\"E\"}}}" },
    { "build: .", "build: {target: t}", "{\"build\":{\"context\":\".\",\"target\":\"t\"}}" },
    { "build: {target: t}", "build: ./b", "{\"build\":{\"target\":\"t\",\"context\":\"./b\"}}" },
    { "build: {args: {A: 1}, tags: [a]}", "build: {args: [A=2], tags: [a, b]}",
      "{\"build\":{\"args\":[\"A=2\"],\"tags\":[\"a\",\"b\"]}}" },
    /* logging */
    { "logging: {driver: a, options: {x: 1}}", "logging: {driver: a, options: {y: 2}}",
      "{\"logging\":{\"driver\":\"a\",\"options\":{\"x\":1,\"y\":2}}}" },
    { "logging: {driver: a, options: {x: 1}}", "logging: {driver: b}",
      "{\"logging\":{\"driver\":\"b\"}}" },
    { "logging: {driver: a}", "logging: {options: {y: 2}}",
      "{\"logging\":{\"driver\":\"a\",\"options\":{\"y\":2}}}" },
    /* reset and override */
    { "cap_add: [a]", "cap_add: !reset []", "{}" },
    { "cap_add: [a]", "cap_add: !override [b]", "{\"cap_add\":[\"b\"]}" },
    { "deploy: {replicas: 1, mode: m}", "deploy: {replicas: !reset null}",
      "{\"deploy\":{\"mode\":\"m\"}}" },
    { "labels: [x=1]", "labels: {x: !reset null}", "{\"labels\":[\"x=1\"]}" },
    { "labels: {x: 1, y: 2}", "labels: {x: !reset null}", "{\"labels\":[\"y=2\"]}" },
    { "cap_add: [a]", "cap_add: [!reset b, c]", "{\"cap_add\":[\"a\",\"c\"]}" },
    { "deploy: {mode: m}", "deploy: !override {mode: !reset n}",
      "{\"deploy\":{\"mode\":\"n\"}}" },
    /* casts and interpolation come first */
    { "scale: '5'", "init: \"on\"", "{\"scale\":5,\"init\":true}" },
    { "cpus: '0.5'", "hostname: '$A-${B:-c}'", "{\"cpus\":0.5,\"hostname\":\"va-c\"}" },
    { "ports: [{target: '80'}]", "image: a", "{\"ports\":[{\"target\":80}],\"image\":\"a\"}" },
    /* what does not go together */
    { "cap_add: [a]", "cap_add: b", "!4:25 services.a.cap_add: a string cannot override a list" },
    { "deploy: {mode: a}", "deploy: [b]",
      "!4:24 services.a.deploy: a list cannot override a mapping" },
    { "environment: [A=1]", "environment: 5",
      "!4:29 services.a.environment: an integer cannot override a list" },
};

static void test_merges(void)
{
    for (size_t i = 0; i < ARRAY_LEN(merge_cases); i++) {
        const struct merge_case *test = &merge_cases[i];
        struct bench bench;
        STR_AUTO(text);
        STR_AUTO(out);
        char name[32];
        bench_init(&bench);
        snprintf(name, sizeof(name), "merge %zu", i);
        str_printf(&text, "services:\n  a: { %s }\n---\nservices: {a: {%s}}\n", test->earlier,
                   test->later);
        struct node *whole = merge_text(&bench, text.buf);
        bool is_wrong = bench.findings.n_errors > 0;
        if (is_wrong)
            str_add_char(&out, '!');
        if (is_wrong)
            print_findings(&bench.findings, &out);
        else
            jwrite_node_text(node_get_path(whole, "services", "a", NULL), 0, &out);
        tap_text(out.buf, test->want, name, __FILE__, __LINE__);
        bench_release(&bench);
    }
}

/* --- pools ------------------------------------------------------------------------------------- */

static const struct merge_case pool_cases[] = {
    { "{subnet: 1, gateway: a}", "{subnet: 1, ip_range: b}",
      "[{\"subnet\":1,\"gateway\":\"a\",\"ip_range\":\"b\"}]" },
    { "{subnet: 1}, {subnet: 2}", "{subnet: 3}", "[{\"subnet\":3}]" },
    { "{subnet: 1}", "", "null" },
};

static void test_pools(void)
{
    for (size_t i = 0; i < ARRAY_LEN(pool_cases); i++) {
        struct bench bench;
        STR_AUTO(text);
        STR_AUTO(out);
        bench_init(&bench);
        str_printf(&text,
                   "networks: {n: {ipam: {config: [%s]}}}\n---\nnetworks: {n: {ipam: {config: [%s]}}}\n",
                   pool_cases[i].earlier, pool_cases[i].later);
        struct node *whole = merge_text(&bench, text.buf);
        jwrite_node_text(node_get_path(whole, "networks", "n", "ipam", "config", NULL), 0, &out);
        is_text(out.buf, pool_cases[i].want);
        bench_release(&bench);
    }
}

/* --- history, sharing -------------------------------------------------------------------------- */

static void test_history(void)
{
    struct bench bench;
    bench_init(&bench);
    struct node *whole = merge_text(&bench, "services: {a: {image: x, labels: [l=1]}}\n---\n"
                                            "services: {a: {image: y, labels: [l=2]}}\n---\n"
                                            "services: {a: {image: z}}\n");
    const struct node *image = node_get_path(whole, "services", "a", "image", NULL);
    is_text(node_as_text(image), "z");
    is_text(node_as_text(image->overrode), "y");
    is_text(node_as_text(image->overrode->overrode), "x");
    is_int(image->overrode->overrode->at.line, 1);
    ok(image->overrode->overrode->overrode == NULL);
    const struct node *label = node_get_path(whole, "services", "a", "labels", NULL)->u.list.items[0];
    is_text(node_as_text(label), "l=2");
    is_text(node_as_text(label->overrode), "l=1");
    bench_release(&bench);
}

/* Aliases of one list must not grow together. */
static void test_aliases(void)
{
    struct bench bench;
    STR_AUTO(out);
    bench_init(&bench);
    struct node *whole = merge_text(&bench, "x-c: &c {cap_add: [p]}\n"
                                            "services: {a: *c, b: {<<: *c}, c: *c}\n---\n"
                                            "services: {a: {cap_add: [q]}, b: {cap_add: [r]}}\n");
    jwrite_node_text(node_get(whole, "services"), 0, &out);
    is_text(out.buf, "{\"a\":{\"cap_add\":[\"p\",\"q\"]},\"b\":{\"cap_add\":[\"p\",\"r\"]},"
                     "\"c\":{\"cap_add\":[\"p\"]}}");
    bench_release(&bench);
}

/* --- uniqueness of canonical lists ------------------------------------------------------------- */

static const struct merge_case unique_cases[] = {
    { "volumes: [{type: volume, target: /a, source: x}, {type: volume, target: /b}]",
      "volumes: [{type: bind, target: /a, source: /y}]",
      "{\"volumes\":[{\"type\":\"bind\",\"target\":\"/a\",\"source\":\"/y\"},"
      "{\"type\":\"volume\",\"target\":\"/b\"}]}" },
    { "ports: [{target: 80, published: '80'}]",
      "ports: [{target: 80, published: '80', host_ip: 0.0.0.0}, {target: 80, published: '81'}]",
      "{\"ports\":[{\"target\":80,\"published\":\"80\",\"host_ip\":\"0.0.0.0\"},"
      "{\"target\":80,\"published\":\"81\"}]}" },
    { "ports: [{target: 80, protocol: udp}]", "ports: [{target: 80}]",
      "{\"ports\":[{\"target\":80,\"protocol\":\"udp\"},{\"target\":80}]}" },
    { "secrets: [{source: s}]", "secrets: [{source: t, target: /run/secrets/s}]",
      "{\"secrets\":[{\"source\":\"t\",\"target\":\"/run/secrets/s\"}]}" },
    { "configs: [{source: s}]", "configs: [{source: t, target: /s}]",
      "{\"configs\":[{\"source\":\"t\",\"target\":\"/s\"}]}" },
    { "env_file: [{path: a}]", "env_file: [{path: a, format: raw}]",
      "{\"env_file\":[{\"path\":\"a\",\"format\":\"raw\"}]}" },
    { "devices: [{source: a, target: t}]", "devices: [{source: b, target: t}]",
      "{\"devices\":[{\"source\":\"b\",\"target\":\"t\"}]}" },
    { "expose: [80, '81']", "expose: ['80']", "{\"expose\":[\"80\",\"81\"]}" },
    { "volumes: [{type: volume}]", "image: a",
      "!2:17 services.a.volumes[0]: the key \"target\" is missing" },
    { "ports: [{published: '80'}]", "image: a",
      "!2:15 services.a.ports[0]: the key \"target\" is missing" },
};

static void test_unique(void)
{
    for (size_t i = 0; i < ARRAY_LEN(unique_cases); i++) {
        const struct merge_case *test = &unique_cases[i];
        struct bench bench;
        STR_AUTO(text);
        STR_AUTO(out);
        char name[32];
        bench_init(&bench);
        snprintf(name, sizeof(name), "unique %zu", i);
        str_printf(&text, "services:\n  a: {%s}\n---\nservices: {a: {%s}}\n", test->earlier,
                   test->later);
        struct node *whole = merge_text(&bench, text.buf);
        unique_enforce(bench.arena, &bench.findings, whole, schema_root(), true, NULL);
        if (bench.findings.n_errors > 0) {
            str_add_char(&out, '!');
            print_findings(&bench.findings, &out);
        } else {
            jwrite_node_text(node_get_path(whole, "services", "a", NULL), 0, &out);
        }
        tap_text(out.buf, test->want, name, __FILE__, __LINE__);
        bench_release(&bench);
    }
}

/* --- validation -------------------------------------------------------------------------------- */

static const struct valid_case {
    const char *text, *want;
} valid_cases[] = {
    { "services: {a: {image: x}}", "" },
    { "services: {}", "" },
    { "services: ", "1:10 services: must be a mapping, not null" },
    { "services: [a]", "1:11 services: must be a mapping, not a list" },
    { "foo: 1", "1:1 foo: unknown key \"foo\"" },
    { "x-foo: 1", "" },
    { "version: 3", "1:10 version: must be a string, not an integer" },
    { "services: {'a b': {}}", "1:12 services[\"a b\"]: \"a b\" is no name that is allowed here" },
    { "services: {a: {imag: x}}", "1:16 services.a.imag: unknown key \"imag\"" },
    { "services: {a: {x-imag: x}}", "" },
    { "services: {a: {foo: 1, bar: 2}}",
      "1:16 services.a.foo: unknown key \"foo\"; 1:24 services.a.bar: unknown key \"bar\"" },
    { "services: {a: {ports: '80'}}", "1:23 services.a.ports: must be a list, not a string" },
    { "services: {a: {user: 5}}", "1:22 services.a.user: must be a string, not an integer" },
    { "services: {a: {environment: [1]}}",
      "1:30 services.a.environment[0]: must be a string, not an integer" },
    { "services: {a: {environment: {A: [1]}}}",
      "1:33 services.a.environment.A: must be a string, a number, a boolean or null, not a list" },
    { "services: {a: {environment: {'': b}}}",
      "1:30 services.a.environment[\"\"]: a key must not be empty" },
    { "services: {a: {cgroup: foo}}",
      "1:24 services.a.cgroup: \"foo\" is not a value that is known here" },
    { "services: {a: {security_opt: [a, b, a]}}",
      "1:37 services.a.security_opt[2]: the same item occurs twice" },
    { "services: {a: {group_add: [80, '80']}}", "" },
    { "services: {a: {group_add: ['80', 80]}}",
      "1:34 services.a.group_add[1]: the same item occurs twice" },
    { "services: {a: {group_add: [80, 80]}}",
      "1:32 services.a.group_add[1]: the same item occurs twice" },
    { "services: {a: {depends_on: {b: {}}}}",
      "1:32 services.a.depends_on.b: the key \"condition\" is missing" },
    { "services: {a: {oom_score_adj: 1001}}",
      "1:31 services.a.oom_score_adj: must be at most 1000" },
    { "services: {a: {cpu_count: -1}}", "1:27 services.a.cpu_count: must be at least 0" },
    { "services: {a: {pull_policy: foo}}",
      "1:29 services.a.pull_policy: \"foo\" is no pull policy" },
    { "services: {a: {pull_policy: fooalwaysbar}}", "" },
    { "services: {a: {pull_policy: every_5d}}", "" },
    { "services: {a: {pull_policy: every_d}}",
      "1:29 services.a.pull_policy: \"every_d\" is no pull policy" },
    { "services: {a: {container_name: a}}",
      "1:32 services.a.container_name: \"a\" is no name for a container" },
    { "services: {a: {container_name: '?ab'}}", "" },
    { "services: {a: {blkio_config: {x-a: 1}}}",
      "1:31 services.a.blkio_config.x-a: unknown key \"x-a\"" },
    { "services: {a: {gpus: [{foo: 1}]}}", "" },
    { "services: {a: {ulimits: {FOO: 5}}}", "" },
    { "services: {a: {labels: {a: .inf}}}", "1:28 services.a.labels.a: must be a finite number" },
    { "services: {a: {deploy: {resources: {limits: {memory: 5}}}}}",
      "1:54 services.a.deploy.resources.limits.memory: must be a string, not an integer" },
    { "secrets: {a: }", "1:14 secrets.a: must be a mapping, not null" },
    { "volumes: {a: }", "" },
    { "networks: {a: {ipam: {options: {b: 1}}}}",
      "1:36 networks.a.ipam.options.b: must be a string, not an integer" },
    { "models: {a: {}}", "1:13 models.a: the key \"model\" is missing" },
};

static void test_validation(void)
{
    for (size_t i = 0; i < ARRAY_LEN(valid_cases); i++) {
        struct bench bench;
        STR_AUTO(out);
        char name[32];
        bench_init(&bench);
        snprintf(name, sizeof(name), "valid %zu", i);
        struct node *whole = merge_text(&bench, valid_cases[i].text);
        ok(whole != NULL);
        validate_node(&(struct validate){ bench.arena, &bench.findings }, whole, schema_root(), NULL);
        print_findings(&bench.findings, &out);
        tap_text(out.buf, valid_cases[i].want, name, __FILE__, __LINE__);
        bench_release(&bench);
    }
}

/* A thousand items, one twice: found without comparing each with each. */
static void test_many_items(void)
{
    struct bench bench;
    STR_AUTO(text);
    bench_init(&bench);
    str_add(&text, "services: {a: {security_opt: [");
    for (int i = 0; i < 1000; i++)
        str_printf(&text, "o%d, ", i);
    str_add(&text, "o500]}}");
    struct node *whole = merge_text(&bench, text.buf);
    validate_node(&(struct validate){ bench.arena, &bench.findings }, whole, schema_root(), NULL);
    is_int((int64_t)bench.findings.n_errors, 1);
    is_text(bench.findings.items[0].path, "services.a.security_opt[1000]");
    bench_release(&bench);
}

static void test_hints(void)
{
    struct bench bench;
    bench_init(&bench);
    struct node *whole = merge_text(&bench, "services: {a: {imag: x, cgroup: hots, user: 5}}");
    validate_node(&(struct validate){ bench.arena, &bench.findings }, whole, schema_root(), NULL);
    is_int((int64_t)bench.findings.n, 3);
    is_text(bench.findings.items[0].hint, "did you mean \"image\"?");
    is_text(bench.findings.items[1].hint, "did you mean \"host\"? known: host, private");
    is_text(bench.findings.items[2].hint, "put it in quotes");
    bench_release(&bench);
}

int main(void)
{
    test_merges();
    test_pools();
    test_history();
    test_aliases();
    test_unique();
    test_validation();
    test_many_items();
    test_hints();
    return done_testing();
}
