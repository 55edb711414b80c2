/*
 * plan_fixture.h - wanted and existing sets from a few lines of YAML, for the tests of the plan.
 * The kinds are generic ones of its own: it needs no operator and no description format.
 */
#ifndef OCTO_TESTS_PLAN_FIXTURE_H
#define OCTO_TESTS_PLAN_FIXTURE_H

#include "plan/plan.h"

extern const struct resource_kind fixture_container, fixture_network, fixture_volume, fixture_image;

/* The YAML is a map of services, networks, volumes and images as compose files have them, but:
   depends_on entries may be {condition: healthy, restart: true, required: false}, `bound:
   [service]` binds to another service's instance, `fixed: NAME`, `hooks: [pre_start, post_start,
   pre_stop]`, `called: true` has it run by others,
   and `digest` stands for the whole spec when it is there. Images that nothing defines
   are pulled when missing. */
void fixture_wanted(const char *yaml, struct wanted_set *set);

/* What exists after all of the wanted set was brought up, then edited, "NAME WORD [VALUE]; ...":
   gone, foreign, unlabelled, one-off, helper; a state with its exit code or health ("exited 1",
   "running healthy"); id, digest, named, service, number, replaces, detached, made, bound (the id
   of the first binding), joined (the id of its networks),
   given (the id of what "db", which is called, gave) with a value; "copy NAME" adds another like
   it, "twin #ID" one of the same name that was made later. */
void fixture_existing(const struct wanted_set *wanted, const char *edits, struct existing_set *set);

/* The steps, one a line: "ID action name [#ID] [< PREDECESSORS]" and what else there is to say; "*" are
   all pulls and builds. */
void fixture_steps(const struct plan *plan, struct str *out);

#endif
