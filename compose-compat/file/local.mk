# The files of compose-compat/file. Sorted; headers too.
compose_file_files = \
	# end
