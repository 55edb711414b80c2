/*
 * baremetal.h - the operator that runs services as processes of this host. Shows the hidden mode of
 * the program that main.c dispatches to; the operator itself is found by its table (table.c).
 */
#ifndef OCTO_OPERATOR_BAREMETAL_BAREMETAL_H
#define OCTO_OPERATOR_BAREMETAL_BAREMETAL_H

#include "base/base.h"

/* True when the arguments are the supervisor's: nothing else may be initialised then. */
bool baremetal_is_supervisor(int argc, char **argv);
/* The supervisor: starts and replaces the processes that watch those of a project, and becomes
 * them. */
int baremetal_supervisor_main(int argc, char **argv);

#endif
