/*
 * pin.h - a project's images with the digests that their registries have for them: `config
 * --resolve-image-digests` and `--lock-image-digests`.
 */
#ifndef OCTO_CMD_PIN_H
#define OCTO_CMD_PIN_H

#include "cmd/cmd.h"

/* Opens the operator, asks it, and puts the names with digests into the trees of the loaded
   project: `image` and volumes of the type image, of its enabled services. What has no digest is a
   finding. */
int pin_images(struct cmd_context *context, struct err *err) ATTR_MUST_CHECK;
/* Leaves of the project's trees only what pin_images() set; with_name: and an empty project name,
   as docker compose's JSON has it. */
void pin_keep_images(struct project *project, bool with_name);

#endif
