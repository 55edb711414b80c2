"""A relay on an Engine's socket that records every call and can spoil any of them.

Sits between a client and an Engine (or pretends to be one that is broken). Passes
streams, hijacked connections and keep-alive through unbuffered. Runs in a thread
of its own with an asyncio loop; rules and records may be used from other threads.

    with Relay(engine.socket) as r:
        r.fail(2, match="mutating")            # the second mutating call gets status 500
        ... run the client with DOCKER_HOST=unix://r.socket ...
        r.calls, r.mutating(), r.round_trips()
"""

import asyncio
import itertools
import json
import os
import re
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

VERSION = re.compile(r"^/v\d+\.\d+(?=/)")
# POST calls that change nothing on the engine
HARMLESS = re.compile(r"^/(containers/[^/]+/(attach|wait|resize)|exec/[^/]+/resize|auth|session)$")

KEPT = 1 << 20  # bytes of a streamed body that are kept


class Call:
    """One request and what came of it."""

    def __init__(self, index, conn, method, target, body, headers):
        self.index = index            # 1, 2, ... in the order of arrival
        self.conn = conn              # number of the client connection
        self.method = method
        path, _, query = target.partition("?")
        m = VERSION.match(path)
        self.version = m.group(0)[1:] if m else None
        self.path = VERSION.sub("", path)
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        self.body = body              # a streamed one is there once it was sent
        self.headers = headers
        self.status = None
        self.response = b""           # the first bytes of the answer's body
        self.start = time.monotonic()
        self.at = time.time()         # the same moment as a date
        self.finish = None
        self.spoiled = None
        self.hijacked = False

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def mutating(self):
        return self.method in ("POST", "PUT", "DELETE", "PATCH") and not HARMLESS.match(self.path)

    @property
    def stream(self):
        """A call that is expected to stay open: events, wait, followed logs, attach."""
        return (self.hijacked or self.path == "/events" or self.path.endswith(("/wait", "/attach"))
                or self.query.get("follow") in ("1", "true"))

    def __repr__(self):
        q = "?" + urllib.parse.urlencode(self.query) if self.query else ""
        return "%s %s%s -> %s%s" % (self.method, self.path, q, self.status,
                                    " (%s)" % self.spoiled if self.spoiled else "")


class Rule:
    def __init__(self, nth, match, action, **args):
        self.nth, self.match, self.action, self.args = nth, match, action, args
        self.seen = 0
        self.hit = None  # the call it was applied to

    def applies(self, call):
        m = self.match
        if m == "all":
            ok = True
        elif m == "mutating":
            ok = call.mutating
        elif callable(m):
            ok = m(call)
        else:
            ok = re.search(m, "%s %s" % (call.method, call.path)) is not None
        if not ok:
            return False
        self.seen += 1
        if self.nth is None or self.seen == self.nth:
            self.hit = call
            return True
        return False


class Cut(Exception):
    """The connection is to be closed now."""


class Peer:
    """A stream with a buffer of its own, so that watching for the end loses nothing."""

    def __init__(self, reader, writer):
        self.r, self.w = reader, writer
        self.buf = bytearray()
        self.eof = False

    async def fill(self):
        if self.eof:
            return False
        d = await self.r.read(65536)
        if not d:
            self.eof = True
            return False
        self.buf += d
        return True

    async def head(self):
        while True:
            i = self.buf.find(b"\r\n\r\n")
            if i >= 0:
                h = bytes(self.buf[:i + 4])
                del self.buf[:i + 4]
                return h
            if len(self.buf) > 1 << 20 or not await self.fill():
                return None

    async def some(self, n=None):
        if not self.buf and not await self.fill():
            return b""
        d = bytes(self.buf if n is None else self.buf[:n])
        del self.buf[:len(d)]
        return d

    async def line(self):
        while b"\n" not in self.buf:
            if not await self.fill():
                raise Cut()
        i = self.buf.index(b"\n") + 1
        d = bytes(self.buf[:i])
        del self.buf[:i]
        return d

    async def send(self, data):
        self.w.write(data)
        await self.w.drain()

    def close(self):
        try:
            self.w.close()
        except Exception:
            pass

    def abort(self):
        try:
            self.w.transport.abort()
        except Exception:
            pass


def parse_head(head):
    lines = head.decode("latin-1").split("\r\n")
    h = {}
    for l in lines[1:]:
        k, _, v = l.partition(":")
        if k:
            h[k.strip().lower()] = v.strip()
    return lines[0], h


class Relay:
    def __init__(self, upstream, path=None):
        self.upstream = str(upstream)
        self.dir = None
        if path is None:
            self.dir = tempfile.mkdtemp(prefix="or.%d." % os.getpid(), dir=os.environ.get("OCTO_TEST_TMP", "/tmp"))
            path = os.path.join(self.dir, "s")
        self.socket = path
        self.calls = []
        self.rules = []
        self.latency = 0.0       # added to every answer, see round_trips()
        self._conns = itertools.count(1)
        self._lock = threading.Lock()
        self._tasks = set()

    # -- life

    def start(self):
        ready = threading.Event()
        self.loop = asyncio.new_event_loop()

        def work():
            asyncio.set_event_loop(self.loop)

            async def up():
                self.server = await asyncio.start_unix_server(self._client, self.socket)
                ready.set()
            self.loop.run_until_complete(up())
            self.loop.run_forever()
            for t in list(self._tasks):
                t.cancel()
            self.loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
            self.loop.close()

        self.thread = threading.Thread(target=work, daemon=True)
        self.thread.start()
        ready.wait(10)
        return self

    def stop(self):
        def end():
            self.server.close()
            self.loop.stop()
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(end)
            self.thread.join(10)
        try:
            os.unlink(self.socket)
        except OSError:
            pass
        if self.dir:
            os.rmdir(self.dir)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # -- rules: the Nth call that matches ("all", "mutating", regexp of "METHOD /path", function)

    def _rule(self, nth, match, action, **args):
        r = Rule(nth, match, action, **args)
        self.rules.append(r)
        return r

    def fail(self, nth, status=500, body=None, match="all"):
        """Answer with a status; the engine never sees the call."""
        if body is None:
            body = {"message": "relay: made to fail"}
        return self._rule(nth, match, "fail", status=status, body=body)

    def delay(self, nth, seconds, match="all"):
        return self._rule(nth, match, "delay", seconds=seconds)

    def garble(self, nth, match="all", how="body"):
        """The engine does it, the answer is nonsense: of the body, or of the whole ("head")."""
        return self._rule(nth, match, "garble", how=how)

    def cut(self, nth, when="before", match="all"):
        """Close the connection before the engine sees the call, after it did it, or mid answer."""
        return self._rule(nth, match, "cut", when=when)

    def signal(self, nth, callback, when="before", match="all"):
        """Call back (e.g. to kill the client) before the engine sees the call or after it did it."""
        return self._rule(nth, match, "signal", callback=callback, when=when)

    def leave(self, nth, callback, until, seconds=0.0, match="all"):
        """Call back (to kill the client), and pass the call on when until() is true and a time later:
        what a client asked for that is gone when the engine gets to it."""
        return self._rule(nth, match, "leave", callback=callback, until=until, seconds=seconds)

    def stall(self, nth, match="all"):
        """Take the call and never answer."""
        return self._rule(nth, match, "stall")

    def clear(self):
        self.rules = []
        self.calls = []

    # -- records

    def mutating(self):
        return [c for c in self.calls if c.mutating]

    def wait_idle(self, timeout=5):
        end = time.monotonic() + timeout
        while time.monotonic() < end and any(c.finish is None and not c.stream for c in self.calls):
            time.sleep(0.005)

    def round_trips(self, calls=None):
        """Length of the longest chain of calls that began after the one before had ended.

        Set .latency to 0.02 or so while recording, so that calls sent at the same time
        overlap for certain."""
        cs = [c for c in (self.calls if calls is None else calls) if c.finish is not None and not c.stream]
        n, last = 0, 0.0
        for c in sorted(cs, key=lambda c: c.finish):
            if c.start >= last:
                n += 1
                last = c.finish
        return n

    def report(self):
        zero = self.calls[0].start if self.calls else 0
        return "\n".join("%3d c%d %6.0f-%-6s ms %s" % (
            c.index, c.conn, (c.start - zero) * 1000,
            "" if c.finish is None else "%.0f" % ((c.finish - zero) * 1000), c) for c in self.calls)

    # -- the work

    async def _client(self, reader, writer):
        t = asyncio.current_task()
        self._tasks.add(t)
        client = Peer(reader, writer)
        self.server_peer = None
        box = [None]
        try:
            await self._serve(client, next(self._conns), box)
        except (Cut, ConnectionError, asyncio.IncompleteReadError, OSError):
            pass
        except asyncio.CancelledError:
            pass
        finally:
            client.close()
            if box[0]:
                box[0].close()
            self._tasks.discard(t)

    async def _up(self, box):
        if box[0] is None or box[0].eof or box[0].w.is_closing():
            r, w = await asyncio.open_unix_connection(self.upstream)
            box[0] = Peer(r, w)
        return box[0]

    async def _serve(self, client, conn, box):
        while True:
            head = await client.head()
            if head is None:
                return
            line, h = parse_head(head)
            try:
                method, target, _ = line.split(" ", 2)
            except ValueError:
                return
            n = int(h.get("content-length") or 0)
            chunked = h.get("transfer-encoding", "").lower() == "chunked"
            body = b""
            small = not chunked and n <= 1 << 20 and "expect" not in h
            if small:
                while len(client.buf) < n:
                    if not await client.fill():
                        return
                body = bytes(client.buf[:n])
                del client.buf[:n]
            with self._lock:
                call = Call(len(self.calls) + 1, conn, method, target, body, h)
                self.calls.append(call)
                rules = [r for r in self.rules if r.applies(call)]
            try:
                again = await self._one(call, rules, client, box, head, h, body, n, chunked, small)
            finally:
                if call.finish is None:
                    call.finish = time.monotonic()
            if not again:
                return

    async def _reply(self, client, call, status, body):
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        call.status = status
        call.response = body
        call.finish = time.monotonic()
        await client.send(b"HTTP/1.1 %d Made Up\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                          % (status, len(body)) + (b"" if call.method == "HEAD" else body))

    async def _drain_body(self, call, client, n, chunked, small):
        if small:
            return
        while n > 0 and not chunked:
            d = await client.some(n)
            if not d:
                raise Cut()
            n -= len(d)

    async def _one(self, call, rules, client, box, head, h, body, n, chunked, small):
        after = []
        for r in rules:
            call.spoiled = r.action
            a = r.args
            if r.action == "delay":
                await asyncio.sleep(a["seconds"])
            elif r.action == "fail":
                await self._drain_body(call, client, n, chunked, small)
                await self._reply(client, call, a["status"], a["body"])
                return not chunked
            elif r.action == "leave":
                await self._pass_late(call, box, head + body, a)
            elif r.action == "stall":
                while await client.fill():
                    pass
                raise Cut()
            elif r.action == "cut" and a["when"] == "before":
                client.abort()
                raise Cut()
            elif r.action == "signal" and a["when"] == "before":
                a["callback"](call)
                raise Cut()
            else:
                after.append(r)

        up = await self._up(box)
        try:
            await up.send(head + body)
        except ConnectionError:
            box[0] = None
            up = await self._up(box)
            await up.send(head + body)

        sender = None
        if not small:
            sender = asyncio.ensure_future(self._send_body(call, client, up, n, chunked))
        try:
            return await self._answer(call, after, client, up, h, sender)
        finally:
            if sender and not sender.done():
                sender.cancel()
                try:
                    await sender
                except (asyncio.CancelledError, Exception):
                    pass

    async def _pass_late(self, call, box, request, a):
        a["callback"](call)
        while not a["until"]():
            await asyncio.sleep(0.001)
        await asyncio.sleep(a["seconds"])
        up = await self._up(box)
        await up.send(request)
        line, rh = parse_head(await up.head())
        call.status = int(line.split(" ")[1])
        await self._swallow(call, up, call.status, rh.get("content-length"), False)
        raise Cut()

    async def _send_body(self, call, client, up, n, chunked):
        kept = bytearray()

        async def pass_on(left, keep=True):
            while left:
                d = await client.some(left)
                if not d:
                    raise Cut()
                await up.send(d)
                left -= len(d)
                if keep and len(kept) < KEPT:
                    kept.extend(d)

        while chunked:
            size = await client.line()
            await up.send(size)
            left = int(size.split(b";")[0], 16)
            if left == 0:
                while True:
                    l = await client.line()
                    await up.send(l)
                    if l in (b"\r\n", b"\n"):
                        break
                break
            await pass_on(left)
            await pass_on(2, keep=False)
        await pass_on(n)
        call.body = bytes(kept)

    async def _watched(self, client, work, busy):
        """Await work (reading from the engine) unless the client goes away meanwhile."""
        task = asyncio.ensure_future(work)
        while not task.done():
            if busy or client.eof or len(client.buf) > 1 << 20:
                await asyncio.wait({task})
                break
            watch = asyncio.ensure_future(client.fill())
            await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
            if not watch.done():
                watch.cancel()
                try:
                    await watch
                except asyncio.CancelledError:
                    pass
            if client.eof and not task.done():
                task.cancel()
                try:
                    await task
                except (asyncio.CancelledError, Exception):
                    pass
                raise Cut()
        return task.result()

    async def _answer(self, call, after, client, up, h, sender):
        hijack_path = call.path.endswith("/attach") or re.match(r"^/exec/[^/]+/start$", call.path)
        busy = sender is not None or bool(hijack_path)
        while True:
            head = await self._watched(client, up.head(), busy)
            if head is None:
                raise Cut()
            line, rh = parse_head(head)
            status = int(line.split(" ")[1])
            if status == 101 or status >= 200:
                break
            await client.send(head)
        call.status = status
        if self.latency:
            await asyncio.sleep(self.latency)
        length = rh.get("content-length")
        rchunked = rh.get("transfer-encoding", "").lower() == "chunked"
        hijacked = status == 101 or (status == 200 and hijack_path and length is None and not rchunked)
        mid = False
        for r in after:
            a = r.args
            if r.action == "garble" and not hijacked:
                await self._swallow(call, up, status, length, rchunked)
                call.finish = time.monotonic()
                if a["how"] == "head":
                    await client.send(b"\x00\xffthis is not HTTP\r\n\r\n{]")
                else:
                    junk = b'{"garbled":[\x00\xff'
                    await client.send(b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                                      % (200 if status < 300 else status, len(junk)) + junk)
                raise Cut()
            if r.action in ("cut", "garble") and a.get("when") != "mid":
                if not call.stream:
                    await self._swallow(call, up, status, length, rchunked)
                client.abort()
                raise Cut()
            if r.action == "signal":
                if not call.stream:
                    await self._swallow(call, up, status, length, rchunked)
                a["callback"](call)
                raise Cut()
            if r.action == "cut":
                mid = True
        if mid:
            if call.method == "HEAD" or status == 204 or length == "0":
                await client.send(head[:len(head) // 2])
            else:
                await client.send(head)
                d = await up.some()
                await client.send(d[:max(1, len(d) // 2)])
            client.close()
            raise Cut()

        if hijacked:
            call.hijacked = True
            await client.send(head)
            await self._pipe(client, up)
            call.finish = time.monotonic()
            return False

        if call.method == "HEAD" or status in (204, 304) or length == "0":
            call.finish = time.monotonic()
            await client.send(head)
        elif length is not None:
            left = int(length)
            first = head
            while left:
                d = await self._watched(client, up.some(left), busy)
                if not d:
                    await client.send(first)
                    raise Cut()
                left -= len(d)
                if len(call.response) < 65536:
                    call.response += d
                if not left:
                    call.finish = time.monotonic()
                await client.send(first + d)
                first = b""
        elif rchunked:
            await client.send(head)
            await self._watched(client, self._copy_chunks(call, client, up), busy)
        else:
            await client.send(head)
            while True:
                d = await self._watched(client, up.some(), busy)
                if not d:
                    break
                await client.send(d)
            return False
        if rh.get("connection", "").lower() == "close" or h.get("connection", "").lower() == "close":
            return False
        if sender and not sender.done():
            return False  # the engine answered before it had the whole body
        return True

    async def _copy_chunks(self, call, client, up):
        pending = b""
        while True:
            size = await up.line()
            left = int(size.split(b";")[0], 16)
            if left == 0:
                pending += size
                while True:
                    l = await up.line()
                    pending += l
                    if l in (b"\r\n", b"\n"):
                        break
                call.finish = time.monotonic()
                await client.send(pending)
                return
            pending += size
            data = left
            left += 2
            while left:
                d = await up.some(left)
                if not d:
                    raise Cut()
                if data > 0 and len(call.response) < 65536:
                    call.response += d[:data]
                data -= len(d)
                left -= len(d)
                pending += d
                if not up.buf or left:
                    await client.send(pending)
                    pending = b""
            # keep small complete chunks together only when more is already here
            if pending and not up.buf:
                await client.send(pending)
                pending = b""

    async def _swallow(self, call, up, status, length, rchunked):
        """Let the engine finish: read the answer without passing it on."""
        if call.method == "HEAD" or status in (204, 304) or length == "0":
            return
        if length is not None:
            left = int(length)
            while left:
                d = await up.some(left)
                if not d:
                    return
                left -= len(d)
        elif rchunked:
            while True:
                left = int((await up.line()).split(b";")[0], 16)
                left += 2
                last = left == 2
                while left:
                    d = await up.some(left)
                    if not d:
                        return
                    left -= len(d)
                if last:
                    return

    async def _pipe(self, client, up):
        async def one(src, dst):
            try:
                while True:
                    d = await src.some()
                    if not d:
                        break
                    await dst.send(d)
                if dst.w.can_write_eof():
                    dst.w.write_eof()
            except (ConnectionError, OSError):
                pass
        there = asyncio.ensure_future(one(client, up))
        back = asyncio.ensure_future(one(up, client))
        await back
        there.cancel()
        try:
            await there
        except (asyncio.CancelledError, Exception):
            pass


def listen_refusing(path):
    """A socket file that nobody listens on."""
    import socket
    s = socket.socket(socket.AF_UNIX)
    s.bind(str(path))
    s.close()
    return path


class Babbler:
    """A server on a Unix socket that answers every connection with the given bytes."""

    def __init__(self, path, answer, close=True):
        self.path, self.answer, self.close_after = str(path), answer, close

    def __enter__(self):
        import socket
        self.s = socket.socket(socket.AF_UNIX)
        self.s.bind(self.path)
        self.s.listen(16)
        self.open = []

        def work():
            while True:
                try:
                    c, _ = self.s.accept()
                except OSError:
                    return
                try:
                    c.settimeout(5)
                    c.recv(65536)
                    c.sendall(self.answer)
                    if self.close_after:
                        c.close()
                    else:
                        self.open.append(c)
                except OSError:
                    pass
        self.t = threading.Thread(target=work, daemon=True)
        self.t.start()
        return self

    def __exit__(self, *_):
        import socket
        try:
            self.s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.s.close()
        for c in self.open:
            c.close()
        Path(self.path).unlink(missing_ok=True)
