/*
 * schema-mount.c - the table's rows of services.*.volumes. Read through schema.h.
 */
#include "base/base.h"

#include "compose-compat/file/schema-parts.h"
#include "compose-compat/file/schema-types.h"

static const char *const recursive_words[] = { "enabled", "disabled", "writable", "readonly", NULL };
static const struct schema_type recursive_type = {
    .kinds = KIND_TEXT, .words = recursive_words,
};
static const char *const selinux_words[] = { "z", "Z", NULL };
static const struct schema_type selinux_type = {
    .kinds = KIND_TEXT, .words = selinux_words,
};
static const struct schema_row bind_rows[] = {
    { "create_host_path", &bool_or_text_type, .order = 3, .bind = BIND_BOOL, .omit = OMIT_TRUE },
    { "propagation", &text_type, .order = 2, .bind = BIND_TEXT },
    { "recursive", &recursive_type, .order = 4, .bind = BIND_TEXT },
    { "selinux", &selinux_type, .order = 1, .bind = BIND_TEXT },
};
static const struct schema_type bind_type = {
    .kinds = KIND_MAP, .rows = bind_rows, .n_rows = ARRAY_LEN(bind_rows),
};
static const struct schema_row volume_rows[] = {
    { "labels", &pairs_type, .order = 1, .merge = MERGE_SEQUENCE, .canonical = CANON_PAIRS,
      .bind = BIND_PAIRS },
    { "nocopy", &bool_or_text_type, .order = 2, .cast = CAST_BOOL, .bind = BIND_BOOL },
    { "subpath", &text_type, .order = 3, .bind = BIND_TEXT },
};
static const struct schema_type volume_type = {
    .kinds = KIND_MAP, .rows = volume_rows, .n_rows = ARRAY_LEN(volume_rows),
};
static const struct schema_type size_type = {
    .kinds = KIND_INT | KIND_TEXT, .has_range = true, .minimum = 0, .maximum = INT16_MAX,
    .forms = "a size in bytes, or with a unit: \"64m\"",
};
static const struct schema_row tmpfs_rows[] = {
    { "mode", &number_or_text_type, .order = 2, .bind = BIND_UINT32 },
    { "size", &size_type, .order = 1, .bind = BIND_BYTES },
};
static const struct schema_type tmpfs_type = {
    .kinds = KIND_MAP, .rows = tmpfs_rows, .n_rows = ARRAY_LEN(tmpfs_rows),
};
static const struct schema_row image_rows[] = {
    { "subpath", &text_type, .order = 1, .bind = BIND_TEXT },
};
static const struct schema_type image_type = {
    .kinds = KIND_MAP, .rows = image_rows, .n_rows = ARRAY_LEN(image_rows),
};

static const char *const mount_type_words[] = { "bind", "volume", "tmpfs", "cluster", "npipe",
                                                "image", NULL };
static const struct schema_type mount_type_type = {
    .kinds = KIND_TEXT, .words = mount_type_words,
};
static const struct schema_row mount_rows[] = {
    { "bind", &bind_type, .order = 6, .omit = OMIT_UNSET },
    { "consistency", &text_type, .order = 5, .bind = BIND_TEXT },
    { "image", &image_type, .order = 9, .omit = OMIT_UNSET },
    { "read_only", &bool_or_text_type, .order = 4, .cast = CAST_BOOL, .bind = BIND_BOOL },
    { "source", &text_type, .order = 2, .bind = BIND_TEXT, .path = PATH_MOUNT },
    { "target", &text_type, .order = 3, .bind = BIND_TEXT },
    { "tmpfs", &tmpfs_type, .order = 8, .omit = OMIT_UNSET },
    { "type", &mount_type_type, .order = 1, .bind = BIND_TEXT },
    { "volume", &volume_type, .order = 7, .omit = OMIT_UNSET },
};
static const char *const mount_required[] = { "type", NULL };
static const struct schema_type mount_type = {
    .kinds = KIND_TEXT | KIND_MAP, .rows = mount_rows, .n_rows = ARRAY_LEN(mount_rows),
    .required = mount_required,
    .forms = "[SOURCE:]TARGET[:MODE], or a mapping with \"type\" and \"target\"",
};
static const struct schema_row mount_item = { .type = &mount_type, .canonical = CANON_MOUNT };
const struct schema_type schema_mounts_type = {
    .kinds = KIND_LIST, .unique_items = true, .item = &mount_item,
};
