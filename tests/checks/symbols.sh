#!/bin/sh
# symbols.sh - every global symbol begins with its module: the name of a file of its folder (or the
# part before its first '-', or without the plural's s), of the folder, or of a struct or an enum that
# the folder defines.
. "${top_srcdir:-.}/tests/checks/lib.sh"

# folder: prefixes that are allowed besides. Keep it short.
table='
src/engine: image
compose-compat/file: compose discovery
src/cmd: operation
src/net: base64 random
src/plan: chance existing instance planner slot step wanted
'

build=${abs_top_builddir:?}
if ! command -v "${NM:-nm}" >/dev/null 2>&1; then
    echo "1..0 # SKIP no nm"
    exit 0
fi

files=$(cd "$build" && find src compose-compat -name '*.o' ! -name 'main.o' | LC_ALL=C sort)
problems=$({
    sources '*.[ch]' src compose-compat | sed 's/^/file /'
    sources '*.[ch]' src compose-compat | xargs $AWK '
        /^(struct|enum) [a-z_0-9]+ {/ { print "type", FILENAME, $2 }'
    (cd "$build" && for file in $files; do
        "${NM:-nm}" -g -P "$file" | sed "s|^|symbol $file |"
    done)
} | $AWK -v table="$table" '
BEGIN {
    n = split(table, lines, "\n")
    for (i = 1; i <= n; i++) {
        if (split(lines[i], parts, ": ") != 2) continue
        m = split(parts[2], names, " ")
        for (j = 1; j <= m; j++) known[parts[1], names[j]]
    }
}
function folder_of(path) { sub(/\/[^\/]*$/, "", path); return path }
$1 == "file" {
    folder = folder_of($2)
    stem = $2
    sub(/.*\//, "", stem)
    sub(/[.][ch]$/, "", stem)
    gsub(/-/, "_", stem)
    known[folder, stem]
    if (stem ~ /s$/)
        known[folder, substr(stem, 1, length(stem) - 1)]
    sub(/_.*/, "", stem)
    known[folder, stem]
    sub(/.*\//, "", folder)
    known[folder_of($2), folder]
}
$1 == "type" { known[folder_of($2), $3] }
$1 == "symbol" && $4 ~ /^[TDBRVWC]$/ && $3 !~ /^(__|_?asan|_?sanitizer)/ {
    folder = folder_of($2)
    n = split($3, words, "_")
    prefix = ""
    for (i = 1; i <= n; i++) {
        prefix = prefix (i > 1 ? "_" : "") words[i]
        if ((folder, prefix) in known) next
    }
    print $2 ": " $3 " does not begin with the name of its module"
}')
report "global symbols carry their module's name" "$problems"
finish
