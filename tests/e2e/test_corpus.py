"""Every project of the corpus that needs nothing the private engine lacks.

Each is copied, its images are replaced by stand-ins of the same name (a program that
waits; health checks are answered by stubs), its waiting times are shortened, and then:
up -d, ps, logs, up -d again without a mutating call in two round trips, down -v, and
nothing is left. What is left out, and why, is listed at the end of the test run.
The engine's root is private, so that a project may name any path of the host.
"""

import json
import os
import re
import resource
import shlex
import shutil
import subprocess

import pytest

import engine as engine_lib
import fetch
import images

CORPUS = fetch.SHARED / "corpus" / "compose"
NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")

GPU = "asks for a GPU; the engine has no driver for it"
WASM = "asks for the wasmedge runtime and platform, which the engine has not"
# projects that need what the private engine lacks
LEFT_OUT = {
    "awesome-compose/wasmedge-kafka-mysql": WASM,
    "awesome-compose/wasmedge-mysql-nginx": WASM,
}


def projects():
    if not CORPUS.is_dir():
        return {}
    found = {}
    for root, _, files in os.walk(CORPUS):
        if any(n in files for n in NAMES):
            found[os.path.relpath(root, CORPUS)] = root
    only = os.environ.get("OCTO_TEST_CORPUS")
    if only:
        found = {k: v for k, v in found.items() if re.search(only, k)}
    return dict(sorted(found.items()))


ALL = projects()


def read_model(folder):
    """The project as docker compose reads it: {service: ...}."""
    try:
        judge = fetch.judge_v5()
    except fetch.Missing as m:
        pytest.skip(str(m))
    p = subprocess.run([str(judge), "--profile", "*", "config", "--format", "json"], cwd=folder,
                       env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"}, capture_output=True, text=True)
    assert p.returncode == 0, p.stderr
    return json.loads(p.stdout)


def words(command):
    return set(re.findall(r"(?<![\w./=:-])[A-Za-z_/][\w./-]*", command if isinstance(command, str) else " ".join(command)))


KNOWN = {"sh", "CMD", "CMD-SHELL", "NONE", "exit", "echo", "sleep", "cat", "test", "true", "false", "kill", "exec", "env"}
STUB = b"#!/bin/sh\nexit 0\n"


def stand_ins(engine, model):
    """An image for every service, under the name that the project uses."""
    made = {}
    services = model["services"]
    conditions = {}
    for s in services.values():
        for dep, d in (s.get("depends_on") or {}).items():
            conditions.setdefault(dep, set()).add(d["condition"])
    for key, s in services.items():
        name = s.get("image") or "%s-%s" % (model["name"], key)
        config, files = made.setdefault(name, ({"Entrypoint": ["/stand-in"], "Cmd": None}, {}))
        if "service_completed_successfully" in conditions.get(key, ()):
            config["Entrypoint"] = ["/bin/true"]
        test = (s.get("healthcheck") or {}).get("test") or []
        for w in words(test[1:] if test and test[0].isupper() else test) - KNOWN:
            if w.startswith("/"):
                files[w] = STUB
            elif re.fullmatch(r"[\w.-]+", w):
                files["/usr/local/bin/" + w] = STUB
        if not test and "service_healthy" in conditions.get(key, ()):
            config["Healthcheck"] = {"Test": ["CMD", "true"], "Interval": 10**9}
        for w in words(shlex.join(s.get("entrypoint") or [])) - KNOWN:
            if w.startswith("/") and not w.startswith("/bin/"):
                files[w] = "/stand-in"
            elif re.fullmatch(r"[a-z][\w.-]+", w):
                files["/usr/local/bin/" + w] = "/stand-in"
        user = str(s.get("user") or "").split(":")[0]
        if user and not user.isdigit():
            files["/etc/passwd"] = ("root:x:0:0:root:/root:/bin/sh\n%s:x:999:999::/:/bin/sh\n" % user).encode()
    return [([n], c, f) for n, (c, f) in made.items()]


def prepare(folder, target):
    shutil.copytree(folder, target, dirs_exist_ok=True)
    for n in NAMES:
        f = target / n
        if f.exists():
            text = f.read_text()
            text = re.sub(r"(\binterval:\s*)\d+m?s?\b", r"\g<1>1s", text)
            text = re.sub(r"(\bstart_period:\s*)\d+m?s?\b", r"\g<1>1s", text)
            # each program that takes part here has a home of its own
            text = re.sub(r"(?<=[\s\"'])~/", "./home/", text)
            # nothing but the image itself has its digest: a stand-in goes by name and tag
            text = re.sub(r"(image:\s*\S+?)@sha256:[0-9a-f]{64}", r"\1", text)
            f.write_text(text)
    model = read_model(target)
    for kind in ("secrets", "configs"):
        for v in (model.get(kind) or {}).values():
            f = v.get("file")
            if f and f.startswith(str(target)) and not os.path.exists(f):
                os.makedirs(os.path.dirname(f), exist_ok=True)
                with open(f, "w") as g:
                    g.write("made up\n")
    for s in model["services"].values():
        for e in s.get("env_file") or []:
            if e["path"].startswith(str(target)) and not os.path.exists(e["path"]):
                open(e["path"], "w").close()
    return model


def left_out(name, model, engine):
    if name in LEFT_OUT:
        return LEFT_OUT[name]
    cpus = os.cpu_count()
    for key, s in model["services"].items():
        devices = (((s.get("deploy") or {}).get("resources") or {}).get("reservations") or {}).get("devices")
        if devices or s.get("gpus") or s.get("runtime") == "nvidia":
            return GPU
        if s.get("privileged") and not engine.privileged_works:
            return "privileged, which engine 20.10 can only give with every capability of the kernel"
        if not engine_lib.capabilities() >> 24 & 1:
            limits = s.get("ulimits") or {}
            most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            files = limits.get("nofile") or 0
            files = files.get("hard", 0) if isinstance(files, dict) else files
            if "SYS_RESOURCE" in (s.get("cap_add") or []) or limits.get("memlock") or files > most:
                return "asks for the capability SYS_RESOURCE, which this machine withholds from the engine"
        want = float(((s.get("deploy") or {}).get("resources") or {}).get("limits", {}).get("cpus") or s.get("cpus") or 0)
        if want > cpus:
            return "asks for %g processors, this machine has %d" % (want, cpus)
    return None


def copied(name, engine, octo, make_project):
    """The project with its images in the engine, and its model; skips what is left out."""
    project = make_project(engine, octo, re.sub(r"[^a-z0-9_-]", "", name.split("/")[-1].lower()))
    model = prepare(ALL[name], project.dir)
    why = left_out(name, model, engine)
    if why:
        pytest.skip(why)
    project.name = model["name"]  # a project may name itself
    engine.images.load(images.archive(
        [([images.full(n) for n in names], c, f) for names, c, f in stand_ins(engine, model)]))
    return project, model


@pytest.fixture(scope="module", autouse=True)
def standard_images(engine):
    """Stand-ins take the names of the standard images (nginx, for one), which other tests use."""
    yield
    engine.images.load_standard()


EACH = pytest.mark.parametrize(
    "name", ALL or [pytest.param("-", marks=pytest.mark.skip(reason="no corpus at %s" % CORPUS))])


@EACH
def test_corpus(name, engine, octo, make_project, relay):
    project, model = copied(name, engine, octo, make_project)
    project.up(timeout=90).ok()
    want = {k for k, s in model["services"].items() if not s.get("profiles")}
    assert {c.service for c in project.containers()} == want
    ids = project.ids()
    rows = project.octo("ps", "-a", "--format", "json").ok().json_lines
    assert sorted(r["Name"] for r in rows) == sorted(ids)
    project.octo("logs").ok()

    ended = [c.id for c in project.containers() if c.state == "exited"]
    before = project.running()
    relay.latency = 0.05
    r = project.up(socket=relay.socket, timeout=60).ok()
    changes = [c for c in relay.mutating() if c.path not in ["/containers/%s/start" % i for i in ended]]
    assert changes == [], "%s\n%s" % (relay.report(), r)
    assert project.ids() == ids
    now = project.running()
    assert {k: now.get(k) for k in before} == before
    if not octo.is_judge and not ended:
        if relay.round_trips() > 2:  # on a busy machine calls made at once can arrive apart: once more
            relay.clear()
            project.up(socket=relay.socket, timeout=60).ok()
        assert relay.round_trips() <= 2, relay.report()

    project.down("-v", timeout=60).ok()
    left = [x for x in project.leftovers() if not (octo.is_judge and re.search(r"volume [0-9a-f]{64}$", x))]
    assert left == []


@pytest.mark.ours
@pytest.mark.skipif(not os.environ.get("OCTO_TEST_ADOPT_CORPUS"), reason="takes long: set OCTO_TEST_ADOPT_CORPUS")
@pytest.mark.parametrize("way", ["v5-then-ours", "v2-then-ours", "ours-then-v5"])
@EACH
def test_adopted(name, way, engine, octo, judge_for, make_project, relay):
    """What one program brought up, the other one keeps: nothing is made, removed or stopped."""
    first, second = (octo if w == "ours" else judge_for(w, engine) for w in way.split("-then-"))
    project, _ = copied(name, engine, octo, make_project)
    r = project.octo("up", "-d", by=first, timeout=90)
    if r.code and first is not octo:
        project.octo("down", "-v", "-t", "0", by=first, timeout=60)
        pytest.skip("%s cannot bring it up here: %s" % (way.split("-")[0], r.err.strip().splitlines()[-1]))
    r.ok()
    ids = project.ids()
    r = project.octo("up", "-d", by=second, socket=relay.socket, timeout=90).ok()
    changes = [c for c in relay.mutating() if not c.path.endswith("/start")]
    assert changes == [], "%s\n%s" % (relay.report(), r)
    assert project.ids() == ids
    project.octo("down", "-v", "-t", "0", by=second, timeout=60).ok()
    assert [x for x in project.leftovers() if not re.search(r"volume [0-9a-f]{64}$", x)] == []
