# The files of compose-compat/cli. Sorted; headers too.
compose_cli_files = \
	# end
