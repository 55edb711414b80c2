/*
 * cast.c - texts to booleans and numbers. See cast.h.
 */
#include "base/base.h"

#include "compose-compat/file/cast.h"

#include "compose-compat/file/quantity.h"

static struct node *cast_bool(struct arena *arena, struct node *text, const struct trail *trail,
                              struct findings *findings)
{
    const char *bytes = text->u.text.bytes;
    bool value, is_old;
    if (quantity_bool(bytes, &value, &is_old) < 0) {
        struct finding *finding = trail_finding(trail, findings, FINDING_ERROR, text->at,
                                                "\"%s\" is no boolean", bytes);
        finding_hint(finding, "write true or false");
        return node_wrong(arena, text->at);
    }
    const char *word = value ? "true" : "false";
    if (is_old) {
        struct finding *finding =
            trail_finding(trail, findings, FINDING_WARNING, text->at,
                          "\"%s\" is no boolean in YAML 1.2, it is read as %s here", bytes, word);
        finding_hint(finding, "write %s", word);
    }
    return node_bool(arena, text->at, value);
}

static struct node *cast_int(struct arena *arena, struct node *text, const struct trail *trail,
                             struct findings *findings)
{
    int64_t value;
    if (text_to_int(text->u.text.bytes, &value) == 0)
        return node_int(arena, text->at, value);
    trail_finding(trail, findings, FINDING_ERROR, text->at, "\"%s\" is no integer",
                  text->u.text.bytes);
    return node_wrong(arena, text->at);
}

static struct node *cast_float(struct arena *arena, struct node *text, const struct trail *trail,
                               struct findings *findings)
{
    const char *bytes = text->u.text.bytes;
    double value;
    if (quantity_float(bytes, &value) == 0)
        return node_float(arena, text->at, value);
    trail_finding(trail, findings, FINDING_ERROR, text->at, "\"%s\" is no number", bytes);
    return node_wrong(arena, text->at);
}

struct node *cast_text(struct arena *arena, const struct schema_row *row, struct node *text,
                       const struct trail *trail, struct findings *findings)
{
    switch (row ? (enum schema_cast)row->cast : CAST_NONE) {
    case CAST_BOOL: return cast_bool(arena, text, trail, findings);
    case CAST_INT: return cast_int(arena, text, trail, findings);
    case CAST_FLOAT: return cast_float(arena, text, trail, findings);
    case CAST_NONE: break;
    }
    return text;
}
