/*
 * schema-parts.h - the parts of the table that have a file of their own, for the other schema-*.c files.
 */
#ifndef OCTO_COMPOSE_FILE_SCHEMA_PARTS_H
#define OCTO_COMPOSE_FILE_SCHEMA_PARTS_H

#include "compose-compat/file/schema.h"

extern const struct schema_type schema_service_type;  /* schema-service.c */
extern const struct schema_type schema_build_type;    /* schema-build.c */
extern const struct schema_type schema_develop_type;  /* schema-build.c */
extern const struct schema_type schema_deploy_type;   /* schema-deploy.c */
extern const struct schema_row schema_gpu_item;       /* schema-deploy.c */
extern const struct schema_type schema_mounts_type;   /* schema-mount.c */

#endif
