/*
 * provider.h - calls a service's provider: an executable that makes, stops and removes, outside of
 * the project's operator, what a service stands for, and says with which variables its dependents
 * reach it. The protocol is docker compose's (its docs/extension.md, and measured with 5.5.0):
 *
 *   PROGRAM compose metadata                    the options it knows, as JSON; may fail
 *   PROGRAM compose --project-name=P up|down|stop [--OPTION=VALUE ...] SERVICE
 *
 * The second says on its standard output, as JSON values one after another, {"type": "info",
 * "error", "setenv", "rawsetenv" or "debug", "message": TEXT}. Decides nothing about when it is
 * called. Used by the operators.
 */
#ifndef OCTO_TOOL_PROVIDER_H
#define OCTO_TOOL_PROVIDER_H

#include "base/loop.h"
#include "data/node.h"
#include "model/project.h"

/* All that one call may say in variables, names and values together. */
#define PROVIDER_VARIABLES_MAX (1u << 20)

enum provider_command { PROVIDER_UP, PROVIDER_DOWN, PROVIDER_STOP };

struct provider_request {
    struct loop *loop;
    const char *program;    /* its path (provider_find) */
    const char *const *env; /* NULL-terminated "K=V" */
    const char *project;
    const struct service *service; /* one with a provider */
    enum provider_command command;
};

/* One line of what it does now. */
typedef void (*provider_told_fn)(void *arg, const char *text);
/* The end, called once: variables (names in order, with the service's prefix; may be empty), which
   live as long as the call, or a set err, which the receiver moves out. is_unknown: a stop that the
   provider does not know, so that nothing was done. */
typedef void (*provider_done_fn)(void *arg, const struct node *variables, bool is_unknown,
                                 struct err *err);

struct provider_call;
/* Never calls back before it returned. -1: it could not be started. */
int provider_call_start(const struct provider_request *request, provider_told_fn told,
                        provider_done_fn done, void *arg, struct provider_call **ret_call,
                        struct err *err) ATTR_MUST_CHECK;
/* Asks it to end early (SIGTERM; the second time, or ten seconds later, SIGKILL). done follows, with
   ERR_INTERRUPTED. */
void provider_call_end(struct provider_call *call);
/* Kills what still runs of it; no callback follows. NULL allowed. */
void provider_call_free(struct provider_call *call);

/* What the names of the variables begin with that a service gives by "setenv": "MY-DB_". */
void provider_prefix(const char *service, struct str *out);

/* Where the provider of that type is: TYPE itself when it has a '/', else docker-TYPE in one of the
   folders (NULL-terminated), else TYPE in one of search_path's ("a:b"; NULL: only a plugin will do).
   False: nowhere. */
bool provider_find(const char *type, const char *const *folders, const char *search_path,
                   struct str *ret_path);

#endif
