# The files of src/operator/memory, and the table of all operators. Sorted; headers too.
operator_memory_files = \
	src/operator/table.c \
	# end
