/*
 * extends.c - services that go on from others (compose-file.md 8.1). See loader.h.
 *
 * A scope is a set of services that know each other: those of one document, or those of a file that was
 * named by `extends.file`. Such a file is read once, made canonical and its paths absolute; its services
 * follow their own `extends` when they are first asked for. Every extending service gets a copy of its base.
 */
#include "base/base.h"

#include "compose-compat/file/loader.h"

#include "base/file.h"
#include "compose-compat/file/merge.h"
#include "compose-compat/file/unique.h"
#include "compose-compat/file/validate.h"

struct scope {
    struct node *services; /* a map */
    const char *path;      /* of the file */
    bool is_bad;           /* it could not be parsed */
    const char *dir;       /* where `extends.file` starts from */
    const struct reset_paths *resets;
    struct reset_paths own_resets;
    unsigned number; /* for the history */
    struct map done; /* names whose `extends` was followed */
};

/* The way down to a base: for cycles, and for the resets that act on it. */
struct link {
    const struct link *up;
    const struct scope *scope;
    const char *name;
    unsigned depth;
};

/* Resets of the documents on the way. */
struct reset_chain {
    const struct reset_chain *up;
    const struct reset_paths *resets;
};

/* What an `extends` says. */
struct reference {
    const char *service;
    const char *file; /* or NULL */
    struct origin at;
};

static struct node *follow(const struct load_set *set, struct scope *scope, const char *name,
                           const struct link *up, const struct reset_chain *resets);

static struct finding *add(const struct load_set *set, const struct link *link, struct origin at,
                           const char *text)
{
    struct trail services = TRAIL_KEY(NULL, "services");
    struct trail service = TRAIL_KEY(&services, link->name);
    struct trail here = TRAIL_KEY(&service, "extends");
    return trail_finding(&here, set->loader->findings, FINDING_ERROR, at, "%s", text);
}

static const struct schema_row *service_row(void)
{
    return schema_section("services");
}

/* --- files ------------------------------------------------------------------------------------- */

/* All documents of the file as one canonical tree. */
static struct node *merge_file(const struct load_set *set, const struct loader_file *file,
                               struct scope *scope)
{
    struct loader *loader = set->loader;
    struct merge merge = { loader->arena, loader->findings };
    struct node *whole = NULL;
    for (size_t i = 0; i < file->documents.n; i++) {
        const struct node *raw = file->documents.items[i];
        if (raw->kind != NODE_MAP) {
            finding_add(loader->findings, FINDING_ERROR, raw->at, NULL,
                        "the top level must be a mapping, not %s",
                        node_kind_name((enum node_kind)raw->kind));
            continue;
        }
        struct node *tree = loader_prepare(set, raw, scope->dir, &scope->own_resets);
        node_remove(tree, "include");
        if (whole)
            document_apply_resets(&scope->own_resets, whole, NULL, 0, tree);
        whole = whole ? merge_nodes(&merge, whole, tree, schema_root(), NULL) : tree;
    }
    return whole;
}

static struct scope *new_scope(const struct load_set *set, const struct loader_file *file)
{
    struct loader *loader = set->loader;
    struct scope *scope = ARENA_NEW(loader->arena, struct scope);
    STR_AUTO(dir);
    path_dir(file->path, &dir);
    scope->path = file->path;
    scope->is_bad = file->is_bad;
    scope->dir = arena_dup_len(loader->arena, dir.buf, dir.len);
    scope->resets = &scope->own_resets;
    scope->number = history_scope(loader->history);
    map_init(&scope->done);
    unsigned before = history_enter(loader->history, scope->number);
    struct node *tree = merge_file(set, file, scope);
    (void)history_enter(loader->history, before);
    if (!tree || !node_is(node_get(tree, "services"), NODE_MAP))
        return scope;
    struct stage stage = loader_stage(set, file->path);
    stage.working_dir = scope->dir;
    stage.enclosing_dir = set->working_dir;
    unique_enforce(loader->arena, loader->findings, tree, schema_root(), false, NULL);
    stage_canonicalise(&stage, tree);
    unique_enforce(loader->arena, loader->findings, tree, schema_root(), true, NULL);
    stage_resolve_paths(&stage, tree);
    scope->services = node_get(tree, "services");
    return scope;
}

/* The scope of a file, made once for each environment. NULL after adding a finding. */
static struct scope *file_scope(const struct load_set *set, const struct scope *from,
                                const struct reference *reference, const struct link *link)
{
    struct loader *loader = set->loader;
    const char *path = loader_path(loader, from->dir, reference->file);
    STR_AUTO(key);
    /* Paths that stay relative depend on who asks. */
    str_printf(&key, "%u:%s:%s", set->environment_number,
               loader->options->no_path_resolution ? set->working_dir : "", path);
    struct scope *scope = map_find(&loader->extended, key.buf);
    if (scope)
        return scope;
    ERR_AUTO(err);
    struct loader_file *file = loader_read(loader, path, &err);
    if (!file) {
        add(set, link, reference->at, err.text);
        return NULL;
    }
    scope = new_scope(set, file);
    map_set(&loader->extended, key.buf, scope);
    return scope;
}

void extends_release(struct loader *loader)
{
    MAP_EACH(&loader->extended, entry) {
        struct scope *scope = entry->value;
        map_release(&scope->done);
    }
}

/* --- one service ------------------------------------------------------------------------------- */

/* Reads the attribute. False after adding what is wrong with it. */
static bool parse_reference(const struct load_set *set, struct node *extends,
                            const struct link *link, struct reference *ret_reference)
{
    struct findings *findings = set->loader->findings;
    size_t n_errors = findings->n_errors;
    struct trail services = TRAIL_KEY(NULL, "services");
    struct trail service = TRAIL_KEY(&services, link->name);
    struct trail here = TRAIL_KEY(&service, "extends");
    struct validate validate = { set->loader->arena, findings };
    validate_node(&validate, extends, schema_find(service_row()->type, "extends"), &here);
    if (findings->n_errors > n_errors || node_has_wrong(extends))
        return false;
    validate_warn_unknown(findings, extends, schema_find(service_row()->type, "extends"), &here);
    *ret_reference = (struct reference){ node_as_text(extends), NULL, extends->at };
    if (extends->kind == NODE_MAP) {
        ret_reference->service = node_as_text(node_get(extends, "service"));
        ret_reference->file = node_as_text(node_get(extends, "file"));
    }
    return true;
}

static bool is_cycle(const struct load_set *set, const struct link *link, struct origin at)
{
    const struct link *first = link->up;
    while (first && !(first->scope == link->scope && strcmp(first->name, link->name) == 0))
        first = first->up;
    if (!first)
        return false;
    STR_AUTO(chain);
    str_add(&chain, link->name);
    for (const struct link *step = link->up;; step = step->up) {
        str_printf(&chain, " <- %s", step->name);
        if (step == first)
            break;
    }
    struct finding *finding = add(set, link, at, "a service extends itself");
    finding_hint(finding, "the circle: %s (in \"%s\")", chain.buf, link->scope->path);
    return true;
}

static void refuse_missing(const struct load_set *set, const struct link *link,
                           const struct scope *base, const struct reference *reference)
{
    STR_AUTO(text);
    str_printf(&text, "the service \"%s\" is not in \"%s\"", reference->service, base->path);
    struct finding *finding = add(set, link, reference->at, text.buf);
    const char *names[64];
    size_t n = 0;
    if (base->services) {
        NODE_EACH_PAIR(base->services, pair)
            if (n < ARRAY_LEN(names))
                names[n++] = pair->key;
    }
    const char *nearest = text_nearest(reference->service, names, n);
    if (nearest)
        finding_hint(finding, "did you mean \"%s\"?", nearest);
    else if (!reference->file)
        finding_hint(finding, "only services of the same file can be extended without \"file\"");
}

/* A copy of the base, without what the resets on the way delete; NULL when there is none. */
static struct node *copy_base(const struct load_set *set, struct scope *scope, const struct link *link,
                              const struct reference *reference, const struct reset_chain *resets)
{
    struct scope *from = scope;
    struct reset_chain file_resets = { resets, NULL };
    if (reference->file) {
        from = file_scope(set, scope, reference, link);
        if (!from)
            return NULL;
        file_resets.resets = from->resets;
        resets = &file_resets;
    }
    if (from->is_bad)
        return NULL;
    if (!from->services || !node_get_pair(from->services, reference->service,
                                          strlen(reference->service))) {
        refuse_missing(set, link, from, reference);
        return NULL;
    }
    struct node *base = follow(set, from, reference->service, link, resets);
    if (!node_is(base, NODE_MAP))
        return NULL;
    struct node *copy = document_clone(set->loader->arena, base);
    const char *const prefix[] = { "services", link->name };
    struct history *history = set->loader->history;
    history_hand_on(history, from->number, reference->service, scope->number, link->name);
    unsigned before = history_enter(history, scope->number);
    for (; resets; resets = resets->up)
        document_apply_resets(resets->resets, copy, prefix, 2,
                              node_get(scope->services, link->name));
    (void)history_enter(history, before);
    return copy;
}

/* The service with everything that it extends. */
static struct node *follow(const struct load_set *set, struct scope *scope, const char *name,
                           const struct link *up, const struct reset_chain *resets)
{
    struct loader *loader = set->loader;
    struct node_pair *pair = node_get_pair(scope->services, name, strlen(name));
    struct node *service = pair->value;
    struct node *extends = node_get(service, "extends");
    if (!extends || map_has(&scope->done, name))
        return service;
    struct link link = { up, scope, name, up ? up->depth + 1 : 0 };
    struct reference reference;
    if (is_cycle(set, &link, extends->at)) {
        service->flags |= NODE_WRONG;
        return service;
    }
    struct node *base = NULL;
    if (link.depth >= LOADER_MAX_EXTENDS_DEPTH)
        add(set, &link, extends->at, "the chain of extended services is too long");
    else if (parse_reference(set, extends, &link, &reference))
        base = copy_base(set, scope, &link, &reference, resets);
    node_remove(service, "extends");
    map_set(&scope->done, name, scope);
    if (base) {
        struct merge merge = { loader->arena, loader->findings };
        struct trail services = TRAIL_KEY(NULL, "services");
        struct trail here = TRAIL_KEY(&services, name);
        base->at = service->at;
        service = merge_nodes(&merge, base, service, service_row(), &here);
        pair->value = service;
    } else {
        service->flags |= NODE_WRONG;
    }
    return service;
}

void extends_apply(const struct load_set *set, const char *path, struct node *tree,
                   const struct reset_paths *resets)
{
    struct node *services = node_get(tree, "services");
    if (!node_is(services, NODE_MAP))
        return;
    struct scope scope = { .services = services, .path = path, .dir = set->working_dir,
                           .resets = resets, .number = history_scope(set->loader->history) };
    struct reset_chain chain = { NULL, resets };
    map_init(&scope.done);
    NODE_EACH_PAIR(services, pair) {
        if (node_get(pair->value, "extends"))
            follow(set, &scope, pair->key, NULL, &chain);
    }
    history_hand_on(set->loader->history, scope.number, NULL, 0, NULL);
    map_release(&scope.done);
}
