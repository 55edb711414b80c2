/*
 * yread-merge.c - merge keys: "<<" takes the pairs of a mapping, or of several, into the mapping
 * that it stands in. Keys of the mapping itself win wherever they stand, earlier sources win over
 * later ones, and nothing is merged below the first level. Called by yread-build.c when a mapping
 * ends.
 */
#include "base/base.h"

#include "data/yread-parts.h"

static void take_pairs(struct yread_build *build, struct node *target, const struct node *source)
{
    NODE_EACH_PAIR(source, pair) {
        if (!node_get_pair(target, pair->key, pair->key_len))
            node_append_pair(build->arena, target, pair->key, pair->key_len, pair->at, pair->value);
    }
}

static void refuse(struct yread_build *build, const struct node *value)
{
    yread_build_fail(build, value->at, "map merge requires map or sequence of maps as the value");
}

void yread_merge_apply(struct yread_build *build, struct yread_frame *frame)
{
    struct node *source = frame->merge;

    if (source->flags & NODE_RESET)
        return;
    if (source->kind == NODE_MAP) {
        take_pairs(build, frame->node, source);
    } else if (source->kind == NODE_LIST) {
        NODE_EACH_ITEM(source, item) {
            if ((*item)->kind == NODE_MAP)
                take_pairs(build, frame->node, *item);
            else
                refuse(build, *item);
        }
    } else {
        refuse(build, source);
    }
}
