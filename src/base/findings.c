/*
 * findings.c - the list of what is wrong with the input, and how one finding reads. It decides
 * nothing and prints to nobody: commands ask for the text.
 */
#include "base/findings.h"

#include "base/vec.h"

/* Stands for a finding that is not kept, so that callers need not ask. */
static struct finding dropped_;

void findings_init(struct findings *findings)
{
    *findings = (struct findings)FINDINGS_INIT;
}

static void finding_release(struct finding *finding)
{
    mem_free(finding->path);
    mem_free(finding->text);
    mem_free(finding->hint);
}

void findings_release(struct findings *findings)
{
    VEC_EACH(findings, finding)
        finding_release(finding);
    VEC_RELEASE(findings);
    findings_init(findings);
}

/* One value of a file can be in several places of the project: anchors, extends. */
static struct finding *find_same(struct findings *findings, const struct finding *like)
{
    VEC_EACH(findings, other)
    {
        if (other->level == like->level && origin_is_same(other->at, like->at) &&
            text_is(other->text, like->text) &&
            (like->at.line > 0 || text_is(other->path, like->path)))
            return other;
    }
    return NULL;
}

struct finding *finding_add(struct findings *findings, enum finding_level level, struct origin at,
                            const char *path, const char *fmt, ...)
{
    struct str text = STR_INIT;
    va_list args;
    va_start(args, fmt);
    str_vprintf(&text, fmt, args);
    va_end(args);
    struct finding finding = { level, at, mem_dup(path ? path : ""), str_steal(&text), NULL };

    bool is_full = findings->n >= FINDINGS_MAX;
    struct finding *same = is_full ? &dropped_ : find_same(findings, &finding);
    if (is_full && level == FINDING_ERROR)
        findings->n_errors++; /* not kept, but it still fails the load */
    if (same) {
        finding_release(&finding);
        return same;
    }
    VEC_ADD(findings, finding);
    findings->n_errors += level == FINDING_ERROR;
    return &findings->items[findings->n - 1];
}

void finding_hint(struct finding *finding, const char *fmt, ...)
{
    if (finding == &dropped_)
        return;
    struct str text = STR_INIT;
    va_list args;
    va_start(args, fmt);
    str_vprintf(&text, fmt, args);
    va_end(args);
    mem_free(finding->hint);
    finding->hint = str_steal(&text);
}

void findings_add(struct findings *findings, const struct findings *from)
{
    for (size_t i = 0; i < from->n; i++) {
        const struct finding *item = &from->items[i];
        struct finding *copy =
            finding_add(findings, item->level, item->at, item->path, "%s", item->text);
        if (copy && item->hint)
            finding_hint(copy, "%s", item->hint);
    }
}

static int compare_u32(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static bool is_after(const struct finding *a, const struct finding *b)
{
    int order = compare_u32(a->at.file, b->at.file);
    if (!order)
        order = compare_u32(a->at.line, b->at.line);
    if (!order)
        order = compare_u32(a->at.column, b->at.column);
    return order > 0;
}

/* Insertion: stable, the list is short and nearly sorted already. */
void findings_sort(struct findings *findings)
{
    for (size_t i = 1; i < findings->n; i++) {
        struct finding moving = findings->items[i];
        size_t at = i;
        for (; at && is_after(&findings->items[at - 1], &moving); at--)
            findings->items[at] = findings->items[at - 1];
        findings->items[at] = moving;
    }
}

#define QUOTE_MAX 160 /* bytes of a line that are quoted */

/* The line itself and a caret below the column. */
static void print_quote(struct origin at, struct str *out)
{
    const char *line;
    size_t len;
    if (!at.column || !origin_line(at, &line, &len))
        return;
    size_t shown = text_utf8_valid(line, MIN(len, (size_t)QUOTE_MAX));
    if (at.column > shown + 1)
        return;
    str_add(out, "    ");
    str_add_len(out, line, shown);
    str_add(out, shown < len ? "...\n    " : "\n    ");
    size_t i = 0;
    for (uint32_t column = 1; column < at.column && i < shown; i++) {
        unsigned char c = (unsigned char)line[i];
        unsigned char next = i + 1 < shown ? (unsigned char)line[i + 1] : 0;
        if ((next & 0xc0) == 0x80)
            continue; /* in the middle of a character */
        str_add_char(out, c == '\t' ? '\t' : ' ');
        column++;
    }
    str_add(out, "^\n");
}

void finding_print(const struct finding *finding, struct str *out)
{
    size_t start = out->len;
    origin_print(finding->at, out);
    if (out->len > start)
        str_add(out, ": ");
    if (finding->path[0])
        str_printf(out, "%s: ", finding->path);
    str_printf(out, "%s\n", finding->text);
    print_quote(finding->at, out);
    if (finding->hint)
        str_printf(out, "    hint: %s\n", finding->hint);
}
