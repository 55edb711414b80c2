/*
 * short-port.c - "127.0.0.1:8000-8009:80/tcp" into port maps, one for each port of the range, in
 * the order of their texts ("10000/tcp" before "8000/tcp"), as docker compose has it.
 */
#include "base/base.h"

#include "compose-compat/file/short.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

struct range {
    unsigned first, last;
};

struct spec {
    struct slice ip, published, target, protocol;
};

bool short_is_ip(const char *text)
{
    unsigned char address[16];
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static int fail(char *reason, const char *what, struct slice subject)
{
    snprintf(reason, SHORT_REASON_MAX, "%s \"%.*s\"", what, (int)MIN(subject.len, 60), subject.at);
    return -1;
}

/* The last two pieces between colons are the ports; what stands before them is the address. */
static void split_parts(struct slice text, struct spec *spec)
{
    size_t colons[2] = { 0, 0 }, n = 0;
    for (size_t i = text.len; i > 0 && n < 2; i--)
        if (text.at[i - 1] == ':')
            colons[n++] = i - 1;
    spec->target = text;
    spec->ip = spec->published = (struct slice){ text.at, 0 };
    if (n == 0)
        return;
    spec->target = (struct slice){ text.at + colons[0] + 1, text.len - colons[0] - 1 };
    size_t start = n == 2 ? colons[1] + 1 : 0;
    spec->published = (struct slice){ text.at + start, colons[0] - start };
    if (n == 2)
        spec->ip = (struct slice){ text.at, colons[1] };
}

static int parse_number(struct slice text, unsigned *ret_value)
{
    unsigned value = 0;
    bool is_signed = text.len > 1 && text.at[0] == '+';
    if (text.len == 0)
        return -1;
    for (size_t i = is_signed ? 1 : 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return -1;
        value = value * 10 + (unsigned)(text.at[i] - '0');
        if (value > 65535)
            return -1;
    }
    *ret_value = value;
    return 0;
}

static int parse_range(struct slice text, struct range *ret_range)
{
    struct slice first;
    bool is_range = slice_split(&text, '-', &first);
    if (parse_number(first, &ret_range->first) != 0)
        return -1;
    ret_range->last = ret_range->first;
    if (is_range && parse_number(text, &ret_range->last) != 0)
        return -1;
    return ret_range->last >= ret_range->first ? 0 : -1;
}

/* The protocol behind "/", in lower case. */
static int take_protocol(struct arena *arena, struct spec *spec, const char **ret_protocol,
                         char *reason)
{
    struct slice rest = spec->target;
    slice_split(&rest, '/', &spec->target);
    char *protocol = arena_dup_len(arena, rest.len > 0 ? rest.at : "tcp", rest.len > 0 ? rest.len : 3);
    for (char *at = protocol; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at + 32);
    *ret_protocol = protocol;
    if (text_is(protocol, "tcp") || text_is(protocol, "udp") || text_is(protocol, "sctp"))
        return 0;
    return fail(reason, "the protocol is none of tcp, udp, sctp:", rest);
}

static int take_ip(struct arena *arena, struct spec *spec, const char **ret_ip, char *reason)
{
    struct slice ip = spec->ip;
    *ret_ip = NULL;
    if (ip.len == 0)
        return 0;
    if (ip.len > 2 && ip.at[0] == '[' && ip.at[ip.len - 1] == ']')
        ip = (struct slice){ ip.at + 1, ip.len - 2 };
    *ret_ip = arena_dup_len(arena, ip.at, ip.len);
    return short_is_ip(*ret_ip) ? 0 : fail(reason, "this is no IP address:", spec->ip);
}

static void add_text(struct arena *arena, struct node *map, const char *key, const char *text)
{
    node_set(arena, map, key, map->at, node_text(arena, map->at, text));
}

static int by_text(const void *a, const void *b)
{
    char left[16], right[16];
    snprintf(left, sizeof(left), "%u/", *(const unsigned *)a);
    snprintf(right, sizeof(right), "%u/", *(const unsigned *)b);
    return strcmp(left, right);
}

/* One map a port of target, in the order of the ports' texts. */
static void add_ports(struct arena *arena, struct origin at, const char *ip, const char *protocol,
                      struct range target, const struct range *published, struct node *list)
{
    unsigned n = target.last - target.first + 1;
    unsigned *ports = arena_alloc(arena, n * sizeof(*ports));
    for (unsigned i = 0; i < n; i++)
        ports[i] = target.first + i;
    qsort(ports, n, sizeof(*ports), by_text);
    for (unsigned i = 0; i < n; i++) {
        struct node *port = node_map(arena, at);
        add_text(arena, port, "mode", "ingress");
        if (ip)
            add_text(arena, port, "host_ip", ip);
        node_set(arena, port, "target", at, node_int(arena, at, ports[i]));
        if (published && n == 1 && published->last > published->first)
            add_text(arena, port, "published",
                     arena_printf(arena, "%u-%u", published->first, published->last));
        else if (published)
            add_text(arena, port, "published",
                     arena_printf(arena, "%u", published->first + ports[i] - target.first));
        add_text(arena, port, "protocol", protocol);
        node_add(arena, list, port);
    }
}

int short_ports(struct arena *arena, struct origin at, const char *text, struct node *list,
                char reason[SHORT_REASON_MAX])
{
    struct spec spec = { .protocol = SLICE("") };
    struct range target, published;
    const char *ip, *protocol;
    split_parts(slice_from(text), &spec);
    if (take_protocol(arena, &spec, &protocol, reason) != 0 || take_ip(arena, &spec, &ip, reason) != 0)
        return -1;
    if (parse_range(spec.target, &target) != 0)
        return fail(reason, "the container port is no port or range of ports:", spec.target);
    if (target.first == 0)
        return fail(reason, "a container has no port 0:", slice_from(text));
    bool is_published = spec.published.len > 0;
    if (is_published && parse_range(spec.published, &published) != 0)
        return fail(reason, "the published port is no port or range of ports:", spec.published);
    if (is_published && target.last > target.first &&
        target.last - target.first != published.last - published.first)
        return fail(reason, "the two ranges differ in length:", slice_from(text));
    add_ports(arena, at, ip, protocol, target, is_published ? &published : NULL, list);
    return 0;
}
