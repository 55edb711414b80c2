# Sets $store: in a container the store has its service's name, on bare metal it is on this host.
store=http://store:8081
[ -z "${OCTO_INSTANCE:-}" ] || store=http://127.0.0.1:8081
