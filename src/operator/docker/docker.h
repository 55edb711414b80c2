/*
 * docker.h - what the files of the docker operator share: the handle, the kinds, the labels, what
 * is remembered of images and instances, and small helpers over nodes. Not for anyone outside of
 * this folder: the rest of the program sees docker_ops (through operator_table) only.
 */
#ifndef OCTO_OPERATOR_DOCKER_DOCKER_H
#define OCTO_OPERATOR_DOCKER_DOCKER_H

#include "base/vec.h"
#include "engine/engine.h"
#include "plan/operator.h"

/* --- names ------------------------------------------------------------------------------------ */

/* The core version of docker compose whose labels and hashes these are. */
#define DOCKER_COMPOSE_VERSION "5.5.0"

#define LABEL_PREFIX "com.docker.compose."
#define LABEL_PROJECT LABEL_PREFIX "project"
#define LABEL_SERVICE LABEL_PREFIX "service"
#define LABEL_VERSION LABEL_PREFIX "version"
#define LABEL_WORKING_DIR LABEL_PREFIX "project.working_dir"
#define LABEL_CONFIG_FILES LABEL_PREFIX "project.config_files"
#define LABEL_ENVIRONMENT_FILE LABEL_PREFIX "project.environment_file"
#define LABEL_ONE_OFF LABEL_PREFIX "oneoff"
#define LABEL_HASH LABEL_PREFIX "config-hash"
#define LABEL_NUMBER LABEL_PREFIX "container-number"
#define LABEL_DEPENDS_ON LABEL_PREFIX "depends_on"
#define LABEL_IMAGE LABEL_PREFIX "image"
#define LABEL_IMAGE_VOLUMES LABEL_PREFIX "image-volume-digest"
#define LABEL_REPLACE LABEL_PREFIX "replace"
#define LABEL_SLUG LABEL_PREFIX "slug"
#define LABEL_HOOK LABEL_PREFIX "hook"
#define LABEL_NETWORK LABEL_PREFIX "network"
#define LABEL_VOLUME LABEL_PREFIX "volume"
#define LABEL_BUILDER LABEL_PREFIX "image.builder"
/* Ours: what providers gave (given.c). */
#define LABEL_GIVEN "com.octocompose.given"

extern const struct resource_kind docker_image_kind, docker_network_kind, docker_volume_kind,
    docker_container_kind, docker_provider_kind;

/* --- what wanted->payload points at ----------------------------------------------------------- */

struct docker_wanted {
    const struct project *project;
    const struct service
        *service; /* of a container; of an image: who builds it, else the first user */
    const struct network *network;
    const struct volume *volume;
    const char *platform; /* of an image, or NULL */
    /* Of a container: what its hash is taken over, and the form of an older docker compose or
       NULL. References to other instances stand in it as "service:NAME". */
    const char *definition, *definition_old;
    bool has_references;
};

/* --- the handle ------------------------------------------------------------------------------- */

/* What is known of a local image, by the key of its wanted resource. */
struct docker_image {
    const char *id;            /* of the engine */
    const char *digest;        /* of its contents: the label of containers */
    const struct node *config; /* Config of the inspect answer, or NULL */
};

/* One instance of a service, for references from other services ("service:x", volumes_from). */
struct docker_instance {
    const char *service;
    const char *id;
    int64_t number;
};

/* A network made in this run, on an Engine that may have others of its name. */
struct docker_network {
    const char *name, *key, *id;
};

struct task;
struct watch;

struct docker {
    struct loop *loop;
    struct engine *engine;
    const char *const *environment;
    struct arena *arena; /* of the handle: what is remembered */
    struct map images;   /* key -> struct docker_image * */
    struct map given;    /* service -> struct docker_given *: of its provider */
    VEC(struct docker_instance) instances;
    VEC(struct docker_network) networks; /* until they were looked at for the last time (twins.c) */
    VEC(const char *) deaths; /* ids that events told to have died: lists may be behind */
    VEC(struct task *) tasks; /* steps under way */
    struct watch *watch;      /* the events that AWAIT steps share, or NULL */
    const char *project;      /* of the last observation, or NULL */
    int64_t since_ns; /* wall clock of the first observation: what happened later is in events */
};

struct docker_image *docker_find_image(const struct docker *docker, const char *key);
void docker_remember_image(struct docker *docker, const char *key, const char *id,
                           const char *digest, const struct node *config);
void docker_forget_image(struct docker *docker, const char *key);
/* The instance of the lowest number, or NULL. */
const char *docker_find_instance(const struct docker *docker, const char *service);
void docker_remember_instance(struct docker *docker, const char *service, int64_t number,
                              const char *id);
void docker_forget_instance(struct docker *docker, const char *id);
/* What an event told: a death, or (again) a start. */
void docker_note_death(struct docker *docker, const char *id, bool is_dead);
bool docker_has_died(const struct docker *docker, const char *id);
/* The value of a variable of the process, or NULL. */
const char *docker_environment(const struct docker *docker, const char *name);
/* The user's docker configuration (config.json); NULL: none. */
const struct node *docker_cli_config(const struct docker *docker);

/* --- lower.c, observe.c, begin.c, stream-*.c -------------------------------------------------- */

extern const struct operator_ops docker_ops;

int docker_lower(const struct project *project, struct wanted_set *out, struct findings *findings);
void docker_lower_check(const struct project *project, const struct service *service,
                        struct findings *findings);
/* The definition's digest with the references to other services' instances put in: 64 hex
   digits. */
void docker_definition_digest(const struct docker *docker, const char *definition,
                              char ret_hex[65]);
bool docker_has_references(const struct service *service);
/* api-socket.c: the definition of a service with what docker compose makes of use_api_socket. */
const char *api_socket_definition(struct arena *arena, const struct service *service,
                                  const char *definition);

/* given.c: what providers gave. */

/* Returns the digest of the variables (name -> value, sorted), "" of none. */
const char *given_remember(struct docker *docker, const char *service,
                           const struct node *variables);
/* What the service gets from the providers that it depends on and that were called; may be empty. */
struct node *given_variables(struct arena *arena, const struct docker *docker,
                             const struct service *service);
/* The same as it is recorded, without values; NULL: nothing. */
const char *given_label(struct arena *arena, const struct docker *docker,
                        const struct service *service);
/* What is recorded: {service: [digest, name, ...]}; NULL: nothing, or it is not ours. */
const struct node *given_read(struct arena *arena, const char *label);
/* Whether a container's variable came from a provider, by what is recorded and by its name; given
   and service may be NULL. */
bool given_has(const struct node *given, const struct project *project,
               const struct service *service, const char *name);

/* apply-provider.c */
void docker_check(void *handle, const struct plan *plan, struct findings *findings);

/* docker.c: the folders of docker's plugins, NULL-terminated; and the environment of a program that
   is to speak to the engine that we speak to, of that one (NULL-terminated "K=V"). In the arena. */
const char *const *docker_plugin_folders(const struct docker *docker, struct arena *arena);
const char *const *docker_tool_environment(const struct docker *docker, struct arena *arena,
                                           const char *const *environment);

/* pin.c */
void docker_pin(void *handle, const char *image, pin_done_fn done, void *arg);
void docker_observe(void *handle, const struct observe_query *query, struct findings *findings,
                    observe_done_fn done, void *arg);
void docker_begin(void *handle, struct step *step, step_progress_fn progress, step_done_fn done,
                  void *arg);
void docker_cancel(void *handle, struct step *step);
void docker_tasks_free(struct docker *docker);
void docker_watch_free(struct docker *docker);

unsigned docker_concurrency(void *handle);
struct operator_stream *docker_logs(void *handle, const struct log_query *query, log_line_fn line,
                                    log_done_fn done, void *arg);
struct operator_stream *docker_events(void *handle, const char *project, int64_t since_ns,
                                      int64_t until_ns, event_fn event, stream_done_fn done,
                                      void *arg);
struct operator_stream *docker_exec(void *handle, const struct exec_query *query,
                                    stream_output_fn output, stream_done_fn done, void *arg);
struct operator_stream *docker_attach(void *handle, const struct attach_query *query,
                                      stream_output_fn output, stream_done_fn done, void *arg);
void docker_projects(void *handle, bool with_stopped, projects_done_fn done, void *arg);
void docker_stream_write(struct operator_stream *stream, const char *bytes, size_t len);
void docker_stream_close_input(struct operator_stream *stream);
bool docker_stream_signal(struct operator_stream *stream, int signo);
void docker_stream_resize(struct operator_stream *stream, unsigned rows, unsigned columns);
void docker_stream_cancel(struct operator_stream *stream);
void docker_stream_pause(struct operator_stream *stream, bool is_paused);

/* --- image.c: what an image inspect answer means ---------------------------------------------- */

/* The identity of the image's contents for platform ("os/arch[/variant]" or NULL: the engine's
   own): in the node. NULL when there is nothing local for that platform. */
const char *docker_image_digest(const struct node *inspect, const char *platform, unsigned api);
/* "?manifests=1" where the engine knows it. */
const char *docker_image_query(unsigned api);
/* The platform that a service's image and containers are wanted for, or NULL. */
const char *docker_service_platform(const struct project *project, const struct service *service);

/* --- container-item.c: what an item of the container list says -------------------------------- */

enum instance_state docker_state(const char *state);
/* From "Up 5 minutes (healthy)", "Exited (3) 2 hours ago". */
enum instance_health docker_status_health(const char *status);
bool docker_status_exit(const char *status, int64_t *ret_code);
/* The first name without '/' that is no link's ("/other/alias"). In the node. */
const char *docker_item_name(const struct node *item);
const char *docker_item_label(const struct node *item, const char *label);
/* Text of the label "dep:condition:restart,..." into a list. */
void docker_parse_depends_on(struct arena *arena, const char *label, struct existing *existing);
/* "/networks?filters=..." and the like: a filters parameter of label project, escaped. */
void docker_project_filter(const char *project, struct str *out);

/* The engine's callbacks get a NULL error when all went well. */
static inline bool call_failed(const struct err *err)
{
    return err && err_is_set(err);
}

/* --- small helpers over nodes ----------------------------------------------------------------- */

static inline const char *get_text(const struct node *map, const char *key)
{
    return node_as_text(node_get(map, key));
}

static inline int64_t get_int(const struct node *map, const char *key)
{
    const struct node *node = node_get(map, key);
    if (node_is(node, NODE_FLOAT))
        return (int64_t)node->u.number;
    return node_is(node, NODE_INT) ? node->u.integer : 0;
}

static inline bool get_bool(const struct node *map, const char *key)
{
    const struct node *node = node_get(map, key);
    return node_is(node, NODE_BOOL) && node->u.truth;
}

static inline bool text_is_set(const char *text)
{
    return text && *text;
}

#endif
