/*
 * definition.c - the canonical JSON that config hashes are taken over (compose-file.md 12.1,
 * compose-cli.md 2.4): a service without what does not make another container of it, in the form
 * of docker compose 5 and of 2.40. Two projects have equal texts exactly when docker compose gives
 * them the same hash.
 */
#include "base/base.h"

#include "compose-compat/file/output.h"

#include "compose-compat/file/json-form.h"
#include "compose-compat/file/stages.h"
#include "data/jwrite.h"
#include "base/vec.h"

/* Keys of a service that are not part of its definition. */
static const char *const left_out[] = {
    "build", "depends_on", "profiles", "pull_policy", "scale", NULL,
};

static bool is_left_out(const char *key)
{
    for (size_t i = 0; left_out[i]; i++)
        if (text_is(key, left_out[i]))
            return true;
    return false;
}

/* The source without what is left out; the nodes below are shared. */
static struct node *defining_part(struct arena *arena, const struct node *source)
{
    struct node *part = node_map(arena, source->at);
    NODE_EACH_PAIR(source, pair) {
        if (is_left_out(pair->key))
            continue;
        struct node *value = pair->value;
        if (text_is(pair->key, "deploy") && node_get(value, "replicas")) {
            value = node_copy_shallow(arena, value);
            node_remove(value, "replicas");
        }
        node_set_len(arena, part, pair->key, pair->key_len, pair->at, value);
    }
    return part;
}

/* The JSON that the config hash of a service is taken over: generation 5, or 2 (2.40.3). */
static void service_definition(const struct service *service, int generation, struct str *out)
{
    struct arena *arena = arena_new();
    struct node *part = defining_part(arena, service->source);
    struct node *form = json_form(arena, part, schema_section("services"),
                                  generation == 2 ? JSON_FORM_2 : 0);
    jwrite_node_text(form, JWRITE_HTML, out);
    arena_free(arena);
}

void compose_network_definition(const struct network *network, struct str *out)
{
    struct arena *arena = arena_new();
    jwrite_node_text(json_form(arena, network->source, schema_section("networks"), 0), JWRITE_HTML,
                     out);
    arena_free(arena);
}

void compose_volume_definition(const struct volume *volume, struct str *out)
{
    struct arena *arena = arena_new();
    struct node *form = json_form(arena, volume->source, schema_section("volumes"), 0);
    if (!node_get(form, "driver")) {
        struct node *named = node_map(arena, form->at);
        struct node *name = node_get(form, "name");
        if (name)
            node_set(arena, named, "name", form->at, name);
        node_set(arena, named, "driver", form->at, node_text(arena, form->at, "local"));
        NODE_EACH_PAIR(form, pair)
            node_set_len(arena, named, pair->key, pair->key_len, pair->at, pair->value);
        form = named;
    }
    jwrite_node_text(form, JWRITE_HTML, out);
    arena_free(arena);
}

/* --- the stage -------------------------------------------------------------------------------- */

static const char *kept(struct project *project, const struct str *text)
{
    return arena_dup_len(project->arena, text->buf, text->len);
}

static void define_service(struct project *project, struct service *service)
{
    STR_AUTO(text);
    STR_AUTO(old);
    service_definition(service, 5, &text);
    service_definition(service, 2, &old);
    service->definition = kept(project, &text);
    service->definition_old = text_is(text.buf, old.buf) ? NULL : kept(project, &old);
}

void stage_definitions(const struct stage *stage, struct project *project)
{
    (void)stage;
    VEC_EACH(&project->services, service)
        if (!(*service)->is_disabled)
            define_service(project, *service);
    VEC_EACH(&project->networks, network) {
        STR_AUTO(text);
        compose_network_definition(*network, &text);
        (*network)->definition = kept(project, &text);
    }
    VEC_EACH(&project->volumes, volume) {
        STR_AUTO(text);
        compose_volume_definition(*volume, &text);
        (*volume)->definition = kept(project, &text);
    }
}
