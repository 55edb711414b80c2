/*
 * main.c - the program: hands its arguments to the command line that its name asks for. Nothing
 * else belongs here.
 */
#include "base/base.h"

#include <stdio.h>

int main(void)
{
    puts("octocompose " PACKAGE_VERSION);
    return 0;
}
