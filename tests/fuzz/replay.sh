#!/bin/sh
# replay.sh - gives every fuzz target the files of its corpus (tests/fuzz/corpus/NAME for fuzz_NAME).
# FUZZ_TARGETS, from tests/local.mk, names the targets.
n=0
for target in $FUZZ_TARGETS; do
    n=$((n + 1))
    name=${target##*/fuzz_}
    corpus=$top_srcdir/tests/fuzz/corpus/$name
    log=fuzz-replay-$name.log
    if [ ! -d "$corpus" ]; then
        echo "not ok $n - $name: there is no folder $corpus"
    elif "$top_builddir/$target" -runs=0 "$corpus" >"$log" 2>&1; then
        echo "ok $n - $name"
    else
        echo "not ok $n - $name"
        tail -n 40 "$log" | sed 's/^/# /'
    fi
    rm -f "$log"
done
echo "1..$n"
