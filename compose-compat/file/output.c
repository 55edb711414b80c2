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

/* Without interpolation the tree is printed as the user wrote it, all of its keys sorted. */
static void write_as_written(const struct project *project, enum output_format format,
                             struct arena *arena, struct str *out)
{
    if (format == OUTPUT_YAML)
        ywrite_node(yaml_form(arena, project->source, NULL), 0, out);
    else
        jwrite_node_text(project->source, JWRITE_HTML | JWRITE_INDENT2, out);
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
