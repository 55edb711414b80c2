# The files of src/model. Sorted; headers too.
model_files = \
	# end
