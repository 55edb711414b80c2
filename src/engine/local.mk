# The files of src/engine. Sorted; headers too.
engine_files = \
	src/engine/answer.c \
	src/engine/auth.c \
	src/engine/call.c \
	src/engine/docker-config.c \
	src/engine/endpoint.c \
	src/engine/engine-internal.h \
	src/engine/engine.c \
	src/engine/engine.h \
	src/engine/events.c \
	src/engine/events.h \
	src/engine/frames.c \
	src/engine/negotiate.c \
	src/engine/reference.c \
	src/engine/ssh.c \
	src/engine/stream.c \
	# end
