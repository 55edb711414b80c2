/*
 * project.h - what the user asked for: one application of services with their networks, volumes,
 * secrets and configs, after merging, interpolation and normalisation. No operator's words in
 * here, and nothing of the form that the description was written in. Everything lives in the
 * project's arena and is read-only once it is loaded.
 *
 * Conventions: a const char * is NULL when unset; a number that has no has-flag is 0 when unset;
 * bytes and nanoseconds are int64_t. The vocabulary is that of the Compose specification.
 */
#ifndef OCTO_MODEL_PROJECT_H
#define OCTO_MODEL_PROJECT_H

#include "base/map.h"
#include "data/decode.h"

#define MODEL_LIST(type)                                                                           \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t n, cap;                                                                             \
    }

/* A list of words that may be unset (use the image's), or set and empty (clear the image's). */
struct words {
    bool is_set;
    struct text_list list;
};

/* --- parts of a service ----------------------------------------------------------------------- */

enum dependency_condition { DEPEND_STARTED, DEPEND_HEALTHY, DEPEND_COMPLETED };
extern const char *const dependency_condition_names[]; /* "service_started", ..., NULL */

struct dependency {
    const char *service;
    enum dependency_condition condition;
    bool restart;  /* restart the dependent when the dependency is restarted or replaced */
    bool required; /* else a missing or failing one is only a warning */
    struct origin at;
};

struct port {
    const char *name, *mode, *host_ip, *published, *protocol, *app_protocol;
    int64_t target;
    struct origin at;
};

enum mount_type { MOUNT_BIND, MOUNT_VOLUME, MOUNT_TMPFS, MOUNT_CLUSTER, MOUNT_NPIPE, MOUNT_IMAGE };
extern const char *const mount_type_names[];

struct mount_bind {
    const char *propagation, *recursive, *selinux;
    bool create_host_path;
};
struct mount_volume {
    bool nocopy;
    const char *subpath;
    struct pair_list labels;
};
struct mount_tmpfs {
    int64_t size;
    int64_t mode;
};
struct mount_image {
    const char *subpath;
};
struct mount {
    enum mount_type type;
    const char *source; /* host path, key of a volume, image; NULL: anonymous */
    const char *target;
    bool read_only;
    const char *consistency;
    struct mount_bind *bind;     /* NULL: not given */
    struct mount_volume *volume;
    struct mount_tmpfs *tmpfs;
    struct mount_image *image;
    struct origin at;
};

/* The use of a secret or config by a service or a build. */
struct file_reference {
    const char *source, *target, *uid, *gid;
    struct opt_int mode;
    struct origin at;
};

struct endpoint { /* one network of a service */
    const char *network; /* key */
    struct text_list aliases, link_local_ips;
    const char *ipv4_address, *ipv6_address, *mac_address, *interface_name;
    struct pair_list driver_opts;
    int64_t priority, gw_priority;
    struct origin at;
};

struct healthcheck {
    struct words test; /* first word CMD, CMD-SHELL or NONE */
    struct opt_int interval, timeout, start_period, start_interval; /* nanoseconds */
    struct opt_int retries;
    bool disable;
};

struct logging {
    const char *driver;
    struct pair_list options;
};

struct ulimit {
    const char *name;
    int64_t soft, hard;
};

struct device {
    const char *source, *target, *permissions;
};

struct device_request {
    const char *driver;
    struct opt_int count; /* -1: all */
    struct text_list capabilities, device_ids;
    struct pair_list options;
};

struct blkio_device {
    const char *path;
    int64_t value; /* weight, or rate in bytes or operations a second */
};
typedef MODEL_LIST(struct blkio_device) blkio_device_list;
struct blkio {
    int64_t weight;
    blkio_device_list weight_device, device_read_bps, device_read_iops, device_write_bps,
        device_write_iops;
};

struct hook {
    struct words command;
    const char *image, *user, *working_dir;
    bool privileged, per_replica;
    struct pair_list environment;
    struct origin at;
};

struct build {
    const char *context, *dockerfile, *dockerfile_inline, *target, *network, *isolation;
    struct pair_list args, labels, additional_contexts, extra_hosts;
    struct pair_list ssh; /* id, path or NULL */
    struct text_list cache_from, cache_to, tags, platforms, entitlements, no_cache_filter;
    MODEL_LIST(struct file_reference) secrets;
    MODEL_LIST(struct ulimit) ulimits;
    const char *provenance, *sbom;
    int64_t shm_size;
    bool no_cache, pull, privileged;
    struct origin at;
};

struct resources {
    double cpus;
    int64_t memory;
    struct opt_int pids;
    MODEL_LIST(struct device_request) devices;
};

struct deploy {
    const char *mode, *endpoint_mode;
    struct pair_list labels;
    struct opt_int replicas;
    struct resources *limits, *reservations; /* NULL: not given */
    struct restart_policy {
        const char *condition;
        struct opt_int max_attempts;
        struct opt_int delay, window;
    } *restart_policy;
    const struct node *placement, *update_config, *rollback_config;
};

struct watch_rule {
    const char *path, *action, *target;
    struct text_list ignore, include;
    struct hook exec;
    bool initial_sync;
};

struct provider {
    const char *type;
    const struct node *options; /* map of scalar or list */
};

struct model_use { /* a model that a service uses */
    const char *model, *endpoint_var, *model_var;
};

/* --- service ---------------------------------------------------------------------------------- */

struct service {
    const char *name;
    struct origin at;
    /* The service as one canonical tree (long forms, sorted as `config` prints it), each value
       with the place it came from: what `config` prints, what plan reasons point at. */
    const struct node *source;
    /* Not wanted now (profile, selection), but known: what exists of it is no orphan. */
    bool is_disabled;
    /* The canonical text that tells whether the definition changed, and the form that an older
       generation of the front door used (NULL: the same). References to other services'
       instances in it stand as "service:NAME" (operators put in what they are bound to). */
    const char *definition;
    const char *definition_old;

    struct words command, entrypoint;
    const char *image, *platform, *pull_policy, *user, *working_dir, *hostname, *domainname,
        *container_name, *restart, *stop_signal, *runtime, *isolation, *cgroup, *cgroup_parent,
        *cpuset, *ipc, *pid, *uts, *userns_mode, *network_mode, *mac_address;
    struct build *build; /* NULL: none */
    struct pair_list environment, labels, annotations, sysctls, storage_opt;
    struct pair_list extra_hosts; /* host, address; a host may occur several times */
    struct text_list cap_add, cap_drop, security_opt, group_add, device_cgroup_rules, dns, dns_opt,
        dns_search, expose, external_links, links, volumes_from, profiles;
    struct text_list tmpfs; /* "path" or "path:options" */
    MODEL_LIST(struct dependency) depends_on;
    MODEL_LIST(struct port) ports;
    MODEL_LIST(struct mount) volumes;
    MODEL_LIST(struct endpoint) networks; /* highest priority first, then by name */
    MODEL_LIST(struct file_reference) secrets, configs;
    MODEL_LIST(struct ulimit) ulimits;
    MODEL_LIST(struct device) devices;
    MODEL_LIST(struct device_request) gpus;
    MODEL_LIST(struct hook) pre_start, post_start, pre_stop;
    MODEL_LIST(struct watch_rule) watch;
    MODEL_LIST(struct model_use) models;
    struct healthcheck *healthcheck;
    struct logging *logging;
    struct blkio *blkio;
    struct deploy *deploy;
    struct provider *provider;
    struct opt_bool init, attach;
    bool privileged, read_only, tty, stdin_open, oom_kill_disable, use_api_socket;
    int64_t shm_size, mem_limit, mem_reservation, memswap_limit;
    struct opt_int mem_swappiness;
    int64_t oom_score_adj, pids_limit;
    int64_t cpu_count, cpu_shares, cpu_quota, cpu_period, cpu_rt_period, cpu_rt_runtime;
    double cpus, cpu_percent;
    struct opt_int scale;
    struct opt_int stop_grace_period; /* nanoseconds */
};

/* --- top-level objects ------------------------------------------------------------------------ */

struct ipam_pool {
    const char *subnet, *ip_range, *gateway;
    struct pair_list aux_addresses;
};

struct network {
    const char *key;  /* in the project */
    const char *name; /* outside of it */
    struct origin at;
    const struct node *source;
    const char *definition;
    const char *driver;
    struct pair_list driver_opts, labels, ipam_options;
    const char *ipam_driver;
    MODEL_LIST(struct ipam_pool) ipam_config;
    bool external, internal, attachable;
    struct opt_bool enable_ipv4, enable_ipv6;
};

struct volume {
    const char *key, *name;
    struct origin at;
    const struct node *source;
    const char *definition;
    const char *driver;
    struct pair_list driver_opts, labels;
    bool external;
};

/* A secret or a config: exactly one of file, environment, content, external is set. */
struct project_file {
    const char *key, *name;
    struct origin at;
    const struct node *source;
    const char *file;        /* absolute */
    const char *environment; /* name of the variable */
    const char *content;     /* also the variable's value; sensitive when is_secret */
    bool has_content;
    bool is_secret, external;
    const char *driver, *template_driver;
    struct pair_list driver_opts, labels;
};

struct model {
    const char *key, *name, *model;
    int64_t context_size;
    struct text_list runtime_flags;
    struct origin at;
    const struct node *source;
};

struct project {
    struct arena *arena;
    const char *name;
    const char *working_dir;    /* absolute */
    struct text_list files;     /* absolute, "-" for standard input */
    struct text_list env_files; /* the explicitly named ones, absolute */
    /* The environment that interpolation saw: process, then env files. */
    struct map environment; /* name -> const char * */
    MODEL_LIST(struct service *) services; /* in order of name */
    MODEL_LIST(struct network *) networks;
    MODEL_LIST(struct volume *) volumes;
    MODEL_LIST(struct project_file *) secrets, configs;
    MODEL_LIST(struct model *) models;
    const struct node *extensions; /* top-level x-*, or NULL */
    const struct node *source;     /* the whole canonical tree */
    /* Only when history was asked for, else NULL. The variables that a value with such a place was made
       with: number of the place's file, as text -> their names -> values, with place and history; "secrets" -> the
       names of variables that hold secrets. */
    const struct node *uses;
    /* What !reset and !override deleted: "0 " and the path -> a null with the tag's flag and place, and
       what was deleted as `overrode`. */
    const struct node *taken;
    struct map service_index;      /* name -> struct service * */
};

/* A new, empty project that owns its arena. */
struct project *project_new(void);
void project_free(struct project *project);
struct service *project_find_service(const struct project *project, const char *name);
struct network *project_find_network(const struct project *project, const char *key);
struct volume *project_find_volume(const struct project *project, const char *key);
struct project_file *project_find_secret(const struct project *project, const char *key);
struct project_file *project_find_config(const struct project *project, const char *key);
/* How many instances are wanted: scale, else deploy.replicas, else 1; 0 for a provider. */
int64_t service_replicas(const struct service *service);
/* The image's name: `image`, else PROJECT-SERVICE. In the arena. */
const char *service_image(const struct project *project, const struct service *service);
/* The place of the value at a dotted path below the service ("environment.FOO", "ports[0]"),
   else of its nearest parent. */
struct origin service_origin(const struct service *service, const char *path);
/* Enabled services in order of dependency, dependencies first (stable by name). The list is in the
   project's arena. A cycle was refused by the loader. */
void project_order(const struct project *project, struct service ***ret_services, size_t *ret_n);

#endif
