/*
 * ls.c - `ls`: the projects that the operator's backend runs.
 */
#include "base/base.h"

#include <stdlib.h>

#include <regex.h>

#include "cmd/operate.h"
#include "cmd/commands.h"
#include "cmd/table.h"

struct ls_options {
    bool all, quiet;
    const char *format, *filter;
};

#define OPTIONS_OF ls_options
static const struct option_row ls_rows[] = {
    OPTION('a', "all", OPTION_BOOL, all, "Show stopped projects, too"),
    OPTION_VALUE(0, "filter", OPTION_TEXT, filter, "filter", "Show what matches (name=REGEXP)"),
    OPTION(0, "format", OPTION_TEXT, format, "\"table\" (default) or \"json\""),
    OPTION('q', "quiet", OPTION_BOOL, quiet, "Only show names"),
    OPTIONS_END,
};
#undef OPTIONS_OF

struct ls_run {
    bool is_done;
    struct project_summary_list list;
    struct err err;
};

static void on_projects(void *arg, struct project_summary_list *list, struct err *err)
{
    struct ls_run *run = arg;

    run->is_done = true;
    if (err_is_set(err))
        err_move(&run->err, err);
    else
        run->list = *list;
}

static int compare_projects(const void *a, const void *b)
{
    const struct project_summary *x = a, *y = b;

    return strcmp(x->name, y->name);
}

/* "exited(1), running(2)" */
static void add_states(const struct project_summary *project, struct str *out)
{
    for (size_t i = 0; i < project->states.n; i++)
        str_printf(out, "%s%s(%lld)", i > 0 ? ", " : "", project->states.items[i].state,
                   (long long)project->states.items[i].n);
}

static void print_projects(struct cmd_context *context, const struct ls_options *options,
                           const struct project_summary_list *list)
{
    bool is_json = text_is(options->format, "json");
    struct table table;
    struct jwrite w;

    table_init(&table, 3, 20, 3);
    table_add(&table, "NAME");
    table_add(&table, "STATUS");
    table_add(&table, "CONFIG FILES");
    jwrite_init(&w, &context->out, JWRITE_HTML);
    if (is_json)
        jwrite_list(&w);
    VEC_EACH (list, project) {
        STR_AUTO(states);

        add_states(project, &states);
        if (options->quiet) {
            str_printf(&context->out, "%s\n", project->name);
        } else if (is_json) {
            jwrite_map(&w);
            jwrite_key_text(&w, "Name", project->name);
            jwrite_key_text(&w, "Status", states.buf);
            jwrite_key_text(&w, "ConfigFiles", project->files);
            jwrite_map_end(&w);
        } else {
            table_add(&table, project->name);
            table_add(&table, states.buf);
            table_add(&table, project->files);
        }
    }
    if (is_json) {
        jwrite_list_end(&w);
        str_add_char(&context->out, '\n');
    } else if (!options->quiet) {
        table_print(&table, &context->out);
    }
    table_release(&table);
}

static int filter_projects(const char *filter, struct project_summary_list *list, struct err *err)
{
    regex_t regex;
    size_t kept = 0;

    if (filter == NULL)
        return 0;
    if (!text_starts(filter, "name="))
        return err_set(err, ERR_USAGE, "invalid filter \"%s\" (name=REGEXP)", filter);
    if (regcomp(&regex, filter + 5, REG_EXTENDED | REG_NOSUB) != 0)
        return err_set(err, ERR_USAGE, "invalid filter \"%s\": no regular expression", filter);
    for (size_t i = 0; i < list->n; i++) {
        if (regexec(&regex, list->items[i].name, 0, NULL, 0) == 0)
            list->items[kept++] = list->items[i];
    }
    list->n = kept;
    regfree(&regex);
    return 0;
}

static int run_ls(struct cmd_context *context, const void *values, const struct text_list *words,
                  struct err *err)
{
    const struct ls_options *options = values;
    struct ls_run run = { .err = ERR_INIT };
    int result;

    (void)words;
    if (table_check_format(options->format, err) < 0)
        return -1;
    if (context->ops->projects == NULL)
        return err_set(err, ERR_UNSUPPORTED, "operator \"%s\" cannot list projects",
                       context->ops->name);
    context->ops->projects(context->operator_handle, options->all, on_projects, &run);
    if (operate_until(context, &run.is_done, err) < 0)
        return -1;
    if (err_is_set(&run.err))
        return err_move(err, &run.err);
    result = filter_projects(options->filter, &run.list, err);
    if (result == 0) {
        if (run.list.n > 0)
            qsort(run.list.items, run.list.n, sizeof(run.list.items[0]), compare_projects);
        print_projects(context, options, &run.list);
    }
    arena_free(run.list.arena);
    return result;
}

const struct cmd cmd_ls = {
    .name = "ls",
    .synopsis = "[OPTIONS]",
    .summary = "List running compose projects",
    .options = ls_rows,
    .options_size = sizeof(struct ls_options),
    .needs = NEEDS_OPERATOR,
    .max_words = 0,
    .run = run_ls,
};
