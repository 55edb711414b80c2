/*
 * discover.h - what a load starts from: the Compose files, the project's folder and the environment
 * that interpolation sees (compose-file.md section 7). Reads .env files, no Compose file. Called by load.c.
 */
#ifndef OCTO_COMPOSE_FILE_DISCOVER_H
#define OCTO_COMPOSE_FILE_DISCOVER_H

#include "compose-compat/file/history.h"
#include "compose-compat/file/load.h"

struct discovery {
    const char *working_dir;    /* absolute */
    struct text_list files;     /* absolute, or "-" */
    struct text_list env_files; /* the explicitly named ones, absolute */
    struct map environment;     /* name -> const char *; the caller's to release */
    bool is_environment_partial; /* an env file is wrong (findings): it may have set more */
};

/* Everything in ret_found lives in arena, but the map. Where the variables
   come from is told to history, or NULL. -1 with err; no file at all is ERR_NOT_FOUND. */
int discover(const struct load_options *options, struct arena *arena, struct findings *findings,
             struct history *history, struct discovery *ret_found, struct err *err) ATTR_MUST_CHECK;
void discovery_release(struct discovery *found);

#endif
