# One local.mk a folder; each sets the list of its files, headers too. Lists are sorted and end in
# "# end", so that two additions seldom touch the same line.
include src/base/local.mk
include src/data/local.mk
include src/net/local.mk
include src/engine/local.mk
include src/model/local.mk
include src/template/local.mk
include src/config/local.mk
include src/plan/local.mk
include src/tool/local.mk
include src/operator/local.mk
include src/operator/docker/local.mk
include src/operator/baremetal/local.mk
include src/operator/kubernetes/local.mk
include src/operator/external/local.mk
include src/operator/memory/local.mk
include src/cmd/local.mk
