#!/bin/sh
# The cases of tests/compose against the goldens that docker compose left: see replay.py.
if test -z "$PYTHON3" || ! "$PYTHON3" -c '' 2>/dev/null; then
    echo "1..0 # SKIP there is no Python 3"
    exit 0
fi
exec "$PYTHON3" "$top_srcdir/tests/compose/replay.py" "$abs_top_builddir/tests/compose/serve" \
    "$abs_top_builddir/octocompose"
