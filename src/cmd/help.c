/*
 * help.c - --help, the manual page and completion, made from the command and option tables.
 */
#include "base/base.h"

#include "cmd/cmd.h"
#include "cmd/commands.h"

static void print_program(struct str *out)
{
    str_add(out,
            "Usage:  octocompose [OPTIONS] COMMAND\n\n"
            "Bring an application of several services up and keep it true to its description\n\n"
            "Options:\n");
    options_print(cmd_global_options, out);
    str_add(out, "\nCommands:\n");
    for (size_t i = 0; cmd_table[i] != NULL; i++) {
        if ((cmd_table[i]->flags & CMD_HIDDEN) == 0)
            str_printf(out, "  %-11s %s\n", cmd_table[i]->name, cmd_table[i]->summary);
    }
    str_add(out, "\nRun 'octocompose COMMAND --help' for more about a command.\n");
}

void help_print(const struct cmd *cmd, struct str *out)
{
    if (cmd == NULL) {
        print_program(out);
        return;
    }
    str_printf(out, "Usage:  octocompose %s%s%s\n\n%s\n", cmd->name, cmd->synopsis[0] ? " " : "",
               cmd->synopsis, cmd->summary);
    if (cmd->text != NULL)
        str_printf(out, "\n%s\n", cmd->text);
    if (cmd->options[0].name != NULL) {
        str_add(out, "\nOptions:\n");
        options_print(cmd->options, out);
    }
}

/* Text as roff wants it: backslashes and leading dots are harmless, dashes stay dashes. */
static void add_roff(const char *text, struct str *out)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\')
            str_add(out, "\\e");
        else if (*c == '-')
            str_add(out, "\\-");
        else
            str_add_char(out, *c);
        if (*c == '\n' && (c[1] == '.' || c[1] == '\''))
            str_add(out, "\\&");
    }
}

static void manual_options(const struct option_row *rows, struct str *out)
{
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        const char *value = option_value_name(row);

        if ((row->flags & OPTION_HIDDEN) != 0)
            continue;
        str_add(out, ".TP\n.B ");
        if (row->letter != 0)
            str_printf(out, "\\-%c, ", row->letter);
        str_add(out, "\\-\\-");
        add_roff(row->name, out);
        if (value[0] != '\0')
            str_printf(out, " \\fI%s\\fR", value);
        str_add_char(out, '\n');
        add_roff(row->help, out);
        str_add_char(out, '\n');
    }
}

static void manual_command(const struct cmd *cmd, struct str *out)
{
    str_printf(out, ".SS %s ", cmd->name);
    add_roff(cmd->synopsis, out);
    str_add_char(out, '\n');
    add_roff(cmd->summary, out);
    str_add(out, ".\n");
    if (cmd->text != NULL) {
        str_add(out, ".PP\n");
        add_roff(cmd->text, out);
        str_add_char(out, '\n');
    }
    manual_options(cmd->options, out);
}

static void manual_exit_status(struct str *out)
{
    static const struct {
        const char *name, *text;
        int status;
    } rows[] = {
#define ERR_CODE(name, exit_status, text) { #name, text, exit_status },
#include "base/err-codes.h"
#undef ERR_CODE
    };

    str_add(out, ".SH EXIT STATUS\n.TP\n.B 0\nSuccess; for plan: nothing to do.\n"
                 ".TP\n.B 2\nplan: something to do.\n");
    for (size_t i = 1; i < ARRAY_LEN(rows); i++) {
        str_printf(out, ".TP\n.B %d\n", rows[i].status);
        add_roff(rows[i].text, out);
        str_add(out, ".\n");
    }
    str_add(out, ".PP\nexec ends with the status of the program that it ran.\n");
}

void help_manual(struct str *out)
{
    str_add(out,
            ".\\\" Made by `octocompose manual`; `make check` compares.\n"
            ".TH OCTOCOMPOSE 1 \"\" \"octocompose\" \"User Commands\"\n"
            ".SH NAME\noctocompose \\- bring an application of several services up and keep it "
            "true to its description\n"
            ".SH SYNOPSIS\n.B octocompose\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR "
            "[\\fICOMMAND OPTIONS\\fR] [\\fIARGUMENTS\\fR]\n"
            ".SH DESCRIPTION\n");
    add_roff(
        "octocompose reads the description of an application (compose.yaml and its relatives), "
        "compares it with what exists, and does what is missing. It takes docker compose's "
        "files, commands and options; plan shows beforehand exactly what up will do, and why.\n",
        out);
    str_add(out, ".SH OPTIONS\n");
    manual_options(cmd_global_options, out);
    str_add(out, ".SH COMMANDS\n");
    for (size_t i = 0; cmd_table[i] != NULL; i++) {
        if ((cmd_table[i]->flags & CMD_HIDDEN) == 0)
            manual_command(cmd_table[i], out);
    }
    manual_exit_status(out);
}

static void complete_words(const struct option_row *rows, struct str *out)
{
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        if ((row->flags & OPTION_HIDDEN) == 0)
            str_printf(out, " --%s", row->name);
    }
}

void help_complete_bash(struct str *out)
{
    str_add(out, "# bash completion of octocompose, made by `octocompose completion bash`\n"
                 "_octocompose() {\n"
                 "    local word=${COMP_WORDS[COMP_CWORD]} command= i\n"
                 "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                 "        case ${COMP_WORDS[i]} in\n"
                 "        -f|-p|-H|--file|--project-name|--host|--env-file|--profile) ((i++)) ;;\n"
                 "        -*) ;;\n"
                 "        *) command=${COMP_WORDS[i]}; break ;;\n"
                 "        esac\n"
                 "    done\n"
                 "    local words\n"
                 "    case $command in\n"
                 "    '') words=\"");
    for (size_t i = 0; cmd_table[i] != NULL; i++) {
        if ((cmd_table[i]->flags & CMD_HIDDEN) == 0)
            str_printf(out, "%s%s", i > 0 ? " " : "", cmd_table[i]->name);
    }
    complete_words(cmd_global_options, out);
    str_add(out, "\" ;;\n");
    for (size_t i = 0; cmd_table[i] != NULL; i++) {
        if ((cmd_table[i]->flags & CMD_HIDDEN) != 0)
            continue;
        str_printf(out, "    %s) words=\"", cmd_table[i]->name);
        complete_words(cmd_table[i]->options, out);
        str_add(out, "\"");
        if (cmd_table[i]->complete != NULL)
            str_printf(out, "; [[ $word == -* ]] || words+=\" %s\"", cmd_table[i]->complete);
        if (cmd_table[i]->words_are_services || cmd_table[i]->completes_services)
            str_add(
                out,
                "; [[ $word == -* ]] || words+=\" $(octocompose config --services 2>/dev/null)\"");
        str_add(out, " ;;\n");
    }
    str_add(out, "    esac\n"
                 "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
                 "}\n"
                 "complete -o default -F _octocompose octocompose docker-compose\n");
}
