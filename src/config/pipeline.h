/*
 * pipeline.h - what loading (load.c) and converting (convert.c) share: the choice of the front
 * door, and the way from an OctoCompose configuration's files to what the Compose format's loader
 * takes.
 */
#ifndef OCTO_CONFIG_PIPELINE_H
#define OCTO_CONFIG_PIPELINE_H

#include "config/load.h"
#include "config/settings.h"

struct pipeline {
    struct source_list sources;
    struct settings settings;    /* its arena and findings are the caller's */
    struct load_options compose; /* with the documents */
};

/* The configuration to read (absolute paths, NULL-terminated, in the arena), or NULL: compose
 * files. */
const char *const *pipeline_configs(const struct config_options *options, struct arena *arena);

/* What runs the project: the caller's choice, else the configuration's, else the first. NULL, with
   a finding, when the configuration names one that does not exist. */
const struct config_operator *pipeline_operator(const struct config_options *options,
                                                const struct node *octoctl_operator,
                                                struct findings *findings);

/* From the sources, which are read (with their findings): fills in the rest. paths say where the
   project lies. ERR_INPUT: findings has errors. */
int pipeline_prepare(struct pipeline *pipeline, const struct config_options *options,
                     const char *const *paths, struct err *err) ATTR_MUST_CHECK;

#endif
