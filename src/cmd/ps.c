/*
 * ps.c - `ps`: the project's instances as a table, JSON lines, ids or service names.
 */
#include "base/base.h"

#include "cmd/operate.h"
#include "base/arena.h"
#include "cmd/commands.h"
#include "cmd/format.h"
#include "cmd/ps-row.h"
#include "data/jread.h"

struct ps_options {
    bool all, quiet, services, no_trunc;
    struct opt_bool orphans;
    const char *format, *filter;
    struct text_list status;
};

#define OPTIONS_OF ps_options
static const struct option_row ps_rows[] = {
    OPTION('a', "all", OPTION_BOOL, all, "Show stopped containers and those of run, too"),
    OPTION(0, "filter", OPTION_TEXT, filter, "Show what has this property (status=...)"),
    OPTION(0, "format", OPTION_TEXT, format,
           "\"table\" (default), \"json\": one object a line, or a text with fields: "
           "'{{.Name}}: {{.State}}', 'table {{.Name}}\\t{{.State}}'"),
    OPTION(0, "no-trunc", OPTION_BOOL, no_trunc, "Don't truncate output"),
    OPTION(0, "orphans", OPTION_OPT_BOOL, orphans,
           "Show containers of services that the project does not have (default true)"),
    OPTION('q', "quiet", OPTION_BOOL, quiet, "Only show ids"),
    OPTION(0, "services", OPTION_BOOL, services, "Only show names of services"),
    OPTION(0, "status", OPTION_TEXTS, status,
           "Show what is in this state (paused, restarting, removing, running, dead, created, "
           "exited)"),
    OPTIONS_END,
};
#undef OPTIONS_OF

static int check_options(struct cmd_context *context, struct ps_options *options, struct err *err)
{
    if (options->filter != NULL) {
        if (!text_starts(options->filter, "status="))
            return err_set(err, ERR_USAGE, "unknown filter %s", options->filter);
        ARENA_ADD(context->arena, &options->status, options->filter + strlen("status="));
    }
    return 0;
}

static bool is_shown(const struct cmd_context *context, const struct ps_options *options,
                     const struct existing *existing)
{
    if (options->status.n > 0 &&
        !text_list_has(&options->status, instance_state_name(existing->state)))
        return false;
    if (options->orphans.has && !options->orphans.value && context->project != NULL &&
        project_find_service(context->project, existing->service) == NULL)
        return false;
    return true;
}

static void print_table(struct cmd_context *context, const struct ps_options *options,
                        const struct existing_set *set)
{
    static const char *const titles[] = { "NAME",    "IMAGE",  "COMMAND", "SERVICE",
                                          "CREATED", "STATUS", "PORTS" };
    struct table table;
    STR_AUTO(cell);

    table_init(&table, ARRAY_LEN(titles), 10, 3);
    for (size_t i = 0; i < ARRAY_LEN(titles); i++)
        table_add(&table, titles[i]);
    VEC_EACH (&set->items, item) {
        const struct ps_row row = { *item, options->no_trunc };
        static void (*const columns[])(
            const struct ps_row *, struct str *) = { ps_row_created, ps_row_status, ps_row_ports };

        if (!is_shown(context, options, *item))
            continue;
        table_add(&table, (*item)->name);
        table_add(&table, ps_row_image(&row));
        str_clear(&cell);
        ps_row_command(&row, &cell);
        table_add(&table, cell.buf);
        table_add(&table, (*item)->service == NULL ? "" : (*item)->service);
        for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
            str_clear(&cell);
            columns[i](&row, &cell);
            table_add(&table, cell.buf);
        }
    }
    table_print(&table, &context->out);
    table_release(&table);
}

static void print_lines(struct cmd_context *context, const struct ps_options *options,
                        const struct existing_set *set)
{
    MAP_AUTO(seen);

    VEC_EACH (&set->items, item) {
        const struct ps_row row = { *item, options->no_trunc };

        if (!is_shown(context, options, *item))
            continue;
        if (options->quiet) {
            str_add(&context->out, (*item)->id);
        } else if (options->services) {
            if ((*item)->service == NULL || map_has(&seen, (*item)->service))
                continue;
            map_set(&seen, (*item)->service, *item);
            str_add(&context->out, (*item)->service);
        } else {
            ps_row_json(&row, context->project_name, &context->out);
        }
        str_add_char(&context->out, '\n');
    }
    /* The names are one list to docker compose, with an end of line even when it is empty. */
    if (options->services && !options->quiet && seen.n == 0)
        str_add_char(&context->out, '\n');
}

/* The format is read even where there is nothing to show, so that it is always right or wrong. */
static int print_format(struct cmd_context *context, const struct ps_options *options,
                        const struct existing_set *set, struct err *err)
{
    struct format format;
    struct table table;
    int result = 0;

    if (format_parse(context->arena, options->format, &format, err) < 0)
        return -1;
    format_table(&format, &table);
    for (size_t i = 0; i < set->items.n && result == 0; i++) {
        const struct ps_row row = { set->items.items[i], options->no_trunc };
        struct node *fields = NULL;
        STR_AUTO(json);

        if (!is_shown(context, options, row.existing))
            continue;
        ps_row_json(&row, context->project_name, &json);
        result = jread_parse(context->arena, 0, json.buf, json.len, &fields, err);
        if (result == 0)
            result = format_row(&format, &(struct format_row){ fields, ps_row_labels(&row) },
                                &table, &context->out, err);
    }
    if (format.is_table && result == 0)
        table_print(&table, &context->out);
    table_release(&table);
    format_release(&format);
    return result;
}

static int run_ps(struct cmd_context *context, const void *values, const struct text_list *words,
                  struct err *err)
{
    struct ps_options options = *(const struct ps_options *)values;
    struct existing_set set;
    bool with_all;
    int result = 0;

    if (check_options(context, &options, err) < 0)
        return -1;
    with_all = options.all || options.status.n > 0;
    if (operate_instances(context, words, with_all, options.all, &set, err) < 0)
        return -1;
    if (options.quiet || options.services || text_is(options.format, "json"))
        print_lines(context, &options, &set);
    else if (options.format == NULL || options.format[0] == '\0' ||
             text_is(options.format, "table"))
        print_table(context, &options, &set);
    else
        result = print_format(context, &options, &set, err);
    existing_set_release(&set);
    return result;
}

const struct cmd cmd_ps = {
    .name = "ps",
    .synopsis = "[OPTIONS] [SERVICE...]",
    .summary = "List containers",
    .options = ps_rows,
    .options_size = sizeof(struct ps_options),
    .needs = NEEDS_PROJECT_OR_NAME | NEEDS_OPERATOR,
    .max_words = -1,
    .run = run_ps,
    .words_are_services = true,
};
