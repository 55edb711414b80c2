/*
 * input.c - pumps standard input. A terminal or pipe is waited for, a regular file (which epoll
 * does not take) is read a piece a round.
 */
#include "base/base.h"

#include "cmd/input.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define PIECE_BYTES 32768

struct input {
    struct cmd_context *context;
    struct operator_stream *stream;
    struct loop_source *source;
    bool is_file;
};

static void read_piece(struct input *input);

static void on_readable(void *arg, int fd, unsigned events)
{
    (void)fd;
    (void)events;
    read_piece(arg);
}

static void on_soon(void *arg)
{
    struct input *input = arg;

    input->source = NULL;
    read_piece(input);
}

static void read_piece(struct input *input)
{
    char bytes[PIECE_BYTES];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        loop_remove(input->source);
        input->source = NULL;
        input->context->ops->stream_close_input(input->stream);
        return;
    }
    input->context->ops->stream_write(input->stream, bytes, (size_t)n);
    if (input->is_file)
        input->source = loop_add_soon(input->context->loop, on_soon, input);
}

struct input *input_start(struct cmd_context *context, struct operator_stream *stream)
{
    struct input *input = MEM_NEW(struct input);
    struct stat status;

    input->context = context;
    input->stream = stream;
    input->is_file = fstat(STDIN_FILENO, &status) < 0 || S_ISREG(status.st_mode) ||
                     (S_ISCHR(status.st_mode) && isatty(STDIN_FILENO) != 1);
    if (input->is_file)
        input->source = loop_add_soon(context->loop, on_soon, input);
    else
        input->source = loop_add_fd(context->loop, STDIN_FILENO, LOOP_READ, on_readable, input);
    return input;
}

void input_stop(struct input *input)
{
    if (input == NULL)
        return;
    loop_remove(input->source);
    mem_free(input);
}
