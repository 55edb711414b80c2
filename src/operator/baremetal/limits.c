/*
 * limits.c - what a service may use at most: from its keys to the files of control groups
 * (cgroup.c). One row a limit; both versions' files and values are in the record, and the machine
 * says at the start which of them there are.
 */
#include "base/base.h"

#include "operator/baremetal/cgroup.h"

#include <errno.h>

#include "base/arena.h"
#include "base/file.h"

#define PERIOD_US 100000
#define MIN_QUOTA_US 1000
#define MAX_SHARES 262144

struct limit {
    const char *key; /* that asks for it */
    const char *controller, *file_1, *file_2, *value_1, *value_2;
};
typedef VEC(struct limit) limit_list;

/* --- from the service ---------------------------------------------------------------------------
 */

static const char *number(struct arena *arena, int64_t value)
{
    return arena_printf(arena, "%lld", (long long)value);
}

static void add(limit_list *list, const char *key, const char *controller, const char *file_1,
                const char *value_1, const char *file_2, const char *value_2)
{
    const struct limit limit = { key, controller, file_1, file_2, value_1, value_2 };

    VEC_ADD(list, limit);
}

static void add_memory(struct arena *arena, const struct service *service, limit_list *list)
{
    const struct resources *limits = service->deploy ? service->deploy->limits : NULL;
    const struct resources *reserved = service->deploy ? service->deploy->reservations : NULL;
    bool is_deploy = limits && limits->memory > 0;
    int64_t most = is_deploy ? limits->memory : service->mem_limit;
    bool is_reserved = reserved && reserved->memory > 0;
    int64_t low = is_reserved ? reserved->memory : service->mem_reservation;
    int64_t swap = service->memswap_limit;

    if (most > 0)
        add(list, is_deploy ? "deploy.resources.limits.memory" : "mem_limit", "memory",
            "memory.limit_in_bytes", number(arena, most), "memory.max", number(arena, most));
    if (swap != 0)
        add(list, "memswap_limit", "memory", "memory.memsw.limit_in_bytes", number(arena, swap),
            "memory.swap.max", swap < 0 ? "max" : number(arena, MAX(0, swap - most)));
    if (low > 0)
        add(list, is_reserved ? "deploy.resources.reservations.memory" : "mem_reservation",
            "memory", "memory.soft_limit_in_bytes", number(arena, low), "memory.low",
            number(arena, low));
}

static void add_processor(struct arena *arena, const struct service *service, limit_list *list)
{
    const struct resources *limits = service->deploy ? service->deploy->limits : NULL;
    bool is_deploy = limits && limits->cpus > 0;
    double cpus = is_deploy ? limits->cpus : service->cpus;
    int64_t period = service->cpu_period > 0 ? service->cpu_period : PERIOD_US;
    int64_t quota = service->cpu_quota, shares = service->cpu_shares;
    const char *key = quota > 0 ? "cpu_quota" : "cpus";

    if (cpus > 0) {
        key = is_deploy ? "deploy.resources.limits.cpus" : "cpus";
        quota = MAX(MIN_QUOTA_US, (int64_t)(cpus * (double)period));
    }
    if (quota > 0) {
        add(list, key, "cpu", "cpu.cfs_period_us", number(arena, period), NULL, NULL);
        add(list, key, "cpu", "cpu.cfs_quota_us", number(arena, quota), "cpu.max",
            arena_printf(arena, "%lld %lld", (long long)quota, (long long)period));
    }
    if (shares >= 2)
        add(list, "cpu_shares", "cpu", "cpu.shares", number(arena, shares), "cpu.weight",
            number(arena, 1 + (MIN(shares, MAX_SHARES) - 2) * 9999 / (MAX_SHARES - 2)));
    if (service->cpuset)
        add(list, "cpuset", "cpuset", "cpuset.cpus", service->cpuset, "cpuset.cpus",
            service->cpuset);
}

static void find_limits(struct arena *arena, const struct service *service, limit_list *list)
{
    const struct resources *limits = service->deploy ? service->deploy->limits : NULL;
    bool is_deploy = limits && limits->pids.has && limits->pids.value > 0;
    int64_t pids = is_deploy ? limits->pids.value : service->pids_limit;

    add_memory(arena, service, list);
    add_processor(arena, service, list);
    if (pids > 0)
        add(list, is_deploy ? "deploy.resources.limits.pids" : "pids_limit", "pids", "pids.max",
            number(arena, pids), "pids.max", number(arena, pids));
}

/* --- to the record, and from it -----------------------------------------------------------------
 */

static void put(struct arena *arena, struct node *map, const char *key, const char *text)
{
    const struct origin nowhere = ORIGIN_NONE;

    if (text)
        node_set(arena, map, key, nowhere, node_text(arena, nowhere, text));
}

void baremetal_put_limits(struct arena *arena, struct node *run, const struct service *service,
                          const char *name)
{
    const struct origin nowhere = ORIGIN_NONE;
    struct node *items = node_list(arena, nowhere);
    limit_list list = { NULL, 0, 0 };

    find_limits(arena, service, &list);
    VEC_EACH (&list, limit) {
        struct node *map = node_map(arena, nowhere);

        put(arena, map, "controller", limit->controller);
        put(arena, map, "file_1", limit->file_1);
        put(arena, map, "value_1", limit->value_1);
        put(arena, map, "file_2", limit->file_2);
        put(arena, map, "value_2", limit->value_2);
        node_add(arena, items, map);
    }
    VEC_RELEASE(&list);
    put(arena, run, "group", name);
    node_set(arena, run, "limits", nowhere, items);
}

/* A kernel without accounting of swap has no file for it: the check warned. */
static int set_limits(const struct node *limits, const char *controller, const char *dir,
                      enum baremetal_cgroup_version version)
{
    NODE_EACH_ITEM (limits, item) {
        const char *file = baremetal_text(*item, version == CGROUP_1 ? "file_1" : "file_2");
        const char *value = baremetal_text(*item, version == CGROUP_1 ? "value_1" : "value_2");
        int error;

        if (!file || !value || !text_is(baremetal_text(*item, "controller"), controller))
            continue;
        error = baremetal_cgroup_set(dir, file, value);
        if (error && !(error == ENOENT && strstr(file, "sw")))
            return error;
    }
    return 0;
}

int baremetal_enter_limits(const struct node *run, bool is_new)
{
    static const char *const controllers[] = { "memory", "cpu", "pids", "cpuset" };
    const struct node *limits = node_get(run, "limits");
    const char *name = baremetal_text(run, "group");
    enum baremetal_cgroup_version version;
    STR_AUTO(dir);

    if (!name || !node_is(limits, NODE_LIST))
        return 0;
    /* One without limits is for finding and ending its members: nothing is lost without it. */
    (void)baremetal_cgroup_enter(name, "", is_new, &version, &dir);
    for (size_t i = 0; i < ARRAY_LEN(controllers); i++) {
        bool is_limited = false;
        int error;

        NODE_EACH_ITEM (limits, item)
            is_limited = is_limited || text_is(baremetal_text(*item, "controller"), controllers[i]);
        if (!is_limited)
            continue;
        str_clear(&dir);
        error = baremetal_cgroup_enter(name, controllers[i], is_new, &version, &dir);
        if (!error && is_new && version != CGROUP_NONE)
            error = set_limits(limits, controllers[i], dir.buf, version);
        if (error)
            return error;
    }
    return 0;
}

/* --- what cannot be limited here ----------------------------------------------------------------
 */

/* Not every kernel counts swap; everything else is there with its controller. */
static bool has_file(const char *top, const char *file)
{
    STR_AUTO(path);

    str_printf(&path, "%s/%s", top, file);
    return !strstr(file, "memsw") || file_exists(path.buf);
}

void baremetal_check_limits(const struct service *service, struct findings *findings)
{
    struct arena *arena = arena_new();
    limit_list list = { NULL, 0, 0 };

    find_limits(arena, service, &list);
    VEC_EACH (&list, limit) {
        STR_AUTO(path);
        STR_AUTO(top);
        enum baremetal_cgroup_version version = baremetal_cgroup_find(limit->controller, &top);

        str_printf(&path, "services.%s.%s", service->name, limit->key);
        if (version == CGROUP_2 || (version == CGROUP_1 && has_file(top.buf, limit->file_1)))
            continue;
        finding_add(findings, FINDING_WARNING, service_origin(service, limit->key), path.buf,
                    "has no effect: this machine lets octocompose make no control group for \"%s\"",
                    limit->controller);
    }
    VEC_RELEASE(&list);
    arena_free(arena);
}
