fuzz_targets = \
	# end
