/*
 * references.c - names that lead nowhere, looked for in a tree that has other problems already: so that all
 * that is wrong with a file is said at once. A sound tree is checked by consistency.c, over the model.
 */
#include "base/base.h"

#include "compose-compat/file/stages.h"

/* Sections that services refer to by key, in lists of names or maps by name. */
static const struct {
    const char *attribute, *section, *what;
} references[] = {
    { "depends_on", "services", "service" },
    { "networks", "networks", "network" },
};

static void check_name(const struct stage *stage, const struct node *tree, size_t which,
                       const char *service, const char *name, struct origin at)
{
    const char *attribute = references[which].attribute;
    if (!name || node_get_pair(node_get(tree, references[which].section), name, strlen(name)))
        return;
    if (strcmp(attribute, "networks") == 0 && strcmp(name, "default") == 0)
        return;
    finding_add(stage->findings, FINDING_ERROR, at,
                arena_printf(stage->arena, "services.%s.%s", service, attribute),
                "the %s \"%s\" is not declared", references[which].what, name);
}

void stage_references(const struct stage *stage, const struct node *tree)
{
    const struct node *services = node_get(tree, "services");
    if (!node_is(services, NODE_MAP))
        return;
    NODE_EACH_PAIR(services, service) {
        for (size_t i = 0; i < ARRAY_LEN(references); i++) {
            const struct node *value = node_get(service->value, references[i].attribute);
            if (node_is(value, NODE_LIST)) {
                NODE_EACH_ITEM(value, item)
                    check_name(stage, tree, i, service->key, node_as_text(*item), (*item)->at);
            } else if (node_is(value, NODE_MAP)) {
                NODE_EACH_PAIR(value, pair)
                    check_name(stage, tree, i, service->key, pair->key, pair->at);
            }
        }
    }
}
