/*
 * trail.h - where in a tree a recursive walk is: frames on the stack, linked upwards, that cost nothing
 * until a finding needs the path as text. Used by every stage that walks a tree.
 */
#ifndef OCTO_COMPOSE_FILE_TRAIL_H
#define OCTO_COMPOSE_FILE_TRAIL_H

#include "base/findings.h"
#include "data/node.h"

struct trail {
    const struct trail *up; /* NULL: the first step */
    const char *key;        /* NULL: an item of a list */
    size_t index;
};

#define TRAIL_KEY(up, key) ((struct trail){ (up), (key), 0 })
#define TRAIL_INDEX(up, index) ((struct trail){ (up), NULL, (index) })

/* Appends "services.web.ports[0]"; a key that is no plain word as ["a.b"]. trail may be NULL. */
void trail_print(const struct trail *trail, struct str *out);
/* True when an item of a list is on the way. */
bool trail_has_index(const struct trail *trail);
/* Number of steps. */
size_t trail_len(const struct trail *trail);
/* Adds a finding at a place with the path of the trail. */
struct finding *trail_finding(const struct trail *trail, struct findings *findings,
                              enum finding_level level, struct origin at, const char *fmt, ...)
    ATTR_PRINTF(5, 6);

#endif
