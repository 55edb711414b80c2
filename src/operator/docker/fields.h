/*
 * fields.h - the one table of what a container is made of: for each attribute of the model, how it
 * is written into the body of a create call and how it is read back from an inspect answer into the
 * model's vocabulary. Lowering needs none of it; create (apply-container.c) writes with it, observe
 * reads with it. Networks and volumes have the same in fields-object.c.
 */
#ifndef OCTO_OPERATOR_DOCKER_FIELDS_H
#define OCTO_OPERATOR_DOCKER_FIELDS_H

#include "operator/docker/docker.h"
#include "operator/docker/nodes.h"

enum field_place { PLACE_NONE, PLACE_CONFIG, PLACE_HOST };

/* --- writing ---------------------------------------------------------------------------------- */

/* An instance whose anonymous volumes are carried over: its inspect answer. */
struct encode {
    struct arena *arena;
    const struct docker
        *docker; /* for references to other instances; NULL: they stay "service:x" */
    const struct project *project;
    const struct service *service;
    unsigned api;
    const char *container_name; /* the final one */
    const struct node *inherit; /* list item or inspect answer of what is replaced, or NULL */
    const struct node *image_config;
    struct instance *const *uses; /* of the step: the networks with their ids; n_uses of them */
    size_t n_uses;
    struct node *config, *host,
        *endpoints; /* Config (the body itself), HostConfig, EndpointsConfig */
    struct err *err;
};

struct readback;
struct field;
typedef void (*field_encode_fn)(struct encode *e, const struct field *field);
/* The value in the model's vocabulary; NULL: unset, or no more than the image or the engine
   gives. */
typedef struct node *(*field_read_fn)(struct readback *r, const struct field *field);

struct field {
    const char *key; /* the attribute of the model */
    enum field_place place;
    const char *name; /* the engine's */
    field_encode_fn encode;
    field_read_fn read; /* NULL: the engine does not show it */
    size_t offset;      /* in struct service, for the generic functions */
    const char *unset;  /* texts, comma-separated, that mean unset when the model gives none */
};

extern const struct field fields_table[]; /* ends with a NULL key */

void encode_init(struct encode *e, struct arena *arena, const struct project *project,
                 const struct service *service, unsigned api);
/* All fields; e->config is then the body of POST /containers/create. -1: err is set. */
int encode_container(struct encode *e, struct err *err) ATTR_MUST_CHECK;
/* Labels of docker compose's own, over the user's. */
struct encode_labels {
    const char *hash, *image, *replace, *slug;
    int64_t number; /* 0: one-off */
    bool is_one_off;
};
void encode_labels(struct encode *e, const struct encode_labels *labels);
/* The settings of one endpoint, as POST /networks/{id}/connect takes them. */
struct node *encode_endpoint(struct encode *e, const struct endpoint *endpoint);
/* The same without names and addresses. */
struct node *encode_bare_endpoint(struct encode *e, const struct endpoint *endpoint);
/* What calls address the endpoint's network by: its id, else its name. */
const char *encode_network_ref(const struct encode *e, const struct endpoint *endpoint);
/* Endpoints that did not fit into the create call (API below 1.44). */
bool encode_endpoint_fits(const struct encode *e, size_t index);
/* Bodies of POST /networks/create and /volumes/create. */
struct node *encode_network(struct arena *arena, const struct project *project,
                            const struct network *network, const char *hash);
struct node *encode_volume(struct arena *arena, const struct project *project,
                           const struct volume *volume, const char *hash);

/* --- reading ---------------------------------------------------------------------------------- */

struct readback {
    struct arena *arena;
    const struct docker *docker;
    const struct project *project; /* NULL without a description */
    const struct service *service; /* likewise */
    const struct node *wanted;     /* the wanted spec, or NULL */
    unsigned api;
    const struct node *inspect, *config, *host, *networks;
    const struct node *image; /* Config of the image, or NULL */
    struct node *spec;        /* what is made */
};

/* The spec of an existing container; wanted may be NULL. In the arena. */
struct node *fields_read_container(struct arena *arena, const struct docker *docker,
                                   const struct wanted *wanted, const struct node *inspect,
                                   const struct node *image_config, unsigned api);
/* The keys of a wanted container that no inspect answer shows. In the arena. */
void fields_list_unseen(struct arena *arena, const struct wanted *wanted, struct text_list *out);
struct node *fields_read_network(struct arena *arena, const struct wanted *wanted,
                                 const struct node *inspect);
struct node *fields_read_volume(struct arena *arena, const struct wanted *wanted,
                                const struct node *inspect);
/* old, or want where both mean the same (other spelling of a size, a duration, an order). */
struct node *fields_adopt(struct arena *arena, const struct node *want, struct node *old);

/* --- generic functions, by type of the member ------------------------------------------------- */

void encode_text(struct encode *e, const struct field *field);
void encode_bool(struct encode *e, const struct field *field);
void encode_int(struct encode *e, const struct field *field);
void encode_opt_int(struct encode *e, const struct field *field);
void encode_opt_bool(struct encode *e, const struct field *field);
void encode_texts(struct encode *e, const struct field *field);
void encode_pairs(struct encode *e, const struct field *field);
void encode_words(struct encode *e, const struct field *field);
struct node *readback_text(struct readback *r, const struct field *field);
struct node *readback_bool(struct readback *r, const struct field *field);
struct node *readback_int(struct readback *r, const struct field *field);
struct node *readback_texts(struct readback *r, const struct field *field);
struct node *readback_pairs(struct readback *r, const struct field *field);
struct node *readback_words(struct readback *r, const struct field *field);
/* The wanted node when the field, written, is what the engine has; else what `other` reads. */
bool readback_is_same(struct readback *r, const struct field *field);

/* The proxies of the user's docker configuration, under both spellings of their names. */
void fields_put_proxies(struct arena *arena, const struct docker *docker, struct node *map);

/* Helpers of the fields-*.c files. */
const struct node *readback_engine(const struct readback *r, const struct field *field);
const struct node *readback_wanted(const struct readback *r, const struct field *field);
struct node *encode_target(struct encode *e, const struct field *field);
/* Equal as far as the engine is concerned: null, absent, empty, 0 and false are one. */
bool fields_same(const struct node *a, const struct node *b);
bool fields_is_empty(const struct node *node);

/* --- the groups (fields-*.c) ------------------------------------------------------------------ */

#define FIELD_FN(name)                                               \
    void encode_##name(struct encode *e, const struct field *field); \
    struct node *readback_##name(struct readback *r, const struct field *field)

FIELD_FN(environment);
FIELD_FN(user_labels);
FIELD_FN(healthcheck);
FIELD_FN(expose);
FIELD_FN(grace);
FIELD_FN(image);
FIELD_FN(container_name);

FIELD_FN(cpus);
FIELD_FN(cpu_percent);
FIELD_FN(mem_limit);
FIELD_FN(memswap);
FIELD_FN(mem_reservation);
FIELD_FN(pids_limit);
FIELD_FN(restart);
FIELD_FN(logging);
FIELD_FN(blkio);
FIELD_FN(devices);
FIELD_FN(gpus);
FIELD_FN(ulimits);
FIELD_FN(caps);
FIELD_FN(security);
FIELD_FN(extra_hosts);
FIELD_FN(namespace);
FIELD_FN(volumes_from);

FIELD_FN(tmpfs);
FIELD_FN(volumes);
FIELD_FN(secrets);
FIELD_FN(configs);
FIELD_FN(api_socket);

FIELD_FN(ports);
FIELD_FN(networks);
FIELD_FN(network_mode);
FIELD_FN(external_links);
FIELD_FN(mac_address);

#endif
