#!/bin/sh
# Projects made to break the loader are refused quickly and clearly: see limits.py.
if test -z "$PYTHON3" || ! "$PYTHON3" -c '' 2>/dev/null; then
    echo "1..0 # SKIP there is no Python 3"
    exit 0
fi
exec "$PYTHON3" "$top_srcdir/tests/compose/limits.py" "$abs_top_builddir/octocompose"
