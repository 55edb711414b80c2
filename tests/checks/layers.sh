#!/bin/sh
# layers.sh - who may include whom (docs/hacking.md, "Layers"), and where third-party headers live.
. "${top_srcdir:-.}/tests/checks/lib.sh"

# folder: the folders whose headers its files may include, its own first. "operator" is the public
# header of an operator, operator/NAME/NAME.h. An added line needs a reason in the commit.
table='
src/base: base
src/data: data base
src/net: net base data
src/engine: engine base data net
src/model: model base data
compose-compat/file: compose-compat/file base data model
src/template: template base data
src/config: config base data net model compose-compat/file template
src/plan: plan base data model
src/tool: tool base data model
src/operator: base plan operator
src/operator/docker: operator/docker base data net engine model plan tool
src/operator/baremetal: operator/baremetal base data net model plan
src/operator/kubernetes: operator/kubernetes base data net model plan
src/operator/external: operator/external base data net model plan
src/operator/memory: operator/memory base data net model plan
src/cmd: cmd base data net model compose-compat/file template config plan operator
compose-compat/cli: compose-compat/cli base data model cmd
src: base cmd compose-compat/cli operator/baremetal
'

problems=$(sources '*.[ch]' src compose-compat | xargs $AWK -v table="$table" '
BEGIN {
    n = split(table, lines, "\n")
    for (i = 1; i <= n; i++)
        if (split(lines[i], parts, ": ") == 2)
            allowed[parts[1]] = " " parts[2] " "
}
function folder_of(path) { sub(/\/[^\/]*$/, "", path); return path }
/^#[ \t]*include[ \t]*"/ {
    split($0, quoted, "\"")
    if (quoted[2] == "config.h" && FILENAME == "src/base/base.h")
        next
    from = folder_of(FILENAME)
    to = folder_of(quoted[2])
    if (!(from in allowed)) {
        print FILENAME ":" FNR ": the folder is not in the table of tests/checks/layers.sh"
        next
    }
    if (index(allowed[from], " " to " "))
        next
    split(quoted[2], part, "/")
    if (index(allowed[from], " operator ") && part[1] == "operator" && part[3] == part[2] ".h")
        next
    print FILENAME ":" FNR ": " from " may not include \"" quoted[2] "\""
}')
report "layers" "$problems"

# Headers name the folder, from src or from the top: "base/str.h", "compose-compat/file/load.h".
problems=$(sources '*.[ch]' src compose-compat | xargs $AWK '
/^#[ \t]*include[ \t]*"/ && !/"[a-z0-9-]+\/[a-z0-9\/.-]+"/ && !/"config.h"/ {
    print FILENAME ":" FNR ": the header is named without its folder"
}')
report "headers are named with their folder" "$problems"

# The feature macros of config.h must come before any system header, so what comes first is ours.
problems=$(sources '*.[ch]' src compose-compat | xargs $AWK '
FNR == 1 { has_include = 0 }
/^#[ \t]*include/ && !has_include {
    has_include = 1
    if ($0 !~ /"/)
        print FILENAME ":" FNR ": the first include must be one of ours"
}')
report "the first include is ours" "$problems"

# Third-party headers have one home each, and that is never a header that others include.
problems=$(sources '*.[ch]' src compose-compat | xargs $AWK '
function home(pattern) { if (FILENAME !~ pattern) print FILENAME ":" FNR ": " $0 " is not for here" }
/^#[ \t]*include[ \t]*<curl\//     { home("^src/net/[a-z0-9-]+([.]c|-(parts|private)[.]h)$") }
/^#[ \t]*include[ \t]*<yajl\//     { home("^src/data/j(read|write)[a-z0-9-]*([.]c|-(parts|private)[.]h)$") }
/^#[ \t]*include[ \t]*<yaml[.]h>/  { home("^src/data/y(read|write)[a-z0-9-]*([.]c|-(parts|private)[.]h)$") }
/^#[ \t]*include[ \t]*<archive/    { home("^src/net/[a-z0-9-]+[.]c$"); archive[FILENAME] }
/^#[ \t]*include[ \t]*<mbedtls\//  { home("^src/net/[a-z0-9-]+[.]c$"); mbedtls[FILENAME] }
END {
    for (name in archive) if (++n_archive > 1) print name ": libarchive has a home already"
    for (name in mbedtls) if (++n_mbedtls > 1) print name ": mbedTLS has a home already"
}')
report "third-party headers have one home each" "$problems"
finish
