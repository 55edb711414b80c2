# The differential test of the Compose file format; goldens are made by tests/compose/capture.
compose_cases = \
	tests/compose/compose-cases.sh \
	tests/compose/convert.sh \
	tests/compose/corpus.sh \
	tests/compose/coverage.sh \
	tests/compose/limits.sh \
	tests/compose/linear.sh \
	# end

if !FUZZING
check_PROGRAMS += tests/compose/serve tests/compose/table
tests_compose_serve_LDADD = $(octo_libs)
tests_compose_table_LDADD = $(octo_libs)
TESTS += $(compose_cases)
endif
EXTRA_DIST += $(compose_cases) \
	tests/compose/capture \
	tests/compose/cases \
	tests/compose/cases.py \
	tests/compose/convert \
	tests/compose/convert.py \
	tests/compose/corpus.py \
	tests/compose/coverage.py \
	tests/compose/differences.txt \
	tests/compose/limits.py \
	tests/compose/linear.py \
	tests/compose/maker.py \
	tests/compose/messages.py \
	tests/compose/messages.txt \
	tests/compose/random \
	tests/compose/reach.py \
	tests/compose/replay.py \
	tests/compose/uncovered.txt \
	# end

# What docker compose said of the corpus (corpus.py).
clean-local:
	rm -rf tests/compose/corpus-cache
.PHONY: clean-local
