#!/bin/sh
# findings.sh - everything that is wrong, at once, sorted by place; as text and as one JSON document.
. "${top_srcdir:-.}/tests/checks/lib.sh"

octocompose=${abs_top_builddir:-.}/octocompose
folder=$(mktemp -d) || exit 99
trap 'rm -r "$folder"' EXIT
cat >"$folder/compose.yaml" <<'END'
services:
  web:
    imge: x
    ports: 80
    environment: {A: "${NOPE:?set it}", B: "${GONE}"}
  db: {image: y, restrat: always}
END
cat >"$folder/more.yaml" <<'END'
services:
  web: {image: x, ports: [80:x]}
END

# run STATUS WANTED ARGUMENT...: stderr is WANTED; nothing is written to standard output.
run() {
    wanted_status=$1 wanted=$2
    shift 2
    out=$(cd "$folder" && env -u NOPE -u GONE -u OCTOCOMPOSE_FINDINGS "$octocompose" "$@" 2>err)
    status=$?
    problems=$(printf '%s\n' "$wanted" | diff - "$folder/err")
    test "$status" = "$wanted_status" || problems="status $status, wanted $wanted_status
$problems"
    test -z "$out" || problems="standard output: $out
$problems"
    report "$*" "$problems"
}

run 1 'compose.yaml:3:5: services.web.imge: unknown key "imge"
        imge: x
        ^
    hint: did you mean "image"?
compose.yaml:4:12: services.web.ports: must be a list, not an integer
        ports: 80
               ^
    hint: write a list
compose.yaml:5:22: services.web.environment.A: required variable "NOPE" is not set or empty: set it
        environment: {A: "${NOPE:?set it}", B: "${GONE}"}
                         ^
    hint: set it in the environment, in .env or in a file given by --env-file
compose.yaml:5:44: services.web.environment.B: the variable "GONE" is not set, it is replaced by nothing
        environment: {A: "${NOPE:?set it}", B: "${GONE}"}
                                               ^
    hint: set it in the environment or in .env, or write ${GONE:-DEFAULT}
compose.yaml:6:18: services.db.restrat: unknown key "restrat"
      db: {image: y, restrat: always}
                     ^
    hint: did you mean "restart"?' -f compose.yaml config --format json
run 1 '{
  "findings": [
    {
      "severity": "error",
      "file": "more.yaml",
      "line": 2,
      "column": 27,
      "path": "services.web.ports[0]",
      "message": "the port \"80:x\" is wrong: the container port is no port or range of ports: \"x\"",
      "hint": null
    }
  ]
}' --findings json -f more.yaml config --format json
run 1 '{
  "findings": [
    {
      "severity": "error",
      "file": null,
      "line": null,
      "column": null,
      "path": null,
      "message": "unknown flag: --nonsense",
      "hint": null
    }
  ]
}' --findings json -f more.yaml config --nonsense
run 1 'unknown form of findings "xml" (text, json)' --findings xml -f more.yaml config
finish
