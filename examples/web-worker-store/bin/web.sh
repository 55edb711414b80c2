# The page: one CGI program that asks the store.
root=$(mktemp -d /tmp/web.XXXXXX)
mkdir -p "$root/cgi-bin"
. bin/find-store.sh
cat >"$root/cgi-bin/page" <<CGI
#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\n%s, the last number is %s\n' "$GREETING" "\$(busybox wget -q -O - $store/last)"
CGI
chmod +x "$root/cgi-bin/page"
echo "web: http://127.0.0.1:$PORT/cgi-bin/page"
exec busybox httpd -f -p "$PORT" -h "$root"
