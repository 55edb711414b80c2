/*
 * image.c - what an image inspect answer says about the identity of the contents. Since engines
 * keep indexes of several platforms and attestations, the top id changes with every build; the
 * manifest of the platform is what counts (API 1.48). Called by observe.c and apply-image.c.
 */
#include "base/base.h"

#include "operator/docker/docker.h"

struct platform {
    const char *os, *architecture, *variant;
};

static bool part_fits(struct slice want, const char *have)
{
    return !want.len || (have && slice_is(want, have));
}

/* platform is "os/arch[/variant]". */
static bool platform_fits(const char *platform, struct platform have)
{
    struct slice left = slice_from(platform), os, architecture;
    slice_split(&left, '/', &os);
    slice_split(&left, '/', &architecture);
    bool is_variant_open = !left.len || !text_is_set(have.variant);
    return part_fits(os, have.os) && part_fits(architecture, have.architecture) &&
           (is_variant_open || part_fits(left, have.variant));
}

static struct platform platform_of(const struct node *node)
{
    return (struct platform){ get_text(node, "os"), get_text(node, "architecture"),
                              get_text(node, "variant") };
}

const char *docker_image_query(unsigned api)
{
    return api >= 48 ? "?manifests=1" : "";
}

const char *docker_service_platform(const struct project *project, const struct service *service)
{
    if (text_is_set(service->platform))
        return service->platform;
    const char *platform = map_find(&project->environment, "DOCKER_DEFAULT_PLATFORM");
    return text_is_set(platform) ? platform : NULL;
}

const char *docker_image_digest(const struct node *inspect, const char *platform, unsigned api)
{
    struct platform own = { get_text(inspect, "Os"), get_text(inspect, "Architecture"),
                            get_text(inspect, "Variant") };
    const struct node *manifests = api >= 48 ? node_get(inspect, "Manifests") : NULL;
    const char *only = NULL;
    size_t n = 0;

    if (node_is(manifests, NODE_LIST)) {
        NODE_EACH_ITEM (manifests, item) {
            if (!text_is(get_text(*item, "Kind"), "image") || !get_bool(*item, "Available"))
                continue;
            const struct node *node = node_get_path(*item, "ImageData", "Platform", NULL);
            struct platform have = platform_of(node);
            bool is_own = text_is(have.os, own.os) &&
                          text_is(have.architecture, own.architecture) &&
                          text_is(have.variant ? have.variant : "", own.variant ? own.variant : "");
            if (platform ? platform_fits(platform, have) : is_own)
                return get_text(*item, "ID");
            only = get_text(*item, "ID");
            n++;
        }
        if (n && platform)
            return NULL;
        if (n == 1)
            return only;
        return get_text(inspect, "Id");
    }
    if (platform && own.os && !platform_fits(platform, own))
        return NULL;
    return get_text(inspect, "Id");
}
