# The files of src/operator/baremetal. Sorted; headers too.
operator_baremetal_files = \
	# end
