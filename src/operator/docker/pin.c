/*
 * pin.c - an image's name with the digest that its registry has for it: the Engine is asked, with
 * the user's credentials, and asks the registry. Nothing is fetched. Called through docker_ops.
 */
#include "base/base.h"

#include "operator/docker/docker.h"

struct pin {
    struct docker *docker;
    const char *name;   /* in full */
    const char *path;   /* what is called */
    const char *what;   /* the image, for messages */
    const char *digest; /* in the name, or of the answer; NULL: not known yet */
    pin_done_fn done;
    void *arg;
    struct err err;
};

static void finish(void *arg)
{
    struct pin *pin = arg;
    struct err err = pin->err;

    if (err_is_set(&err))
        pin->done(pin->arg, NULL, &err);
    else
        pin->done(pin->arg, arena_printf(pin->docker->arena, "%s@%s", pin->name, pin->digest),
                  NULL);
}

static int on_answer(void *arg, struct node *value, struct err *err ATTR_UNUSED)
{
    struct pin *pin = arg;
    const char *digest = get_text(node_get(value, "Descriptor"), "digest");

    if (digest)
        pin->digest = arena_dup(pin->docker->arena, digest);
    return 0;
}

static void on_done(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct pin *pin = arg;

    if (call_failed(err))
        err_move(&pin->err, err);
    else if (!pin->digest)
        err_set(&pin->err, ERR_PROTOCOL, "%s: no digest in the answer to \"GET %s\"", pin->what,
                pin->path);
    finish(pin);
}

static void on_auth(void *arg, char *header, struct err *err)
{
    struct pin *pin = arg;
    const char *headers[] = { header, NULL };
    struct engine_stream_spec spec = { .method = "GET",
                                       .path = pin->path,
                                       .what = pin->what,
                                       .headers = headers,
                                       .value = on_answer,
                                       .done = on_done,
                                       .arg = pin };

    if (call_failed(err)) {
        err_move(&pin->err, err);
        finish(pin);
        return;
    }
    engine_stream(pin->docker->engine, &spec);
    mem_wipe(header, strlen(header));
    mem_free(header);
}

/* The names that are needed, in the arena: a name with a digest goes without its tag. */
static int read_name(struct pin *pin, const char *image, struct err *err)
{
    struct arena *arena = pin->docker->arena;
    struct image_reference r;

    if (image_reference_parse(image, &r, err) < 0)
        return -1;
    bool has_tag = r.tag && !r.digest;
    pin->name = arena_printf(arena, "%s/%s%s%s", r.domain, r.path, has_tag ? ":" : "",
                             has_tag ? r.tag : "");
    pin->path = arena_printf(arena, "/distribution/%s/json", pin->name);
    pin->what = arena_printf(arena, "image \"%s\"", image);
    pin->digest = r.digest ? arena_dup(arena, r.digest) : NULL;
    image_reference_release(&r);
    return 0;
}

void docker_pin(void *handle, const char *image, pin_done_fn done, void *arg)
{
    struct docker *docker = handle;
    struct pin *pin = ARENA_NEW(docker->arena, struct pin);

    *pin = (struct pin){ .docker = docker, .done = done, .arg = arg, .err = ERR_INIT };
    if (read_name(pin, image, &pin->err) < 0 || pin->digest)
        loop_add_soon(docker->loop, finish, pin);
    else
        engine_registry_auth(docker->engine, image, on_auth, pin);
}
