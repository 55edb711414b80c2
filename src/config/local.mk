# The files of src/config. Sorted; headers too.
config_files = \
	src/config/compose-part.c \
	src/config/convert.c \
	src/config/convert.h \
	src/config/load.c \
	src/config/load.h \
	src/config/octo-form.c \
	src/config/pipeline.c \
	src/config/pipeline.h \
	src/config/references.c \
	src/config/repos.c \
	src/config/services.c \
	src/config/settings.c \
	src/config/settings.h \
	src/config/sources.c \
	src/config/sources.h \
	# end
