/*
 * settings.h - what an OctoCompose configuration has beside the Compose part: merging of its files,
 * its spellings, globals, repositories. Works on node trees; called by load.c.
 */
#ifndef OCTO_CONFIG_SETTINGS_H
#define OCTO_CONFIG_SETTINGS_H

#include "config/sources.h"

struct settings {
    struct arena *arena;
    struct findings *findings;
    struct node *merged;                  /* all files in one tree, the heaviest over the others */
    const char *project_name;             /* name or projectID, or NULL */
    const struct node *octoctl_operator;  /* a text, or NULL */
    const struct node *operator_settings; /* octoctl without our own keys */
    struct node *configs;                 /* services' settings, globals applied */
};

/* Merges the files and checks what is ours in them. */
void settings_read(struct settings *settings, const struct source_list *sources);
/* Is configs.KEY a config of the Compose format (all its keys are, and some service uses it)? */
bool settings_is_compose_config(const struct settings *settings, const char *key);
/* Left out by `enabled: false` or `disabled: true`? */
bool settings_is_disabled(const struct settings *settings, const char *service);

/* later over earlier: maps deeply, lists appended, everything else replaced; !override and !reset
   as in compose files. The result is a tree of its own. */
struct node *settings_merge(struct arena *arena, const struct node *earlier,
                            const struct node *later);

/* compose-part.c: the Compose part of one file, as a document of its own. */
struct node *compose_part(const struct settings *settings, const struct source *source);
/* compose-part.c: what the section ("docker") of each entry of repos.services says, as the lightest
   document. */
struct node *compose_part_of_repos(const struct settings *settings,
                                   const struct source_list *sources, const char *section);

#endif
