"""The bare metal operator on real processes: no engine is needed. OCTO_ROUNDS says how often the kill test
strikes (default 20)."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from conftest import program_path

pytestmark = pytest.mark.ours


class Bare:
    def __init__(self, folder):
        self.folder = folder
        self.env = dict(os.environ, XDG_STATE_HOME=str(folder / "state"))
        self.name = "bare" + os.urandom(4).hex()

    def write(self, services, more=""):
        text = f"name: {self.name}\nservices:\n{services}\n{more}"
        (self.folder / "compose.yaml").write_text(text)

    def command(self, *words):
        return [program_path(), "--operator", "baremetal", *words]

    def run(self, *words, check=True):
        done = subprocess.run(self.command(*words), cwd=self.folder, env=self.env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        if check:
            assert done.returncode == 0, done.stderr
        return done

    def ps(self):
        lines = self.run("ps", "-a", "--format", "json").stdout.splitlines()
        return {row["Name"][len(self.name) + 1:]: row for row in map(json.loads, lines)}

    def state(self):
        return self.folder / "state" / "octocompose" / "baremetal" / self.name

    def processes(self):
        """Shims, by their title, and services, by their mark: pairs of number and whether it is a shim."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes()
                env = Path(f"/proc/{pid}/environ").read_bytes()
            except OSError:
                continue
            is_shim = words.startswith(b"octo-shim " + self.name.encode() + b" ")
            if is_shim or f"OCTO_PROJECT={self.name}".encode() + b"\0" in env:
                found.append((int(pid), is_shim))
        return found

    def supervisors(self):
        """Processes that act in the project's folder and watch over shims."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[1:2] == [b"__supervisor"] and words[2] == str(self.state()).encode():
                found.append(int(pid))
        return found

    def gone(self):
        for _ in range(100):
            if not self.processes() and not self.supervisors():
                return True
            time.sleep(0.05)
        return False


@pytest.fixture
def bare(tmp_path):
    it = Bare(tmp_path)
    yield it
    subprocess.run(it.command("kill"), cwd=tmp_path, env=it.env, capture_output=True)
    for pid in it.supervisors() + [pid for pid, _ in it.processes()]:
        os.kill(pid, signal.SIGKILL)
    it.gone()
    for tree in ("octocompose", "*/octocompose"):
        for group in [*Path("/sys/fs/cgroup").glob(f"{tree}/{it.name}/*/"),
                      *Path("/sys/fs/cgroup").glob(f"{tree}/{it.name}/")]:
            group.rmdir()


def until(what, seconds=10):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "did not come true in time"
        time.sleep(0.05)


SLEEPER = "    image: none\n    command: [sleep, '1000']\n"


def test_lifecycle(bare):
    bare.write("  a:\n    image: none\n    command: [sh, -c, 'echo out; echo bad >&2; exec sleep 1000']\n"
               "    volumes: ['vol:/data-of-nobody']\n", "volumes: {vol: {}}")
    bare.run("up", "-d")
    assert bare.ps()["a-1"]["State"] == "running"
    until(lambda: "bad" in bare.run("logs").stdout)
    before = bare.processes()
    assert "Started" not in bare.run("up", "-d").stderr
    assert bare.processes() == before
    bare.run("stop")
    assert bare.ps()["a-1"]["State"] == "exited"
    bare.run("start")
    bare.run("restart")
    bare.run("up", "-d", "--scale", "a=3")
    assert len(bare.ps()) == 3
    bare.run("down")
    assert bare.gone() and not (bare.state() / "process").exists()
    assert (bare.state() / "volume" / "vol").is_dir()
    bare.run("down", "-v")
    assert not (bare.state() / "volume").exists()


def test_change_replaces(bare):
    bare.write("  a:\n" + SLEEPER + "    environment: {X: '1'}\n")
    bare.run("up", "-d")
    bare.write("  a:\n" + SLEEPER + "    environment: {X: '2'}\n")
    assert "environment.X" in bare.run("plan", check=False).stdout
    bare.run("up", "-d")
    assert list(bare.ps()) == ["a-1"]
    assert len(bare.processes()) == 2


def test_stubborn_daemon(bare):
    bare.write("  a:\n    image: none\n    stop_grace_period: 1s\n"
               "    command: [sh, -c, \"trap '' TERM; (setsid sh -c 'while :; do sleep 1; done' &);"
               " exec sleep 1000\"]\n")
    bare.run("up", "-d")
    until(lambda: len(bare.processes()) >= 3)
    start = time.monotonic()
    bare.run("down")
    assert time.monotonic() - start < 5
    assert bare.gone()


def test_crash_loop(bare):
    bare.write("  a:\n    image: none\n    restart: always\n    command: [sh, -c, 'echo again; exit 3']\n")
    bare.run("up", "-d")
    time.sleep(2)
    assert bare.ps()["a-1"]["Status"].startswith("Restarting (3)")
    n = bare.run("logs").stdout.count("again")
    assert 3 <= n <= 6  # at 0, 0.1, 0.3, 0.7, 1.5 seconds
    bare.run("down")
    assert bare.gone()


def test_health_and_order(bare):
    bare.write("  a:\n" + SLEEPER + "    healthcheck: {test: [CMD-SHELL, 'test -e ready'], interval: 100ms,"
               " retries: 100}\n"
               "  b:\n" + SLEEPER + "    depends_on: {a: {condition: service_healthy}}\n")
    with subprocess.Popen(bare.command("up", "-d"), cwd=bare.folder, env=bare.env,
                          stderr=subprocess.DEVNULL) as up:
        time.sleep(0.7)
        assert up.poll() is None
        (bare.folder / "ready").touch()
        assert up.wait(10) == 0
    assert bare.ps()["a-1"]["Health"] == "healthy"


def test_bad_programs(bare):
    bare.write("  a:\n    image: none\n    command: [no-such-program]\n")
    done = bare.run("up", "-d", check=False)
    assert done.returncode == 1 and 'was not found: "no-such-program"' in done.stderr
    (bare.folder / "script").write_text("#!/bin/sh\n")
    bare.write("  a:\n    image: none\n    command: [./script]\n")
    done = bare.run("up", "-d", check=False)
    assert done.returncode == 1 and 'not executable: "./script"' in done.stderr
    bare.write("  a:\n    image: none\n")
    done = bare.run("up", "-d", check=False)
    assert done.returncode == 1 and "has no command" in done.stderr
    assert not bare.processes()


def test_taken_port(bare):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bare.write("  a:\n" + SLEEPER + f"    ports: ['127.0.0.1:{taken.getsockname()[1]}:80']\n")
        done = bare.run("up", "-d", check=False)
        assert done.returncode == 1 and "port is taken" in done.stderr
        assert not bare.processes()


@pytest.mark.parametrize("text,says", [("{", "is damaged"), ('{"version":2}', "is of version 2")])
def test_strange_state(bare, text, says):
    bare.write("  a:\n" + SLEEPER)
    bare.run("up", "-d")
    bare.run("stop")
    (record,) = bare.state().glob("process/*/record.json")
    kept = record.read_text()
    record.write_text(text)
    done = bare.run("ps", check=False)
    assert done.returncode == 1 and says in done.stderr and str(record) in done.stderr
    record.write_text(kept)
    bare.run("down")


def test_recycled_pid_is_never_signalled(bare):
    bare.write("  a:\n" + SLEEPER)
    bare.run("up", "-d")
    for pid, _ in bare.processes():
        os.kill(pid, signal.SIGKILL)
    with subprocess.Popen(["sleep", "1000"]) as stranger:
        (status,) = bare.state().glob("process/*/status.json")
        status.write_text(re.sub(r'"pid":\d+', f'"pid":{stranger.pid}', status.read_text()))
        assert bare.ps()["a-1"]["State"] == "exited"
        bare.run("down")
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.slow
def test_many(bare):
    bare.write("  a:\n" + SLEEPER + "    scale: 100\n")
    bare.run("up", "-d")
    rows = bare.ps()
    assert len(rows) == 100 and all(row["State"] == "running" for row in rows.values())
    bare.run("down")
    assert bare.gone()
