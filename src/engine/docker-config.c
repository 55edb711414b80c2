/*
 * docker-config.c - the user's docker configuration ($DOCKER_CONFIG or ~/.docker, config.json), read
 * once and never written. A file that cannot be read is as good as none, as it is for docker: the
 * reason is kept for whoever misses something.
 */
#include "base/base.h"

#include "base/file.h"
#include "base/mem.h"
#include "engine/engine-internal.h"

#define CONFIG_MAX_BYTES (4u << 20)

static char *find_dir(const struct engine *engine)
{
    const char *dir = engine_getenv(engine, "DOCKER_CONFIG");
    if (dir && *dir)
        return mem_dup(dir);
    const char *home = engine_getenv(engine, "HOME");
    if (home == NULL || *home == '\0')
        home = path_home();
    STR_AUTO(path);
    path_join(home ? home : "/", ".docker", &path);
    return str_steal(&path);
}

void engine_read_config(struct engine *engine)
{
    STR_AUTO(path);
    STR_AUTO(text);
    ERR_AUTO(err);
    engine->config_dir = find_dir(engine);
    path_join(engine->config_dir, "config.json", &path);
    if (!file_exists(path.buf))
        return;
    engine->config_arena = arena_new();
    if (file_read(path.buf, CONFIG_MAX_BYTES, &text, &err) == 0 &&
        (text.len == 0 ||
         jread_parse(engine->config_arena, 0, text.buf, text.len, &engine->config, &err) == 0) &&
        engine->config && !node_is(engine->config, NODE_MAP))
        err_set(&err, ERR_INPUT, "it holds %s, not a mapping",
                node_kind_name(engine->config->kind));
    if (err_is_set(&err)) {
        err_wrap(&err, "cannot read \"%s\"", path.buf);
        engine->config_problem = mem_dup(err.text);
        engine->config = NULL;
    }
    mem_wipe(text.buf, text.len);
}
