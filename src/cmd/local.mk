# The files of src/cmd. Sorted; headers too.
cmd_files = \
	src/cmd/attached.c \
	src/cmd/attached.h \
	src/cmd/build.c \
	src/cmd/cmd.h \
	src/cmd/commands.c \
	src/cmd/commands.h \
	src/cmd/config.c \
	src/cmd/config.h \
	src/cmd/context.c \
	src/cmd/context.h \
	src/cmd/dispatch.c \
	src/cmd/down.c \
	src/cmd/exec.c \
	src/cmd/explain.c \
	src/cmd/help.c \
	src/cmd/input.c \
	src/cmd/input.h \
	src/cmd/kill.c \
	src/cmd/log-print.c \
	src/cmd/log-print.h \
	src/cmd/logs.c \
	src/cmd/ls.c \
	src/cmd/manual.c \
	src/cmd/operate.c \
	src/cmd/operate.h \
	src/cmd/options.c \
	src/cmd/options.h \
	src/cmd/pause.c \
	src/cmd/pin.c \
	src/cmd/pin.h \
	src/cmd/plan.c \
	src/cmd/progress-state.h \
	src/cmd/progress-tty.c \
	src/cmd/progress.c \
	src/cmd/progress.h \
	src/cmd/ps-row.c \
	src/cmd/ps-row.h \
	src/cmd/ps.c \
	src/cmd/pull.c \
	src/cmd/restart.c \
	src/cmd/rm.c \
	src/cmd/scale.c \
	src/cmd/start.c \
	src/cmd/stop.c \
	src/cmd/table.c \
	src/cmd/table.h \
	src/cmd/terminal.c \
	src/cmd/terminal.h \
	src/cmd/unpause.c \
	src/cmd/up.c \
	src/cmd/version.c \
	# end

# Other names that `make install` gives the program, as links.
program_links = \
	# end
