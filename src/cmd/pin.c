/*
 * pin.c - collects a project's images, has the operator look up their digests side by side, and
 * puts them into the trees that `config` prints. See pin.h.
 */
#include "base/base.h"

#include "cmd/pin.h"

#include "base/map.h"
#include "cmd/operate.h"

struct pinning;

/* One image, however often it is used. */
struct pinned_image {
    struct pinning *pinning;
    const char *name;   /* as written */
    const char *pinned; /* with its digest, in the arena; NULL: err says why not */
    struct err err;
};

struct pinning {
    struct cmd_context *context;
    struct arena *arena;
    struct map images; /* name -> struct pinned_image * */
    size_t next, n_done, limit;
    bool is_done;
};

/* --- where images are ------------------------------------------------------------------------- */

typedef void (*image_fn)(struct pinning *pinning, struct node *image, const char *path);

static void visit_image(struct pinning *pinning, struct node *image, const char *path, image_fn fn)
{
    if (node_is(image, NODE_TEXT) && image->u.text.len > 0)
        fn(pinning, image, path);
}

static bool is_image_volume(const struct node *volume)
{
    return text_is(node_as_text(node_get(volume, "type")), "image");
}

static void visit_service(struct pinning *pinning, const struct service *service, image_fn fn)
{
    const struct node *volumes = node_get(service->source, "volumes");
    STR_AUTO(path);

    str_printf(&path, "services.%s.image", service->name);
    visit_image(pinning, node_get(service->source, "image"), path.buf, fn);
    if (!node_is(volumes, NODE_LIST))
        return;
    for (size_t i = 0; i < volumes->u.list.n; i++) {
        const struct node *volume = volumes->u.list.items[i];

        if (!is_image_volume(volume))
            continue;
        str_clear(&path);
        str_printf(&path, "services.%s.volumes[%zu].source", service->name, i);
        visit_image(pinning, node_get(volume, "source"), path.buf, fn);
    }
}

static void visit(struct pinning *pinning, image_fn fn)
{
    VEC_EACH (&pinning->context->project->services, service) {
        if (!(*service)->is_disabled)
            visit_service(pinning, *service, fn);
    }
}

/* --- looking up ------------------------------------------------------------------------------- */

static void collect_image(struct pinning *pinning, struct node *image, const char *path ATTR_UNUSED)
{
    const char *name = image->u.text.bytes;
    struct pinned_image *item;

    if (map_has(&pinning->images, name))
        return;
    item = ARENA_NEW(pinning->arena, struct pinned_image);
    *item = (struct pinned_image){ .pinning = pinning, .name = name, .err = ERR_INIT };
    map_set(&pinning->images, name, item);
}

static void start_more(struct pinning *pinning);

static void on_pinned(void *arg, const char *pinned, struct err *err)
{
    struct pinned_image *item = arg;
    struct pinning *pinning = item->pinning;

    if (pinned != NULL)
        item->pinned = arena_dup(pinning->arena, pinned);
    else
        err_move(&item->err, err);
    pinning->n_done++;
    start_more(pinning);
}

static void start_more(struct pinning *pinning)
{
    const struct cmd_context *context = pinning->context;

    pinning->is_done = pinning->n_done == pinning->images.n;
    while (pinning->next < pinning->images.n && pinning->next - pinning->n_done < pinning->limit) {
        struct pinned_image *item = pinning->images.entries[pinning->next++].value;

        context->ops->pin(context->operator_handle, item->name, on_pinned, item);
    }
}

/* --- putting in ------------------------------------------------------------------------------- */

static void put_image(struct pinning *pinning, struct node *image, const char *path)
{
    const struct pinned_image *item = map_find(&pinning->images, image->u.text.bytes);

    if (item->pinned == NULL) {
        finding_add(&pinning->context->findings, FINDING_ERROR, image->at, path,
                    "failed to resolve digest: %s", item->err.text);
        return;
    }
    image->u.text.bytes = item->pinned;
    image->u.text.len = strlen(item->pinned);
}

/* Gives the project trees that may be changed. */
static void copy_trees(struct project *project)
{
    struct arena *arena = project->arena;
    struct node *tree = node_copy_shallow(arena, project->source);
    const struct node *old = node_get(tree, "services");
    struct node *services = node_copy_shallow(arena, old);

    VEC_EACH (&project->services, service) {
        struct node *copy = node_copy(arena, (*service)->source);

        (*service)->source = copy;
        node_set(arena, services, (*service)->name, (*service)->at, copy);
    }
    node_set(arena, tree, "services", old->at, services);
    project->source = tree;
}

/* Without an endpoint nothing has a digest: that is said once. */
static int check_endpoint(struct pinning *pinning, struct err *err)
{
    MAP_EACH (&pinning->images, entry) {
        struct pinned_image *item = entry->value;

        if (item->err.code == ERR_CONNECT)
            return err_move(err, &item->err);
    }
    return 0;
}

static int put_images(struct pinning *pinning, struct err *err)
{
    size_t n_before = pinning->context->findings.n_errors;
    size_t n;

    if (check_endpoint(pinning, err) < 0)
        return -1;
    visit(pinning, put_image);
    n = pinning->context->findings.n_errors - n_before;
    if (n > 0)
        return err_set(err, ERR_INPUT, "%zu images have no digest", n);
    return 0;
}

int pin_images(struct cmd_context *context, struct err *err)
{
    struct pinning pinning = { .context = context, .arena = context->project->arena };
    int result;

    if (context_open_operator(context, err) < 0)
        return -1;
    if (context->ops->pin == NULL)
        return err_set(err, ERR_UNSUPPORTED, "operator \"%s\" knows no digests of images",
                       context->ops->name);
    copy_trees(context->project);
    visit(&pinning, collect_image);
    pinning.limit = context->globals.parallel.has && context->globals.parallel.value > 0
                        ? (size_t)context->globals.parallel.value
                        : context->ops->concurrency(context->operator_handle);
    start_more(&pinning);
    result = operate_until(context, &pinning.is_done, err);
    if (result == 0)
        result = put_images(&pinning, err);
    MAP_EACH (&pinning.images, entry)
        err_release(&((struct pinned_image *)entry->value)->err);
    map_release(&pinning.images);
    return result;
}

/* --- the lock --------------------------------------------------------------------------------- */

static struct node *image_volumes(struct arena *arena, const struct node *volumes)
{
    struct node *kept = node_list(arena, volumes->at);

    NODE_EACH_ITEM (volumes, item) {
        if (is_image_volume(*item))
            node_add(arena, kept, *item);
    }
    return kept;
}

static struct node *images_of(struct arena *arena, const struct node *service)
{
    struct node *kept = node_map(arena, service->at);
    struct node *image = node_get(service, "image");
    const struct node *volumes = node_get(service, "volumes");

    if (image != NULL)
        node_set(arena, kept, "image", image->at, image);
    if (!node_is(volumes, NODE_LIST))
        return kept;
    struct node *mounts = image_volumes(arena, volumes);
    if (mounts->u.list.n > 0)
        node_set(arena, kept, "volumes", volumes->at, mounts);
    return kept;
}

void pin_keep_images(struct project *project, bool with_name)
{
    struct arena *arena = project->arena;
    struct origin none = ORIGIN_NONE;
    struct node *tree = node_map(arena, none);
    struct node *services = node_map(arena, none);

    VEC_EACH (&project->services, service) {
        struct node *kept = images_of(arena, (*service)->source);

        (*service)->source = kept;
        node_set(arena, services, (*service)->name, (*service)->at, kept);
    }
    if (with_name)
        node_set(arena, tree, "name", none, node_text(arena, none, ""));
    node_set(arena, tree, "services", none, services);
    project->source = tree;
}
