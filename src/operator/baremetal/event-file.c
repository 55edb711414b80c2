/*
 * event-file.c - writes what happens to a project's instances to its event file: shims do, and
 * commands. A full file becomes events.1, in the place of an older one. Read by stream-events.c.
 */
#include "base/base.h"

#include "operator/baremetal/parts.h"

#include <stdio.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "data/jwrite.h"

#define FULL_BYTES (1 << 20)

static void write_line(struct str *out, const struct node *record, const char *action,
                       int64_t exit_code, const char *health)
{
    struct jwrite w;

    jwrite_init(&w, out, 0);
    jwrite_map(&w);
    jwrite_key_int(&w, "time", clock_wall_ns());
    jwrite_key_text(&w, "action", action);
    jwrite_key_text(&w, "id", baremetal_text(record, "id"));
    jwrite_key_text(&w, "name", baremetal_text(record, "name"));
    jwrite_key_text(&w, "service", baremetal_text(record, "service"));
    jwrite_key_int(&w, "number", baremetal_int(record, "number"));
    if (baremetal_text(record, "replaces"))
        jwrite_key_text(&w, "replaces", baremetal_text(record, "replaces"));
    jwrite_key_int(&w, "exit_code", exit_code);
    jwrite_key_text(&w, "health", health ? health : "");
    jwrite_map_end(&w);
    str_add_char(out, '\n');
}

/* Opened and locked; nobody writes to a file any more that has got another name. */
static int open_locked(const char *path)
{
    struct stat opened, named;

    for (int i = 0; i < 10; i++) {
        int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_EX) == 0 && fstat(fd, &opened) == 0 && stat(path, &named) == 0 &&
            opened.st_ino == named.st_ino)
            return fd;
        close(fd);
    }
    return -1;
}

void baremetal_event(const char *project_dir, const struct node *record, const char *action,
                     int64_t exit_code, const char *health)
{
    struct stat status;
    STR_AUTO(path);
    STR_AUTO(full);
    STR_AUTO(text);
    FD_AUTO(fd);

    str_printf(&path, "%s/events", project_dir);
    str_printf(&full, "%s.1", path.buf);
    fd = open_locked(path.buf);
    if (fd < 0)
        return;
    /* The time is taken under the lock, so that the file is in its order. */
    write_line(&text, record, action, exit_code, health);
    if (write(fd, text.buf, text.len) < 0)
        return; /* an event is no reason to fail */
    if (fstat(fd, &status) == 0 && status.st_size >= FULL_BYTES)
        (void)!rename(path.buf, full.buf);
}
