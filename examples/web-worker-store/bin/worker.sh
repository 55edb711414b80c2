# The worker: counts on from what the store has, a step every INTERVAL seconds.
. bin/find-store.sh
number=$(busybox wget -q -O - "$store/last")
echo "worker: going on from $number"
while :; do
    number=$((number + 1))
    busybox wget -q -O - "$store/cgi-bin/add?$number" >/dev/null && echo "worker: kept $number"
    sleep "${INTERVAL:-1}"
done
