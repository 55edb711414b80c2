# The unit tests: test_NAME is made from test_NAME.c, libocto.a and tap.c. One line adds one.
unit_tests = \
	# end

check_LIBRARIES += tests/unit/libtap.a
tests_unit_libtap_a_SOURCES = tests/unit/tap.c tests/unit/tap.h

if !FUZZING
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif

# For every test program that does not say otherwise.
LDADD = tests/unit/libtap.a $(octo_libs)
