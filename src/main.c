/*
 * main.c - the program: hands its arguments to the command line. Nothing else belongs here.
 */
#include "base/base.h"

#include "cmd/cmd.h"

int main(int argc, char **argv)
{
    return cmd_main(argc, argv);
}
