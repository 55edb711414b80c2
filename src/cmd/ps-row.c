/*
 * ps-row.c - the fields of `ps`. The operator's details are a map of the names that the Engine's
 * list of containers has (Command, Created, Image, Labels, Mounts, NetworkSettings, Ports, Status);
 * operators leave out what they have not.
 */
#include "base/base.h"

#include "cmd/ps-row.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

#define COMMAND_COLUMNS 20

static const struct node *detail(const struct ps_row *row, const char *key)
{
    return row->existing->details == NULL ? NULL : node_get(row->existing->details, key);
}

static const char *detail_text(const struct ps_row *row, const char *key)
{
    const char *text = node_as_text(detail(row, key));

    return text == NULL ? "" : text;
}

const char *ps_row_image(const struct ps_row *row)
{
    return detail_text(row, "Image");
}

/* The first n characters of UTF-8 text, in bytes. */
static size_t first_characters(const char *text, size_t n)
{
    size_t at = 0;

    while (text[at] != '\0' && n > 0) {
        at++;
        while (((unsigned char)text[at] & 0xc0) == 0x80)
            at++;
        n--;
    }
    return at;
}

void ps_row_command(const struct ps_row *row, struct str *out)
{
    const char *command = detail_text(row, "Command");
    size_t cut = first_characters(command, COMMAND_COLUMNS - 1);

    str_add_char(out, '"');
    if (!row->no_trunc && command[cut] != '\0' &&
        command[first_characters(command, COMMAND_COLUMNS)] != '\0')
        str_printf(out, "%.*s…", (int)cut, command);
    else
        str_add(out, command);
    str_add_char(out, '"');
}

void ps_row_created(const struct ps_row *row, struct str *out)
{
    clock_print_human(clock_wall_ns() - row->existing->created_ns, out);
    str_add(out, " ago");
}

void ps_row_status(const struct ps_row *row, struct str *out)
{
    str_add(out, detail_text(row, "Status"));
}

/* --- ports --------------------------------------------------------------------------------------
 */

struct shown_port {
    const char *ip, *protocol;
    int64_t private_port, public_port;
};

static int64_t node_integer(const struct node *node)
{
    return node_is(node, NODE_INT) ? node->u.integer : 0;
}

static int compare_ports(const void *a, const void *b)
{
    const struct shown_port *x = a, *y = b;
    int order;

    if (x->private_port != y->private_port)
        return x->private_port < y->private_port ? -1 : 1;
    order = strcmp(x->ip, y->ip);
    if (order != 0)
        return order;
    if (x->public_port != y->public_port)
        return x->public_port < y->public_port ? -1 : 1;
    return strcmp(x->protocol, y->protocol);
}

static size_t collect_ports(const struct ps_row *row, struct shown_port **ret_ports)
{
    const struct node *list = detail(row, "Ports");
    struct shown_port *ports;
    size_t n = 0;

    *ret_ports = NULL;
    if (!node_is(list, NODE_LIST) || list->u.list.n == 0)
        return 0;
    ports = MEM_NEW_N(struct shown_port, list->u.list.n);
    NODE_EACH_ITEM (list, item) {
        const char *ip = node_as_text(node_get(*item, "IP"));
        const char *protocol = node_as_text(node_get(*item, "Type"));

        ports[n++] = (struct shown_port){
            .ip = ip == NULL ? "" : ip,
            .protocol = protocol == NULL ? "" : protocol,
            .private_port = node_integer(node_get(*item, "PrivatePort")),
            .public_port = node_integer(node_get(*item, "PublicPort")),
        };
    }
    qsort(ports, n, sizeof(ports[0]), compare_ports);
    *ret_ports = ports;
    return n;
}

static void add_port(const struct shown_port *first, const struct shown_port *last, struct str *out)
{
    bool is_range = last->private_port > first->private_port;

    if (out->len > 0)
        str_add(out, ", ");
    if (first->ip[0] != '\0' && first->public_port != 0) {
        str_printf(out, strchr(first->ip, ':') != NULL ? "[%s]:" : "%s:", first->ip);
        str_printf(out, "%lld", (long long)first->public_port);
        if (is_range)
            str_printf(out, "-%lld", (long long)last->public_port);
        str_add(out, "->");
    }
    str_printf(out, "%lld", (long long)first->private_port);
    if (is_range)
        str_printf(out, "-%lld", (long long)last->private_port);
    str_printf(out, "/%s", first->protocol);
}

/* Neighbours are grouped where both numbers count up together and are the same on both sides, as
   the docker command line does. */
static bool continues(const struct shown_port *last, const struct shown_port *next)
{
    if (strcmp(last->ip, next->ip) != 0 || strcmp(last->protocol, next->protocol) != 0 ||
        next->private_port != last->private_port + 1)
        return false;
    if (last->public_port == 0)
        return next->public_port == 0;
    return last->public_port == last->private_port && next->public_port == next->private_port;
}

/* Groups are shown ordered by address within a run of container ports, ranges first. */
void ps_row_ports(const struct ps_row *row, struct str *out)
{
    struct shown_port *ports;
    size_t n = collect_ports(row, &ports);
    bool *is_done = MEM_NEW_N(bool, n + 1);
    STR_AUTO(singles);

    for (size_t i = 0; i < n; i++) {
        size_t last = i;

        if (is_done[i])
            continue;
        for (size_t j = i + 1; j < n; j++) {
            if (!is_done[j] && continues(&ports[last], &ports[j])) {
                is_done[j] = true;
                last = j;
            }
        }
        if (ports[i].public_port == ports[i].private_port || ports[i].public_port == 0)
            add_port(&ports[i], &ports[last], out);
        else
            add_port(&ports[i], &ports[last], &singles);
    }
    if (singles.len > 0)
        str_printf(out, "%s%s", out->len > 0 ? ", " : "", singles.buf);
    mem_free(is_done);
    mem_free(ports);
}

static void add_publishers(const struct ps_row *row, struct jwrite *w)
{
    struct shown_port *ports;
    size_t n = collect_ports(row, &ports);

    jwrite_key(w, "Publishers");
    jwrite_list(w);
    for (size_t i = 0; i < n; i++) {
        jwrite_map(w);
        jwrite_key_text(w, "URL", ports[i].ip);
        jwrite_key_int(w, "TargetPort", ports[i].private_port);
        jwrite_key_int(w, "PublishedPort", ports[i].public_port);
        jwrite_key_text(w, "Protocol", ports[i].protocol);
        jwrite_map_end(w);
    }
    jwrite_list_end(w);
    mem_free(ports);
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

const struct node *ps_row_labels(const struct ps_row *row)
{
    return detail(row, "Labels");
}

static void add_labels(const struct ps_row *row, struct jwrite *w)
{
    const struct node *labels = detail(row, "Labels");
    STR_AUTO(text);

    if (node_is(labels, NODE_MAP)) {
        NODE_EACH_PAIR (labels, pair) {
            const char *value = node_as_text(pair->value);

            str_printf(&text, "%s%s=%s", text.len > 0 ? "," : "", pair->key,
                       value == NULL ? "" : value);
        }
    }
    jwrite_key_text(w, "Labels", text.buf);
}

static void add_mounts(const struct ps_row *row, struct jwrite *w)
{
    const struct node *mounts = detail(row, "Mounts");
    int64_t n_local = 0;
    STR_AUTO(names);
    STR_AUTO(count);

    if (node_is(mounts, NODE_LIST)) {
        NODE_EACH_ITEM (mounts, item) {
            const char *name = node_as_text(node_get(*item, "Name"));
            const char *driver = node_as_text(node_get(*item, "Driver"));

            n_local += text_is(driver, "local");
            if (name == NULL || name[0] == '\0')
                name = node_as_text(node_get(*item, "Source"));
            if (name == NULL)
                continue;
            if (!row->no_trunc && text_width(name) > 15)
                str_printf(&names, "%s%.*s…", names.len > 0 ? "," : "",
                           (int)first_characters(name, 14), name);
            else
                str_printf(&names, "%s%s", names.len > 0 ? "," : "", name);
        }
    }
    str_printf(&count, "%lld", (long long)n_local);
    jwrite_key_text(w, "LocalVolumes", count.buf);
    jwrite_key_text(w, "Mounts", names.buf);
}

static void add_networks(const struct ps_row *row, struct jwrite *w)
{
    const struct node *networks = node_get(detail(row, "NetworkSettings"), "Networks");
    STR_AUTO(names);

    if (node_is(networks, NODE_MAP)) {
        NODE_EACH_PAIR (networks, pair)
            str_printf(&names, "%s%s", names.len > 0 ? "," : "", pair->key);
    }
    jwrite_key_text(w, "Networks", names.buf);
}

static void add_created(const struct ps_row *row, struct jwrite *w)
{
    time_t seconds = (time_t)(row->existing->created_ns / 1000000000);
    struct tm parts;
    char text[64] = "";

    if (localtime_r(&seconds, &parts) != NULL)
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z %Z", &parts);
    jwrite_key_text(w, "CreatedAt", text);
}

void ps_row_json(const struct ps_row *row, const char *project, struct str *out)
{
    const struct existing *existing = row->existing;
    struct jwrite w;
    STR_AUTO(text);

    jwrite_init(&w, out, JWRITE_HTML);
    jwrite_map(&w);
    ps_row_command(row, &text);
    jwrite_key_text(&w, "Command", text.buf);
    add_created(row, &w);
    jwrite_key_text(&w, "Engine", "");
    jwrite_key_int(&w, "ExitCode", existing->exit_code);
    jwrite_key_text(&w, "Health", instance_health_names[existing->health]);
    jwrite_key(&w, "ID");
    jwrite_text_len(&w, existing->id,
                    row->no_trunc ? strlen(existing->id) : strnlen(existing->id, 12));
    jwrite_key_text(&w, "Image", ps_row_image(row));
    add_labels(row, &w);
    add_mounts(row, &w);
    jwrite_key_text(&w, "Name", existing->name);
    jwrite_key_text(&w, "Names", existing->name);
    add_networks(row, &w);
    str_clear(&text);
    ps_row_ports(row, &text);
    jwrite_key_text(&w, "Ports", text.buf);
    jwrite_key_text(&w, "Project", project);
    add_publishers(row, &w);
    str_clear(&text);
    ps_row_created(row, &text);
    jwrite_key_text(&w, "RunningFor", text.buf);
    jwrite_key_text(&w, "Service", existing->service);
    jwrite_key_text(&w, "Size", "0B");
    jwrite_key_text(&w, "State", instance_state_name(existing->state));
    jwrite_key_text(&w, "Status", detail_text(row, "Status"));
    jwrite_map_end(&w);
}
