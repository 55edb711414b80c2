# The files of src/net. Sorted; headers too.
net_files = \
	# end
