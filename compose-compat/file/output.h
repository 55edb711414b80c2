/*
 * output.h - a project as `config` prints it (compose-file.md section 12), and the canonical texts
 * that config hashes are made of (12.1, compose-cli.md 2.4). Called by the config verb and the
 * loader.
 */
#ifndef OCTO_COMPOSE_FILE_OUTPUT_H
#define OCTO_COMPOSE_FILE_OUTPUT_H

#include "model/project.h"

enum output_format { OUTPUT_YAML, OUTPUT_JSON };

/* The whole project; is_interpolated doubles every '$'. */
void compose_output(const struct project *project, enum output_format format, bool is_interpolated,
                    struct str *out);

void compose_network_definition(const struct network *network, struct str *out);
void compose_volume_definition(const struct volume *volume, struct str *out);

#endif
