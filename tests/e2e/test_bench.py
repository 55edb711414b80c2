"""The test bench tests itself: the engine leaves nothing, the relay sees and spoils what it should."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import engine as engine_lib
import images
import relay as relay_lib

LIB = Path(engine_lib.__file__).parent


def traces(name):
    found = list(Path("/sys/fs/cgroup").glob("*/" + name)) + list(Path("/sys/fs/cgroup").glob(name))
    top = engine_lib.base_dir() / name
    if top.exists():
        found.append(top)
    with open("/proc/mounts") as f:
        found += [l for l in f if name in l]
    for p in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if name.encode() in p.read_bytes():
                found.append(p)
        except OSError:
            pass
    return found


def test_engine_is_private_and_leaves_nothing(engine):
    from conftest import start_engine
    t = time.monotonic()
    e = start_engine(engine.version)
    took = time.monotonic() - t
    c = e.api("POST", "/containers/create?name=other", {
        "Image": "nginx", "HostConfig": {"Binds": ["/oe-no-such-folder/x:/x"],
                                         "PortBindings": {"80/tcp": [{"HostPort": "8080"}]}}})["Id"]
    e.api("POST", "/containers/%s/start" % c)
    assert e.http(8080)[0] == 200
    assert not any("/other" in x["Names"] for x in engine.containers())
    name = e.top.name
    assert traces(name)
    e.stop()
    assert traces(name) == []
    assert not os.path.exists("/oe-no-such-folder")
    assert took < 10


def test_engine_of_a_killed_run_is_swept(engine):
    code = ("import sys; sys.path.insert(0, %r)\nimport engine, images, time\ne = engine.Engine(%r)\n"
            "images.Images(e).load_standard()\n"
            "c = e.api('POST', '/containers/create', {'Image': 'stand-in:1'})['Id']\n"
            "e.api('POST', '/containers/%%s/start' %% c)\n"
            "print(e.top.name, flush=True); time.sleep(100)" % (str(LIB), engine.version))
    for sig in (signal.SIGTERM, signal.SIGKILL):
        p = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        name = p.stdout.readline().strip()
        assert traces(name)
        p.send_signal(sig)
        p.wait(10)
        end = time.monotonic() + 5
        while sig == signal.SIGKILL and any("cmdline" in str(x) for x in traces(name)):
            assert time.monotonic() < end
            time.sleep(0.05)
        engine_lib.sweep()
        assert traces(name) == []


def test_images_have_fixed_ids_and_load_quickly(engine):
    a = images.archive([(["x:1"], {"Cmd": ["sh"]}, {"/f": b"x"})])
    assert a == images.archive([(["x:1"], {"Cmd": ["sh"]}, {"/f": b"x"})])
    t = time.monotonic()
    engine.images.load_standard()
    assert time.monotonic() - t < 5
    engine.images.add("quay.example/some/thing:3", {"Cmd": ["/stand-in", "x"]})
    engine.images.tag("stand-in:1", "other.example/name:4")
    assert engine.images.id("other.example/name:4") == engine.images.id("stand-in:1")
    engine.images.remove("other.example/name:4")
    engine.images.remove("quay.example/some/thing:3")


def test_registry(registry_engine):
    e = registry_engine
    e.images.add("fresh:7")
    before = e.images.id("fresh:7")
    e.publish("fresh:7")
    with pytest.raises(engine_lib.ApiError):
        e.images.id("fresh:7")
    e.api("POST", "/images/create?fromImage=fresh&tag=7", raw=True)
    assert e.images.id("fresh:7") == before
    e.images.remove("fresh:7")


def call(path, method, target, body=None, conn=None):
    c = conn or engine_lib.UnixConnection(path, 20)
    c.request(method, target, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
    r = c.getresponse()
    return r.status, r.read()


def test_relay_records(engine, relay):
    c = engine_lib.UnixConnection(relay.socket)
    for _ in range(3):
        assert call(None, "GET", "/v1.41/containers/json?all=1", conn=c)[0] == 200
    assert call(relay.socket, "POST", "/v1.41/networks/create", {"Name": "relayed"})[0] == 201
    assert call(relay.socket, "DELETE", "/v1.41/networks/relayed")[0] == 204
    assert [x.conn for x in relay.calls] == [1, 1, 1, 2, 3]
    assert [(x.method, x.path, x.status) for x in relay.mutating()] == [
        ("POST", "/networks/create", 201), ("DELETE", "/networks/relayed", 204)]
    assert relay.calls[0].query == {"all": "1"} and relay.calls[0].version == "v1.41"
    assert relay.calls[3].json == {"Name": "relayed"}
    assert relay.round_trips() == 5


def test_relay_is_quick(engine, relay):
    took = {}
    for path in (engine.socket, relay.socket):
        c = engine_lib.UnixConnection(path)
        best = []
        for _ in range(5):
            t = time.monotonic()
            for _ in range(100):
                call(None, "GET", "/_ping", conn=c)
            best.append((time.monotonic() - t) / 100)
        took[path] = min(best)
    assert took[relay.socket] - took[engine.socket] < 0.002  # 0.25 ms on a quiet machine


def test_relay_spoils(engine, relay):
    relay.fail(2, status=503)
    relay.garble(3)
    relay.garble(4, how="head")
    relay.cut(5, "before")
    relay.cut(6, "after")
    relay.cut(7, "mid")
    relay.delay(8, 0.2)
    hits = []
    relay.signal(9, hits.append)
    go = lambda: call(relay.socket, "GET", "/info")  # noqa: E731
    assert go()[0] == 200
    assert go() == (503, b'{"message": "relay: made to fail"}')
    assert b"garbled" in go()[1]
    for error in (http.client.BadStatusLine, (http.client.RemoteDisconnected, ConnectionError),
                  (http.client.RemoteDisconnected, ConnectionError), http.client.IncompleteRead):
        with pytest.raises(error):
            go()
    t = time.monotonic()
    assert go()[0] == 200
    assert time.monotonic() - t > 0.2
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        go()
    assert len(hits) == 1
    assert [c.spoiled for c in relay.calls] == [None, "fail", "garble", "garble", "cut", "cut", "cut", "delay", "signal"]
    relay.clear()
    relay.fail(1, match="mutating")
    relay.fail(2, match=r"^GET /_ping")
    assert call(relay.socket, "GET", "/_ping")[0] == 200
    assert call(relay.socket, "GET", "/info")[0] == 200
    assert call(relay.socket, "POST", "/networks/create", {"Name": "never"})[0] == 500
    assert call(relay.socket, "GET", "/_ping")[0] == 500
    assert "never" not in engine.networks()


def test_relay_streams(engine, relay):
    """Events, followed logs and hijacked exec pass through as they come."""
    e = engine
    c = e.api("POST", "/containers/create?name=streamer", {
        "Image": "busybox", "Cmd": ["sh", "-c", "while :; do echo tick; sleep 0.1; done"], "StopTimeout": 0})["Id"]
    events = engine_lib.UnixConnection(relay.socket, 10)
    events.request("GET", "/v1.41/events?filters=%7B%22container%22%3A%5B%22streamer%22%5D%7D")
    r = events.getresponse()
    t = time.monotonic()
    e.api("POST", "/containers/%s/start" % c)
    assert b"start" in r.readline()
    assert time.monotonic() - t < 5
    logs = engine_lib.UnixConnection(relay.socket, 10)
    logs.request("GET", "/v1.41/containers/streamer/logs?stdout=1&follow=1")
    assert b"tick" in logs.getresponse().readline()
    x = e.api("POST", "/containers/streamer/exec", {
        "Cmd": ["cat"], "AttachStdin": True, "AttachStdout": True})["Id"]
    s = engine_lib.UnixConnection(relay.socket, 10)
    s.connect()
    body = b'{"Detach":false,"Tty":false}'
    s.sock.sendall(b"POST /v1.41/exec/%s/start HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                   b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (x.encode(), len(body)) + body)
    got = b""
    while b"\r\n\r\n" not in got:
        got += s.sock.recv(4096)
    assert b" 101 " in got.split(b"\r\n")[0]
    rest = got.split(b"\r\n\r\n", 1)[1]
    s.sock.sendall(b"echoed\n")
    while b"echoed" not in rest:
        rest += s.sock.recv(4096)
    import socket
    s.sock.shutdown(socket.SHUT_WR)
    while s.sock.recv(4096):
        pass
    events.close()
    logs.close()
    e.api("DELETE", "/containers/streamer?force=1")
    assert relay.calls[-1].hijacked and relay.round_trips() == 0


def test_relay_big_body(engine, relay):
    """A chunked upload of some megabytes goes through."""
    data = images.archive([(["big:1"], {"Cmd": ["sh"]}, {"/f": os.urandom(3 << 20)})])

    def chunks():
        for i in range(0, len(data), 100000):
            yield data[i:i + 100000]
    c = engine_lib.UnixConnection(relay.socket, 30)
    c.request("POST", "/v1.41/images/load?quiet=1", chunks(), {"Content-Type": "application/x-tar"}, encode_chunked=True)
    r = c.getresponse()
    r.read()
    assert r.status == 200
    engine.images.remove("big:1")
