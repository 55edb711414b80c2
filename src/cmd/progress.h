/*
 * progress.h - shows on stderr what a running plan does, in docker compose's words and forms: plain
 * lines, a redrawn list on a terminal, JSON lines, or nothing.
 */
#ifndef OCTO_CMD_PROGRESS_H
#define OCTO_CMD_PROGRESS_H

#include "cmd/context.h"
#include "plan/execute.h"

struct progress;
struct progress *progress_new(struct cmd_context *context, const char *title,
                              const struct plan *plan);
void progress_free(struct progress *progress);
/* A step changed its status. */
void progress_step(struct progress *progress, const struct step *step, const struct err *err);
/* What needs no step is shown as if there was one. */
void progress_settled(struct progress *progress, const struct settled *settled);
/* Something inside a step: layers of a pull, lines of a build. */
void progress_part(struct progress *progress, const struct step *step,
                   const struct step_progress *part);
/* One event that is not a step's: "Container NAME" "Running"; details may be NULL. */
void progress_event(struct progress *progress, const char *id, const char *text,
                    const char *details, bool is_end);
/* Shows the plan as if it were run: --dry-run. */
void progress_pretend(struct progress *progress, const struct plan *plan);
/* On a terminal: takes the list off the screen so that other output can be written, and puts it
 * back. */
void progress_hide(struct progress *progress);
void progress_show(struct progress *progress);

#endif
