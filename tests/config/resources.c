/*
 * resources.c - prints as JSON what an operator makes of a project: `resources OPERATOR -c FILE` or
 * `resources OPERATOR -f FILE`. Everything that a plan compares or acts on is in it, places in
 * files are not: two descriptions of one project must print the same bytes. For both_ways.py.
 */
#include "base/base.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/vec.h"
#include "config/load.h"
#include "data/jwrite.h"
#include "plan/operator.h"

static void print_dependencies(struct jwrite *w, const struct wanted *wanted)
{
    jwrite_key(w, "depends_on");
    jwrite_list(w);
    VEC_EACH (&wanted->depends_on, dependency) {
        jwrite_map(w);
        jwrite_key_text(w, "kind", dependency->on->kind->name);
        jwrite_key_text(w, "key", dependency->on->key);
        jwrite_key_int(w, "how", dependency->kind);
        jwrite_key_int(w, "condition", dependency->condition);
        jwrite_key_bool(w, "restart", dependency->restart);
        jwrite_key_bool(w, "required", dependency->required);
        jwrite_map_end(w);
    }
    jwrite_list_end(w);
}

static void print_wanted(struct jwrite *w, const struct wanted *wanted)
{
    jwrite_map(w);
    jwrite_key_text(w, "kind", wanted->kind->name);
    jwrite_key_text(w, "key", wanted->key);
    jwrite_key_text(w, "name", wanted->name);
    jwrite_key_text(w, "service", wanted->service);
    jwrite_key_bool(w, "is_name_fixed", wanted->is_name_fixed);
    jwrite_key_int(w, "separator", wanted->separator);
    jwrite_key_int(w, "replicas", wanted->replicas);
    if (wanted->spec)
        jwrite_key_node(w, "spec", wanted->spec);
    jwrite_key_text(w, "digest", wanted->digest);
    jwrite_key_text(w, "digest_old", wanted->digest_old);
    jwrite_key_bool(w, "is_external", wanted->is_external);
    jwrite_key_bool(w, "is_disabled", wanted->is_disabled);
    jwrite_key_bool(w, "has_healthcheck", wanted->has_healthcheck);
    print_dependencies(w, wanted);
    jwrite_key_int(w, "policy", wanted->policy);
    jwrite_key_int(w, "max_age_ns", wanted->max_age_ns);
    jwrite_key_bool(w, "can_build", wanted->can_build);
    jwrite_key_bool(w, "can_pull", wanted->can_pull);
    jwrite_key(w, "hooks");
    jwrite_list(w);
    for (size_t i = 0; i < HOOK_PHASE_N_; i++)
        jwrite_uint(w, wanted->hooks[i]);
    jwrite_list_end(w);
    jwrite_key_int(w, "stop_timeout_ns", wanted->stop_timeout_ns);
    jwrite_map_end(w);
}

static void print_findings(struct jwrite *w, struct findings *findings)
{
    jwrite_key(w, "findings");
    jwrite_list(w);
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *finding = &findings->items[i];

        jwrite_map(w);
        jwrite_key_bool(w, "is_error", finding->level == FINDING_ERROR);
        jwrite_key_text(w, "path", finding->path);
        jwrite_key_text(w, "text", finding->text);
        jwrite_map_end(w);
    }
    jwrite_list_end(w);
}

static int load(const char *const *argv, struct config *config, struct findings *findings,
                struct err *err)
{
    struct config_operator operators[8];
    const char *const files[] = { argv[3], NULL };
    static const char *const environment[] = { NULL };
    char dir[4096];
    size_t n = 0;
    struct config_options options = {
        .compose = { .environment = environment, .current_dir = dir },
        .operator_name = argv[1],
        .operators = operators,
    };

    if (!getcwd(dir, sizeof(dir)))
        return err_set_sys(err, errno, "cannot tell the working directory");
    for (; operator_table[n]; n++) {
        assert(n < ARRAY_LEN(operators));
        operators[n] =
            (struct config_operator){ operator_table[n]->name, NULL, operator_table[n]->section,
                                      operator_table[n]->needs_image };
    }
    options.n_operators = n;
    if (strcmp(argv[2], "-c") == 0)
        options.configs = files;
    else
        options.compose.files = files;
    return config_load(&options, config, findings, err);
}

static int run(const char *const *argv, struct str *out, struct findings *findings, struct err *err)
{
    const struct operator_ops *ops = operator_find(argv[1]);
    struct config config;
    struct wanted_set wanted;
    struct jwrite w;

    if (!ops)
        return err_set(err, ERR_USAGE, "no such operator: \"%s\"", argv[1]);
    if (load(argv, &config, findings, err) != 0)
        return -1;
    wanted_set_init(&wanted, config.project->name);
    jwrite_init(&w, out, JWRITE_INDENT2);
    jwrite_map(&w);
    jwrite_key_bool(&w, "is_good", ops->lower(config.project, &wanted, findings) == 0);
    print_findings(&w, findings);
    jwrite_key(&w, "resources");
    jwrite_list(&w);
    VEC_EACH (&wanted.items, item)
        print_wanted(&w, *item);
    jwrite_list_end(&w);
    jwrite_map_end(&w);
    str_add_char(out, '\n');
    wanted_set_release(&wanted);
    config_release(&config);
    return 0;
}

int main(int argc, char **argv)
{
    struct findings findings = FINDINGS_INIT;
    STR_AUTO(out);
    STR_AUTO(text);
    ERR_AUTO(err);
    int result;

    if (argc != 4) {
        fprintf(stderr, "usage: resources OPERATOR -c|-f FILE\n");
        return 2;
    }
    result = run((const char *const *)argv, &out, &findings, &err);
    fputs(out.buf, stdout);
    if (result != 0) {
        for (size_t i = 0; i < findings.n; i++)
            finding_print(&findings.items[i], &text);
        fprintf(stderr, "%s%s\n", text.buf, err.text);
    }
    findings_release(&findings);
    return result == 0 ? 0 : 1;
}
