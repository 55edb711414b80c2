/*
 * load.h - the loading pipeline of every front door: finds out in which form the description is
 * (compose files, or an OctoCompose configuration), and loads it to a project. Called by src/cmd.
 */
#ifndef OCTO_CONFIG_LOAD_H
#define OCTO_CONFIG_LOAD_H

#include "compose-compat/file/load.h"

/* What loading must know of an operator. */
struct config_operator {
    const char *name;
    const char *other_name; /* another spelling, or NULL */
    const char *section;    /* of repos.services.SERVICE: the one that is for it */
    bool needs_image;       /* each service must have an image or a build */
};

struct config_options {
    struct load_options compose; /* also: folders, name, environment, services */
    const char *const *configs;  /* -c, NULL-terminated or NULL */
    const char *operator_name;   /* one of operators, chosen by the caller, or NULL */
    const struct config_operator *operators; /* all of them; the first when nobody chose */
    size_t n_operators;
};

struct config {
    struct project *project;
    const char *operator_name;   /* the choice that holds; one of the options' operators */
    const struct node *settings; /* the operator's own (octoctl), in the project's arena, or NULL */
    const struct node *configs;  /* the services' settings after globals, or NULL */
};

/* Loads. Findings are collected as far as the next stage makes sense. ERR_NOT_FOUND: there is no
   description in this folder or above it; ERR_INPUT: findings has errors. */
int config_load(const struct config_options *options, struct config *ret_config,
                struct findings *findings, struct err *err) ATTR_MUST_CHECK;
/* Whether config_load() would look for compose files, and for no OctoCompose configuration. */
bool config_is_compose(const struct config_options *options);
/* Frees what config_load() filled in; a zeroed one is allowed. */
void config_release(struct config *config);

#endif
