/*
 * cmd.h - a command: its place on the command line, what it needs, what it does. One const struct a
 * file; cmd_table lists them; the dispatcher (dispatch.c) provides what a command needs and checks
 * at the end that its output reached its reader.
 */
#ifndef OCTO_CMD_CMD_H
#define OCTO_CMD_CMD_H

#include "cmd/context.h"
#include "cmd/options.h"

enum cmd_needs {
    NEEDS_PROJECT = 1,         /* a loaded project */
    NEEDS_PROJECT_OR_NAME = 2, /* a project if there are files, else -p is enough */
    NEEDS_OPERATOR = 4,        /* an open operator */
    NEEDS_DEFINITIONS = 8,     /* the project's digests */
    NEEDS_HISTORY = 32,        /* with the project: its uses and what was taken */
    NEEDS_LOCK = 16,           /* nobody else may change the project meanwhile */
};

enum cmd_flags {
    CMD_HIDDEN = 1,
    CMD_STOP_AT_WORD = 2, /* what follows the first word is not parsed */
};

struct cmd {
    const char *name;
    const char *synopsis; /* after the name: "[OPTIONS] [SERVICE...]" */
    const char *summary;  /* one line */
    const char *text;     /* more for the manual and --help, or NULL */
    const struct option_row *options;
    size_t options_size; /* of the struct that the rows fill */
    unsigned needs;
    unsigned flags;
    int min_words, max_words; /* -1: any number */
    /* Returns the exit status; on -1 err says why. */
    int (*run)(struct cmd_context *context, const void *options, const struct text_list *words,
               struct err *err);
    /* Services that the words name (for loading and selection); NULL: none are. */
    bool words_are_services;
    /* For completion: what the first word may be besides, and whether services are proposed. */
    const char *complete; /* words with blanks, or NULL */
    bool completes_services;
};

extern const struct cmd *const cmd_table[]; /* NULL-terminated, sorted */
const struct cmd *cmd_find(const char *name);
/* The global options' rows. */
extern const struct option_row cmd_global_options[];

/* The whole program: argv as main() got it. Returns the exit status. */
int cmd_main(int argc, char **argv);

/* --help of a command, or of the program for NULL; and the manual page's source. */
void help_print(const struct cmd *cmd, struct str *out);
void help_manual(struct str *out);
void help_complete_bash(struct str *out);

#endif
