/*
 * validate.c - is a tree of the form that the table allows? See validate.h.
 */
#include "base/base.h"

#include "compose-compat/file/validate.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "base/map.h"

/* Lists up to this length are compared pair by pair. */
#define SMALL_LIST 12

static struct finding *add(struct findings *findings, const struct trail *trail, struct origin at,
                           const char *text)
{
    return trail_finding(trail, findings, FINDING_ERROR, at, "%s", text);
}

/* --- scalars ----------------------------------------------------------------------------------- */

static void refuse_kind(struct findings *findings, const struct node *node,
                        const struct schema_type *type, const struct trail *trail)
{
    STR_AUTO(text);
    str_add(&text, "must be ");
    schema_print_kinds(type->kinds, &text);
    str_printf(&text, ", not %s", node_kind_name((enum node_kind)node->kind));
    struct finding *finding = add(findings, trail, node->at, text.buf);
    bool is_number = node->kind == NODE_INT || node->kind == NODE_UINT || node->kind == NODE_FLOAT ||
                     node->kind == NODE_BOOL;
    if (is_number && (type->kinds & KIND_TEXT))
        finding_hint(finding, "put it in quotes");
    else if (type->forms)
        finding_hint(finding, "write %s", type->forms);
}

static void check_word(struct findings *findings, const struct node *node,
                       const struct schema_type *type, const struct trail *trail)
{
    const char *value = node->u.text.bytes;
    STR_AUTO(all);
    size_t n = 0;
    for (; type->words[n]; n++) {
        if (strcmp(type->words[n], value) == 0)
            return;
        str_printf(&all, "%s%s", n ? ", " : "", type->words[n]);
    }
    struct finding *finding = trail_finding(trail, findings, FINDING_ERROR, node->at,
                                            "\"%s\" is not a value that is known here", value);
    const char *nearest = text_nearest(value, type->words, n);
    if (nearest)
        finding_hint(finding, "did you mean \"%s\"? known: %s", nearest, all.buf);
    else
        finding_hint(finding, "known: %s", all.buf);
}

/* "every_" and one or more numbers with a unit, anywhere in the text. */
static bool has_interval(const char *text)
{
    for (const char *at = text; (at = strstr(at, "every_")); at++) {
        const char *digit = at + strlen("every_");
        size_t n = strspn(digit, "0123456789");
        if (n > 0 && digit[n] && strchr("wdhms", digit[n]))
            return true;
    }
    return false;
}

/* The specification's expression is not anchored. */
static bool is_pull_policy(const char *text)
{
    static const char *const words[] = { "always",  "never",   "build", "if_not_present",
                                         "missing", "refresh", "daily", "weekly" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strstr(text, words[i]))
            return true;
    return has_interval(text);
}

/* Two characters in a row that a container's name may begin with and go on with. */
static bool is_container_name(const char *text)
{
    for (; *text; text++) {
        bool is_rest = text[1] && (isalnum((unsigned char)text[1]) || strchr("_.-", text[1]));
        if (isalnum((unsigned char)*text) && is_rest)
            return true;
    }
    return false;
}

static void check_pattern(struct findings *findings, const struct node *node,
                          const struct schema_type *type, const struct trail *trail)
{
    const char *text = node->u.text.bytes;
    struct finding *finding;
    switch ((enum schema_pattern)type->pattern) {
    case PATTERN_NONE: return;
    case PATTERN_CONTAINER_NAME:
        if (is_container_name(text))
            return;
        finding = trail_finding(trail, findings, FINDING_ERROR, node->at,
                                "\"%s\" is no name for a container", text);
        finding_hint(finding, "two or more letters, digits, '_', '.' or '-', the first a letter or digit");
        return;
    case PATTERN_PULL_POLICY:
        if (is_pull_policy(text))
            return;
        finding = trail_finding(trail, findings, FINDING_ERROR, node->at,
                                "\"%s\" is no pull policy", text);
        finding_hint(finding, "write %s", type->forms);
        return;
    }
}

static bool number_of(const struct node *node, double *ret_value)
{
    if (node->kind == NODE_INT)
        *ret_value = (double)node->u.integer;
    else if (node->kind == NODE_UINT)
        *ret_value = (double)node->u.unsigned_integer;
    else if (node->kind == NODE_FLOAT)
        *ret_value = node->u.number;
    else
        return false;
    return true;
}

static void check_range(struct findings *findings, const struct node *node,
                        const struct schema_type *type, const struct trail *trail)
{
    double value = 0;
    if (!number_of(node, &value))
        return;
    if (value < type->minimum)
        trail_finding(trail, findings, FINDING_ERROR, node->at, "must be at least %d", type->minimum);
    else if (type->maximum != INT16_MAX && value > type->maximum)
        trail_finding(trail, findings, FINDING_ERROR, node->at, "must be at most %d", type->maximum);
}

/* --- lists ------------------------------------------------------------------------------------- */

static void refuse_twin(struct findings *findings, const struct node *list, size_t first,
                        size_t second, const struct trail *trail)
{
    const struct node *item = list->u.list.items[second];
    struct trail here = TRAIL_INDEX(trail, second);
    struct finding *finding = trail_finding(&here, findings, FINDING_ERROR, item->at,
                                            "the same item occurs twice");
    STR_AUTO(place);
    origin_print(list->u.list.items[first]->at, &place);
    finding_hint(finding, "it is already there at %s: remove one", place.buf);
}

/* docker compose's validator compares a number with an earlier text by value, a text with an earlier number
   not: ["80", 80] are the same item twice, [80, "80"] are two. */
static bool is_twin(const struct node *earlier, const struct node *later)
{
    double value;
    char *end;
    if (!node_is(earlier, NODE_TEXT) || !number_of(later, &value))
        return node_equal(earlier, later);
    const char *text = node_as_text(earlier);
    if (!text || !*text || strspn(text, "0123456789+-.eExXabcdefABCDEF") != strlen(text))
        return false;
    double earlier_value = strtod(text, &end);
    return !*end && earlier_value == value;
}

static void check_twins(struct findings *findings, const struct node *list, const struct trail *trail)
{
    size_t n = list->u.list.n;
    struct node **items = list->u.list.items;
    if (n <= SMALL_LIST) {
        for (size_t i = 1; i < n; i++)
            for (size_t j = 0; j < i; j++)
                if (is_twin(items[j], items[i])) {
                    refuse_twin(findings, list, j, i, trail);
                    break;
                }
        return;
    }
    MAP_AUTO(seen);
    STR_AUTO(key);
    for (size_t i = 0; i < n; i++) {
        if (node_is(items[i], NODE_LIST) || node_is(items[i], NODE_MAP))
            continue;
        /* 80 and "80" are two items. */
        str_clear(&key);
        str_add_char(&key, node_is(items[i], NODE_TEXT) ? '"' : '0');
        node_scalar_text(items[i], &key);
        uintptr_t before = (uintptr_t)map_find(&seen, key.buf);
        if (before)
            refuse_twin(findings, list, before - 1, i, trail);
        else
            map_set(&seen, key.buf, (void *)(uintptr_t)(i + 1));
    }
}

static void check_list(const struct validate *validate, struct node *list,
                       const struct schema_row *row, const struct trail *trail)
{
    const struct schema_row *item_row = row->type->item;
    for (size_t i = 0; item_row && i < list->u.list.n; i++) {
        struct trail here = TRAIL_INDEX(trail, i);
        list->u.list.items[i] = validate_node(validate, list->u.list.items[i], item_row, &here);
    }
    /* Where items have an identity, twins were joined already. */
    if (row->type->unique_items && row->unique == UNIQUE_NONE)
        check_twins(validate->findings, list, trail);
}

/* --- maps -------------------------------------------------------------------------------------- */

static bool is_name(const char *key, bool (*is_char)(int c))
{
    for (const char *c = key; *c; c++)
        if (!is_char((unsigned char)*c))
            return false;
    return *key != 0;
}

static bool is_name_char(int c)
{
    return isalnum(c) || c == '.' || c == '_' || c == '-';
}

static bool is_lower(int c)
{
    return c >= 'a' && c <= 'z';
}

/* The result is the key that is likely to be meant, or NULL. */
static const char *add_unknown(struct findings *findings, enum finding_level level,
                               const struct node_pair *pair, const struct schema_type *type,
                               const struct trail *trail)
{
    struct trail here = TRAIL_KEY(trail, pair->key);
    struct finding *finding =
        trail_finding(&here, findings, level, pair->at, "unknown key \"%s\"%s", pair->key,
                      level == FINDING_WARNING ? " is ignored" : "");
    const char *names[128];
    size_t n = 0;
    for (size_t i = 0; i < type->n_rows && n < ARRAY_LEN(names); i++)
        names[n++] = type->rows[i].key;
    const char *nearest = text_nearest(pair->key, names, n);
    STR_AUTO(all);
    for (size_t i = 0; i < n; i++)
        str_printf(&all, "%s%s", i ? ", " : "", names[i]);
    if (nearest)
        finding_hint(finding, "did you mean \"%s\"?", nearest);
    else if (n <= 20)
        finding_hint(finding, "known: %s", all.buf);
    else if (type->keys == KEYS_EXTENSIBLE)
        finding_hint(finding, "keys of your own begin with \"x-\"");
    return nearest;
}

void validate_warn_unknown(struct findings *findings, const struct node *map,
                           const struct schema_row *row, const struct trail *trail)
{
    if (!node_is(map, NODE_MAP))
        return;
    NODE_EACH_PAIR(map, pair)
        if (!schema_find(row->type, pair->key) && strncmp(pair->key, "x-", 2) != 0)
            add_unknown(findings, FINDING_WARNING, pair, row->type, trail);
}

static void refuse_name(struct findings *findings, const struct node_pair *pair,
                        const struct trail *trail)
{
    struct trail here = TRAIL_KEY(trail, pair->key);
    struct finding *finding = trail_finding(&here, findings, FINDING_ERROR, pair->at,
                                            *pair->key ? "\"%s\" is no name that is allowed here"
                                                       : "a key must not be empty%s",
                                            pair->key);
    if (*pair->key)
        finding_hint(finding, "letters, digits, '.', '_' and '-' only");
}

static bool is_own_key(const struct schema_type *type, const char *key)
{
    return type->keys == KEYS_EXTENSIBLE && strncmp(key, "x-", 2) == 0;
}

/* The row for the value of a key, or NULL. */
static const struct schema_row *check_key(struct findings *findings, const struct node_pair *pair,
                                          const struct schema_type *type, const struct trail *trail)
{
    const struct schema_row *known = schema_find(type, pair->key);
    if (known)
        return known;
    switch ((enum schema_keys)type->keys) {
    case KEYS_OPEN:
    case KEYS_EXTENSIBLE: /* these two: refuse_keys() */
    case KEYS_CLOSED: return NULL;
    case KEYS_NAMES:
        if (!is_name(pair->key, is_name_char))
            refuse_name(findings, pair, trail);
        return type->value;
    case KEYS_NAMES_OPEN: return is_name(pair->key, is_name_char) ? type->value : NULL;
    case KEYS_WORDS_OPEN: return is_name(pair->key, is_lower) ? type->value : NULL;
    case KEYS_ANY:
        if (!*pair->key)
            refuse_name(findings, pair, trail);
        return type->value;
    case KEYS_ANY_OPEN: return *pair->key ? type->value : NULL;
    }
    return NULL;
}

/* Something of that key was meant: nothing that depends on it can be judged. */
static void add_wrong(const struct validate *validate, struct node *map, const char *key,
                      struct origin at)
{
    if (!node_get_pair(map, key, strlen(key)))
        node_set(validate->arena, map, key, at, node_wrong(validate->arena, at));
}

/* The keys that the type does not know. A misspelt key stands for the one that was meant. */
static void refuse_keys(const struct validate *validate, struct node *map,
                        const struct schema_type *type, const struct trail *trail)
{
    if (type->keys != KEYS_EXTENSIBLE && type->keys != KEYS_CLOSED)
        return;
    for (size_t i = 0, n = map->u.map.n; i < n; i++) {
        struct node_pair *pair = &map->u.map.items[i];
        if (schema_find(type, pair->key) || is_own_key(type, pair->key) ||
            node_is_wrong(pair->value))
            continue;
        const char *meant = add_unknown(validate->findings, FINDING_ERROR, pair, type, trail);
        pair->value = node_wrong(validate->arena, pair->value->at);
        if (meant)
            add_wrong(validate, map, meant, pair->at);
    }
}

static void check_map(const struct validate *validate, struct node *map,
                      const struct schema_row *row, const struct trail *trail)
{
    const struct schema_type *type = row->type;
    refuse_keys(validate, map, type, trail);
    NODE_EACH_PAIR(map, pair) {
        const struct schema_row *value_row = check_key(validate->findings, pair, type, trail);
        struct trail here = TRAIL_KEY(trail, pair->key);
        pair->value = validate_node(validate, pair->value, value_row, &here);
    }
    for (size_t i = 0; !node_is_wrong(map) && type->required && type->required[i]; i++) {
        if (node_get(map, type->required[i]))
            continue;
        trail_finding(trail, validate->findings, FINDING_ERROR, map->at,
                      "the key \"%s\" is missing", type->required[i]);
        add_wrong(validate, map, type->required[i], map->at);
    }
}

/* --- any --------------------------------------------------------------------------------------- */

static void check_scalar(struct findings *findings, const struct node *node,
                         const struct schema_type *type, const struct trail *trail)
{
    unsigned kinds = schema_kinds_of(node);
    if (!(kinds & type->kinds)) {
        refuse_kind(findings, node, type, trail);
    } else if (kinds & KIND_TEXT) {
        if (type->words)
            check_word(findings, node, type, trail);
        check_pattern(findings, node, type, trail);
    } else if (type->has_range && (kinds & KIND_INT)) {
        check_range(findings, node, type, trail);
    }
}

struct node *validate_node(const struct validate *validate, struct node *node,
                           const struct schema_row *row, const struct trail *trail)
{
    size_t n_errors = validate->findings->n_errors;
    bool is_placeholder = node_is_wrong(node) && node->kind == NODE_NULL;
    if (is_placeholder)
        return node;
    if (node->kind == NODE_FLOAT && !isfinite(node->u.number))
        add(validate->findings, trail, node->at, "must be a finite number");
    else if (row && (row->type->kinds & KIND_MAP) && node->kind == NODE_MAP)
        return check_map(validate, node, row, trail), node;
    else if (row && (row->type->kinds & KIND_LIST) && node->kind == NODE_LIST)
        return check_list(validate, node, row, trail), node;
    else if (row)
        check_scalar(validate->findings, node, row->type, trail);
    return validate->findings->n_errors > n_errors ? node_wrong(validate->arena, node->at) : node;
}
