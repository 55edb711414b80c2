/*
 * main.c - the program: hands its arguments to the command line. Nothing else belongs here.
 */
#include "base/base.h"

#include "cmd/cmd.h"
#include "operator/baremetal/baremetal.h"

int main(int argc, char **argv)
{
    if (baremetal_is_supervisor(argc, argv))
        return baremetal_supervisor_main(argc, argv);
    return cmd_main(argc, argv);
}
