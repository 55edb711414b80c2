"""Limits on bare metal: by control groups where this machine lets us, else told with their places."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from test_bare import SLEEPER, bare, until  # noqa: F401, the fixture

pytestmark = pytest.mark.ours


def tops():
    """Controller -> the folders whose groups have it: version 1's own, or version 2's."""
    found = {}
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, folder, kind, options = line.split()[:4]
        if not os.access(folder, os.W_OK) or "rw" not in options.split(","):
            continue
        if kind == "cgroup2":
            for name in Path(folder, "cgroup.subtree_control").read_text().split():
                found.setdefault(name, (2, folder))
        elif kind == "cgroup":
            for name in options.split(","):
                found.setdefault(name, (1, folder))
    return found


def needs(*controllers):
    missing = [name for name in controllers if name not in tops()]
    return pytest.mark.skipif(bool(missing), reason=f"no control groups here for: {' '.join(missing)}")


def groups(bare):
    return [path for _, top in set(tops().values()) for path in Path(top, "octocompose", bare.name).glob("*")
            if path.is_dir()]


def group_of(bare, controller):
    (group,) = [path for path in groups(bare) if path.is_relative_to(tops()[controller][1])]
    return group


HUNGRY = "    command: [python3, -c, 'import time; x = bytearray(200 << 20); print(\"fed\", flush=True); time.sleep(1000)']\n"


@needs("memory")
def test_memory(bare):
    bare.write("  a:\n" + HUNGRY + "    mem_limit: 64m\n    memswap_limit: 64m\n"
               "  b:\n" + HUNGRY + "    deploy: {resources: {limits: {memory: 400m}}}\n")
    bare.run("up", "-d")
    until(lambda: bare.ps()["a-1"]["State"] == "exited")
    row = bare.ps()["a-1"]
    assert row["ExitCode"] == 137 and row["Status"].endswith("(out of memory)")
    actions = [json.loads(line)["action"] for line in (bare.state() / "events").read_text().splitlines()]
    assert actions.index("oom") < actions.index("die")
    until(lambda: "fed" in bare.run("logs", "b").stdout)
    assert "out of memory" not in bare.ps()["b-1"]["Status"]
    bare.run("kill", "b")
    assert "out of memory" not in bare.ps()["b-1"]["Status"]
    assert groups(bare)
    bare.run("down")
    assert not groups(bare)


@needs("pids")
def test_pids(bare):
    bare.write("  a:\n" + SLEEPER + "    pids_limit: 5\n")
    bare.run("up", "-d")
    done = bare.run("exec", "-T", "a", "sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done", check=False)
    assert done.returncode != 0 and "fork" in done.stderr
    bare.run("down")
    assert bare.gone() and not groups(bare)


@needs("pids")
def test_what_forks_all_the_time_is_ended(bare):
    (bare.folder / "forks.py").write_text(
        "import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "while True:\n    try:\n        if os.fork() == 0:\n            os.setsid()\n"
        "    except OSError:\n        time.sleep(0.01)\n")
    bare.write("  a:\n    command: [python3, forks.py]\n    pids_limit: 40\n    stop_grace_period: 1s\n")
    bare.run("up", "-d")
    time.sleep(0.5)
    start = time.monotonic()
    bare.run("down")
    assert time.monotonic() - start < 10
    assert bare.gone() and not groups(bare)


@needs("cpu")
def test_processor(bare):
    version, _ = tops()["cpu"]
    bare.write("  a:\n" + SLEEPER + "    cpus: 0.5\n    cpu_shares: 512\n")
    bare.run("up", "-d")
    group = group_of(bare, "cpu")
    if version == 1:
        assert (group / "cpu.cfs_quota_us").read_text() == "50000\n"
        assert (group / "cpu.shares").read_text() == "512\n"
    else:
        assert (group / "cpu.max").read_text() == "50000 100000\n"
        assert (group / "cpu.weight").read_text() == "20\n"
    bare.run("restart")
    bare.write("  a:\n" + SLEEPER + "    cpus: 0.25\n")
    bare.run("up", "-d")
    group = group_of(bare, "cpu")
    assert "25000" in (group / ("cpu.cfs_quota_us" if version == 1 else "cpu.max")).read_text()
    bare.run("down")
    assert not groups(bare)


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv")
def test_without_rights_each_key_is_told(bare):
    """A user to whom nothing is delegated: the limits are warnings with their places, the services run."""
    for folder in [bare.folder, *bare.folder.parents]:
        if not folder.stat().st_mode & 0o001:
            folder.chmod(0o711)
    (bare.folder / "state").mkdir()
    os.chown(bare.folder / "state", 65534, 65534)
    os.chown(bare.folder, 65534, 65534)
    program = bare.folder / "octocompose"
    shutil.copy(bare.command()[0], program)
    plain = bare.command
    bare.command = lambda *words: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(program),
                                   *plain(*words)[1:]]
    bare.env.update(HOME=str(bare.folder), XDG_RUNTIME_DIR=str(bare.folder / "state"))
    bare.write("  a:\n" + SLEEPER + "    mem_reservation: 64m\n    cpu_shares: 100\n"
               "    deploy: {resources: {limits: {pids: 10}}}\n")
    done = bare.run("up", "-d")
    for line, key in ((6, "mem_reservation"), (7, "cpu_shares"), (8, "deploy.resources.limits.pids")):
        assert f"compose.yaml:{line}:" in done.stderr and f"services.a.{key}: has no effect" in done.stderr
    assert "services.a.mem_reservation: has no effect" in bare.run("plan").stderr
    assert bare.ps()["a-1"]["State"] == "running"
    owner = subprocess.run(bare.command("exec", "-T", "a", "id", "-u"), cwd=bare.folder, env=bare.env, text=True,
                           capture_output=True, check=True)
    assert owner.stdout == "65534\n"
    bare.run("down")
    assert bare.gone()
