"""Running a compose program on a project and looking at what is there afterwards.

Program: one binary (the one under test, or a judge). Project: a folder with compose
files, a name of its own, and what the engine has of it. Used by the e2e tests.
"""

import itertools
import fcntl
import json
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
import urllib.parse
from pathlib import Path

from engine import ApiError, base_dir

LABEL = "com.docker.compose."


class Result:
    """What a finished run gave."""

    def __init__(self, args, code, out, err, wall, rss):
        self.args, self.code, self.out, self.err = args, code, out, err
        self.wall = wall          # seconds
        self.rss = rss            # peak memory in KiB, but never less than the test runner's own

    def ok(self):
        assert self.code == 0, self.describe()
        return self

    def fails(self, code=1):
        assert self.code == code, self.describe()
        return self

    def describe(self):
        return "%s\nexit status %s\n--- stdout\n%s\n--- stderr\n%s" % (
            " ".join(self.args), self.code, self.out[-3000:], self.err[-3000:])

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def json_lines(self):
        return [json.loads(l) for l in self.out.splitlines() if l.strip()]

    def __repr__(self):
        return self.describe()


class Running:
    """A program that was started; wait() gives its Result."""

    def __init__(self, args, cwd, env, input=None, stdin=None):
        self.args = [str(a) for a in args]
        self.files = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]
        self.begin = time.monotonic()
        src = subprocess.DEVNULL if stdin is None else stdin
        self.infile = None
        if input is not None:
            self.infile = tempfile.TemporaryFile()
            self.infile.write(input.encode() if isinstance(input, str) else input)
            self.infile.seek(0)
            src = self.infile
        self.proc = subprocess.Popen(self.args, cwd=cwd, env=env, stdin=src,
                                     stdout=self.files[0], stderr=self.files[1])
        self.pid = self.proc.pid
        self.result = None

    def kill(self, sig=signal.SIGKILL):
        try:
            os.kill(self.pid, sig)
        except ProcessLookupError:
            pass

    def read(self, which=0):
        f = self.files[which]
        return os.pread(f.fileno(), 1 << 22, 0).decode(errors="replace")

    def until(self, text, which=0, timeout=20):
        """Wait until text stands in its output so far."""
        end = time.monotonic() + timeout
        while text not in self.read(which):
            if time.monotonic() > end or self.poll() is not None:
                raise AssertionError("%r did not appear in the output of %s:\n%s\n%s" % (
                    text, " ".join(self.args), self.read(0), self.read(1)))
            time.sleep(0.02)
        return self

    def poll(self):
        if self.result is None:
            pid, status, use = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self._finish(status, use)
        return None if self.result is None else self.result.code

    def _finish(self, status, use):
        wall = time.monotonic() - self.begin
        code = os.waitstatus_to_exitcode(status)
        self.proc.returncode = code
        self.result = Result(self.args, code, self.read(0), self.read(1), wall, use.ru_maxrss)
        for f in self.files + [self.infile]:
            if f:
                f.close()

    def wait(self, timeout=60):
        if self.result is None:
            fd = os.pidfd_open(self.pid)
            try:
                p = select.poll()
                p.register(fd, select.POLLIN)
                done = p.poll(timeout * 1000)
            finally:
                os.close(fd)
            if not done:
                out, err = self.read(0), self.read(1)
                self.kill()
                _, status, use = os.wait4(self.pid, 0)
                self._finish(status, use)
                raise AssertionError("%s did not end in %d s\n--- stdout\n%s\n--- stderr\n%s" % (
                    " ".join(self.args), timeout, out[-3000:], err[-3000:]))
            _, status, use = os.wait4(self.pid, 0)
            self._finish(status, use)
        return self.result


class Terminal:
    """A program on a terminal of its own: type() into it, until() something appears, wait()."""

    def __init__(self, program, args, cwd, env=None, rows=24, columns=80, socket=None):
        self.args = program.prefix + [program.exe] + [str(a) for a in args]
        e = program.env(dict({"TERM": "xterm"}, **(env or {})), socket)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(cwd)
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                os.execvpe(self.args[0], self.args, e)
            finally:
                os._exit(127)
        self.text = ""
        self.code = None

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.fd, text.encode())

    def read(self, timeout):
        """What came within the time; '' when nothing did, None at the end."""
        if not select.select([self.fd], [], [], timeout)[0]:
            return ""
        try:
            d = os.read(self.fd, 65536)
        except OSError:
            return None
        if not d:
            return None
        self.text += d.decode(errors="replace")
        return self.text

    def until(self, what, timeout=20):
        end = time.monotonic() + timeout
        while what not in self.text:
            left = end - time.monotonic()
            if left < 0 or self.read(left) is None:
                raise AssertionError("%r did not appear on the terminal of %s:\n%r" % (
                    what, " ".join(self.args), self.text))
        return self

    def wait(self, timeout=20):
        end = time.monotonic() + timeout
        while self.read(max(0, min(0.2, end - time.monotonic()))) is not None:
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise AssertionError("%s did not end in %d s: %r" % (" ".join(self.args), timeout, self.text))
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        self.code = os.waitstatus_to_exitcode(status)
        return self.code


class Program:
    """A compose program, to be run against an engine's socket."""

    def __init__(self, exe, socket, path_env=None, prefix=()):
        self.exe = str(exe)
        self.prefix = [str(p) for p in prefix]
        self.socket = str(socket)
        self.home = Path(tempfile.mkdtemp(prefix="oh.%d." % os.getpid(), dir=base_dir()))
        self.path_env = path_env or os.environ["PATH"]
        self.is_judge = "docker-compose-v" in self.exe or "cli-plugins" in self.exe

    def env(self, extra=None, socket=None):
        e = {
            "PATH": self.path_env, "HOME": str(self.home), "LANG": "C.UTF-8", "TERM": "dumb", "TZ": "UTC",
            "XDG_CONFIG_HOME": str(self.home / "config"), "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_STATE_HOME": str(self.home / "state"), "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_RUNTIME_DIR": str(self.home / "run"),
            "DOCKER_HOST": "unix://" + (str(socket) if socket else self.socket),
        }
        for k in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LD_LIBRARY_PATH"):
            if k in os.environ:
                e[k] = os.environ[k]
        (self.home / "run").mkdir(exist_ok=True, mode=0o700)
        for k, v in (extra or {}).items():
            if v is None:
                e.pop(k, None)
            else:
                e[k] = str(v)
        return e

    def start(self, *args, cwd=None, env=None, input=None, socket=None, stdin=None):
        return Running(self.prefix + [self.exe] + [str(a) for a in args], cwd or str(self.home),
                       self.env(env, socket), input, stdin)

    def __call__(self, *args, timeout=60, **kw):
        return self.start(*args, **kw).wait(timeout)

    def close(self):
        shutil.rmtree(self.home, ignore_errors=True)


class Container:
    """One container of a project, as the list call shows it."""

    def __init__(self, c):
        self.id = c["Id"]
        self.name = c["Names"][0].lstrip("/") if c["Names"] else ""
        self.labels = c["Labels"]
        self.service = self.labels.get(LABEL + "service")
        self.number = int(self.labels.get(LABEL + "container-number") or 0)
        self.oneoff = self.labels.get(LABEL + "oneoff") == "True"
        self.hash = self.labels.get(LABEL + "config-hash")
        self.state = c["State"]
        self.status = c["Status"]
        self.image = c["Image"]

    def __repr__(self):
        return "<%s %s %s>" % (self.name, self.id[:12], self.state)


_count = itertools.count(1)


class Project:
    def __init__(self, engine, octo, top, name=None):
        self.engine = engine
        self.octo_program = octo
        self.name = name or "t%d%s" % (os.getpid(), "abcdefghij"[next(_count) % 10] + str(next(_count)))
        self.dir = Path(top) / self.name
        self.dir.mkdir(parents=True)
        self.before = (engine.volumes(), engine.networks(), {c["Id"] for c in engine.containers()})

    # -- files

    def write(self, text, name="compose.yaml"):
        f = self.dir / name
        f.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(text, str):
            text = json.dumps(text, indent=1)
        f.write_text(text)
        return f

    def replace(self, old, new, name="compose.yaml"):
        f = self.dir / name
        text = f.read_text()
        assert text.count(old) == 1, "%r is in %s %d times" % (old, name, text.count(old))
        f.write_text(text.replace(old, new))

    # -- running

    def start(self, *args, by=None, **kw):
        return (by or self.octo_program).start(*args, cwd=self.dir, **kw)

    def octo(self, *args, timeout=60, **kw):
        return self.start(*args, **kw).wait(timeout)

    def up(self, *args, **kw):
        return self.octo("up", "-d", *args, **kw)

    def down(self, *args, **kw):
        return self.octo("down", "-t", "1", *args, **kw)

    def terminal(self, *args, **kw):
        return Terminal(self.octo_program, args, self.dir, **kw)

    # -- what is there

    def containers(self, service=None, oneoff=False):
        cs = [Container(c) for c in self.engine.containers(self.name)]
        cs = [c for c in cs if c.oneoff == oneoff and service in (None, c.service)]
        return sorted(cs, key=lambda c: (c.service or "", c.number, c.name))

    def c(self, service, number=1):
        cs = [c for c in self.containers(service) if c.number == number]
        assert len(cs) == 1, "service %s number %d: %s" % (service, number, cs)
        return cs[0]

    def names(self):
        return sorted(c.name for c in self.containers())

    def ids(self):
        return {c.name: c.id for c in self.containers()}

    def running(self):
        """{name: (id, start time)} of what runs: equal before and after means untouched."""
        out = {}
        for c in self.containers():
            i = self.inspect(c.id)
            if i["State"]["Running"]:
                out[c.name] = (c.id, i["State"]["StartedAt"])
        return out

    def inspect(self, what, number=1):
        cid = what if len(what) == 64 else self.c(what, number).id
        return self.engine.api("GET", "/containers/%s/json" % cid)

    def volumes(self):
        q = urllib.parse.urlencode({"filters": json.dumps({"label": [LABEL + "project=" + self.name]})})
        return sorted(v["Name"] for v in self.engine.api("GET", "/volumes?" + q)["Volumes"] or [])

    def networks(self):
        q = urllib.parse.urlencode({"filters": json.dumps({"label": [LABEL + "project=" + self.name]})})
        return sorted(n["Name"] for n in self.engine.api("GET", "/networks?" + q))

    def logs(self, service, number=1):
        c = self.c(service, number)
        return demux(self.engine.api("GET", "/containers/%s/logs?stdout=1&stderr=1" % c.id, raw=True))

    def sh(self, service, script, number=1, user=None):
        """Run a shell script in a container: (exit status, output)."""
        return self.exec(service, ["sh", "-c", script], number, user)

    def exec(self, service, cmd, number=1, user=None):
        body = {"Cmd": cmd, "AttachStdout": True, "AttachStderr": True}
        if user:
            body["User"] = user
        e = self.engine.api("POST", "/containers/%s/exec" % self.c(service, number).id, body)["Id"]
        data = self.engine.api("POST", "/exec/%s/start" % e, {"Detach": False}, raw=True)
        code = self.engine.api("GET", "/exec/%s/json" % e)["ExitCode"]
        return code, demux(data)

    def wait_for(self, what, timeout=20, every=0.05):
        """Wait until what() is true; returns its value."""
        end = time.monotonic() + timeout
        while True:
            v = what()
            if v:
                return v
            assert time.monotonic() < end, "waited %d s in vain; containers: %s" % (timeout, self.containers())
            time.sleep(every)

    # -- the end

    def leftovers(self):
        """Everything the engine has now and had not when the project began."""
        v, n, c = self.before
        left = ["container " + x["Names"][0] for x in self.engine.containers() if x["Id"] not in c]
        left += ["network " + x for x in sorted(self.engine.networks() - n)]
        left += ["volume " + x for x in sorted(self.engine.volumes() - v)]
        return left

    def clean(self):
        v, n, c = self.before
        for _ in range(3):
            for x in self.engine.containers():
                if x["Id"] not in c:
                    self._delete("/containers/%s?force=1&v=1" % x["Id"])
            new = self.engine.networks() - n
            for x in self.engine.api("GET", "/networks"):
                if x["Name"] in new:
                    self._delete("/networks/" + x["Id"])  # names may stand twice
            for x in self.engine.volumes() - v:
                self._delete("/volumes/%s?force=1" % x)
            if not self.leftovers():
                return
            time.sleep(0.2)

    def _delete(self, path):
        try:
            self.engine.api("DELETE", path)
        except ApiError as e:
            if e.status not in (404, 409):
                raise


def demux(data):
    """The text in a stream of frames (stdout and stderr together)."""
    out, i = b"", 0
    while i + 8 <= len(data):
        n = int.from_bytes(data[i + 4:i + 8], "big")
        out += data[i + 8:i + 8 + n]
        i += 8 + n
    return out.decode(errors="replace")
