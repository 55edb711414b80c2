/*
 * cycle.c - services that depend on each other in a circle. The walk keeps its own stack: a long
 * chain of services is no deep recursion.
 */
#include "base/base.h"

#include "compose-compat/file/consistency.h"

#include "base/vec.h"

struct step {
    struct service *service;
    size_t next; /* of its dependencies */
};

enum mark { MARK_OPEN = 1, MARK_DONE };

struct walk {
    const struct stage *stage;
    struct project *project;
    struct map marks; /* name -> enum mark */
    VEC(struct step) stack;
};

static void refuse_cycle(struct walk *walk, const struct dependency *back)
{
    STR_AUTO(circle);
    size_t i = 0;
    while (!text_is(walk->stack.items[i].service->name, back->service))
        i++;
    for (; i < walk->stack.n; i++)
        str_printf(&circle, "%s -> ", walk->stack.items[i].service->name);
    str_add(&circle, back->service);
    finding_add(walk->stage->findings, FINDING_ERROR, back->at, NULL,
                "services depend on each other in a circle: %s", circle.buf);
}

static void enter(struct walk *walk, struct service *service)
{
    struct step step = { service, 0 };
    map_set(&walk->marks, service->name, (void *)(uintptr_t)MARK_OPEN);
    VEC_ADD(&walk->stack, step);
}

static void follow(struct walk *walk, const struct dependency *dependency)
{
    struct service *next = project_find_service(walk->project, dependency->service);
    if (!next || next->is_disabled)
        return;
    switch ((uintptr_t)map_find(&walk->marks, next->name)) {
    case MARK_OPEN:
        refuse_cycle(walk, dependency);
        break;
    case MARK_DONE:
        break;
    default:
        enter(walk, next);
    }
}

static void walk_from(struct walk *walk, struct service *first)
{
    if (first->is_disabled || map_has(&walk->marks, first->name))
        return;
    enter(walk, first);
    while (walk->stack.n > 0) {
        struct step *top = &walk->stack.items[walk->stack.n - 1];
        if (top->next < top->service->depends_on.n) {
            follow(walk, &top->service->depends_on.items[top->next++]);
            continue;
        }
        map_set(&walk->marks, top->service->name, (void *)(uintptr_t)MARK_DONE);
        walk->stack.n--;
    }
}

void consistency_check_cycles(const struct stage *stage, struct project *project)
{
    struct walk walk = { .stage = stage, .project = project, .marks = MAP_INIT };
    VEC_EACH(&project->services, service)
        walk_from(&walk, *service);
    map_release(&walk.marks);
    VEC_RELEASE(&walk.stack);
}
