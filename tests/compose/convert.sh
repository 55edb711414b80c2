#!/bin/sh
# Every form of a project converted to the other and back: see convert.py. What it needs of ../shared is
# left out where that is missing.
if test -z "$PYTHON3" || ! "$PYTHON3" -c '' 2>/dev/null; then
    echo "1..0 # SKIP there is no Python 3"
    exit 0
fi
exec "$PYTHON3" "$top_srcdir/tests/compose/convert.py" "$abs_top_builddir"
