/*
 * stream-events.c - what happens to the containers of a project, as the engine tells it; and the
 * projects that its containers belong to. Called through docker_ops.
 */
#include "base/base.h"

#include "operator/docker/stream.h"

struct events {
    struct operator_stream stream;
    event_fn event;
    stream_done_fn done;
    void *arg;
    bool *is_gone;
};

/* --- one event -------------------------------------------------------------------------------- */

/* Podman says "died" and "remove". */
static enum event_action parse_action(const char *word)
{
    if (text_is(word, "died"))
        return EVENT_DIED;
    if (text_is(word, "remove"))
        return EVENT_REMOVED;
    return text_starts(word, "health_status") ? EVENT_HEALTH : event_action_of(word);
}

/* "health_status: healthy"; Podman has the word beside it. */
static enum instance_health parse_health(const struct node *event, const char *word)
{
    const char *beside = get_text(event, "HealthStatus");
    if (text_is_set(beside))
        word = beside;
    if (text_ends(word, "unhealthy"))
        return HEALTH_UNHEALTHY;
    return text_ends(word, "healthy") ? HEALTH_HEALTHY : HEALTH_STARTING;
}

static int64_t attribute_int(const struct node *attributes, const char *name)
{
    const char *text = get_text(attributes, name);
    int64_t value = 0;
    return text && text_to_int(text, &value) == 0 ? value : 0;
}

static struct operator_event make_event(const struct node *value)
{
    const struct node *attributes = node_get_path(value, "Actor", "Attributes", NULL);
    const char *word = get_text(value, "Action");
    const char *id = get_text(node_get(value, "Actor"), "ID");
    struct operator_event event = {
        .time_ns = get_int(value, "timeNano"),
        .action_text = word ? word : get_text(value, "status"),
        .id = id ? id : get_text(value, "id"),
        .name = get_text(attributes, "name"),
        .service = get_text(attributes, LABEL_SERVICE),
        .attributes = attributes,
        .number = attribute_int(attributes, LABEL_NUMBER),
        .is_one_off = text_is(get_text(attributes, LABEL_ONE_OFF), "True"),
    };
    if (!event.action_text)
        event.action_text = "";
    event.action = parse_action(event.action_text);
    if (event.action == EVENT_DIED)
        event.exit_code = get_text(attributes, "exitCode")
                              ? attribute_int(attributes, "exitCode")
                              : attribute_int(attributes, "containerExitCode");
    if (event.action == EVENT_HEALTH)
        event.health = parse_health(value, event.action_text);
    if (event.name && strspn(event.name, "0123456789abcdef") == 12 && event.name[12] == '_')
        event.replaces = event.name + 13;
    return event;
}

static int on_value(void *arg, struct node *value, struct err *err)
{
    struct events *events = arg;
    struct operator_event event = make_event(value);
    bool is_gone = false;

    if (!event.id)
        return 0;
    if (event.action == EVENT_DIED || event.action == EVENT_STARTED)
        docker_note_death(events->stream.docker, event.id, event.action == EVENT_DIED);
    events->is_gone = &is_gone;
    events->event(events->arg, &event);
    if (is_gone)
        return err_set(err, ERR_INTERRUPTED, "closed");
    events->is_gone = NULL;
    return 0;
}

/* --- the stream ------------------------------------------------------------------------------- */

static void events_release(struct operator_stream *stream)
{
    struct events *events = container_of(stream, struct events, stream);
    if (events->is_gone)
        *events->is_gone = true;
    mem_free(events);
}

static void on_end(void *arg, struct engine_answer *answer ATTR_UNUSED, struct err *err)
{
    struct events *events = arg;
    stream_done_fn done = events->done;
    void *done_arg = events->arg;
    struct err mine = ERR_INIT;

    events->stream.call = NULL;
    if (call_failed(err))
        err_move(&mine, err);
    stream_free(&events->stream);
    done(done_arg, 0, &mine);
    err_release(&mine);
}

static void add_time(struct str *path, const char *name, int64_t time_ns)
{
    if (time_ns > 0)
        str_printf(path, "&%s=%lld.%09lld", name, (long long)(time_ns / 1000000000),
                   (long long)(time_ns % 1000000000));
}

struct operator_stream *docker_events(void *handle, const char *project, int64_t since_ns,
                                      int64_t until_ns, event_fn event, stream_done_fn done,
                                      void *arg)
{
    struct docker *docker = handle;
    struct events *events = MEM_NEW(struct events);
    STR_AUTO(path);
    STR_AUTO(json);
    STR_AUTO(label);

    events->stream.docker = docker;
    str_init(&events->stream.early, 0);
    events->stream.release = events_release;
    events->event = event;
    events->done = done;
    events->arg = arg;
    struct jwrite w;
    str_printf(&label, LABEL_PROJECT "=%s", project);
    jwrite_init(&w, &json, 0);
    jwrite_map(&w);
    jwrite_key(&w, "type");
    jwrite_list(&w);
    jwrite_text(&w, "container");
    jwrite_list_end(&w);
    jwrite_key(&w, "label");
    jwrite_list(&w);
    jwrite_text(&w, label.buf);
    jwrite_list_end(&w);
    jwrite_map_end(&w);
    str_add(&path, "/events?filters=");
    http_escape(json.buf, &path);
    add_time(&path, "since", since_ns);
    add_time(&path, "until", until_ns);
    struct engine_stream_spec spec = { .method = "GET",
                                       .path = path.buf,
                                       .what = "events",
                                       .value = on_value,
                                       .done = on_end,
                                       .arg = events,
                                       .is_long = true };
    events->stream.call = engine_stream(docker->engine, &spec);
    return &events->stream;
}

/* --- projects --------------------------------------------------------------------------------- */

struct projects {
    struct project_summary_list list;
    struct map index; /* name -> position + 1 */
    projects_done_fn done;
    void *arg;
};

static struct project_summary *find_summary(struct projects *projects, const char *name)
{
    struct project_summary_list *list = &projects->list;
    uintptr_t at = (uintptr_t)map_find(&projects->index, name);
    if (at)
        return &list->items[at - 1];
    struct project_summary summary = { .name = arena_dup(list->arena, name) };
    ARENA_ADD(list->arena, list, summary);
    map_set(&projects->index, name, (void *)list->n);
    return &list->items[list->n - 1];
}

static void count_state(struct arena *arena, struct project_summary *summary, const char *state)
{
    VEC_EACH (&summary->states, other) {
        if (text_is(other->state, state)) {
            other->n++;
            return;
        }
    }
    typeof(summary->states.items[0]) one = { arena_dup(arena, state), 1 };
    ARENA_ADD(arena, &summary->states, one);
}

/* Files of the containers of one project, each once. */
static void add_files(struct arena *arena, struct project_summary *summary, const char *files)
{
    struct slice left = slice_from(files ? files : ""), one;
    bool has_more = left.len > 0;
    while (has_more) {
        has_more = slice_split(&left, ',', &one);
        struct slice known = slice_from(summary->files ? summary->files : ""), other;
        bool is_known = false, has_other = known.len > 0;
        while (has_other && !is_known) {
            has_other = slice_split(&known, ',', &other);
            is_known = other.len == one.len && memcmp(other.at, one.at, one.len) == 0;
        }
        if (!is_known)
            summary->files = arena_printf(arena, "%s%s%.*s", summary->files ? summary->files : "",
                                          summary->files ? "," : "", (int)one.len, one.at);
    }
}

static void on_containers(void *arg, struct engine_answer *answer, struct err *err)
{
    struct projects *projects = arg;
    struct err mine = ERR_INIT;

    if (call_failed(err)) {
        err_move(&mine, err);
    } else if (node_is(answer->node, NODE_LIST)) {
        NODE_EACH_ITEM (answer->node, item) {
            const char *name = docker_item_label(*item, LABEL_PROJECT);
            const char *state = get_text(*item, "State");
            if (!name)
                continue;
            struct project_summary *summary = find_summary(projects, name);
            count_state(projects->list.arena, summary, state ? state : "");
            add_files(projects->list.arena, summary, docker_item_label(*item, LABEL_CONFIG_FILES));
        }
    }
    map_release(&projects->index);
    if (err_is_set(&mine))
        arena_free(projects->list.arena);
    projects->done(projects->arg, err_is_set(&mine) ? NULL : &projects->list, &mine);
    err_release(&mine);
    mem_free(projects);
}

void docker_projects(void *handle, bool with_stopped, projects_done_fn done, void *arg)
{
    struct docker *docker = handle;
    struct projects *projects = MEM_NEW(struct projects);
    STR_AUTO(path);
    const int ok[2] = { 0, 0 };

    projects->list.arena = arena_new();
    map_init(&projects->index);
    projects->done = done;
    projects->arg = arg;
    str_printf(&path, "/containers/json?%sfilters=", with_stopped ? "all=1&" : "");
    http_escape("{\"label\":[\"" LABEL_PROJECT "\"]}", &path);
    engine_call(docker->engine, "GET", path.buf, NULL, "containers", ok, on_containers, projects);
}
