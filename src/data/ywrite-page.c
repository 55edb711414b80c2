/*
 * ywrite-page.c - the page that YAML is written on: columns, indentation, indicators. Knows nothing
 * of nodes and values. Called by ywrite.c and ywrite-scalar.c.
 */
#include "base/base.h"

#include "data/ywrite-parts.h"

void ywrite_put(struct ywrite_page *page, char c)
{
    str_add_char(page->out, c);
    page->column++;
}

void ywrite_put_char(struct ywrite_page *page, const char *text, size_t size)
{
    str_add_len(page->out, text, size);
    page->column++;
}

void ywrite_put_break(struct ywrite_page *page)
{
    str_add_char(page->out, '\n');
    page->column = 0;
    page->is_indention = true;
}

void ywrite_put_indent(struct ywrite_page *page)
{
    int indent = MAX(page->indent, 0);

    if (!page->is_indention || page->column > indent ||
        (page->column == indent && !page->is_spaced))
        ywrite_put_break(page);
    if (page->column < indent) {
        str_add_n(page->out, (size_t)(indent - page->column), ' ');
        page->column = indent;
    }
    page->is_spaced = true;
}

void ywrite_put_indicator(struct ywrite_page *page, const char *text, bool needs_blank,
                          bool is_spaced, bool is_indention)
{
    if (needs_blank && !page->is_spaced)
        ywrite_put(page, ' ');
    for (; *text; text++)
        ywrite_put(page, *text);
    page->is_spaced = is_spaced;
    page->is_indention = page->is_indention && is_indention;
}
