# The files of src/operator/memory. Sorted; headers too.
operator_memory_files = \
	src/operator/memory/memory-lower.c \
	src/operator/memory/memory-observe.c \
	src/operator/memory/memory-parts.h \
	src/operator/memory/memory-state.c \
	src/operator/memory/memory-step.c \
	src/operator/memory/memory-stream.c \
	src/operator/memory/memory.c \
	src/operator/memory/memory.h \
	# end
