/*
 * options.c - parses option words by tables and prints the tables as help. Knows nothing of any
 * command; called by the dispatcher.
 */
#include "base/base.h"

#include "cmd/options.h"

static const struct option_row *find_long(const struct option_set *sets, size_t n_sets,
                                          struct slice name, void **ret_values)
{
    for (size_t i = 0; i < n_sets; i++) {
        for (const struct option_row *row = sets[i].rows; row->name != NULL; row++) {
            if (slice_is(name, row->name)) {
                *ret_values = sets[i].values;
                return row;
            }
        }
    }
    return NULL;
}

static const struct option_row *find_letter(const struct option_set *sets, size_t n_sets,
                                            char letter, void **ret_values)
{
    for (size_t i = 0; i < n_sets; i++) {
        for (const struct option_row *row = sets[i].rows; row->name != NULL; row++) {
            if (row->letter == letter) {
                *ret_values = sets[i].values;
                return row;
            }
        }
    }
    return NULL;
}

/* "-t, --timeout" or "--timeout", as error texts name an option. */
static const char *option_title(struct arena *arena, const struct option_row *row)
{
    if (row->letter != 0)
        return arena_printf(arena, "-%c, --%s", row->letter, row->name);
    return arena_printf(arena, "--%s", row->name);
}

static int set_value(struct arena *arena, const struct option_row *row, void *values,
                     const char *text, struct err *err)
{
    void *member = (char *)values + row->offset;
    bool truth = false;
    int64_t number = 0;

    switch (row->type) {
    case OPTION_BOOL:
    case OPTION_OPT_BOOL:
        if (text_to_bool(text, &truth) < 0)
            return err_set(err, ERR_USAGE,
                           "invalid argument \"%s\" for \"%s\" flag: strconv.ParseBool: parsing "
                           "\"%s\": invalid syntax",
                           text, option_title(arena, row), text);
        if (row->type == OPTION_BOOL)
            *(bool *)member = truth;
        else
            *(struct opt_bool *)member = (struct opt_bool){ true, truth };
        return 0;
    case OPTION_INT:
        if (text_to_int(text, &number) < 0)
            return err_set(err, ERR_USAGE,
                           "invalid argument \"%s\" for \"%s\" flag: strconv.ParseInt: parsing "
                           "\"%s\": invalid syntax",
                           text, option_title(arena, row), text);
        *(struct opt_int *)member = (struct opt_int){ true, number };
        return 0;
    case OPTION_TEXT:
        *(const char **)member = text;
        return 0;
    case OPTION_TEXTS: {
        struct text_list *list = member;
        ARENA_ADD(arena, list, text);
        return 0;
    }
    }
    return 0;
}

static bool is_flag(const struct option_row *row)
{
    return row->type == OPTION_BOOL || row->type == OPTION_OPT_BOOL;
}

/* One "--name", "--name=value" or "--name value"; *at is moved over a value word. */
static int parse_long(struct arena *arena, const struct option_set *sets, size_t n_sets, int argc,
                      const char *const *argv, int *at, struct err *err)
{
    struct slice rest = slice_from(argv[*at] + 2);
    struct slice name;
    bool has_value = slice_split(&rest, '=', &name);
    void *values = NULL;
    const struct option_row *row = find_long(sets, n_sets, name, &values);

    if (row == NULL)
        return err_set(err, ERR_USAGE, "unknown flag: --%.*s", (int)name.len, name.at);
    if (has_value)
        return set_value(arena, row, values, rest.at, err);
    if (is_flag(row))
        return set_value(arena, row, values, "true", err);
    if (*at + 1 >= argc)
        return err_set(err, ERR_USAGE, "flag needs an argument: --%s", row->name);
    *at += 1;
    return set_value(arena, row, values, argv[*at], err);
}

/* One word of letters: "-d", "-it", "-fFILE", "-f FILE", "-n=5". */
static int parse_letters(struct arena *arena, const struct option_set *sets, size_t n_sets,
                         int argc, const char *const *argv, int *at, struct err *err)
{
    const char *word = argv[*at];

    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        void *values = NULL;
        const struct option_row *row = find_letter(sets, n_sets, *letter, &values);

        if (row == NULL)
            return err_set(err, ERR_USAGE, "unknown shorthand flag: '%c' in -%s", *letter,
                           word + 1);
        if (is_flag(row)) {
            if (letter[1] == '=')
                return set_value(arena, row, values, letter + 2, err);
            if (set_value(arena, row, values, "true", err) < 0)
                return -1;
            continue;
        }
        if (letter[1] != '\0')
            return set_value(arena, row, values, letter[1] == '=' ? letter + 2 : letter + 1, err);
        if (*at + 1 >= argc)
            return err_set(err, ERR_USAGE, "flag needs an argument: '%c' in -%s", *letter,
                           word + 1);
        *at += 1;
        return set_value(arena, row, values, argv[*at], err);
    }
    return 0;
}

int options_parse(struct arena *arena, const struct option_set *sets, size_t n_sets, int argc,
                  const char *const *argv, bool stop_at_word, struct text_list *ret_words,
                  struct err *err)
{
    bool only_words = false;

    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        int result;

        if (only_words || word[0] != '-' || word[1] == '\0') {
            ARENA_ADD(arena, ret_words, word);
            only_words = only_words || stop_at_word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            only_words = true;
            continue;
        }
        if (word[1] == '-')
            result = parse_long(arena, sets, n_sets, argc, argv, &i, err);
        else
            result = parse_letters(arena, sets, n_sets, argc, argv, &i, err);
        if (result < 0)
            return -1;
    }
    return 0;
}

const char *option_value_name(const struct option_row *row)
{
    if (row->value_name != NULL)
        return row->value_name;
    switch (row->type) {
    case OPTION_BOOL:
    case OPTION_OPT_BOOL:
        return "";
    case OPTION_INT:
        return "int";
    case OPTION_TEXT:
        return "string";
    case OPTION_TEXTS:
        return "stringArray";
    }
    return "";
}

#define HELP_WIDTH 80

static void print_title(const struct option_row *row, struct str *out)
{
    const char *value = option_value_name(row);

    if (row->letter != 0)
        str_printf(out, "  -%c, --%s", row->letter, row->name);
    else
        str_printf(out, "      --%s", row->name);
    if (value[0] != '\0')
        str_printf(out, " %s", value);
}

/* Appends text, wrapped so that every line after the first begins at column indent. */
static void print_wrapped(const char *text, size_t indent, struct str *out)
{
    size_t column = indent;
    size_t room = indent + 20 < HELP_WIDTH ? HELP_WIDTH : indent + 40;

    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        if (column > indent && column + 1 + len > room) {
            str_add_char(out, '\n');
            str_add_n(out, indent, ' ');
            column = indent;
        } else if (column > indent) {
            str_add_char(out, ' ');
            column++;
        }
        str_add_len(out, text, len);
        column += len;
        text += len;
        while (*text == ' ')
            text++;
    }
}

void options_print(const struct option_row *rows, struct str *out)
{
    STR_AUTO(title);
    size_t width = 0;

    for (const struct option_row *row = rows; row->name != NULL; row++) {
        if ((row->flags & OPTION_HIDDEN) != 0)
            continue;
        str_clear(&title);
        print_title(row, &title);
        width = MAX(width, title.len);
    }
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        if ((row->flags & OPTION_HIDDEN) != 0)
            continue;
        str_clear(&title);
        print_title(row, &title);
        str_add_len(out, title.buf, title.len);
        str_add_n(out, width + 3 - title.len, ' ');
        print_wrapped(row->help, width + 3, out);
        str_add_char(out, '\n');
    }
}
