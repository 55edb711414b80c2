#!/bin/sh
# convert.sh - `convert`, the old name of `config`, does what `config` does.
. "${top_srcdir:-.}/tests/checks/lib.sh"

octocompose=${abs_top_builddir:-.}/octocompose
for flags in "" "--format json" "--services" "--hash *" "-q" "--nonsense" "--images nobody"; do
    set -f
    # shellcheck disable=SC2086
    wanted=$(printf 'services: {a: {image: "x:${T:-1}"}}' | "$octocompose" -p p -f - config $flags 2>&1; echo $?)
    # shellcheck disable=SC2086
    got=$(printf 'services: {a: {image: "x:${T:-1}"}}' | "$octocompose" -p p -f - convert $flags 2>&1; echo $?)
    problems=
    test "$wanted" = "$got" || problems="config: $wanted
convert: $got"
    report "convert $flags is config $flags" "$problems"
done
finish
