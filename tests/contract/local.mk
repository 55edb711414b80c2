# The contract of operators. Sorted; headers too.
contract_test = tests/contract/contract
tests_contract_contract_SOURCES = \
	tests/contract/contract-changes.c \
	tests/contract/contract-life.c \
	tests/contract/contract-order.c \
	tests/contract/contract-streams.c \
	tests/contract/contract.c \
	tests/contract/contract.h \
	# end
tests_contract_contract_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit

EXTRA_DIST += tests/contract/changes.txt tests/contract/kill.sh

if !FUZZING
check_PROGRAMS += $(contract_test)
TESTS += $(contract_test) tests/contract/kill.sh
endif
