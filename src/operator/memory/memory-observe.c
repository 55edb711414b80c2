/*
 * memory-observe.c - what the in-memory operator has of a project, as existing resources. Changes
 * nothing.
 */
#include "base/base.h"

#include "operator/memory/memory-parts.h"

#include "base/clock.h"
#include "base/mem.h"

struct observation {
    struct memory *memory;
    struct existing_set set;
    struct observe_query query;
    observe_done_fn done;
    void *arg;
    struct err err;
};

static const char *dup_text(struct arena *arena, const struct node *object, const char *key)
{
    const char *text = memory_text(object, key);

    return text ? arena_dup(arena, text) : NULL;
}

static const struct resource_kind *kind_named(const char *name)
{
    for (const struct resource_kind *const *kind = memory_ops.kinds; *kind; kind++) {
        if (text_is((*kind)->name, name))
            return *kind;
    }
    return &memory_container;
}

static void copy_bindings(struct existing_set *set, const struct node *object,
                          struct existing *existing)
{
    const struct node *bindings = node_get(object, "bindings");

    if (!node_is(bindings, NODE_LIST))
        return;
    NODE_EACH_ITEM (bindings, item) {
        struct binding binding = {
            .kind = kind_named(memory_text(*item, "kind")),
            .name = dup_text(set->arena, *item, "name"),
            .id = dup_text(set->arena, *item, "id"),
        };

        ARENA_ADD(set->arena, &existing->bindings, binding);
    }
}

static void copy_dependencies(struct existing_set *set, const struct node *object,
                              struct existing *existing)
{
    const struct node *dependencies = node_get(object, "depends_on");

    if (!node_is(dependencies, NODE_LIST))
        return;
    NODE_EACH_ITEM (dependencies, item) {
        struct dependency dependency = {
            .service = dup_text(set->arena, *item, "service"),
            .condition = (enum dependency_condition)memory_int(*item, "condition"),
            .restart = memory_bool(*item, "restart"),
            .required = true,
        };

        ARENA_ADD(set->arena, &existing->depends_on, dependency);
    }
}

static void set_text(struct arena *arena, struct node *map, const char *key, const char *text)
{
    struct origin nowhere = ORIGIN_NONE;

    node_set(arena, map, key, nowhere, node_text(arena, nowhere, text));
}

/* What `ps` shows. */
static const struct node *make_details(struct existing_set *set, const struct node *object,
                                       const struct memory_condition *condition)
{
    struct origin nowhere = ORIGIN_NONE;
    struct node *details = node_map(set->arena, nowhere);
    const struct node *spec = node_get(object, "spec");
    const char *image = memory_text(spec, "image");
    STR_AUTO(status);

    if (condition->state == STATE_RUNNING) {
        str_add(&status, "Up ");
        clock_print_human(clock_wall_ns() - memory_int(object, "started"), &status);
        if (condition->health == HEALTH_STARTING)
            str_add(&status, " (health: starting)");
        else if (condition->health != HEALTH_NONE)
            str_printf(&status, " (%s)", instance_health_names[condition->health]);
    } else if (condition->state == STATE_EXITED) {
        str_printf(&status, "Exited (%lld) ", (long long)condition->exit_code);
        clock_print_human(clock_wall_ns() - condition->finished_ns, &status);
        str_add(&status, " ago");
    } else {
        str_add(&status, condition->state == STATE_CREATED ? "Created" : "Paused");
    }
    set_text(set->arena, details, "Image", image ? image : "");
    set_text(set->arena, details, "Status", status.buf);
    set_text(set->arena, details, "Ports", "");
    return details;
}

static void add_instance(struct existing_set *set, const struct node *object)
{
    struct existing *existing = existing_add(set, &memory_container);
    struct memory_condition condition;

    memory_look(object, &condition);
    existing->key = existing->service = dup_text(set->arena, object, "service");
    existing->number = memory_int(object, "number");
    existing->state = condition.state;
    existing->health = condition.health;
    existing->exit_code = condition.exit_code;
    existing->is_exit_known = condition.state == STATE_EXITED;
    existing->is_one_off = memory_bool(object, "one_off");
    existing->is_helper = memory_bool(object, "helper");
    existing->replaces = dup_text(set->arena, object, "replaces");
    existing->is_listening =
        condition.state == STATE_RUNNING &&
        (condition.health == HEALTH_NONE || condition.health == HEALTH_HEALTHY);
    existing->started_ns = memory_int(object, "started");
    existing->finished_ns = condition.finished_ns;
    existing->details = make_details(set, object, &condition);
    copy_bindings(set, object, existing);
    copy_dependencies(set, object, existing);
    existing->id = dup_text(set->arena, object, "id");
    existing->name = dup_text(set->arena, object, "name");
    existing->digest = dup_text(set->arena, object, "digest");
    existing->created_ns = memory_int(object, "created");
    if (node_get(object, "spec"))
        existing->spec = node_copy(set->arena, node_get(object, "spec"));
}

static void add_object(struct existing_set *set, const struct node *object, const char *key,
                       bool is_foreign)
{
    struct existing *existing = existing_add(set, kind_named(memory_text(object, "kind")));

    existing->key = key ? arena_dup(set->arena, key) : dup_text(set->arena, object, "key");
    existing->service = dup_text(set->arena, object, "service");
    existing->id = dup_text(set->arena, object, "id");
    if (existing->kind->flags & KIND_ARTIFACT)
        existing->id = dup_text(set->arena, object, "content");
    existing->name = dup_text(set->arena, object, "name");
    existing->digest = dup_text(set->arena, object, "digest");
    existing->is_foreign = is_foreign;
    existing->created_ns = memory_int(object, "created");
    if (node_get(object, "spec"))
        existing->spec = node_copy(set->arena, node_get(object, "spec"));
}

/* Objects that the description means although they are not the project's: external ones, images. */
static const struct wanted *meant_by(const struct map *meant, const struct node *object)
{
    STR_AUTO(key);

    str_printf(&key, "%s/%s", memory_text(object, "kind"), memory_text(object, "name"));
    return map_find(meant, key.buf);
}

static void note_meant(const struct wanted_set *wanted, struct map *meant)
{
    for (size_t i = 0; wanted && i < wanted->items.n; i++) {
        STR_AUTO(key);

        str_printf(&key, "%s/%s", wanted->items.items[i]->kind->name, wanted->items.items[i]->name);
        map_set(meant, key.buf, wanted->items.items[i]);
    }
}

static void look(struct observation *observation)
{
    const struct observe_query *query = &observation->query;
    MAP_AUTO(meant);

    note_meant(query->wanted, &meant);
    NODE_EACH_PAIR (memory_objects(observation->memory), pair) {
        const struct node *object = pair->value;
        bool is_ours = text_is(memory_text(object, "project"), query->project);
        bool is_artifact = memory_is_kind(object, &memory_image);
        const struct wanted *wanted = NULL;

        if (memory_is_kind(object, &memory_container)) {
            if (is_ours)
                add_instance(&observation->set, object);
            continue;
        }
        if (query->only_running_kinds || (is_artifact && !query->with_artifacts))
            continue;
        wanted = meant_by(&meant, object);
        if (is_ours && !memory_bool(object, "anonymous"))
            add_object(&observation->set, object, NULL, false);
        else if (wanted)
            add_object(&observation->set, object, wanted->key, true);
    }
}

static void on_look(void *arg)
{
    struct observation *observation = arg;

    if (memory_load(observation->memory, &observation->err) == 0)
        look(observation);
    if (err_is_set(&observation->err)) {
        existing_set_release(&observation->set);
        observation->done(observation->arg, NULL, &observation->err);
    } else {
        observation->done(observation->arg, &observation->set, &observation->err);
    }
    err_release(&observation->err);
    mem_free(observation);
}

void memory_observe(void *handle, const struct observe_query *query, struct findings *findings,
                    observe_done_fn done, void *arg)
{
    struct observation *observation = MEM_NEW(struct observation);

    (void)findings;
    observation->memory = handle;
    observation->query = *query;
    observation->done = done;
    observation->arg = arg;
    existing_set_init(&observation->set, query->project);
    loop_add_soon(observation->memory->loop, on_look, observation);
}
