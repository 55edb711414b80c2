# The files of src/config. Sorted; headers too.
config_files = \
	# end
