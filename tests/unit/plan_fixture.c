/*
 * plan_fixture.c - see plan_fixture.h.
 */
#include "base/base.h"

#include "plan_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/vec.h"
#include "data/jwrite.h"
#include "data/yread.h"

static const struct field_rule container_rules[] = {
    { "restart", CHANGE_IN_PLACE },
    { "x", CHANGE_IGNORE },
    { NULL, CHANGE_REPLACE },
};
const struct resource_kind fixture_container = { "container", "Container", KIND_RUNS,
                                                 container_rules, "services" };
static const struct resource_kind fixture_called = { "provider", "Provider",
                                                     KIND_RUNS | KIND_CALLED, NULL, "services" };
const struct resource_kind fixture_network = { "network", "Network", KIND_ATTACHABLE, NULL,
                                               "networks" };
const struct resource_kind fixture_volume = { "volume", "Volume", KIND_DATA, NULL, "volumes" };
const struct resource_kind fixture_image = { "image", "Image", KIND_ARTIFACT, NULL, NULL };

/* --- wanted ---------------------------------------------------------------------------------- */

static bool is_true(const struct node *map, const char *key)
{
    const struct node *value = node_get(map, key);

    return node_is(value, NODE_BOOL) && value->u.truth;
}

static const char *text_of(struct arena *arena, const struct node *value)
{
    STR_AUTO(text);

    if (!value)
        return NULL;
    node_scalar_text(value, &text);
    return arena_dup(arena, text.buf);
}

static const char *digest_of(struct arena *arena, const struct node *spec)
{
    STR_AUTO(text);

    jwrite_node_text(spec, JWRITE_SORT, &text);
    return arena_printf(arena, "%016llx", (unsigned long long)text_hash(text.buf, text.len));
}

/* The keys that are no part of what an object is. */
static bool is_spec_key(const char *key)
{
    static const char *const others[] = { "depends_on", "bound",  "replicas", "fixed",    "hooks",
                                          "external",   "policy", "build",    "disabled", "name", "called" };

    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (text_is(key, others[i]))
            return false;
    }
    return true;
}

static void set_spec(struct wanted_set *set, struct wanted *wanted, const struct node *body)
{
    struct node *spec = node_map(set->arena, body->at);

    if (node_is(body, NODE_MAP)) {
        NODE_EACH_PAIR (body, pair) {
            if (is_spec_key(pair->key))
                node_set(set->arena, spec, pair->key, pair->at, pair->value);
        }
    }
    wanted->spec = spec;
    wanted->digest = digest_of(set->arena, spec);
    wanted->at = body->at;
    wanted->is_external = is_true(body, "external");
    wanted->is_disabled = is_true(body, "disabled");
}

static void add_objects(struct wanted_set *set, const struct node *section,
                        const struct resource_kind *kind)
{
    if (!node_is(section, NODE_MAP))
        return;
    NODE_EACH_PAIR (section, pair) {
        struct wanted *wanted = wanted_add(set, kind, pair->key);
        const char *name = text_of(set->arena, node_get(pair->value, "name"));

        set_spec(set, wanted, pair->value);
        wanted->name = name ? name
                       : kind == &fixture_image || wanted->is_external
                           ? wanted->key
                           : arena_printf(set->arena, "%s_%s", set->project, pair->key);
        if (kind == &fixture_image) {
            const char *policy = text_of(set->arena, node_get(pair->value, "policy"));

            wanted->is_policy_open = !policy;
            wanted->can_build = is_true(pair->value, "build");
            wanted->can_pull = !text_is(policy, "build") && !is_true(pair->value, "local");
            wanted->policy = text_is(policy, "always")  ? ARTIFACT_ALWAYS
                             : text_is(policy, "never") ? ARTIFACT_NEVER
                             : text_is(policy, "build") ? ARTIFACT_BUILD
                             : text_is(policy, "day")   ? ARTIFACT_MAX_AGE
                                                        : ARTIFACT_MISSING;
            wanted->max_age_ns = 86400ll * 1000000000;
        }
    }
}

static void add_hooks(struct wanted *wanted, const struct node *hooks)
{
    static const char *const phases[] = { "pre_start", "post_start", "pre_stop" };

    if (!node_is(hooks, NODE_LIST))
        return;
    NODE_EACH_ITEM (hooks, hook) {
        for (unsigned phase = 0; phase < HOOK_PHASE_N_; phase++)
            wanted->hooks[phase] += text_is(node_as_text(*hook), phases[phase]);
    }
}

static void add_service(struct wanted_set *set, const struct node_pair *pair)
{
    bool is_called = is_true(pair->value, "called");
    struct wanted *wanted =
        wanted_add(set, is_called ? &fixture_called : &fixture_container, pair->key);
    const struct node *replicas = node_get(pair->value, "replicas");
    const char *fixed = node_as_text(node_get(pair->value, "fixed"));

    set_spec(set, wanted, pair->value);
    wanted->service = wanted->key;
    wanted->name = fixed ? fixed : arena_printf(set->arena, "%s-%s", set->project, pair->key);
    wanted->is_name_fixed = fixed != NULL;
    if (is_called) {
        wanted->name = wanted->key;
        wanted->replicas = 0;
        return;
    }
    if (replicas)
        wanted->replicas = replicas->u.integer;
    add_hooks(wanted, node_get(pair->value, "hooks"));
}

static void depend_on_objects(struct wanted_set *set, struct wanted *wanted,
                              const struct node *list, const struct resource_kind *kind,
                              enum dependency_kind dependency)
{
    if (!node_is(list, NODE_LIST))
        return;
    NODE_EACH_ITEM (list, item) {
        struct wanted *on = wanted_find(set, kind->name, node_as_text(*item));

        if (on)
            wanted_depend(set, wanted, on, dependency)->at = (*item)->at;
    }
}

static void depend_on_image(struct wanted_set *set, struct wanted *wanted, const struct node *image)
{
    const char *name = node_as_text(image);
    struct wanted *on;

    if (!name)
        return;
    on = wanted_find(set, "image", name);
    if (!on) {
        on = wanted_add(set, &fixture_image, name);
        on->can_pull = on->is_policy_open = true;
        on->at = image->at;
    }
    wanted_depend(set, wanted, on, DEPENDS_BOUND)->at = image->at;
}

static struct wanted *service_of(struct wanted_set *set, const char *name)
{
    struct wanted *wanted = wanted_find(set, fixture_container.name, name);

    return wanted ? wanted : wanted_find(set, fixture_called.name, name);
}

static void depend_on_services(struct wanted_set *set, struct wanted *wanted,
                               const struct node *services)
{
    if (node_is(services, NODE_LIST)) {
        NODE_EACH_ITEM (services, item)
            wanted_depend(set, wanted, service_of(set, node_as_text(*item)), DEPENDS_RUNNING)
                ->required = true;
    }
    if (!node_is(services, NODE_MAP))
        return;
    NODE_EACH_PAIR (services, pair) {
        struct wanted *on = service_of(set, pair->key);
        struct wanted_dependency *dependency = wanted_depend(set, wanted, on, DEPENDS_RUNNING);
        const char *condition = node_as_text(node_get(pair->value, "condition"));
        const struct node *required = node_get(pair->value, "required");

        dependency->at = pair->at;
        dependency->condition = text_is(condition, "healthy")     ? DEPEND_HEALTHY
                                : text_is(condition, "completed") ? DEPEND_COMPLETED
                                                                  : DEPEND_STARTED;
        dependency->restart = is_true(pair->value, "restart");
        dependency->required = !required || required->u.truth;
    }
}

static void connect(struct wanted_set *set, const struct node_pair *pair)
{
    struct wanted *wanted = service_of(set, pair->key);

    depend_on_image(set, wanted, node_get(pair->value, "image"));
    depend_on_objects(set, wanted, node_get(pair->value, "networks"), &fixture_network,
                      DEPENDS_ATTACHED);
    depend_on_objects(set, wanted, node_get(pair->value, "volumes"), &fixture_volume,
                      DEPENDS_BOUND);
    depend_on_objects(set, wanted, node_get(pair->value, "bound"), &fixture_container,
                      DEPENDS_BOUND);
    depend_on_services(set, wanted, node_get(pair->value, "depends_on"));
}

void fixture_wanted(const char *yaml, struct wanted_set *set)
{
    struct yread_documents documents = { NULL, 0, 0 };
    struct findings findings = FINDINGS_INIT;
    uint32_t file = origin_add_file("wanted.yaml", yaml, strlen(yaml));
    const struct node *root, *services;

    wanted_set_init(set, "p");
    if (yread_parse(set->arena, file, yaml, strlen(yaml), &documents, &findings) != 0) {
        fprintf(stderr, "fixture: %s\n%s\n", findings.items[0].text, yaml);
        exit(99);
    }
    findings_release(&findings);
    root = documents.items[0];
    services = node_get(root, "services");
    add_objects(set, node_get(root, "networks"), &fixture_network);
    add_objects(set, node_get(root, "volumes"), &fixture_volume);
    add_objects(set, node_get(root, "images"), &fixture_image);
    if (!node_is(services, NODE_MAP))
        return;
    NODE_EACH_PAIR (services, pair)
        add_service(set, pair);
    NODE_EACH_PAIR (services, pair)
        connect(set, pair);
}

/* --- existing -------------------------------------------------------------------------------- */

static const char *id_of(struct arena *arena, const char *name)
{
    return arena_printf(arena, "%016llx", (unsigned long long)text_hash(name, strlen(name)));
}

static struct existing *realize(struct existing_set *set, const struct wanted *wanted,
                                int64_t number)
{
    struct existing *existing = existing_add(set, wanted->kind);

    existing->key = arena_dup(set->arena, wanted->key);
    existing->name = number == 0 || wanted->is_name_fixed
                         ? arena_dup(set->arena, wanted->name)
                         : arena_printf(set->arena, "%s-%lld", wanted->name, (long long)number);
    existing->id = id_of(set->arena, existing->name);
    existing->service = wanted->service ? arena_dup(set->arena, wanted->service) : NULL;
    existing->number = number;
    existing->state = STATE_RUNNING;
    existing->digest = wanted->digest ? arena_dup(set->arena, wanted->digest) : NULL;
    existing->spec = wanted->spec ? node_copy(set->arena, wanted->spec) : NULL;
    existing->is_foreign = wanted->is_external;
    existing->created_ns = 1;
    return existing;
}

static void bind(struct existing_set *set, const struct wanted *wanted, struct existing *existing)
{
    for (size_t i = 0; i < wanted->depends_on.n; i++) {
        const struct wanted_dependency *dependency = &wanted->depends_on.items[i];
        const struct wanted *on = dependency->on;
        bool runs = (on->kind->flags & KIND_RUNS) != 0;
        const char *name =
            runs ? arena_printf(set->arena, "%s-1", on->name) : arena_dup(set->arena, on->name);
        struct binding binding = { on->kind, name, id_of(set->arena, name) };
        struct dependency recorded = { .condition = dependency->condition,
                                       .restart = dependency->restart,
                                       .required = true };

        if (dependency->kind == DEPENDS_RUNNING) {
            recorded.service = arena_dup(set->arena, on->service);
            ARENA_ADD(set->arena, &existing->depends_on, recorded);
        } else {
            ARENA_ADD(set->arena, &existing->bindings, binding);
        }
    }
}

static struct existing *find(struct existing_set *set, const char *name)
{
    for (size_t i = 0; i < set->items.n; i++) {
        if (text_is(set->items.items[i]->name, name))
            return set->items.items[i];
    }
    fprintf(stderr, "fixture: nothing is called \"%s\"\n", name);
    exit(99);
}

static void drop(struct existing_set *set, const struct existing *existing)
{
    size_t kept = 0;

    for (size_t i = 0; i < set->items.n; i++) {
        if (set->items.items[i] != existing) {
            set->items.items[kept] = set->items.items[i];
            set->items.items[kept]->index = kept;
            kept++;
        }
    }
    set->items.n = kept;
}

static void detach(struct existing *existing, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < existing->bindings.n; i++) {
        if (!text_is(existing->bindings.items[i].name, name))
            existing->bindings.items[kept++] = existing->bindings.items[i];
    }
    existing->bindings.n = kept;
}

static bool set_state(struct existing *existing, const char *word, const char *next)
{
    for (int state = STATE_CREATED; state <= STATE_DEAD; state++) {
        if (!text_is(word, instance_state_names[state]))
            continue;
        existing->state = (enum instance_state)state;
        existing->is_exit_known = state == STATE_EXITED;
        if (next && state == STATE_EXITED)
            existing->exit_code = atoi(next);
        for (int health = HEALTH_NONE; next && health <= HEALTH_UNHEALTHY; health++) {
            if (text_is(next, instance_health_names[health]))
                existing->health = (enum instance_health)health;
        }
        return true;
    }
    return false;
}

static void edit_value(struct existing_set *set, struct existing *existing, const char *word,
                       const char *value)
{
    struct existing *copy;

    if (text_is(word, "id")) {
        existing->id = value;
    } else if (text_is(word, "digest")) {
        existing->digest = value;
        existing->spec = NULL;
    } else if (text_is(word, "named")) {
        existing->name = value;
    } else if (text_is(word, "service")) {
        existing->service = existing->key = value;
    } else if (text_is(word, "number")) {
        existing->number = atoi(value);
    } else if (text_is(word, "replaces")) {
        existing->replaces = value;
    } else if (text_is(word, "detached")) {
        detach(existing, value);
    } else if (text_is(word, "made")) {
        existing->created_ns = atoll(value) * 1000000000;
    } else if (text_is(word, "bound")) {
        existing->bindings.items[0].id = value;
    } else if (text_is(word, "joined")) {
        VEC_EACH (&existing->bindings, binding) {
            if (binding->kind == &fixture_network)
                binding->id = value;
        }
    } else if (text_is(word, "given")) {
        struct binding binding = { &fixture_called, "db", value };

        ARENA_ADD(set->arena, &existing->bindings, binding);
    } else if (text_is(word, "copy")) {
        copy = existing_add(set, existing->kind);
        *copy = *existing;
        copy->index = set->items.n - 1;
        copy->name = value;
        copy->id = id_of(set->arena, value);
    } else if (text_is(word, "twin")) {
        copy = existing_add(set, existing->kind);
        *copy = *existing;
        copy->index = set->items.n - 1;
        copy->id = value;
        copy->created_ns++;
    } else {
        fprintf(stderr, "fixture: unknown edit \"%s\"\n", word);
        exit(99);
    }
}

/* "SUBJECT WORD [VALUE]" */
static void edit(struct existing_set *set, char *line)
{
    char *save = NULL;
    const char *subject = strtok_r(line, " ", &save);
    const char *word = strtok_r(NULL, " ", &save);
    const char *value = strtok_r(NULL, " ", &save);
    struct existing *existing = subject ? find(set, subject) : NULL;

    if (!existing)
        return;
    if (text_is(word, "gone"))
        drop(set, existing);
    else if (text_is(word, "foreign"))
        existing->is_foreign = true;
    else if (text_is(word, "unlabelled"))
        existing->digest = NULL;
    else if (text_is(word, "one-off"))
        existing->is_one_off = true;
    else if (text_is(word, "helper"))
        existing->is_helper = true;
    else if (!set_state(existing, word, value))
        edit_value(set, existing, word, value);
}

void fixture_existing(const struct wanted_set *wanted, const char *edits, struct existing_set *set)
{
    char *text, *save = NULL;

    existing_set_init(set, "p");
    for (size_t i = 0; wanted && i < wanted->items.n; i++) {
        const struct wanted *item = wanted->items.items[i];

        if (!(item->kind->flags & KIND_RUNS)) {
            realize(set, item, 0);
            continue;
        }
        for (int64_t number = 1; number <= item->replicas; number++)
            bind(set, item, realize(set, item, number));
    }
    text = arena_dup(set->arena, edits ? edits : "");
    for (char *line = strtok_r(text, ";\n", &save); line; line = strtok_r(NULL, ";\n", &save))
        edit(set, line);
}

/* --- steps ----------------------------------------------------------------------------------- */

static void add_conditions(const char *word, const struct step_condition *conditions, size_t n,
                           struct str *out)
{
    for (size_t i = 0; i < n; i++)
        str_printf(out, "%s%s%u", i == 0 ? word : ",", conditions[i].is_any_end ? "ok " : "",
                   conditions[i].step->id);
}

void fixture_steps(const struct plan *plan, struct str *out)
{
    static const char *const conditions[] = { "healthy", "completed", "up", "stopped" };
    struct step_edges edges = { NULL, 0, 0 };

    for (size_t i = 0; i < plan->steps.n; i++) {
        const struct step *step = plan->steps.items[i];

        str_printf(out, "%u %s %s", step->id, step_action_name(step->action), step->instance->name);
        if (step->instance->existing && step->instance->existing->id[0] == '#')
            str_printf(out, " %s", step->instance->existing->id);
        if (step->role == ROLE_REPLACED)
            str_add(out, " old");
        if (step->temporary_name)
            str_add(out, step->inherit ? " beside" : " beside-bare");
        if (step->other && step->action != STEP_CREATE)
            str_printf(out, " %s", step->other->name);
        if (step->action == STEP_AWAIT)
            str_printf(out, " %s", conditions[step->condition]);
        if (step->action == STEP_HOOK)
            str_printf(out, " %d.%u", (int)step->phase, step->hook);
        if (step->is_optional)
            str_add(out, " optional");
        if (step->with_volumes)
            str_add(out, " -v");
        edges.n = 0;
        plan_predecessors(plan, step, plan->arena, &edges);
        for (size_t k = 0; k < edges.n; k++)
            str_printf(out, "%s%u%s", k == 0 ? " < " : ",", edges.items[k].step->id,
                       edges.items[k].is_soft ? "~" : "");
        if (step->after_artifacts)
            str_add(out, step->after.n > 0 ? ",*" : " < *");
        add_conditions(" if ", step->only_if.items, step->only_if.n, out);
        add_conditions(" unless ", step->unless.items, step->unless.n, out);
        str_add_char(out, '\n');
    }
}
