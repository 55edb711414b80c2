/*
 * explain.c - `explain`: where each value of a service was written, and what it replaced there: the
 * file, line and column of the winner and of every loser.
 */
#include "base/base.h"

#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "data/jwrite.h"

struct explain_options {
    const char *format;
};

#define OPTIONS_OF explain_options
static const struct option_row explain_rows[] = {
    OPTION(0, "format", OPTION_TEXT, format, "\"text\" (default) or \"json\": one object a line"),
    OPTIONS_END,
};
#undef OPTIONS_OF

struct explanation {
    struct cmd_context *context;
    bool is_json;
    struct str path;
    const char *key; /* of the value in its map, or NULL */
};

static void add_place(struct origin at, struct str *out)
{
    if (origin_is_set(at))
        origin_print(at, out);
    else
        str_add(out, "default");
}

/* A value that was merged as "KEY=VALUE" is shown without its key. */
static const struct node *without_key(const struct explanation *e, const struct node *value)
{
    size_t len = e->key == NULL ? 0 : strlen(e->key);
    const char *text = node_as_text(value);
    struct node *copy;

    if (len == 0 || text == NULL || strncmp(text, e->key, len) != 0 || text[len] != '=')
        return value;
    copy = node_text(e->context->arena, value->at, text + len + 1);
    copy->flags = value->flags;
    return copy;
}

static void add_value(const struct explanation *e, const struct node *value, struct str *out)
{
    jwrite_node_text(without_key(e, value), JWRITE_MASK, out);
}

static void write_json(struct explanation *e, const struct node *value)
{
    struct str *out = &e->context->out;
    STR_AUTO(place);
    struct jwrite w;

    jwrite_init(&w, out, JWRITE_MASK);
    jwrite_map(&w);
    jwrite_key_text(&w, "path", e->path.buf);
    jwrite_key_node(&w, "value", value);
    add_place(value->at, &place);
    jwrite_key_text(&w, "at", place.buf);
    jwrite_key(&w, "overrode");
    jwrite_list(&w);
    for (const struct node *loser = value->overrode; loser != NULL; loser = loser->overrode) {
        str_clear(&place);
        add_place(loser->at, &place);
        jwrite_map(&w);
        jwrite_key_node(&w, "value", without_key(e, loser));
        jwrite_key_text(&w, "at", place.buf);
        jwrite_map_end(&w);
    }
    jwrite_list_end(&w);
    jwrite_map_end(&w);
    str_add_char(out, '\n');
}

static void write_text(struct explanation *e, const struct node *value)
{
    struct str *out = &e->context->out;

    str_printf(out, "%s: ", e->path.buf);
    add_value(e, value, out);
    str_add(out, "  (");
    add_place(value->at, out);
    str_add(out, ")\n");
    for (const struct node *loser = value->overrode; loser != NULL; loser = loser->overrode) {
        str_add(out, "    instead of ");
        add_value(e, loser, out);
        str_add(out, "  (");
        add_place(loser->at, out);
        str_add(out, ")\n");
    }
}

static bool is_inner(const struct node *node)
{
    return (node->kind == NODE_MAP && node->u.map.n > 0) ||
           (node->kind == NODE_LIST && node->u.list.n > 0);
}

/* Every scalar below node has its line, and so has what was replaced as a whole. */
static void explain_node(struct explanation *e, const struct node *node)
{
    size_t len = e->path.len;

    if (!is_inner(node) || node->overrode != NULL) {
        if (e->is_json)
            write_json(e, node);
        else
            write_text(e, node);
    }
    if (!is_inner(node))
        return;
    if (node->kind == NODE_MAP) {
        NODE_EACH_PAIR (node, pair) {
            str_printf(&e->path, ".%s", pair->key);
            e->key = pair->key;
            explain_node(e, pair->value);
            str_cut(&e->path, len);
        }
        return;
    }
    for (size_t i = 0; i < node->u.list.n; i++) {
        str_printf(&e->path, "[%zu]", i);
        e->key = NULL;
        explain_node(e, node->u.list.items[i]);
        str_cut(&e->path, len);
    }
}

/* One step of a path: a key (the longest that fits, keys may have dots) or [INDEX]. */
static const struct node *step_into(struct explanation *e, const struct node *node,
                                    struct slice *path)
{
    if (path->len > 0 && path->at[0] == '[' && node->kind == NODE_LIST) {
        ptrdiff_t end = slice_find(*path, ']', 0);
        STR_AUTO(number);
        int64_t index = -1;

        if (end < 0)
            return NULL;
        str_add_len(&number, path->at + 1, (size_t)end - 1);
        if (text_to_int(number.buf, &index) < 0 || index < 0 || (size_t)index >= node->u.list.n)
            return NULL;
        str_printf(&e->path, "[%lld]", (long long)index);
        *path = (struct slice){ path->at + end + 1, path->len - (size_t)end - 1 };
        return node->u.list.items[index];
    }
    for (size_t len = path->len; len > 0 && node->kind == NODE_MAP; len--) {
        const struct node_pair *pair;

        if (len < path->len && path->at[len] != '.' && path->at[len] != '[')
            continue;
        pair = node_get_pair(node, path->at, len);
        if (pair == NULL)
            continue;
        str_printf(&e->path, ".%s", pair->key);
        e->key = pair->key;
        *path = (struct slice){ path->at + len, path->len - len };
        return pair->value;
    }
    return NULL;
}

static int explain_path(struct explanation *e, const char *text, struct err *err)
{
    const struct project *project = e->context->project;
    const struct node *node = node_get(project->source, "services");
    struct slice path = slice_from(text);
    const struct service *service;

    if (slice_starts(path, "services."))
        path = (struct slice){ path.at + 9, path.len - 9 };
    str_clear(&e->path);
    str_add(&e->path, "services");
    node = node == NULL ? NULL : step_into(e, node, &path);
    if (node == NULL)
        return err_set(err, ERR_NOT_FOUND, "no such service: %s", text);
    /* What env files brought is in the service's own tree. */
    service = project_find_service(project, e->path.buf + strlen("services."));
    if (service != NULL)
        node = service->source;
    while (path.len > 0) {
        if (path.at[0] == '.')
            path = (struct slice){ path.at + 1, path.len - 1 };
        node = step_into(e, node, &path);
        if (node == NULL)
            return err_set(err, ERR_NOT_FOUND, "\"%s\" has no \"%.*s\"", e->path.buf, (int)path.len,
                           path.at);
    }
    explain_node(e, node);
    return 0;
}

static int run_explain(struct cmd_context *context, const void *values,
                       const struct text_list *words, struct err *err)
{
    const struct explain_options *options = values;
    struct explanation explanation = { .context = context, .path = STR_INIT };
    int result = 0;

    explanation.is_json = text_is(options->format, "json");
    if (options->format != NULL && !explanation.is_json && !text_is(options->format, "text"))
        return err_set(err, ERR_USAGE, "unsupported --format \"%s\" (text, json)", options->format);
    if (text_is(words->items[0], "env")) {
        STR_AUTO(path);

        if (words->n != 3)
            return err_set(err, ERR_USAGE, "explain env needs a service and a variable");
        str_printf(&path, "%s.environment.%s", words->items[1], words->items[2]);
        result = explain_path(&explanation, path.buf, err);
    } else {
        for (size_t i = 0; i < words->n && result == 0; i++)
            result = explain_path(&explanation, words->items[i], err);
    }
    str_release(&explanation.path);
    return result;
}

const struct cmd cmd_explain = {
    .name = "explain",
    .synopsis = "[OPTIONS] SERVICE[.FIELD...]... | env SERVICE VARIABLE",
    .summary = "Show where values were written and what they replaced",
    .text = "Each value stands with the file, line and column that it comes from, and below it the "
            "values that it won over, the nearest first.",
    .options = explain_rows,
    .options_size = sizeof(struct explain_options),
    .needs = NEEDS_PROJECT,
    .min_words = 1,
    .max_words = -1,
    .run = run_explain,
};
