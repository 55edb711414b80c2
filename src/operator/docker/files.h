/*
 * files.h - secrets and configs of a service: where each goes in the container, and whether it is a
 * file of the host (mounted) or contents (uploaded before the first start).
 */
#ifndef OCTO_OPERATOR_DOCKER_FILES_H
#define OCTO_OPERATOR_DOCKER_FILES_H

#include "operator/docker/docker.h"

/* Where use_api_socket has the user's credentials. */
#define FILES_CONFIG_DIR "/run/secrets/docker"
#define FILES_CONFIG_VARIABLE "DOCKER_CONFIG=" FILES_CONFIG_DIR
#define FILES_CONFIG FILES_CONFIG_DIR "/config.json"

const struct project_file *files_find(const struct project *project, const char *source,
                                      bool is_secret);
/* Absolute path in the container. */
const char *files_target(struct arena *arena, const struct file_reference *reference,
                         bool is_secret);
/* Something has to be uploaded: files of an owner that is named (is_owned), or the others. */
bool files_has_uploads(const struct project *project, const struct service *service, bool is_owned);
/* The archive of it, to be unpacked at "/". */
int files_archive(const struct docker *docker, const struct project *project,
                  const struct service *service, bool is_owned, struct str *out,
                  struct err *err) ATTR_MUST_CHECK;

#endif
