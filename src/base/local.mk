# The files of src/base. Sorted; headers too.
base_files = \
	src/base/arena.h \
	src/base/base.h \
	src/base/clock.h \
	src/base/err-codes.h \
	src/base/err.h \
	src/base/file.h \
	src/base/findings.h \
	src/base/log.h \
	src/base/loop.h \
	src/base/map.h \
	src/base/mem.h \
	src/base/origin.h \
	src/base/process.h \
	src/base/str.h \
	src/base/vec.h \
	# end
