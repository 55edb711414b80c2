/*
 * create.c - makes an instance: its folder, its files, and the record that says all that its shim
 * needs. The record is written last: without one there is no instance. Nothing is started here.
 */
#include "base/base.h"

#include "operator/baremetal/cgroup.h"

#include <stdio.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "data/jwrite.h"

#define DEFAULT_GRACE_NS 10000000000LL
#define MAX_FILE_BYTES (16u << 20)
#define FOLDER_TRIES 10

static const struct origin nowhere = ORIGIN_NONE;

struct making {
    struct baremetal *baremetal;
    struct step *step;
    struct arena *arena;
    const struct project *project;
    const struct service *service;
    const char *id, *dir, *work_dir;
    struct node *record, *run, *env;
};

static void put_text(struct making *making, struct node *map, const char *key, const char *text)
{
    if (text)
        node_set(making->arena, map, key, nowhere, node_text(making->arena, nowhere, text));
}

static void put_int(struct making *making, struct node *map, const char *key, int64_t value)
{
    node_set(making->arena, map, key, nowhere, node_int(making->arena, nowhere, value));
}

static struct node *put_list(struct making *making, struct node *map, const char *key)
{
    struct node *list = node_list(making->arena, nowhere);

    node_set(making->arena, map, key, nowhere, list);
    return list;
}

static struct node *add_map(struct making *making, struct node *list)
{
    struct node *map = node_map(making->arena, nowhere);

    node_add(making->arena, list, map);
    return map;
}

static void add_words(struct making *making, struct node *list, const struct words *words)
{
    for (size_t i = 0; i < words->list.n; i++)
        node_add(making->arena, list, node_text(making->arena, nowhere, words->list.items[i]));
}

static const char *new_id(struct arena *arena)
{
    unsigned char bytes[16];
    STR_AUTO(text);

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return arena_printf(arena, "%016llx%016llx", (unsigned long long)clock_wall_ns(),
                            (unsigned long long)getpid());
    for (size_t i = 0; i < sizeof(bytes); i++)
        str_printf(&text, "%02x", bytes[i]);
    return arena_dup(arena, text.buf);
}

/* --- the environment ----------------------------------------------------------------------------
 */

static void set_env(struct making *making, const char *key, const char *value, bool is_default)
{
    if (!is_default || !node_get(making->env, key))
        put_text(making, making->env, key, value);
}

/* OCTO_PORT_80: where a service that says "8000-8002:80" is to listen. */
static void add_port_env(struct making *making)
{
    VEC_EACH (&making->service->ports, port) {
        int64_t number = baremetal_port(port, making->step->instance->number);

        if (number > 0)
            set_env(making, arena_printf(making->arena, "OCTO_PORT_%lld", (long long)port->target),
                    arena_printf(making->arena, "%lld", (long long)number), true);
    }
}

static const char *home_of(const struct service *service, struct baremetal_user *user)
{
    if (!service->user || !*service->user || baremetal_user(service->user, user) != 0 ||
        !*user->home)
        return path_home();
    return user->home;
}

static void make_env(struct making *making)
{
    const char *path = baremetal_env(making->baremetal->environment, "PATH");
    struct baremetal_user user;
    char number[32];

    snprintf(number, sizeof(number), "%lld", (long long)making->step->instance->number);
    VEC_EACH (&making->service->environment, pair) {
        const char *value =
            pair->value ? pair->value : baremetal_env(making->baremetal->environment, pair->key);

        set_env(making, pair->key, value, false);
    }
    set_env(making, "PATH", path ? path : BAREMETAL_DEFAULT_PATH, true);
    set_env(making, "HOME", home_of(making->service, &user), true);
    set_env(making, "OCTO_REPLICA", number, false);
    add_port_env(making);
    set_env(making, "OCTO_PROJECT", making->project->name, false);
    set_env(making, "OCTO_SERVICE", making->service->name, false);
    set_env(making, "OCTO_INSTANCE", making->id, false);
}

/* "OCTO_VOLUME_NUMBERS", "DATA_DIR" */
static const char *variable(struct making *making, const char *before, const char *name,
                            const char *after)
{
    char *text = arena_printf(making->arena, "%s%s%s", before, name, after);

    for (char *c = text; *c; c++)
        *c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
    return text;
}

/* --- mounts, secrets, configs -------------------------------------------------------------------
 */

static int mount_source(struct making *making, const struct mount *mount, size_t number,
                        struct str *out, struct err *err)
{
    if (mount->type == MOUNT_BIND) {
        path_absolute(making->project->working_dir, mount->source, out);
        if (file_exists(out->buf))
            return 0;
        if (mount->bind && !mount->bind->create_host_path)
            return err_set(err, ERR_NOT_FOUND, "bind source path does not exist: \"%s\"", out->buf);
        return file_make_dirs(out->buf, 0755, err);
    }
    if (mount->type == MOUNT_VOLUME && mount->source) {
        baremetal_project_dir(making->baremetal, out);
        str_printf(out, "/volume/%s", mount->source);
        if (mount->volume && mount->volume->subpath)
            str_printf(out, "/%s", mount->volume->subpath);
        return file_make_dirs(out->buf, 0755, err);
    }
    str_printf(out, "%s/mount-%zu", making->dir, number);
    return file_make_dirs(out->buf, 0755, err);
}

static int add_mount(struct making *making, struct node *list, const struct mount *mount,
                     size_t number, struct err *err)
{
    struct node *map = add_map(making, list);
    STR_AUTO(source);

    if (mount_source(making, mount, number, &source, err) != 0)
        return -1;
    put_text(making, map, "source", source.buf);
    put_text(making, map, "target", mount->target);
    put_text(making, map, "type", mount_type_names[mount->type]);
    if (mount->type == MOUNT_VOLUME)
        put_text(making, map, "name", mount->source);
    node_set(making->arena, map, "read_only", nowhere,
             node_bool(making->arena, nowhere, mount->read_only));
    if (mount->type == MOUNT_VOLUME && mount->source)
        set_env(making, variable(making, "OCTO_VOLUME_", mount->source, ""), source.buf, true);
    if (mount->target && *path_base(mount->target))
        set_env(making, variable(making, "", path_base(mount->target), "_DIR"), source.buf, true);
    return 0;
}

static int add_mounts(struct making *making, struct err *err)
{
    struct node *list = put_list(making, making->run, "mounts");
    size_t number = 0;

    VEC_EACH (&making->service->volumes, mount) {
        if (add_mount(making, list, mount, number++, err) != 0)
            return -1;
    }
    VEC_EACH (&making->service->tmpfs, item) {
        struct slice rest = slice_from(*item), target;
        struct mount mount = { .type = MOUNT_TMPFS };

        slice_split(&rest, ':', &target);
        mount.target = arena_dup_len(making->arena, target.at, target.len);
        if (add_mount(making, list, &mount, number++, err) != 0)
            return -1;
    }
    return 0;
}

static int write_file(struct making *making, const char *folder, const struct file_reference *use,
                      const struct project_file *file, struct err *err)
{
    STR_AUTO(path);
    STR_AUTO(content);
    int result;

    str_printf(&path, "%s/%s/%s", making->dir, folder,
               path_base(use->target ? use->target : use->source));
    if (file->file) {
        if (file_read(file->file, MAX_FILE_BYTES, &content, err) != 0)
            return -1;
    } else if (file->content) {
        str_add(&content, file->content);
    } else {
        return err_set_at(err, use->at, ERR_UNSUPPORTED,
                          "\"%s\" has no content that bare metal can give to a service",
                          use->source);
    }
    result = file_write_atomic(path.buf, content.buf, content.len, 0600, err);
    mem_wipe(content.buf, content.len);
    return result;
}

static int add_files(struct making *making, bool is_secret, struct err *err)
{
    const char *folder = is_secret ? "secrets" : "configs";
    typeof(making->service->secrets.items) items =
        is_secret ? making->service->secrets.items : making->service->configs.items;
    size_t n = is_secret ? making->service->secrets.n : making->service->configs.n;
    STR_AUTO(path);

    if (n == 0)
        return 0;
    str_printf(&path, "%s/%s", making->dir, folder);
    if (file_make_dirs(path.buf, 0700, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const struct project_file *file =
            is_secret ? project_find_secret(making->project, items[i].source)
                      : project_find_config(making->project, items[i].source);

        if (file && write_file(making, folder, &items[i], file, err) != 0)
            return -1;
    }
    set_env(making, is_secret ? "OCTO_SECRETS" : "OCTO_CONFIGS", path.buf, false);
    return 0;
}

/* --- what is run --------------------------------------------------------------------------------
 */

static void add_restart(struct making *making)
{
    const char *policy = making->service->restart;
    const struct deploy *deploy = making->service->deploy;
    int64_t most = 0;

    if (!policy && deploy && deploy->restart_policy) {
        policy = deploy->restart_policy->condition;
        policy = text_is(policy, "none") ? "no" : text_is(policy, "on-failure") ? policy : "always";
        most = deploy->restart_policy->max_attempts.value;
    }
    if (policy && text_starts(policy, "on-failure:")) {
        if (text_to_int(policy + strlen("on-failure:"), &most) != 0)
            most = 0;
        policy = "on-failure";
    }
    put_text(making, making->run, "restart", policy ? policy : "no");
    put_int(making, making->run, "max_attempts", most);
}

static void add_health(struct making *making)
{
    const struct healthcheck *check = making->service->healthcheck;
    struct node *map, *argv;
    size_t from = 1;

    if (!check || check->disable || check->test.list.n < 2)
        return;
    map = node_map(making->arena, nowhere);
    node_set(making->arena, making->run, "health", nowhere, map);
    argv = put_list(making, map, "argv");
    if (text_is(check->test.list.items[0], "CMD-SHELL")) {
        node_add(making->arena, argv, node_text(making->arena, nowhere, "/bin/sh"));
        node_add(making->arena, argv, node_text(making->arena, nowhere, "-c"));
    } else if (!text_is(check->test.list.items[0], "CMD")) {
        from = 0;
    }
    for (size_t i = from; i < check->test.list.n; i++)
        node_add(making->arena, argv, node_text(making->arena, nowhere, check->test.list.items[i]));
    put_int(making, map, "interval", check->interval.has ? check->interval.value : 30000000000LL);
    put_int(making, map, "timeout", check->timeout.has ? check->timeout.value : 30000000000LL);
    put_int(making, map, "start_period", check->start_period.value);
    put_int(making, map, "start_interval",
            check->start_interval.has ? check->start_interval.value : 5000000000LL);
    put_int(making, map, "retries", check->retries.has ? check->retries.value : 3);
}

/* "Address" is empty for all addresses; "IP" is what is shown for that. */
static void add_ports(struct making *making)
{
    struct node *list = put_list(making, making->run, "ports");

    VEC_EACH (&making->service->ports, port) {
        struct node *map = add_map(making, list);
        int64_t published = baremetal_port(port, making->step->instance->number);

        put_text(making, map, "IP", port->host_ip ? port->host_ip : "0.0.0.0");
        put_text(making, map, "Address", port->host_ip ? port->host_ip : "");
        put_int(making, map, "PrivatePort", port->target);
        if (published > 0)
            put_int(making, map, "PublicPort", published);
        put_text(making, map, "Type", port->protocol ? port->protocol : "tcp");
    }
}

static void add_limits(struct making *making)
{
    struct node *list = put_list(making, making->run, "ulimits");

    VEC_EACH (&making->service->ulimits, limit) {
        struct node *map = add_map(making, list);

        put_text(making, map, "name", limit->name);
        put_int(making, map, "soft", limit->soft);
        put_int(making, map, "hard", limit->hard);
    }
}

/* A pipe that the service itself holds open, so that it does not end with who writes. */
static int add_input(struct making *making, struct err *err)
{
    STR_AUTO(path);

    if (!making->service->stdin_open)
        return 0;
    str_printf(&path, "%s/in", making->dir);
    if (mkfifo(path.buf, 0600) != 0)
        return err_set_sys(err, errno, "pipe cannot be made: \"%s\"", path.buf);
    put_text(making, making->run, "input", "in");
    return 0;
}

static int make_run(struct making *making, struct err *err)
{
    struct node *argv = put_list(making, making->run, "argv"), *env;
    const struct service *service = making->service;
    STR_AUTO(dir);

    add_words(making, argv, &service->entrypoint);
    add_words(making, argv, &service->command);
    path_absolute(making->project->working_dir, service->working_dir ? service->working_dir : ".",
                  &dir);
    making->work_dir = arena_dup(making->arena, dir.buf);
    put_text(making, making->run, "dir", making->work_dir);
    if (argv->u.list.n == 0)
        return err_set_at(err, service->at, ERR_INPUT, "service \"%s\" has no command",
                          service->name);
    make_env(making);
    if (baremetal_check_service(making->baremetal, making->project, making->service, err) != 0 ||
        add_mounts(making, err) != 0 || add_files(making, true, err) != 0 ||
        add_files(making, false, err) != 0)
        return -1;
    env = put_list(making, making->run, "env");
    NODE_EACH_PAIR (making->env, pair)
        node_add(
            making->arena, env,
            node_text(making->arena, nowhere,
                      arena_printf(making->arena, "%s=%s", pair->key, node_as_text(pair->value))));
    put_text(making, making->run, "user", service->user);
    put_text(making, making->run, "stop_signal", service->stop_signal);
    put_int(making, making->run, "grace_ns",
            service->stop_grace_period.has ? service->stop_grace_period.value : DEFAULT_GRACE_NS);
    add_restart(making);
    add_health(making);
    add_ports(making);
    add_limits(making);
    baremetal_put_limits(making->arena, making->run, service,
                         arena_printf(making->arena, "%s/%s", making->project->name, making->id));
    if (add_input(making, err) != 0)
        return -1;
    baremetal_give(making->dir, making->run);
    if (service->oom_score_adj)
        put_int(making, making->run, "oom_score_adj", service->oom_score_adj);
    return 0;
}

/* --- the record ---------------------------------------------------------------------------------
 */

static int bind_dependencies(struct making *making, struct err *err)
{
    struct node *bindings = put_list(making, making->record, "bindings");
    struct node *depends = put_list(making, making->record, "depends_on");

    VEC_EACH (&making->step->instance->wanted->depends_on, dependency) {
        const struct wanted *on = dependency->on;
        const struct instance *used = NULL;
        struct node *map =
            add_map(making, dependency->kind == DEPENDS_RUNNING ? depends : bindings);

        if (dependency->kind == DEPENDS_RUNNING) {
            put_text(making, map, "service", on->service);
            put_int(making, map, "condition", dependency->condition);
            put_int(making, map, "restart", dependency->restart);
            continue;
        }
        VEC_EACH (&making->step->uses, use) {
            if (!used && (*use)->wanted == on && (*use)->id)
                used = *use;
        }
        if (!used)
            return err_set(err, ERR_NOT_FOUND, "no such %s: \"%s\"", on->kind->name, on->name);
        put_text(making, map, "kind", on->kind->name);
        put_text(making, map, "name", on->name);
        put_text(making, map, "id", used->id);
    }
    return 0;
}

static void make_record(struct making *making)
{
    const struct step *step = making->step;
    const struct wanted *wanted = step->instance->wanted;
    struct node *record = making->record;

    put_int(making, record, "version", BAREMETAL_VERSION);
    put_text(making, record, "id", making->id);
    put_text(making, record, "project", making->project->name);
    put_text(making, record, "service", wanted->service);
    put_int(making, record, "number", step->instance->number);
    put_text(making, record, "name",
             step->temporary_name ? step->temporary_name : step->instance->name);
    if (step->temporary_name)
        put_text(making, record, "replaces", step->instance->name);
    put_text(making, record, "digest", wanted->digest);
    put_text(making, record, "image", making->service->image);
    put_text(making, record, "files",
             making->project->files.n > 0 ? making->project->files.items[0] : "");
    put_int(making, record, "created", clock_wall_ns());
    node_set(making->arena, record, "spec", nowhere, node_copy(making->arena, wanted->spec));
    node_set(making->arena, record, "run", nowhere, making->run);
}

/* The folder, with its lock held: what has no record and whose lock is free is swept away as what a
   killed command left. */
static int make_folder(const char *dir, struct err *err)
{
    struct stat held, named;
    STR_AUTO(path);

    str_printf(&path, "%s/lock", dir);
    for (int i = 0; i < FOLDER_TRIES; i++) {
        int lock;

        err_release(err); /* of a folder above that was tidied away just now */
        if (file_make_dirs(dir, 0700, err) != 0)
            continue;
        lock = open(path.buf, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (lock < 0 && errno == ENOENT)
            continue;
        if (lock < 0)
            return err_set_sys(err, errno, "cannot write \"%s\"", path.buf);
        close(lock);
        lock = baremetal_lock(dir);
        if (lock >= 0 && fstat(lock, &held) == 0 && stat(path.buf, &named) == 0 &&
            held.st_ino == named.st_ino)
            return lock;
        if (lock >= 0)
            close(lock);
    }
    if (err_is_set(err))
        return -1;
    return err_set(err, ERR_CONFLICT, "folder is removed again and again: \"%s\"", dir);
}

static int fill(struct making *making, struct err *err)
{
    STR_AUTO(path);
    STR_AUTO(text);

    make_record(making);
    if (make_run(making, err) != 0 || bind_dependencies(making, err) != 0)
        return -1;
    if (!making->step->other && baremetal_check_ports(making->record, err) != 0)
        return err_wrap(err, "service \"%s\"", making->service->name);
    str_printf(&path, "%s/record.json", making->dir);
    jwrite_node_text(making->record, 0, &text);
    str_add_char(&text, '\n');
    /* A new instance that a loss of power takes away is made again by the next up. */
    return file_write_unsynced(path.buf, text.buf, text.len, 0600, err);
}

int baremetal_create_process(struct baremetal *baremetal, struct step *step, struct err *err)
{
    const struct baremetal_payload *payload = step->instance->wanted->payload;
    struct making making = { .baremetal = baremetal,
                             .step = step,
                             .arena = arena_new(),
                             .project = payload->project,
                             .service = payload->service };
    STR_AUTO(dir);
    STR_AUTO(project_dir);
    int result, lock;

    making.id = new_id(making.arena);
    baremetal_process_dir(baremetal, making.id, &dir);
    making.dir = dir.buf;
    making.record = node_map(making.arena, nowhere);
    making.run = node_map(making.arena, nowhere);
    making.env = node_map(making.arena, nowhere);
    lock = make_folder(dir.buf, err);
    result = lock < 0 ? -1 : fill(&making, err);
    if (result != 0) {
        (void)!file_remove_tree(dir.buf, NULL);
    } else {
        mem_free(step->instance->id);
        step->instance->id = mem_dup(making.id);
        baremetal_project_dir(baremetal, &project_dir);
        baremetal_event(project_dir.buf, making.record, "create", 0, NULL);
    }
    if (lock >= 0)
        close(lock);
    arena_free(making.arena);
    return result;
}

int baremetal_create_volume(struct baremetal *baremetal, struct step *step, struct err *err)
{
    const struct wanted *wanted = step->instance->wanted;
    struct making making = { .arena = arena_new() };
    struct node *record = node_map(making.arena, nowhere);
    STR_AUTO(path);
    int result;

    making.id = new_id(making.arena);
    put_int(&making, record, "version", BAREMETAL_VERSION);
    put_text(&making, record, "key", wanted->key);
    put_text(&making, record, "id", making.id);
    put_text(&making, record, "name", wanted->name);
    put_text(&making, record, "digest", wanted->digest);
    put_int(&making, record, "created", clock_wall_ns());
    node_set(making.arena, record, "spec", nowhere, node_copy(making.arena, wanted->spec));
    baremetal_project_dir(baremetal, &path);
    str_printf(&path, "/volume/%s", wanted->key);
    result = file_make_dirs(path.buf, 0755, err);
    str_add(&path, ".json");
    if (result == 0)
        result = baremetal_write_state(path.buf, record, err);
    if (result == 0) {
        mem_free(step->instance->id);
        step->instance->id = mem_dup(making.id);
    }
    arena_free(making.arena);
    return result;
}
