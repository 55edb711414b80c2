# The differential test of the Compose file format; goldens are made by tests/compose/capture.
compose_cases = \
	tests/compose/compose-cases.sh \
	tests/compose/corpus.sh \
	# end

TESTS += $(compose_cases)
EXTRA_DIST += $(compose_cases) \
	tests/compose/capture \
	tests/compose/cases \
	tests/compose/cases.py \
	tests/compose/corpus.py \
	tests/compose/differences.txt \
	tests/compose/random \
	tests/compose/replay.py \
	# end
