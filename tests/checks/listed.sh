#!/bin/sh
# listed.sh - every C file is in its folder's local.mk, every unit test and fuzz target in theirs.
. "${top_srcdir:-.}/tests/checks/lib.sh"

problems=$(for file in $(sources '*.[ch]' src compose-compat); do
    [ "$file" = src/main.c ] && continue
    list=$(dirname "$file")/local.mk
    grep -q "^[[:space:]]*$file \\\\\$" "$list" 2>/dev/null || echo "$file: is not in $list"
done)
report "sources are listed" "$problems"

problems=$(for file in $(sources 'test_*.c' tests/unit) $(sources 'fuzz_*.c' tests/fuzz); do
    list=$(dirname "$file")/local.mk
    grep -q "^[[:space:]]*${file%.c} \\\\\$" "$list" || echo "$file: is not in $list"
done)
report "tests are listed" "$problems"

problems=$(for list in $(find src compose-compat tests -name local.mk); do
    $AWK -v list="$list" '
    { sub(/^[ \t]+/, ""); sub(/[ \t]*\\$/, "") }
    /^(src|compose-compat)\/.*[.][ch]$/ {
        if ($0 in seen) print list ":" FNR ": " $0 " is listed twice"
        seen[$0]
    }' "$list"
done)
report "nothing is listed twice" "$problems"

# OCTO_FOLDER_FILE_H, with as much of the folder as is needed.
problems=$(sources '*.h' src compose-compat | xargs $AWK '
function guard(path, part, n) {
    n = split(path, part, "/")
    path = part[n - 1] "_" part[n]
    gsub(/[^a-zA-Z0-9]/, "_", path)
    return "_" toupper(path)
}
function is_good(name, end) {
    return index(name, "OCTO_") == 1 && substr(name, length(name) - length(end) + 1) == end
}
FNR == 1 { if (last && !done) print last ": no include guard"; last = FILENAME; done = 0 }
/^#ifndef / && !done {
    done = 1
    if (!is_good($2, guard(FILENAME)))
        print FILENAME ":" FNR ": the include guard should end in " guard(FILENAME)
}
/^ERR_CODE\(/ { done = 1 }')
report "include guards are named after the file" "$problems"
finish
