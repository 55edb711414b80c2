/*
 * order.c - the services of a project in the order in which they can be started: dependencies
 * first, else by name. Cycles are refused by the loader, before a project exists; here one is just
 * cut.
 */
#include "base/base.h"

#include "model/project.h"

#include "base/vec.h"

/* Where the walk stands in one service: the next of its dependencies to look at. */
struct visit {
    struct service *service;
    size_t next;
};

struct walk {
    struct map seen; /* name -> anything, once a visit has begun */
    VEC(struct visit) stack;
    struct service **ordered;
    size_t n;
};

static void enter(struct walk *walk, struct service *service)
{
    if (service->is_disabled || map_has(&walk->seen, service->name))
        return;
    map_set(&walk->seen, service->name, service);
    struct visit visit = { service, 0 };
    VEC_ADD(&walk->stack, visit);
}

static void walk_from(struct walk *walk, const struct project *project, struct service *first)
{
    enter(walk, first);
    while (walk->stack.n > 0) {
        struct visit *top = &walk->stack.items[walk->stack.n - 1];
        if (top->next == top->service->depends_on.n) {
            walk->ordered[walk->n++] = top->service;
            walk->stack.n--;
            continue;
        }
        const char *name = top->service->depends_on.items[top->next++].service;
        struct service *dependency = project_find_service(project, name);
        if (dependency)
            enter(walk, dependency);
    }
}

void project_order(const struct project *project, struct service ***ret_services, size_t *ret_n)
{
    struct walk walk = { .seen = MAP_INIT };
    walk.ordered = ARENA_NEW_N(project->arena, struct service *, project->services.n + 1);
    VEC_EACH(&project->services, service)
        walk_from(&walk, project, *service);
    map_release(&walk.seen);
    VEC_RELEASE(&walk.stack);
    *ret_services = walk.ordered;
    *ret_n = walk.n;
}
