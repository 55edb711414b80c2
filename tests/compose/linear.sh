#!/bin/sh
# The loader's cost grows with the size of the project, not with its square: see linear.py.
if test -z "$PYTHON3" || ! "$PYTHON3" -c '' 2>/dev/null; then
    echo "1..0 # SKIP there is no Python 3"
    exit 0
fi
exec "$PYTHON3" "$top_srcdir/tests/compose/linear.py" "$abs_top_builddir/octocompose"
