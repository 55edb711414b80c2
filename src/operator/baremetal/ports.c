/*
 * ports.c - published ports: which one an instance has, and whether it is free. A service listens
 * itself, nothing forwards; so all there is to do is to say before anything starts that another
 * program has the port. Opens nothing that stays open.
 */
#include "base/base.h"

#include "operator/baremetal/parts.h"

#include <stdio.h>
#include <errno.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/map.h"

#define MAX_PORT 65535

/* Of "8000-8002" the first instance has 8000, the second 8001: 0: none is published, -1: too few.
 */
int64_t baremetal_port(const struct port *port, int64_t instance)
{
    struct slice rest = slice_from(port->published ? port->published : ""), head;
    int64_t first, last;
    STR_AUTO(text);

    if (rest.len == 0)
        return 0;
    slice_split(&rest, '-', &head);
    str_add_len(&text, head.at, head.len);
    if (text_to_int(text.buf, &first) != 0)
        return 0;
    if (rest.len == 0 || text_to_int(rest.at, &last) != 0)
        last = first;
    first += MAX(instance, 1) - 1;
    return first <= last && first <= MAX_PORT ? first : -1;
}

/* --- is it free? --------------------------------------------------------------------------------
 */

/* 0, or the errno of a bind. */
static int try_bind(const char *ip, int64_t number, bool is_udp)
{
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)number) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)number) };
    bool is_six = strchr(ip, ':') != NULL;
    int one = 1;
    FD_AUTO(fd);

    if (inet_pton(is_six ? AF_INET6 : AF_INET, ip,
                  is_six ? (void *)&six.sin6_addr : (void *)&four.sin_addr) != 1)
        return EINVAL;
    fd = socket(is_six ? AF_INET6 : AF_INET, (is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    /* Connections that linger do not count. (For UDP this would let two have one port.) */
    if (!is_udp)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (is_six)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    if (bind(fd, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four,
             is_six ? sizeof(six) : sizeof(four)) != 0)
        return errno;
    return 0;
}

/* No address means all, of both families; a host may lack one of these. */
static int check_address(const char *ip, int64_t number, bool is_udp)
{
    int six;

    if (*ip)
        return try_bind(ip, number, is_udp);
    six = try_bind("::", number, is_udp);
    return six == EADDRINUSE ? six : try_bind("0.0.0.0", number, is_udp);
}

static void print_address(const char *ip, int64_t number, bool is_udp, struct str *out)
{
    if (strchr(ip, ':'))
        str_printf(out, "[%s]:%lld%s", ip, (long long)number, is_udp ? "/udp" : "");
    else
        str_printf(out, "%s%s%lld%s", ip, *ip ? ":" : "", (long long)number, is_udp ? "/udp" : "");
}

int baremetal_check_ports(const struct node *record, struct err *err)
{
    const struct node *ports = node_get_path(record, "run", "ports", NULL);

    if (!node_is(ports, NODE_LIST))
        return 0;
    NODE_EACH_ITEM (ports, item) {
        int64_t number = baremetal_int(*item, "PublicPort");
        const char *ip = baremetal_text(*item, "Address");
        bool is_udp = text_is(baremetal_text(*item, "Type"), "udp");
        STR_AUTO(text);

        if (number == 0 || check_address(ip ? ip : "", number, is_udp) != EADDRINUSE)
            continue;
        print_address(ip ? ip : "", number, is_udp, &text);
        return err_set(err, ERR_CONFLICT, "port is taken by another program: \"%s\"", text.buf);
    }
    return 0;
}

/* --- before a plan is run -----------------------------------------------------------------------
 */

struct claim {
    const struct service *service;
    const char *ip;
    struct origin at;
    struct claim *next;
};

struct check {
    struct baremetal *baremetal;
    struct findings *findings;
    struct arena *arena;
    struct map claims; /* "tcp/8000" -> struct claim * */
};

static void add(const struct check *check, const struct service *service, const struct port *port,
                const char *fmt, ...) ATTR_PRINTF(4, 5);

static void add(const struct check *check, const struct service *service, const struct port *port,
                const char *fmt, ...)
{
    va_list args;
    STR_AUTO(path);
    STR_AUTO(text);

    str_printf(&path, "services.%s.ports", service->name);
    va_start(args, fmt);
    str_vprintf(&text, fmt, args);
    va_end(args);
    finding_add(check->findings, FINDING_ERROR, port->at, path.buf, "%s", text.buf);
}

static const struct service *service_of(const struct instance *instance)
{
    const struct baremetal_payload *payload =
        instance->kind == &baremetal_process && instance->wanted ? instance->wanted->payload : NULL;

    return payload ? payload->service : NULL;
}

static bool is_udp(const struct port *port)
{
    return text_is(port->protocol, "udp");
}

static const char *address(const struct port *port)
{
    return port->host_ip ? port->host_ip : "";
}

static bool is_any(const char *ip)
{
    return !*ip || text_is(ip, "0.0.0.0") || text_is(ip, "::");
}

/* An address of one family leaves that of the other free; no address means both. */
static bool is_overlap(const char *a, const char *b)
{
    bool is_same_family = !*a || !*b || !strchr(a, ':') == !strchr(b, ':');

    return is_same_family && (is_any(a) || is_any(b) || text_is(a, b));
}

static void claim(struct check *check, const struct service *service, const struct port *port,
                  int64_t number)
{
    struct claim *mine = ARENA_NEW(check->arena, struct claim), *first;
    STR_AUTO(key);
    STR_AUTO(text);

    str_printf(&key, "%s/%lld", is_udp(port) ? "udp" : "tcp", (long long)number);
    first = map_find(&check->claims, key.buf);
    for (const struct claim *other = first; other; other = other->next) {
        if (other->service == service || !is_overlap(other->ip, address(port)))
            continue;
        print_address(address(port), number, is_udp(port), &text);
        add(check, service, port, "port \"%s\" is published by service \"%s\", too", text.buf,
            other->service->name);
        return;
    }
    mine->service = service;
    mine->ip = address(port);
    mine->at = port->at;
    mine->next = first;
    map_set(&check->claims, arena_dup(check->arena, key.buf), mine);
}

/* One of this project's own processes has it: it goes before, or it is the one that is replaced. */
static bool is_ours(const struct check *check, const struct port *port, int64_t number)
{
    struct text_list ids = { NULL, 0, 0 };
    bool is_found = false;
    STR_AUTO(folder);

    baremetal_project_dir(check->baremetal, &folder);
    str_add(&folder, "/process");
    baremetal_list(check->arena, folder.buf, "", &ids);
    for (size_t i = 0; i < ids.n && !is_found; i++) {
        struct baremetal_look look;
        const struct node *ports;
        STR_AUTO(dir);

        baremetal_process_dir(check->baremetal, ids.items[i], &dir);
        if (baremetal_look(check->arena, dir.buf, &look, NULL) != 0 ||
            (look.state != STATE_RUNNING && look.state != STATE_PAUSED))
            continue;
        ports = node_get_path(look.record, "run", "ports", NULL);
        for (size_t k = 0; node_is(ports, NODE_LIST) && k < ports->u.list.n; k++) {
            const struct node *item = ports->u.list.items[k];

            is_found = is_found || (baremetal_int(item, "PublicPort") == number &&
                                    text_is(baremetal_text(item, "Type"), "udp") == is_udp(port));
        }
    }
    return is_found;
}

static void check_port(struct check *check, const struct service *service, const struct port *port,
                       int64_t instance)
{
    int64_t number = baremetal_port(port, instance);
    int error;
    STR_AUTO(text);

    if (number <= 0)
        return;
    error = check_address(address(port), number, is_udp(port));
    print_address(address(port), number, is_udp(port), &text);
    if (error == EADDRINUSE && !is_ours(check, port, number))
        add(check, service, port, "port is taken by another program: \"%s\"", text.buf);
    else if (error == EADDRNOTAVAIL || error == EAFNOSUPPORT)
        add(check, service, port, "is no address of this host: \"%s\"", address(port));
    else if (error == EINVAL)
        add(check, service, port, "is no address: \"%s\"", address(port));
}

static void claim_ports(struct check *check, const struct instance *instance)
{
    const struct service *service = service_of(instance);

    VEC_EACH (&service->ports, port) {
        int64_t number = baremetal_port(port, instance->number);

        if (number > 0)
            claim(check, service, port, number);
        else if (number < 0)
            add(check, service, port,
                "\"%s\" has no port for instance %lld: publish a range of ports, one for each",
                port->published, (long long)instance->number);
    }
}

void baremetal_check_plan_ports(struct baremetal *baremetal, const struct plan *plan,
                                struct findings *findings)
{
    struct check check = { .baremetal = baremetal, .findings = findings, .arena = arena_new() };

    map_init(&check.claims);
    VEC_EACH (&plan->instances, instance) {
        if (service_of(*instance) && (!(*instance)->existing || (*instance)->is_place))
            claim_ports(&check, *instance);
    }
    VEC_EACH (&plan->steps, item) {
        const struct step *step = *item;
        const struct service *service = service_of(step->instance);

        if (!service || (step->action != STEP_CREATE &&
                         (step->action != STEP_START || !step->instance->existing)))
            continue;
        VEC_EACH (&service->ports, port)
            check_port(&check, service, port, step->instance->number);
    }
    map_release(&check.claims);
    arena_free(check.arena);
}
