/*
 * keys.h - what each key of a service means on bare metal: the one table, and the findings that come
 * of it. Called by lower.c.
 */
#ifndef OCTO_OPERATOR_BAREMETAL_KEYS_H
#define OCTO_OPERATOR_BAREMETAL_KEYS_H

#include "operator/baremetal/parts.h"

enum key_use {
    KEY_USED,       /* by this operator's files, or those of the plan and the commands */
    KEY_LOADED,     /* the loader has put what it says elsewhere */
    KEY_SATISFIED,  /* every process of a host has it, or nothing has to be done for it */
    KEY_LIMIT,      /* by a control group, where this machine lets us: limits.c reports where not */
    KEY_NO_EFFECT,  /* a warning: the service runs, but not as was asked for */
    KEY_IMPOSSIBLE, /* an error: the service cannot do its work */
};
struct key_row {
    const char *path; /* "cap_add", "deploy.mode": of the service's canonical tree */
    enum key_use use;
    const char *why; /* of KEY_NO_EFFECT and KEY_IMPOSSIBLE */
    /* When it is told; NULL: when it is there, and neither false nor empty. */
    bool (*matters)(const struct service *service);
};
extern const struct key_row baremetal_keys[]; /* sorted by path */
extern const size_t baremetal_keys_n;

/* Adds the findings of a service. */
void baremetal_check_keys(const struct project *project, const struct service *service,
                          struct findings *findings);

#endif
