include compose-compat/file/local.mk
include compose-compat/cli/local.mk
