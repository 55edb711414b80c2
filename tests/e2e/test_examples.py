"""The example project, from its compose file and from its OctoCompose configuration, in containers and as
processes: it serves, and either form finds nothing to do on what the other brought up."""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

import project as project_lib
from conftest import program_path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "web-worker-store"
FORMS = {"compose": ("-f", "compose.yaml"), "configuration": ("-c", "config.yaml")}
PAGE = "/cgi-bin/page"

pytestmark = pytest.mark.ours


class Place:
    """Where the example runs: run(*args) is octocompose there, get(port, path) a request from beside it."""

    def __init__(self, folder, operator):
        self.folder = folder / "example"
        shutil.copytree(EXAMPLE, self.folder, ignore=shutil.ignore_patterns("rootfs"))
        self.operator = operator

    def octo(self, form, *args, env=None):
        return self.run("--operator", self.operator, *FORMS[form], *args, env=env)

    def number(self):
        """What the page shows; its greeting is checked on the way."""
        text = self.get(8080, PAGE)
        match = re.fullmatch(r"hello from the test, the last number is (\d+)\n?", text)
        assert match, text
        return int(match.group(1))


class Containers(Place):
    def __init__(self, folder, engine, octo_for):
        super().__init__(folder, "docker")
        self.engine, self.program = engine, octo_for(engine)
        root = self.folder / "rootfs" / "bin"
        root.mkdir(parents=True)
        (root.parent / "tmp").mkdir()
        busybox = shutil.which("busybox")
        shutil.copy(busybox, root / "busybox")
        for name in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
            if not (root / name).exists():
                (root / name).symlink_to("busybox")

    def run(self, *args, env=None):
        return self.program(*args, cwd=self.folder, env=env, timeout=120)

    def get(self, port, path):
        return self.engine.http(port, path)[1]

    def close(self):
        self.octo("compose", "down", "-v", "-t", "0")


class Processes(Place):
    def __init__(self, folder):
        super().__init__(folder, "baremetal")
        # a network of its own, because the example's ports are fixed
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep 600"],
                                       stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "up\n"
        self.inside = ["nsenter", "--net", "-t", str(self.holder.pid)]
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}

    def run(self, *args, env=None):
        return project_lib.Running([*self.inside, program_path(), *args], self.folder, {**self.env, **(env or {})}).wait(60)

    def get(self, port, path):
        words = [*self.inside, "busybox", "wget", "-q", "-O", "-", "http://127.0.0.1:%d%s" % (port, path)]
        for _ in range(100):  # it runs before it listens
            done = subprocess.run(words, capture_output=True, text=True, timeout=20)
            if done.returncode == 0:
                return done.stdout
            time.sleep(0.05)
        pytest.fail(done.stderr)

    def close(self):
        self.octo("compose", "kill")
        self.octo("compose", "down", "-v", "-t", "0")
        self.holder.kill()
        self.holder.wait()


@pytest.fixture(params=["docker", "baremetal"])
def place(request, tmp_path):
    if not shutil.which("busybox"):
        pytest.skip("no busybox (Debian's busybox-static package)")
    if request.param == "docker":
        it = Containers(tmp_path, request.getfixturevalue("engine"), request.getfixturevalue("octo_for"))
    else:
        it = Processes(tmp_path)
    yield it
    it.close()


@pytest.mark.parametrize("form,other", [("compose", "configuration"), ("configuration", "compose")])
def test_example(place, form, other):
    env = {"GREETING": "hello from the test", "INTERVAL": "0.2"}
    place.octo(form, "up", "-d", env=env).ok()
    rows = place.octo(form, "ps", "--format", "json").ok().json_lines
    assert sorted(r["Service"] for r in rows) == ["store", "web", "worker"]
    assert {r["State"] for r in rows} == {"running"}
    # it serves, and the worker works
    end = time.monotonic() + 20
    first = place.number()
    while place.number() < first + 3:
        assert time.monotonic() < end
        time.sleep(0.1)
    # the other form means the same
    for which in (form, other):
        assert place.octo(which, "plan", env=env).ok().out.strip() == "nothing to do"
    logs = place.octo(other, "logs", "worker").ok().out
    assert "worker: kept 3" in logs
    # and a change in it is one of both
    plans = [json.loads(place.octo(which, "plan", "--format", "json", env={**env, "GREETING": "other"}).fails(2).out)
             for which in (form, other)]
    changes = [[(s["action"], s["resource"]) for s in plan["steps"]] for plan in plans]
    assert changes[0] == changes[1] and {r for _, r in changes[0]} == {"web-worker-store-web-1"}
    # the numbers stay when the services go
    last = place.number()
    place.octo(other, "down", "-t", "0", env=env).ok()
    place.octo(other, "up", "-d", env=env).ok()
    assert place.number() >= last
