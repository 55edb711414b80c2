/* test_baremetal_status.c - what bare metal keeps of a process: the status in and out, state files
   that are damaged, empty, or of another version, the pauses of a crash loop, and who a process is.
 */
#include "tests/unit/tap.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "operator/baremetal/parts.h"

static void write_file(const char *name, const char *text, size_t len, struct str *ret_path)
{
    ERR_AUTO(err);

    str_clear(ret_path);
    str_printf(ret_path, "%s/%s", tap_folder(), name);
    ok(file_write_unsynced(ret_path->buf, text, len, 0600, &err) == 0);
}

static void test_round_trip(void)
{
    struct arena *arena = arena_new();
    struct baremetal_status in = { .state = "stopping",
                                   .boot_id = "a-boot",
                                   .health = HEALTH_UNHEALTHY,
                                   .pid = 4711,
                                   .session = 4710,
                                   .start_time = 123456789012,
                                   .started_ns = 1795517590749999233,
                                   .finished_ns = 1795517590749999234,
                                   .exit_code = -1,
                                   .is_exit_known = true,
                                   .restarts = 7,
                                   .backoff_ms = 12800,
                                   .deadline_ms = 99,
                                   .is_ordered = true };
    struct baremetal_status out;
    struct node *node;
    STR_AUTO(text);
    STR_AUTO(path);
    ERR_AUTO(err);

    baremetal_status_print(&in, &text);
    write_file("status.json", text.buf, text.len, &path);
    ok(baremetal_read_state(arena, path.buf, &node, &err) == 0);
    baremetal_status_read(node, &out);
    is_text(out.state, in.state);
    is_text(out.boot_id, in.boot_id);
    is_int(out.health, in.health);
    is_int(out.pid, in.pid);
    is_int(out.session, in.session);
    is_int(out.start_time, in.start_time);
    is_int(out.started_ns, in.started_ns);
    is_int(out.finished_ns, in.finished_ns);
    is_int(out.exit_code, in.exit_code);
    is_int(out.is_exit_known, in.is_exit_known);
    is_int(out.restarts, in.restarts);
    is_int(out.backoff_ms, in.backoff_ms);
    is_int(out.deadline_ms, in.deadline_ms);
    is_int(out.is_ordered, in.is_ordered);
    baremetal_status_read(NULL, &out);
    ok(!out.state && out.pid == 0 && !out.is_exit_known);
    arena_free(arena);
}

static void test_strange_files(void)
{
    static const struct {
        const char *text;
        size_t len;
        enum err_code code;
        const char *says;
    } cases[] = {
        { "", 0, ERR_NOT_FOUND, "is empty" },
        { "\0\0\0\0", 4, ERR_NOT_FOUND, "is empty" },
        { "{", 1, ERR_PROTOCOL, "is damaged" },
        { "[]", 2, ERR_PROTOCOL, "is damaged" },
        { "{}", 2, ERR_PROTOCOL, "is damaged" },
        { "{\"version\":0}", 13, ERR_PROTOCOL, "is damaged" },
        { "{\"version\":2}", 13, ERR_UNSUPPORTED, "is of version 2" },
    };
    struct arena *arena = arena_new();
    struct node *node;
    STR_AUTO(path);

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ERR_AUTO(err);

        write_file("strange.json", cases[i].text, cases[i].len, &path);
        ok(baremetal_read_state(arena, path.buf, &node, &err) < 0);
        is_int(err.code, cases[i].code);
        ok(strstr(err.text, cases[i].says) != NULL && strstr(err.text, path.buf) != NULL);
    }
    arena_free(arena);
}

static void test_backoff(void)
{
    static const int64_t curve[] = { 100,  200,   400,   800,   1600,  3200,
                                     6400, 12800, 25600, 51200, 60000, 60000 };
    int64_t pause_ms = 0;

    for (size_t i = 0; i < ARRAY_LEN(curve); i++) {
        pause_ms = baremetal_backoff_ms(pause_ms, 50);
        is_int(pause_ms, curve[i]);
    }
    is_int(baremetal_backoff_ms(60000, 9999), 60000);
    is_int(baremetal_backoff_ms(60000, 10000), 100);
}

static void test_identity(void)
{
    struct baremetal_stat stat;
    pid_t pid = fork();

    if (pid == 0) {
        pause();
        _exit(0);
    }
    ok(baremetal_read_stat(pid, &stat));
    is_int(stat.pid, pid);
    is_int(stat.parent, getpid());
    is_int(stat.group, getpgrp());
    is_int(stat.session, getsid(0));
    ok(stat.start_time > 0);
    is_int(baremetal_start_time(pid), stat.start_time);
    ok(baremetal_start_time(getpid()) <= stat.start_time);
    kill(pid, SIGKILL);
    waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
    ok(baremetal_read_stat(pid, &stat)); /* a zombie is still somebody, but does not run */
    is_int(stat.state, 'Z');
    is_int(baremetal_start_time(pid), -1);
    waitpid(pid, NULL, 0);
    ok(!baremetal_read_stat(pid, &stat));
}

/* A signal goes to who was meant, and to nobody who has got the number. */
static void test_signal(void)
{
    baremetal_members members = { NULL, 0, 0 };
    struct baremetal_stat stat;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        pause();
        _exit(0);
    }
    ok(baremetal_read_stat(pid, &stat));
    stat.start_time++;
    VEC_ADD(&members, stat);
    baremetal_members_signal(&members, 0, SIGKILL);
    is_int(waitpid(pid, &status, WNOHANG), 0);
    members.items[0].start_time--;
    baremetal_members_signal(&members, stat.group + 1, SIGKILL);
    is_int(waitpid(pid, &status, WNOHANG), 0);
    baremetal_members_signal(&members, stat.group, SIGTERM);
    is_int(waitpid(pid, &status, 0), pid);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    VEC_RELEASE(&members);
}

int main(void)
{
    test_round_trip();
    test_strange_files();
    test_backoff();
    test_identity();
    test_signal();
    return done_testing();
}
