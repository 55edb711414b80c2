/*
 * short.h - the short forms of list items, one text each, as the long forms that they stand for
 * (compose-file.md 9.2 to 9.4). Called by canonical.c; merge.c asks for the target of a mount.
 */
#ifndef OCTO_COMPOSE_FILE_SHORT_H
#define OCTO_COMPOSE_FILE_SHORT_H

#include "data/node.h"

#define SHORT_REASON_MAX 160

/* Each function returns 0, or -1 with what is wrong in reason. `at` is the place of the text;
   new nodes get it, and live in arena. */

/* "[[ip:]published:]target[/protocol]": adds a map for each port of the range to list. */
int short_ports(struct arena *arena, struct origin at, const char *text, struct node *list,
                char reason[SHORT_REASON_MAX]) ATTR_MUST_CHECK;

/* "[source:]target[:options]" */
int short_mount(struct arena *arena, struct origin at, const char *text, struct node **ret_mount,
                char reason[SHORT_REASON_MAX]) ATTR_MUST_CHECK;
/* The target alone, as it is written (not cleaned): what mounts are told apart by. In arena. */
int short_mount_target(struct arena *arena, const char *text, const char **ret_target,
                       char reason[SHORT_REASON_MAX]) ATTR_MUST_CHECK;

/* "source[:target[:permissions]]" */
int short_device(struct arena *arena, struct origin at, const char *text, struct node **ret_device,
                 char reason[SHORT_REASON_MAX]) ATTR_MUST_CHECK;

/* True for an IPv4 or IPv6 address, as Go parses one. */
bool short_is_ip(const char *text);

#endif
