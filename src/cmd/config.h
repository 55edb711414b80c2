/*
 * config.h - what `config` shares with `convert`, its old name: the options and the way they are
 * carried out.
 */
#ifndef OCTO_CMD_CONFIG_H
#define OCTO_CMD_CONFIG_H

#include "cmd/cmd.h"

struct config_verb_options {
    bool environment, images, lock_image_digests, models, networks, no_consistency,
        no_env_resolution, no_interpolate, no_normalize, no_path_resolution, profiles, quiet,
        resolve_image_digests, services, variables, volumes;
    const char *format, *hash, *output;
};

/* The rows of a table, for the struct that OPTIONS_OF names; in is the way to its struct
   config_verb_options ("config." for a member of that name), or nothing when it is one itself. */
#define CONFIG_ROWS(in)                                                                            \
    OPTION(0, "environment", OPTION_BOOL, in environment,                                          \
           "List the variables that were there to use"),                                           \
        OPTION(0, "format", OPTION_TEXT, in format, "\"yaml\" (default) or \"json\""),             \
        OPTION(0, "hash", OPTION_TEXT, in hash, "List the hashes of these services (\"*\": all)"), \
        OPTION(0, "images", OPTION_BOOL, in images, "List the names of images"),                   \
        OPTION(0, "lock-image-digests", OPTION_BOOL, in lock_image_digests,                        \
               "Only the images, with their digests: an override file"),                           \
        OPTION(0, "models", OPTION_BOOL, in models, "List the names of models"),                   \
        OPTION(0, "networks", OPTION_BOOL, in networks, "List the names of networks"),             \
        OPTION(0, "no-consistency", OPTION_BOOL, in no_consistency,                                \
               "Don't check that the parts fit together"),                                         \
        OPTION(0, "no-env-resolution", OPTION_BOOL, in no_env_resolution,                          \
               "Don't read services' env files"),                                                  \
        OPTION(0, "no-interpolate", OPTION_BOOL, in no_interpolate,                                \
               "Leave ${VARIABLES} as they are"),                                                  \
        OPTION(0, "no-normalize", OPTION_BOOL, in no_normalize,                                    \
               "Don't fill in what follows from the rest"),                                        \
        OPTION(0, "no-path-resolution", OPTION_BOOL, in no_path_resolution,                        \
               "Leave paths as they are"),                                                         \
        OPTION('o', "output", OPTION_TEXT, in output, "Write to this file"),                       \
        OPTION(0, "profiles", OPTION_BOOL, in profiles, "List the names of profiles"),             \
        OPTION('q', "quiet", OPTION_BOOL, in quiet, "Only check"),                                 \
        OPTION(0, "resolve-image-digests", OPTION_BOOL, in resolve_image_digests,                  \
               "Give every image its digest"),                                                     \
        OPTION(0, "services", OPTION_BOOL, in services, "List the names of services"),             \
        OPTION(0, "variables", OPTION_BOOL, in variables,                                          \
               "List the variables that the files name"),                                          \
        OPTION(0, "volumes", OPTION_BOOL, in volumes, "List the names of volumes")

/* Carries `config` out; values is a struct config_verb_options. */
int config_run(struct cmd_context *context, const void *values, const struct text_list *words,
               struct err *err) ATTR_MUST_CHECK;

#endif
