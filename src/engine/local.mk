# The files of src/engine. Sorted; headers too.
engine_files = \
	# end
