/*
 * output.c - a project as `config` prints it. yaml-form.c and json-form.c make the trees that are
 * written. '$' is doubled in the finished text, as docker compose does it, so that what is printed
 * loads again.
 */
#include "base/base.h"

#include "compose-compat/file/output.h"

#include "compose-compat/file/json-form.h"
#include "compose-compat/file/yaml-form.h"
#include "data/jwrite.h"
#include "data/ywrite.h"
#include "base/vec.h"

static const struct node_pair *section_pair(const struct node *tree, const char *key)
{
    return node_get_pair(tree, key, strlen(key));
}

/* The tree of the project with its enabled services. */
static struct node *enabled_tree(const struct project *project, struct arena *arena)
{
    struct node *tree = node_copy_shallow(arena, project->source);
    const struct node_pair *old = section_pair(tree, "services");
    struct node *services = node_map(arena, old ? old->value->at : tree->at);
    VEC_EACH(&project->services, service)
        if (!(*service)->is_disabled)
            node_set(arena, services, (*service)->name, (*service)->at,
                     (struct node *)(*service)->source);
    node_set(arena, tree, "services", old ? old->at : tree->at, services);
    return tree;
}

static void add_doubled(struct str *out, const struct str *text)
{
    const char *at = text->buf, *end = text->buf + text->len;
    while (at < end) {
        const char *dollar = memchr(at, '$', (size_t)(end - at));
        if (!dollar)
            dollar = end;
        str_add_len(out, at, (size_t)(dollar - at));
        if (dollar < end)
            str_add(out, "$$");
        at = dollar + 1;
    }
}

static bool is_public(void *arg, const struct node_pair *pair)
{
    (void)arg;
    return !(pair->value->flags & NODE_SENSITIVE);
}

/* What variables hold is not shown: an included file's secrets and configs have it in the tree. */
static void hide_contents(const struct node *tree)
{
    static const char *const sections[] = { "configs", "secrets" };
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        const struct node *section = node_get(tree, sections[i]);
        if (!node_is(section, NODE_MAP))
            continue;
        NODE_EACH_PAIR(section, pair)
            if (node_is(pair->value, NODE_MAP))
                node_keep(pair->value, is_public, NULL);
    }
}

/* docker compose's JSON has null for a list of these in which nothing is left. */
static void empty_to_null(struct node *map, const char *key)
{
    struct node *list = node_get(map, key);
    if (node_is(list, NODE_LIST) && list->u.list.n == 0)
        list->kind = NODE_NULL;
}

static void empty_pairs_to_null(const struct node *tree)
{
    const struct node *services = node_get(tree, "services");
    if (!node_is(services, NODE_MAP))
        return;
    NODE_EACH_PAIR(services, pair) {
        empty_to_null(pair->value, "environment");
        empty_to_null(node_get(pair->value, "build"), "args");
    }
}

/* Without interpolation the tree is printed as the user wrote it, all of its keys sorted. */
static void write_as_written(const struct project *project, enum output_format format,
                             struct arena *arena, struct str *out)
{
    struct node *tree = node_copy(arena, project->source);
    hide_contents(tree);
    if (format == OUTPUT_YAML) {
        ywrite_node(yaml_form(arena, tree, NULL), 0, out);
        return;
    }
    empty_pairs_to_null(tree);
    jwrite_node_text(tree, JWRITE_HTML | JWRITE_INDENT2, out);
}

void compose_output(const struct project *project, enum output_format format, bool is_interpolated,
                    struct str *out)
{
    STR_AUTO(text);
    struct arena *arena = arena_new();
    if (!is_interpolated)
        write_as_written(project, format, arena, &text);
    else if (format == OUTPUT_YAML)
        ywrite_node(yaml_form(arena, enabled_tree(project, arena), schema_root()), 0, &text);
    else
        jwrite_node_text(json_form_document(arena, enabled_tree(project, arena)),
                         JWRITE_HTML | JWRITE_INDENT2, &text);
    if (is_interpolated)
        add_doubled(out, &text);
    else
        str_add_len(out, text.buf, text.len);
    arena_free(arena);
}
