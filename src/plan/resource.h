/*
 * resource.h - the things that an operator owns, as wanted and as existing: what the plan compares. An
 * operator lowers a project to `struct wanted`s and observes `struct existing`s; neither says what is
 * to be done. Specs are map nodes in the model's vocabulary ("image", "environment.FOO", "ports"), so
 * that reasons read the same for every operator. All of it lives in the set's arena.
 */
#ifndef OCTO_PLAN_RESOURCE_H
#define OCTO_PLAN_RESOURCE_H

#include "model/project.h"

/* --- kinds ------------------------------------------------------------------------------------- */

enum change_effect {
    CHANGE_REPLACE,  /* the object is made anew (the default) */
    CHANGE_IN_PLACE, /* STEP_UPDATE */
    CHANGE_IGNORE,   /* never matters to what runs */
};

struct field_rule {
    const char *path; /* of the spec, or its beginning up to a dot */
    enum change_effect effect;
};

enum kind_flags {
    KIND_RUNS = 1,     /* has numbered instances that are started, stopped, awaited */
    KIND_DATA = 2,     /* holds users' data: removed or replaced only when that was asked for */
    KIND_ARTIFACT = 4, /* fetched or built, not created; `down` leaves it unless asked */
    KIND_ATTACHABLE = 8, /* can be taken from and given to a running dependent (STEP_DETACH/ATTACH) */
    /* With KIND_RUNS: somebody else runs it, out of the operator's sight. Each CREATE asks for it to be
       there and gets what its dependents need to reach it, the digest of which is its identity ("" when
       that is nothing); STOP and REMOVE tell that it is not needed. Nothing of it is ever observed. */
    KIND_CALLED = 16,
};

struct resource_kind {
    const char *name;  /* "container", "network", "volume", "image", "process", ... */
    const char *title; /* as progress prints it: "Container" */
    unsigned flags;
    const struct field_rule *fields; /* ends with a NULL path; NULL: no rules */
    const char *section; /* where the description defines it: "services", "networks"; NULL: nowhere */
};

/* --- wanted ------------------------------------------------------------------------------------ */

enum dependency_kind {
    DEPENDS_EXISTS,   /* must exist before the dependent is made; not bound to its identity */
    DEPENDS_BOUND,    /* as above, and a dependent made with another identity of it is replaced */
    DEPENDS_ATTACHED, /* as above, but re-attached instead of replaced */
    DEPENDS_RUNNING,  /* start order, with a condition (enum dependency_condition) */
};

struct wanted;
struct wanted_dependency {
    struct wanted *on;
    enum dependency_kind kind;
    enum dependency_condition condition; /* DEPENDS_RUNNING */
    bool restart;  /* stop the dependent before, start it after, when `on` is restarted or replaced */
    bool required;
    struct origin at;
};

enum artifact_policy { ARTIFACT_MISSING, ARTIFACT_ALWAYS, ARTIFACT_NEVER, ARTIFACT_BUILD, ARTIFACT_MAX_AGE };

enum hook_phase { HOOK_PRE_START, HOOK_POST_START, HOOK_PRE_STOP, HOOK_PHASE_N_ };

struct wanted {
    size_t index; /* in the set's items */
    const struct resource_kind *kind;
    const char *key;     /* identity within the kind and project: service, network or volume key, image */
    const char *name;    /* as the backend knows it; of KIND_RUNS: what "-NUMBER" is added to */
    const char *service; /* the service it belongs to, or NULL */
    bool is_name_fixed;  /* KIND_RUNS: the name is used as it is (one instance only) */
    char separator;      /* between name and number */
    int64_t replicas;    /* KIND_RUNS */
    const struct node *spec;
    const char *digest;     /* of the spec: equal digests mean nothing changed */
    const char *digest_old; /* another digest that also means unchanged, or NULL */
    struct origin at;
    bool is_external; /* must exist; never made, changed or removed */
    bool is_disabled; /* known, but not wanted now: what exists of it is left alone */
    bool has_healthcheck;
    MODEL_LIST(struct wanted_dependency) depends_on;
    /* KIND_ARTIFACT */
    enum artifact_policy policy;
    int64_t max_age_ns;
    bool can_build, can_pull;
    bool is_moving;      /* its name is there to mean something newer later on (the tag "latest") */
    bool is_policy_open; /* one of its users gives no policy: GOAL_PULL fetches it although it is there */
    /* KIND_RUNS */
    unsigned hooks[HOOK_PHASE_N_]; /* how many of each */
    int64_t stop_timeout_ns; /* of the definition; < 0: the operator's default */
    /* The operator's own: the model object that it was lowered from, or more. */
    const void *payload;
};

struct wanted_set {
    struct arena *arena;
    const char *project;
    MODEL_LIST(struct wanted *) items;
    struct map index; /* "kind/key" -> struct wanted * */
};

void wanted_set_init(struct wanted_set *set, const char *project);
void wanted_set_release(struct wanted_set *set);
/* A new entry; kind and key must not be in the set yet. */
struct wanted *wanted_add(struct wanted_set *set, const struct resource_kind *kind, const char *key);
struct wanted *wanted_find(const struct wanted_set *set, const char *kind, const char *key);
struct wanted_dependency *wanted_depend(struct wanted_set *set, struct wanted *dependent,
                                        struct wanted *on, enum dependency_kind kind);
/* What the service's depends_on says, for its wanted instances: on those of other services, which are of
   one of the kinds (NULL-terminated); a service that the set does not have is passed over. */
void wanted_depend_on_services(struct wanted_set *set, struct wanted *dependent,
                               const struct service *service,
                               const struct resource_kind *const *kinds);

/* --- existing ---------------------------------------------------------------------------------- */

enum instance_state { STATE_CREATED, STATE_RUNNING, STATE_PAUSED, STATE_RESTARTING, STATE_REMOVING,
                      STATE_EXITED, STATE_DEAD };
extern const char *const instance_state_names[]; /* "created", "running", ... */
enum instance_health { HEALTH_NONE, HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY };
extern const char *const instance_health_names[]; /* "", "starting", "healthy", "unhealthy" */
/* HEALTH_NONE for NULL and for any other text. */
enum instance_health instance_health_of(const char *text);

/* What an existing object was made with: the identity of each thing it is bound or attached to. Every
   DEPENDS_BOUND and DEPENDS_ATTACHED dependency has one, whatever the state: what has none is replaced.
   What depends on a KIND_CALLED and has none was made with nothing of it. */
struct binding {
    const struct resource_kind *kind;
    const char *name; /* as the backend knows it */
    const char *id;
};

struct existing {
    size_t index; /* in the set's items */
    const struct resource_kind *kind;
    const char *key;     /* as in struct wanted; an orphan's is the service it had */
    const char *id;      /* the backend's handle */
    const char *name;
    const char *full_name; /* as it is shown when it is removed, where that is longer; or NULL */
    const char *service;   /* or NULL */
    int64_t number;        /* KIND_RUNS */
    enum instance_state state;
    enum instance_health health;
    int64_t exit_code;   /* of STATE_EXITED */
    bool is_exit_known;
    bool is_stopping;    /* a stop that somebody ordered earlier goes on: it will be STATE_EXITED */
    const char *digest;      /* NULL: it carries none */
    const struct node *spec; /* the fields as they are, when the operator looked them up; else NULL */
    struct text_list unseen; /* keys of the wanted spec that the backend does not show */
    bool is_foreign;  /* found by name, but not ours: used as it is, never changed or removed. Of an
                         artifact: neither built for this project nor called by its own name */
    bool is_one_off;  /* from `run` */
    bool is_helper;   /* left from a hook: removed by down */
    const char *replaces; /* it was made to replace the instance of this (final) name and still has its
                             temporary one */
    bool is_listening;    /* running and serving healthily or without healthcheck */
    MODEL_LIST(struct binding) bindings;
    MODEL_LIST(struct dependency) depends_on; /* as recorded at creation, for work without a description */
    int64_t created_ns, started_ns, finished_ns; /* wall clock, 0 unknown; an artifact's created_ns is
                                                    when it was last fetched or tagged here */
    const struct node *details; /* what `ps` and others show, in the operator's order; or NULL */
    const void *payload;
};

struct existing_set {
    struct arena *arena;
    const char *project;
    MODEL_LIST(struct existing *) items;
};

void existing_set_init(struct existing_set *set, const char *project);
void existing_set_release(struct existing_set *set);
struct existing *existing_add(struct existing_set *set, const struct resource_kind *kind);
/* "created" or "running" and so on. */
const char *instance_state_name(enum instance_state state);

/* --- difference -------------------------------------------------------------------------------- */

struct change {
    const char *field;      /* "environment.FOO", "ports[0]" */
    const struct node *old_value; /* NULL: was not there */
    const struct node *new_value; /* NULL: is no more */
    struct origin at;       /* of the new value; of the nearest parent when it is no more */
    enum change_effect effect;
};

struct change_list {
    struct change *items;
    size_t n, cap;
};

/* Compares two specs of a kind and appends what differs, in the wanted spec's order, then what is no
   more. Maps are compared key by key; lists of scalars as a whole; lists of maps item by item, paired by
   their identity ("target", "source", ...) where the items have one. */
void resource_diff(struct arena *arena, const struct resource_kind *kind, const struct node *old_spec,
                   const struct node *new_spec, struct change_list *out);

#endif
