/*
 * commands.h - every command's struct; included by commands.c and by each command's own file
 * through cmd.h's users. One line adds a command.
 */
#ifndef OCTO_CMD_COMMANDS_H
#define OCTO_CMD_COMMANDS_H

#include "cmd/cmd.h"

extern const struct cmd cmd_attach, cmd_build, cmd_completion, cmd_config, cmd_convert, cmd_create,
    cmd_down, cmd_exec, cmd_explain, cmd_kill, cmd_logs, cmd_ls, cmd_manual, cmd_pause, cmd_plan,
    cmd_ps, cmd_pull, cmd_restart, cmd_rm, cmd_scale, cmd_start, cmd_stop, cmd_unpause, cmd_up,
    cmd_version;

#endif
