# The files of src/tool. Sorted; headers too.
tool_files = \
	src/tool/provider.c \
	src/tool/provider.h \
	# end
