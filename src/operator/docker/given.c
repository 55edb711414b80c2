/*
 * given.c - what providers gave to the services that depend on them: kept in the handle from the
 * call of a provider to the making of its dependents, written into their environment, and recorded
 * in a label (names and a digest, no values), so that the next plan knows whether something else is
 * given. The configuration's hash has no part in it: docker compose, whose `config --hash` is
 * without it as well, then finds these containers up to date.
 */
#include "base/base.h"

#include "data/jread.h"
#include "data/jwrite.h"
#include "net/digest.h"
#include "operator/docker/observe.h"
#include "operator/docker/nodes.h"
#include "tool/provider.h"

#define LABEL_MAX (256u << 10)

struct docker_given {
    const struct node *variables; /* name -> value, sorted */
    const char *digest;           /* "" of nothing */
};

static const struct docker_given *find_given(const struct docker *docker, const char *service)
{
    return docker ? map_find(&docker->given, service) : NULL;
}

const char *given_remember(struct docker *docker, const char *service, const struct node *variables)
{
    struct docker_given *given = ARENA_NEW(docker->arena, struct docker_given);
    char hex[DIGEST_SHA256_HEX] = "";
    STR_AUTO(text);

    jwrite_node_text(variables, 0, &text);
    if (variables->u.map.n)
        digest_sha256_hex(text.buf, text.len, hex);
    given->variables = node_copy(docker->arena, variables);
    given->digest = arena_dup(docker->arena, hex);
    map_set(&docker->given, service, given);
    return given->digest;
}

struct node *given_variables(struct arena *arena, const struct docker *docker,
                             const struct service *service)
{
    struct node *out = new_map(arena);

    VEC_EACH (&service->depends_on, dependency) {
        const struct docker_given *given = find_given(docker, dependency->service);
        if (!given)
            continue;
        NODE_EACH_PAIR (given->variables, pair)
            put_node(arena, out, pair->key, pair->value);
    }
    return out;
}

/* --- the label ---------------------------------------------------------------------------------
 */

const char *given_label(struct arena *arena, const struct docker *docker,
                        const struct service *service)
{
    struct node *all = new_map(arena);
    STR_AUTO(text);

    VEC_EACH (&service->depends_on, dependency) {
        const struct docker_given *given = find_given(docker, dependency->service);
        struct node *list = new_list(arena);
        if (!given || !given->variables->u.map.n)
            continue;
        node_add(arena, list, new_text(arena, given->digest));
        NODE_EACH_PAIR (given->variables, pair)
            node_add(arena, list, new_text(arena, pair->key));
        put_node(arena, all, dependency->service, list);
    }
    if (!all->u.map.n)
        return NULL;
    jwrite_node_text(all, 0, &text);
    return arena_dup(arena, text.buf);
}

const struct node *given_read(struct arena *arena, const char *label)
{
    struct node *all = NULL;
    ERR_AUTO(err);

    if (!label || strlen(label) > LABEL_MAX ||
        jread_parse(arena, 0, label, strlen(label), &all, &err) < 0 || !node_is(all, NODE_MAP))
        return NULL;
    return all;
}

void given_bind(struct observation *observation, struct existing *existing)
{
    struct arena *arena = observation->set.arena;
    const struct node *all = given_read(arena, docker_item_label(existing->details, LABEL_GIVEN));

    if (!all)
        return;
    NODE_EACH_PAIR (all, pair) {
        const struct node *list = pair->value;
        struct binding binding = { &docker_provider_kind, pair->key, NULL };
        if (!node_is(list, NODE_LIST) || !list->u.list.n)
            continue;
        binding.id = node_as_text(list->u.list.items[0]);
        if (binding.id)
            ARENA_ADD(arena, &existing->bindings, binding);
    }
}

static bool is_named(const struct node *all, const char *name)
{
    if (!all)
        return false;
    NODE_EACH_PAIR (all, pair) {
        if (!node_is(pair->value, NODE_LIST))
            continue;
        for (size_t i = 1; i < pair->value->u.list.n; i++)
            if (text_is(node_as_text(pair->value->u.list.items[i]), name))
                return true;
    }
    return false;
}

bool given_has(const struct node *given, const struct project *project,
               const struct service *service, const char *name)
{
    if (is_named(given, name))
        return true;
    for (size_t i = 0; service && project && i < service->depends_on.n; i++) {
        const struct service *on =
            project_find_service(project, service->depends_on.items[i].service);
        STR_AUTO(prefix);
        if (!on || !on->provider)
            continue;
        provider_prefix(on->name, &prefix);
        if (text_starts(name, prefix.buf))
            return true;
    }
    return false;
}
