# The files of src/data. Sorted; headers too.
data_files = \
	# end
