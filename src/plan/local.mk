# The files of src/plan. Sorted; headers too.
plan_files = \
	src/plan/diff.c \
	src/plan/execute.c \
	src/plan/execute.h \
	src/plan/lock.c \
	src/plan/lock.h \
	src/plan/operator.c \
	src/plan/operator.h \
	src/plan/plan-artifacts.c \
	src/plan/plan-calls.c \
	src/plan/plan-data.c \
	src/plan/plan-down.c \
	src/plan/plan-instances.c \
	src/plan/plan-parts.h \
	src/plan/plan-print.c \
	src/plan/plan-replace.c \
	src/plan/plan-start.c \
	src/plan/plan-steps.c \
	src/plan/plan-units.c \
	src/plan/plan-verbs.c \
	src/plan/plan.c \
	src/plan/plan.h \
	src/plan/resource.c \
	src/plan/resource.h \
	# end
