/*
 * files.c - secrets and configs whose contents are not a file of the host: the archive that is
 * uploaded into a container before it starts first. Called by apply-container.c; the paths also by
 * fields-mount.c.
 */
#include "base/base.h"

#include "net/tarball.h"
#include "operator/docker/files.h"

const struct project_file *files_find(const struct project *project, const char *source,
                                      bool is_secret)
{
    if (!project)
        return NULL;
    return is_secret ? project_find_secret(project, source) : project_find_config(project, source);
}

const char *files_target(struct arena *arena, const struct file_reference *reference,
                         bool is_secret)
{
    const char *target = text_is_set(reference->target) ? reference->target : reference->source;
    if (*target == '/')
        return target;
    return arena_printf(arena, is_secret ? "/run/secrets/%s" : "/%s", target);
}

static bool is_upload(const struct project_file *file)
{
    return file && !file->file && !file->external && (file->has_content || file->content);
}

static bool has_owner(const struct file_reference *reference)
{
    return text_is_set(reference->uid) || text_is_set(reference->gid);
}

bool files_has_uploads(const struct project *project, const struct service *service, bool is_owned)
{
    VEC_EACH (&service->secrets, reference)
        if (has_owner(reference) == is_owned &&
            is_upload(files_find(project, reference->source, true)))
            return true;
    VEC_EACH (&service->configs, reference)
        if (has_owner(reference) == is_owned &&
            is_upload(files_find(project, reference->source, false)))
            return true;
    return !is_owned && service->use_api_socket;
}

static int64_t parse_owner(const char *text)
{
    int64_t value = 0;
    if (text_is_set(text) && text_to_int(text, &value) < 0)
        return 0;
    return value;
}

static int add_one(struct tarball *tarball, struct arena *arena, const struct project *project,
                   const struct file_reference *reference, bool is_secret, bool is_owned,
                   struct err *err)
{
    const struct project_file *file = files_find(project, reference->source, is_secret);
    if (!is_upload(file) || has_owner(reference) != is_owned)
        return 0;
    const char *target = files_target(arena, reference, is_secret);
    const char *content = file->content ? file->content : "";
    unsigned mode = reference->mode.has ? (unsigned)reference->mode.value & 07777 : 0444;
    return tarball_add_bytes(tarball, target + 1, mode, parse_owner(reference->uid),
                             parse_owner(reference->gid), content, strlen(content), err);
}

/* For use_api_socket: the credentials of the user's docker configuration. */
static int add_config(struct tarball *tarball, const struct docker *docker, struct err *err)
{
    STR_AUTO(json);
    struct jwrite w;
    jwrite_init(&w, &json, 0);
    jwrite_map(&w);
    const struct node *auths = node_get(docker_cli_config(docker), "auths");
    jwrite_key(&w, "auths");
    if (auths)
        jwrite_node(&w, auths);
    else {
        jwrite_map(&w);
        jwrite_map_end(&w);
    }
    jwrite_map_end(&w);
    int result = tarball_add_bytes(tarball, &FILES_CONFIG[1], 0444, 0, 0, json.buf, json.len, err);
    mem_wipe(json.buf, json.len);
    return result;
}

int files_archive(const struct docker *docker, const struct project *project,
                  const struct service *service, bool is_owned, struct str *out, struct err *err)
{
    struct arena *arena = arena_new();
    struct tarball *tarball = tarball_new(out);
    int result = 0;
    for (size_t i = 0; i < service->secrets.n && result == 0; i++)
        result = add_one(tarball, arena, project, &service->secrets.items[i], true, is_owned, err);
    for (size_t i = 0; i < service->configs.n && result == 0; i++)
        result = add_one(tarball, arena, project, &service->configs.items[i], false, is_owned, err);
    if (result == 0 && !is_owned && service->use_api_socket)
        result = add_config(tarball, docker, err);
    if (result == 0)
        result = tarball_end(tarball, err);
    tarball_free(tarball);
    arena_free(arena);
    return result;
}
