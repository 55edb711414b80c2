/*
 * stages.h - the stages of the loader that come after the merge, in the order in which load.c calls
 * them, and the context they share. Each stage has a file of its own; no stage is called by anything
 * but load.c, extends.c and include.c.
 *
 * Lists and maps of a tree belong to one place and are changed in place; scalar nodes may be shared by
 * several places (aliases), so they are replaced by new nodes, never changed.
 */
#ifndef OCTO_COMPOSE_FILE_STAGES_H
#define OCTO_COMPOSE_FILE_STAGES_H

#include "compose-compat/file/history.h"
#include "compose-compat/file/load.h"
#include "compose-compat/file/schema.h"

#define STAGE_MAX_PORTS 262144 /* that ranges stand for, in one load */

/* What the stages know besides the tree. Nodes that they make live in arena. */
struct stage {
    struct arena *arena;
    struct findings *findings;
    const struct load_options *options;
    const char *working_dir;       /* absolute: relative paths of this tree start here */
    const char *enclosing_dir;     /* where those of the tree that it becomes part of start, or NULL */
    const char *project_name;      /* final */
    bool is_name_given;            /* not by the files or their folder */
    const struct map *environment; /* name -> const char *: what interpolation sees */
    bool is_environment_partial;   /* an env file is wrong: what is not set may be set in it */
    struct history *history;       /* or NULL */
    size_t *n_ports;               /* made from ranges so far, in the whole load */
    const char *file_name;         /* the file that is worked on, for messages without a place */
};

/* Short forms to long ones for the whole tree, in place; empty dns entries dropped. Idempotent. Texts with
   '$' that cannot be split yet (--no-interpolate) stay texts. */
void stage_canonicalise(const struct stage *stage, struct node *tree);

/* After all files. Defaults of long forms (3.1). */
void stage_defaults(const struct stage *stage, struct node *tree);
/* Rules over the merged tree that need no model (10.2). */
void stage_check(const struct stage *stage, struct node *tree);
/* Relative paths to absolute ones, by the path column. Also called for the trees of extended and included
   files, with their working_dir, before they are merged. */
void stage_resolve_paths(const struct stage *stage, struct node *tree);
/* environment entries without value, secrets and configs from the environment. */
void stage_resolve_environment(const struct stage *stage, struct node *tree);
/* Implicit network, build defaults, implicit dependencies, names (3.2). */
void stage_normalise(const struct stage *stage, struct node *tree);

/* The canonical tree into the model: bytes, durations, shell words are parsed here. */
void stage_decode(const struct stage *stage, const struct node *tree, struct project *project);
/* Profiles: sets is_disabled; names a service activates its profiles. */
void stage_profiles(const struct stage *stage, struct project *project);
/* Rules between objects of enabled services (10.3). */
void stage_consistency(const struct stage *stage, struct project *project);
/* env_file and label_file of enabled services into environment and labels. */
void stage_env_files(const struct stage *stage, struct project *project);
/* --no-deps and named services, unused top-level objects. */
void stage_select(const struct stage *stage, struct project *project);
/* Two services that are wanted must not have one container name. */
void stage_container_names(const struct stage *stage, struct project *project);
/* Fills in the definitions of services, networks and volumes. */
void stage_definitions(const struct stage *stage, struct project *project);

#endif
