/*
 * baremetal.h - the operator that runs services as processes of this host. Shows the hidden mode of
 * the program that main.c dispatches to; the operator itself is found by its table (table.c).
 */
#ifndef OCTO_OPERATOR_BAREMETAL_BAREMETAL_H
#define OCTO_OPERATOR_BAREMETAL_BAREMETAL_H

#include "base/base.h"

/* True when the arguments are the shim's: nothing else may be initialised then. */
bool baremetal_is_shim(int argc, char **argv);
/* The shim: watches one process until it has ended for good. */
int baremetal_shim_main(char **argv);

#endif
