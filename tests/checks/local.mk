# Checks of the source itself; they need a POSIX shell, awk and nm only.
source_checks = \
	tests/checks/banned.sh \
	tests/checks/layers.sh \
	tests/checks/listed.sh \
	tests/checks/sizes.sh \
	tests/checks/symbols.sh \
	# end

TESTS += $(source_checks)
EXTRA_DIST += $(source_checks) tests/checks/lib.sh
