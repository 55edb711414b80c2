#!/bin/sh
# Is there a case of tests/compose for every row of the schema table in every form: see coverage.py.
if test -z "$PYTHON3" || ! "$PYTHON3" -c '' 2>/dev/null; then
    echo "1..0 # SKIP there is no Python 3"
    exit 0
fi
exec "$PYTHON3" "$top_srcdir/tests/compose/coverage.py" "$abs_top_builddir/tests/compose/table"
