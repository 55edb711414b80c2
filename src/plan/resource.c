/*
 * resource.c - the sets of wanted and existing resources: making, finding, connecting. Compares
 * nothing (diff.c) and decides nothing (plan.c). Filled by operators, read by the plan.
 */
#include "base/base.h"

#include "plan/resource.h"

#include "base/mem.h"
#include "base/vec.h"

const char *const instance_state_names[] = {
    "created", "running", "paused", "restarting", "removing", "exited", "dead",
};

const char *const instance_health_names[] = { "", "starting", "healthy", "unhealthy" };

const char *instance_state_name(enum instance_state state)
{
    return instance_state_names[state];
}

enum instance_health instance_health_of(const char *text)
{
    for (int i = HEALTH_STARTING; i <= HEALTH_UNHEALTHY; i++) {
        if (text_is(text, instance_health_names[i]))
            return (enum instance_health)i;
    }
    return HEALTH_NONE;
}

void wanted_set_init(struct wanted_set *set, const char *project)
{
    memset(set, 0, sizeof(*set));
    set->arena = arena_new();
    set->project = arena_dup(set->arena, project);
    map_init(&set->index);
}

void wanted_set_release(struct wanted_set *set)
{
    map_release(&set->index);
    arena_free(set->arena);
    memset(set, 0, sizeof(*set));
}

/* "kind/key" in the buffer when it fits, else on the heap (*ret_heap). */
static const char *index_key(const char *kind, const char *key, char *buffer, size_t size,
                             size_t *ret_len, char **ret_heap)
{
    size_t kind_len = strlen(kind), key_len = strlen(key);
    char *to = buffer;

    if (kind_len + key_len + 2 > size)
        to = *ret_heap = mem_new(kind_len + key_len + 2, 1);
    memcpy(to, kind, kind_len);
    to[kind_len] = '/';
    memcpy(to + kind_len + 1, key, key_len + 1);
    *ret_len = kind_len + 1 + key_len;
    return to;
}

struct wanted *wanted_add(struct wanted_set *set, const struct resource_kind *kind, const char *key)
{
    CLEANUP(mem_cleanup) char *heap = NULL;
    char buffer[256];
    struct wanted *wanted = ARENA_NEW(set->arena, struct wanted);
    size_t len;
    const char *name = index_key(kind->name, key, buffer, sizeof(buffer), &len, &heap);
    void *before;

    wanted->index = set->items.n;
    wanted->kind = kind;
    wanted->key = arena_dup(set->arena, key);
    wanted->name = wanted->key;
    wanted->separator = '-';
    wanted->replicas = 1;
    wanted->stop_timeout_ns = -1;
    ARENA_ADD(set->arena, &set->items, wanted);
    before = map_set_len(&set->index, name, len, wanted);
    assert(!before);
    (void)before;
    return wanted;
}

struct wanted *wanted_find(const struct wanted_set *set, const char *kind, const char *key)
{
    CLEANUP(mem_cleanup) char *heap = NULL;
    char buffer[256];
    size_t len;
    const char *name = index_key(kind, key, buffer, sizeof(buffer), &len, &heap);

    return map_find_len(&set->index, name, len);
}

struct wanted_dependency *wanted_depend(struct wanted_set *set, struct wanted *dependent,
                                        struct wanted *on, enum dependency_kind kind)
{
    struct wanted_dependency dependency = { .on = on, .kind = kind, .required = true };

    ARENA_ADD(set->arena, &dependent->depends_on, dependency);
    return &dependent->depends_on.items[dependent->depends_on.n - 1];
}

void wanted_depend_on_services(struct wanted_set *set, struct wanted *dependent,
                               const struct service *service,
                               const struct resource_kind *const *kinds)
{
    VEC_EACH (&service->depends_on, dependency) {
        struct wanted *on = NULL;
        struct wanted_dependency *added;

        for (size_t i = 0; kinds[i] && !on; i++)
            on = wanted_find(set, kinds[i]->name, dependency->service);
        if (!on)
            continue;
        added = wanted_depend(set, dependent, on, DEPENDS_RUNNING);
        added->condition = dependency->condition;
        added->restart = dependency->restart;
        added->required = dependency->required;
        added->at = dependency->at;
    }
}

void existing_set_init(struct existing_set *set, const char *project)
{
    memset(set, 0, sizeof(*set));
    set->arena = arena_new();
    set->project = arena_dup(set->arena, project);
}

void existing_set_release(struct existing_set *set)
{
    arena_free(set->arena);
    memset(set, 0, sizeof(*set));
}

struct existing *existing_add(struct existing_set *set, const struct resource_kind *kind)
{
    struct existing *existing = ARENA_NEW(set->arena, struct existing);

    existing->index = set->items.n;
    existing->kind = kind;
    ARENA_ADD(set->arena, &set->items, existing);
    return existing;
}
