# The files of src/plan. Sorted; headers too.
plan_files = \
	# end
