/*
 * references.c - references to settings in the texts of services and repositories:
 * {{.configs.SERVICE.KEY}} and {{index .configs "SERVICE" "KEY"}} are replaced by what the merged
 * configuration says there. They are the actions of Go's text/template that do nothing but name a value; any
 * other action is refused with its place. Called by settings.c.
 */
#include "base/base.h"

#include "config/settings.h"

#include <ctype.h>

struct expansion {
    struct settings *settings;
    struct str path; /* of the text, for messages */
};

/* --- one action --------------------------------------------------------------------------------
 */

bool references_is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static void skip_blanks(struct slice *rest)
{
    size_t n = 0;

    while (n < rest->len && isspace((unsigned char)rest->at[n]))
        n++;
    *rest = (struct slice){ rest->at + n, rest->len - n };
}

/* ".name" or a quoted text without escapes into key; false, or rest goes on behind it. */
static bool take_step(struct slice *rest, bool is_quoted, struct slice *ret_key)
{
    size_t n = 1;

    if (rest->len < 2 || rest->at[0] != (is_quoted ? '"' : '.'))
        return false;
    if (!is_quoted && isdigit((unsigned char)rest->at[1]))
        return false;
    while (n < rest->len && (is_quoted ? rest->at[n] != '"' && rest->at[n] != '\\'
                                       : references_is_word_char(rest->at[n])))
        n++;
    if (n == 1 || (is_quoted && (n == rest->len || rest->at[n] != '"')))
        return false;
    *ret_key = (struct slice){ rest->at + 1, n - 1 };
    n += is_quoted;
    *rest = (struct slice){ rest->at + n, rest->len - n };
    return true;
}

#define MAX_STEPS 32

/* The keys below `configs` that the action names; false when it is no plain reference to it. */
static bool parse_action(struct slice action, struct slice *keys, size_t *ret_n)
{
    static const char word[] = "index";
    struct slice rest = slice_trim(action), key;
    bool is_index = slice_starts(rest, word) && rest.len > sizeof(word) - 1 &&
                    isspace((unsigned char)rest.at[sizeof(word) - 1]);
    size_t n = 0;

    if (is_index) {
        rest = (struct slice){ rest.at + sizeof(word) - 1, rest.len - sizeof(word) + 1 };
        skip_blanks(&rest);
    }
    if (!take_step(&rest, false, &key) || !slice_is(key, "configs"))
        return false;
    while (n < MAX_STEPS && take_step(&rest, false, &key))
        keys[n++] = key;
    for (skip_blanks(&rest); is_index && n < MAX_STEPS && take_step(&rest, true, &key);
         skip_blanks(&rest))
        keys[n++] = key;
    *ret_n = n;
    return rest.len == 0 && n > 0;
}

/* --- what it names -----------------------------------------------------------------------------
 */

static struct finding *refuse(const struct expansion *e, struct origin at, const char *text)
{
    return finding_add(e->settings->findings, FINDING_ERROR, at, e->path.buf, "%s", text);
}

static void refuse_missing(const struct expansion *e, struct origin at, const struct node *map,
                           struct slice key, const char *name)
{
    const char *names[64];
    const char *nearest;
    size_t n = 0;
    struct finding *finding;
    STR_AUTO(text);
    STR_AUTO(wanted);

    str_printf(&text, "there is no \"%s\"", name);
    finding = refuse(e, at, text.buf);
    if (!node_is(map, NODE_MAP))
        return;
    NODE_EACH_PAIR (map, pair) {
        if (n < ARRAY_LEN(names))
            names[n++] = pair->key;
    }
    str_add_len(&wanted, key.at, key.len);
    nearest = text_nearest(wanted.buf, names, n);
    if (nearest != NULL)
        finding_hint(finding, "did you mean \"%s\"?", nearest);
    else
        finding_hint(finding, "set it in the configuration");
}

/* The value, or NULL after adding what is wrong. */
static const struct node *look_up(const struct expansion *e, struct origin at,
                                  const struct slice *keys, size_t n)
{
    struct settings *settings = e->settings;
    const struct node *value = settings->configs;
    STR_AUTO(name);

    str_add(&name, "configs");
    for (size_t i = 0; i < n; i++) {
        const struct node *map = value;
        const struct node_pair *pair = node_is(map, NODE_MAP)
                                           ? node_get_pair(map, keys[i].at, keys[i].len)
                                           : NULL;

        str_printf(&name, ".%.*s", (int)keys[i].len, keys[i].at);
        if (pair == NULL || pair->value->kind == NODE_NULL) {
            refuse_missing(e, at, map, keys[i], name.buf);
            return NULL;
        }
        value = pair->value;
    }
    if (value->kind == NODE_MAP || value->kind == NODE_LIST) {
        STR_AUTO(text);

        str_printf(&text, "\"%s\" is %s, a text needs one value", name.buf,
                   node_kind_name(value->kind));
        refuse(e, at, text.buf);
        return NULL;
    }
    node_set(settings->arena, settings->used, name.buf, at, (struct node *)(uintptr_t)value);
    return value;
}

/* --- texts -------------------------------------------------------------------------------------
 */

/* "{{- " and " -}}" take the blanks beside the action with them. */
static void trim_end(struct str *out)
{
    while (out->len > 0 && isspace((unsigned char)out->buf[out->len - 1]))
        str_cut(out, out->len - 1);
}

/* The action that rest begins with into out; rest goes on behind it. False after adding a finding. */
static bool expand_action(const struct expansion *e, const struct node *node, struct slice *rest,
                          struct str *out, bool *ret_is_secret)
{
    struct slice keys[MAX_STEPS];
    const struct node *value;
    const char *end = NULL;
    struct slice action;
    size_t n = 0;

    for (size_t i = 2; i + 1 < rest->len && end == NULL; i++)
        if (rest->at[i] == '}' && rest->at[i + 1] == '}')
            end = rest->at + i;
    action = (struct slice){ rest->at + 2, end == NULL ? 0 : (size_t)(end - rest->at) - 2 };
    *rest = (struct slice){ rest->at + action.len + 4, end == NULL ? 0 : rest->len - action.len - 4 };
    if (action.len > 2 && action.at[0] == '-' && isspace((unsigned char)action.at[1])) {
        trim_end(out);
        action = (struct slice){ action.at + 1, action.len - 1 };
    }
    if (action.len > 2 && action.at[action.len - 1] == '-' &&
        isspace((unsigned char)action.at[action.len - 2])) {
        action.len--;
        skip_blanks(rest);
    }
    if (!parse_action(action, keys, &n)) {
        finding_hint(refuse(e, node->at, "is not supported yet: templates ({{...}}) are not run, but for "
                                         "plain references to settings"),
                     "write {{.configs.SERVICE.KEY}}, or {{index .configs \"SERVICE\" \"KEY\"}}");
        return false;
    }
    value = look_up(e, node->at, keys, n);
    if (value == NULL)
        return false;
    node_scalar_text(value, out);
    *ret_is_secret = *ret_is_secret || (value->flags & NODE_SENSITIVE) != 0;
    return true;
}

static struct node *expand_text(const struct expansion *e, const struct node *node)
{
    struct slice rest = { node->u.text.bytes, node->u.text.len };
    struct node *result;
    bool is_secret = false;
    const char *start;
    STR_AUTO(out);

    while ((start = strstr(rest.at, "{{")) != NULL) {
        str_add_len(&out, rest.at, (size_t)(start - rest.at));
        rest = (struct slice){ start, rest.len - (size_t)(start - rest.at) };
        if (!expand_action(e, node, &rest, &out, &is_secret))
            return node_wrong(e->settings->arena, node->at);
    }
    str_add_len(&out, rest.at, rest.len);
    result = node_text_len(e->settings->arena, node->at, out.buf, out.len);
    result->flags = (uint8_t)(node->flags | (is_secret ? NODE_SENSITIVE : 0));
    return result;
}

/* --- trees -------------------------------------------------------------------------------------
 */

static struct node *expand(struct expansion *e, struct node *node)
{
    size_t len = e->path.len;

    if (node->kind == NODE_TEXT)
        return strstr(node->u.text.bytes, "{{") == NULL ? node : expand_text(e, node);
    if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->u.list.n; i++) {
            str_printf(&e->path, "[%zu]", i);
            node->u.list.items[i] = expand(e, node->u.list.items[i]);
            str_cut(&e->path, len);
        }
    } else if (node->kind == NODE_MAP) {
        NODE_EACH_PAIR (node, pair) {
            str_printf(&e->path, "%s%s", len > 0 ? "." : "", pair->key);
            if (strstr(pair->key, "{{") != NULL)
                refuse(e, pair->at, "is not supported yet: templates ({{...}}) are not run in keys");
            pair->value = expand(e, pair->value);
            str_cut(&e->path, len);
        }
    }
    return node;
}

const struct node *references_find(const struct node *node)
{
    const struct node *found = NULL;
    const char *text = node_as_text(node);

    if (text != NULL)
        return strstr(text, "{{") != NULL ? node : NULL;
    if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->u.list.n && found == NULL; i++)
            found = references_find(node->u.list.items[i]);
    } else if (node->kind == NODE_MAP) {
        for (size_t i = 0; i < node->u.map.n && found == NULL; i++) {
            const struct node_pair *pair = &node->u.map.items[i];

            found = strstr(pair->key, "{{") != NULL ? pair->value : references_find(pair->value);
        }
    }
    return found;
}

struct node *references_expand(struct settings *settings, struct node *node, const char *path)
{
    struct expansion e = { settings, STR_INIT };
    struct node *result;

    if (references_find(node) == NULL)
        return node;
    str_add(&e.path, path);
    result = expand(&e, node_copy(settings->arena, node));
    str_release(&e.path);
    return result;
}
