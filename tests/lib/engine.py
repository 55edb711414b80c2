"""A private Docker Engine for tests: started in about a second, several side by
side, gone without a trace when it is stopped or when its owner dies.

It runs in namespaces of its own:
  network  own docker0, iptables and ports; nothing of the host can be reached
  pid      killing its first process ends containerd, shims and containers
  mount    its root is an overlay of the host's: whatever it writes outside the
           shared folders (temporary files, cache) goes to memory and is lost

Not a container runtime test, not for production. Users: conftest.py, contrib/bench.
"""

import atexit
import ctypes
import errno
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

import fetch

libc = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
CLONE_NEWNET = 0x40000000

# What the first process of the namespaces does: private root, then dockerd with a parent that reaps.
INIT = r"""
set -e
T=$1 SIZE=$2; shift 2
mount --make-rprivate /
mount -t tmpfs -o size=$SIZE,mode=755 tmpfs $T/m
mkdir $T/m/up $T/m/work $T/m/root $T/m/data
mount -t overlay -o lowerdir=/,upperdir=$T/m/up,workdir=$T/m/work overlay $T/m/root
R=$T/m/root
for d in /proc /sys; do mount --rbind $d $R$d; done
mount -t tmpfs -o mode=755 tmpfs $R/dev
for d in null zero full random urandom tty kmsg fuse console; do [ ! -e /dev/$d ] || cp -a /dev/$d $R/dev/; done
for d in fd stdin stdout stderr; do cp -a /dev/$d $R/dev/; done
mkdir $R/dev/pts $R/dev/shm $R/dev/net $R/dev/dri $R/dev/dvb
mount --rbind /dev/pts $R/dev/pts
ln -s pts/ptmx $R/dev/ptmx
mount -t tmpfs tmpfs $R/dev/shm
mknod $R/dev/net/tun c 10 200
# devices that some projects ask for: here they are all like /dev/null
for d in dri/card0 dri/renderD128 dvb/adapter0 kvm vchiq vcsm video0 video10 video11 video12 ttyUSB0; do
	mknod -m 666 $R/dev/$d c 1 3
done
for d in $SHARE; do if [ -d $d ]; then mkdir -p $R$d; mount --bind $d $R$d; fi; done
mkdir -p $R/run/containerd $R/run/docker $R/etc/docker
mount -t tmpfs tmpfs $R/run
mkdir -p $R/run/lock
if [ -n "$RESOLV" ]; then rm -f $R/etc/resolv.conf; echo "$RESOLV" >$R/etc/resolv.conf; fi
mkdir -p $R$DATA
if [ -n "$DISK" ]; then mount --bind $T/data $R$DATA
elif [ -n "$DATASIZE" ]; then mount -t tmpfs -o size=$DATASIZE tmpfs $R$DATA
else mount --bind $T/m/data $R$DATA; fi
cd $R
mkdir -p .old
pivot_root . .old
umount -l /.old
rmdir /.old
mount -t proc proc /proc
ip link set lo up
echo '{}' >/run/oe.json
while :; do
	"$@" </dev/null >>$T/log 2>&1 &
	wait
	[ -e $T/again ] || exit 1
	rm -f $T/again /run/oe.pid
done
"""


class EngineError(Exception):
    pass


class ApiError(Exception):
    def __init__(self, method, path, status, message):
        super().__init__("%s %s: %d %s" % (method, path, status, message))
        self.status = status
        self.message = message


def base_dir():
    """Short, because a Unix socket's path must stay below 108 bytes."""
    d = os.environ.get("OCTO_TEST_TMP", "/tmp")
    return Path(d)


def default_version():
    v = os.environ.get("OCTO_TEST_ENGINE")
    if v:
        return v
    for v in fetch.ENGINES:
        if fetch._host_has(v):
            return v
    return "20.10"


def _start_time(pid):
    """Start time of a process in clock ticks: tells it from a later one with the same pid."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            s = f.read()
        rest = s[s.rindex(")") + 2:].split()
        return None if rest[0] in "ZX" else rest[19]
    except OSError:
        return None


def capabilities():
    """What a container can be given at most, as a bit set."""
    with open("/proc/self/status") as f:
        return [int(l.split()[1], 16) for l in f if l.startswith("CapBnd")][0]


def die_with_parent():
    """For preexec_fn: the child gets SIGKILL when the thread that started it ends."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=60):
        super().__init__("localhost", timeout=timeout)
        self.unix_path = str(path)

    def connect(self):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.settimeout(self.timeout)
        s.connect(self.unix_path)
        self.sock = s


def api(sock, method, path, body=None, headers=None, timeout=120, raw=False):
    """One call on an Engine's socket; JSON in, JSON out; raises ApiError from status 400 on."""
    c = UnixConnection(sock, timeout)
    h = dict(headers or {})
    if body is not None and not isinstance(body, (bytes, bytearray)) and not hasattr(body, "read"):
        body = json.dumps(body).encode()
        h.setdefault("Content-Type", "application/json")
    elif method == "POST" and body is None:
        h.setdefault("Content-Type", "application/json")
    try:
        c.request(method, path, body, h)
        r = c.getresponse()
        data = r.read()
    finally:
        c.close()
    if r.status >= 400:
        try:
            msg = json.loads(data)["message"]
        except (ValueError, KeyError, TypeError):
            msg = data.decode(errors="replace").strip()
        raise ApiError(method, path, r.status, msg)
    if raw:
        return data
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError:
        return data.decode(errors="replace")


def _rm_cgroups(name):
    """Remove the empty control groups of a dead engine, in every hierarchy."""
    root = Path("/sys/fs/cgroup")
    tops = [root / name] + [d / name for d in root.glob("*") if d.is_dir()]
    for _ in range(50):
        busy = False
        for top in tops:
            if not top.is_dir():
                continue
            for d, _, _ in os.walk(top, topdown=False):
                try:
                    os.rmdir(d)
                except OSError as e:
                    busy = busy or e.errno != errno.ENOENT
        if not busy:
            return
        time.sleep(0.02)


def _remove(top):
    """Remove an engine's folder; nothing may be mounted in it any more."""
    with open("/proc/self/mountinfo") as f:
        mounts = [l.split()[4] for l in f]
    for m in sorted((m for m in mounts if m.startswith(str(top) + "/")), reverse=True):
        libc.umount2(os.fsencode(m), 2)
    shutil.rmtree(top, ignore_errors=True)


def sweep():
    """Remove what engines left whose owner is dead."""
    for top in base_dir().glob("oe.*"):
        try:
            owner = json.loads((top / "owner").read_text())
        except (OSError, ValueError):
            try:
                if time.time() - top.stat().st_mtime < 60:
                    continue
            except OSError:
                continue
            owner = {}
        if owner.get("pid") and _start_time(owner["pid"]) == owner.get("start"):
            continue
        pid = owner.get("init")
        if pid and _start_time(pid) and _start_time(pid) == owner.get("init_start"):
            os.kill(pid, signal.SIGKILL)
            for _ in range(200):
                if not _start_time(pid):
                    break
                time.sleep(0.01)
        _rm_cgroups(top.name)
        _remove(top)
    for top in list(base_dir().glob("oh.*.*")) + list(base_dir().glob("or.*.*")):
        pid = top.name.split(".")[1]
        if pid.isdigit() and not _start_time(int(pid)):
            shutil.rmtree(top, ignore_errors=True)


_live = []


def _stop_all(*_):
    for e in list(_live):
        e.stop()


def _on_signal(sig, frame):
    _stop_all()
    signal.signal(sig, signal.SIG_DFL)
    os.kill(os.getpid(), sig)


atexit.register(_stop_all)


class Engine:
    """A running private Engine.

    version    "20.10", "26.1", "28.5"
    registry   start a loopback registry in it and use that as mirror for docker.io
    disk       keep the data on disk instead of memory
    data_size  give the data a file system of this size of its own, e.g. "24m" (full disk tests)
    share      further folders of the host that it may write to
    """

    def __init__(self, version=None, registry=False, disk=False, data_size=None, share=(), args=()):
        self.version = version or default_version()
        self.path_env = fetch.engine_path(self.version)
        self.registry = None
        self.procs = []
        self.images = None
        sweep()
        self.top = Path(tempfile.mkdtemp(prefix="oe.", dir=base_dir()))
        self.top.chmod(0o711)
        self.owner = {"pid": os.getpid(), "start": _start_time(os.getpid())}
        (self.top / "owner").write_text(json.dumps(self.owner))
        self.socket = str(self.top / "s" / "docker.sock")
        self.log = self.top / "log"
        if threading.current_thread() is threading.main_thread():
            for s in (signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(s) in (signal.SIG_DFL,):
                    signal.signal(s, _on_signal)
        _live.append(self)
        try:
            self._start(registry, disk, data_size, share, list(args))
        except BaseException:
            self.stop()
            raise

    def _start(self, registry, disk, data_size, share, args):
        t = self.top
        for d in ("m", "s", "data"):
            (t / d).mkdir()
        shares = {str(base_dir()), tempfile.gettempdir(), str(fetch.cache_dir())}
        shares.update(str(s) for s in share)
        data = "/var/lib/oe"
        env = {
            "PATH": self.path_env, "HOME": "/root", "LANG": "C.UTF-8",
            "SHARE": " ".join(sorted(shares)), "DATA": data,
            "DISK": "1" if disk else "", "DATASIZE": data_size or "",
            "RESOLV": "nameserver 127.0.0.1", "DOCKER_RAMDISK": "1",
        }
        cmd = [
            "dockerd", "-H", "unix://" + self.socket, "--data-root", data,
            "--exec-root", "/run/oe", "--pidfile", "/run/oe.pid", "--config-file", "/run/oe.json",
            "--log-level", "warn", "--exec-opt", "native.cgroupdriver=cgroupfs",
            "--cgroup-parent", "/" + t.name, "--shutdown-timeout", "1",
        ]
        if registry:
            self.registry = "127.0.0.1:5000"
            cmd += ["--registry-mirror", "http://" + self.registry]
        cmd += args
        self.proc = subprocess.Popen(
            ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", INIT,
             "init", str(t), "4g"] + cmd,
            env=env, stdin=subprocess.DEVNULL, stdout=open(self.log, "ab"), stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent, start_new_session=True)
        v = self._await()
        self.api_version = v["ApiVersion"]
        self.init_pid = self._child_of(self.proc.pid)
        self.owner["init"] = self.init_pid
        self.owner["init_start"] = _start_time(self.init_pid)
        (t / "owner").write_text(json.dumps(self.owner))
        if registry:
            self._start_registry()

    def _await(self):
        end = time.monotonic() + 30
        while True:
            try:
                return api(self.socket, "GET", "/version", timeout=5)
            except (OSError, http.client.HTTPException):
                pass
            if self.proc.poll() is not None or time.monotonic() > end:
                raise EngineError("engine %s did not start: %s" % (self.version, self.tail()))
            time.sleep(0.01)

    @staticmethod
    def _child_of(pid):
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            return int(f.read().split()[0])

    @property
    def dockerd_pid(self):
        """The pid of dockerd as the host sees it."""
        with open("/proc/%d/task/%d/children" % (self.init_pid, self.init_pid)) as f:
            for p in f.read().split():
                with open("/proc/%s/comm" % p) as g:
                    if g.read().strip() == "dockerd":
                        return int(p)
        raise EngineError("dockerd is not running: " + self.tail())

    def tail(self, n=600):
        try:
            return self.log.read_text(errors="replace")[-n:]
        except OSError:
            return ""

    def restart(self):
        """SIGKILL dockerd and start it again on the same data."""
        (self.top / "again").touch()
        os.kill(self.dockerd_pid, signal.SIGKILL)
        end = time.monotonic() + 30
        while (self.top / "again").exists() and time.monotonic() < end:
            time.sleep(0.01)
        self._await()

    # -- using it

    def api(self, method, path, body=None, **kw):
        return api(self.socket, method, path, body, **kw)

    def command(self, *cmd):
        """The argument list that runs cmd inside the engine's network namespace."""
        return ["nsenter", "--net=/proc/%d/ns/net" % self.init_pid, "--"] + [str(c) for c in cmd]

    def run(self, *cmd, check=True, timeout=60, **kw):
        """Run a command inside the engine's network namespace; returns CompletedProcess with text."""
        kw.setdefault("text", True)
        return subprocess.run(self.command(*cmd), check=check, timeout=timeout,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)

    def spawn(self, *cmd, **kw):
        """Start a helper inside the network namespace that ends with the engine."""
        p = subprocess.Popen(self.command(*cmd), stdin=subprocess.DEVNULL,
                             preexec_fn=die_with_parent, start_new_session=True, **kw)
        self.procs.append(p)
        return p

    def in_netns(self, fn):
        """Call fn in a thread that stands in the engine's network namespace."""
        box = {}

        def work():
            try:
                fd = os.open("/proc/%d/ns/net" % self.init_pid, os.O_RDONLY)
                try:
                    if libc.setns(fd, CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), "setns")
                finally:
                    os.close(fd)
                box["value"] = fn()
            except BaseException as e:  # handed to the caller below
                box["error"] = e

        th = threading.Thread(target=work)
        th.start()
        th.join()
        if "error" in box:
            raise box["error"]
        return box["value"]

    def http(self, port, path="/", host="127.0.0.1", timeout=5, tries=200):
        """GET of a published port: (status, body). Tries again while nothing answers."""
        def get():
            for i in range(tries):
                try:
                    c = http.client.HTTPConnection(host, port, timeout=timeout)
                    c.request("GET", path)
                    r = c.getresponse()
                    return r.status, r.read().decode(errors="replace")
                except (OSError, http.client.HTTPException):
                    if i == tries - 1:
                        raise
                    time.sleep(0.05)
        return self.in_netns(get)

    @property
    def privileged_works(self):
        """Engine 20.10 gives a privileged container every capability the kernel knows, ours or not."""
        with open("/proc/sys/kernel/cap_last_cap") as f:
            full = (1 << (int(f.read()) + 1)) - 1
        return self.version != "20.10" or capabilities() == full

    def containers(self, project=None, all=True):
        f = {"label": ["com.docker.compose.project" + ("=" + project if project else "")]} if project else {}
        q = urllib.parse.urlencode({"all": "1" if all else "0", "filters": json.dumps(f)})
        return self.api("GET", "/containers/json?" + q)

    def volumes(self):
        return {v["Name"] for v in self.api("GET", "/volumes")["Volumes"] or []}

    def networks(self):
        return {n["Name"] for n in self.api("GET", "/networks")} - {"bridge", "host", "none"}

    # -- the registry

    def _start_registry(self):
        exe = shutil.which("docker-registry", path=fetch.HOST_PATH)
        if not exe:
            raise fetch.Missing("no docker-registry (Debian's docker-registry package)")
        conf = self.top / "registry.yml"
        conf.write_text(
            "version: 0.1\nlog: {level: error}\n"
            "storage: {filesystem: {rootdirectory: %s}, delete: {enabled: true}}\n"
            "http: {addr: '%s'}\n" % (self.top / "registry", self.registry))
        self.spawn(exe, "serve", str(conf), stdout=open(self.top / "registry.log", "ab"),
                   stderr=subprocess.STDOUT)
        self.http(5000, "/v2/")

    def publish(self, name, local=None):
        """Put a local image into the mirror as docker.io's NAME:TAG and forget it locally."""
        repo, _, tag = name.partition(":")
        tag = tag or "latest"
        there = "%s/%s" % (self.registry, repo if "/" in repo else "library/" + repo)
        src = local or name
        self.api("POST", "/images/%s/tag?repo=%s&tag=%s" % (src, there, tag))
        auth = {"X-Registry-Auth": "e30="}
        out = self.api("POST", "/images/%s/push?tag=%s" % (there, tag), headers=auth, raw=True)
        if b"errorDetail" in out:
            raise EngineError("push of %s: %s" % (name, out.decode(errors="replace")[-300:]))
        for n in ("%s:%s" % (there, tag), "%s:%s" % (repo, tag)):
            try:
                self.api("DELETE", "/images/" + n)
            except ApiError as e:
                if e.status != 404:
                    raise

    # -- the end

    def reset(self):
        """Remove every container, network and volume; images stay."""
        for c in self.api("GET", "/containers/json?all=1"):
            try:
                self.api("DELETE", "/containers/%s?force=1&v=1" % c["Id"])
            except ApiError as e:
                if e.status not in (404, 409):
                    raise
        for n in self.networks():
            try:
                self.api("DELETE", "/networks/" + n)
            except ApiError as e:
                if e.status != 404:
                    raise
        for v in self.volumes():
            try:
                self.api("DELETE", "/volumes/%s?force=1" % v)
            except ApiError as e:
                if e.status != 404:
                    raise

    def stop(self):
        if self not in _live:
            return
        if self.owner["pid"] != os.getpid():  # a forked child does not own it
            return
        _live.remove(self)
        for p in self.procs + [getattr(self, "proc", None)]:
            if p is None:
                continue
            if p.poll() is None:
                p.kill()
            p.wait()
        pid = getattr(self, "init_pid", None)
        for _ in range(500):
            if not pid or not _start_time(pid):
                break
            time.sleep(0.01)
        _rm_cgroups(self.top.name)
        _remove(self.top)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


if __name__ == "__main__":
    # engine.py [VERSION [COMMAND...]]: run a command with DOCKER_HOST set to a private engine
    import images

    argv = sys.argv[1:]
    with Engine(argv[0] if argv and argv[0] in fetch.ENGINES else None) as e:
        images.Images(e).load_standard()
        cmd = argv[1:] if argv and argv[0] in fetch.ENGINES else argv
        env = dict(os.environ, DOCKER_HOST="unix://" + e.socket)
        sys.exit(subprocess.call(e.command(*(cmd or ["bash"])), env=env))
