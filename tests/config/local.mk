# One project written both ways (docs/configuration.md) gives the same resources.
if !FUZZING
check_PROGRAMS += tests/config/resources
tests_config_resources_LDADD = $(octo_libs)
TESTS += tests/config/both-ways.sh
endif
EXTRA_DIST += tests/config/both-ways.sh tests/config/both_ways.py
