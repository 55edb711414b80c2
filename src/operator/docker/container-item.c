/*
 * container-item.c - reads items of the container list: names, labels, state, and what only the
 * status text tells (health, exit code), so that no inspect calls are needed. Called by observe.c
 * and the streams.
 */
#include "base/base.h"

#include "operator/docker/docker.h"

/* The engine's words, in the order of enum instance_state. */
static const char *const state_words[] = { "created",  "running", "paused", "restarting",
                                           "removing", "exited",  "dead" };

enum instance_state docker_state(const char *state)
{
    for (size_t i = 0; state && i < ARRAY_LEN(state_words); i++)
        if (strcmp(state, state_words[i]) == 0)
            return (enum instance_state)i;
    return STATE_CREATED;
}

enum instance_health docker_status_health(const char *status)
{
    if (!status)
        return HEALTH_NONE;
    if (strstr(status, "(healthy)"))
        return HEALTH_HEALTHY;
    if (strstr(status, "(unhealthy)"))
        return HEALTH_UNHEALTHY;
    return strstr(status, "(health: starting)") ? HEALTH_STARTING : HEALTH_NONE;
}

bool docker_status_exit(const char *status, int64_t *ret_code)
{
    const char *open = status ? strchr(status, '(') : NULL;
    bool is_exit = status && (text_starts(status, "Exited") || text_starts(status, "Restarting"));
    if (!open || !is_exit)
        return false;
    char digits[24];
    size_t len = strcspn(open + 1, ")");
    if (len >= sizeof(digits))
        return false;
    memcpy(digits, open + 1, len);
    digits[len] = 0;
    return text_to_int(digits, ret_code) == 0;
}

const char *docker_item_name(const struct node *item)
{
    const struct node *names = node_get(item, "Names");
    if (!node_is(names, NODE_LIST))
        return "";
    NODE_EACH_ITEM (names, name) {
        const char *text = node_as_text(*name);
        if (text && *text == '/' && !strchr(text + 1, '/'))
            return text + 1;
    }
    return "";
}

const char *docker_item_label(const struct node *item, const char *label)
{
    return get_text(node_get(item, "Labels"), label);
}

void docker_parse_depends_on(struct arena *arena, const char *label, struct existing *existing)
{
    struct slice left = slice_from(label ? label : ""), entry;
    bool has_more = left.len > 0;
    while (has_more) {
        struct slice name, condition;
        has_more = slice_split(&left, ',', &entry);
        slice_split(&entry, ':', &name);
        slice_split(&entry, ':', &condition);
        if (!name.len)
            continue;
        struct dependency dependency = { .service = arena_dup_len(arena, name.at, name.len),
                                         .restart = slice_is(entry, "true"),
                                         .required = true };
        for (unsigned i = 0; dependency_condition_names[i]; i++)
            if (slice_is(condition, dependency_condition_names[i]))
                dependency.condition = (enum dependency_condition)i;
        ARENA_ADD(arena, &existing->depends_on, dependency);
    }
}

void docker_project_filter(const char *project, struct str *out)
{
    STR_AUTO(json);
    STR_AUTO(label);
    struct jwrite w;
    str_printf(&label, LABEL_PROJECT "=%s", project);
    jwrite_init(&w, &json, 0);
    jwrite_map(&w);
    jwrite_key(&w, "label");
    jwrite_list(&w);
    jwrite_text_len(&w, label.buf, label.len);
    jwrite_list_end(&w);
    jwrite_map_end(&w);
    str_add(out, "filters=");
    http_escape(json.buf, out);
}
