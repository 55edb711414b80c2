# The files of src/operator/external. Sorted; headers too.
operator_external_files = \
	# end
