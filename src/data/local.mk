# The files of src/data. Sorted; headers too.
data_files = \
	src/data/decode.h \
	src/data/jread.c \
	src/data/jread.h \
	src/data/jwrite.c \
	src/data/jwrite.h \
	src/data/node-text.c \
	src/data/node-text.h \
	src/data/node.c \
	src/data/node.h \
	src/data/number.c \
	src/data/number.h \
	src/data/yread-build.c \
	src/data/yread-edit.c \
	src/data/yread-merge.c \
	src/data/yread-parts.h \
	src/data/yread-prepass.c \
	src/data/yread-scalar.c \
	src/data/yread.c \
	src/data/yread.h \
	src/data/ywrite.h \
	# end
