/*
 * sources.h - the files of an OctoCompose configuration: read once each, includes followed, in the
 * order of their weight. Local files only; anything that would need the network is a finding.
 */
#ifndef OCTO_CONFIG_SOURCES_H
#define OCTO_CONFIG_SOURCES_H

#include "base/err.h"
#include "base/findings.h"
#include "data/node.h"

#define SOURCES_MAX_FILES 1000
#define SOURCES_MAX_DEPTH 100
#define SOURCES_MAX_BYTES (16u << 20) /* of one file */

struct source {
    const char *path;  /* absolute */
    const char *dir;   /* of path: what is relative in it starts here */
    struct node *tree; /* a map of its own; `include` of OctoCompose form is taken out */
};

struct source_list {
    struct source *items; /* heaviest first: a file, then what it includes, in order */
    size_t n, cap;
};

/* Reads the files (absolute paths, NULL-terminated) and all that they include. A file that is
   included more than once counts where it comes first. -1 with err when a named file cannot be
   read; what is wrong inside are findings. Messages name files as seen from current_dir. */
int sources_read(struct arena *arena, const char *current_dir, const char *const *paths,
                 struct source_list *ret_sources, struct findings *findings,
                 struct err *err) ATTR_MUST_CHECK;

/* The same for a text that is not in a file yet: one source without includes, whose paths start at
   dir. name says by its ending which format it has, and stands in messages. What is wrong are
   findings. */
void sources_parse(struct arena *arena, const char *name, const char *dir, const struct str *text,
                   struct source_list *ret_sources, struct findings *findings);

/* The configuration's file in dir or above it: octocompose.yaml (.yml, .json), or config.yaml with
   a key that only an OctoCompose configuration has. is_own_name says which. NULL: none. In the
   arena. */
const char *sources_find(struct arena *arena, const char *dir, bool *ret_is_own_name);

#endif
