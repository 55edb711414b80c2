#!/bin/sh
# Projects as compose files and as OctoCompose configurations: see both_ways.py.
if test -z "$PYTHON3" || ! "$PYTHON3" -c '' 2>/dev/null; then
    echo "1..0 # SKIP there is no Python 3"
    exit 0
fi
exec "$PYTHON3" "$top_srcdir/tests/config/both_ways.py" "$abs_top_builddir/octocompose" \
    "$abs_top_builddir/tests/config/resources"
