# The files of src/operator itself: the table of all operators. Sorted; headers too.
operator_files = \
	src/operator/table.c \
	# end
