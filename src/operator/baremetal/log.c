/*
 * log.c - a service's log. The shim moves bytes from the pipe to the log by splice(), so that they
 * are in the one or in the other when it is killed, never in neither or both; the index beside
 * tells when which stream had grown to where. Lines are made by the reader.
 */
#include "base/base.h"

#include "operator/baremetal/parts.h"

#include <stdio.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"

#define SEGMENT_BYTES (8 << 20)
#define SEGMENTS 3
#define CHUNK (64 << 10)
#define MAX_LINE (1 << 20)

static const char *const ends[] = { "out", "err", "idx" };

static int open_part(const char *dir, int64_t number, int part, int flags)
{
    char path[4200];

    if (snprintf(path, sizeof(path), "%s/log-%06lld.%s", dir, (long long)number, ends[part]) >=
        (int)sizeof(path))
        return -1;
    return open(path, flags | O_CLOEXEC, 0600);
}

/* The first or the last segment's number, 0: none. */
static int64_t segment(const char *dir, bool is_last)
{
    struct arena *arena = arena_new();
    struct text_list names = { NULL, 0, 0 };
    int64_t number = 0;

    baremetal_list(arena, dir, ".idx", &names);
    if (names.n > 0)
        number = strtoll(names.items[is_last ? names.n - 1 : 0] + strlen("log-"), NULL, 10);
    arena_free(arena);
    return number;
}

/* --- writing -----------------------------------------------------------------------------------
 */

static void add_record(struct baremetal_log *log, int stream)
{
    struct baremetal_log_record record = { clock_wall_ns(), log->size[stream], stream };

    if (write(log->index, &record, sizeof(record)) == (ssize_t)sizeof(record))
        log->size[2] += (int64_t)sizeof(record);
    /* Else the disk is full: the next record tells of these bytes, too. */
}

/* A record that was cut, by a full disk, would make those after it unreadable. */
static void open_index(struct baremetal_log *log)
{
    struct stat status;

    log->index = open_part(".", log->number, 2, O_RDWR | O_CREAT | O_APPEND);
    log->size[2] = log->index >= 0 && fstat(log->index, &status) == 0 ? status.st_size : 0;
    if (log->size[2] % (int64_t)sizeof(struct baremetal_log_record) == 0)
        return;
    log->size[2] -= log->size[2] % (int64_t)sizeof(struct baremetal_log_record);
    (void)!ftruncate(log->index, log->size[2]);
}

static void open_segment(struct baremetal_log *log)
{
    struct stat status;

    for (int i = 0; i < 2; i++) {
        log->raw[i] = open_part(".", log->number, i, O_WRONLY | O_CREAT);
        log->size[i] = log->raw[i] >= 0 && fstat(log->raw[i], &status) == 0 ? status.st_size : 0;
    }
    open_index(log);
    for (int i = 0; i < 2 && log->index >= 0; i++) {
        if (log->size[i] > 0)
            add_record(log, i); /* bytes that a killed shim had moved, but not told of */
    }
}

static void remove_segment(int64_t number)
{
    char path[64];

    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "log-%06lld.%s", (long long)number, ends[i]);
        unlink(path);
    }
}

void baremetal_log_make_room(struct baremetal_log *log)
{
    for (int64_t number = segment(".", false); number > 0 && number < log->number; number++)
        remove_segment(number);
}

static void rotate(struct baremetal_log *log)
{
    for (int i = 0; i < 2; i++)
        close(log->raw[i]);
    close(log->index);
    log->number++;
    remove_segment(log->number - SEGMENTS);
    open_segment(log);
}

int baremetal_log_open(struct baremetal_log *log, struct err *err)
{
    for (int i = 0; i < 2; i++) {
        if (mkfifo(ends[i], 0600) != 0 && errno != EEXIST)
            return err_set_sys(err, errno, "pipe cannot be made: \"%s\"", ends[i]);
        log->fifo[i] = open(ends[i], O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (log->fifo[i] < 0)
            return err_set_sys(err, errno, "pipe cannot be opened: \"%s\"", ends[i]);
    }
    log->number = segment(".", true);
    if (log->number == 0)
        log->number = 1;
    open_segment(log);
    return 0;
}

/* Bytes moved; 0: none there; -1: thrown away, the log cannot take them. */
static ssize_t move_some(struct baremetal_log *log, int stream)
{
    char buffer[4096];
    loff_t at = log->size[stream];
    ssize_t n = splice(log->fifo[stream], NULL, log->raw[stream], &at, CHUNK,
                       SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

    if (n >= 0)
        return n;
    if (errno == EAGAIN || errno == EINTR)
        return 0;
    n = read(log->fifo[stream], buffer, sizeof(buffer));
    if (n <= 0)
        return 0;
    at = log->size[stream];
    n = pwrite(log->raw[stream], buffer, (size_t)n, at);
    return n > 0 ? n : -1;
}

void baremetal_log_move(struct baremetal_log *log, int stream)
{
    for (int i = 0; i < 64; i++) {
        ssize_t n = move_some(log, stream);

        if (n == 0)
            return;
        if (n < 0)
            continue;
        log->size[stream] += n;
        add_record(log, stream);
        if (log->size[0] + log->size[1] + log->size[2] >= SEGMENT_BYTES)
            rotate(log);
    }
}

/* --- reading -----------------------------------------------------------------------------------
 */

struct baremetal_reader {
    char *dir;
    int64_t number;
    int part[3];
    int64_t at[2];
    struct str carry[2];
    int64_t time_ns[2];
    bool is_raw;
};

static void close_parts(struct baremetal_reader *reader)
{
    for (int i = 0; i < 3; i++) {
        if (reader->part[i] >= 0)
            close(reader->part[i]);
        reader->part[i] = -1;
    }
    reader->at[0] = reader->at[1] = 0;
}

static bool open_parts(struct baremetal_reader *reader, int64_t number)
{
    int index = open_part(reader->dir, number, 2, O_RDONLY);

    if (index < 0)
        return false;
    close_parts(reader);
    reader->number = number;
    reader->part[2] = index;
    for (int i = 0; i < 2; i++)
        reader->part[i] = open_part(reader->dir, number, i, O_RDONLY);
    return true;
}

struct baremetal_reader *baremetal_reader_new(const char *dir)
{
    struct baremetal_reader *reader = MEM_NEW(struct baremetal_reader);

    reader->dir = mem_dup(dir);
    for (int i = 0; i < 3; i++)
        reader->part[i] = -1;
    str_init(&reader->carry[0], 0);
    str_init(&reader->carry[1], 0);
    return reader;
}

void baremetal_reader_set_raw(struct baremetal_reader *reader)
{
    reader->is_raw = true;
}

void baremetal_reader_free(struct baremetal_reader *reader)
{
    if (!reader)
        return;
    close_parts(reader);
    str_release(&reader->carry[0]);
    str_release(&reader->carry[1]);
    mem_free(reader->dir);
    mem_free(reader);
}

static void give_lines(struct baremetal_reader *reader, int stream, baremetal_line_fn fn, void *arg)
{
    struct str *carry = &reader->carry[stream];
    size_t done = 0;

    while (done < carry->len) {
        char *end = memchr(carry->buf + done, '\n', carry->len - done);

        if (!end && carry->len - done < MAX_LINE)
            break;
        if (!end)
            end = carry->buf + carry->len - 1;
        fn(arg, stream + 1, reader->time_ns[stream], carry->buf + done,
           (size_t)(end - carry->buf) - done);
        done = (size_t)(end - carry->buf) + 1;
    }
    str_remove(carry, 0, done);
}

static void take_record(struct baremetal_reader *reader, const struct baremetal_log_record *record,
                        baremetal_line_fn fn, void *arg)
{
    int stream = record->stream == 1;
    char buffer[16384];

    reader->time_ns[stream] = record->time_ns;
    while (reader->at[stream] < record->end && reader->part[stream] >= 0) {
        size_t want = MIN(sizeof(buffer), (size_t)(record->end - reader->at[stream]));
        ssize_t n = pread(reader->part[stream], buffer, want, reader->at[stream]);

        if (n <= 0)
            break;
        reader->at[stream] += n;
        if (reader->is_raw) {
            fn(arg, stream + 1, reader->time_ns[stream], buffer, (size_t)n);
            continue;
        }
        str_add_len(&reader->carry[stream], buffer, (size_t)n);
        give_lines(reader, stream, fn, arg);
    }
}

/* A record that is not whole is being written. */
static bool read_record(struct baremetal_reader *reader, struct baremetal_log_record *out)
{
    ssize_t n = read(reader->part[2], out, sizeof(*out));

    if (n == (ssize_t)sizeof(*out))
        return true;
    if (n > 0)
        (void)!lseek(reader->part[2], -n, SEEK_CUR);
    return false;
}

/* Goes on to the segment after this one, or after those that were removed while we read. */
static bool next_segment(struct baremetal_reader *reader, bool *ret_is_last)
{
    struct stat status;
    STR_AUTO(path);

    str_printf(&path, "%s/log-%06lld.idx", reader->dir, (long long)reader->number + 1);
    *ret_is_last = !file_exists(path.buf);
    if (!*ret_is_last || fstat(reader->part[2], &status) != 0 || status.st_nlink > 0)
        return false;
    str_clear(&reader->carry[0]);
    str_clear(&reader->carry[1]);
    return open_parts(reader, segment(reader->dir, false));
}

bool baremetal_reader_next(struct baremetal_reader *reader, baremetal_line_fn fn, void *arg)
{
    struct baremetal_log_record record;
    bool is_last;

    if (reader->part[2] < 0 && !open_parts(reader, segment(reader->dir, false)))
        return false;
    while (!read_record(reader, &record)) {
        if (next_segment(reader, &is_last))
            continue;
        if (is_last)
            return false;
        /* There is a next one, so nothing is added to this one any more: all of it first. */
        if (read_record(reader, &record))
            break;
        if (!open_parts(reader, reader->number + 1))
            return false;
    }
    take_record(reader, &record, fn, arg);
    return true;
}

void baremetal_reader_flush(struct baremetal_reader *reader, baremetal_line_fn fn, void *arg)
{
    for (int i = 0; i < 2; i++) {
        if (reader->carry[i].len > 0)
            fn(arg, i + 1, reader->time_ns[i], reader->carry[i].buf, reader->carry[i].len);
        str_clear(&reader->carry[i]);
    }
}
