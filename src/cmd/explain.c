/*
 * explain.c - `explain`: where each value of the project was written, with which variables, and what it
 * replaced: the file, line and column of the winner and of every loser.
 */
#include "base/base.h"

#include "base/map.h"
#include "base/vec.h"
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

#define MAX_DEPTH 8 /* of variables in variables' values */

struct explanation {
    struct cmd_context *context;
    bool is_json;
    struct str path;
    const char *key;  /* of the value in its map, or NULL */
    struct map shown; /* what was taken away, by its path, and is printed */
    struct jwrite w;
    /* What a parent of the value, which was replaced as a whole, had at its place. */
    VEC(const struct node *) inherited;
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

/* "!reset" for what stands for a deleted value, else NULL. */
static const char *tag_of(const struct node *value)
{
    if (value->kind != NODE_NULL)
        return NULL;
    return (value->flags & NODE_RESET) != 0      ? "!reset"
           : (value->flags & NODE_OVERRIDE) != 0 ? "!override"
                                                 : NULL;
}

static bool is_inner(const struct node *node)
{
    return (node->kind == NODE_MAP && node->u.map.n > 0) ||
           (node->kind == NODE_LIST && node->u.list.n > 0);
}

/* --- variables ---------------------------------------------------------------------------------
 */

/* The variables that the scalar with this place was made with, or NULL. */
static const struct node *uses_at(const struct explanation *e, struct origin at)
{
    STR_AUTO(key);

    str_printf(&key, "%u", at.file);
    return node_get(e->context->project->uses, key.buf);
}

/* Does the value, or one in it, have the text? */
static bool has_text(const struct node *value, const char *text)
{
    STR_AUTO(scalar);

    if (value->kind == NODE_MAP) {
        NODE_EACH_PAIR (value, pair)
            if (has_text(pair->value, text))
                return true;
        return false;
    }
    if (value->kind == NODE_LIST) {
        NODE_EACH_ITEM (value, item)
            if (has_text(*item, text))
                return true;
        return false;
    }
    node_scalar_text(value, &scalar);
    return strstr(scalar.buf, text) != NULL;
}

/* Of a short form each value has all variables: is this one in another part of it? */
static bool is_beside(const struct node *value, const struct node *whole,
                      const struct node *variable)
{
    STR_AUTO(text);

    if (whole == NULL || !origin_is_same(whole->at, value->at))
        return false;
    node_scalar_text(variable, &text);
    return text.len > 0 && !has_text(value, text.buf) && has_text(whole, text.buf);
}

/* The variables of a value and of all in it, once each; whole is the map or list that it is in. */
static void collect_uses(const struct explanation *e, const struct node *value,
                         const struct node *whole, struct node *uses)
{
    const struct node *own = is_inner(value) ? NULL : uses_at(e, value->at);

    if (value->kind == NODE_MAP) {
        NODE_EACH_PAIR (value, pair)
            collect_uses(e, pair->value, value, uses);
    } else if (value->kind == NODE_LIST) {
        NODE_EACH_ITEM (value, item)
            collect_uses(e, *item, value, uses);
    }
    if (own == NULL)
        return;
    NODE_EACH_PAIR (own, pair)
        if (!is_beside(value, whole, pair->value))
            node_set(e->context->arena, uses, pair->key, pair->at, pair->value);
}

/* The value and its losers as secrets. */
static struct node *hidden(const struct explanation *e, const struct node *value)
{
    struct node *copy = node_copy(e->context->arena, value);

    for (struct node *one = copy; one != NULL; one = (struct node *)one->overrode)
        one->flags |= NODE_SENSITIVE;
    return copy;
}

/* A map of the variables; what made a secret, in this value or elsewhere, is one. */
static struct node *uses_of(const struct explanation *e, const struct node *value,
                            const struct node *whole)
{
    struct origin none = ORIGIN_NONE;
    const struct node *secrets = node_get(e->context->project->uses, "secrets");
    struct node *uses = node_map(e->context->arena, none);

    if (tag_of(value) == NULL)
        collect_uses(e, value, whole, uses);
    NODE_EACH_PAIR (uses, pair)
        if ((value->flags & NODE_SENSITIVE) != 0 || node_get_pair(secrets, pair->key, pair->key_len))
            pair->value = hidden(e, pair->value);
    return uses;
}

/* --- one value as text -------------------------------------------------------------------------
 */

static void write_losers(struct explanation *e, const struct node *loser, unsigned depth);

/* The value with its place, to the end of the line. */
static void write_place(struct explanation *e, const struct node *value)
{
    struct str *out = &e->context->out;

    if (tag_of(value) != NULL)
        str_add(out, tag_of(value));
    else
        jwrite_node_text(without_key(e, value), JWRITE_MASK, out);
    str_add(out, "  (");
    add_place(value->at, out);
    str_add(out, ")\n");
}

static void write_uses(struct explanation *e, const struct node *value, const struct node *whole,
                       unsigned depth)
{
    const struct node *uses = depth <= MAX_DEPTH ? uses_of(e, value, whole) : NULL;
    const char *key = e->key;

    if (uses == NULL)
        return;
    e->key = NULL;
    NODE_EACH_PAIR (uses, pair) {
        str_add_n(&e->context->out, 4 * depth, ' ');
        str_printf(&e->context->out, "%s = ", pair->key);
        write_place(e, pair->value);
        write_uses(e, pair->value, NULL, depth + 1);
        write_losers(e, pair->value->overrode, depth + 1);
    }
    e->key = key;
}

static void write_losers(struct explanation *e, const struct node *loser, unsigned depth)
{
    for (; loser != NULL; loser = loser->overrode) {
        str_add_n(&e->context->out, 4 * depth, ' ');
        str_add(&e->context->out, "instead of ");
        write_place(e, loser);
        write_uses(e, loser, NULL, depth + 1);
    }
}

static void write_text(struct explanation *e, const struct node *value, const struct node *whole)
{
    str_printf(&e->context->out, "%s: ", e->path.buf);
    write_place(e, value);
    /* Those in a map or list have lines of their own. */
    if (!is_inner(value))
        write_uses(e, value, whole, 1);
    write_losers(e, value->overrode, 1);
    VEC_EACH(&e->inherited, loser)
        write_losers(e, *loser, 1);
}

/* --- one value as JSON -------------------------------------------------------------------------
 */

static void json_losers(struct explanation *e, const struct node *loser, unsigned depth);

static void json_place(struct explanation *e, const struct node *value)
{
    STR_AUTO(place);

    jwrite_key_node(&e->w, "value", without_key(e, value));
    if (tag_of(value) != NULL)
        jwrite_key_text(&e->w, "tag", tag_of(value));
    add_place(value->at, &place);
    jwrite_key_text(&e->w, "at", place.buf);
}

static void json_uses(struct explanation *e, const struct node *value, const struct node *whole,
                      unsigned depth)
{
    const struct node *uses = depth <= MAX_DEPTH ? uses_of(e, value, whole) : NULL;
    const char *key = e->key;

    if (!node_is(uses, NODE_MAP) || uses->u.map.n == 0)
        return;
    e->key = NULL;
    jwrite_key(&e->w, "variables");
    jwrite_list(&e->w);
    NODE_EACH_PAIR (uses, pair) {
        jwrite_map(&e->w);
        jwrite_key_text(&e->w, "name", pair->key);
        json_place(e, pair->value);
        json_uses(e, pair->value, NULL, depth + 1);
        jwrite_key(&e->w, "overrode");
        jwrite_list(&e->w);
        json_losers(e, pair->value->overrode, depth + 1);
        jwrite_list_end(&e->w);
        jwrite_map_end(&e->w);
    }
    jwrite_list_end(&e->w);
    e->key = key;
}

static void json_losers(struct explanation *e, const struct node *loser, unsigned depth)
{
    for (; loser != NULL; loser = loser->overrode) {
        jwrite_map(&e->w);
        json_place(e, loser);
        json_uses(e, loser, NULL, depth);
        jwrite_map_end(&e->w);
    }
}

static void write_json(struct explanation *e, const struct node *value, const struct node *whole)
{
    jwrite_init(&e->w, &e->context->out, JWRITE_MASK);
    jwrite_map(&e->w);
    jwrite_key_text(&e->w, "path", e->path.buf);
    json_place(e, value);
    if (!is_inner(value))
        json_uses(e, value, whole, 1);
    jwrite_key(&e->w, "overrode");
    jwrite_list(&e->w);
    json_losers(e, value->overrode, 2);
    VEC_EACH(&e->inherited, loser)
        json_losers(e, *loser, 2);
    jwrite_list_end(&e->w);
    jwrite_map_end(&e->w);
    str_add_char(&e->context->out, '\n');
}

/* --- trees -------------------------------------------------------------------------------------
 */

/* What tags deleted at this path, the nearest first, or NULL. */
static const struct node *taken_at(const struct explanation *e, const char *path)
{
    STR_AUTO(key);

    str_printf(&key, "0 %s", path);
    return node_get(e->context->project->taken, key.buf);
}

static void write_value(struct explanation *e, const struct node *value, const struct node *whole)
{
    if (e->is_json)
        write_json(e, value, whole);
    else
        write_text(e, value, whole);
    e->inherited.n = 0;
}

/* Every scalar below node has its line, and so has what was replaced as a whole. */
static void explain_node(struct explanation *e, const struct node *node, const struct node *whole)
{
    size_t len = e->path.len;
    const struct node *taken = taken_at(e, e->path.buf);

    if (taken != NULL) {
        map_set(&e->shown, e->path.buf, e);
        VEC_ADD(&e->inherited, taken);
    }
    if (!is_inner(node) || node->overrode != NULL || e->inherited.n > 0)
        write_value(e, node, whole);
    if (node->kind == NODE_MAP) {
        NODE_EACH_PAIR (node, pair) {
            str_printf(&e->path, ".%s", pair->key);
            e->key = pair->key;
            explain_node(e, pair->value, node);
            str_cut(&e->path, len);
        }
    } else if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->u.list.n; i++) {
            str_printf(&e->path, "[%zu]", i);
            e->key = NULL;
            explain_node(e, node->u.list.items[i], node);
            str_cut(&e->path, len);
        }
    }
}

/* What tags deleted below the path and nothing stands in the place of. */
static void explain_taken(struct explanation *e)
{
    NODE_EACH_PAIR (e->context->project->taken, pair) {
        size_t len = e->path.len;
        const char *path = pair->key + 2;

        if (!text_starts(pair->key, "0 ") || !text_starts(path, e->path.buf) || path[len] != '.' ||
            map_has(&e->shown, path))
            continue;
        str_add(&e->path, path + len);
        e->key = NULL;
        write_value(e, pair->value, NULL);
        str_cut(&e->path, len);
    }
}

/* One step of a path: a key (the longest that fits, keys may have dots) or [INDEX]. path goes on behind
   it, name is as in the tree, with its "." or brackets. */
static const struct node *step_into(const struct node *node, struct slice *path, struct str *name)
{
    if (path->len > 0 && path->at[0] == '.')
        *path = (struct slice){ path->at + 1, path->len - 1 };
    if (path->len > 0 && path->at[0] == '[' && node->kind == NODE_LIST) {
        ptrdiff_t end = slice_find(*path, ']', 0);
        STR_AUTO(number);
        int64_t index = -1;

        if (end < 0)
            return NULL;
        str_add_len(&number, path->at + 1, (size_t)end - 1);
        if (text_to_int(number.buf, &index) < 0 || index < 0 || (size_t)index >= node->u.list.n)
            return NULL;
        str_printf(name, "[%lld]", (long long)index);
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
        str_printf(name, ".%s", pair->key);
        *path = (struct slice){ path->at + len, path->len - len };
        return pair->value;
    }
    return NULL;
}

/* A loser is as its file has it: "KEY=VALUE" in a list, too. */
static const struct node *find_item(const struct node *list, struct slice key)
{
    NODE_EACH_ITEM (list, item) {
        const char *text = node_as_text(*item);

        if (text != NULL && strncmp(text, key.at, key.len) == 0 &&
            (text[key.len] == '=' || text[key.len] == '\0'))
            return *item;
    }
    return NULL;
}

/* What the losers had at the rest of the path, which goes on from them, joins the inherited ones. */
static void inherit(struct explanation *e, const struct node *loser, struct slice path)
{
    for (; loser != NULL; loser = loser->overrode) {
        const struct node *found = loser;
        struct slice rest = path;
        STR_AUTO(name);

        while (found != NULL && rest.len > 0) {
            if (found->kind == NODE_LIST && rest.at[0] == '.') {
                found = find_item(found, (struct slice){ rest.at + 1, rest.len - 1 });
                break;
            }
            found = step_into(found, &rest, &name);
        }
        if (found != NULL)
            VEC_ADD(&e->inherited, found);
    }
}

/* What tags deleted at the path or, with it, at one above it. NULL, or e->path is cut to that one. */
static const struct node *find_taken(struct explanation *e)
{
    while (e->path.len > 0) {
        const struct node *taken = taken_at(e, e->path.buf);
        const char *dot = strrchr(e->path.buf, '.');

        if (taken != NULL)
            return taken;
        str_cut(&e->path, dot == NULL ? 0 : (size_t)(dot - e->path.buf));
    }
    return NULL;
}

/* There is no value at the path, whose rest begins behind e->path: was there one? */
static bool explain_gone(struct explanation *e, struct slice rest, struct origin at)
{
    const struct node *taken;
    struct node *gone;

    if (slice_starts(rest, "."))
        rest = (struct slice){ rest.at + 1, rest.len - 1 };
    str_add_char(&e->path, '.');
    str_add_len(&e->path, rest.at, rest.len);
    e->key = arena_dup_len(e->context->arena, rest.at, rest.len);
    if (e->inherited.n > 0 && taken_at(e, e->path.buf) == NULL) {
        gone = node_null(e->context->arena, at);
        gone->flags |= NODE_OVERRIDE;
        write_value(e, gone, NULL);
        return true;
    }
    e->inherited.n = 0;
    taken = find_taken(e);
    if (taken == NULL)
        return false;
    write_value(e, taken, NULL);
    explain_taken(e);
    return true;
}

/* Goes from the node of e->path down the path; what parents replaced is inherited. NULL when it ends
   before; the place is then that of the last parent that replaced something. */
static const struct node *descend(struct explanation *e, const struct node *node,
                                  struct slice *path, const struct node **whole, struct origin *at)
{
    while (path->len > 0) {
        const struct node *taken = taken_at(e, e->path.buf);
        size_t n = e->inherited.n, len = e->path.len;

        inherit(e, node->overrode, *path);
        inherit(e, taken, *path);
        if (e->inherited.n > n)
            *at = node->at;
        *whole = node;
        node = step_into(node, path, &e->path);
        if (node == NULL)
            return NULL;
        e->key = e->path.buf[len] == '.' ? arena_dup(e->context->arena, e->path.buf + len + 1) : NULL;
    }
    return node;
}

/* The rest of the path from a node at e->path on. */
static int explain_below(struct explanation *e, const struct node *node, const struct node *whole,
                         struct slice path, struct err *err)
{
    struct origin at = ORIGIN_NONE;
    STR_AUTO(parent);

    node = descend(e, node, &path, &whole, &at);
    if (node != NULL) {
        explain_node(e, node, whole);
        explain_taken(e);
        return 0;
    }
    str_add(&parent, e->path.buf);
    if (explain_gone(e, path, at))
        return 0;
    return err_set(err, ERR_NOT_FOUND, "\"%s\" has no \"%.*s\"", parent.buf, (int)path.len, path.at);
}

static int refuse_path(const struct explanation *e, const char *text, struct err *err)
{
    const struct project *project = e->context->project;
    VEC(const char *) names = { NULL, 0, 0 };
    const char *nearest;
    STR_AUTO(hint);

    VEC_EACH (&project->services, service)
        VEC_ADD(&names, (*service)->name);
    NODE_EACH_PAIR (project->source, pair)
        VEC_ADD(&names, pair->key);
    nearest = text_nearest(text, names.items, names.n);
    if (nearest != NULL)
        str_printf(&hint, "; did you mean \"%s\"?", nearest);
    VEC_RELEASE(&names);
    return err_set(err, ERR_NOT_FOUND, "no such service: %s%s", text, hint.buf);
}

/* A path from the top of the project, or into the settings of an OctoCompose configuration. */
static int explain_top(struct explanation *e, const char *text, struct err *err)
{
    const struct project *project = e->context->project;
    const struct node *configs = e->context->config.configs;
    struct slice path = slice_from(text), rest;
    const struct node *node;
    STR_AUTO(name);

    str_clear(&e->path);
    node = step_into(project->source, &path, &name);
    str_add(&e->path, name.len > 0 ? name.buf + 1 : "");
    rest = path;
    if (slice_starts(slice_from(text), "configs") && node_is(configs, NODE_MAP) &&
        configs->u.map.n > 0 &&
        (node == NULL || step_into(node, &rest, &name) == NULL)) {
        node = configs;
        path = (struct slice){ text + strlen("configs"), strlen(text) - strlen("configs") };
        str_clear(&e->path);
        str_add(&e->path, "configs");
    }
    if (node == NULL || (path.len > 0 && path.at[0] != '.'))
        return refuse_path(e, text, err);
    e->key = NULL;
    return explain_below(e, node, project->source, path, err);
}

static int explain_path(struct explanation *e, const char *text, struct err *err);

static int explain_services(struct explanation *e, struct err *err)
{
    int result = 0;

    VEC_EACH (&e->context->project->services, service) {
        STR_AUTO(path);

        str_printf(&path, "services.%s", (*service)->name);
        if (result == 0 && !(*service)->is_disabled)
            result = explain_path(e, path.buf, err);
    }
    return result;
}

/* SERVICE[.FIELD...], or a path from the top: a service outweighs a top-level key of its name. */
static int explain_path(struct explanation *e, const char *text, struct err *err)
{
    const struct project *project = e->context->project;
    const struct node *services = node_get(project->source, "services"), *node = NULL;
    struct slice path = slice_from(text), rest;
    const struct service *service;
    struct origin at = ORIGIN_NONE;
    bool is_below_top;
    ERR_AUTO(problem);

    if (slice_starts(path, "services."))
        path = (struct slice){ path.at + 9, path.len - 9 };
    rest = path;
    str_clear(&e->path);
    str_add(&e->path, "services");
    e->key = NULL;
    e->inherited.n = 0;
    if (services != NULL)
        node = step_into(services, &path, &e->path);
    if (node == NULL) {
        if (text_is(text, "services"))
            return explain_services(e, err);
        return explain_gone(e, rest, at) ? 0 : explain_top(e, text, err);
    }
    /* What env files brought is in the service's own tree. */
    service = project_find_service(project, e->path.buf + strlen("services."));
    if (service != NULL)
        node = service->source;
    /* A service has the name of a section: what it lacks may be there. */
    is_below_top = rest.at == text && path.len > 0 &&
                   node_get_pair(project->source, rest.at, rest.len - path.len) != NULL;
    if (!is_below_top)
        return explain_below(e, node, services, path, err);
    if (explain_below(e, node, services, path, &problem) == 0)
        return 0;
    return explain_top(e, text, err);
}

static int run_explain(struct cmd_context *context, const void *values,
                       const struct text_list *words, struct err *err)
{
    const struct explain_options *options = values;
    struct explanation explanation = { .context = context, .path = STR_INIT, .shown = MAP_INIT };
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
    map_release(&explanation.shown);
    VEC_RELEASE(&explanation.inherited);
    return result;
}

const struct cmd cmd_explain = {
    .name = "explain",
    .synopsis = "[OPTIONS] PATH... | env SERVICE VARIABLE",
    .summary = "Show where values were written and what they replaced",
    .text = "PATH is SERVICE[.FIELD...] (web, web.ports[0], web.environment.LEVEL) or begins at the top: "
            "networks.front, volumes, secrets.key.file, configs.web, models, name. A service "
            "outweighs a top-level key of its name; services.NAME always is one. Each value stands "
            "with the file, line and column that it comes from, and below it the variables that it "
            "was made with and the values that it won over, the nearest first.",
    .options = explain_rows,
    .options_size = sizeof(struct explain_options),
    .needs = NEEDS_PROJECT | NEEDS_HISTORY,
    .min_words = 1,
    .max_words = -1,
    .complete = "env name networks volumes secrets configs models",
    .completes_services = true,
    .run = run_explain,
};
