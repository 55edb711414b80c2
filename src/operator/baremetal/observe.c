/*
 * observe.c - what there is of a project, as existing resources, and which projects there are.
 * Where a shim or the supervisor was killed while there is something to watch, it is started again
 * first: a look mends the watch, and never touches the service itself.
 */
#include "base/base.h"

#include "operator/baremetal/cgroup.h"

#include <signal.h>

#include <errno.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#define SETTLE_MS 2
#define SETTLE_LOOKS 500

struct observation {
    struct baremetal *baremetal;
    struct existing_set set;
    struct observe_query query;
    VEC(struct baremetal_look) looks;
    size_t n_looks;
    bool is_mended;
    observe_done_fn done;
    void *arg;
    struct err err;
};

static void put_text(struct arena *arena, struct node *map, const char *key, const char *text)
{
    struct origin nowhere = ORIGIN_NONE;

    node_set(arena, map, key, nowhere, node_text(arena, nowhere, text ? text : ""));
}

/* What exceeded its limit of memory was killed. */
static bool is_out_of_memory(const struct baremetal_look *look)
{
    const struct node *run = node_get(look->record, "run");

    return look->exit_code == 128 + SIGKILL &&
           baremetal_cgroup_oom(baremetal_text(run, "group")) > 0;
}

static void print_status(const struct baremetal_look *look, struct str *out)
{
    int64_t now = clock_wall_ns();

    switch (look->state) {
    case STATE_CREATED:
        str_add(out, "Created");
        break;
    case STATE_RUNNING:
    case STATE_PAUSED:
        str_add(out, "Up ");
        clock_print_human(now - baremetal_int(look->status, "started"), out);
        if (look->state == STATE_PAUSED)
            str_add(out, " (Paused)");
        else if (look->health == HEALTH_STARTING)
            str_add(out, " (health: starting)");
        else if (look->health != HEALTH_NONE)
            str_printf(out, " (%s)", instance_health_names[look->health]);
        break;
    default:
        str_add(out, look->state == STATE_RESTARTING ? "Restarting" : "Exited");
        if (look->is_exit_known)
            str_printf(out, " (%lld)", (long long)look->exit_code);
        else
            str_add(out, " (unknown)");
        if (baremetal_int(look->status, "finished") == 0)
            break; /* the machine ended first */
        str_add_char(out, ' ');
        clock_print_human(now - baremetal_int(look->status, "finished"), out);
        str_add(out, " ago");
        if (is_out_of_memory(look))
            str_add(out, " (out of memory)");
    }
    if (look->is_stopping)
        str_add(out, " (stopping)");
}

static void add_mounts(struct arena *arena, struct node *details, const struct node *mounts)
{
    struct origin nowhere = ORIGIN_NONE;
    struct node *list = node_list(arena, nowhere);

    if (!node_is(mounts, NODE_LIST))
        return;
    NODE_EACH_ITEM (mounts, item) {
        struct node *map = node_map(arena, nowhere);
        const char *name = baremetal_text(*item, "name");

        put_text(arena, map, "Type", baremetal_text(*item, "type"));
        put_text(arena, map, "Source", baremetal_text(*item, "source"));
        put_text(arena, map, "Destination", baremetal_text(*item, "target"));
        if (name) {
            put_text(arena, map, "Name", name);
            put_text(arena, map, "Driver", "local");
        }
        node_add(arena, list, map);
    }
    node_set(arena, details, "Mounts", nowhere, list);
}

static const struct node *make_details(struct arena *arena, const struct baremetal_look *look)
{
    struct origin nowhere = ORIGIN_NONE;
    const struct node *run = node_get(look->record, "run"), *argv = node_get(run, "argv");
    struct node *details = node_map(arena, nowhere), *ports = node_get(run, "ports");
    STR_AUTO(text);

    for (size_t i = 0; node_is(argv, NODE_LIST) && i < argv->u.list.n; i++)
        str_printf(&text, "%s%s", i > 0 ? " " : "", node_as_text(argv->u.list.items[i]));
    put_text(arena, details, "Command", text.buf);
    put_text(arena, details, "Image", baremetal_text(look->record, "image"));
    str_clear(&text);
    print_status(look, &text);
    put_text(arena, details, "Status", text.buf);
    if (ports && (look->state == STATE_RUNNING || look->state == STATE_PAUSED))
        node_set(arena, details, "Ports", nowhere, ports);
    add_mounts(arena, details, node_get(run, "mounts"));
    return details;
}

static void copy_lists(struct existing_set *set, const struct node *record,
                       struct existing *existing)
{
    const struct node *bindings = node_get(record, "bindings");
    const struct node *depends = node_get(record, "depends_on");

    if (!node_is(bindings, NODE_LIST) || !node_is(depends, NODE_LIST))
        return;
    NODE_EACH_ITEM (bindings, item) {
        struct binding binding = { &baremetal_volume, baremetal_text(*item, "name"),
                                   baremetal_text(*item, "id") };

        ARENA_ADD(set->arena, &existing->bindings, binding);
    }
    NODE_EACH_ITEM (depends, item) {
        struct dependency dependency = {
            .service = baremetal_text(*item, "service"),
            .condition = (enum dependency_condition)baremetal_int(*item, "condition"),
            .restart = baremetal_int(*item, "restart") != 0,
            .required = true,
        };

        ARENA_ADD(set->arena, &existing->depends_on, dependency);
    }
}

static void add_process(struct existing_set *set, const struct baremetal_look *look)
{
    struct existing *existing = existing_add(set, &baremetal_process);
    const struct node *record = look->record;

    existing->key = existing->service = baremetal_text(record, "service");
    existing->id = baremetal_text(record, "id");
    existing->name = baremetal_text(record, "name");
    existing->number = baremetal_int(record, "number");
    existing->state = look->state;
    existing->health =
        look->state == STATE_RUNNING || look->state == STATE_PAUSED ? look->health : HEALTH_NONE;
    existing->exit_code = look->exit_code;
    existing->is_exit_known = look->state == STATE_EXITED && look->is_exit_known;
    existing->digest = baremetal_text(record, "digest");
    existing->spec = node_get(record, "spec");
    existing->replaces = baremetal_text(record, "replaces");
    existing->is_stopping = look->is_stopping;
    existing->is_listening = look->state == STATE_RUNNING && !look->is_stopping &&
                             (look->health == HEALTH_NONE || look->health == HEALTH_HEALTHY);
    existing->created_ns = baremetal_int(record, "created");
    existing->started_ns = baremetal_int(look->status, "started");
    existing->finished_ns = baremetal_int(look->status, "finished");
    existing->details = make_details(set->arena, look);
    copy_lists(set, record, existing);
}

static int add_volumes(struct observation *observation, struct err *err)
{
    struct existing_set *set = &observation->set;
    struct text_list names = { NULL, 0, 0 };
    STR_AUTO(dir);

    baremetal_project_dir(observation->baremetal, &dir);
    str_add(&dir, "/volume");
    baremetal_list(set->arena, dir.buf, ".json", &names);
    for (size_t i = 0; i < names.n; i++) {
        struct existing *existing;
        struct node *record;
        STR_AUTO(path);

        str_printf(&path, "%s/%s", dir.buf, names.items[i]);
        if (baremetal_read_state(set->arena, path.buf, &record, err) != 0)
            return -1;
        existing = existing_add(set, &baremetal_volume);
        existing->key = baremetal_text(record, "key");
        existing->id = baremetal_text(record, "id");
        existing->name = baremetal_text(record, "name");
        existing->digest = baremetal_text(record, "digest");
        existing->spec = node_get(record, "spec");
        existing->created_ns = baremetal_int(record, "created");
    }
    return 0;
}

static void end_observation(struct observation *observation)
{
    struct existing_set *set = &observation->set;

    if (!err_is_set(&observation->err)) {
        VEC_EACH (&observation->looks, look)
            add_process(set, look);
    }
    if (!err_is_set(&observation->err) && !observation->query.only_running_kinds &&
        add_volumes(observation, &observation->err) != 0)
        assert(err_is_set(&observation->err));
    if (err_is_set(&observation->err)) {
        existing_set_release(set);
        observation->done(observation->arg, NULL, &observation->err);
    } else {
        observation->done(observation->arg, set, &observation->err);
    }
    err_release(&observation->err);
    VEC_RELEASE(&observation->looks);
    mem_free(observation);
}

/* What a killed command had begun to make or to remove, or a loss of power left of it. Whoever
   makes one takes the lock before anything else is in the folder. */
static void sweep(const char *dir)
{
    int lock = baremetal_lock(dir);

    if (lock >= 0 || (errno == ENOENT && rmdir(dir) != 0 && errno == ENOTEMPTY))
        (void)!file_remove_tree(dir, NULL);
    if (lock >= 0)
        close(lock);
}

static void look_at(struct observation *observation, const char *id)
{
    struct baremetal_look look;
    struct err err = ERR_INIT;
    STR_AUTO(dir);

    baremetal_process_dir(observation->baremetal, id, &dir);
    if (baremetal_look(observation->set.arena, dir.buf, &look, &err) == 0)
        VEC_ADD(&observation->looks, look);
    else if (err.code == ERR_NOT_FOUND)
        sweep(dir.buf);
    else if (!err_is_set(&observation->err))
        err_move(&observation->err, &err);
    err_release(&err);
}

static void look_at_all(struct observation *observation)
{
    struct arena *arena = observation->set.arena;
    struct text_list ids = { NULL, 0, 0 };
    STR_AUTO(folder);

    observation->looks.n = 0;
    baremetal_project_dir(observation->baremetal, &folder);
    str_add(&folder, "/process");
    baremetal_list(arena, folder.buf, "", &ids);
    for (size_t i = 0; i < ids.n; i++)
        look_at(observation, ids.items[i]);
    if (observation->looks.n == 0 && !err_is_set(&observation->err)) {
        str_cut(&folder, folder.len - strlen("/process"));
        baremetal_tidy(folder.buf);
    }
}

static bool needs_mending(const struct observation *observation)
{
    bool is_any_live = false;
    STR_AUTO(dir);

    VEC_EACH (&observation->looks, look) {
        if (look->is_lost)
            return true;
        is_any_live = is_any_live || look->is_live;
    }
    baremetal_project_dir(observation->baremetal, &dir);
    return is_any_live && !baremetal_supervisor_is_there(dir.buf);
}

static bool is_settling(const struct observation *observation)
{
    VEC_EACH (&observation->looks, look) {
        if (look->is_settling)
            return true;
    }
    return false;
}

static void on_look(void *arg);

/* A watch that cannot be mended shows in what the look then finds. */
static void on_mended(void *arg, struct err *err)
{
    err_release(err);
    on_look(arg);
}

static void on_look(void *arg)
{
    struct observation *observation = arg;
    struct baremetal *baremetal = observation->baremetal;

    look_at_all(observation);
    if (err_is_set(&observation->err)) {
        end_observation(observation);
    } else if (!observation->is_mended && needs_mending(observation)) {
        observation->is_mended = true;
        baremetal_supervisor_request(baremetal, "mend", "", on_mended, observation);
    } else if (is_settling(observation) && observation->n_looks++ < SETTLE_LOOKS) {
        loop_add_timer(baremetal->loop, SETTLE_MS, on_look, observation);
    } else {
        end_observation(observation);
    }
}

void baremetal_observe(void *handle, const struct observe_query *query, struct findings *findings,
                       observe_done_fn done, void *arg)
{
    struct observation *observation = MEM_NEW(struct observation);
    struct baremetal *baremetal = handle;

    (void)findings;
    mem_free(baremetal->project);
    baremetal->project = mem_dup(query->project);
    observation->baremetal = baremetal;
    observation->query = *query;
    observation->done = done;
    observation->arg = arg;
    existing_set_init(&observation->set, query->project);
    loop_add_soon(baremetal->loop, on_look, observation);
}

/* --- projects -----------------------------------------------------------------------------------
 */

struct projects_task {
    struct baremetal *baremetal;
    bool with_stopped;
    projects_done_fn done;
    void *arg;
};

static void count_state(struct arena *arena, struct project_summary *summary, const char *state)
{
    for (size_t i = 0; i < summary->states.n; i++) {
        if (text_is(summary->states.items[i].state, state)) {
            summary->states.items[i].n++;
            return;
        }
    }
    if (summary->states.n == summary->states.cap)
        summary->states.items = arena_grow(arena, summary->states.items, summary->states.n,
                                           &summary->states.cap, sizeof(summary->states.items[0]));
    summary->states.items[summary->states.n].state = state;
    summary->states.items[summary->states.n++].n = 1;
}

static void add_project(struct projects_task *task, struct project_summary_list *list,
                        const char *name)
{
    struct project_summary summary = { .name = name, .files = "" };
    struct text_list ids = { NULL, 0, 0 };
    STR_AUTO(folder);

    str_printf(&folder, "%s/%s/process", task->baremetal->root, name);
    baremetal_list(list->arena, folder.buf, "", &ids);
    for (size_t i = 0; i < ids.n; i++) {
        struct baremetal_look look;
        STR_AUTO(dir);

        str_printf(&dir, "%s/%s", folder.buf, ids.items[i]);
        if (baremetal_look(list->arena, dir.buf, &look, NULL) != 0 ||
            (!task->with_stopped && look.state != STATE_RUNNING))
            continue;
        summary.files = baremetal_text(look.record, "files");
        count_state(list->arena, &summary, instance_state_names[look.state]);
    }
    if (summary.states.n > 0)
        ARENA_ADD(list->arena, list, summary);
}

static void on_projects(void *arg)
{
    struct projects_task *task = arg;
    struct project_summary_list list = { arena_new(), NULL, 0, 0 };
    struct text_list names = { NULL, 0, 0 };
    struct err err = ERR_INIT;

    baremetal_list(list.arena, task->baremetal->root, "", &names);
    for (size_t i = 0; i < names.n; i++)
        add_project(task, &list, names.items[i]);
    task->done(task->arg, &list, &err);
    err_release(&err);
    mem_free(task);
}

void baremetal_projects(void *handle, bool with_stopped, projects_done_fn done, void *arg)
{
    struct projects_task *task = MEM_NEW(struct projects_task);

    task->baremetal = handle;
    task->with_stopped = with_stopped;
    task->done = done;
    task->arg = arg;
    loop_add_soon(task->baremetal->loop, on_projects, task);
}
