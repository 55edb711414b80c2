# The files of src/cmd. Sorted; headers too.
cmd_files = \
	# end

# Other names that `make install` gives the program, as links.
program_links = \
	# end
