/*
 * test_load.c - compose-compat/file: whole loads from files in a folder of the test: discovery, env files,
 * the project's name, several files, extends, include, and what is said when they are wrong.
 */
#include "tests/unit/tap.h"

#include <stdio.h>

#include "base/file.h"
#include "compose-compat/file/load.h"
#include "data/jwrite.h"

#define MAX_WORDS 8

struct load_case {
    const char *name;
    const char *files; /* "==> NAME" lines, each followed by its text */
    const char *given; /* -f arguments, blanks between; "" looks for files */
    const char *environment; /* K=V, blanks between */
    const char *show; /* a path in the project's tree, or "name" */
    const char *want; /* JSON, or "!" and the findings or the error */
};

static const struct load_case cases[] = {
    /* files */
    { "found", "==> compose.yaml\nservices: {a: {image: x}}\n", "", "", "services.a.image", "\"x\"" },
    { "override found",
      "==> compose.yaml\nservices: {a: {image: x}}\n==> compose.override.yaml\nservices: {a: {image: y}}\n",
      "", "", "services.a.image", "\"y\"" },
    { "first name wins",
      "==> docker-compose.yml\nservices: {a: {image: y}}\n==> compose.yaml\nservices: {a: {image: x}}\n",
      "", "", "services.a.image", "\"x\"" },
    { "two given", "==> a.yaml\nservices: {a: {image: x, tty: true}}\n==> b.yaml\nservices: {a: {image: y}}\n",
      "a.yaml b.yaml", "", "services.a.image", "\"y\"" },
    { "two documents", "==> a.yaml\nservices: {a: {image: x}}\n---\nservices: {a: {image: y}}\n",
      "a.yaml", "", "services.a.image", "\"y\"" },
    { "COMPOSE_FILE", "==> a.yaml\nservices: {a: {image: x}}\n==> .env\nCOMPOSE_FILE=a.yaml\n", "", "",
      "services.a.image", "\"x\"" },
    { "separator",
      "==> a.yaml\nservices: {a: {image: x}}\n==> b.yaml\nservices: {a: {image: y}}\n"
      "==> .env\nCOMPOSE_FILE=a.yaml;b.yaml\nCOMPOSE_PATH_SEPARATOR=;\n",
      "", "", "services.a.image", "\"y\"" },
    { "missing", "", "nope.yaml", "", "name", "!no such file: \"DIR/nope.yaml\"" },
    { "missing by variable", "", "", "COMPOSE_FILE=nope.yaml", "name",
      "!the file \"DIR/nope.yaml\" that COMPOSE_FILE names does not exist" },
    { "empty", "==> a.yaml\n", "a.yaml", "", "name", "!a.yaml: empty compose file" },
    { "no map", "==> a.yaml\n- a\n", "a.yaml", "", "name",
      "!a.yaml:1:1: the top level must be a mapping, not a list" },
    { "null document", "==> a.yaml\nservices: {a: {image: x}}\n---\n", "a.yaml", "", "name",
      "!a.yaml:3:1: the top level must be a mapping, not null" },
    { "services null later", "==> a.yaml\nservices: {a: {image: x}}\n---\nservices:\n", "a.yaml", "",
      "name", "!a.yaml:3:10: services: must be a mapping, not null" },
    { "all at once",
      "==> a.yaml\nservices: {a: {image: x, foo: 1, user: 5}}\n==> b.yaml\nbar: 1\n", "a.yaml b.yaml",
      "", "name",
      "!a.yaml:1:26: services.a.foo: unknown key \"foo\"\n"
      "a.yaml:1:40: services.a.user: must be a string, not an integer\n"
      "b.yaml:1:1: bar: unknown key \"bar\"" },
    /* environment */
    { "process", "==> a.yaml\nservices: {a: {image: x$V}}\n", "a.yaml", "V=1", "services.a.image",
      "\"x1\"" },
    { ".env", "==> a.yaml\nservices: {a: {image: x$V}}\n==> .env\nV=2\n", "a.yaml", "",
      "services.a.image", "\"x2\"" },
    { "process wins", "==> a.yaml\nservices: {a: {image: x$V}}\n==> .env\nV=2\n", "a.yaml", "V=1",
      "services.a.image", "\"x1\"" },
    { "disabled", "==> a.yaml\nservices: {a: {image: x$V}}\n==> .env\nV=2\n", "a.yaml",
      "COMPOSE_DISABLE_ENV_FILE=true", "services.a.image", "\"x\"" },
    { "disabled how", "==> a.yaml\nservices: {a: {image: x}}\n", "a.yaml",
      "COMPOSE_DISABLE_ENV_FILE=maybe", "name",
      "!COMPOSE_DISABLE_ENV_FILE is \"maybe\", which is no boolean" },
    { "env files", "==> a.yaml\nservices: {a: {image: x$V$W}}\n==> e1\nV=1\nW=1\n==> e2\nW=2$V\n",
      "a.yaml", "COMPOSE_ENV_FILES=e1,e2", "services.a.image", "\"x121\"" },
    { "required", "==> a.yaml\nservices: {a: {image: \"${V:?say V}\"}}\n", "a.yaml", "", "name",
      "!a.yaml:1:23: services.a.image: required variable \"V\" is not set or empty: say V" },
    { "form", "==> a.yaml\nservices: {a: {image: \"${V.}\", labels: [\"${}\"]}}\n", "a.yaml", "", "name",
      "!a.yaml:1:23: services.a.image: invalid interpolation format \"${V.}\"\n"
      "a.yaml:1:41: services.a.labels[0]: invalid interpolation format \"${}\"" },
    /* name */
    { "name", "==> a.yaml\nname: Foo_Bar.X\nservices: {a: {image: x}}\n", "a.yaml", "", "name",
      "\"foo_barx\"" },
    { "last name", "==> a.yaml\nname: a\nservices: {a: {image: x}}\n---\nname: b$V\n", "a.yaml", "V=1",
      "name", "\"b1\"" },
    { "name variable", "==> a.yaml\nname: a\nservices: {a: {image: x}}\n", "a.yaml",
      "COMPOSE_PROJECT_NAME=v", "name", "\"v\"" },
    { "name of the environment", "==> a.yaml\nservices: {a: {image: \"$COMPOSE_PROJECT_NAME\"}}\nname: q\n",
      "a.yaml", "", "services.a.image", "\"q\"" },
    { "bad name", "==> a.yaml\nservices: {a: {image: x}}\n", "a.yaml", "COMPOSE_PROJECT_NAME=Vx", "name",
      "!invalid project name \"Vx\" (COMPOSE_PROJECT_NAME): lower case letters, digits, '-' and '_' "
      "only, beginning with a letter or digit; \"vx\" would do" },
    { "no name", "==> a.yaml\nname: ...\nservices: {a: {image: x}}\n", "a.yaml", "", "name",
      "!a.yaml:1:7: name: nothing is left of the project's name \"...\": it needs a letter or digit" },
    /* extends */
    { "extends", "==> a.yaml\nservices: {a: {image: x, labels: [l=1]}, b: {extends: a, labels: {m: 2}}}\n",
      "a.yaml", "", "services.b.labels", "{\"l\":\"1\",\"m\":\"2\"}" },
    { "extends leaves the base alone",
      "==> a.yaml\nservices: {a: {image: x, labels: [l=1]}, b: {extends: a, labels: {m: 2}}}\n",
      "a.yaml", "", "services.a.labels", "{\"l\":\"1\"}" },
    { "extends a chain",
      "==> a.yaml\nservices: {c: {extends: b}, b: {extends: {service: a}, tty: true}, a: {image: x}}\n",
      "a.yaml", "", "services.c.image", "\"x\"" },
    { "extends a file",
      "==> a.yaml\nservices: {a: {extends: {file: sub/b.yaml, service: b}}}\n"
      "==> sub/b.yaml\nservices: {b: {image: x, volumes: [\"./d:/d\"]}}\n",
      "a.yaml", "", "services.a.volumes",
      "[{\"type\":\"bind\",\"source\":\"DIR/sub/d\",\"target\":\"/d\",\"bind\":{}}]" },
    { "extends and resets",
      "==> a.yaml\nservices: {a: {image: x, cap_add: [c], labels: {l: 1, m: 2}}, "
      "b: {extends: a, cap_add: !reset [], labels: {l: !reset null}}}\n",
      "a.yaml", "", "services.b.labels", "{\"m\":\"2\"}" },
    { "extends itself", "==> a.yaml\nservices: {a: {image: x, extends: b}, b: {extends: a}}\n", "a.yaml",
      "", "name", "!a.yaml:1:35: services.a.extends: a service extends itself" },
    { "extends nothing", "==> a.yaml\nservices: {a: {image: x, extends: ab}, abc: {image: y}}\n", "a.yaml",
      "", "name", "!a.yaml:1:35: services.a.extends: the service \"ab\" is not in \"DIR/a.yaml\"" },
    { "extends no file", "==> a.yaml\nservices: {a: {extends: {file: n.yaml, service: b}}}\n", "a.yaml", "",
      "name", "!a.yaml:1:25: services.a.extends: no such file: \"DIR/n.yaml\"" },
    { "extends without service", "==> a.yaml\nservices: {a: {image: x, extends: {file: n.yaml}}}\n",
      "a.yaml", "", "name", "!a.yaml:1:35: services.a.extends: the key \"service\" is missing" },
    /* include */
    { "include",
      "==> a.yaml\ninclude: [sub/b.yaml]\nservices: {a: {image: x}}\n"
      "==> sub/b.yaml\nname: other\nservices: {b: {image: \"y$V\", volumes: [\"./d:/d\"]}}\n"
      "==> sub/.env\nV=7\n",
      "a.yaml", "", "services.b.image", "\"y7\"" },
    { "include, paths", "==> a.yaml\ninclude: [sub/b.yaml]\n==> sub/b.yaml\n"
                        "services: {b: {image: y, volumes: [\"./d:/d\"]}}\n",
      "a.yaml", "", "services.b.volumes",
      "[{\"type\":\"bind\",\"source\":\"DIR/sub/d\",\"target\":\"/d\",\"bind\":{}}]" },
    { "include, long",
      "==> a.yaml\ninclude: [{path: [b.yaml, c.yaml], env_file: e, project_directory: pd}]\n"
      "==> b.yaml\nservices: {b: {image: \"y$V\"}}\n==> c.yaml\nservices: {b: {hostname: \"h$V\"}}\n"
      "==> e\nV=7\n",
      "a.yaml", "", "services.b.hostname", "\"h7\"" },
    { "include, own wins",
      "==> a.yaml\ninclude: [b.yaml]\nservices: {b: {image: x}}\n"
      "==> b.yaml\nservices: {b: {image: y, hostname: h}}\n",
      "a.yaml", "", "services.b.image", "\"x\"" },
    { "include, first wins",
      "==> a.yaml\ninclude: [b.yaml, c.yaml]\n==> b.yaml\nservices: {b: {image: y}}\n"
      "==> c.yaml\nservices: {b: {image: z}}\n",
      "a.yaml", "", "services.b.image", "\"y\"" },
    { "include, nested",
      "==> a.yaml\ninclude: [s/b.yaml]\n==> s/b.yaml\ninclude: [t/c.yaml]\n"
      "==> s/t/c.yaml\nservices: {c: {image: z, env_file: e}}\n==> s/t/e\nK=v\n",
      "a.yaml", "", "services.c.environment", "{\"K\":\"v\"}" },
    { "include itself", "==> a.yaml\ninclude: [b.yaml]\n==> b.yaml\ninclude: [a.yaml]\n", "a.yaml", "",
      "name", "!b.yaml:1:11: include[0]: a file includes itself" },
    { "include nothing", "==> a.yaml\ninclude: [n.yaml]\nservices: {a: {image: x}}\n", "a.yaml", "",
      "name", "!a.yaml:1:11: include[0]: no such file: \"DIR/n.yaml\"" },
    { "include a text", "==> a.yaml\ninclude: n.yaml\nservices: {a: {image: x}}\n", "a.yaml", "", "name",
      "!a.yaml:1:10: include: must be a list, not a string" },
    { "include, no env file", "==> a.yaml\ninclude: [{path: b.yaml, env_file: e}]\n==> b.yaml\nservices: {}\n",
      "a.yaml", "", "name", "!a.yaml:1:11: include[0]: the env file \"DIR/e\" is not there" },
    { "include from afar", "==> a.yaml\ninclude: [\"oci://x/y\"]\n", "a.yaml", "", "name",
      "!a.yaml:1:11: include[0]: only files of this machine can be included" },
};

/* --- the files of a case ----------------------------------------------------------------------- */

static void write_file(const char *dir, const char *name, struct slice text)
{
    STR_AUTO(path);
    STR_AUTO(parent);
    ERR_AUTO(err);
    path_join(dir, name, &path);
    path_dir(path.buf, &parent);
    ok(file_make_dirs(parent.buf, 0755, &err) == 0);
    ok(file_write_atomic(path.buf, text.at, text.len, 0644, &err) == 0);
}

static void write_files(const char *dir, const char *files)
{
    while (*files) {
        const char *name = files + strlen("==> "), *end = strchr(name, '\n');
        const char *next = strstr(end, "\n==> ");
        char file[64];
        snprintf(file, sizeof(file), "%.*s", (int)(end - name), name);
        size_t len = next ? (size_t)(next - end) : strlen(end + 1);
        write_file(dir, file, (struct slice){ end + 1, len });
        files = next ? next + 1 : end + 1 + len;
    }
}

/* Splits at blanks; the list ends with NULL. */
static void split(char *text, const char **words)
{
    size_t n = 0;
    for (char *word = strtok(text, " "); word && n + 1 < MAX_WORDS; word = strtok(NULL, " "))
        words[n++] = word;
    words[n] = NULL;
}

static void replace_dir(struct str *text, const char *dir)
{
    STR_AUTO(out);
    const char *at = text->buf, *found;
    for (; (found = strstr(at, dir)); at = found + strlen(dir)) {
        str_add_len(&out, at, (size_t)(found - at));
        str_add(&out, "DIR");
    }
    str_add(&out, at);
    str_clear(text);
    str_add(text, out.buf);
}

static void print_errors(struct findings *findings, const struct err *err, struct str *out)
{
    size_t n = 0;
    str_add_char(out, '!');
    findings_sort(findings);
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding->level != FINDING_ERROR)
            continue;
        str_add(out, n++ ? "\n" : "");
        origin_print(finding->at, out);
        str_printf(out, ": %s%s%s", finding->path, *finding->path ? ": " : "", finding->text);
    }
    if (n == 0)
        str_add(out, err->text);
}

static void show(const struct project *project, const char *path, struct str *out)
{
    const struct node *node = project->source;
    char copy[64];
    snprintf(copy, sizeof(copy), "%s", path);
    for (char *key = strtok(copy, "."); key; key = strtok(NULL, "."))
        node = node_get(node, key);
    if (node)
        jwrite_node_text(node, 0, out);
}

static void load(const char *dir, const struct load_case *test, struct str *out)
{
    const char *files[MAX_WORDS], *environment[MAX_WORDS];
    char given[128], variables[128];
    struct findings findings = FINDINGS_INIT;
    struct project *project = NULL;
    ERR_AUTO(err);
    snprintf(given, sizeof(given), "%s", test->given);
    snprintf(variables, sizeof(variables), "%s", test->environment);
    split(given, files);
    split(variables, environment);
    struct load_options options = {
        .current_dir = dir,
        .files = *files ? files : NULL,
        .environment = environment,
    };
    if (compose_load(&options, &project, &findings, &err)) {
        print_errors(&findings, &err, out);
    } else {
        show(project, test->show, out);
        project_free(project);
    }
    findings_release(&findings);
}

int main(void)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char name[32];
        STR_AUTO(dir);
        STR_AUTO(out);
        snprintf(name, sizeof(name), "case%zu", i);
        path_join(tap_folder(), name, &dir);
        ok(file_make_dirs(dir.buf, 0755, NULL) == 0);
        write_files(dir.buf, cases[i].files);
        load(dir.buf, &cases[i], &out);
        replace_dir(&out, dir.buf);
        tap_text(out.buf, cases[i].want, cases[i].name, __FILE__, __LINE__);
        origin_reset();
    }
    return done_testing();
}
