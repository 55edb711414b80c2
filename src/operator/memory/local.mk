# The files of src/operator/memory. Sorted; headers too.
operator_memory_files = \
	# end
