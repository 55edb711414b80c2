# The store: GET /last shows the last number, GET /cgi-bin/add?NUMBER keeps one.
data=${DATA_DIR:-/data}
mkdir -p "$data/cgi-bin"
[ -e "$data/last" ] || echo 0 >"$data/last"
cat >"$data/cgi-bin/add" <<'CGI'
#!/bin/sh
# Run in cgi-bin by the server.
echo "$QUERY_STRING" >../last.new && mv ../last.new ../last
printf 'Content-Type: text/plain\r\n\r\nkept %s\n' "$QUERY_STRING"
CGI
chmod +x "$data/cgi-bin/add"
echo "store: listening on port $PORT, last number is $(cat "$data/last")"
exec busybox httpd -f -p "$PORT" -h "$data"
