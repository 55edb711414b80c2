# The unit tests: test_NAME is made from test_NAME.c, libocto.a and tap.c. One line adds one.
unit_tests = \
	tests/unit/test_arena \
	tests/unit/test_attributes \
	tests/unit/test_auth \
	tests/unit/test_baremetal_keys \
	tests/unit/test_baremetal_log \
	tests/unit/test_baremetal_status \
	tests/unit/test_clock \
	tests/unit/test_context \
	tests/unit/test_converge \
	tests/unit/test_decode \
	tests/unit/test_diff \
	tests/unit/test_digest \
	tests/unit/test_docker_fields \
	tests/unit/test_docker_read \
	tests/unit/test_dockerignore \
	tests/unit/test_dotenv \
	tests/unit/test_endpoint \
	tests/unit/test_engine \
	tests/unit/test_err \
	tests/unit/test_events \
	tests/unit/test_execute \
	tests/unit/test_file \
	tests/unit/test_format \
	tests/unit/test_frames \
	tests/unit/test_http \
	tests/unit/test_interpolate \
	tests/unit/test_jread \
	tests/unit/test_jwrite \
	tests/unit/test_load \
	tests/unit/test_lock \
	tests/unit/test_loop \
	tests/unit/test_map \
	tests/unit/test_merge \
	tests/unit/test_node \
	tests/unit/test_options \
	tests/unit/test_path \
	tests/unit/test_plan \
	tests/unit/test_process \
	tests/unit/test_project \
	tests/unit/test_provider \
	tests/unit/test_quantity \
	tests/unit/test_reference \
	tests/unit/test_schema \
	tests/unit/test_short \
	tests/unit/test_ssh \
	tests/unit/test_str \
	tests/unit/test_variables \
	tests/unit/test_words \
	tests/unit/test_yread \
	tests/unit/test_ywrite \
	# end

check_LIBRARIES += tests/unit/libtap.a
tests_unit_libtap_a_SOURCES = \
	tests/unit/data-cases.h \
	tests/unit/fake_server.c \
	tests/unit/fake_server.h \
	tests/unit/plan_cases.inc \
	tests/unit/plan_fixture.c \
	tests/unit/plan_fixture.h \
	tests/unit/run_project.c \
	tests/unit/run_project.h \
	tests/unit/tap.c \
	tests/unit/tap.h \
	# end

EXTRA_DIST += tests/data

if !FUZZING
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif

# For every test program and fuzz target that does not say otherwise.
LDADD = tests/unit/libtap.a $(fuzz_driver) $(octo_libs)
