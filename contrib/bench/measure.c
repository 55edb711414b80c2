/* measure.c - runs a program and prints what it took: microseconds, peak memory in KiB, exit status.
 *
 * A small parent on purpose: the peak memory that the kernel reports for a child is never less than
 * that of the process it was started from.
 *
 *     measure PROGRAM ARG...        the program's own output goes to /dev/null
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

int
main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	posix_spawn_file_actions_t a;
	posix_spawn_file_actions_init(&a);
	posix_spawn_file_actions_addopen(&a, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&a, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&a, 2, "/dev/null", O_WRONLY, 0);
	struct timespec t0, t1;
	struct rusage use;
	pid_t pid;
	int status;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	int err = posix_spawn(&pid, argv[1], &a, NULL, argv + 1, environ);
	if (err) {
		fprintf(stderr, "measure: %s: %s\n", argv[1], strerror(err));
		return 2;
	}
	wait4(pid, &status, 0, &use);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	printf("%.0f %ld %d\n", (t1.tv_sec - t0.tv_sec) * 1e6 + (t1.tv_nsec - t0.tv_nsec) / 1e3, use.ru_maxrss,
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
