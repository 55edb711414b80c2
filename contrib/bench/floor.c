/* floor.c - the least time an Engine needs for a given list of calls: sends them over the Unix
 * socket with K chains in flight and does nothing else.
 *
 * Not part of octocompose. bench.py compiles it and gives it the very calls that octocompose made.
 *
 *     floor SOCKET K <calls
 *
 * A line is a chain of calls that follow one another, separated by tabs: METHOD SP PATH [SP BODY].
 * An empty line is a barrier: everything above it ends before anything below begins.
 * Prints the seconds it took; exit status 1 when a call gave a status of 400 or above.
 */
#define _GNU_SOURCE
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct chain {
	CURL *easy;
	char *next;                /* what is left of the line */
	struct curl_slist *headers;
};

static const char *sock;
static CURLM *multi;
static int failures;

static size_t
ignore(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	(void)arg;
	return size * n;
}

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Begins the chain's next call; 0 when there is none. */
static int
chain_step(struct chain *c)
{
	char *call = c->next;
	if (!call || !*call)
		return 0;
	c->next = strchr(call, '\t');
	if (c->next)
		*c->next++ = '\0';
	char *path = strchr(call, ' ');
	*path++ = '\0';
	char *body = strchr(path, ' ');
	if (body)
		*body++ = '\0';
	else
		body = (char *)"";
	char url[4096];
	snprintf(url, sizeof(url), "http://engine%s", path);
	if (!c->easy)
		c->easy = curl_easy_init();
	curl_easy_reset(c->easy);
	curl_easy_setopt(c->easy, CURLOPT_UNIX_SOCKET_PATH, sock);
	curl_easy_setopt(c->easy, CURLOPT_URL, url);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
	curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, call);
	if (strcmp(call, "POST") == 0) {
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, body);
	}
	curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, ignore);
	curl_easy_setopt(c->easy, CURLOPT_PRIVATE, (char *)c);
	curl_multi_add_handle(multi, c->easy);
	return 1;
}

int
main(int argc, char **argv)
{
	if (argc != 3 || atoi(argv[2]) < 1) {
		fprintf(stderr, "usage: floor SOCKET K <calls\n");
		return 2;
	}
	sock = argv[1];
	int k = atoi(argv[2]), running = 0, size = 0, n = 0;
	char **lines = NULL, *line = NULL;
	size_t cap = 0;
	for (ssize_t len; (len = getline(&line, &cap, stdin)) > 0; line = NULL, cap = 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		if (n == size)
			lines = realloc(lines, sizeof(*lines) * (size = size ? size * 2 : 64));
		lines[n++] = line;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)k);
	struct chain *chains = calloc((size_t)k, sizeof(*chains));
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	headers = curl_slist_append(headers, "Expect:");
	char *busy = calloc((size_t)k, 1);
	for (int i = 0; i < k; i++)
		chains[i].headers = headers;

	double begin = now();
	int at = 0;
	while (at < n || running) {
		for (int i = 0; i < k && at < n; i++) {
			if (busy[i])
				continue;
			if (!*lines[at]) {
				if (running)
					break;
				at++;
				if (at == n)
					break;
			}
			chains[i].next = lines[at++];
			if (chain_step(&chains[i])) {
				busy[i] = 1;
				running++;
			}
		}
		int still;
		curl_multi_perform(multi, &still);
		CURLMsg *m;
		while ((m = curl_multi_info_read(multi, &still))) {
			struct chain *c;
			long status = 0;
			curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
			curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &status);
			if (m->data.result != CURLE_OK || status >= 400) {
				char *url = NULL;
				curl_easy_getinfo(m->easy_handle, CURLINFO_EFFECTIVE_URL, &url);
				fprintf(stderr, "floor: %s: %s, status %ld\n", url,
				    curl_easy_strerror(m->data.result), status);
				failures++;
			}
			curl_multi_remove_handle(multi, m->easy_handle);
			if (!chain_step(c)) {
				busy[c - chains] = 0;
				running--;
			}
		}
		if (running)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	printf("%.6f\n", now() - begin);
	return failures ? 1 : 0;
}
