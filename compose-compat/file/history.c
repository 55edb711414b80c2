/*
 * history.c - which variables values were made with, and what tags took away. See history.h.
 */
#include "base/base.h"

#include "compose-compat/file/history.h"

#include "compose-compat/file/merge.h"

void history_init(struct history *history, struct arena *arena)
{
    struct origin none = ORIGIN_NONE;
    *history = (struct history){ .arena = arena };
    history->uses = node_map(arena, none);
    history->taken = node_map(arena, none);
    map_init(&history->values);
}

void history_release(struct history *history)
{
    if (history)
        map_release(&history->values);
}

/* --- where variables come from ----------------------------------------------------------------- */

static struct origin source_place(const char *source)
{
    return (struct origin){ origin_add_file(source, NULL, 0), 0, 0 };
}

void history_know_node(struct history *history, const char *text, struct node *value)
{
    if (history)
        map_set_len(&history->values, (const char *)&text, sizeof(text), value);
}

struct node *history_value(const struct history *history, const char *text)
{
    return history ? map_find_len(&history->values, (const char *)&text, sizeof(text)) : NULL;
}

void history_know(struct history *history, const char *text, struct origin at,
                  const struct node *replaced)
{
    if (!history)
        return;
    struct node *value = node_text(history->arena, at, text);
    value->overrode = replaced;
    history_know_node(history, text, value);
}

void history_know_source(struct history *history, const char *text, const char *source)
{
    if (history)
        history_know(history, text, source_place(source), NULL);
}

/* The same line of the same file, which can have been read more than once. */
static bool is_same_line(struct origin a, struct origin b)
{
    return a.line == b.line && a.column == b.column &&
           text_is(origin_file_name(a.file), origin_file_name(b.file));
}

const char *history_outweigh(struct history *history, const char *winner, const char *loser)
{
    const struct node *value = history_value(history, winner), *other = history_value(history, loser);
    if (!value || !other)
        return winner;
    for (const struct node *known = value; known; known = known->overrode)
        if (is_same_line(known->at, other->at))
            return winner;
    const char *text = arena_dup(history->arena, winner);
    history_know_node(history, text, merge_winner(history->arena, value, other));
    return text;
}

/* --- what values are made with ----------------------------------------------------------------- */

void history_use(struct history *history, struct node **uses, struct slice name, const char *value,
                 char form, struct slice instead)
{
    struct origin none = ORIGIN_NONE;
    struct node *known = value ? history_value(history, value) : NULL;
    if (!history)
        return;
    if (instead.at) {
        struct node *word = node_text_len(history->arena,
                                          source_place(form == '-' ? "default of the expression"
                                                                   : "replacement of the expression"),
                                          instead.at, instead.len);
        word->overrode = known;
        known = word;
    } else if (!value) {
        known = node_null(history->arena, source_place("not set"));
    }
    if (!known)
        return;
    if (!*uses)
        *uses = node_map(history->arena, none);
    node_set_len(history->arena, *uses, name.at, name.len, none, known);
}

struct origin history_place(struct history *history, struct origin at, struct node *uses)
{
    struct origin none = ORIGIN_NONE;
    STR_AUTO(key);
    if (!history || !uses || !origin_is_set(at))
        return at;
    at.file = origin_alias(at.file);
    str_printf(&key, "%u", at.file);
    node_set(history->arena, history->uses, key.buf, none, uses);
    return at;
}

struct origin history_named(struct history *history, struct origin at, const char *name,
                            const char *value)
{
    static const struct slice no_word = { NULL, 0 };
    struct node *uses = NULL;
    history_use(history, &uses, slice_from(name), value, 0, no_word);
    return history_place(history, at, uses);
}

void history_hide(struct history *history, const char *name)
{
    struct origin none = ORIGIN_NONE;
    if (!history)
        return;
    if (!node_get(history->uses, "secrets"))
        node_set(history->arena, history->uses, "secrets", none, node_map(history->arena, none));
    node_set(history->arena, node_get(history->uses, "secrets"), name, none,
             node_null(history->arena, none));
}

/* --- what was taken away ----------------------------------------------------------------------- */

static void take(struct history *history, const char *key, struct node *gone)
{
    const struct node *earlier = node_get(history->taken, key);
    struct origin none = ORIGIN_NONE;
    /* A base that is extended again in another file loses the same once more. */
    for (const struct node *known = earlier; known; known = known->overrode)
        if (origin_is_same(known->at, gone->at))
            return;
    if (earlier)
        gone = merge_winner(history->arena, gone, earlier);
    node_set(history->arena, history->taken, key, none, gone);
}

void history_take(struct history *history, const char *const *keys, size_t n, struct origin at,
                  unsigned flag, const struct node *value)
{
    STR_AUTO(key);
    if (!history)
        return;
    str_printf(&key, "%u ", history->scope);
    for (size_t i = 0; i < n; i++)
        str_printf(&key, "%s%s", i ? "." : "", keys[i]);
    struct node *gone = node_null(history->arena, at);
    gone->flags |= (uint8_t)(flag | (value->flags & NODE_SENSITIVE));
    gone->overrode = value;
    take(history, key.buf, gone);
}

unsigned history_scope(struct history *history)
{
    return history ? ++history->n_scopes : 0;
}

unsigned history_enter(struct history *history, unsigned scope)
{
    unsigned before = history ? history->scope : 0;
    if (history)
        history->scope = scope;
    return before;
}

void history_hand_on(struct history *history, unsigned from, const char *from_service, unsigned to,
                     const char *to_service)
{
    STR_AUTO(start);
    if (!history)
        return;
    str_printf(&start, "%u ", from);
    if (from_service)
        str_printf(&start, "services.%s", from_service);
    for (size_t i = 0, n = history->taken->u.map.n; i < n; i++) {
        const struct node_pair *pair = &history->taken->u.map.items[i];
        STR_AUTO(key);
        if (!text_starts(pair->key, start.buf) ||
            (from_service && pair->key[start.len] && pair->key[start.len] != '.'))
            continue;
        str_printf(&key, "%u ", to);
        if (to_service)
            str_printf(&key, "services.%s", to_service);
        str_add(&key, pair->key + start.len);
        take(history, key.buf, node_copy_shallow(history->arena, pair->value));
    }
}
