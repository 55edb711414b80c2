# The files of src/operator/kubernetes. Sorted; headers too.
operator_kubernetes_files = \
	# end
