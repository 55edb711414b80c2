/*
 * progress-state.h - what progress.c (plain, JSON) and progress-tty.c (redrawn list) share: one
 * task per object that steps act on.
 */
#ifndef OCTO_CMD_PROGRESS_STATE_H
#define OCTO_CMD_PROGRESS_STATE_H

#include "base/map.h"
#include "cmd/progress.h"

enum task_status { TASK_WORKING, TASK_DONE, TASK_WARNING, TASK_ERROR };

struct task {
    char *id;      /* "Container p-web-1" */
    char *text;    /* "Starting" */
    char *details; /* an error, a layer's state, or NULL */
    enum task_status status;
    int64_t started_ms, ended_ms;
    struct map parts; /* layer id -> struct part * */
    int64_t current, total;
};

struct part {
    int64_t current, total;
};

struct progress {
    struct cmd_context *context;
    const char *title;
    struct map tasks; /* id -> struct task * */
    struct loop_source *timer;
    unsigned n_lines; /* on the screen now */
    unsigned frame;
    bool is_hidden;
};

/* The redrawn list. */
void progress_tty_draw(struct progress *progress);
void progress_tty_erase(struct progress *progress);

#endif
