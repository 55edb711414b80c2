# Sets $store: where services have names (containers) it is called "store", else it is on this host.
store=http://127.0.0.1:8081
busybox wget -q -O /dev/null http://store:8081/last 2>/dev/null && store=http://store:8081
