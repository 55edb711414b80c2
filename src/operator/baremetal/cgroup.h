/*
 * cgroup.h - the control groups of an instance (cgroup.c), and the limits that a service has by
 * them (limits.c).
 */
#ifndef OCTO_OPERATOR_BAREMETAL_CGROUP_H
#define OCTO_OPERATOR_BAREMETAL_CGROUP_H

#include "operator/baremetal/parts.h"

enum baremetal_cgroup_version { CGROUP_NONE, CGROUP_1, CGROUP_2 };

/* Where groups with that controller can be made ("": version 2, with none). Changes nothing. */
enum baremetal_cgroup_version baremetal_cgroup_find(const char *controller, struct str *ret_top);
/* Makes the group "PROJECT/ID" and moves this process into it; is_new: without what an earlier one
   counted. 0 (CGROUP_NONE: there are none) or the errno. */
int baremetal_cgroup_enter(const char *name, const char *controller, bool is_new,
                           enum baremetal_cgroup_version *ret_version, struct str *ret_dir);
/* 0 or the errno. */
int baremetal_cgroup_set(const char *dir, const char *file, const char *value);

/* Of all groups of that name; NULL: there are none. */
void baremetal_cgroup_pids(const char *name, baremetal_pids *out); /* adds to out, each once */
void baremetal_cgroup_kill(const char *name);
int64_t baremetal_cgroup_oom(const char *name); /* how often memory was exceeded */
void baremetal_cgroup_remove(const char *name);

/* --- limits.c --- */

/* Puts the group's name and the service's limits into the record's "run". */
void baremetal_put_limits(struct arena *arena, struct node *run, const struct service *service,
                          const char *name);
/* In a child: enters the groups; is_new: makes and limits them. 0 or the errno. */
int baremetal_enter_limits(const struct node *run, bool is_new);
/* Warnings about limits that this machine does not let us set. */
void baremetal_check_limits(const struct service *service, struct findings *findings);

#endif
