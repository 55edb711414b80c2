# The files of src/net. Sorted; headers too.
net_files = \
	src/net/context.c \
	src/net/context.h \
	src/net/digest.c \
	src/net/digest.h \
	src/net/dockerignore.c \
	src/net/dockerignore.h \
	src/net/http-error.c \
	src/net/http-hijack.c \
	src/net/http-internal.h \
	src/net/http-request.c \
	src/net/http.c \
	src/net/http.h \
	src/net/tarball.c \
	src/net/tarball.h \
	# end
