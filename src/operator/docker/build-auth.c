/*
 * build-auth.c - the credentials for every registry of the user's docker configuration, as one
 * header: the classic builder pulls what a Dockerfile names by itself, and nobody knows before
 * which registries those are. One after the other, because credential helpers are programs. A
 * registry whose helper fails is left out: the build may not need it. Called by build-engine.c.
 */
#include "base/base.h"

#include "data/jread.h"
#include "data/jwrite.h"
#include "net/digest.h"
#include "operator/docker/build.h"

#define HUB_KEY "https://index.docker.io/v1/"
#define HEADER_START "X-Registry-Auth: "
#define REGISTRIES_MAX 100

struct collect {
    struct docker *docker;
    struct task *task;
    build_auth_fn done;
    struct arena *arena;
    struct text_list keys;
    size_t next;
    struct str json; /* of the header so far; a secret */
};

/* --- which ------------------------------------------------------------------------------------ */

static void add_keys(struct collect *collect, const struct node *map)
{
    if (!node_is(map, NODE_MAP))
        return;
    NODE_EACH_PAIR (map, pair)
        if (collect->keys.n < REGISTRIES_MAX && *pair->key &&
            !text_list_has(&collect->keys, pair->key))
            ARENA_ADD(collect->arena, &collect->keys, arena_dup(collect->arena, pair->key));
}

static void find_registries(struct collect *collect)
{
    const struct node *config = docker_cli_config(collect->docker);
    const char *text = docker_environment(collect->docker, "DOCKER_AUTH_CONFIG");
    struct node *variable = NULL;
    ERR_AUTO(ignored); /* its text may quote a secret; a pull says what is wrong with it */

    add_keys(collect, node_get(config, "auths"));
    add_keys(collect, node_get(config, "credHelpers"));
    if (text_is_set(text) &&
        jread_parse(collect->arena, 0, text, strlen(text), &variable, &ignored) == 0)
        add_keys(collect, node_get(variable, "auths"));
}

/* An image of the registry that is known under a key: "https://host/v1/" and "host" are "host/a".
 */
static const char *image_of(struct arena *arena, const char *key)
{
    if (text_is(key, HUB_KEY))
        return "a";
    const char *host = strstr(key, "://");
    host = host ? host + 3 : key;
    return arena_printf(arena, "%.*s/a", (int)strcspn(host, "/"), host);
}

/* --- one by one ------------------------------------------------------------------------------- */

static void collect_free(struct collect *collect)
{
    mem_wipe(collect->json.buf, collect->json.len);
    str_release(&collect->json);
    arena_free(collect->arena);
    mem_free(collect);
}

static bool is_waiting(const struct collect *collect)
{
    VEC_EACH (&collect->docker->tasks, item)
        if (*item == collect->task && (*item)->result.status == STEP_WAITING)
            return true;
    return false;
}

/* What the header of a pull has, under the registry's key. */
static void add_credentials(struct collect *collect, const char *key, const char *header)
{
    STR_AUTO(entry);
    const char *encoded = header + strlen(HEADER_START);
    if (base64_decode(encoded, strlen(encoded), &entry) == 0 && entry.len > 2) {
        if (collect->json.len > 1)
            str_add_char(&collect->json, ',');
        jwrite_node_text(node_text(collect->arena, (struct origin)ORIGIN_NONE, key), 0,
                         &collect->json);
        str_printf(&collect->json, ":%s", entry.buf);
    }
    mem_wipe(entry.buf, entry.len);
}

static void ask_next(struct collect *collect);

static void on_auth(void *arg, char *header, struct err *err ATTR_UNUSED)
{
    struct collect *collect = arg;
    if (header) {
        add_credentials(collect, collect->keys.items[collect->next], header);
        mem_wipe(header, strlen(header));
        mem_free(header);
    }
    collect->next++;
    ask_next(collect);
}

static void ask_next(struct collect *collect)
{
    if (!is_waiting(collect)) {
        collect_free(collect); /* the step was cancelled meanwhile */
        return;
    }
    if (collect->next < collect->keys.n) {
        const char *key = collect->keys.items[collect->next];
        engine_registry_auth(collect->docker->engine, image_of(collect->arena, key), on_auth,
                             collect);
        return;
    }
    STR_AUTO(header);
    struct task *task = collect->task;
    build_auth_fn done = collect->done;
    str_add(&collect->json, "}");
    str_add(&header, "X-Registry-Config: ");
    base64_encode(collect->json.buf, collect->json.len, true, &header);
    collect_free(collect);
    done(task, str_steal(&header));
}

void build_auth(struct task *task, build_auth_fn done)
{
    struct collect *collect = MEM_NEW(struct collect);
    *collect = (struct collect){
        .docker = task->docker, .task = task, .done = done, .arena = arena_new()
    };
    str_init(&collect->json, 0);
    str_add(&collect->json, "{");
    find_registries(collect);
    ask_next(collect);
}
