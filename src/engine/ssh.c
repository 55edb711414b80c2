/*
 * ssh.c - engines behind ssh:// addresses. HTTP connects to a private socket of ours; each connection that
 * comes in is handed whole to one ssh process as its standard input and output, which runs docker's own
 * relay on the other side. No byte passes through here. What ssh complains about is kept for messages.
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "engine/engine-internal.h"

#define SAID_MAX 1000
#define CONNECTIONS 4 /* sshd takes ten sessions at most, unless told otherwise */

struct ssh;

struct ssh_child {
    struct ssh *ssh;
    struct ssh_child *previous, *next;
    pid_t pid;
    struct loop_source *source;
};

struct ssh {
    struct loop *loop;
    const struct endpoint *endpoint;
    char *dir, *path;
    int fd;            /* listens on path */
    int said_in, said; /* both ends of the helpers' standard error */
    struct loop_source *source;
    struct ssh_child *children;
    struct str text; /* what they said, the last of it */
};

/* ------------------------------------------------------------ the helpers */

static void child_free(struct ssh_child *child)
{
    if (child->previous)
        child->previous->next = child->next;
    else
        child->ssh->children = child->next;
    if (child->next)
        child->next->previous = child->previous;
    loop_remove(child->source);
    mem_free(child);
}

static void on_child_end(void *arg, int wait_status)
{
    struct ssh_child *child = arg;
    log_debug("ssh: %d ended with %d", (int)child->pid, wait_status);
    child->source = NULL;
    child_free(child);
}

static void start_helper(struct ssh *ssh, int fd)
{
    const struct endpoint *endpoint = ssh->endpoint;
    STR_AUTO(host_option);
    ERR_AUTO(err);
    VEC(const char *) argv = { NULL, 0, 0 };
    VEC_ADD(&argv, "ssh");
    if (endpoint->ssh_user) {
        VEC_ADD(&argv, "-l");
        VEC_ADD(&argv, endpoint->ssh_user);
    }
    if (endpoint->ssh_port) {
        VEC_ADD(&argv, "-p");
        VEC_ADD(&argv, endpoint->ssh_port);
    }
    static const char *const fixed[] = { "-o", "ConnectTimeout=30", "-T", "--" };
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        VEC_ADD(&argv, fixed[i]);
    VEC_ADD(&argv, endpoint->ssh_host);
    VEC_ADD(&argv, "docker");
    if (endpoint->ssh_socket) {
        str_printf(&host_option, "--host=unix://%s", endpoint->ssh_socket);
        VEC_ADD(&argv, host_option.buf);
    }
    VEC_ADD(&argv, "system");
    VEC_ADD(&argv, "dial-stdio");
    VEC_ADD(&argv, NULL);
    struct process_spec spec = {
        .argv = argv.items, .fd_in = fd, .fd_out = fd, .fd_err = ssh->said_in
    };
    struct ssh_child *child = MEM_NEW(struct ssh_child);
    child->ssh = ssh;
    child->next = ssh->children;
    if (child->next)
        child->next->previous = child;
    ssh->children = child;
    if (process_start(&spec, &child->pid, &err) == 0) {
        child->source = loop_add_child(ssh->loop, child->pid, on_child_end, child);
        loop_set_background(child->source);
    } else {
        str_add(&ssh->text, err.text);
        child_free(child);
    }
    VEC_RELEASE(&argv);
}

static void on_connection(void *arg, int fd, unsigned events)
{
    struct ssh *ssh = arg;
    FD_AUTO(connection);
    (void)events;
    connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (connection >= 0)
        start_helper(ssh, connection);
}

const char *ssh_said(struct ssh *ssh)
{
    char buf[512];
    ssize_t n;
    while ((n = read(ssh->said, buf, sizeof(buf))) > 0) {
        if (ssh->text.len > SAID_MAX)
            str_remove(&ssh->text, 0, ssh->text.len - SAID_MAX);
        str_add_len(&ssh->text, buf, (size_t)n);
    }
    while (ssh->text.len > 0 && strchr("\r\n ", ssh->text.buf[ssh->text.len - 1]))
        str_cut(&ssh->text, ssh->text.len - 1);
    return ssh->text.buf;
}

/* ------------------------------------------------------------ the private socket */

static int make_socket(struct ssh *ssh, struct err *err)
{
    STR_AUTO(dir);
    STR_AUTO(path);
    path_runtime_dir(&dir);
    if (file_make_dirs(dir.buf, 0700, err) != 0)
        return -1;
    str_add(&dir, "/ssh-XXXXXX");
    ssh->dir = str_steal(&dir);
    if (mkdtemp(ssh->dir) == NULL) {
        int number = errno;
        err_set_sys(err, number, "cannot make a folder \"%s\"", ssh->dir);
        ssh->dir[0] = '\0';
        return -1;
    }
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    str_printf(&path, "%s/s", ssh->dir);
    if (path.len >= sizeof(address.sun_path))
        return err_set(err, ERR_FAILED, "the path \"%s\" is too long for a socket", path.buf);
    ssh->path = str_steal(&path);
    memcpy(address.sun_path, ssh->path, strlen(ssh->path) + 1);
    ssh->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (ssh->fd < 0 || bind(ssh->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(ssh->fd, SOMAXCONN) != 0)
        return err_set_sys(err, errno, "cannot listen on \"%s\"", ssh->path);
    return 0;
}

int ssh_open(struct engine *engine, struct err *err)
{
    struct ssh *ssh = MEM_NEW(struct ssh);
    int ends[2];
    engine->ssh = ssh;
    ssh->loop = engine->loop;
    ssh->endpoint = &engine->endpoint;
    ssh->fd = ssh->said = ssh->said_in = -1;
    str_init(&ssh->text, 0);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set_sys(err, errno, "cannot make a pipe");
    ssh->said = ends[0];
    ssh->said_in = ends[1];
    /* Only our end: the helpers' writes are as they expect them. */
    fcntl(ssh->said, F_SETFL, O_NONBLOCK);
    if (make_socket(ssh, err) != 0)
        return err_wrap(err, "ssh to \"%s\"", engine->endpoint.ssh_host);
    engine->endpoint.unix_socket = mem_dup(ssh->path);
    ssh->source = loop_add_fd(ssh->loop, ssh->fd, LOOP_READ, on_connection, ssh);
    loop_set_background(ssh->source);
    return 0;
}

size_t ssh_limit(void)
{
    return CONNECTIONS;
}

void ssh_close(struct ssh *ssh)
{
    if (ssh == NULL)
        return;
    while (ssh->children) {
        pid_t pid = ssh->children->pid;
        child_free(ssh->children);
        kill(pid, SIGTERM);
        waitpid(pid, NULL, WNOHANG);
    }
    loop_remove(ssh->source);
    const int fds[] = { ssh->fd, ssh->said, ssh->said_in };
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    if (ssh->path)
        unlink(ssh->path);
    if (ssh->dir && ssh->dir[0])
        rmdir(ssh->dir);
    str_release(&ssh->text);
    mem_free(ssh->path);
    mem_free(ssh->dir);
    mem_free(ssh);
}
