/*
 * data-cases.h - the cases of tests/data/NAME.jsonl, one a line: a JSON list of what goes in and
 * what has to come out. Used by the tests of the readers and writers.
 */
#ifndef OCTO_TESTS_DATA_CASES_H
#define OCTO_TESTS_DATA_CASES_H

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "data/jread.h"
#include "tests/unit/tap.h"

/* Returns the text that came out; it is compared as a whole. */
typedef void (*data_case_fn)(struct arena *arena, const struct node *input, struct str *out);

static inline void run_data_cases(const char *name, data_case_fn fn)
{
    const char *top = getenv("top_srcdir");
    STR_AUTO(path);
    STR_AUTO(text);
    ERR_AUTO(err);
    struct slice rest, line;

    str_printf(&path, "%s/tests/data/%s", top ? top : ".", name);
    if (file_read(path.buf, 1u << 24, &text, &err)) {
        tap_ok(false, err.text, __FILE__, __LINE__);
        return;
    }
    rest = slice_from(text.buf);
    for (int number = 1; rest.len; number++) {
        struct arena *arena = arena_new();
        struct node *row;
        STR_AUTO(out);
        ERR_AUTO(row_err);

        slice_split(&rest, '\n', &line);
        if (jread_parse(arena, 0, line.at, line.len, &row, &row_err)) {
            tap_ok(false, row_err.text, path.buf, number);
        } else {
            fn(arena, row->u.list.items[0], &out);
            tap_text(out.buf, node_as_text(row->u.list.items[1]), name, path.buf, number);
        }
        arena_free(arena);
    }
}

#endif
