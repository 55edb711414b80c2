/*
 * observe.h - one observation under way, shared by observe.c (which calls, when) and observe-sets.c
 * (what the answers mean).
 */
#ifndef OCTO_OPERATOR_DOCKER_OBSERVE_H
#define OCTO_OPERATOR_DOCKER_OBSERVE_H

#include "operator/docker/docker.h"

struct observation;

/* One call of an observation. */
struct look {
    struct observation *observation;
    struct engine_call *call;
    enum node_kind kind; /* what has to come */
    const char *what;
    const struct node **answer; /* where its node goes */
};

/* An image that was asked for, by name (wanted) or by id (what a container was made from). */
struct image_look {
    const struct wanted *wanted;
    const char *id;
    const struct node *inspect; /* NULL: not there */
};

/* A container whose digest differs: its spec is read. Or one that died although the list says
   that it runs: its state is. */
struct container_look {
    struct existing *existing;
    bool is_state_only;
    const struct node *inspect;
};

struct observation {
    struct docker *docker;
    struct observe_query query;
    struct findings *findings;
    observe_done_fn done;
    void *arg;
    struct existing_set set;
    struct arena *arena;         /* of the observation itself */
    VEC(struct arena *) answers; /* to be freed at the end, or to become part of the set */
    VEC(struct look *) looks;
    size_t n_open;
    void (*next)(struct observation *observation);
    struct err err;
    struct loop_source *source;
    const struct node *containers, *networks, *volumes, *image_list;
    MODEL_LIST(struct image_look *) images;
    MODEL_LIST(struct container_look *) inspects;
};

/* What a container was given by providers, as its label says (given.c). */
void given_bind(struct observation *observation, struct existing *existing);
/* From the answers of the first round; fills observation->inspects. */
void observe_read(struct observation *observation);
/* From the inspect answers. */
void observe_read_specs(struct observation *observation);
/* What this version of the engine cannot do of what is wanted. */
void observe_check_version(const struct observation *observation);

#endif
