/*
 * input.h - standard input to an open stream: read on the event loop as fast as the stream takes
 * it, half-closed at its end. Used by exec.
 */
#ifndef OCTO_CMD_INPUT_H
#define OCTO_CMD_INPUT_H

#include "cmd/context.h"

struct input;
struct input *input_start(struct cmd_context *context, struct operator_stream *stream);
void input_stop(struct input *input); /* NULL allowed */

#endif
