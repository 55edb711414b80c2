# The files of compose-compat/file. Sorted; headers too.
compose_file_files = \
	compose-compat/file/load.h \
	compose-compat/file/output.h \
	compose-compat/file/schema-build.c \
	compose-compat/file/schema-deploy.c \
	compose-compat/file/schema-mount.c \
	compose-compat/file/schema-parts.h \
	compose-compat/file/schema-service.c \
	compose-compat/file/schema-table.c \
	compose-compat/file/schema-types.h \
	compose-compat/file/schema.c \
	compose-compat/file/schema.h \
	compose-compat/file/stages.h \
	# end
