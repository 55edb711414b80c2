# The files of src/operator/docker. Sorted; headers too.
operator_docker_files = \
	# end
