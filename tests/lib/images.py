"""Stand-in images, made from Debian's busybox-static without a network or a docker client.

An image is one shared layer (busybox) plus, if wanted, a small one with extra files,
and a config. The archives have fixed dates, so that the same definition has the same
image id on every engine and in every run.
"""

import hashlib
import io
import json
import shutil
import subprocess
import tarfile

import fetch

# A service: says that it is there, ends at once when asked to.
STAND_IN = """#!/bin/sh
echo "stand-in ready: $(hostname) $*"
trap 'echo "stand-in stops"; exit 0' TERM INT QUIT HUP USR1
while :; do sleep 86400 & wait $!; done
"""

# A web server on port 80.
SERVE = """#!/bin/sh
echo "stand-in serves"
trap 'kill $p; exit 0' TERM INT QUIT
httpd -f -p ${PORT:-80} -h /usr/share/nginx/html & p=$!
wait $p
"""

STANDARD = {
    # name: config; all of them have the files above
    "busybox:latest": {"Cmd": ["sh"]},
    "alpine:latest": {"Cmd": ["/bin/sh"]},
    "stand-in:1": {"Cmd": ["/stand-in"]},
    "stand-in:2": {"Cmd": ["/stand-in"], "Labels": {"stand-in": "2"}},
    "stand-in:volume": {"Cmd": ["/stand-in"], "Volumes": {"/data": {}}},
    "stand-in:healthy": {"Cmd": ["/stand-in"], "Healthcheck": {
        "Test": ["CMD", "true"], "Interval": 10**9, "Timeout": 10**9, "Retries": 3}},
    "nginx:latest": {"Cmd": ["/serve"], "ExposedPorts": {"80/tcp": {}}, "StopSignal": "SIGQUIT"},
}
ALIASES = {
    "busybox:latest": ["busybox:1", "busybox:1.36"],
    "alpine:latest": ["alpine:3", "alpine:3.20"],
    "nginx:latest": ["nginx:alpine", "nginx:1.27"],
}


def _add(tar, name, data=None, mode=0o755, link=None, kind=None):
    t = tarfile.TarInfo(name)
    t.mode = mode
    if link:
        t.type, t.linkname = tarfile.SYMTYPE, link
    elif kind:
        t.type = kind
    if data is not None:
        t.size = len(data)
        tar.addfile(t, io.BytesIO(data))
    else:
        tar.addfile(t)


def _busybox():
    exe = shutil.which("busybox", path="/bin:/usr/bin:/sbin:/usr/sbin")
    if not exe:
        raise fetch.Missing("no busybox (Debian's busybox-static package)")
    return exe


def base_layer():
    """The shared layer as tar bytes, made once."""
    f = fetch.cache_dir() / "stand-in-layer-3.tar"
    with fetch.once(f.name) as todo:
        if todo or not f.exists():
            exe = _busybox()
            names = subprocess.run([exe, "--list"], check=True, capture_output=True, text=True).stdout.split()
            out = io.BytesIO()
            with tarfile.open(fileobj=out, mode="w") as tar:
                for d in ("bin", "etc", "home", "lib", "mnt", "opt", "proc", "root", "run", "sbin", "srv", "sys",
                          "usr", "usr/bin", "usr/sbin", "usr/local", "usr/local/bin", "usr/share",
                          "usr/share/nginx", "usr/share/nginx/html", "var", "var/log"):
                    _add(tar, d, kind=tarfile.DIRTYPE)
                for d in ("tmp", "var/tmp"):
                    _add(tar, d, kind=tarfile.DIRTYPE, mode=0o1777)
                with open(exe, "rb") as b:
                    _add(tar, "bin/busybox", b.read())
                for n in names:
                    if n != "busybox":
                        _add(tar, "bin/" + n, link="/bin/busybox")
                if "printenv" not in names:
                    _add(tar, "bin/printenv", b'#!/bin/sh\n[ $# = 0 ] && exec env\n'
                         b'env | grep "^$1=" >/dev/null || exit 1\neval "echo \\"\\$$1\\""\n')
                _add(tar, "usr/bin/env", link="/bin/busybox")
                _add(tar, "stand-in", STAND_IN.encode())
                _add(tar, "serve", SERVE.encode())
                _add(tar, "usr/share/nginx/html/index.html", b"<h1>stand-in for nginx</h1>\n", 0o644)
                _add(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"
                     b"www-data:x:33:33:www-data:/var/www:/bin/sh\n", 0o644)
                _add(tar, "etc/group", b"root:x:0:\nmail:x:8:\nnogroup:x:65534:\nwww-data:x:33:\n", 0o644)
                _add(tar, "etc/os-release", b'ID=stand-in\nNAME="stand-in"\nVERSION_ID=1\n', 0o644)
            tmp = f.with_suffix(".tmp")
            tmp.write_bytes(out.getvalue())
            tmp.rename(f)
    return f.read_bytes()


def extra_layer(files):
    """A layer with files: {path: bytes, or str for a symbolic link, or None for a folder}."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        made = set()
        for path in sorted(files):
            path_in = path.strip("/")
            parts = path_in.split("/")
            for i in range(1, len(parts)):
                d = "/".join(parts[:i])
                if d not in made and d not in ("bin", "usr", "usr/bin"):
                    made.add(d)
                    _add(tar, d, kind=tarfile.DIRTYPE)
            v = files[path]
            if v is None:
                _add(tar, path_in, kind=tarfile.DIRTYPE)
            elif isinstance(v, str):
                _add(tar, path_in, link=v)
            else:
                _add(tar, path_in, v)
    return out.getvalue()


def archive(images):
    """A docker archive of images: [(names, config, files or None)]."""
    out = io.BytesIO()
    manifest = []
    with tarfile.open(fileobj=out, mode="w") as tar:
        base = base_layer()
        _add(tar, "base/layer.tar", base, 0o644)
        base_id = "sha256:" + hashlib.sha256(base).hexdigest()
        seen = set()
        for names, config, files in images:
            layers, ids = ["base/layer.tar"], [base_id]
            if files:
                data = extra_layer(files)
                digest = hashlib.sha256(data).hexdigest()
                layers.append(digest + "/layer.tar")
                ids.append("sha256:" + digest)
                if digest not in seen:
                    seen.add(digest)
                    _add(tar, layers[-1], data, 0o644)
            c = {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}
            c.update(config)
            doc = json.dumps({
                "architecture": "amd64", "os": "linux", "created": "2026-01-01T00:00:00Z", "config": c,
                "history": [{"created": "2026-01-01T00:00:00Z", "created_by": "stand-in"}] * len(ids),
                "rootfs": {"type": "layers", "diff_ids": ids},
            }, sort_keys=True).encode()
            name = hashlib.sha256(doc).hexdigest() + ".json"
            if name not in seen:
                seen.add(name)
                _add(tar, name, doc, 0o644)
            manifest.append({"Config": name, "RepoTags": names, "Layers": layers})
        _add(tar, "manifest.json", json.dumps(manifest).encode(), 0o644)
    return out.getvalue()


class Images:
    """The images of one engine."""

    def __init__(self, engine):
        self.engine = engine
        engine.images = self

    def load(self, data):
        out = self.engine.api("POST", "/images/load?quiet=1", data,
                              headers={"Content-Type": "application/x-tar"}, raw=True)
        if b"errorDetail" in out:
            raise RuntimeError("image load: " + out.decode(errors="replace")[-300:])

    def load_standard(self):
        f = fetch.cache_dir() / ("stand-in-images-%s.tar" % _digest())
        if not f.exists():
            data = archive([([n] + ALIASES.get(n, []), c, None) for n, c in STANDARD.items()])
            tmp = f.with_suffix(".%d.tmp" % id(self))
            tmp.write_bytes(data)
            tmp.rename(f)
        self.load(f.read_bytes())
        return self

    def add(self, name, config=None, files=None):
        """A new image under a name: a long-running stand-in unless config says otherwise."""
        c = {"Cmd": ["/stand-in"]}
        c.update(config or {})
        self.load(archive([([full(name)], c, files)]))

    def add_many(self, images):
        self.load(archive([([full(n) for n in names], c, files) for names, c, files in images]))

    def tag(self, source, name):
        repo, tag = split(name)
        self.engine.api("POST", "/images/%s/tag?repo=%s&tag=%s" % (source, repo, tag))

    def remove(self, name):
        self.engine.api("DELETE", "/images/%s?force=1" % name)

    def id(self, name):
        return self.engine.api("GET", "/images/%s/json" % name)["Id"]


def split(name):
    head, _, last = name.rpartition("/")
    repo, _, tag = last.partition(":")
    return (head + "/" if head else "") + repo, tag or "latest"


def full(name):
    return ":".join(split(name))


def _digest():
    text = json.dumps([STANDARD, ALIASES], sort_keys=True).encode() + hashlib.sha256(base_layer()).digest()
    return hashlib.sha256(text).hexdigest()[:12]
