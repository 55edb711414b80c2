/*
 * shim-health.c - the shim's health checks: a program in the service's place (place.c), run again
 * and again, never longer than its timeout. Says what the health is; decides nothing else.
 */
#include "base/base.h"

#include "operator/baremetal/shim.h"

#include <signal.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/process.h"

static void on_due(void *arg);

static int64_t setting_ms(const struct shim *shim, const char *key)
{
    return baremetal_int(node_get(shim->run, "health"), key) / 1000000;
}

static void wait_for_next(struct shim *shim)
{
    int64_t period = setting_ms(shim, "start_period");
    bool is_starting =
        shim->health == HEALTH_STARTING && clock_now_ms() - shim->started_ms < period;

    loop_remove(shim->check_timer);
    shim->check_timer = loop_add_timer(
        shim->loop, setting_ms(shim, is_starting ? "start_interval" : "interval"), on_due, shim);
}

void baremetal_shim_health_begin(struct shim *shim)
{
    baremetal_shim_health_end(shim);
    shim->health = HEALTH_NONE;
    shim->n_failures = 0;
    if (!node_get(shim->run, "health"))
        return;
    shim->health = HEALTH_STARTING;
    wait_for_next(shim);
}

void baremetal_shim_health_end(struct shim *shim)
{
    loop_remove(shim->check_timer);
    shim->check_timer = NULL;
    if (shim->check > 0)
        kill(-shim->check, SIGKILL);
    shim->check = 0;
}

static void on_late(void *arg)
{
    struct shim *shim = arg;

    shim->check_timer = NULL;
    shim->is_check_late = true;
    if (shim->check > 0)
        kill(-shim->check, SIGKILL);
}

static void on_due(void *arg)
{
    struct shim *shim = arg;
    CLEANUP(mem_cleanup)
    const char **argv = baremetal_words(node_get(node_get(shim->run, "health"), "argv"));
    struct baremetal_place place;
    struct process_spec spec = { .argv = argv,
                                 .fd_in = -1,
                                 .fd_out = -1,
                                 .fd_err = -1,
                                 .is_group = true,
                                 .enter = baremetal_place_enter,
                                 .enter_arg = &place };
    bool is_started;

    shim->check_timer = NULL;
    shim->is_check_late = false;
    baremetal_place_open(&place, shim->run, shim->pid, shim->start_time);
    is_started = process_start(&spec, &shim->check, NULL) == 0;
    baremetal_place_close(&place);
    if (!is_started) {
        shim->check = 0;
        baremetal_shim_checked(shim, 1);
        return;
    }
    shim->check_timer = loop_add_timer(shim->loop, setting_ms(shim, "timeout"), on_late, shim);
}

static void set_health(struct shim *shim, enum instance_health health)
{
    if (shim->health == health)
        return;
    shim->health = health;
    baremetal_shim_note(shim);
    baremetal_event("../..", shim->record, "health", 0, instance_health_names[health]);
}

void baremetal_shim_checked(struct shim *shim, int wait_status)
{
    bool is_early = shim->health == HEALTH_STARTING &&
                    clock_now_ms() - shim->started_ms < setting_ms(shim, "start_period");

    shim->check = 0;
    if (shim->phase != SHIM_RUNNING)
        return;
    if (wait_status == 0 && !shim->is_check_late) {
        shim->n_failures = 0;
        set_health(shim, HEALTH_HEALTHY);
    } else if (!is_early &&
               ++shim->n_failures >= baremetal_int(node_get(shim->run, "health"), "retries")) {
        set_health(shim, HEALTH_UNHEALTHY);
    }
    wait_for_next(shim);
}
