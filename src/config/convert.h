/*
 * convert.h - from one form of description to the other: compose files to one OctoCompose
 * configuration, or an OctoCompose configuration (or several compose files) to one compose file.
 * Called by src/cmd.
 */
#ifndef OCTO_CONFIG_CONVERT_H
#define OCTO_CONFIG_CONVERT_H

#include "config/load.h"

enum convert_form { CONVERT_COMPOSE, CONVERT_OCTOCOMPOSE };

struct convert_options {
    enum convert_form to;
    bool is_json; /* else YAML */
    const char
        *output; /* the file that the caller will write, or NULL: for warnings and refusals */
};

/* Appends the project in the other form to out. What was made is loaded again and compared with the
   project: it is the same, or there is an error. Expressions stay; where one cannot, its present
   value is written, a warning names the variables, and *ret_has_values is set. ERR_CONFLICT: output
   is one of the files that are converted, or the project has the wanted form already; else as
   config_load(). */
int config_convert(const struct config_options *options, const struct convert_options *how,
                   struct str *out, bool *ret_has_values, struct findings *findings,
                   struct err *err) ATTR_MUST_CHECK;

/* octo-form.c: the tree of an OctoCompose configuration, in arena, from that of a compose file. Its
   nodes are used. What has no place in it are findings. */
struct node *octo_form(struct arena *arena, struct node *tree,
                       const struct config_operator *chosen, struct findings *findings);

#endif
