#!/bin/sh
# banned.sh - functions that are not used: unsafe ones, raw memory outside mem.c, printing outside the
# commands, blocking sleeps, the shell.
. "${top_srcdir:-.}/tests/checks/lib.sh"

# calls NAMES FILE...: where one of the functions is called; comments and strings do not count.
calls() {
    names=$1
    shift
    [ $# -gt 0 ] || return 0
    $AWK -v names="$names" '
    BEGIN { n = split(names, banned, " ") }
    FNR == 1 { in_comment = 0 }
    {
        code = $0
        gsub(/\\./, "", code)
        gsub(/"[^"]*"/, "\"\"", code)
        gsub(/\/\*([^*]|\*[^\/])*\*\//, " ", code)
        if (in_comment) {
            if (!match(code, /\*\//)) next
            code = substr(code, RSTART + 2)
            in_comment = 0
        }
        if (match(code, /\/\*/)) {
            code = substr(code, 1, RSTART - 1)
            in_comment = 1
        }
        for (i = 1; i <= n; i++)
            if (match(" " code, "[^a-zA-Z0-9_.>]" banned[i] "[ ]*\\("))
                print FILENAME ":" FNR ": " banned[i] "() is banned here"
    }' "$@"
}

ours=$(sources '*.[ch]' src compose-compat)
report "no unsafe functions" "$(calls 'strcpy strcat strncpy strncat stpcpy sprintf vsprintf gets
    strtok strtok_r gmtime localtime ctime asctime mktemp tmpnam tempnam alloca
    rand srand system popen usleep sleep wordexp setjmp longjmp' $ours)"
report "raw memory in mem.c only" "$(calls 'malloc calloc realloc reallocarray free strdup strndup
    asprintf vasprintf getline getdelim' $(echo "$ours" | grep -v '^src/base/mem.c$'))"
report "only the commands print" "$(calls 'printf puts putchar vprintf perror fputs fputc putc
    fprintf vfprintf' \
    $(echo "$ours" | grep -v -e '^src/cmd/' -e '^compose-compat/cli/' -e '^src/main.c$'))"
report "only main ends the program" "$(calls 'exit abort' \
    $(echo "$ours" | grep -v -e '^src/main.c$'))"
report "processes are started in process.c and on bare metal only" "$(calls 'fork vfork posix_spawn posix_spawnp
    execv execve execvp execvpe execl execlp' $(echo "$ours" | grep -v -e '^src/base/process.c$' \
    -e '^src/operator/baremetal/launch.c$' -e '^src/operator/baremetal/shim-run.c$' \
    -e '^src/operator/baremetal/supervisor.c$' -e '^src/operator/baremetal/ward.c$'))"
finish
