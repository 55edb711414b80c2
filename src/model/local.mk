# The files of src/model. Sorted; headers too.
model_files = \
	src/model/order.c \
	src/model/project.c \
	src/model/project.h \
	# end
