# tests/local.mk - how tests run: all of them speak TAP, through automake's driver. A test is a
# program (tests/unit, tests/fuzz) or a script whose name ends in .sh.
TEST_EXTENSIONS = .sh
tap_driver = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/tests/quiet-driver \
	$(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
EXTRA_DIST += tests/quiet-driver
LOG_DRIVER = $(tap_driver)
SH_LOG_DRIVER = $(tap_driver)
SH_LOG_COMPILER = $(SHELL)
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' \
	abs_top_builddir='$(abs_top_builddir)' NM='$(NM)' AWK='$(AWK)' PYTHON3='$(PYTHON3)' \
	FUZZ_TARGETS='$(fuzz_targets)' \
	LC_ALL=C; export FUZZ_TARGETS top_srcdir top_builddir abs_top_builddir NM AWK PYTHON3 LC_ALL; \
	# end

include tests/unit/local.mk
include tests/contract/local.mk
include tests/fuzz/local.mk
include tests/checks/local.mk
include tests/compose/local.mk
include tests/config/local.mk
include tests/cmd/local.mk

# What needs a container engine and Python (tests/README) is not part of `make check`.
EXTRA_DIST += tests/README tests/e2e tests/lib
check-e2e: octocompose$(EXEEXT)
	cd $(srcdir) && OCTOCOMPOSE_BIN='$(abs_top_builddir)/octocompose$(EXEEXT)' \
	    $(PYTHON3) -m pytest $(PYTEST_FLAGS) tests/e2e
.PHONY: check-e2e

# The unit tests and the contract of the in-memory operator once more under valgrind: it sees reads of
# memory that was never written, which the sanitizers do not. Leaks count as failures.
valgrind = valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite \
	--errors-for-leak-kinds=definite --child-silent-after-fork=yes
check-valgrind: $(check_PROGRAMS)
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests)' LOG_COMPILER='$(valgrind)'
	top_srcdir=$(top_srcdir) $(valgrind) $(contract_test) memory >/dev/null
.PHONY: check-valgrind
