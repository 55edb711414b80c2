/*
 * attached.h - `up` in the foreground: the plan runs while the services' output is shown; it ends
 * when they have all ended, when one of them does (abort), or when a signal asks for it.
 */
#ifndef OCTO_CMD_ATTACHED_H
#define OCTO_CMD_ATTACHED_H

#include "cmd/log-print.h"
#include "cmd/operate.h"

struct attached_options {
    const struct text_list *services;  /* the named ones */
    const struct text_list *attach;    /* only these are shown */
    const struct text_list *no_attach; /* these are not */
    bool attach_dependencies;
    bool no_color, no_prefix, timestamps;
    bool abort_on_exit, abort_on_failure;
    const char *exit_code_from;
    bool assume_yes;
};

/* Returns the exit status, or -1. */
int attached_run(struct cmd_context *context, const struct plan_options *plan,
                 const struct attached_options *options, struct err *err) ATTR_MUST_CHECK;

#endif
