/*
 * fields-mount.c - the fields about files in a container: volumes, tmpfs, secrets and configs that
 * are files of the host. What is uploaded instead (contents, variables) is in apply-files.c. Plain
 * binds and named volumes go into Binds, as docker compose and all engines know them; what Binds
 * cannot say goes into Mounts. Functions of the table in fields.c.
 */
#include "base/base.h"

#include "operator/docker/fields.h"
#include "operator/docker/files.h"

#define API_CREATE_MOUNTPOINT 42 /* the first that knows BindOptions.CreateMountpoint */

static const struct origin nowhere = ORIGIN_NONE;

/* --- writing ---------------------------------------------------------------------------------- */

static struct node *host_list(struct encode *e, const char *name)
{
    struct node *list = node_get(e->host, name);
    if (!list) {
        list = new_list(e->arena);
        put_node(e->arena, e->host, name, list);
    }
    return list;
}

/* The source of a mount as the engine knows it; NULL: anonymous. */
static const char *mount_source(const struct project *project, const struct mount *mount)
{
    if (mount->type != MOUNT_VOLUME || !text_is_set(mount->source))
        return mount->source;
    const struct volume *volume = project ? project_find_volume(project, mount->source) : NULL;
    return volume ? volume->name : mount->source;
}

/* Only Binds have labels of SELinux; Mounts of old engines cannot make a missing folder. */
static bool is_plain_bind(const struct mount_bind *bind, unsigned api)
{
    if (!bind)
        return true;
    if (!bind->create_host_path || text_is_set(bind->recursive))
        return false;
    return !text_is_set(bind->propagation) || text_is_set(bind->selinux) ||
           api < API_CREATE_MOUNTPOINT;
}

static bool is_plain(const struct mount *mount, unsigned api)
{
    if (mount->type == MOUNT_BIND)
        return is_plain_bind(mount->bind, api);
    if (mount->type == MOUNT_VOLUME && text_is_set(mount->source))
        return !mount->volume || (!mount->volume->nocopy && !text_is_set(mount->volume->subpath) &&
                                  !mount->volume->labels.n);
    return false;
}

static const char *bind_text(struct arena *arena, const char *source, const struct mount *mount)
{
    STR_AUTO(out);
    str_printf(&out, "%s:%s:%s", source, mount->target, mount->read_only ? "ro" : "rw");
    if (mount->bind && text_is_set(mount->bind->selinux))
        str_printf(&out, ",%s", mount->bind->selinux);
    if (mount->bind && text_is_set(mount->bind->propagation))
        str_printf(&out, ",%s", mount->bind->propagation);
    return arena_dup(arena, out.buf);
}

static struct node *bind_options(struct arena *arena, const struct mount_bind *bind, unsigned api)
{
    struct node *out = new_map(arena);
    if (!bind)
        return NULL;
    if (text_is_set(bind->propagation))
        put_text(arena, out, "Propagation", bind->propagation);
    if (bind->create_host_path && api >= API_CREATE_MOUNTPOINT)
        put_bool(arena, out, "CreateMountpoint", true);
    if (text_is(bind->recursive, "disabled"))
        put_bool(arena, out, "NonRecursive", true);
    if (text_is(bind->recursive, "writable"))
        put_bool(arena, out, "ReadOnlyNonRecursive", true);
    if (text_is(bind->recursive, "readonly"))
        put_bool(arena, out, "ReadOnlyForceRecursive", true);
    return out->u.map.n ? out : NULL;
}

static struct node *volume_options(struct arena *arena, const struct mount_volume *volume)
{
    struct node *out = new_map(arena);
    if (!volume)
        return NULL;
    if (volume->nocopy)
        put_bool(arena, out, "NoCopy", true);
    if (text_is_set(volume->subpath))
        put_text(arena, out, "Subpath", volume->subpath);
    if (volume->labels.n)
        put_node(arena, out, "Labels", new_pairs(arena, &volume->labels));
    return out->u.map.n ? out : NULL;
}

static struct node *tmpfs_options(struct arena *arena, const struct mount_tmpfs *tmpfs)
{
    struct node *out = new_map(arena);
    if (!tmpfs)
        return NULL;
    if (tmpfs->size)
        put_int(arena, out, "SizeBytes", tmpfs->size);
    if (tmpfs->mode)
        put_int(arena, out, "Mode", tmpfs->mode);
    return out->u.map.n ? out : NULL;
}

static struct node *image_options(struct arena *arena, const struct mount_image *image)
{
    if (!image || !text_is_set(image->subpath))
        return NULL;
    struct node *out = new_map(arena);
    put_text(arena, out, "Subpath", image->subpath);
    return out;
}

static void put_options(struct arena *arena, struct node *item, const char *name,
                        struct node *options)
{
    if (options)
        put_node(arena, item, name, options);
}

static struct node *mount_node(struct arena *arena, const char *source, const struct mount *mount,
                               unsigned api)
{
    struct node *item = new_map(arena);
    put_text(arena, item, "Type", mount_type_names[mount->type]);
    if (text_is_set(source))
        put_text(arena, item, "Source", source);
    put_text(arena, item, "Target", mount->target);
    if (mount->read_only)
        put_bool(arena, item, "ReadOnly", true);
    if (text_is_set(mount->consistency))
        put_text(arena, item, "Consistency", mount->consistency);
    if (mount->type == MOUNT_BIND)
        put_options(arena, item, "BindOptions", bind_options(arena, mount->bind, api));
    if (mount->type == MOUNT_VOLUME)
        put_options(arena, item, "VolumeOptions", volume_options(arena, mount->volume));
    if (mount->type == MOUNT_TMPFS)
        put_options(arena, item, "TmpfsOptions", tmpfs_options(arena, mount->tmpfs));
    if (mount->type == MOUNT_IMAGE)
        put_options(arena, item, "ImageOptions", image_options(arena, mount->image));
    return item;
}

/* What the replaced instance has mounted at target as an anonymous volume: its name. */
static const char *inherited_volume(const struct encode *e, const char *target, bool *ret_is_ro)
{
    const struct node *mounts = node_get(e->inherit, "Mounts");
    if (!node_is(mounts, NODE_LIST))
        return NULL;
    NODE_EACH_ITEM (mounts, mount) {
        if (text_is(get_text(*mount, "Type"), "volume") &&
            text_is(get_text(*mount, "Destination"), target)) {
            *ret_is_ro = !get_bool(*mount, "RW");
            return get_text(*mount, "Name");
        }
    }
    return NULL;
}

static bool has_target(const struct service *service, const char *target)
{
    VEC_EACH (&service->volumes, mount)
        if (text_is(mount->target, target))
            return true;
    return false;
}

/* The volumes that the image declares keep their contents when an instance is replaced. */
static void add_inherited(struct encode *e)
{
    const struct node *volumes = node_get(e->image_config, "Volumes");
    if (!e->inherit || !node_is(volumes, NODE_MAP))
        return;
    NODE_EACH_PAIR (volumes, pair) {
        bool is_ro = false;
        const char *name = inherited_volume(e, pair->key, &is_ro);
        if (!text_is_set(name) || has_target(e->service, pair->key))
            continue;
        struct mount mount = { .type = MOUNT_VOLUME, .target = pair->key, .read_only = is_ro };
        node_add(e->arena, host_list(e, "Mounts"), mount_node(e->arena, name, &mount, e->api));
    }
}

void encode_volumes(struct encode *e, const struct field *field ATTR_UNUSED)
{
    VEC_EACH (&e->service->volumes, mount) {
        const char *source = mount_source(e->project, mount);
        bool is_ro;
        if (mount->type == MOUNT_VOLUME && !text_is_set(source))
            source = inherited_volume(e, mount->target, &is_ro);
        if (is_plain(mount, e->api))
            node_add(e->arena, host_list(e, "Binds"),
                     new_text(e->arena, bind_text(e->arena, source, mount)));
        else
            node_add(e->arena, host_list(e, "Mounts"), mount_node(e->arena, source, mount, e->api));
    }
    add_inherited(e);
}

void encode_tmpfs(struct encode *e, const struct field *field)
{
    const struct text_list *list = &e->service->tmpfs;
    struct node *out = new_map(e->arena);
    for (size_t i = 0; i < list->n; i++) {
        struct slice options = slice_from(list->items[i]), path;
        slice_split(&options, ':', &path);
        node_set_len(e->arena, out, arena_dup_len(e->arena, path.at, path.len), path.len, nowhere,
                     node_text_len(e->arena, nowhere, options.at, options.len));
    }
    if (list->n)
        put_node(e->arena, e->host, field->name, out);
}

static void add_file(struct encode *e, const char *source, const char *target)
{
    struct mount mount = { .type = MOUNT_BIND, .target = target, .read_only = true };
    node_add(e->arena, host_list(e, "Mounts"), mount_node(e->arena, source, &mount, e->api));
}

static void add_files(struct encode *e, bool is_secret)
{
    size_t n = is_secret ? e->service->secrets.n : e->service->configs.n;
    const struct file_reference *items =
        is_secret ? e->service->secrets.items : e->service->configs.items;
    for (size_t i = 0; i < n; i++) {
        const struct project_file *file = files_find(e->project, items[i].source, is_secret);
        if (file && file->file)
            add_file(e, file->file, files_target(e->arena, &items[i], is_secret));
    }
}

void encode_secrets(struct encode *e, const struct field *field ATTR_UNUSED)
{
    add_files(e, true);
}

void encode_configs(struct encode *e, const struct field *field ATTR_UNUSED)
{
    add_files(e, false);
}

void encode_api_socket(struct encode *e, const struct field *field ATTR_UNUSED)
{
    if (e->service->use_api_socket)
        node_add(e->arena, host_list(e, "Binds"),
                 new_text(e->arena, "/var/run/docker.sock:/var/run/docker.sock:rw"));
}

/* --- reading ---------------------------------------------------------------------------------- */

/* One of Binds or Mounts. */
struct seen {
    const char *type, *source, *target, *options;
    bool is_ro;
    const struct node *node; /* of Mounts, or NULL */
};

static struct seen seen_bind(struct arena *arena, const char *text)
{
    struct slice left = slice_from(text), source, target;
    slice_split(&left, ':', &source);
    slice_split(&left, ':', &target);
    struct seen seen = { .source = arena_dup_len(arena, source.at, source.len),
                         .target = arena_dup_len(arena, target.at, target.len) };
    seen.type = source.len && source.at[0] == '/' ? "bind" : "volume";
    seen.options = arena_dup_len(arena, left.at, left.len);
    struct slice one;
    bool has_more = true;
    while (has_more) {
        has_more = slice_split(&left, ',', &one);
        seen.is_ro = seen.is_ro || slice_is(one, "ro");
    }
    return seen;
}

static struct seen seen_mount(const struct node *node)
{
    const char *type = get_text(node, "Type");
    return (struct seen){ .type = type ? type : "volume",
                          .source = get_text(node, "Source") ? get_text(node, "Source") : "",
                          .target = get_text(node, "Target") ? get_text(node, "Target") : "",
                          .is_ro = get_bool(node, "ReadOnly"),
                          .node = node };
}

typedef VEC(struct seen) seen_list;

static void collect_seen(const struct readback *r, seen_list *out)
{
    const struct node *binds = node_get(r->host, "Binds"), *mounts = node_get(r->host, "Mounts");
    if (node_is(binds, NODE_LIST))
        NODE_EACH_ITEM (binds, item)
            if (node_as_text(*item))
                VEC_ADD(out, seen_bind(r->arena, node_as_text(*item)));
    if (node_is(mounts, NODE_LIST))
        NODE_EACH_ITEM (mounts, item)
            VEC_ADD(out, seen_mount(*item));
}

static bool is_as_wanted(const struct readback *r, const struct seen *seen,
                         const struct mount *mount)
{
    const char *source = mount_source(r->project, mount);
    bool is_anonymous = mount->type == MOUNT_VOLUME && !text_is_set(source);
    if (!text_is(seen->type, mount_type_names[mount->type]) ||
        !text_is(seen->target, mount->target) || seen->is_ro != mount->read_only ||
        (!is_anonymous && !text_is(seen->source, source ? source : "")))
        return false;
    if (!seen->node)
        return !is_plain(mount, r->api) ||
               text_is(strrchr(bind_text(r->arena, source, mount), ':') + 1, seen->options);
    if (is_plain(mount, r->api))
        return true;
    const struct node *mine = mount_node(r->arena, source, mount, r->api);
    static const char *const options[] = { "BindOptions", "VolumeOptions", "TmpfsOptions",
                                           "ImageOptions" };
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (!fields_same(node_get(mine, options[i]), node_get(seen->node, options[i])))
            return false;
    return true;
}

/* The secret or config of the project whose file this is: mounted read-only, by nothing but its
   path. */
static const struct project_file *find_file(const struct readback *r, const struct seen *seen,
                                            bool is_secret)
{
    if (!r->project || !seen->node || !seen->is_ro || !text_is(seen->type, "bind") ||
        !fields_is_empty(node_get(seen->node, "BindOptions")))
        return NULL;
    size_t n = is_secret ? r->project->secrets.n : r->project->configs.n;
    for (size_t i = 0; i < n; i++) {
        const struct project_file *file =
            is_secret ? r->project->secrets.items[i] : r->project->configs.items[i];
        if (text_is(file->file, seen->source))
            return file;
    }
    return NULL;
}

/* It is wanted with use_api_socket, or was made with it. */
static bool has_api_socket(const struct readback *r)
{
    const struct node *list = node_get(r->config, "Env");
    if (r->service && r->service->use_api_socket)
        return true;
    if (node_is(list, NODE_LIST))
        NODE_EACH_ITEM (list, item)
            if (text_is(node_as_text(*item), FILES_CONFIG_VARIABLE))
                return true;
    return false;
}

/* Files of secrets and configs, and volumes that the image brings, are not in `volumes`. */
static bool is_others(const struct readback *r, const struct seen *seen)
{
    if (text_starts(seen->target, "/run/secrets/"))
        return true;
    if (text_is(seen->type, "volume") && node_get(node_get(r->image, "Volumes"), seen->target))
        return true;
    if (has_api_socket(r) && text_is(seen->target, "/var/run/docker.sock"))
        return true;
    if (find_file(r, seen, false) || find_file(r, seen, true))
        return true;
    if (r->service)
        VEC_EACH (&r->service->configs, reference)
            if (text_is(files_target(r->arena, reference, false), seen->target))
                return true;
    return false;
}

/* "p_data" of a project "p", whose volume "data" is not in the description any more. */
static const char *plain_key(const struct readback *r, const char *name)
{
    size_t len = r->project ? strlen(r->project->name) : 0;
    bool is_ours = len && text_starts(name, r->project->name) && name[len] == '_' && name[len + 1];
    return is_ours ? name + len + 1 : name;
}

static const char *volume_key(const struct readback *r, const char *name)
{
    if (r->project)
        VEC_EACH (&r->project->volumes, volume)
            if (text_is((*volume)->name, name))
                return (*volume)->key;
    return plain_key(r, name);
}

/* What the engine shows of the options of a mount. */
static const struct {
    const char *type, *group, *name, *key;
} mount_options[] = {
    { "bind", "BindOptions", "Propagation", "propagation" },
    { "volume", "VolumeOptions", "NoCopy", "nocopy" },
    { "volume", "VolumeOptions", "Subpath", "subpath" },
    { "volume", "VolumeOptions", "Labels", "labels" },
    { "tmpfs", "TmpfsOptions", "SizeBytes", "size" },
    { "tmpfs", "TmpfsOptions", "Mode", "mode" },
    { "image", "ImageOptions", "Subpath", "subpath" },
};

static bool is_shown_option(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(mount_options); i++)
        if (text_is(mount_options[i].key, key))
            return true;
    return text_is(key, "selinux");
}

static void add_options(struct arena *arena, const struct seen *seen, struct node *out)
{
    for (size_t i = 0; seen->node && i < ARRAY_LEN(mount_options); i++) {
        const struct node *value =
            node_get_path(seen->node, mount_options[i].group, mount_options[i].name, NULL);
        if (text_is(mount_options[i].type, seen->type) && !fields_is_empty(value))
            put_node(arena, out, mount_options[i].key, node_copy(arena, value));
    }
    struct slice left = slice_from(seen->options ? seen->options : ""), one;
    bool has_more = left.len > 0;
    while (has_more) {
        has_more = slice_split(&left, ',', &one);
        bool is_label = slice_is(one, "z") || slice_is(one, "Z");
        if (is_label || slice_ends(one, "shared") || slice_ends(one, "slave") ||
            slice_ends(one, "private"))
            put_text(arena, out, is_label ? "selinux" : "propagation",
                     arena_dup_len(arena, one.at, one.len));
    }
}

static struct node *seen_node(const struct readback *r, const struct seen *seen)
{
    struct node *out = new_map(r->arena);
    put_text(r->arena, out, "type", seen->type);
    if (*seen->source)
        put_text(r->arena, out, "source",
                 text_is(seen->type, "volume") ? volume_key(r, seen->source) : seen->source);
    put_text(r->arena, out, "target", seen->target);
    if (seen->is_ro)
        put_bool(r->arena, out, "read_only", true);
    struct node *options = new_map(r->arena);
    add_options(r->arena, seen, options);
    if (options->u.map.n)
        put_node(r->arena, out, seen->type, options);
    return out;
}

/* A mount that differs keeps what the engine does not show of the wanted one at its target. */
static struct node *seen_changed(const struct readback *r, const struct seen *seen,
                                 const struct node *want)
{
    struct node *out = seen_node(r, seen);
    if (!node_is(want, NODE_LIST))
        return out;
    NODE_EACH_ITEM (want, item) {
        const struct node *options = node_get(*item, seen->type);
        if (!text_is(get_text(*item, "target"), seen->target) || !node_is(options, NODE_MAP))
            continue;
        struct node *mine = node_get(out, seen->type);
        if (!mine) {
            mine = new_map(r->arena);
            put_node(r->arena, out, seen->type, mine);
        }
        NODE_EACH_PAIR (options, pair)
            if (!is_shown_option(pair->key) && !node_get(mine, pair->key))
                put_node(r->arena, mine, pair->key, pair->value);
    }
    return out;
}

struct node *readback_volumes(struct readback *r, const struct field *field)
{
    const struct node *want = readback_wanted(r, field);
    seen_list seen = { NULL, 0, 0 };
    collect_seen(r, &seen);
    struct node *out = new_list(r->arena);
    bool *is_taken = ARENA_NEW_N(r->arena, bool, seen.n + 1);
    bool is_parallel =
        r->service && node_is(want, NODE_LIST) && want->u.list.n == r->service->volumes.n;
    for (size_t i = 0; is_parallel && i < want->u.list.n; i++)
        for (size_t k = 0; k < seen.n; k++)
            if (!is_taken[k] && is_as_wanted(r, &seen.items[k], &r->service->volumes.items[i])) {
                is_taken[k] = true;
                node_add(r->arena, out, want->u.list.items[i]);
                break;
            }
    for (size_t k = 0; k < seen.n; k++)
        if (!is_taken[k] && !is_others(r, &seen.items[k]))
            node_add(r->arena, out, seen_changed(r, &seen.items[k], want));
    VEC_RELEASE(&seen);
    return out->u.list.n || want ? out : NULL;
}

struct node *readback_tmpfs(struct readback *r, const struct field *field)
{
    const struct node *map = readback_engine(r, field);
    if (!node_is(map, NODE_MAP) || !map->u.map.n)
        return NULL;
    struct node *out = new_list(r->arena);
    NODE_EACH_PAIR (map, pair) {
        const char *options = node_as_text(pair->value);
        node_add(r->arena, out,
                 new_text(r->arena, text_is_set(options)
                                        ? arena_printf(r->arena, "%s:%s", pair->key, options)
                                        : pair->key));
    }
    return out;
}

/* Of the wanted references those whose file is mounted; what is uploaded cannot be seen. */
static struct node *read_files(struct readback *r, const struct field *field, bool is_secret)
{
    const struct node *want = readback_wanted(r, field);
    struct node *out = new_list(r->arena);
    seen_list seen = { NULL, 0, 0 };
    collect_seen(r, &seen);
    size_t n = !r->service ? 0 : is_secret ? r->service->secrets.n : r->service->configs.n;
    if (!node_is(want, NODE_LIST) || want->u.list.n != n)
        n = 0;
    bool *is_taken = ARENA_NEW_N(r->arena, bool, seen.n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct file_reference *reference =
            is_secret ? &r->service->secrets.items[i] : &r->service->configs.items[i];
        const struct project_file *file = files_find(r->project, reference->source, is_secret);
        const char *target = files_target(r->arena, reference, is_secret);
        bool is_there = !file || !file->file;
        for (size_t k = 0; k < seen.n && !is_there; k++)
            if (text_is(seen.items[k].target, target) && text_is(seen.items[k].source, file->file))
                is_there = is_taken[k] = true;
        if (is_there)
            node_add(r->arena, out, want->u.list.items[i]);
    }
    for (size_t k = 0; k < seen.n; k++) {
        const struct project_file *file = find_file(r, &seen.items[k], is_secret);
        bool is_secrets = is_secret && text_starts(seen.items[k].target, "/run/secrets/");
        /* A file that is both: a secret by its place. */
        bool is_others_too = !is_secret && text_starts(seen.items[k].target, "/run/secrets/");
        if (is_taken[k] || (!file && !is_secrets) || is_others_too)
            continue;
        struct node *item = new_map(r->arena);
        put_text(r->arena, item, "source", file ? file->key : seen.items[k].source);
        put_text(r->arena, item, "target", seen.items[k].target);
        node_add(r->arena, out, item);
    }
    VEC_RELEASE(&seen);
    return out->u.list.n || want ? out : NULL;
}

struct node *readback_secrets(struct readback *r, const struct field *field)
{
    return read_files(r, field, true);
}

struct node *readback_configs(struct readback *r, const struct field *field)
{
    return read_files(r, field, false);
}

struct node *readback_api_socket(struct readback *r, const struct field *field)
{
    const struct node *want = readback_wanted(r, field), *binds = node_get(r->host, "Binds");
    if ((!want && !has_api_socket(r)) || !node_is(binds, NODE_LIST))
        return NULL;
    NODE_EACH_ITEM (binds, item)
        if (node_as_text(*item) && text_starts(node_as_text(*item), "/var/run/docker.sock:"))
            return node_bool(r->arena, nowhere, true);
    return NULL;
}
