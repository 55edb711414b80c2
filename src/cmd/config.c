/*
 * config.c - `config`: the project as it was understood, whole (YAML or JSON) or in lists; and the
 * hashes that tell whether a service changed.
 */
#include "base/base.h"

#include <stdlib.h>
#include <strings.h>

#include "base/file.h"
#include "cmd/commands.h"
#include "cmd/config.h"
#include "cmd/pin.h"
#include "cmd/table.h"
#include "compose-compat/file/output.h"
#include "compose-compat/file/variables.h"
#include "data/jwrite.h"
#include "data/ywrite.h"
#include "net/digest.h"

#define OPTIONS_OF config_verb_options
static const struct option_row config_rows[] = {
    CONFIG_ROWS(),
    OPTIONS_END,
};
#undef OPTIONS_OF

/* What a list is made of. */
struct listing {
    const struct project *project;
    const struct config_verb_options *options;
    struct cmd_context *context;
    struct str *out;
};

static int list_services(const struct listing *l, struct err *err)
{
    struct service **services;
    size_t n;

    (void)err;
    project_order(l->project, &services, &n);
    for (size_t i = 0; i < n; i++)
        str_printf(l->out, "%s\n", services[i]->name);
    return 0;
}

static int list_volumes(const struct listing *l, struct err *err)
{
    (void)err;
    VEC_EACH (&l->project->volumes, item)
        str_printf(l->out, "%s\n", (*item)->key);
    return 0;
}

static int list_networks(const struct listing *l, struct err *err)
{
    (void)err;
    VEC_EACH (&l->project->networks, item)
        str_printf(l->out, "%s\n", (*item)->key);
    return 0;
}

static int list_models(const struct listing *l, struct err *err)
{
    (void)err;
    VEC_EACH (&l->project->models, item)
        str_printf(l->out, "%s\n", (*item)->model);
    return 0;
}

static int list_images(const struct listing *l, struct err *err)
{
    (void)err;
    VEC_EACH (&l->project->services, item) {
        if (!(*item)->is_disabled)
            str_printf(l->out, "%s\n", service_image(l->project, *item));
    }
    return 0;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_sorted(struct text_list *lines, struct str *out)
{
    if (lines->n > 0)
        qsort(lines->items, lines->n, sizeof(lines->items[0]), compare_texts);
    for (size_t i = 0; i < lines->n; i++)
        str_printf(out, "%s\n", lines->items[i]);
}

static int list_profiles(const struct listing *l, struct err *err)
{
    struct text_list names = { 0 };

    (void)err;
    VEC_EACH (&l->project->services, item) {
        VEC_EACH (&(*item)->profiles, name) {
            if (!text_list_has(&names, *name))
                ARENA_ADD(l->context->arena, &names, *name);
        }
    }
    print_sorted(&names, l->out);
    return 0;
}

static int list_environment(const struct listing *l, struct err *err)
{
    struct text_list lines = { 0 };

    (void)err;
    MAP_EACH (&l->project->environment, entry)
        ARENA_ADD(l->context->arena, &lines,
                  arena_printf(l->context->arena, "%s=%s", entry->key, (const char *)entry->value));
    if (!l->options->quiet)
        print_sorted(&lines, l->out);
    return 0;
}

static bool is_in_list(const char *list, const char *name)
{
    struct slice rest = slice_from(list);
    struct slice part;

    while (rest.len > 0) {
        slice_split(&rest, ',', &part);
        if (slice_is(part, name))
            return true;
    }
    return false;
}

static int list_hashes(const struct listing *l, struct err *err)
{
    const char *wanted = l->options->hash;
    bool is_all = strcmp(wanted, "*") == 0;
    struct slice rest = slice_from(wanted);
    struct slice part;

    while (!is_all && rest.len > 0) {
        const struct service *service;
        STR_AUTO(name);

        slice_split(&rest, ',', &part);
        str_add_len(&name, part.at, part.len);
        service = project_find_service(l->project, name.buf);
        if (service == NULL || service->is_disabled)
            return err_set(err, ERR_NOT_FOUND, "no such service: %s", name.buf);
    }
    VEC_EACH (&l->project->services, item) {
        char hex[DIGEST_SHA256_HEX];

        if ((*item)->is_disabled || (!is_all && !is_in_list(wanted, (*item)->name)))
            continue;
        digest_sha256_hex((*item)->definition, strlen((*item)->definition), hex);
        str_printf(l->out, "%s %s\n", (*item)->name, hex);
    }
    return 0;
}

static void variables_table(const struct file_variables *variables, struct str *out)
{
    static const char *const heads[] = { "NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE" };
    struct table table;

    table_init(&table, ARRAY_LEN(heads), 20, 3);
    for (size_t i = 0; i < ARRAY_LEN(heads); i++)
        table_add(&table, heads[i]);
    VEC_EACH (variables, variable) {
        table_add(&table, variable->name);
        table_add(&table, variable->is_required ? "true" : "false");
        table_add(&table, variable->default_value);
        table_add(&table, variable->presence_value);
    }
    table_print(&table, out);
    table_release(&table);
}

/* name -> what is known of it, under the given keys. */
static struct node *variables_tree(struct arena *arena, const struct file_variables *variables,
                                   const char *const keys[4])
{
    struct origin none = ORIGIN_NONE;
    struct node *tree = node_map(arena, none);

    VEC_EACH (variables, variable) {
        struct node *entry = node_map(arena, none);

        node_set(arena, entry, keys[0], none, node_text(arena, none, variable->name));
        node_set(arena, entry, keys[1], none, node_text(arena, none, variable->default_value));
        node_set(arena, entry, keys[2], none, node_text(arena, none, variable->presence_value));
        node_set(arena, entry, keys[3], none, node_bool(arena, none, variable->is_required));
        node_set(arena, tree, variable->name, none, entry);
    }
    return tree;
}

static int list_variables(const struct listing *l, struct err *err)
{
    static const char *const json_keys[] = { "Name", "DefaultValue", "PresenceValue", "Required" };
    static const char *const yaml_keys[] = { "name", "defaultvalue", "presencevalue", "required" };
    const char *format = l->options->format;
    struct arena *arena = l->context->arena;
    struct file_variables variables;

    variables_list(arena, l->project->source, &variables);
    if (format == NULL || format[0] == '\0' || strcasecmp(format, "table") == 0 ||
        strcasecmp(format, "pretty") == 0) {
        variables_table(&variables, l->out);
    } else if (strcmp(format, "yaml") == 0) {
        struct node *tree = variables_tree(arena, &variables, yaml_keys);

        node_sort_keys_natural(tree);
        ywrite_node(tree, YWRITE_INDENT4 | YWRITE_UNFOLDED, l->out);
    } else if (strcasecmp(format, "json") == 0) {
        jwrite_node_text(variables_tree(arena, &variables, json_keys), JWRITE_INDENT4, l->out);
        str_add(l->out, "\n\n");
    } else {
        return err_set(err, ERR_USAGE, "unsupported format \"%s\" (table, yaml, json)", format);
    }
    return 0;
}

enum list_flags {
    LIST_WHOLE = 1,  /* of the whole project, whatever services are named */
    LIST_AS_IS = 2,  /* needs the files without interpolation */
    LIST_TREE = 4,   /* without interpolation it needs no types, so that all files will do */
    LIST_HASHES = 8, /* the option is a text; needs definitions */
};

/* The lists, in the order that docker compose looks at the flags: the first one counts. */
static const struct list {
    size_t option;
    int (*print)(const struct listing *l, struct err *err);
    unsigned flags;
} lists[] = {
#define LIST(member, flags)                                                \
    {                                                                      \
        offsetof(struct config_verb_options, member), list_##member, flags \
    }
#define list_hash list_hashes
    LIST(services, LIST_WHOLE | LIST_TREE),
    LIST(volumes, LIST_WHOLE),
    LIST(networks, LIST_WHOLE),
    LIST(models, LIST_WHOLE),
    LIST(hash, LIST_WHOLE | LIST_HASHES),
    LIST(profiles, 0),
    LIST(images, 0),
    LIST(variables, LIST_WHOLE | LIST_AS_IS | LIST_TREE),
    LIST(environment, 0),
#undef list_hash
#undef LIST
};

/* The list that is asked for, or NULL: the whole project is. */
static const struct list *find_list(const struct config_verb_options *options)
{
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const char *option = (const char *)options + lists[i].option;
        const char *text = (lists[i].flags & LIST_HASHES) ? *(const char *const *)option : NULL;

        if (lists[i].flags & LIST_HASHES ? text != NULL && text[0] != '\0' : *(const bool *)option)
            return &lists[i];
    }
    return NULL;
}

static int load(struct cmd_context *context, const struct config_verb_options *options,
                const struct list *list, const struct text_list *words, struct err *err)
{
    static const struct text_list none = { 0 };
    unsigned flags = list != NULL ? list->flags : 0;
    int result;

    if (flags & LIST_WHOLE)
        words = &none;
    context->load.no_interpolate = options->no_interpolate || (flags & LIST_AS_IS);
    context->load.tree_only = context->load.no_interpolate && (list == NULL || (flags & LIST_TREE));
    context->load.no_normalize = options->no_normalize || context->globals.compatibility;
    context->load.no_path_resolution = options->no_path_resolution;
    context->load.no_consistency = options->no_consistency;
    context->load.no_env_resolution = options->no_env_resolution;
    context->load.select_only = words->n > 0;
    context->load.shared_names = list != NULL;
    result = context_load(context, NEEDS_PROJECT | ((flags & LIST_HASHES) ? NEEDS_DEFINITIONS : 0),
                          words, err);
    context_print_findings(context);
    return result;
}

static int print_list(struct cmd_context *context, const struct config_verb_options *options,
                      const struct list *list, struct err *err)
{
    const struct listing listing = { context->project, options, context, &context->out };

    return list->print(&listing, err);
}

static int print_project(struct cmd_context *context, const struct config_verb_options *options,
                         enum output_format format, struct err *err)
{
    int result;

    if (options->resolve_image_digests || options->lock_image_digests) {
        if (pin_images(context, err) < 0)
            return -1;
    }
    if (options->lock_image_digests)
        pin_keep_images(context->project, format == OUTPUT_JSON && !options->no_interpolate);
    if (options->quiet)
        return 0;
    compose_output(context->project, format, !options->no_interpolate, &context->out);
    if (options->output == NULL)
        return 0;
    result = file_write_atomic(options->output, context->out.buf, context->out.len, 0644, err);
    str_clear(&context->out);
    return result;
}

/* Where named services change nothing although one might think so. */
static void warn_of_words(struct cmd_context *context, const struct config_verb_options *options,
                          const struct list *list, const struct text_list *words)
{
    if (words->n == 0)
        return;
    if (list != NULL && (list->flags & LIST_AS_IS))
        context_warn(context, "service filtering is not applied when --variables is set, variables "
                              "from the full model will be rendered");
    else if (list == NULL && options->no_interpolate)
        context_warn(context, "service filtering is not applied when --no-interpolate is set, the "
                              "full model will be rendered");
}

int config_run(struct cmd_context *context, const void *values, const struct text_list *words,
               struct err *err)
{
    const struct config_verb_options *options = values;
    const struct list *list = find_list(options);
    enum output_format format = OUTPUT_YAML;

    if (text_is(options->format, "json"))
        format = OUTPUT_JSON;
    else if (list == NULL && options->format != NULL && !text_is(options->format, "yaml"))
        return err_set(err, ERR_USAGE, "unsupported format \"%s\" (yaml, json)", options->format);
    warn_of_words(context, options, list, words);
    if (load(context, options, list, words, err) < 0)
        return -1;
    if (list != NULL)
        return print_list(context, options, list, err);
    return print_project(context, options, format, err);
}

const struct cmd cmd_config = {
    .name = "config",
    .synopsis = "[OPTIONS] [SERVICE...]",
    .summary = "Parse, resolve and render compose file in canonical format",
    .options = config_rows,
    .options_size = sizeof(struct config_verb_options),
    .max_words = -1,
    .run = config_run,
};
