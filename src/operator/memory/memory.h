/*
 * memory.h - the operator that keeps everything in memory, or in one JSON file that several
 * commands share: for tests, and for looking at plans without any backend. Nothing ever runs. What
 * instances do is said by labels of their service:
 *
 *   memory.exit: CODE           it ends with that code ...
 *   memory.exit-after: TIME     ... so long after its start (default: at once)
 *   memory.healthy-after: TIME  its healthcheck succeeds so long after its start (default: at once)
 *   memory.unhealthy: "true"    it never does
 *   memory.hook-exit: CODE      its hooks end with that code
 *
 * The environment says the rest:
 *
 *   OCTOCOMPOSE_MEMORY_STATE=FILE           where the state is kept; unset: in the handle
 *   OCTOCOMPOSE_MEMORY_FAIL=N[:after][:retry|:fatal]   the Nth step fails, before or after it
 *                                           had its effect
 *   OCTOCOMPOSE_MEMORY_KILL=N[:after|:late] the process kills itself at the Nth step; late: after it,
 *                                           and a network that it makes is there only once the next
 *                                           command has done something, even beside another of its name
 *   OCTOCOMPOSE_MEMORY_DELAY=TIME           how long each step takes
 *   OCTOCOMPOSE_MEMORY_NEW=IMAGE,IMAGE      pulls and builds of these bring something new
 */
#ifndef OCTO_OPERATOR_MEMORY_MEMORY_H
#define OCTO_OPERATOR_MEMORY_MEMORY_H

#include "plan/operator.h"

extern const struct operator_ops memory_ops;

/* For tests: another fault and another counting, as the environment's words. NULL: none. */
void memory_set_fault(void *handle, const char *fail, const char *kill);
/* How many steps were begun since the last memory_set_fault(). */
unsigned memory_steps_begun(const void *handle);

#endif
