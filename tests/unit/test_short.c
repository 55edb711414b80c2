/* test_short.c - compose-compat/file/short: ports, mounts and devices written as one text. */
#include "tests/unit/tap.h"

#include "compose-compat/file/short.h"
#include "data/jwrite.h"

static const struct origin nowhere = ORIGIN_NONE;

static const struct {
    const char *text, *json; /* NULL: refused */
} ports[] = {
    { "80", "[{\"mode\":\"ingress\",\"target\":80,\"protocol\":\"tcp\"}]" },
    { "8080:80/UDP", "[{\"mode\":\"ingress\",\"target\":80,\"published\":\"8080\",\"protocol\":\"udp\"}]" },
    { "[::1]::80", "[{\"mode\":\"ingress\",\"host_ip\":\"::1\",\"target\":80,\"protocol\":\"tcp\"}]" },
    { "6000-6010:80",
      "[{\"mode\":\"ingress\",\"target\":80,\"published\":\"6000-6010\",\"protocol\":\"tcp\"}]" },
    { "9999-10000", "[{\"mode\":\"ingress\",\"target\":10000,\"protocol\":\"tcp\"},"
                    "{\"mode\":\"ingress\",\"target\":9999,\"protocol\":\"tcp\"}]" },
    { "127.0.0.1:80", NULL },
    { "1-2:1-3", NULL },
    { "65536", NULL },
    { "80/foo", NULL },
    { "", NULL },
    { "0", NULL },
}, mounts[] = {
    { "/a", "{\"type\":\"volume\",\"target\":\"/a\"}" },
    { "/abc/", "{\"type\":\"volume\",\"target\":\"/abc\",\"volume\":{}}" },
    { "vv:/v:ro", "{\"type\":\"volume\",\"source\":\"vv\",\"target\":\"/v\",\"read_only\":true,"
                  "\"volume\":{}}" },
    { "./a:/b:z", "{\"type\":\"bind\",\"source\":\"./a\",\"target\":\"/b\","
                  "\"bind\":{\"selinux\":\"z\",\"create_host_path\":true}}" },
    { "d:/data", "{\"type\":\"volume\",\"target\":\"d:/data\",\"volume\":{}}" },
    { "${A:-x}:/b:nocopy", "{\"type\":\"volume\",\"source\":\"${A:-x}\",\"target\":\"/b\","
                           "\"volume\":{\"nocopy\":true}}" },
    { "", NULL },
    { "aa::b", NULL },
    { "vv:/b:ro:z", NULL },
}, devices[] = {
    { "/dev/a", "{\"source\":\"/dev/a\",\"target\":\"/dev/a\",\"permissions\":\"rwm\"}" },
    { "/dev/a::r", "{\"source\":\"/dev/a\",\"target\":\"/dev/a\",\"permissions\":\"r\"}" },
    { "a:b:c:d", NULL },
};

static void check(struct arena *arena, const struct node *node, bool is_refused, const char *text,
                  const char *wanted)
{
    (void)arena;
    STR_AUTO(json);
    if (!is_refused)
        jwrite_node_text(node, 0, &json);
    tap_text(is_refused ? NULL : json.buf, wanted, text, __FILE__, __LINE__);
}

int main(void)
{
    struct arena *arena = arena_new();
    char reason[SHORT_REASON_MAX];
    struct node *node = NULL;
    for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
        struct node *list = node_list(arena, nowhere);
        bool is_refused = short_ports(arena, nowhere, ports[i].text, list, reason) != 0;
        check(arena, list, is_refused, ports[i].text, ports[i].json);
    }
    for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
        bool is_refused = short_mount(arena, nowhere, mounts[i].text, &node, reason) != 0;
        check(arena, node, is_refused, mounts[i].text, mounts[i].json);
    }
    for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
        bool is_refused = short_device(arena, nowhere, devices[i].text, &node, reason) != 0;
        check(arena, node, is_refused, devices[i].text, devices[i].json);
    }
    const char *target = NULL;
    is_int(short_mount_target(arena, "./a:/b/:ro", &target, reason), 0);
    is_text(target, "/b/");
    ok(short_is_ip("::1") && short_is_ip("1.2.3.4") && !short_is_ip("1.2.3") && !short_is_ip(""));
    arena_free(arena);
    return done_testing();
}
