/*
 * load.h - the Compose file format: from files to a project. The only entry to this folder for the
 * loading pipeline; the stages (schema, interpolation, dotenv, extends, include, merge, short forms,
 * normalisation, consistency, decoding) have a file each. compose-file.md section 1 gives their order.
 */
#ifndef OCTO_COMPOSE_FILE_LOAD_H
#define OCTO_COMPOSE_FILE_LOAD_H

#include "base/err.h"
#include "base/findings.h"
#include "model/project.h"

/* A parsed document that stands for a file: the Compose part of another form of description. */
struct load_document {
    const char *path;        /* absolute, no other document's: for messages and `extends` */
    const char *dir;         /* absolute: relative paths in it start here */
    const struct node *tree; /* a map */
};

struct load_options {
    const char *current_dir;             /* absolute */
    const char *const *files;            /* -f, NULL-terminated or NULL; "-" is standard input */
    const char *const *env_files;        /* --env-file */
    const char *const *profiles;         /* --profile */
    const char *project_dir;             /* --project-directory, or NULL */
    const char *project_name;            /* -p, or NULL */
    const char *const *environment;      /* the process environment, "K=V" */
    const char *const *services;         /* the named services (their profiles become active), or NULL */
    bool is_compatibility;               /* --compatibility: '_' in names */
    bool no_interpolate, no_normalize, no_path_resolution, no_consistency, no_env_resolution;
    bool tree_only;                      /* no types, no stages after the tree: with no_interpolate */
    bool keep_unused;                    /* --all-resources: keep what no enabled service uses */
    bool shared_names;                   /* two services may have one container name */
    bool select_only;                    /* services: disable all but these ... */
    bool no_dependencies;                /* ... and do not keep what they depend on (--no-deps) */
    bool keep_history;                   /* fills in the project's uses and taken */
    bool skip_definitions;               /* the caller needs no digests */
    const struct str *standard_input;    /* what "-" has, read by the caller; NULL: not read yet */
    bool image_is_optional;              /* a service may have neither an image nor a build */
    /* Loaded instead of what is in `files` (which then only say where the project lies), the weightiest
       last; n_documents 0: read the files. They are copied. */
    const struct load_document *documents;
    size_t n_documents;
};

/* Loads, merges, checks. Warnings and errors go to findings (all of them are collected as far as the
   next stage makes sense); returns -1 with err when something outside of the files failed, or with
   err code ERR_INPUT when findings has errors. The project is the caller's (project_free). */
int compose_load(const struct load_options *options, struct project **ret_project,
                 struct findings *findings, struct err *err) ATTR_MUST_CHECK;

/* A document that was read, as the user wrote it. */
struct written_document {
    const struct node *raw; /* not interpolated, short forms as they are */
    const char *dir;        /* absolute: its relative paths start here */
    bool is_foreign;        /* interpolated with an included project's own variables */
};

/* The files merged to one tree and nothing more: interpolated, in long forms, nothing filled in;
   paths of the project's own files as they are. With it, what every value in it was made of. */
struct written {
    struct node *tree; /* a map */
    MODEL_LIST(struct written_document) documents;
    const char *working_dir, *project_name;
    struct map environment; /* name -> const char *: what interpolation saw */
};

/* Loads so far. Everything is in arena, but the map (written_release, also after an error). Findings
   and errors as compose_load(). */
int compose_load_written(const struct load_options *options, struct arena *arena,
                         struct written *ret_written, struct findings *findings,
                         struct err *err) ATTR_MUST_CHECK;
void written_release(struct written *written);

/* Only the project's name (reads `name:` and the environment, no whole load): for verbs that need
   nothing else. ERR_NOT_FOUND when there is no file and no name. *ret_name is heap. */
int compose_load_name(const struct load_options *options, char **ret_name, struct findings *findings,
                      struct err *err) ATTR_MUST_CHECK;

#endif
