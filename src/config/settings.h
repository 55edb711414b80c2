/*
 * settings.h - what an OctoCompose configuration has beside the Compose part: merging of its files,
 * its spellings, globals, repositories. Works on node trees; called by load.c.
 */
#ifndef OCTO_CONFIG_SETTINGS_H
#define OCTO_CONFIG_SETTINGS_H

#include "config/load.h"
#include "config/sources.h"

struct settings {
    struct arena *arena;
    struct findings *findings;
    struct node *merged;                  /* all files in one tree, the heaviest over the others */
    const struct node *project_name;      /* name or projectID, or NULL */
    const struct node *octoctl_operator;  /* a text, or NULL */
    const struct config_operator *chosen; /* set between settings_read() and the rest */
    const struct node *operator_settings; /* octoctl without our own keys */
    struct node *configs;                 /* services' settings, globals applied */
    struct node *used;                    /* "configs.web.port" -> the value, for each referred to */
};

/* Merges the files and checks what is ours in them. */
void settings_read(struct settings *settings, const struct source_list *sources);
/* Is configs.KEY a config of the Compose format (all its keys are, and some service uses it)? */
bool settings_is_compose_config(const struct settings *settings, const char *key);
/* Does a service of the map use the Compose format's config of this name? */
bool settings_uses_config(const struct node *services, const char *key);
/* services.c: what is ours below the services, checked in the merged tree. */
void settings_check_services(const struct settings *settings);
/* services.c: left out by `enabled`, `disabled` or `octocompose.operators`? Then what says so. */
const struct node *settings_left_out(const struct settings *settings, const char *service);

/* later over earlier: maps deeply, lists appended, everything else replaced; !override and !reset
   as in compose files. The result is a tree of its own. */
struct node *settings_merge(struct arena *arena, const struct node *earlier,
                            const struct node *later);

/* compose-part.c: the Compose part of sources[index], as a document of its own. */
struct node *compose_part(const struct settings *settings, const struct source_list *sources,
                          size_t index);
/* repos.c: what the section ("docker") of each entry of repos.services says, as documents: what was
   written in sources[i] is in ret_trees[i] (one for each source), for relative paths start there. */
void compose_parts_of_repos(const struct settings *settings, const struct source_list *sources,
                            const char *section, struct node **ret_trees);

/* references.c: the tree with its references to settings replaced; what cannot be replaced are
   findings, and node_wrong() stands in its place. The tree itself when there is nothing to replace.
 */
struct node *references_expand(struct settings *settings, struct node *node, const char *path);
/* references.c: may the character stand in a name, of a setting or of a variable? */
bool references_is_word_char(char c);
/* references.c: the first text with "{{", or value of such a key; NULL: there is none. */
const struct node *references_find(const struct node *node);

/* compose-part.c: the finding that two values (`here` in the key `path`) exclude each other. */
void settings_say_twice(const struct settings *settings, const struct node *here,
                        const struct node *there, const char *path);

#endif
