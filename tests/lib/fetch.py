"""Programs the tests need that the host does not have: Engines of other Debian
releases and the judges (docker compose itself).

Not a package manager: everything comes out of Debian packages, unpacked into a
cache folder; nothing is installed and no file of the host is changed.
Called by engine.py, conftest.py and contrib/bench.
"""

import fcntl
import lzma
import os
import re
import shutil
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("OCTO_TEST_SHARED", TOP.parent / "shared"))

ENGINES = {
    # name: (suite, packages, keep the suite's own runc first on PATH)
    "20.10": ("bookworm", ["docker.io", "containerd", "runc", "tini", "libdevmapper1.02.1"], True),
    "26.1": ("trixie", ["docker.io", "containerd"], False),
    "28.5": ("sid", ["docker.io", "containerd", "docker-cli", "docker-buildx", "docker-compose"], False),
}


class Missing(Exception):
    """Something the tests can do without is not here: skip, saying why."""


def cache_dir():
    """The folder for everything fetched or made once."""
    d = os.environ.get("OCTO_TEST_CACHE")
    if not d:
        d = "/var/cache/octocompose-tests"
        if not os.access("/var/cache", os.W_OK):
            base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
            d = os.path.join(base, "octocompose-tests")
    os.makedirs(d, exist_ok=True)
    return Path(d)


class once:
    """Run a block once per cache folder, whoever comes first: `with once("x") as todo`."""

    def __init__(self, name):
        self.done = cache_dir() / (name + ".done")
        self.lock = cache_dir() / (name + ".lock")

    def __enter__(self):
        self.f = open(self.lock, "w")
        fcntl.flock(self.f, fcntl.LOCK_EX)
        return not self.done.exists()

    def __exit__(self, kind, *_):
        if kind is None:
            self.done.touch()
        self.f.close()


def _apt_sources():
    files = [Path("/etc/apt/sources.list")]
    files += sorted(Path("/etc/apt/sources.list.d").glob("*.sources"))
    files += sorted(Path("/etc/apt/sources.list.d").glob("*.list"))
    return [f for f in files if f.is_file()]


def mirror():
    """Address of the Debian mirror that the host itself uses."""
    for f in _apt_sources():
        text = re.sub(r"^\s*#.*$", "", f.read_text(errors="replace"), flags=re.M)
        for m in re.finditer(r"\b(https?://\S+?/debian)/?(?=\s|$)", text):
            return m.group(1)
    return "http://deb.debian.org/debian"


def unpack(suite, packages, root):
    """Download packages of a Debian suite and unpack them below root."""
    if not shutil.which("apt-get"):
        raise Missing("no apt-get, cannot fetch %s of Debian %s" % (packages, suite))
    apt = cache_dir() / ("apt-" + suite)
    for d in ("lists/partial", "cache/archives/partial"):
        (apt / d).mkdir(parents=True, exist_ok=True)
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    signed = "[signed-by=%s] " % keyring if os.path.exists(keyring) else ""
    (apt / "sources.list").write_text("deb %s%s %s main\n" % (signed, mirror(), suite))
    (apt / "status").write_text("")
    opts = []
    for k, v in (
        ("Dir::Etc::sourcelist", apt / "sources.list"),
        ("Dir::Etc::sourceparts", "/dev/null"),
        ("Dir::Etc::preferencesparts", "/dev/null"),
        ("Dir::State::Lists", apt / "lists"),
        ("Dir::State::status", apt / "status"),
        ("Dir::Cache", apt / "cache"),
        ("APT::Sandbox::User", "root" if os.geteuid() == 0 else ""),
        ("Acquire::Languages", "none"),
        # a mirror may stand still for weeks: old packages that are signed are as good to test with
        ("Acquire::Check-Valid-Until", "false"),
        ("Acquire::Retries", "3"),
    ):
        opts += ["-o", "%s=%s" % (k, v)]
    debs = apt / "debs"
    shutil.rmtree(debs, ignore_errors=True)
    debs.mkdir()
    for cmd, cwd in ((["update", "-qq"], None), (["download", "-qq"] + packages, debs)):
        p = subprocess.run(["apt-get"] + opts + cmd, cwd=cwd, capture_output=True, text=True)
        if p.returncode:
            raise Missing("apt-get %s of Debian %s: %s" % (cmd[0], suite, p.stderr.strip()[-300:]))
    tmp = Path(str(root) + ".tmp")
    shutil.rmtree(tmp, ignore_errors=True)
    for deb in sorted(debs.glob("*.deb")):
        subprocess.run(["dpkg", "-x", deb, tmp], check=True)
    shutil.rmtree(root, ignore_errors=True)
    tmp.rename(root)
    shutil.rmtree(apt)


def _is_version(exe, version):
    out = subprocess.run([exe, "--version"], capture_output=True, text=True).stdout
    return ("version %s." % version) in out


def _host_has(version):
    exe = shutil.which("dockerd", path="/usr/sbin:/usr/bin:/usr/local/bin:/sbin:/bin")
    return exe is not None and _is_version(exe, version)


HOST_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def engine_path(version):
    """The PATH on which `dockerd` is the wanted Engine with its own containerd and runc."""
    if version not in ENGINES:
        raise Missing("no engine %s, only %s" % (version, ", ".join(ENGINES)))
    if _host_has(version):
        return HOST_PATH
    suite, packages, own_runc = ENGINES[version]
    root = cache_dir() / ("engine-" + version)
    with once(root.name) as todo:
        if todo:
            unpack(suite, packages, root)
            if not _is_version(root / "usr/sbin/dockerd", version):
                raise Missing("Debian %s has another engine than %s by now" % (suite, version))
            first = root / "first"
            first.mkdir()
            runc = shutil.which("runc", path=HOST_PATH)
            if not own_runc:
                if not runc:
                    raise Missing("engine %s needs the host's runc, which is not here" % version)
                (first / "runc").symlink_to(runc)
            init = [p for p in (root / "usr/bin/docker-init", root / "usr/sbin/docker-init",
                                root / "usr/libexec/docker/docker-init") if p.exists()]
            if not init and shutil.which("tini-static", path=HOST_PATH):
                (first / "docker-init").symlink_to(shutil.which("tini-static", path=HOST_PATH))
    return "%s/first:%s/usr/sbin:%s/usr/bin:%s/usr/libexec/docker:%s" % (root, root, root, root, HOST_PATH)


def judge_v5():
    """docker compose v5, the judge of the current generation."""
    packed = SHARED / "judge" / "docker-compose-v5.5.0.xz"
    exe = cache_dir() / "docker-compose-v5.5.0"
    if not exe.exists():
        if not packed.exists():
            raise Missing("docker compose v5.5.0 is not in %s" % packed.parent)
        with once(exe.name) as todo:
            if todo or not exe.exists():
                tmp = exe.with_suffix(".tmp")
                with lzma.open(packed) as f, open(tmp, "wb") as g:
                    shutil.copyfileobj(f, g)
                tmp.chmod(0o755)
                tmp.rename(exe)
    return exe


def judge_v2():
    """docker compose 2.40, from Debian sid."""
    root = cache_dir() / "judge-v2"
    exe = root / "usr/libexec/docker/cli-plugins/docker-compose"
    with once(root.name) as todo:
        if todo:
            other = cache_dir() / "engine-28.5" / exe.relative_to(root)
            if other.exists():
                exe.parent.mkdir(parents=True)
                shutil.copy2(other, exe)
            else:
                unpack("sid", ["docker-compose"], root)
    if not exe.exists():
        raise Missing("Debian sid's docker-compose has no %s" % exe.name)
    return exe
