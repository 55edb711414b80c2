#!/bin/sh
# manual.sh - the manual page and the completion in the tree are what the program prints: whoever
# changes an option runs `octocompose manual >docs/octocompose.1` (and completion bash) with it.
. "${top_srcdir:-.}/tests/checks/lib.sh"

for pair in "manual:docs/octocompose.1" "completion bash:contrib/completion/octocompose"; do
    # shellcheck disable=SC2086
    problems=$("${abs_top_builddir:-.}/octocompose" ${pair%%:*} | diff "${pair#*:}" - 2>&1)
    report "${pair#*:} is what \`octocompose ${pair%%:*}\` prints" "$problems"
done
finish
