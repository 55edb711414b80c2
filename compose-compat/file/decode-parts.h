/*
 * decode-parts.h - what the files that make the model share: converters for forms that only a bound
 * Compose tree has, and their entry points. Called by decode.c.
 */
#ifndef OCTO_COMPOSE_FILE_DECODE_PARTS_H
#define OCTO_COMPOSE_FILE_DECODE_PARTS_H

#include "data/decode.h"
#include "model/project.h"

/* decode-forms.c: converters for decode rows. The values are bound: texts of bytes are decimal,
   durations are Go's, modes are octal. */
/* struct words */
int decode_words(struct decode *, const struct node *, const struct decode_row *, void *);
/* int64_t */
int decode_size(struct decode *, const struct node *, const struct decode_row *, void *);
/* struct opt_int */
int decode_opt_size(struct decode *, const struct node *, const struct decode_row *, void *);
/* struct opt_int, ns */
int decode_opt_time(struct decode *, const struct node *, const struct decode_row *, void *);
/* struct opt_int */
int decode_opt_mode(struct decode *, const struct node *, const struct decode_row *, void *);
/* struct pair_list */
int decode_hosts(struct decode *, const struct node *, const struct decode_row *, void *);
/* ssh: struct pair_list */
int decode_keys(struct decode *, const struct node *, const struct decode_row *, void *);
/* list of struct ulimit */
int decode_ulimits(struct decode *, const struct node *, const struct decode_row *, void *);

/* decode-service.c: everything of one service but its name and source. */
void decode_service(struct decode *decode, const struct node *map, struct service *service);
/* decode-build.c */
/* struct build * */
int decode_build(struct decode *, const struct node *, const struct decode_row *, void *);
/* list of file_reference */
int decode_file_refs(struct decode *, const struct node *, const struct decode_row *, void *);
/* develop: list of watch_rule */
int decode_watch(struct decode *, const struct node *, const struct decode_row *, void *);
/* list of struct hook */
int decode_hooks(struct decode *, const struct node *, const struct decode_row *, void *);
/* decode-deploy.c */
/* struct deploy * */
int decode_deploy(struct decode *, const struct node *, const struct decode_row *, void *);
/* list of device_request */
int decode_devices(struct decode *, const struct node *, const struct decode_row *, void *);
/* decode-mount.c */
/* list of struct mount */
int decode_mounts(struct decode *, const struct node *, const struct decode_row *, void *);

/* Room for n items of size bytes in a list that has none: each service has such lists. */
void decode_reserve(struct decode *decode, void *list, size_t n, size_t size);
/* For the bodies of converters of lists: a new item at the end of an arena list of items of size
   bytes. */
void *decode_new_item(struct decode *decode, void *list, size_t size);

#endif
