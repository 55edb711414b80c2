#!/bin/sh
# sizes.sh - no file over 1200 lines, no function over 60, no line over 120 columns (aim at 100);
# rows of macros and remarks after a declaration do not count.
. "${top_srcdir:-.}/tests/checks/lib.sh"

all() { sources '*.[ch]' src compose-compat tests; }

report "files of at most 1200 lines" "$(all | xargs $AWK '
FNR == 1201 { print FILENAME ": more than 1200 lines" }')"

report "functions of at most 60 lines" "$(all | xargs $AWK '
FNR == 1 { start = 0; name = "" }
/^[a-zA-Z_].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
/^{/ { start = FNR }
/^}/ {
    if (start && FNR - start + 1 > 60)
        print FILENAME ":" start ": " name "() has " FNR - start + 1 " lines"
    start = 0
}')"

# Bytes of UTF-8 that continue a character take no column.
report "lines of at most 120 columns, no tabs, no blanks at the end" "$(all | xargs $AWK '
{ shown = $0; gsub(/[\200-\277]/, "", shown); sub(/; *\/\*.*\*\/$/, ";", shown) }
length(shown) > 120 && !/^#define/ { print FILENAME ":" FNR ": longer than 120 columns" }
/\t/ { print FILENAME ":" FNR ": a tab" }
/[ \t]$/ { print FILENAME ":" FNR ": a blank at the end" }')"

report "comments are /* */" "$(all | xargs $AWK '
/^[ \t]*\/\// || /[;{})][ \t]*\/\// { print FILENAME ":" FNR ": a // comment" }')"

report "every file begins with what it is" "$(all | xargs $AWK '
FNR == 1 && !/^\/\*/ { print FILENAME ":1: no comment at the head" }')"
finish
