/*
 * contract-changes.c - each single-field change of changes.txt: the plan names what changes, with
 * the field, the values and the place, and nothing else; for every operator in the same words.
 */
#include "base/base.h"

#include "contract.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/vec.h"
#include "data/jwrite.h"
#include "tap.h"

#define FILE_MAX (1u << 20)

struct change_row {
    const char *name;
    struct str old_text, new_text;
    const char *what, *field;          /* what changes; how its fields begin */
    const char *old_value, *new_value; /* JSON, or NULL */
};

struct change_file {
    struct arena *arena;
    struct str base;
    VEC(struct change_row) rows;
};

/* --- the file -------------------------------------------------------------------------------- */

static void add_line(struct str *text, struct slice line)
{
    if (text->len > 0 || text->cap > 0)
        str_add_char(text, '\n');
    str_add_len(text, line.at, line.len);
}

static const char *word(struct arena *arena, struct slice slice)
{
    slice = slice_trim(slice);
    return arena_dup_len(arena, slice.at, slice.len);
}

static void read_row_line(struct change_file *file, struct change_row *row, struct slice line)
{
    struct slice rest = { line.at + 2, line.len - 2 }, first;

    switch (line.at[0]) {
    case '<':
        add_line(&row->old_text, rest);
        break;
    case '>':
        add_line(&row->new_text, rest);
        break;
    case '@':
        slice_split(&rest, ' ', &first);
        row->what = word(file->arena, first);
        row->field = word(file->arena, rest);
        break;
    case '=':
        slice_split(&rest, '|', &first);
        row->old_value = word(file->arena, first);
        row->new_value = word(file->arena, rest);
        break;
    }
}

static bool read_changes(struct change_file *file)
{
    const char *top = getenv("top_srcdir");
    STR_AUTO(path);
    STR_AUTO(text);
    ERR_AUTO(err);
    struct slice rest, line;
    bool is_base = false;

    str_printf(&path, "%s/tests/contract/changes.txt", top ? top : ".");
    if (file_read(path.buf, FILE_MAX, &text, &err) != 0)
        return false;
    for (rest = slice_from(text.buf); rest.len > 0;) {
        slice_split(&rest, '\n', &line);
        if (slice_is(line, "base")) {
            is_base = true;
        } else if (slice_starts(line, "--- ")) {
            struct change_row row = { .old_text = STR_INIT, .new_text = STR_INIT };

            row.name = word(file->arena, (struct slice){ line.at + 4, line.len - 4 });
            VEC_ADD(&file->rows, row);
        } else if (file->rows.n > 0 && line.len > 2) {
            read_row_line(file, &file->rows.items[file->rows.n - 1], line);
        } else if (is_base && file->rows.n == 0) {
            str_add_len(&file->base, line.at, line.len);
            str_add_char(&file->base, '\n');
        }
    }
    return file->rows.n > 0;
}

/* --- one change ------------------------------------------------------------------------------ */

static bool is_listed(const char *const *names, const char *name)
{
    for (; *names; names++) {
        if (text_is(*names, name))
            return true;
    }
    return false;
}

static void apply(const struct change_file *file, const struct change_row *row, struct str *out)
{
    const char *at = strstr(file->base.buf, row->old_text.buf);

    if (!at)
        return;
    str_add_len(out, file->base.buf, (size_t)(at - file->base.buf));
    str_add(out, row->new_text.buf);
    str_add(out, at + row->old_text.len);
}

static bool is_value(const struct node *value, const char *json)
{
    STR_AUTO(text);

    if (!value)
        return text_is(json, "null");
    jwrite_node_text(value, 0, &text);
    return text_is(text.buf, json);
}

/* NULL, or what is wrong with the reasons of the plan. */
static const char *check_reasons(const struct plan *plan, const struct change_row *row,
                                 struct origin at, bool check_values)
{
    bool has_field = false, has_values = !row->old_value || !check_values, has_place = at.line == 0;

    VEC_EACH (&plan->steps, step) {
        VEC_EACH (&(*step)->reasons, reason) {
            if (!reason->field)
                continue;
            if (strncmp(reason->field, row->field, strlen(row->field)) != 0)
                return "another field is a reason";
            has_field = true;
            has_values = has_values || (is_value(reason->old_value, row->old_value) &&
                                        is_value(reason->new_value, row->new_value));
            has_place = has_place || (reason->at.line == at.line && reason->at.column == at.column);
            if (!origin_is_set(reason->at))
                return "a reason has no place";
        }
    }
    if (!has_field)
        return "the field is no reason";
    if (!has_values)
        return "the values are others";
    return has_place ? NULL : "the place is another";
}

static const char *check_plan(const struct contract *contract, const struct change_row *row,
                              struct origin at)
{
    const struct plan *plan = contract->run.plan;

    if (is_listed(contract->row->meaningless, row->name))
        return plan_is_empty(plan) ? NULL : "it does mean something";
    if (plan_is_empty(plan))
        return "there is nothing to do";
    VEC_EACH (&plan->steps, step) {
        unsigned flags = (*step)->instance->kind->flags;

        if ((flags & KIND_RUNS) && !text_is((*step)->instance->service, row->what))
            return "another service changes";
        if (!(flags & (KIND_RUNS | KIND_ARTIFACT)))
            return "another object changes";
    }
    return check_reasons(plan, row, at, true);
}

static void check_change(struct contract *contract, const struct change_file *file,
                         const struct change_row *row)
{
    struct plan_options options = { .goal = GOAL_UP };
    const char *problem = "it cannot be planned";
    STR_AUTO(yaml);
    STR_AUTO(what);
    ERR_AUTO(err);

    apply(file, row, &yaml);
    if (yaml.len > 0 && contract_load(contract, yaml.buf) &&
        run_project_observe(&contract->run, &err) == 0 &&
        run_project_plan(&contract->run, &options, &err) == 0)
        problem = check_plan(contract, row, contract->mark);
    if (problem && contract->run.plan) {
        STR_AUTO(text);

        plan_print(contract->run.plan, &text);
        tap_note("%s", text.buf);
    }
    str_printf(&what, "change %s%s%s", row->name, problem ? ": " : "", problem ? problem : "");
    contract_ok(contract, !problem, what.buf);
}

void contract_changes(struct contract *contract)
{
    struct change_file file = { .arena = arena_new(), .base = STR_INIT };
    struct plan_options down = { .goal = GOAL_DOWN, .remove_volumes = true };
    CLEANUP(mem_cleanup) char *failure = NULL;
    ERR_AUTO(err);
    STR_AUTO(folder);

    for (int i = 0; i < 2; i++) {
        str_clear(&folder);
        str_printf(&folder, "%s/bind%s", contract->folder, i ? "2" : "");
        mkdir(folder.buf, 0755);
    }
    if (contract_ok(contract, read_changes(&file), "the table of changes is read") &&
        contract_load(contract, file.base.buf)) {
        failure = contract_do(contract, GOAL_UP);
        if (failure)
            tap_note("%s\n%s", failure, contract->run.log.buf);
        contract_ok(contract, !failure, "the project of the changes comes up");
        VEC_EACH (&file.rows, row)
            check_change(contract, &file, row);
        contract_ok(contract, run_project_do(&contract->run, &down, &err) == 0, "and goes");
    }
    VEC_EACH (&file.rows, row) {
        str_release(&row->old_text);
        str_release(&row->new_text);
    }
    VEC_RELEASE(&file.rows);
    str_release(&file.base);
    arena_free(file.arena);
}
