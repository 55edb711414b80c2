/*
 * consistency.h - the parts of the consistency stage (stages.h) that have a file of their own, or
 * that profiles.c needs for services that are enabled late.
 */
#ifndef OCTO_COMPOSE_FILE_CONSISTENCY_H
#define OCTO_COMPOSE_FILE_CONSISTENCY_H

#include "compose-compat/file/stages.h"

void consistency_check_service(const struct stage *stage, struct project *project,
                               struct service *service);
/* cycle.c: among the enabled services. */
void consistency_check_cycles(const struct stage *stage, struct project *project);

#endif
