# The fuzz targets: fuzz_NAME is made from fuzz_NAME.c; its corpus is tests/fuzz/corpus/NAME. One line
# adds one. `make check` replays the corpora; after `configure CC=clang --enable-fuzzing
# --enable-address-sanitizer`, `make fuzz` looks for new inputs (FUZZ_SECONDS for each target),
# starting from the cases of tests/compose as well (seeds).
fuzz_targets = \
	tests/fuzz/fuzz_base \
	tests/fuzz/fuzz_dockerignore \
	tests/fuzz/fuzz_dotenv \
	tests/fuzz/fuzz_frames \
	tests/fuzz/fuzz_http_answer \
	tests/fuzz/fuzz_interpolate \
	tests/fuzz/fuzz_jread \
	tests/fuzz/fuzz_load \
	tests/fuzz/fuzz_reference \
	tests/fuzz/fuzz_short \
	tests/fuzz/fuzz_yread \
	# end

check_PROGRAMS += $(fuzz_targets)
TESTS += tests/fuzz/replay.sh
EXTRA_DIST += tests/fuzz/replay.sh tests/fuzz/seeds tests/fuzz/corpus

# A target has no main() of its own: it takes the driver's from this library, or libFuzzer's.
if FUZZING
fuzz_driver = $(FUZZ_LDADD)
else
check_LIBRARIES += tests/fuzz/libdriver.a
tests_fuzz_libdriver_a_SOURCES = tests/fuzz/driver.c
fuzz_driver = tests/fuzz/libdriver.a
endif

FUZZ_SECONDS = 30
fuzz: $(fuzz_targets)
	@$(PYTHON3) $(srcdir)/tests/fuzz/seeds fuzz-seeds
	@for target in $(fuzz_targets); do \
	    name=$${target#tests/fuzz/fuzz_}; \
	    seeds=; \
	    test ! -d fuzz-seeds/$$name || seeds="-dict=fuzz-seeds/compose.dict fuzz-seeds/$$name"; \
	    mkdir -p fuzz-found/$$name && \
	    $$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
	        -artifact_prefix=fuzz-found/$$name- \
	        fuzz-found/$$name $(srcdir)/tests/fuzz/corpus/$$name $$seeds || exit 1; \
	done
.PHONY: fuzz
