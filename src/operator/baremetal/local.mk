# The files of src/operator/baremetal. Sorted; headers too.
operator_baremetal_files = \
	src/operator/baremetal/baremetal.c \
	src/operator/baremetal/baremetal.h \
	src/operator/baremetal/begin.c \
	src/operator/baremetal/control.c \
	src/operator/baremetal/create.c \
	src/operator/baremetal/event-file.c \
	src/operator/baremetal/keys.c \
	src/operator/baremetal/keys.h \
	src/operator/baremetal/launch.c \
	src/operator/baremetal/log.c \
	src/operator/baremetal/lower.c \
	src/operator/baremetal/members.c \
	src/operator/baremetal/observe.c \
	src/operator/baremetal/parts.h \
	src/operator/baremetal/place.c \
	src/operator/baremetal/ports.c \
	src/operator/baremetal/shim-health.c \
	src/operator/baremetal/shim-run.c \
	src/operator/baremetal/shim.c \
	src/operator/baremetal/shim.h \
	src/operator/baremetal/state.c \
	src/operator/baremetal/stream-events.c \
	src/operator/baremetal/stream-exec.c \
	src/operator/baremetal/stream-logs.c \
	# end
