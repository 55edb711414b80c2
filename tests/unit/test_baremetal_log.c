/* test_baremetal_log.c - a service's log on bare metal: what goes into the pipe comes out of the
   reader, over segments, over shims that are killed at any point, and beside a reader that is late.
 */
#include "tests/unit/tap.h"

#include <stdio.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "operator/baremetal/parts.h"

struct seen {
    int64_t n_lines[3], last[3], n_wrong;
};

/* Each line has the number of its stream's line. */
static void on_line(void *arg, int stream, int64_t time_ns, const char *text, size_t len)
{
    struct seen *seen = arg;
    char number[32];
    int64_t value;

    snprintf(number, sizeof(number), "%.*s", (int)MIN(len, 20), text);
    value = strtoll(number, NULL, 10);
    if (seen->n_lines[stream]++ > 0 && value != seen->last[stream] + 1)
        seen->n_wrong++;
    if (time_ns <= 0)
        seen->n_wrong++;
    seen->last[stream] = value;
}

static void enter_new_folder(void)
{
    static int n;
    STR_AUTO(path);

    str_printf(&path, "%s/log%d", tap_folder(), ++n);
    ok(mkdir(path.buf, 0700) == 0 && chdir(path.buf) == 0);
}

static void open_log(struct baremetal_log *log)
{
    ERR_AUTO(err);

    memset(log, 0, sizeof(*log));
    ok(baremetal_log_open(log, &err) == 0);
}

/* As when it is killed: the kernel closes what it had. */
static void drop_log(struct baremetal_log *log)
{
    for (int i = 0; i < 2; i++) {
        close(log->fifo[i]);
        close(log->raw[i]);
    }
    close(log->index);
}

static void say(struct baremetal_log *log, int stream, int64_t number, int width)
{
    STR_AUTO(line);
    ERR_AUTO(err);

    str_printf(&line, "%-*lld\n", width, (long long)number);
    ok(file_write_all(log->fifo[stream], line.buf, line.len, &err) == 0);
}

static void read_all(struct baremetal_reader *reader, struct seen *seen)
{
    while (baremetal_reader_next(reader, on_line, seen))
        continue;
}

static void test_streams(void)
{
    struct baremetal_log log;
    struct seen seen = { { 0 }, { 0 }, 0 };
    struct baremetal_reader *reader;
    ERR_AUTO(err);

    enter_new_folder();
    open_log(&log);
    for (int i = 1; i <= 10; i++) {
        say(&log, i % 2, i / 2 + i % 2, 5);
        baremetal_log_move(&log, i % 2);
    }
    ok(file_write_all(log.fifo[0], "6", 1, &err) == 0); /* no end of line yet */
    baremetal_log_move(&log, 0);
    reader = baremetal_reader_new(".");
    read_all(reader, &seen);
    is_int(seen.n_lines[1], 5);
    is_int(seen.n_lines[2], 5);
    baremetal_reader_flush(reader, on_line, &seen);
    is_int(seen.n_lines[1], 6);
    is_int(seen.n_wrong, 0);
    baremetal_reader_free(reader);
    drop_log(&log);
}

/* Bytes that were moved and not told of, a record that was cut, a segment that was only begun. */
static void test_killed(void)
{
    struct baremetal_log log;
    struct seen seen = { { 0 }, { 0 }, 0 };
    struct baremetal_reader *reader;
    struct stat status;
    ERR_AUTO(err);

    enter_new_folder();
    open_log(&log);
    say(&log, 0, 1, 5);
    baremetal_log_move(&log, 0);
    ok(pwrite(log.raw[0], "00002\n", 6, log.size[0]) == 6);
    drop_log(&log);
    ok(stat("log-000001.out", &status) == 0 && status.st_size >= 6);
    open_log(&log);
    say(&log, 0, 3, 5);
    baremetal_log_move(&log, 0);
    ok(file_write_all(log.index, "half", 4, &err) == 0);
    drop_log(&log);
    close(open("log-000002.out", O_CREAT | O_CLOEXEC, 0600));
    open_log(&log);
    is_int(log.number, 1);
    say(&log, 0, 4, 5);
    baremetal_log_move(&log, 0);
    drop_log(&log);
    reader = baremetal_reader_new(".");
    read_all(reader, &seen);
    is_int(seen.last[1], 4);
    is_int(seen.n_wrong, 0);
    baremetal_reader_free(reader);
}

/* A reader that follows loses nothing at the change of segments, and goes on with what is left when
   it was too late. The whole stays within its bounds, short lines included. */
static void test_segments(void)
{
    static const int widths[] = { 4000, 1 };
    int64_t bytes = 0;
    STR_AUTO(path);

    for (size_t w = 0; w < ARRAY_LEN(widths); w++) {
        struct baremetal_log log;
        struct seen seen = { { 0 }, { 0 }, 0 }, late = seen;
        struct baremetal_reader *reader = baremetal_reader_new("."), *last;
        int64_t number = 0;
        struct stat status;

        enter_new_folder();
        open_log(&log);
        last = baremetal_reader_new(".");
        while (log.number < 6) {
            str_clear(&path);
            str_printf(&path, "%-*lld\n", widths[w], (long long)++number);
            if (write(log.fifo[0], path.buf, path.len) != (ssize_t)path.len)
                break;
            baremetal_log_move(&log, 0);
            if (number == 1)
                (void)baremetal_reader_next(last, on_line, &late);
            if (number % 64 == 0)
                read_all(reader, &seen);
        }
        read_all(reader, &seen);
        is_int(seen.n_lines[1], number);
        is_int(seen.n_wrong, 0);
        late.n_lines[1] = 0;
        read_all(last, &late);
        ok(late.n_lines[1] > 0 && late.n_lines[1] < number);
        is_int(late.last[1], number);
        for (int64_t i = 0; i <= log.number; i++) {
            static const char *const ends[] = { "out", "err", "idx" };

            for (size_t part = 0; part < ARRAY_LEN(ends); part++) {
                str_clear(&path);
                str_printf(&path, "log-%06lld.%s", (long long)i, ends[part]);
                bytes += stat(path.buf, &status) == 0 ? status.st_size : 0;
            }
        }
        tap_note("%lld lines, %lld bytes kept", (long long)number, (long long)bytes);
        ok(bytes > 0 && bytes < 25 << 20);
        bytes = 0;
        baremetal_log_make_room(&log);
        ok(!file_exists("log-000005.idx") && file_exists("log-000006.idx"));
        baremetal_reader_free(reader);
        baremetal_reader_free(last);
        drop_log(&log);
    }
}

int main(void)
{
    test_streams();
    test_killed();
    test_segments();
    return done_testing();
}
