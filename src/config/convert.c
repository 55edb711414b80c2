/*
 * convert.c - makes the other form of a project's description, and proves it: the result is loaded
 * and compared with the project. See convert.h.
 */
#include "base/base.h"

#include "config/convert.h"

#include "base/file.h"
#include "base/vec.h"
#include "compose-compat/file/written.h"
#include "config/pipeline.h"
#include "data/jwrite.h"
#include "data/ywrite.h"

struct conversion {
    struct config_options options;
    const struct convert_options *how;
    struct arena *arena;
    struct findings *findings;
    struct pipeline pipeline; /* of a configuration, else only its Compose options */
    struct written written;
    struct project *project;
    struct findings warnings; /* of the present attempt */
    struct map plain;         /* objects whose expressions cannot stay */
    bool has_values;          /* an expression's present value is in the result */
};

/* --- is it the same? ----------------------------------------------------------------------------
 */

struct comparison {
    const struct project *wanted, *got;
    struct map *differing; /* "services.web" -> any */
    bool is_lossy;         /* unused configs may be missing */
};

static void differ(struct comparison *c, const char *section, const char *key)
{
    STR_AUTO(path);

    str_printf(&path, "%s%s%s", section, key == NULL ? "" : ".", key == NULL ? "" : key);
    map_set(c->differing, path.buf, c);
}

static void compare_services(struct comparison *c)
{
    VEC_EACH (&c->wanted->services, item) {
        const struct service *wanted = *item;
        const struct service *got = project_find_service(c->got, wanted->name);

        if (got == NULL || got->is_disabled != wanted->is_disabled ||
            !node_equal(got->source, wanted->source) ||
            !text_same(got->definition, wanted->definition))
            differ(c, "services", wanted->name);
    }
    if (c->got->services.n != c->wanted->services.n)
        differ(c, "services", NULL);
}

static void compare_objects(struct comparison *c, const struct node_pair *section)
{
    const struct node *got = node_get(c->got->source, section->key);

    NODE_EACH_PAIR (section->value, pair) {
        const struct node *other = node_get(got, pair->key);

        if (other == NULL && c->is_lossy && strcmp(section->key, "configs") == 0)
            continue;
        if (other == NULL || !node_equal(other, pair->value))
            differ(c, section->key, pair->key);
    }
}

/* What secrets and configs have is not in their trees. */
static void compare_contents(struct comparison *c)
{
    VEC_EACH (&c->wanted->secrets, item) {
        const struct project_file *got = project_find_secret(c->got, (*item)->key);

        if (got != NULL && !text_same(got->content, (*item)->content))
            differ(c, "secrets", (*item)->key);
    }
    VEC_EACH (&c->wanted->configs, item) {
        const struct project_file *got = project_find_config(c->got, (*item)->key);

        if (got != NULL && !text_same(got->content, (*item)->content))
            differ(c, "configs", (*item)->key);
    }
}

static void compare(struct comparison *c)
{
    compare_services(c);
    compare_contents(c);
    NODE_EACH_PAIR (c->wanted->source, pair) {
        const struct node *other = node_get(c->got->source, pair->key);

        if (strcmp(pair->key, "services") == 0)
            continue;
        if (pair->value->kind == NODE_MAP && !text_starts(pair->key, "x-"))
            compare_objects(c, pair);
        else if (other == NULL || !node_equal(other, pair->value))
            differ(c, pair->key, NULL);
    }
}

/* --- loading the result -------------------------------------------------------------------------
 */

/* The folder that relative paths of the result start at is the project's. */
static int load_compose(const struct conversion *c, const struct str *text,
                        struct project **ret_project, struct findings *findings, struct err *err)
{
    static const char *const files[] = { "-", NULL };
    struct load_options options = c->pipeline.compose;

    options.documents = NULL;
    options.n_documents = 0;
    options.files = files;
    options.standard_input = text;
    options.project_dir = c->written.working_dir;
    return compose_load(&options, ret_project, findings, err);
}

static int load_octocompose(const struct conversion *c, const struct str *text,
                            struct project **ret_project, struct findings *findings,
                            struct err *err)
{
    struct pipeline pipeline = { .settings = { .arena = c->arena, .findings = findings } };
    const char *name = c->how->is_json ? "(converted).json" : "(converted).yaml";
    const char *paths[] = { NULL, NULL };
    STR_AUTO(path);

    path_join(c->written.working_dir, name, &path);
    paths[0] = path.buf;
    sources_parse(c->arena, name, c->written.working_dir, text, &pipeline.sources, findings);
    if (pipeline_prepare(&pipeline, &c->options, paths, err) < 0)
        return -1;
    pipeline.compose.project_dir = c->written.working_dir;
    return compose_load(&pipeline.compose, ret_project, findings, err);
}

/* All objects of the project, for a result that does not load at all. */
static void differ_everywhere(struct comparison *c)
{
    NODE_EACH_PAIR (c->wanted->source, section) {
        if (section->value->kind != NODE_MAP) {
            differ(c, section->key, NULL);
            continue;
        }
        NODE_EACH_PAIR (section->value, pair)
            differ(c, section->key, pair->key);
    }
}

/* Loads the text and notes what differs. False, with the reason, when it does not load. */
static bool check(struct conversion *c, const struct str *text, struct map *differing,
                  struct str *reason)
{
    struct findings findings = FINDINGS_INIT;
    struct project *project = NULL;
    struct comparison comparison = { c->project, NULL, differing,
                                     c->how->to == CONVERT_OCTOCOMPOSE };
    ERR_AUTO(err);
    int failed = c->how->to == CONVERT_COMPOSE
                     ? load_compose(c, text, &project, &findings, &err)
                     : load_octocompose(c, text, &project, &findings, &err);

    if (failed == 0) {
        comparison.got = project;
        compare(&comparison);
        project_free(project);
    } else {
        differ_everywhere(&comparison);
        str_add(reason, err.text);
        for (size_t i = 0; i < findings.n; i++) {
            if (findings.items[i].level == FINDING_ERROR)
                str_printf(reason, "; %s: %s", findings.items[i].path, findings.items[i].text);
        }
    }
    findings_release(&findings);
    return failed == 0;
}

/* --- making it ----------------------------------------------------------------------------------
 */

static void write_form(const struct conversion *c, const struct node *tree, struct str *out)
{
    if (!c->how->is_json) {
        ywrite_node(tree, YWRITE_EXACT | YWRITE_UNFOLDED, out);
        return;
    }
    jwrite_node_text(tree, JWRITE_INDENT2, out);
    str_add_char(out, '\n');
}

static void make(struct conversion *c, struct str *out)
{
    struct node *tree;

    findings_release(&c->warnings);
    findings_init(&c->warnings);
    tree = written_tree(&c->written, c->arena, &c->plain, &c->warnings);
    c->has_values = c->warnings.n > 0;
    if (c->how->to == CONVERT_OCTOCOMPOSE)
        tree = octo_form(c->arena, tree, c->pipeline.settings.chosen, &c->warnings);
    str_clear(out);
    write_form(c, tree, out);
}

static int refuse_input(const struct findings *findings, struct err *err)
{
    return err_set(err, ERR_INPUT, "%zu problem%s in the way of the conversion", findings->n_errors,
                   findings->n_errors == 1 ? "" : "s");
}

/* Where the rules of written.c are not enough (an expression that only means the same in its own
   file), the objects that differ are made once more with plain values. */
static int make_and_check(struct conversion *c, struct str *out, struct err *err)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        MAP_AUTO(differing);
        STR_AUTO(reason);

        make(c, out);
        if (c->warnings.n_errors > 0)
            break;
        if (check(c, out, &differing, &reason) && differing.n == 0)
            break;
        if (attempt == 1)
            return err_set(err, ERR_FAILED,
                           "the project cannot be said in the other form: \"%s\" would differ%s%s",
                           differing.n > 0 ? differing.entries[0].key : "",
                           reason.len > 0 ? ": " : "", reason.buf);
        MAP_EACH (&differing, entry)
            map_set(&c->plain, entry->key, c);
    }
    findings_add(c->findings, &c->warnings);
    return c->warnings.n_errors > 0 ? refuse_input(&c->warnings, err) : 0;
}

/* --- what a compose file has no place for -------------------------------------------------------
 */

static void warn_left_out(struct conversion *c, const struct node_pair *pair, const char *section,
                          const char *why)
{
    STR_AUTO(path);

    str_printf(&path, "%s%s%s", section, section[0] == '\0' ? "" : ".", pair->key);
    finding_add(c->findings, FINDING_WARNING, pair->at, path.buf, "is left out: %s", why);
}

static void warn_repos(struct conversion *c, const struct node *services)
{
    const char *kept = c->pipeline.settings.chosen->section;

    if (!node_is(services, NODE_MAP))
        return;
    NODE_EACH_PAIR (services, service) {
        STR_AUTO(section);

        if (!node_is(service->value, NODE_MAP))
            continue;
        str_printf(&section, "repos.services.%s", service->key);
        NODE_EACH_PAIR (service->value, pair) {
            if (strcmp(pair->key, kept) != 0)
                warn_left_out(c, pair, section.buf, "it is for another operator");
        }
    }
}

/* Settings that no text refers to. */
static void warn_settings(struct conversion *c, const struct node_pair *pair, const char *section)
{
    const struct node *used = c->pipeline.settings.used;
    STR_AUTO(path);

    str_printf(&path, "%s.%s", section, pair->key);
    if (node_get(used, path.buf) != NULL)
        return;
    str_add_char(&path, '.');
    NODE_EACH_PAIR (used, value) {
        if (!text_starts(value->key, path.buf))
            continue;
        str_cut(&path, path.len - 1);
        NODE_EACH_PAIR (pair->value, below)
            warn_settings(c, below, path.buf);
        return;
    }
    warn_left_out(c, pair, section, "compose files have no place for settings");
}

static void warn_losses(struct conversion *c)
{
    const struct settings *settings = &c->pipeline.settings;
    const struct node *services = node_get(settings->merged, "services");

    NODE_EACH_PAIR (settings->configs, pair) {
        if (!settings_is_compose_config(settings, pair->key))
            warn_settings(c, pair, "configs");
    }
    warn_repos(c, node_get_path(settings->merged, "repos", "services", NULL));
    if (!node_is(services, NODE_MAP))
        return;
    NODE_EACH_PAIR (services, pair) {
        if (settings_left_out(settings, pair->key) != NULL)
            warn_left_out(c, pair, "services", "the configuration says so");
    }
}

/* --- the way in and out -------------------------------------------------------------------------
 */

/* The output must not replace what it was made of: comments would be gone. */
static int check_output(struct conversion *c, struct err *err)
{
    const char *current_dir = c->options.compose.current_dir;
    STR_AUTO(output);
    STR_AUTO(dir);

    if (c->how->output == NULL)
        return 0;
    path_absolute(current_dir, c->how->output, &output);
    VEC_EACH (&c->written.documents, document) {
        STR_AUTO(path);

        path_absolute(current_dir, origin_file_name(document->raw->at.file), &path);
        if (strcmp(path.buf, output.buf) == 0)
            return err_set(err, ERR_CONFLICT,
                           "\"%s\" is converted itself: write to another file (--output)",
                           c->how->output);
    }
    path_dir(output.buf, &dir);
    if (strcmp(dir.buf, c->written.working_dir) != 0) {
        const struct origin none = ORIGIN_NONE;

        finding_hint(finding_add(c->findings, FINDING_WARNING, none, NULL,
                                 "\"%s\" is not in the project's folder \"%s\", where its relative "
                                 "paths and .env are",
                                 c->how->output, c->written.working_dir),
                     "move it there, or write it there");
    }
    return 0;
}

static int open_configuration(struct conversion *c, const char *const *paths, struct err *err)
{
    c->pipeline.settings = (struct settings){ .arena = c->arena, .findings = c->findings };
    /* Compose files have what is for containers, whatever runs the configuration now. */
    if (c->options.operator_name == NULL)
        c->options.operator_name = c->options.operators[0].name;
    if (sources_read(c->arena, c->options.compose.current_dir, paths, &c->pipeline.sources,
                     c->findings, err) < 0 ||
        pipeline_prepare(&c->pipeline, &c->options, paths, err) < 0)
        return -1;
    warn_losses(c);
    return 0;
}

/* The repositories are the lightest document: what they name would come first. */
static void order_services(struct conversion *c)
{
    const struct node *order = node_get(c->pipeline.settings.merged, "services");
    const struct node *old = node_get(c->written.tree, "services");
    struct node *services;

    if (!node_is(order, NODE_MAP) || !node_is(old, NODE_MAP))
        return;
    services = node_map(c->arena, old->at);
    NODE_EACH_PAIR (order, pair) {
        const struct node_pair *found = node_get_pair(old, pair->key, pair->key_len);

        if (found != NULL)
            node_set_len(c->arena, services, found->key, found->key_len, found->at, found->value);
    }
    NODE_EACH_PAIR (old, pair)
        node_set_len(c->arena, services, pair->key, pair->key_len, pair->at, pair->value);
    node_set(c->arena, c->written.tree, "services", old->at, services);
}

/* Standard input can be read only once. */
static int read_standard_input(struct conversion *c, struct str *text, struct err *err)
{
    for (const char *const *file = c->options.compose.files; file != NULL && *file != NULL;
         file++) {
        if (strcmp(*file, "-") != 0 || c->options.compose.standard_input != NULL)
            continue;
        if (file_read_fd(STDIN_FILENO, "standard input", SOURCES_MAX_BYTES, text, err) < 0)
            return -1;
        c->options.compose.standard_input = text;
    }
    return 0;
}

static int convert(struct conversion *c, struct str *out, struct err *err)
{
    const char *const *paths = pipeline_configs(&c->options, c->arena);
    STR_AUTO(input);

    if (paths != NULL && c->how->to == CONVERT_OCTOCOMPOSE)
        return err_set(err, ERR_CONFLICT,
                       "\"%s\" is an OctoCompose configuration already: name compose files with -f",
                       path_below(c->options.compose.current_dir, paths[0]));
    if (read_standard_input(c, &input, err) < 0)
        return -1;
    c->options.compose.keep_unused = true;
    c->options.compose.skip_definitions = false;
    if (paths != NULL) {
        if (open_configuration(c, paths, err) < 0)
            return -1;
    } else {
        c->pipeline.compose = c->options.compose;
        c->pipeline.settings.chosen = pipeline_operator(&c->options, NULL, c->findings);
        c->pipeline.compose.image_is_optional = !c->pipeline.settings.chosen->needs_image;
    }
    if (compose_load(&c->pipeline.compose, &c->project, c->findings, err) < 0 ||
        compose_load_written(&c->pipeline.compose, c->arena, &c->written, c->findings, err) < 0 ||
        check_output(c, err) < 0)
        return -1;
    if (paths != NULL)
        order_services(c);
    return make_and_check(c, out, err);
}

int config_convert(const struct config_options *options, const struct convert_options *how,
                   struct str *out, bool *ret_has_values, struct findings *findings,
                   struct err *err)
{
    struct conversion c = { .options = *options, .how = how, .findings = findings };
    STR_AUTO(text);
    int result;

    c.arena = arena_new();
    result = convert(&c, &text, err);
    if (result == 0) {
        str_add_len(out, text.buf, text.len);
        *ret_has_values = c.has_values;
    }
    findings_release(&c.warnings);
    map_release(&c.plain);
    project_free(c.project);
    written_release(&c.written);
    arena_free(c.arena);
    return result;
}
