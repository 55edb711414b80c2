/*
 * commands.c - the one list of commands, sorted by name.
 */
#include "base/base.h"

#include "cmd/commands.h"

const struct cmd *const cmd_table[] = {
    &cmd_attach, &cmd_build,   &cmd_completion, &cmd_config,  &cmd_convert, &cmd_create, &cmd_down,
    &cmd_exec,   &cmd_explain, &cmd_kill,       &cmd_logs,    &cmd_ls,      &cmd_manual, &cmd_pause,
    &cmd_plan,   &cmd_ps,      &cmd_pull,       &cmd_restart, &cmd_rm,      &cmd_scale,  &cmd_start,
    &cmd_stop,   &cmd_unpause, &cmd_up,         &cmd_version, NULL,
};
