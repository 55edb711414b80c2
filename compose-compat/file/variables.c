/*
 * variables.c - collects the variables of a tree. See variables.h; which texts are variables is
 * known by interpolate.c alone.
 */
#include "base/base.h"

#include "compose-compat/file/variables.h"

#include <stdlib.h>

#include "base/map.h"
#include "compose-compat/file/interpolate.h"

struct collecting {
    struct arena *arena;
    struct map *found; /* name -> struct file_variable * */
};

static const char *word_if(struct arena *arena, bool is_it, struct slice word)
{
    return is_it ? arena_dup_len(arena, word.at, word.len) : "";
}

static void add_variable(void *arg, struct slice name, char form, bool is_colon, struct slice word)
{
    struct collecting *c = arg;
    struct file_variable *variable = ARENA_NEW(c->arena, struct file_variable);

    (void)is_colon;
    variable->name = arena_dup_len(c->arena, name.at, name.len);
    variable->is_required = form == '?';
    variable->default_value = word_if(c->arena, form == '-', word);
    variable->presence_value = word_if(c->arena, form == '+', word);
    map_set_len(c->found, name.at, name.len, variable);
}

/* How much a use tells. */
static int weight(const struct file_variable *variable)
{
    return variable->is_required         ? 3
           : variable->default_value[0]  ? 2
           : variable->presence_value[0] ? 1
                                         : 0;
}

static void collect(struct arena *arena, const struct node *node, struct map *found);

/* What one value of a map names joins what its neighbours do. */
static void collect_beside(struct arena *arena, const struct node *node, struct map *found)
{
    MAP_AUTO(inner);

    collect(arena, node, &inner);
    MAP_EACH(&inner, entry) {
        const struct file_variable *old = map_find_len(found, entry->key, entry->key_len);

        if (old == NULL || weight(entry->value) > weight(old))
            map_set_len(found, entry->key, entry->key_len, entry->value);
    }
}

static void collect(struct arena *arena, const struct node *node, struct map *found)
{
    struct collecting c = { arena, found };

    if (node->kind == NODE_TEXT) {
        interpolate_variables((struct slice){ node->u.text.bytes, node->u.text.len }, add_variable,
                              &c);
    } else if (node->kind == NODE_MAP) {
        NODE_EACH_PAIR(node, pair)
            collect_beside(arena, pair->value, found);
    } else if (node->kind == NODE_LIST) {
        NODE_EACH_ITEM(node, item)
            collect(arena, *item, found);
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct file_variable *)a)->name, ((const struct file_variable *)b)->name);
}

void variables_list(struct arena *arena, const struct node *tree, struct file_variables *ret)
{
    MAP_AUTO(found);

    *ret = (struct file_variables){ 0 };
    collect(arena, tree, &found);
    MAP_EACH(&found, entry)
        ARENA_ADD(arena, ret, *(struct file_variable *)entry->value);
    if (ret->n > 0)
        qsort(ret->items, ret->n, sizeof(ret->items[0]), compare);
}
