# Healthy when something answers on the port.
exec busybox wget -q -O /dev/null "http://127.0.0.1:$1/last"
