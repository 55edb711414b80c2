/*
 * short-device.c - "SOURCE:TARGET:PERMISSIONS" into a device. The target is the source unless it is
 * given, the permissions are "rwm".
 */
#include "base/base.h"

#include "compose-compat/file/short.h"

#include <stdio.h>

int short_device(struct arena *arena, struct origin at, const char *text, struct node **ret_device,
                 char reason[SHORT_REASON_MAX])
{
    struct slice rest = slice_from(text), pieces[3] = { SLICE(""), SLICE(""), SLICE("rwm") };
    bool has_more = true;
    size_t n = 0;
    for (; has_more && n < ARRAY_LEN(pieces); n++)
        has_more = slice_split(&rest, ':', &pieces[n]);
    if (has_more) {
        snprintf(reason, SHORT_REASON_MAX, "there are too many colons");
        return -1;
    }
    if (pieces[1].len == 0)
        pieces[1] = pieces[0];
    static const char *const keys[] = { "source", "target", "permissions" };
    struct node *device = node_map(arena, at);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        node_set(arena, device, keys[i], at, node_text_len(arena, at, pieces[i].at, pieces[i].len));
    *ret_device = device;
    return 0;
}
