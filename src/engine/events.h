/*
 * events.h - the engine's events as one subscription that survives lost connections and restarts of the
 * engine: nothing that happened after engine_events_open() is missed, as far as the engine still knows it
 * (it keeps 256 events).
 *
 * What an event says may have been overtaken: look at the container too. After `again` everything has to
 * be looked at: what ended while the engine was away ends without an event.
 */
#ifndef OCTO_ENGINE_EVENTS_H
#define OCTO_ENGINE_EVENTS_H

#include "engine/engine.h"

/* One event, gone after the callback. "Type", "Action", "Actor": {"ID", "Attributes"}, "timeNano".
   time_ns is its time on the engine's clock. */
typedef void (*engine_event_fn)(void *arg, const struct node *event, int64_t time_ns);
typedef void (*engine_again_fn)(void *arg);
/* No more events come: the engine refused, or stays away. */
typedef void (*engine_events_lost_fn)(void *arg, struct err *err);

struct engine_events_spec {
    const char *filters; /* JSON: {"type":["container"],"label":["a=b"]}, or NULL. An Action filter
                            of health_status makes the engine match by prefix */
    int64_t since_ns;    /* on the engine's clock; 0: now */
    engine_event_fn event;
    engine_again_fn again; /* connected again after a loss; may be NULL */
    engine_events_lost_fn lost;
    void *arg;
    bool is_background; /* does not keep loop_run() alive */
};

struct engine_events;
struct engine_events *engine_events_open(struct engine *engine,
                                         const struct engine_events_spec *spec);
/* No callback follows; allowed in all of them. NULL allowed. */
void engine_events_close(struct engine_events *events);

/* The action as docker names it, whatever the engine calls it: "destroy" for Podman's "remove", "die" for
   "died", "health_status: healthy" for "health_status" with a "HealthStatus" beside it. */
void engine_event_action(const struct node *event, struct str *ret_action);

/* The engine's clock now, as far as it is known: the same as ours on a local socket. */
int64_t engine_clock_ns(const struct engine *engine);

#endif
