/*
 * canonical.c - short forms to long ones, by the canonical column of the schema table. Runs after
 * each document was merged, so it must leave a canonical tree as it is. Forms that only binding
 * has to know (shell words, KEY=VALUE lists, hosts, single limits) are left to bind.c: `config
 * --no-interpolate` shows them as they were written.
 */
#include "base/base.h"

#include "compose-compat/file/stages.h"

#include "compose-compat/file/place.h"
#include "compose-compat/file/short.h"

struct canon {
    const struct stage *stage;
    struct arena *arena;
    struct str path;
    bool keep_unparsed; /* texts may still have variables in them: what cannot be split stays */
};

static struct node *canonical(struct canon *c, struct node *node, const struct schema_row *row);

/* --- values ----------------------------------------------------------------------------------- */

/* form: how it is to be written. The result stands for the value. */
static struct node *refuse(struct canon *c, const struct node *node, const char *what,
                           const char *reason, const char *form)
{
    const char *text = node_as_text(node);
    STR_AUTO(number);
    node_scalar_text(node, &number);
    struct finding *finding =
        finding_add(c->stage->findings, FINDING_ERROR, node->at, c->path.buf,
                    "%s \"%s\" is wrong: %s", what, text ? text : number.buf, reason);
    finding_hint(finding, "write %s", form);
    return node_wrong(c->arena, node->at);
}

static void refuse_kind(struct canon *c, const struct node *node, unsigned kinds)
{
    if (node_is_wrong(node))
        return;
    STR_AUTO(text);
    schema_print_kinds(kinds, &text);
    finding_add(c->stage->findings, FINDING_ERROR, node->at, c->path.buf, "must be %s, not %s",
                text.buf, node_kind_name((enum node_kind)node->kind));
}

static struct node *text_in_list(struct canon *c, struct node *node)
{
    if (!node_is(node, NODE_TEXT))
        return node;
    struct node *list = node_list(c->arena, node->at);
    node_add(c->arena, list, node);
    return list;
}

static struct node *text_under_key(struct canon *c, struct node *node, const char *key)
{
    if (!node_is(node, NODE_TEXT))
        return node;
    struct node *map = node_map(c->arena, node->at);
    node_set(c->arena, map, key, node->at, node);
    return map;
}

static struct node *dependency(struct canon *c, struct node *map)
{
    node_set_default(c->arena, map, "condition", node_text(c->arena, map->at, "service_started"));
    node_set_default(c->arena, map, "required", node_bool(c->arena, map->at, true));
    return map;
}

static struct node *canonical_depends_on(struct canon *c, struct node *node)
{
    struct node *map = node;
    if (node_is(node, NODE_LIST)) {
        map = node_map(c->arena, node->at);
        NODE_EACH_ITEM(node, item)
            if (node_is(*item, NODE_TEXT))
                node_set(c->arena, map, (*item)->u.text.bytes, (*item)->at,
                         dependency(c, node_map(c->arena, (*item)->at)));
    } else if (node_is(node, NODE_MAP)) {
        NODE_EACH_PAIR(node, pair) {
            if (node_is(pair->value, NODE_MAP)) {
                dependency(c, pair->value);
            } else {
                size_t len = place_key(&c->path, pair->key);
                refuse_kind(c, pair->value, KIND_MAP);
                str_cut(&c->path, len);
            }
        }
    }
    return map;
}

/* A list of names to a map with null values. */
static struct node *canonical_names(struct canon *c, struct node *node)
{
    if (!node_is(node, NODE_LIST))
        return node;
    struct node *map = node_map(c->arena, node->at);
    NODE_EACH_ITEM(node, item)
        if (node_is(*item, NODE_TEXT))
            node_set(c->arena, map, (*item)->u.text.bytes, (*item)->at,
                     node_null(c->arena, (*item)->at));
    return map;
}

static struct node *canonical_env_file(struct canon *c, struct node *node)
{
    node = text_in_list(c, node);
    if (!node_is(node, NODE_LIST))
        return node;
    NODE_EACH_ITEM(node, item) {
        *item = text_under_key(c, *item, "path");
        if (node_is(*item, NODE_MAP))
            node_set_default(c->arena, *item, "required", node_bool(c->arena, (*item)->at, true));
    }
    return node;
}

/* "k=v" items to a map: only for contexts of builds, whose values are paths. */
static struct node *canonical_contexts(struct canon *c, struct node *node)
{
    if (!node_is(node, NODE_LIST))
        return node;
    struct node *map = node_map(c->arena, node->at);
    NODE_EACH_ITEM(node, item) {
        const char *text = node_as_text(*item), *equals = text ? strchr(text, '=') : NULL;
        if (!equals) {
            if (c->keep_unparsed)
                return node;
            if (!node_is_wrong(*item))
                refuse(c, *item, "the context", "it has no name", "NAME=CONTEXT");
            continue;
        }
        node_set_len(c->arena, map, text, (size_t)(equals - text), (*item)->at,
                     node_text(c->arena, (*item)->at, equals + 1));
    }
    return map;
}

static struct node *canonical_ssh(struct canon *c, struct node *node)
{
    if (!node_is(node, NODE_LIST))
        return node;
    struct node *map = node_map(c->arena, node->at);
    NODE_EACH_ITEM(node, item) {
        const char *text = node_as_text(*item), *equals = text ? strchr(text, '=') : NULL;
        if (equals)
            node_set_len(c->arena, map, text, (size_t)(equals - text), (*item)->at,
                         node_text(c->arena, (*item)->at, equals + 1));
        else if (text_is(text, "default"))
            node_set(c->arena, map, text, (*item)->at, node_null(c->arena, (*item)->at));
        else if (!node_is_wrong(*item))
            refuse(c, *item, "the ssh key", "it has no path", "default, or ID=PATH");
    }
    return map;
}

static struct node *canonical_gpus(struct canon *c, struct node *node)
{
    if (!node_is(node, NODE_TEXT))
        return node;
    struct node *list = node_list(c->arena, node->at);
    node_add(c->arena, list, text_under_key(c, node_text(c->arena, node->at, "all"), "count"));
    return list;
}

static struct node *canonical_mount(struct canon *c, struct node *node)
{
    char reason[SHORT_REASON_MAX];
    struct node *mount = node;
    if (!node_is(node, NODE_TEXT))
        return node;
    if (short_mount(c->arena, node->at, node->u.text.bytes, &mount, reason) != 0 && !c->keep_unparsed)
        return refuse(c, node, "the mount", reason, "SOURCE:TARGET[:OPTIONS], or TARGET");
    return mount;
}

static struct node *canonical_device(struct canon *c, struct node *node)
{
    char reason[SHORT_REASON_MAX];
    struct node *device = node;
    if (!node_is(node, NODE_TEXT))
        return node;
    if (short_device(c->arena, node->at, node->u.text.bytes, &device, reason) != 0 &&
        !c->keep_unparsed)
        return refuse(c, node, "the device", reason, "SOURCE[:TARGET[:PERMISSIONS]]");
    return device;
}

/* One port item into `list`. False when it cannot be split and has to stay as it is. */
static bool add_port(struct canon *c, struct node *list, struct node *item)
{
    char reason[SHORT_REASON_MAX];
    STR_AUTO(text);
    if (node_is(item, NODE_MAP) || node_is_wrong(item)) {
        node_add(c->arena, list, item);
        return true;
    }
    if (!node_is(item, NODE_TEXT) && !node_is(item, NODE_INT)) {
        finding_add(c->stage->findings, FINDING_ERROR, item->at, c->path.buf,
                    "%s is no port", node_kind_name(item->kind));
        return true;
    }
    node_scalar_text(item, &text);
    size_t n_before = list->u.list.n;
    if (*c->stage->n_ports > STAGE_MAX_PORTS) {
        finding_add(c->stage->findings, FINDING_ERROR, item->at, c->path.buf,
                    "the project's ranges of ports stand for more than %d ports", STAGE_MAX_PORTS);
        return true;
    }
    if (short_ports(c->arena, item->at, text.buf, list, reason) == 0) {
        *c->stage->n_ports += list->u.list.n - n_before;
        for (size_t i = n_before; i < list->u.list.n; i++)
            list->u.list.items[i]->overrode = item->overrode;
        return true;
    }
    if (!c->keep_unparsed)
        node_add(c->arena, list,
                 refuse(c, item, "the port", reason, "[[IP:]PUBLISHED:]TARGET[/PROTOCOL]"));
    return !c->keep_unparsed;
}

/* The list of ports: an item with a range becomes several. */
static struct node *canonical_ports(struct canon *c, struct node *node)
{
    if (!node_is(node, NODE_LIST))
        return node;
    struct node *list = node_list(c->arena, node->at);
    for (size_t i = 0; i < node->u.list.n; i++) {
        size_t len = place_index(&c->path, i);
        bool is_done = add_port(c, list, node->u.list.items[i]);
        str_cut(&c->path, len);
        if (!is_done)
            return node;
    }
    return list;
}

/* The old form external: {name: x} to name: x, external: true. */
static struct node *canonical_external(struct canon *c, struct node *object)
{
    struct node *external = node_get(object, "external");
    if (!node_is(external, NODE_MAP))
        return object;
    struct node *name = node_get(object, "name"), *inner = node_get(external, "name");
    node_set(c->arena, object, "external", external->at, node_bool(c->arena, external->at, true));
    if (!inner)
        return object;
    finding_add(c->stage->findings, FINDING_WARNING, inner->at, c->path.buf,
                "\"external.name\" is deprecated: set \"name\" and \"external: true\"");
    if (!name)
        node_set(c->arena, object, "name", inner->at, inner);
    else if (!node_equal(name, inner))
        finding_add(c->stage->findings, FINDING_ERROR, name->at, c->path.buf,
                    "\"name\" and \"external.name\" differ: only \"name\" is to be used");
    return object;
}

/* --- the walk --------------------------------------------------------------------------------- */

static bool is_empty(const struct node *node)
{
    return (node_is(node, NODE_NULL) && !node_is_wrong(node)) ||
           (node_is(node, NODE_TEXT) && node->u.text.len == 0);
}

static struct node *canonical_list(struct canon *c, struct node *node, const struct schema_row *row)
{
    node = text_in_list(c, node);
    if (!node_is(node, NODE_LIST) || !text_is(row->key, "dns"))
        return node;
    size_t n = 0;
    NODE_EACH_ITEM(node, item)
        if (!is_empty(*item))
            node->u.list.items[n++] = *item;
    node->u.list.n = n;
    return node;
}

/* Is it of no kind that its form can be made of? Only in a file that is extended: others were checked. */
static bool is_other_kind(const struct node *node, const struct schema_row *row)
{
    switch ((enum schema_canonical)row->canonical) {
    case CANON_NONE:
    case CANON_PAIRS:
    case CANON_EXTENDS:
    case CANON_EXTRA_HOSTS:
    case CANON_EXTERNAL:
    case CANON_INCLUDE:
    case CANON_WORDS:
    case CANON_TEST: return false;
    default: return !(schema_kinds_of(node) & row->type->kinds);
    }
}

static struct node *convert(struct canon *c, struct node *node, const struct schema_row *row)
{
    if (is_other_kind(node, row)) {
        refuse_kind(c, node, row->type->kinds);
        return node;
    }
    switch ((enum schema_canonical)row->canonical) {
    case CANON_BUILD:
        return text_under_key(c, node, "context");
    case CANON_DEPENDS_ON:
        return canonical_depends_on(c, node);
    case CANON_NAMES:
        return canonical_names(c, node);
    case CANON_ENV_FILE:
        return canonical_env_file(c, node);
    case CANON_LIST:
        return canonical_list(c, node, row);
    case CANON_PAIRS:
        return row->path == PATH_CONTEXTS ? canonical_contexts(c, node) : node;
    case CANON_TEXT:
        return node_is(node, NODE_BOOL)
                   ? node_text(c->arena, node->at, node->u.truth ? "true" : "false")
                   : node;
    case CANON_GPUS:
        return canonical_gpus(c, node);
    case CANON_MOUNT:
        return canonical_mount(c, node);
    case CANON_DEVICE:
        return canonical_device(c, node);
    case CANON_FILE_REF:
        return text_under_key(c, node, "source");
    case CANON_PORTS:
        return canonical_ports(c, node);
    case CANON_SSH:
        return canonical_ssh(c, node);
    case CANON_EXTERNAL:
        return canonical_external(c, node);
    case CANON_NONE:
    case CANON_EXTENDS:     /* gone by now */
    case CANON_INCLUDE:     /* gone by now */
    case CANON_WORDS:       /* these four: bind.c */
    case CANON_TEST:
    case CANON_ULIMIT:
    case CANON_EXTRA_HOSTS:
        break;
    }
    return node;
}

static struct node *canonical(struct canon *c, struct node *node, const struct schema_row *row)
{
    if (!node || !row)
        return node;
    struct node *given = node;
    node = convert(c, given, row);
    /* A text that is in its long form remembers itself. */
    bool is_kept = given->kind == NODE_TEXT && row->canonical != CANON_GPUS &&
                   row->canonical != CANON_MOUNT && row->canonical != CANON_DEVICE;
    if (node != given && !is_kept)
        node->overrode = given->overrode;
    if (node_is_wrong(given) && node != given)
        node->flags |= NODE_WRONG;
    if (row->bind != BIND_NODE)
        return node; /* nothing below has forms */
    if (node_is(node, NODE_MAP)) {
        NODE_EACH_PAIR(node, pair) {
            size_t len = place_key(&c->path, pair->key);
            pair->value = canonical(c, pair->value, schema_row_of(row, pair->key));
            str_cut(&c->path, len);
        }
    } else if (node_is(node, NODE_LIST) && row->type && row->type->item) {
        for (size_t i = 0; i < node->u.list.n; i++) {
            size_t len = place_index(&c->path, i);
            node->u.list.items[i] = canonical(c, node->u.list.items[i], row->type->item);
            str_cut(&c->path, len);
        }
    }
    return node;
}

void stage_canonicalise(const struct stage *stage, struct node *tree)
{
    struct canon c = {
        .stage = stage,
        .arena = stage->arena,
        .path = STR_INIT,
        .keep_unparsed = stage->options->no_interpolate,
    };
    canonical(&c, tree, schema_root());
    str_release(&c.path);
}
