# The files of src/template. Sorted; headers too.
template_files = \
	# end
