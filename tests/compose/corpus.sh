#!/bin/sh
# The projects of ../shared/corpus/compose through docker compose and octocompose. Skipped where the corpus
# or docker compose is missing.
if test -z "$PYTHON3" || ! "$PYTHON3" -c '' 2>/dev/null; then
    echo "1..0 # SKIP there is no Python 3"
    exit 0
fi
exec "$PYTHON3" "$top_srcdir/tests/compose/corpus.py" "$abs_top_builddir/tests/compose/serve" \
    "$abs_top_builddir/tests/compose/corpus-cache"
