/*
 * serve.c - the program many times over without starting it anew: reads requests, calls cmd_main()
 * in a fork for each, says how that ended and what it printed. One request is a line of JSON,
 *
 *     {"dir": FOLDER, "env": ["K=V"...], "runs": [["octocompose", ARGUMENT...]...]}
 *
 * and is answered by a line "STATUS OUT ERR" and OUT bytes of standard output and ERR bytes of
 * standard error for each run. After a run that failed the others of its request are not done. The
 * end by a signal is 128 + signal. cases.py is the other side; it is no test of its own.
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "data/jread.h"

#define OUTPUT_MAX ((size_t)64 * 1024 * 1024)
#define RUNS_MAX 8

/* What the fork leaves behind: memory that it shares, files without a name. */
struct run {
    int status; /* -1: it did not get so far */
    int out, err;
};

static struct run *runs; /* RUNS_MAX, shared with forks */

/* Of the present request. Static, so that it is in use to the last, also in a fork that never returns to
   where it is freed: else LeakSanitizer takes it for lost. */
static struct arena *arena;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "serve: %s: %s\n", what, strerror(errno));
    exit(1);
}

static _Noreturn void refuse(const char *what)
{
    fprintf(stderr, "serve: %s\n", what);
    exit(1);
}

/* A list of texts as execve() takes it; the texts stay the list's. */
static char **vector_of(const struct node *list)
{
    size_t n = 0;
    if (!node_is(list, NODE_LIST))
        refuse("a request without \"env\" or \"runs\"");
    char **vector = ARENA_NEW_N(arena, char *, list->u.list.n + 1);
    NODE_EACH_ITEM(list, item)
        vector[n++] = (char *)(uintptr_t)node_as_text(*item);
    vector[n] = NULL;
    return vector;
}

static _Noreturn void run_all(const char *dir, char **env, char **const *argvs, size_t n)
{
    int nothing = open("/dev/null", O_RDONLY), status = 0;
    environ = env;
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || chdir(dir))
        fail("cannot set up a run");
    close(nothing);
    for (size_t i = 0; i < n && status == 0; i++) {
        int argc = 0;
        while (argvs[i][argc])
            argc++;
        if (dup2(runs[i].out, STDOUT_FILENO) < 0 || dup2(runs[i].err, STDERR_FILENO) < 0)
            fail("cannot set up a run");
        status = cmd_main(argc, argvs[i]);
        runs[i].status = status;
    }
    exit(status);
}

static void print_run(const struct run *run)
{
    STR_AUTO(out);
    STR_AUTO(err_text);
    ERR_AUTO(err);
    lseek(run->out, 0, SEEK_SET);
    lseek(run->err, 0, SEEK_SET);
    if (file_read_fd(run->out, "standard output", OUTPUT_MAX, &out, &err) ||
        file_read_fd(run->err, "standard error", OUTPUT_MAX, &err_text, &err))
        refuse(err.text);
    printf("%d %zu %zu\n", run->status, out.len, err_text.len);
    fwrite(out.buf, 1, out.len, stdout);
    fwrite(err_text.buf, 1, err_text.len, stdout);
}

/* Answers for the runs up to the first that failed. state: how the fork ended. */
static void answer(size_t n, int state)
{
    int end = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
    for (size_t i = 0; i < n; i++) {
        /* The last run is not over before the end of the fork: a sanitizer has its say there. */
        if (runs[i].status < 0 || (runs[i].status == 0 && i + 1 == n))
            runs[i].status = end;
        print_run(&runs[i]);
        if (runs[i].status != 0)
            break;
    }
    if (fflush(stdout))
        fail("cannot answer");
}

static void serve(const char *line, size_t len)
{
    struct node *request;
    char **argvs[RUNS_MAX];
    int state;
    ERR_AUTO(err);
    arena = arena_new();
    if (jread_parse(arena, 0, line, len, &request, &err))
        refuse(err.text);
    const struct node *wanted = node_get(request, "runs");
    const char *dir = node_as_text(node_get(request, "dir"));
    if (!node_is(wanted, NODE_LIST) || wanted->u.list.n > RUNS_MAX || !dir)
        refuse("a request without \"dir\" or \"runs\"");
    size_t n = wanted->u.list.n;
    char **env = vector_of(node_get(request, "env"));
    for (size_t i = 0; i < n; i++) {
        argvs[i] = vector_of(wanted->u.list.items[i]);
        runs[i] = (struct run){ -1, memfd_create("out", MFD_CLOEXEC),
                                memfd_create("err", MFD_CLOEXEC) };
        if (runs[i].out < 0 || runs[i].err < 0)
            fail("memfd_create");
    }
    pid_t pid = fork();
    if (pid == 0)
        run_all(dir, env, argvs, n);
    if (pid < 0 || waitpid(pid, &state, 0) < 0)
        fail("fork");
    answer(n, state);
    for (size_t i = 0; i < n; i++) {
        close(runs[i].out);
        close(runs[i].err);
    }
    arena_free(arena);
}

int main(void)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    runs = mmap(NULL, RUNS_MAX * sizeof(*runs), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                -1, 0);
    if (runs == MAP_FAILED)
        fail("mmap");
    while ((len = getline(&line, &cap, stdin)) > 0)
        serve(line, (size_t)len);
    free(line);
    return 0;
}
