/*
 * loader.h - what load.c, extends.c and include.c share while one project is loaded: the files that were
 * read, and the way from a list of files to one tree. Nothing outside of these three uses it.
 */
#ifndef OCTO_COMPOSE_FILE_LOADER_H
#define OCTO_COMPOSE_FILE_LOADER_H

#include "compose-compat/file/document.h"
#include "compose-compat/file/stages.h"
#include "data/yread.h"

#define LOADER_MAX_FILES 10000 /* read in one load */
#define LOADER_MAX_INCLUDE_DEPTH 100
#define LOADER_MAX_EXTENDS_DEPTH 1000

/* One file as it was parsed, once. */
struct loader_file {
    const char *path; /* absolute, or "-" */
    const char *dir;  /* relative paths start here; NULL: in the set's working_dir */
    uint32_t id;      /* of its origins */
    bool is_bad;      /* findings were added, there are no documents */
    struct yread_documents documents;
};

struct loader {
    const struct load_options *options;
    struct arena *arena;
    struct findings *findings;
    const char *project_name;
    bool is_name_given; /* by -p or by the environment, whatever the files say */
    size_t interpolated;       /* bytes, see document.h */
    struct map files;          /* path -> struct loader_file * */
    struct map extended;       /* number of environment, folder and path -> struct extended_scope * */
    unsigned n_environments;
    size_t n_ports; /* see stages.h */
    struct history *history; /* or NULL */
    struct written *written; /* for compose_load_written(), else NULL */
};

/* Files on the way to the one that is being included, for cycles. */
struct include_chain {
    const struct include_chain *up;
    const char *path;
    unsigned depth;
};

/* What one set of files (the project's, an included one) is loaded with. */
struct load_set {
    struct loader *loader;
    const char *working_dir;
    const char *enclosing_dir; /* of the set that includes this one, or NULL */
    const struct text_list *files;
    const struct map *environment; /* name -> const char * */
    unsigned environment_number;
    const struct include_chain *chain; /* NULL: the project's own files */
    bool is_environment_partial;       /* see stages.h */
};

/* The file, parsed now or before; NULL with err when it cannot be read. What is wrong in it are findings. */
struct loader_file *loader_read(struct loader *loader, const char *path, struct err *err);
/* path from a file of this set, absolute, '~' replaced; in the arena. */
const char *loader_path(struct loader *loader, const char *dir, const char *path);
/* A raw document, ready to be merged. Relative paths in it start at dir. */
struct node *loader_prepare(const struct load_set *set, const struct node *raw, const char *dir,
                            struct reset_paths *ret_resets);
/* A stage's context for this set. */
struct stage loader_stage(const struct load_set *set, const char *file_name);
/* The merged, canonical tree of the files, with defaults, checked, paths absolute. What is wrong are
   findings, and the tree has node_wrong() for it; -1 with err when a file of the set cannot be read. */
int loader_tree(const struct load_set *set, struct node **ret_tree, struct err *err) ATTR_MUST_CHECK;

/* extends.c: forgets the files that services were extended from. */
void extends_release(struct loader *loader);
/* extends.c: follows `extends` of every service of a document. */
void extends_apply(const struct load_set *set, const char *path, struct node *tree,
                   const struct reset_paths *resets);
/* include.c: loads what the document includes, brings it into the document and removes `include`. */
void include_apply(const struct load_set *set, const char *path, struct node *tree,
                   const struct reset_paths *resets);

#endif
