# Tests of the command line that need neither an engine nor Python.
cmd_tests = \
	tests/cmd/convert.sh \
	tests/cmd/explain.sh \
	tests/cmd/findings.sh \
	tests/cmd/manual.sh \
	# end

TESTS += $(cmd_tests)
EXTRA_DIST += $(cmd_tests)
