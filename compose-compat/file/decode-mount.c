/*
 * decode-mount.c - mounts of a service into the model.
 */
#include "base/base.h"

#include "compose-compat/file/decode-parts.h"

static const struct decode_row bind_rows[] = {
    DECODE_ROW("propagation", decode_text, struct mount_bind, propagation),
    DECODE_ROW("recursive", decode_text, struct mount_bind, recursive),
    DECODE_ROW("selinux", decode_text, struct mount_bind, selinux),
    DECODE_ROW("create_host_path", decode_bool, struct mount_bind, create_host_path),
    DECODE_END,
};
static const struct decode_row volume_rows[] = {
    DECODE_ROW("nocopy", decode_bool, struct mount_volume, nocopy),
    DECODE_ROW("subpath", decode_text, struct mount_volume, subpath),
    DECODE_ROW("labels", decode_pairs, struct mount_volume, labels),
    DECODE_END,
};
static const struct decode_row tmpfs_rows[] = {
    DECODE_ROW("size", decode_size, struct mount_tmpfs, size),
    DECODE_ROW("mode", decode_int, struct mount_tmpfs, mode),
    DECODE_END,
};
static const struct decode_row image_rows[] = {
    DECODE_ROW("subpath", decode_text, struct mount_image, subpath),
    DECODE_END,
};

/* The bound tree leaves create_host_path out when it is true. */
static int decode_bind(struct decode *decode, const struct node *value, const struct decode_row *row,
                       void *member)
{
    (void)row;
    if (!node_is(value, NODE_MAP))
        return 0;
    struct mount_bind *bind = ARENA_NEW(decode->arena, struct mount_bind);
    bind->create_host_path = true;
    *(struct mount_bind **)member = bind;
    return decode_map(decode, value, bind_rows, bind);
}

static int decode_mount_type(struct decode *decode, const struct node *value,
                             const struct decode_row *row, void *member)
{
    (void)decode, (void)row;
    for (int i = 0; mount_type_names[i]; i++)
        if (text_is(node_as_text(value), mount_type_names[i]))
            *(enum mount_type *)member = (enum mount_type)i;
    return 0;
}

static const struct decode_row mount_rows[] = {
    DECODE_ROW("type", decode_mount_type, struct mount, type),
    DECODE_ROW("source", decode_text, struct mount, source),
    DECODE_ROW("target", decode_text, struct mount, target),
    DECODE_ROW("read_only", decode_bool, struct mount, read_only),
    DECODE_ROW("consistency", decode_text, struct mount, consistency),
    DECODE_ROW("bind", decode_bind, struct mount, bind),
    DECODE_MORE("volume", decode_struct_ptr, struct mount, volume, volume_rows,
                sizeof(struct mount_volume)),
    DECODE_MORE("tmpfs", decode_struct_ptr, struct mount, tmpfs, tmpfs_rows,
                sizeof(struct mount_tmpfs)),
    DECODE_MORE("image", decode_struct_ptr, struct mount, image, image_rows,
                sizeof(struct mount_image)),
    DECODE_END,
};

int decode_mounts(struct decode *decode, const struct node *value, const struct decode_row *row,
                  void *member)
{
    (void)row;
    if (!node_is(value, NODE_LIST))
        return 0;
    decode_reserve(decode, member, value->u.list.n, sizeof(struct mount));
    NODE_EACH_ITEM(value, item) {
        struct mount *mount = decode_new_item(decode, member, sizeof(*mount));
        decode_map(decode, *item, mount_rows, mount);
        mount->at = (*item)->at;
    }
    return 0;
}
