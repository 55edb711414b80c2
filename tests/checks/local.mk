# Checks of the source itself; they need a POSIX shell, awk and nm only.
source_checks = \
	# end

TESTS += $(source_checks)
EXTRA_DIST += $(source_checks)
